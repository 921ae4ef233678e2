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
#include <tuple>

namespace itk
{
/** \class PerturbNearestLabels
 * \brief Finds the label of the nearest source pixel, for the pixels of a mask alone.
 *
 * The distance is Euclidean, in pixels; at equal distances the smallest label wins. The mask is cut into tiles. Those
 * with pixels of it get a key each: the squared distance in the upper bits, in the lower ones the rank of the label
 * among those around the tile, so that the smallest key is the answer. Keys are minimized over the pixels in reach,
 * axis by axis: exact, since a squared distance is a sum over the axes. The narrowest type that holds the keys of a
 * tile is used for it.
 *
 * \ingroup AnnotationUpgrade
 */
template <typename TLabel, unsigned int VDimension>
class PerturbNearestLabels
{
public:
  using MaskType = PerturbBitMask<VDimension>;
  using RegionType = typename MaskType::RegionType;
  using IndexType = typename RegionType::IndexType;
  using RadiusType = typename RegionType::SizeType;

  /** Pixels with labels, and how far away along each axis they count. */
  struct Sources
  {
    MaskType   mask;
    RadiusType radius;
  };

  /** \param lines The pixels of each line of the masks that follow, which all have the same region. */
  explicit PerturbNearestLabels(const std::vector<const TLabel *> & lines)
    : m_Lines(lines)
  {}

  /** Calls visitor(line, position, label) for each pixel of `wanted`, by the number of its line and its position on it.
   * \param groups Sources; none of them is wanted.
   * \param squaredReach No wanted pixel's nearest source is farther away than this, squared. */
  template <typename TVisitor>
  void
  Visit(const MaskType & wanted, const std::vector<Sources> & groups, uint64_t squaredReach, const TVisitor & visitor);

private:
  static constexpr size_t TileWidth = MaskType::WordBits;
  static constexpr size_t SmallestTile = 64;

  /** A source by its position from the first pixel of the tile's lines, and the number of its label in m_Labels. */
  struct Source
  {
    int32_t  position;
    uint32_t label;
  };

  /** The sources of one group in reach of a tile, line by line. */
  struct Window
  {
    RegionType          region;
    RadiusType          radius;
    std::vector<Source> sources;
    std::vector<size_t> lineEnds;
  };

  /** Keys of pixels; the smallest one of the type stands for 0. */
  template <typename TKey>
  struct Keys
  {
    std::vector<TKey> ramp;
    std::vector<TKey> window;
    std::vector<TKey> lower;
    std::vector<TKey> best;
    std::vector<TKey> nothing;
  };

  /** Sources next to a pixel that is none. Of all others, one of these is nearer. */
  static MaskType
  FindSurface(const Sources & group);

  /** Crops a tile to the lines that have wanted pixels in it; false where there are none. */
  static bool
  CropToWanted(RegionType & tile, const MaskType & wanted);

  /** Fills m_Windows and m_Labels. */
  void
  CollectSources(const RegionType & tile, const std::vector<MaskType> & surfaces, const std::vector<Sources> & groups);

  uint32_t
  GetLabelNumber(TLabel label);

  /** Calls visitWanted(i, line, position) for each wanted pixel, i being its number in the tile. */
  template <typename TVisitor>
  static void
  VisitWanted(const RegionType & tile, const MaskType & wanted, const TVisitor & visitWanted);

  /** Leaves in Keys::best the keys of the tile's pixels.
   * \param rankBits Number of bits for ranks. \param none A squared distance that no wanted pixel has. */
  template <typename TKey>
  void
  Search(const RegionType & tile, unsigned int rankBits, uint64_t none);

  /** Fills Keys::window with the keys over the first axis. */
  template <typename TKey>
  void
  SearchLines(const Window & window, unsigned int rankBits, TKey none);

  /** Takes Keys::window over one axis more. Of its `length` lines along that axis those from `first` on are kept; all
   * hold `inner` neighboring pixels, and there are `outer` times as many. */
  template <typename TKey>
  void
  SearchAxis(size_t       outer,
             size_t       length,
             size_t       inner,
             size_t       first,
             size_t       kept,
             size_t       radius,
             unsigned int rankBits);

  /** Keys of pixels on both sides, and what their distance adds. */
  template <typename TKey>
  struct Neighbors
  {
    const TKey * left;
    const TKey * right;
    TKey         added;
  };

  template <typename TKey>
  static void
  Minimize(TKey * __restrict keys, const TKey * others, TKey added, size_t count);

  /** Two distances at once, which saves loads and stores. */
  template <typename TKey>
  static void
  Minimize(TKey * __restrict keys, const Neighbors<TKey> & first, const Neighbors<TKey> & second, size_t count);

  /** A sum that may pass the largest number of the type on its way. */
  template <typename TKey>
  static TKey
  Add(const TKey key, const TKey added)
  {
    using UnsignedType = std::make_unsigned_t<TKey>;
    return static_cast<TKey>(static_cast<UnsignedType>(key) + static_cast<UnsignedType>(added));
  }

  const std::vector<const TLabel *> &                     m_Lines;
  std::vector<Window>                                     m_Windows;
  std::vector<std::pair<TLabel, uint32_t>>                m_Labels; // in order, with their numbers
  std::vector<size_t>                                     m_Ranks;  // by number
  std::pair<TLabel, uint32_t>                             m_LastLabel;
  std::tuple<Keys<int16_t>, Keys<int32_t>, Keys<int64_t>> m_Keys;
};
} // namespace itk

#include "itkPerturbNearestLabels.hxx"

#endif
