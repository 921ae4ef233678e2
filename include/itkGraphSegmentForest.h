/*=========================================================================
 *
 *  Copyright NumFOCUS
 *
 *  Licensed under the Apache License, Version 2.0 (the "License");
 *  you may not use this file except in compliance with the License.
 *  You may obtain a copy of the License at
 *
 *         https://www.apache.org/licenses/LICENSE-2.0.txt
 *
 *  Unless required by applicable law or agreed to in writing, software
 *  distributed under the License is distributed on an "AS IS" BASIS,
 *  WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 *  See the License for the specific language governing permissions and
 *  limitations under the License.
 *
 *=========================================================================*/
#ifndef itkGraphSegmentForest_h
#define itkGraphSegmentForest_h

#include "itkIntTypes.h"

#include <numeric>
#include <utility>
#include <vector>

namespace itk
{
/** \class GraphSegmentForest
 * \brief Disjoint sets of pixels that are united one by one, with the size of each and the weight that made it.
 * \ingroup AnnotationUpgrade */
class GraphSegmentForest
{
public:
  /** Every pixel is a set of its own, made with weight 0. */
  explicit GraphSegmentForest(SizeValueType numberOfPixels)
    : m_Parent(numberOfPixels)
    , m_Size(numberOfPixels, 1)
    , m_Weight(numberOfPixels, 0.0)
  {
    std::iota(m_Parent.begin(), m_Parent.end(), SizeValueType{ 0 });
  }

  /** The pixel that stands for the set of a pixel. */
  SizeValueType
  Find(SizeValueType pixel)
  {
    while (m_Parent[pixel] != pixel)
    {
      pixel = m_Parent[pixel] = m_Parent[m_Parent[pixel]];
    }
    return pixel;
  }

  /** Number of pixels of the set for which `root` stands. */
  SizeValueType
  GetSize(SizeValueType root) const
  {
    return m_Size[root];
  }

  /** Weight of the last union that made the set for which `root` stands. */
  double
  GetWeight(SizeValueType root) const
  {
    return m_Weight[root];
  }

  /** Unites the sets for which two different pixels stand. */
  void
  Unite(SizeValueType root, SizeValueType otherRoot, double weight)
  {
    if (m_Size[root] < m_Size[otherRoot])
    {
      std::swap(root, otherRoot);
    }
    m_Parent[otherRoot] = root;
    m_Size[root] += m_Size[otherRoot];
    m_Weight[root] = weight;
  }

private:
  std::vector<SizeValueType> m_Parent;
  std::vector<SizeValueType> m_Size;
  std::vector<double>        m_Weight;
};
} // namespace itk

#endif
