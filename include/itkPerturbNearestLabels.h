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

#include <array>
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
  static_assert(VDimension > 1, "Keys are searched plane by plane.");

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

  /** Writes the label of each pixel of `wanted` to `pixels`, whose offsets of the lines' first pixels are given.
   * \param groups Sources; none of them is wanted.
   * \param squaredReach No wanted pixel's nearest source is farther away than this, squared. */
  void
  Write(const MaskType &                     wanted,
        const std::vector<Sources> &         groups,
        uint64_t                             squaredReach,
        TLabel *                             pixels,
        const std::vector<OffsetValueType> & offsets);

private:
  static constexpr size_t TileWidth = MaskType::WordBits;
  static constexpr size_t SmallestTile = 64;

  /** As many pixels at once get keys of a source on their line. A plane's rows have as many more at either end. */
  static constexpr size_t RampStep = 32;

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
    std::vector<TKey> ramp;   // of the pixels on both sides of a source of rank 0
    std::vector<TKey> plane;  // over the first axis, of one plane
    std::vector<TKey> window; // over as many axes as were searched
    std::vector<TKey> lower;  // over one axis less
    std::vector<TKey> best;   // over all axes and groups
  };

  /** Rows of TileWidth keys, one for each pixel along an axis, whose first keys lie `stride` apart. */
  template <typename TKey>
  struct Column
  {
    TKey * begin;
    size_t stride;
  };

  /** Crops a tile to the lines that have wanted pixels in it; false where there are none. */
  static bool
  CropToWanted(RegionType & tile, const MaskType & wanted);

  /** Fills m_Windows and m_Labels. */
  void
  CollectSources(const RegionType & tile, const std::vector<MaskType> & surfaces, const std::vector<Sources> & groups);

  uint32_t
  GetLabelNumber(TLabel label);

  /** Writes getLabel(i) into each wanted pixel, i being its number in the tile. */
  template <typename TGetLabel>
  static void
  WriteWanted(const RegionType &                   tile,
              const MaskType &                     wanted,
              TLabel *                             pixels,
              const std::vector<OffsetValueType> & offsets,
              TGetLabel                            getLabel);

  /** Leaves in Keys::best the keys of the tile's pixels.
   * \param rankBits Number of bits for ranks. \param none A squared distance that no wanted pixel has. */
  template <typename TKey>
  void
  Search(const RegionType & tile, unsigned int rankBits, uint64_t none);

  /** Fills Keys::window with the keys over the first two axes: plane by plane, since one stays in the cache. */
  template <typename TKey>
  void
  SearchPlanes(const RegionType & tile, const Window & window, unsigned int rankBits, TKey none);

  /** Minimizes the keys of a row, around which RampStep keys more may be changed, with those of a source's ramp.
   * \param begin Where in the row the ramp begins; may lie before it. */
  template <typename TKey>
  static void
  AddRamp(TKey * row, int64_t begin, const std::vector<TKey> & ramp, TKey rank);

  /** Takes Keys::window, `outer` slabs of the lines along an axis through `inner` neighboring pixels, over this axis.
   */
  template <typename TKey>
  void
  SearchAxis(const RegionType & tile,
             const Window &     window,
             unsigned int       axis,
             size_t             outer,
             size_t             inner,
             unsigned int       rankBits);

  /** Takes a column of the window over its axis, for the rows of the tile. */
  template <typename TKey>
  static void
  SearchColumn(const RegionType & tile,
               const Window &     window,
               unsigned int       axis,
               unsigned int       rankBits,
               Column<const TKey> from,
               Column<TKey>       to);

  /** Minimizes the keys of a row with those of the rows before and after it in its column. */
  template <typename TKey>
  static void
  MinimizeRow(const TKey * row,
              size_t       stride,
              size_t       before,
              size_t       after,
              unsigned int rankBits,
              TKey * __restrict to);

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
  std::array<std::pair<TLabel, uint32_t>, 256>            m_Recent; // some of them, by their lowest bits
  std::vector<size_t>                                     m_Ranks;  // by number
  std::tuple<Keys<int16_t>, Keys<int32_t>, Keys<int64_t>> m_Keys;
};
} // namespace itk

#include "itkPerturbNearestLabels.hxx"

#endif
