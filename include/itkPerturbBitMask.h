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
#ifndef itkPerturbBitMask_h
#define itkPerturbBitMask_h

#include "itkPerturbBits.h"
#include "itkPerturbLines.h"

#include <algorithm>
#include <array>
#include <functional>
#include <vector>

namespace itk
{
/** \class PerturbBitMask
 * \brief A binary image of one bit per pixel, with the dilation by a box.
 *
 * A line along axis 0 fills whole 64-bit words, so that one operation treats 64 pixels; surplus bits of the last word
 * are 0. Outside the region there is nothing.
 *
 * \ingroup AnnotationUpgrade
 */
template <unsigned int VDimension>
class PerturbBitMask
{
public:
  using WordType = PerturbWord;
  using RegionType = ImageRegion<VDimension>;
  static constexpr size_t WordBits = PerturbWordBits;

  /** All bits 0. */
  explicit PerturbBitMask(const RegionType & region)
    : m_Region(region)
    , m_WordsPerLine((region.GetSize(0) + WordBits - 1) / WordBits)
    , m_Words(region.GetNumberOfPixels() == 0 ? 0 : m_WordsPerLine * (region.GetNumberOfPixels() / region.GetSize(0)))
  {}

  const RegionType &
  GetRegion() const
  {
    return m_Region;
  }

  /** Number of the line, counted from the region's first, that holds a pixel. */
  size_t
  GetLineNumber(const typename RegionType::IndexType & index) const
  {
    size_t number = 0;
    for (unsigned int axis = VDimension - 1; axis > 0; --axis)
    {
      number = number * m_Region.GetSize(axis) + static_cast<size_t>(index[axis] - m_Region.GetIndex(axis));
    }
    return number;
  }

  WordType *
  GetLine(const size_t number)
  {
    return m_Words.data() + number * m_WordsPerLine;
  }
  const WordType *
  GetLine(const size_t number) const
  {
    return m_Words.data() + number * m_WordsPerLine;
  }

  const std::vector<WordType> &
  GetWords() const
  {
    return m_Words;
  }

  /** Keeps, or adds, the bits that another mask of the same region has. */
  PerturbBitMask &
  operator&=(const PerturbBitMask & other)
  {
    std::transform(m_Words.begin(), m_Words.end(), other.m_Words.begin(), m_Words.begin(), std::bit_and<>());
    return *this;
  }
  PerturbBitMask &
  operator|=(const PerturbBitMask & other)
  {
    std::transform(m_Words.begin(), m_Words.end(), other.m_Words.begin(), m_Words.begin(), std::bit_or<>());
    return *this;
  }

  /** Clears the bits that another mask of the same region has. */
  void
  Remove(const PerturbBitMask & other)
  {
    std::transform(m_Words.begin(), m_Words.end(), other.m_Words.begin(), m_Words.begin(), [](WordType a, WordType b) {
      return a & ~b;
    });
  }

  /** Flips the bit of every pixel. */
  void
  Invert()
  {
    for (WordType * line = m_Words.data(); line != m_Words.data() + m_Words.size(); line += m_WordsPerLine)
    {
      std::transform(line, line + m_WordsPerLine, line, std::bit_not<>());
      line[m_WordsPerLine - 1] &= this->GetLastWordMask();
    }
  }

  /** Clears the bits outside another region, which lies inside the mask's. */
  void
  Crop(const RegionType & region)
  {
    if (region == m_Region)
    {
      return;
    }
    const auto     first = static_cast<size_t>(region.GetIndex(0) - m_Region.GetIndex(0));
    PerturbBitMask inside(m_Region);
    PerturbVisitLines(region, [&](const typename RegionType::IndexType & begin, const SizeValueType length) {
      inside.SetRun(inside.GetLineNumber(begin), first, first + length);
    });
    *this &= inside;
  }

  /** Sets the bits of a line where the pixels are no background; leaves the others as they are. */
  template <typename TLabel>
  void
  SetCells(const size_t lineNumber, const TLabel * pixels)
  {
    this->SetUnless(
      lineNumber,
      [pixels](const size_t start) { return PerturbFindEqual(pixels + start, PerturbBackground<TLabel>); },
      [pixels](const size_t i) { return pixels[i] == 0; });
  }

  /** Sets the bits of a line where the pixels of two lines differ; leaves the others as they are. */
  template <typename TLabel>
  void
  SetDifferent(const size_t lineNumber, const TLabel * left, const TLabel * right)
  {
    this->SetUnless(
      lineNumber,
      [left, right](const size_t start) { return PerturbFindEqual(left + start, right + start); },
      [left, right](const size_t i) { return left[i] == right[i]; });
  }

