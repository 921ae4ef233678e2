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
#ifndef itkAnnotationCells_h
#define itkAnnotationCells_h

#include "itkGraphSegmentForest.h"
#include "itkImageRegionConstIteratorWithIndex.h"
#include "itkPerturbLines.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

namespace itk
{
/** \class AnnotationCells
 * \brief The cells of an annotation: the pixels of each label other than 0.
 *
 * A single label tells where cells are, not which is which: then each of its connected parts is one. Pixels that share
 * a corner alone are not connected.
 *
 * \ingroup AnnotationUpgrade */
template <typename TLabelImage>
class AnnotationCells
{
public:
  using LabelType = typename TLabelImage::PixelType;
  using IndexType = typename TLabelImage::IndexType;

  struct Cell
  {
    size_t                Pixels{ 0 };
    std::array<double, 3> Sum{ { 0.0, 0.0, 0.0 } }; ///< of the positions from the image's first pixel
  };

  AnnotationCells() = default;

  /** \param ignored  a label whose pixels are no cell */
  AnnotationCells(const TLabelImage * annotation, const std::optional<LabelType> & ignored)
  {
    const auto                region = annotation->GetLargestPossibleRegion();
    std::map<LabelType, Cell> byLabel;
    for (ImageRegionConstIteratorWithIndex<TLabelImage> it(annotation, region); !it.IsAtEnd(); ++it)
    {
      if (it.Get() != 0 && it.Get() != ignored)
      {
        Add(byLabel[it.Get()], region, it.GetIndex(), 1);
      }
    }
    m_Labelled = byLabel.size() > 1;
    if (byLabel.size() == 1)
    {
      m_Cells = FindParts(annotation, byLabel.begin()->first);
      return;
    }
    for (const auto & labelAndCell : byLabel)
    {
      m_Cells.push_back(labelAndCell.second);
    }
  }

  const std::vector<Cell> &
  Get() const
  {
    return m_Cells;
  }

  /** Whether labels, and not gaps, tell the cells from each other. */
  bool
  AreLabelled() const
  {
    return m_Labelled;
  }

  /** Whether one label is that of several parts: a mask, unless other annotations of the set are labelled. */
  bool
  HasParts() const
  {
    return !m_Labelled && m_Cells.size() > 1;
  }

private:
  static constexpr unsigned int Dimension = TLabelImage::ImageDimension;
  using RegionType = typename TLabelImage::RegionType;

  /** Pixels of a label side by side along axis 0. */
  struct Run
  {
    IndexType     Begin;
    SizeValueType Length;

    IndexValueType
    GetEnd() const
    {
      return Begin[0] + static_cast<IndexValueType>(Length);
    }
  };

  static void
  Add(Cell & cell, const RegionType & region, const IndexType & begin, const SizeValueType length)
  {
    const auto pixels = static_cast<double>(length);
    cell.Pixels += length;
    for (unsigned int axis = 0; axis < Dimension; ++axis)
    {
      cell.Sum[axis] += static_cast<double>(begin[axis] - region.GetIndex(axis)) * pixels;
    }
    cell.Sum[0] += pixels * (pixels - 1.0) / 2.0;
  }

  static std::vector<Cell>
  FindParts(const TLabelImage * annotation, const LabelType label)
  {
    const RegionType    region = annotation->GetLargestPossibleRegion();
    std::vector<Run>    runs;
    std::vector<size_t> lines; // the first run of each
    PerturbVisitLines(region, [&](IndexType begin, const SizeValueType length) {
      const LabelType * const line = annotation->GetBufferPointer() + annotation->ComputeOffset(begin);
      const LabelType * const end = line + length;
      const IndexValueType    origin = begin[0];
      lines.push_back(runs.size());
      for (const LabelType * first = std::find(line, end, label); first != end;)
      {
        const LabelType * const last = std::find_if(first, end, [label](const LabelType l) { return l != label; });
        begin[0] = origin + (first - line);
        runs.push_back({ begin, static_cast<SizeValueType>(last - first) });
        first = std::find(last, end, label);
      }
    });
    lines.push_back(runs.size());

    GraphSegmentForest forest(runs.size());
    size_t             stride = 1;
    for (unsigned int axis = 1; axis < Dimension; ++axis)
    {
      for (size_t line = stride; line + 1 < lines.size(); ++line)
      {
        if (line / stride % region.GetSize(axis) != 0)
        {
          ConnectLines(runs, lines, line - stride, line, forest);
        }
      }
      stride *= region.GetSize(axis);
    }

    std::map<size_t, Cell> parts;
    for (size_t i = 0; i < runs.size(); ++i)
    {
      Add(parts[forest.Find(i)], region, runs[i].Begin, runs[i].Length);
    }
    std::vector<Cell> cells;
    for (const auto & rootAndPart : parts)
    {
      cells.push_back(rootAndPart.second);
    }
    return cells;
  }

  /** Unites the runs of two neighboring lines that lie side by side. */
  static void
  ConnectLines(const std::vector<Run> &    runs,
               const std::vector<size_t> & lines,
               const size_t                line,
               const size_t                other,
               GraphSegmentForest &        forest)
  {
    size_t i = lines[line];
    size_t j = lines[other];
    while (i < lines[line + 1] && j < lines[other + 1])
    {
      if (runs[i].Begin[0] < runs[j].GetEnd() && runs[j].Begin[0] < runs[i].GetEnd())
      {
        const auto root = forest.Find(i);
        const auto otherRoot = forest.Find(j);
        if (root != otherRoot)
        {
          forest.Unite(root, otherRoot, 0.0);
        }
      }
      ++(runs[i].GetEnd() < runs[j].GetEnd() ? i : j);
    }
  }

  std::vector<Cell> m_Cells;
  bool              m_Labelled{ false };
};
} // namespace itk

#endif
