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
#ifndef itkPerturbLabelRanges_h
#define itkPerturbLabelRanges_h

#include "itkPerturbBitMask.h"

#include <limits>
#include <type_traits>

namespace itk
{
/** \class PerturbLabelRanges
 * \brief Tells for blocks of 8 pixels along each axis whether only one label lies within reach of them.
 *
 * Keeps the smallest and the largest label in and around each block: there is one label where they agree.
 *
 * \ingroup AnnotationUpgrade
 */
template <typename TLabel, unsigned int VDimension>
class PerturbLabelRanges
{
public:
  using MaskType = PerturbBitMask<VDimension>;
  using RadiusType = typename MaskType::RegionType::SizeType;
  static constexpr size_t BlockLength = 8;

  /** \param cells The pixels that have labels.
   * \param lines The pixels of each line of `cells`.
   * \param reach How far away along each axis a label counts, at least. */
  PerturbLabelRanges(const MaskType & cells, const std::vector<const TLabel *> & lines, const RadiusType & reach)
    : m_BlocksPerLine((cells.GetRegion().GetSize(0) + MaskType::WordBits - 1) / MaskType::WordBits * BlocksPerWord)
    , m_LineBegins(lines.size())
  {
    const auto & region = cells.GetRegion();
    size_t       blockLines = 1;
    for (unsigned int axis = 1; axis < VDimension; ++axis)
    {
      size_t stride = 1;
      for (unsigned int lower = 1; lower < axis; ++lower)
      {
        stride *= region.GetSize(lower);
      }
      for (size_t line = 0; line < lines.size(); ++line)
      {
        m_LineBegins[line] += line / stride % region.GetSize(axis) / BlockLength * blockLines * m_BlocksPerLine;
      }
      blockLines *= (region.GetSize(axis) + BlockLength - 1) / BlockLength;
    }

    this->Collect(cells, lines, blockLines);
    size_t stride = 1;
    for (unsigned int axis = 0; axis < VDimension; ++axis)
    {
      const size_t length = axis == 0 ? m_BlocksPerLine : (region.GetSize(axis) + BlockLength - 1) / BlockLength;
      const size_t radius = std::min(length - 1, (reach[axis] + BlockLength - 1) / BlockLength);
      Spread(m_Lowest, stride, length, radius, [](const auto a, const auto b) { return b < a ? b : a; });
      Spread(m_Highest, stride, length, radius, [](const auto a, const auto b) { return a < b ? b : a; });
      stride *= length;
    }
  }

  /** The only label in reach of the pixels in a block, given by the number of a line and its number on the line; 0
   * where there are several or none. */
  TLabel
  GetOnlyLabel(const size_t line, const size_t block) const
  {
    const UnsignedType highest = m_Highest[m_LineBegins[line] + block];
    return m_Lowest[m_LineBegins[line] + block] == static_cast<UnsignedType>(highest - 1) ? static_cast<TLabel>(highest)
                                                                                          : TLabel{ 0 };
  }

private:
  using UnsignedType = std::make_unsigned_t<TLabel>;
  static constexpr size_t BlocksPerWord = MaskType::WordBits / BlockLength;

  void
  Collect(const MaskType & cells, const std::vector<const TLabel *> & lines, const size_t blockLines)
  {
    // One less than a label makes background the largest value.
    const size_t              pixels = blockLines * m_BlocksPerLine * BlockLength;
    std::vector<UnsignedType> lowest(pixels, std::numeric_limits<UnsignedType>::max());
    std::vector<UnsignedType> highest(pixels);
    const size_t              length = cells.GetRegion().GetSize(0);
    for (size_t line = 0; line < lines.size(); ++line)
    {
      for (size_t start = 0; start < length; start += MaskType::WordBits)
      {
        if (cells.GetLine(line)[start / MaskType::WordBits] != 0)
        {
          const size_t count = std::min(MaskType::WordBits, length - start);
          Include(lines[line] + start,
                  lowest.data() + m_LineBegins[line] * BlockLength + start,
                  highest.data() + m_LineBegins[line] * BlockLength + start,
                  count);
        }
      }
    }
    m_Lowest.resize(pixels / BlockLength);
    m_Highest.resize(pixels / BlockLength);
    for (size_t block = 0; block < m_Lowest.size(); ++block)
    {
      const UnsignedType * const lows = lowest.data() + block * BlockLength;
      const UnsignedType * const highs = highest.data() + block * BlockLength;
      UnsignedType               low = lows[0];
      UnsignedType               high = highs[0];
      for (size_t i = 1; i < BlockLength; ++i)
      {
        low = lows[i] < low ? lows[i] : low;
        high = high < highs[i] ? highs[i] : high;
      }
      m_Lowest[block] = low;
      m_Highest[block] = high;
    }
  }

  static void
  Include(const TLabel * __restrict labels,
          UnsignedType * __restrict lowest,
          UnsignedType * __restrict highest,
          const size_t count)
  {
    for (size_t i = 0; i < count; ++i)
    {
      const auto label = static_cast<UnsignedType>(labels[i]);
      const auto less = static_cast<UnsignedType>(label - 1);
      lowest[i] = less < lowest[i] ? less : lowest[i];
      highest[i] = highest[i] < label ? label : highest[i];
    }
  }

  template <typename TChoose>
  static void
  Spread(std::vector<UnsignedType> & values,
         const size_t                stride,
         const size_t                length,
         const size_t                radius,
         const TChoose &             choose)
  {
    const auto original = values;
    for (size_t slab = 0; slab < values.size(); slab += stride * length)
    {
      for (size_t distance = 1; distance <= radius; ++distance)
      {
        const size_t step = distance * stride;
        for (size_t i = slab; i + step < slab + stride * length; ++i)
        {
          values[i] = choose(values[i], original[i + step]);
          values[i + step] = choose(values[i + step], original[i]);
        }
      }
    }
  }

  size_t                    m_BlocksPerLine;
  std::vector<size_t>       m_LineBegins;
  std::vector<UnsignedType> m_Lowest;
  std::vector<UnsignedType> m_Highest;
};
} // namespace itk

#endif