  /** Sets the bits of a line where a pixel differs from one beside it on the line. \pre No bit of the line is set. */
  template <typename TLabel>
  void
  SetEnds(const size_t lineNumber, const TLabel * pixels)
  {
    WordType * const line = this->GetLine(lineNumber);
    const size_t     length = m_Region.GetSize(0);
    size_t           start = 0;
    for (; start + WordBits < length; start += WordBits)
    {
      line[start / WordBits] = PerturbFindBegins<false>(pixels, start);
    }
    for (size_t i = std::max<size_t>(start, 1); i < length; ++i)
    {
      line[i / WordBits] |= WordType{ pixels[i] == pixels[i - 1] ? 0u : 1u } << i % WordBits;
    }
    for (size_t i = 0; i < m_WordsPerLine; ++i)
    {
      line[i] |= line[i] >> 1 | (i + 1 < m_WordsPerLine ? line[i + 1] << (WordBits - 1) : 0);
    }
  }

  /** Sets the bits begin to end - 1 of a line. */
  void
  SetRun(const size_t lineNumber, const size_t begin, const size_t end)
  {
    WordType * const line = this->GetLine(lineNumber);
    for (size_t position = begin; position < end;)
    {
      const size_t bit = position % WordBits;
      const size_t count = std::min(WordBits - bit, end - position);
      line[position / WordBits] |= (~WordType{ 0 } >> (WordBits - count)) << bit;
      position += count;
    }
  }

  /** Dilates along one axis: a bit is set where one at most radius away along the axis was. */
  void
  Dilate(unsigned int axis, size_t radius);

  /** Dilates with a box of 2 * radius + 1 pixels along each axis. */
  void
  Dilate(const typename RegionType::SizeType & radius)
  {
    for (unsigned int axis = 0; axis < VDimension; ++axis)
    {
      this->Dilate(axis, radius[axis]);
    }
  }

  /** The set bits beside one that is not set, along an axis with a radius above 0. */
  PerturbBitMask
  FindSurface(const typename RegionType::SizeType & radius) const;

  /** Calls visitor(start, word, count) for pieces of the bits begin to end - 1 of a line, in ascending order: the bits
   * start to start + count - 1 are the lowest of word, and those above are 0. */
  template <typename TVisitor>
  static void
  VisitWords(const WordType * line, const size_t begin, const size_t end, const TVisitor & visitor)
  {
    for (size_t start = begin; start < end;)
    {
      const size_t bit = start % WordBits;
      const size_t count = std::min(WordBits - bit, end - start);
      visitor(start, (line[start / WordBits] >> bit) & (~WordType{ 0 } >> (WordBits - count)), count);
      start += count;
    }
  }

private:
  /** Sets the bits of a line but those that findWord, or findBit for those of a last word cut short, gives. */
  template <typename TFindWord, typename TFindBit>
  void
  SetUnless(const size_t lineNumber, const TFindWord & findWord, const TFindBit & findBit)
  {
    WordType *   word = this->GetLine(lineNumber);
    const size_t length = m_Region.GetSize(0);
    size_t       start = 0;
    for (; start + WordBits <= length; start += WordBits)
    {
      *word++ |= ~findWord(start);
    }
    if (start < length && length >= WordBits)
    {
      // The line's last pixels, of which the first belong to the word before.
      *word |= ~findWord(length - WordBits) >> (start + WordBits - length);
      return;
    }
    for (size_t i = start; i < length; ++i)
    {
      *word |= WordType{ findBit(i) ? 0u : 1u } << (i - start);
    }
  }

  /** The bits of a line's last word that belong to pixels. */
  WordType
  GetLastWordMask() const
  {
    return ~WordType{ 0 } >> (m_WordsPerLine * WordBits - m_Region.GetSize(0));
  }

  /** Calls spread(step) for steps 1, 2, 4, ... and a rest: each multiplies the reach, so that their number grows with
   * the radius' logarithm. */
  template <typename TSpread>
  static void
  VisitSteps(const size_t radius, const TSpread & spread)
  {
    for (size_t reach = 0; reach < radius;)
    {
      const size_t step = std::min(reach + 1, radius - reach);
      spread(step);
      reach += step;
    }
  }

  /** Dilates a word of a line, between its neighbors. \pre 0 < radius < WordBits. */
  static WordType
  DilateWord(WordType previous, WordType here, WordType next, size_t radius);

