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
#ifndef itkPerturbNearestLabels_h
#define itkPerturbNearestLabels_h

#include "itkPerturbBitMask.h"

#include <limits>

namespace itk
{
/** \class PerturbNearestLabels
 * \brief Finds the label of the nearest source pixel, for the pixels of a mask alone.
 *
 * The distance is Euclidean, in pixels; at equal distances the smallest label code wins. Squared distance and code make
 * one number, the key, squared distance first, and the smallest key is found axis by axis: exact, since a squared
 * distance is a sum over the axes. The work is done in blocks of 16 pixels along axis 0, and in those alone that a
 * wanted pixel needs.
 *
 * \tparam TKey A signed integer: its lower half holds the code, its upper half the squared distance and two spare bits.
 *
 * \ingroup AnnotationUpgrade
 */
template <typename TKey, unsigned int VDimension>
class PerturbNearestLabels
{
public:
  using MaskType = PerturbBitMask<VDimension>;
  using RadiusType = typename MaskType::RegionType::SizeType;

  static constexpr int  CodeBits = 4 * sizeof(TKey);
  static constexpr TKey CodeMask = (TKey{ 1 } << CodeBits) - 1;
  static constexpr TKey LargestSquaredDistance = (TKey{ 1 } << (CodeBits - 2)) - 1;

  explicit PerturbNearestLabels(const MaskType & wanted)
    : m_Nearest(FindBlocks(wanted))
  {}

  /** Considers the source pixels in a box of the given radius about each pixel of `wanted`, a part of the constructor's
   * mask. code(line, position) gives the code of a source pixel, by the number of its line and its position on it. \pre
   * The squares of the radius add up to LargestSquaredDistance at most. */
  template <typename TCode>
  void
  Add(const MaskType & wanted, const MaskType & sources, const RadiusType & radius, const TCode & code);

  /** The code of the nearest source pixel; that of no pixel where none was in reach. */
  TKey
  GetCode(const size_t line, const size_t position) const
  {
    return m_Nearest.GetKeys(line, position / BlockLength)[position % BlockLength] & CodeMask;
  }

private:
  static constexpr size_t BlockLength = 16;
  static constexpr TKey   None = TKey{ 1 } << (2 * CodeBits - 2);

  /** One bit for each block that holds a pixel of a mask. */
  static MaskType
  FindBlocks(const MaskType & mask);

  /** Keys of the pixels in some blocks. Neighboring blocks of a line are neighbors in memory. */
  struct KeyBlocks
  {
    explicit KeyBlocks(MaskType blockMask)
      : blocks(std::move(blockMask))
      , slots(blocks.GetRegion().GetNumberOfPixels())
    {
      size_t count = 0;
      this->VisitBlocks([&](const size_t line, const size_t begin, const size_t end) {
        for (size_t block = begin; block < end; ++block)
        {
          slots[line * blocks.GetRegion().GetSize(0) + block] = count++;
        }
      });
      keys.assign(count * BlockLength, None);
    }

    /** Calls visitor(line, begin, end) for each run of blocks. */
    template <typename TVisitor>
    void
    VisitBlocks(const TVisitor & visitor) const
    {
      const size_t perLine = blocks.GetRegion().GetSize(0);
      const size_t lines = perLine == 0 ? 0 : slots.size() / perLine;
      for (size_t line = 0; line < lines; ++line)
      {
        MaskType::VisitRuns(
          blocks.GetLine(line), 0, perLine, [&](const size_t begin, const size_t end) { visitor(line, begin, end); });
      }
    }

    TKey *
    GetKeys(const size_t line, const size_t block)
    {
      return keys.data() + slots[line * blocks.GetRegion().GetSize(0) + block] * BlockLength;
    }
    const TKey *
    GetKeys(const size_t line, const size_t block) const
    {
      return keys.data() + slots[line * blocks.GetRegion().GetSize(0) + block] * BlockLength;
    }

    MaskType            blocks;
    std::vector<size_t> slots;
    std::vector<TKey>   keys;
  };

  static TKey
  GetDistanceKey(const size_t distance)
  {
    return static_cast<TKey>(distance * distance) << CodeBits;
  }

  static void
  Minimize(TKey * keys, const TKey * others, const TKey added, const size_t count)
  {
    for (size_t i = 0; i < count; ++i)
    {
      const TKey other = others[i] + added;
      keys[i] = other < keys[i] ? other : keys[i];
    }
  }

  /** The nearest source pixels on a pixel's own line. */
  template <typename TCode>
  static void
  SearchLines(KeyBlocks & nearest, const MaskType & sources, size_t reach, const TCode & code);

  /** The nearest source pixels over one axis more. */
  static void
  SearchAxis(KeyBlocks & nearest, const KeyBlocks & lower, unsigned int axis, size_t reach);

