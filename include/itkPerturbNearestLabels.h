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
#include "itkPerturbLines.h"

#include <limits>
#include <type_traits>

namespace itk
{
/** The largest squared distance in which PerturbNearestLabels searches with a type of numbers.
 * \ingroup AnnotationUpgrade */
template <typename TNumber>
constexpr uint64_t PerturbLargestSquaredDistance = std::numeric_limits<TNumber>::max() / 4;

/** \class PerturbNearestLabels
 * \brief Finds the label of the nearest source pixel, for the pixels of a mask alone.
 *
 * The distance is Euclidean, in pixels; at equal distances the smallest label wins. The mask is cut into tiles, and for
 * each tile with pixels of it squared distance and label are minimized over the pixels in reach, axis by axis: exact,
 * since a squared distance is a sum over the axes.
 *
 * \tparam TNumber A signed integer, at least as wide as the labels, for squared distances and labels.
 *
 * \ingroup AnnotationUpgrade
 */
template <typename TLabel, typename TNumber, unsigned int VDimension>
class PerturbNearestLabels
{
public:
  using MaskType = PerturbBitMask<VDimension>;
  using RegionType = typename MaskType::RegionType;
  using IndexType = typename RegionType::IndexType;
  using RadiusType = typename RegionType::SizeType;

  /** \param lines The pixels of each line of the masks that follow, which all have the same region. */
  explicit PerturbNearestLabels(const std::vector<const TLabel *> & lines)
    : m_Lines(lines)
  {}

  /** Calls visitor(line, position, label) for each pixel of `wanted`, by the number of its line and its position on it.
   * \param sources Masks and radii: pixels with labels, and how far away along each axis they count.
   * \pre Each wanted pixel has a source in reach. The squares of each radius add up to PerturbLargestSquaredDistance at
   * most.
   */
  template <typename TSources, typename TVisitor>
  void
  Visit(const MaskType & wanted, const TSources & sources, const TVisitor & visitor);

private:
  static constexpr TNumber None = std::numeric_limits<TNumber>::max() / 2;
  static constexpr TNumber Settled = -1; // of pixels that are not wanted: nothing is nearer
  static constexpr size_t  SmallestTile = 8;

  /** Squared distances to the nearest sources, and their labels. */
  struct Nearest
  {
    void
    Resize(const size_t pixels)
    {
      squared.resize(pixels);
      labels.resize(pixels);
    }

    /** Takes over, from as many pixels of another one, a distance away, those that are nearer. */
    void
    Minimize(size_t begin, const Nearest & other, size_t otherBegin, size_t distance, size_t count);

    /** The largest squared distance of some pixels. */
    TNumber
    GetLargest(const size_t begin, const size_t count) const
    {
      TNumber largest = Settled;
      for (size_t i = begin; i < begin + count; ++i)
      {
        largest = std::max(largest, squared[i]);
      }
      return largest;
    }

    std::vector<TNumber> squared;
    std::vector<TNumber> labels;
  };

  /** Labels as numbers of the same order, and back. */
  static TNumber
  Encode(const TLabel label)
  {
    return static_cast<TNumber>(static_cast<TNumber>(label) ^ LabelOffset);
  }
  static TLabel
  Decode(const TNumber number)
  {
    return static_cast<TLabel>(number ^ LabelOffset);
  }
  static constexpr TNumber LabelOffset =
    std::is_unsigned<TLabel>::value && sizeof(TLabel) == sizeof(TNumber) ? std::numeric_limits<TNumber>::min() : 0;

  /** Considers some sources for the pixels of a tile. */
  void
  Search(const RegionType & tile, const MaskType & sources, const RadiusType & radius);

  /** Fills m_Window from m_Lower with what is nearest over one axis more. Of its `length` pixels along that axis those
   * from `first` on are kept; both hold `inner` neighboring pixels for each of them, and this `outer` times. */
  void
  SearchAxis(size_t outer, size_t length, size_t inner, size_t first, size_t kept, size_t radius);

  /** The same, faster, for the first axis, before which the only distances are 0 and None. */
  void
  ScanAxis(size_t outer, size_t length, size_t inner, size_t first, size_t kept, size_t radius);

