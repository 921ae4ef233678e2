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
#ifndef itkPerturbLines_h
#define itkPerturbLines_h

#include "itkImageRegion.h"

namespace itk
{
/** Calls visitor(begin, length) with the index of the first pixel of each line of a region along axis 0.
 * \ingroup AnnotationUpgrade */
template <unsigned int VDimension, typename TVisitor>
void
PerturbVisitLines(const ImageRegion<VDimension> & region, const TVisitor & visitor)
{
  if (region.GetNumberOfPixels() == 0)
  {
    return;
  }
  auto index = region.GetIndex();
  for (;;)
  {
    visitor(index, region.GetSize(0));
    unsigned int axis = 1;
    for (; axis < VDimension; ++axis)
    {
      if (++index[axis] < region.GetIndex(axis) + static_cast<IndexValueType>(region.GetSize(axis)))
      {
        break;
      }
      index[axis] = region.GetIndex(axis);
    }
    if (axis == VDimension)
    {
      return;
    }
  }
}
} // namespace itk

#endif