  RegionType            m_Region;
  size_t                m_WordsPerLine;
  std::vector<WordType> m_Words;
};

template <unsigned int VDimension>
auto
PerturbBitMask<VDimension>::DilateWord(const WordType previous,
                                       const WordType here,
                                       const WordType next,
                                       const size_t   radius) -> WordType
{
  // A bit of a neighbor comes to where its reach ends in this word, which is filled from there to the border.
  WordType up = here | next << (WordBits - radius);
  WordType down = here | previous >> (WordBits - radius);
  VisitSteps(radius, [&up, &down](const size_t step) {
    up |= up << step;
    down |= down >> step;
  });
  return up | down;
}

template <unsigned int VDimension>
PerturbBitMask<VDimension>
PerturbBitMask<VDimension>::FindSurface(const typename RegionType::SizeType & radius) const
{
  PerturbBitMask surface(m_Region);
  const WordType beyond = ~this->GetLastWordMask();
  size_t         first = 0;
  PerturbVisitLines(m_Region, [&](const typename RegionType::IndexType & index, SizeValueType) {
    // A line counts for a neighbor that it does not have.
    std::array<size_t, 2 * VDimension> neighbors;
    neighbors.fill(first);
    size_t stride = m_WordsPerLine;
    for (unsigned int axis = 1; axis < VDimension; ++axis)
    {
      const auto position = static_cast<SizeValueType>(index[axis] - m_Region.GetIndex(axis));
      if (radius[axis] > 0)
      {
        neighbors[2 * axis] -= position > 0 ? stride : 0;
        neighbors[2 * axis + 1] += position + 1 < m_Region.GetSize(axis) ? stride : 0;
      }
      stride *= m_Region.GetSize(axis);
    }
    WordType previous = ~WordType{ 0 };
    for (size_t i = 0; i < m_WordsPerLine; ++i)
    {
      const bool     isLast = i + 1 == m_WordsPerLine;
      const WordType here = m_Words[first + i] | (isLast ? beyond : 0);
      const WordType next = isLast ? ~WordType{ 0 } : m_Words[first + i + 1];
      WordType       enclosed = here;
      if (radius[0] > 0)
      {
        enclosed = (here << 1 | previous >> (WordBits - 1)) & (here >> 1 | next << (WordBits - 1));
      }
      for (unsigned int neighbor = 2; neighbor < 2 * VDimension; ++neighbor)
      {
        enclosed &= m_Words[neighbors[neighbor] + i];
      }
      surface.m_Words[first + i] = m_Words[first + i] & ~enclosed;
      previous = here;
    }
    first += m_WordsPerLine;
  });
  return surface;
}

template <unsigned int VDimension>
void
PerturbBitMask<VDimension>::Dilate(const unsigned int axis, size_t radius)
{
  const size_t length = m_Region.GetSize(axis);
  if (m_Words.empty() || length == 1)
  {
    return;
  }
  radius = std::min(radius, length - 1);

  if (axis == 0)
  {
    for (size_t part; radius > 0; radius -= part)
    {
      part = std::min(radius, WordBits - 1);
      for (WordType * line = m_Words.data(); line != m_Words.data() + m_Words.size(); line += m_WordsPerLine)
      {
        WordType previous = 0;
        for (size_t i = 0; i < m_WordsPerLine; ++i)
        {
          const WordType here = line[i];
          line[i] = DilateWord(previous, here, i + 1 < m_WordsPerLine ? line[i + 1] : 0, part);
          previous = here;
        }
        line[m_WordsPerLine - 1] &= this->GetLastWordMask();
      }
    }
    return;
  }

  size_t stride = m_WordsPerLine;
  for (unsigned int lower = 1; lower < axis; ++lower)
  {
    stride *= m_Region.GetSize(lower);
  }
  for (WordType * slab = m_Words.data(); slab != m_Words.data() + m_Words.size(); slab += stride * length)
  {
    VisitSteps(radius, [&](const size_t step) {
      for (size_t position = length; position-- > step;)
      {
        const WordType * const from = slab + (position - step) * stride;
        WordType * const       to = slab + position * stride;
        for (size_t i = 0; i < stride; ++i)
        {
          to[i] |= from[i];
        }
      }
    });
    VisitSteps(radius, [&](const size_t step) {
      for (size_t position = 0; position + step < length; ++position)
      {
        const WordType * const from = slab + (position + step) * stride;
        WordType * const       to = slab + position * stride;
        for (size_t i = 0; i < stride; ++i)
        {
          to[i] |= from[i];
        }
      }
    });
  }
}
} // namespace itk

#endif