  KeyBlocks m_Nearest;
};

template <typename TKey, unsigned int VDimension>
typename PerturbNearestLabels<TKey, VDimension>::MaskType
PerturbNearestLabels<TKey, VDimension>::FindBlocks(const MaskType & mask)
{
  constexpr size_t blocksPerWord = MaskType::WordBits / BlockLength;
  auto             grid = mask.GetRegion();
  grid.SetSize(0, (grid.GetSize(0) + BlockLength - 1) / BlockLength);
  MaskType     blocks(grid);
  const size_t words = (mask.GetRegion().GetSize(0) + MaskType::WordBits - 1) / MaskType::WordBits;
  for (size_t number = 0; number < mask.GetWords().size(); ++number)
  {
    auto word = mask.GetWords()[number];
    for (size_t block = number % words * blocksPerWord; word != 0; ++block, word >>= BlockLength)
    {
      if ((word & 0xFFFF) != 0)
      {
        blocks.SetRun(number / words, block, block + 1);
      }
    }
  }
  return blocks;
}

template <typename TKey, unsigned int VDimension>
template <typename TCode>
void
PerturbNearestLabels<TKey, VDimension>::SearchLines(KeyBlocks &      nearest,
                                                    const MaskType & sources,
                                                    const size_t     reach,
                                                    const TCode &    code)
{
  const size_t length = sources.GetRegion().GetSize(0);
  nearest.VisitBlocks([&](const size_t line, const size_t beginBlock, const size_t endBlock) {
    const size_t begin = beginBlock * BlockLength;
    const size_t end = std::min(endBlock * BlockLength, length);
    TKey * const keys = nearest.GetKeys(line, beginBlock);
    MaskType::VisitRuns(sources.GetLine(line),
                        begin - std::min(begin, reach),
                        std::min(length, end + reach),
                        [&](size_t start, size_t stop) {
                          for (size_t x = std::max(start, begin); x < std::min(stop, end); ++x)
                          {
                            keys[x - begin] = code(line, x);
                          }
                          if (start > begin)
                          {
                            const TKey first = code(line, start);
                            for (size_t x = std::max(begin, start - std::min(start, reach)); x < std::min(start, end);
                                 ++x)
                            {
                              keys[x - begin] = std::min(keys[x - begin], first + GetDistanceKey(start - x));
                            }
                          }
                          if (stop < end)
                          {
                            const TKey last = code(line, stop - 1);
                            for (size_t x = std::max(begin, stop); x < std::min(stop + reach, end); ++x)
                            {
                              keys[x - begin] = std::min(keys[x - begin], last + GetDistanceKey(x + 1 - stop));
                            }
                          }
                        });
  });
}

template <typename TKey, unsigned int VDimension>
void
PerturbNearestLabels<TKey, VDimension>::SearchAxis(KeyBlocks &        nearest,
                                                   const KeyBlocks &  lower,
                                                   const unsigned int axis,
                                                   const size_t       reach)
{
  const auto & grid = nearest.blocks.GetRegion();
  const size_t length = grid.GetSize(axis);
  size_t       stride = 1;
  for (unsigned int i = 1; i < axis; ++i)
  {
    stride *= grid.GetSize(i);
  }
  nearest.VisitBlocks([&](const size_t line, const size_t begin, const size_t end) {
    const size_t position = line / stride % length;
    TKey * const keys = nearest.GetKeys(line, begin);
    const size_t count = (end - begin) * BlockLength;
    const size_t first = position - std::min(position, reach);
    const size_t last = std::min(position + reach, length - 1);
    for (size_t other = first; other <= last; ++other)
    {
      const size_t distance = other < position ? position - other : other - position;
      Minimize(keys, lower.GetKeys(line + (other - position) * stride, begin), GetDistanceKey(distance), count);
    }
  });
}

template <typename TKey, unsigned int VDimension>
template <typename TCode>
void
PerturbNearestLabels<TKey, VDimension>::Add(const MaskType &   wanted,
                                            const MaskType &   sources,
                                            const RadiusType & radius,
                                            const TCode &      code)
{
  // The blocks that each axis needs of the axes before it, last axis first.
  std::vector<MaskType> needed{ FindBlocks(wanted) };
  for (unsigned int axis = VDimension - 1; axis > 0; --axis)
  {
    needed.push_back(needed.back());
    needed.back().Dilate(axis, radius[axis]);
  }
  KeyBlocks nearest(std::move(needed.back()));
  SearchLines(nearest, sources, radius[0], code);
  for (unsigned int axis = 1; axis < VDimension; ++axis)
  {
    needed.pop_back();
    if (radius[axis] > 0)
    {
      const KeyBlocks lower = std::move(nearest);
      nearest = KeyBlocks(std::move(needed.back()));
      SearchAxis(nearest, lower, axis, radius[axis]);
    }
  }
  nearest.VisitBlocks([&](const size_t line, const size_t begin, const size_t end) {
    for (size_t block = begin; block < end; ++block)
    {
      Minimize(m_Nearest.GetKeys(line, block), nearest.GetKeys(line, block), 0, BlockLength);
    }
  });
}
} // namespace itk

#endif