  /** Moves m_Last, the last sources before each of some pixels, and m_Steps, how far away they are, to the pixels that
   * follow along the axis. */
  void
  Step(const Nearest & pixels, size_t begin, size_t count, TNumber radius);

  /** Fills m_Window with sources: at distance 0 from themselves, elsewhere None. Returns whether there are any. */
  bool
  Load(const RegionType & window, const MaskType & sources);

  const std::vector<const TLabel *> & m_Lines;
  Nearest                             m_Tile;
  Nearest                             m_Window;
  Nearest                             m_Lower;
  Nearest                             m_Last;
  std::vector<TNumber>                m_Steps;
};

template <typename TLabel, typename TNumber, unsigned int VDimension>
void
PerturbNearestLabels<TLabel, TNumber, VDimension>::Nearest::Minimize(const size_t    begin,
                                                                     const Nearest & other,
                                                                     const size_t    otherBegin,
                                                                     const size_t    distance,
                                                                     const size_t    count)
{
  TNumber * __restrict squaredHere = squared.data() + begin;
  TNumber * __restrict labelsHere = labels.data() + begin;
  const TNumber * __restrict squaredThere = other.squared.data() + otherBegin;
  const TNumber * __restrict labelsThere = other.labels.data() + otherBegin;
  const auto added = static_cast<TNumber>(distance * distance);
  for (size_t i = 0; i < count; ++i)
  {
    // Bits instead of branches: loops with those do not vectorise.
    const auto squaredNew = static_cast<TNumber>(squaredThere[i] + added);
    const auto nearer = static_cast<TNumber>(
      -((squaredNew < squaredHere[i]) | ((squaredNew == squaredHere[i]) & (labelsThere[i] < labelsHere[i]))));
    squaredHere[i] = static_cast<TNumber>((squaredNew & nearer) | (squaredHere[i] & ~nearer));
    labelsHere[i] = static_cast<TNumber>((labelsThere[i] & nearer) | (labelsHere[i] & ~nearer));
  }
}

template <typename TLabel, typename TNumber, unsigned int VDimension>
template <typename TSources, typename TVisitor>
void
PerturbNearestLabels<TLabel, TNumber, VDimension>::Visit(const MaskType & wanted,
                                                         const TSources & sources,
                                                         const TVisitor & visitor)
{
  const RegionType region = wanted.GetRegion();
  RadiusType       tileSize;
  RegionType       tiles;
  tileSize.Fill(SmallestTile);
  for (const auto & some : sources)
  {
    for (unsigned int axis = 1; axis < VDimension; ++axis)
    {
      tileSize[axis] = std::max(tileSize[axis], some.radius[axis]);
    }
  }
  tileSize[0] = MaskType::WordBits;
  for (unsigned int axis = 0; axis < VDimension; ++axis)
  {
    tiles.SetSize(axis, (region.GetSize(axis) + tileSize[axis] - 1) / tileSize[axis]);
  }

  PerturbVisitLines(tiles, [&](IndexType number, const SizeValueType length) {
    for (; number[0] < static_cast<IndexValueType>(length); ++number[0])
    {
      RegionType tile;
      for (unsigned int axis = 0; axis < VDimension; ++axis)
      {
        tile.SetIndex(axis, region.GetIndex(axis) + number[axis] * static_cast<IndexValueType>(tileSize[axis]));
      }
      tile.SetSize(tileSize);
      tile.Crop(region);

      const auto  word = static_cast<size_t>(number[0]);
      PerturbWord any = 0;
      PerturbVisitLines(tile, [&](const IndexType & begin, SizeValueType) {
        any |= wanted.GetLine(wanted.GetLineNumber(begin))[word];
      });
      if (any == 0)
      {
        continue;
      }
      const size_t first = PerturbLowestBit(any);
      const size_t width = PerturbHighestBit(any) + 1 - first;
      tile.SetIndex(0, tile.GetIndex(0) + static_cast<IndexValueType>(first));
      tile.SetSize(0, width);

      m_Tile.Resize(tile.GetNumberOfPixels());
      std::fill(m_Tile.squared.begin(), m_Tile.squared.end(), Settled);
      TNumber * squared = m_Tile.squared.data();
      PerturbVisitLines(tile, [&](const IndexType & begin, SizeValueType) {
        for (PerturbWord bits = wanted.GetLine(wanted.GetLineNumber(begin))[word] >> first; bits != 0; bits &= bits - 1)
        {
          squared[PerturbLowestBit(bits)] = None;
        }
        squared += width;
      });
      for (const auto & some : sources)
      {
        this->Search(tile, some.mask, some.radius);
      }
      const TNumber * labels = m_Tile.labels.data();
      PerturbVisitLines(tile, [&](const IndexType & begin, SizeValueType) {
        const size_t line = wanted.GetLineNumber(begin);
        for (PerturbWord bits = wanted.GetLine(line)[word] >> first; bits != 0; bits &= bits - 1)
        {
          const size_t i = PerturbLowestBit(bits);
          visitor(line, word * MaskType::WordBits + first + i, Decode(labels[i]));
        }
        labels += width;
      });
    }
  });
}

template <typename TLabel, typename TNumber, unsigned int VDimension>
bool
PerturbNearestLabels<TLabel, TNumber, VDimension>::Load(const RegionType & window, const MaskType & sources)
{
  m_Window.Resize(window.GetNumberOfPixels());
  const auto first = static_cast<size_t>(window.GetIndex(0) - sources.GetRegion().GetIndex(0));
  TNumber *  squared = m_Window.squared.data();
  TNumber *  labels = m_Window.labels.data();
  bool       any = false;
  PerturbVisitLines(window, [&](const IndexType & begin, const SizeValueType length) {
    const size_t         line = sources.GetLineNumber(begin);
    const TLabel * const pixels = m_Lines[line] + first;
    MaskType::VisitWords(
      sources.GetLine(line), first, first + length, [&](const size_t start, PerturbWord word, const size_t count) {
        any |= word != 0;
        for (size_t i = 0; i < count; i += 8, word >>= 8)
        {
          PerturbChooseWhere(static_cast<uint8_t>(word),
                             TNumber{ 0 },
                             None,
                             squared + (start - first) + i,
                             std::min<size_t>(8, count - i));
        }
      });
    std::transform(pixels, pixels + length, labels, Encode);
    squared += length;
    labels += length;
  });
  return any;
}

template <typename TLabel, typename TNumber, unsigned int VDimension>
void
PerturbNearestLabels<TLabel, TNumber, VDimension>::Search(const RegionType & tile,
                                                          const MaskType &   sources,
                                                          const RadiusType & radius)
{
  RegionType window = tile;
  window.PadByRadius(radius);
  window.Crop(sources.GetRegion());
  if (!this->Load(window, sources))
  {
    return;
  }

  // Over the axes but the first: of each, only the tile's part remains.
  const size_t width = window.GetSize(0);
  size_t       inner = width;
  size_t       outer = window.GetNumberOfPixels() / width;
  bool         scanned = false;
  for (unsigned int axis = 1; axis < VDimension; ++axis)
  {
    const size_t length = window.GetSize(axis);
    const size_t kept = tile.GetSize(axis);
    const auto   first = static_cast<size_t>(tile.GetIndex(axis) - window.GetIndex(axis));
    outer /= length;
    if (radius[axis] > 0)
    {
      std::swap(m_Window, m_Lower);
      m_Window.Resize(outer * kept * inner);
      if (scanned)
      {
        this->SearchAxis(outer, length, inner, first, kept, radius[axis]);
      }
      else
      {
        this->ScanAxis(outer, length, inner, first, kept, radius[axis]);
        scanned = true;
      }
    }
    inner *= kept;
  }

  const size_t tileWidth = tile.GetSize(0);
  const auto   first = static_cast<size_t>(tile.GetIndex(0) - window.GetIndex(0));
  for (size_t line = 0; line < m_Tile.squared.size() / tileWidth; ++line)
  {
    const size_t begin = line * tileWidth;
    const size_t here = line * width + first;
    for (size_t distance = 0; distance <= radius[0]; ++distance)
    {
      if (static_cast<TNumber>(distance * distance) > m_Tile.GetLargest(begin, tileWidth))
      {
        break;
      }
      // Pixels near either end of the image have no neighbor so far away.
      const size_t left = distance - std::min(distance, first);
      if (left < tileWidth)
      {
        m_Tile.Minimize(begin + left, m_Window, here + left - distance, distance, tileWidth - left);
      }
      if (first + distance < width)
      {
        m_Tile.Minimize(begin, m_Window, here + distance, distance, std::min(tileWidth, width - first - distance));
      }
    }
  }
}

template <typename TLabel, typename TNumber, unsigned int VDimension>
void
PerturbNearestLabels<TLabel, TNumber, VDimension>::SearchAxis(const size_t outer,
                                                              const size_t length,
                                                              const size_t inner,
                                                              const size_t first,
                                                              const size_t kept,
                                                              const size_t radius)
{
  for (size_t i = 0; i < outer * kept; ++i)
  {
    const size_t position = i % kept + first;
    const size_t here = (i / kept * length + position) * inner;
    std::copy_n(m_Lower.squared.data() + here, inner, m_Window.squared.data() + i * inner);
    std::copy_n(m_Lower.labels.data() + here, inner, m_Window.labels.data() + i * inner);
    for (size_t distance = 1; distance <= radius; ++distance)
    {
      if (distance <= position)
      {
        m_Window.Minimize(i * inner, m_Lower, here - distance * inner, distance, inner);
      }
      if (position + distance < length)
      {
        m_Window.Minimize(i * inner, m_Lower, here + distance * inner, distance, inner);
      }
    }
  }
}

template <typename TLabel, typename TNumber, unsigned int VDimension>
void
PerturbNearestLabels<TLabel, TNumber, VDimension>::ScanAxis(const size_t outer,
                                                            const size_t length,
                                                            const size_t inner,
                                                            const size_t first,
                                                            const size_t kept,
                                                            const size_t radius)
{
  std::fill(m_Window.squared.begin(), m_Window.squared.end(), None);
  m_Last.Resize(inner);
  for (size_t slab = 0; slab < outer; ++slab)
  {
    // Forwards for the source before each pixel, then backwards for the one after it.
    for (const bool forwards : { true, false })
    {
      m_Steps.assign(inner, static_cast<TNumber>(radius + 1));
      const size_t count = forwards ? first + kept : length - first;
      for (size_t i = 0; i < count; ++i)
      {
        const size_t position = forwards ? i : length - 1 - i;
        this->Step(m_Lower, (slab * length + position) * inner, inner, static_cast<TNumber>(radius));
        if (position >= first && position < first + kept)
        {
          m_Window.Minimize((slab * kept + position - first) * inner, m_Last, 0, 0, inner);
        }
      }
    }
  }
}

template <typename TLabel, typename TNumber, unsigned int VDimension>
void
PerturbNearestLabels<TLabel, TNumber, VDimension>::Step(const Nearest & pixels,
                                                        const size_t    begin,
                                                        const size_t    count,
                                                        const TNumber   radius)
{
  const TNumber * __restrict squaredHere = pixels.squared.data() + begin;
  const TNumber * __restrict labelsHere = pixels.labels.data() + begin;
  TNumber * __restrict steps = m_Steps.data();
  TNumber * __restrict squared = m_Last.squared.data();
  TNumber * __restrict labels = m_Last.labels.data();
  for (size_t i = 0; i < count; ++i)
  {
    const auto source = static_cast<TNumber>(-(squaredHere[i] == 0));
    const auto near = static_cast<TNumber>(-(steps[i] < radius));
    const auto step = static_cast<TNumber>((steps[i] + 1) & ~source);
    steps[i] = static_cast<TNumber>((step & (near | source)) | ((radius + 1) & ~(near | source)));
    labels[i] = static_cast<TNumber>((labelsHere[i] & source) | (labels[i] & ~source));
    const auto inReach = static_cast<TNumber>(near | source);
    squared[i] = static_cast<TNumber>(((step * step) & inReach) | (None & ~inReach));
  }
}
} // namespace itk

#endif
