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
#ifndef itkPerturbNearestLabels_hxx
#define itkPerturbNearestLabels_hxx

namespace itk
{
template <typename TLabel, unsigned int VDimension>
void
PerturbNearestLabels<TLabel, VDimension>::Write(const MaskType &                     wanted,
                                                const std::vector<Sources> &         groups,
                                                const uint64_t                       squaredReach,
                                                TLabel * const                       pixels,
                                                const std::vector<OffsetValueType> & offsets)
{
  const RegionType      region = wanted.GetRegion();
  std::vector<MaskType> surfaces;
  RadiusType            tileSize;
  uint64_t              largestRadius = 0;
  tileSize.Fill(SmallestTile);
  for (const Sources & group : groups)
  {
    surfaces.push_back(group.mask.FindSurface(group.radius)); // of all other sources, one of these is nearer
    for (unsigned int axis = 0; axis < VDimension; ++axis)
    {
      tileSize[axis] = std::max<SizeValueType>(tileSize[axis], group.radius[axis]);
      largestRadius = std::max<uint64_t>(largestRadius, group.radius[axis]);
    }
  }
  tileSize[0] = TileWidth;
  RegionType tiles;
  for (unsigned int axis = 0; axis < VDimension; ++axis)
  {
    const SizeValueType number = (region.GetSize(axis) + tileSize[axis] - 1) / tileSize[axis];
    tiles.SetSize(axis, number);
    if (axis > 0)
    {
      tileSize[axis] = (region.GetSize(axis) + number - 1) / number; // all of about the same size
    }
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
      if (!CropToWanted(tile, wanted))
      {
        continue;
      }

      this->CollectSources(tile, surfaces, groups);
      if (m_Labels.size() == 1)
      {
        WriteWanted(tile, wanted, pixels, offsets, [label = m_Labels.front().first](size_t) { return label; });
        continue;
      }

      unsigned int rankBits = 1;
      while ((m_Labels.size() - 1) >> rankBits != 0)
      {
        ++rankBits;
      }
      const uint64_t none = squaredReach + 1;
      const uint64_t largestSum = none + (largestRadius + 1) * (largestRadius + 1) + 1;
      const auto     searchWith = [&](auto zero) {
        using KeyType = decltype(zero);
        this->template Search<KeyType>(tile, rankBits, none);
        const KeyType * const best = std::get<Keys<KeyType>>(m_Keys).best.data();
        const auto * const    labels = m_Labels.data();
        const auto            mask = static_cast<KeyType>((KeyType{ 1 } << rankBits) - 1);
        WriteWanted(tile, wanted, pixels, offsets, [=](const size_t i) {
          return labels[static_cast<size_t>(best[i] & mask)].first;
        });
      };
      if (largestSum << rankBits <= uint64_t{ 1 } << 16)
      {
        searchWith(int16_t{});
      }
      else if (largestSum << rankBits <= uint64_t{ 1 } << 32)
      {
        searchWith(int32_t{});
      }
      else
      {
        searchWith(int64_t{});
      }
    }
  });
}

template <typename TLabel, unsigned int VDimension>
bool
PerturbNearestLabels<TLabel, VDimension>::CropToWanted(RegionType & tile, const MaskType & wanted)
{
  const auto word = static_cast<size_t>(tile.GetIndex(0) - wanted.GetRegion().GetIndex(0)) / TileWidth;
  IndexType  lowest = tile.GetUpperIndex();
  IndexType  highest = tile.GetIndex();
  bool       any = false;
  PerturbVisitLines(tile, [&](const IndexType & begin, SizeValueType) {
    if (wanted.GetLine(wanted.GetLineNumber(begin))[word] != 0)
    {
      any = true;
      for (unsigned int axis = 1; axis < VDimension; ++axis)
      {
        lowest[axis] = std::min(lowest[axis], begin[axis]);
        highest[axis] = std::max(highest[axis], begin[axis]);
      }
    }
  });
  for (unsigned int axis = 1; any && axis < VDimension; ++axis)
  {
    tile.SetIndex(axis, lowest[axis]);
    tile.SetSize(axis, static_cast<SizeValueType>(highest[axis] - lowest[axis] + 1));
  }
  return any;
}

template <typename TLabel, unsigned int VDimension>
uint32_t
PerturbNearestLabels<TLabel, VDimension>::GetLabelNumber(const TLabel label)
{
  auto & recent = m_Recent[static_cast<size_t>(label) % m_Recent.size()];
  if (recent.first == label)
  {
    return recent.second;
  }
  const auto less = [](const auto & a, const TLabel b) { return a.first < b; };
  const auto place = std::lower_bound(m_Labels.begin(), m_Labels.end(), label, less);
  if (place != m_Labels.end() && place->first == label)
  {
    recent = *place;
  }
  else
  {
    recent = { label, static_cast<uint32_t>(m_Labels.size()) };
    m_Labels.insert(place, recent);
  }
  return recent.second;
}

template <typename TLabel, unsigned int VDimension>
void
PerturbNearestLabels<TLabel, VDimension>::CollectSources(const RegionType &            tile,
                                                         const std::vector<MaskType> & surfaces,
                                                         const std::vector<Sources> &  groups)
{
  m_Labels.clear();
  m_Recent.fill({ TLabel{ 0 }, 0 }); // no source has this label
  m_Windows.resize(groups.size());
  for (size_t group = 0; group < groups.size(); ++group)
  {
    const MaskType & surface = surfaces[group];
    Window &         window = m_Windows[group];
    window.radius = groups[group].radius;
    window.region = tile;
    window.region.PadByRadius(window.radius);
    window.region.Crop(surface.GetRegion());
    window.sources.clear();
    window.lineEnds.clear();
    const auto tileBegin = static_cast<size_t>(tile.GetIndex(0) - surface.GetRegion().GetIndex(0));
    const auto first = static_cast<size_t>(window.region.GetIndex(0) - surface.GetRegion().GetIndex(0));
    uint32_t   number = 0;
    TLabel     label = 0; // of no source
    PerturbVisitLines(window.region, [&](const IndexType & begin, const SizeValueType length) {
      const size_t         line = surface.GetLineNumber(begin);
      const TLabel * const pixels = m_Lines[line];
      MaskType::VisitWords(
        surface.GetLine(line), first, first + length, [&](const size_t start, PerturbWord word, size_t) {
          for (; word != 0; word &= word - 1)
          {
            const size_t position = start + PerturbLowestBit(word);
            if (pixels[position] != label)
            {
              label = pixels[position];
              number = this->GetLabelNumber(label);
            }
            window.sources.push_back({ static_cast<int32_t>(position - tileBegin), number });
          }
        });
      window.lineEnds.push_back(window.sources.size());
    });
  }
  m_Ranks.resize(m_Labels.size());
  for (size_t rank = 0; rank < m_Labels.size(); ++rank)
  {
    m_Ranks[m_Labels[rank].second] = rank;
  }
}

template <typename TLabel, unsigned int VDimension>
template <typename TGetLabel>
void
PerturbNearestLabels<TLabel, VDimension>::WriteWanted(const RegionType &                   tile,
                                                      const MaskType &                     wanted,
                                                      TLabel * const                       pixels,
                                                      const std::vector<OffsetValueType> & offsets,
                                                      const TGetLabel                      getLabel)
{
  const auto begin = static_cast<size_t>(tile.GetIndex(0) - wanted.GetRegion().GetIndex(0));
  size_t     row = 0;
  PerturbVisitLines(tile, [&](const IndexType & index, SizeValueType) {
    const size_t          line = wanted.GetLineNumber(index);
    const OffsetValueType offset = offsets[line] + static_cast<OffsetValueType>(begin);
    for (PerturbWord bits = wanted.GetLine(line)[begin / TileWidth]; bits != 0; bits &= bits - 1)
    {
      const size_t i = PerturbLowestBit(bits);
      pixels[offset + static_cast<OffsetValueType>(i)] = getLabel(row + i);
    }
    row += TileWidth;
  });
}

template <typename TLabel, unsigned int VDimension>
template <typename TKey>
void
PerturbNearestLabels<TLabel, VDimension>::Search(const RegionType & tile,
                                                 const unsigned int rankBits,
                                                 const uint64_t     none)
{
  Keys<TKey> & keys = std::get<Keys<TKey>>(m_Keys);
  const auto   noneKey = static_cast<TKey>(std::numeric_limits<TKey>::min() + static_cast<int64_t>(none << rankBits));
  bool         isFirst = true;
  for (const Window & window : m_Windows)
  {
    if (window.sources.empty())
    {
      continue;
    }
    this->template SearchPlanes<TKey>(tile, window, rankBits, noneKey);
    size_t inner = TileWidth * tile.GetSize(1);
    size_t outer = window.lineEnds.size() / window.region.GetSize(1);
    for (unsigned int axis = 2; axis < VDimension; ++axis)
    {
      outer /= window.region.GetSize(axis);
      this->template SearchAxis<TKey>(tile, window, axis, outer, inner, rankBits);
      inner *= tile.GetSize(axis);
    }
    if (isFirst)
    {
      std::swap(keys.best, keys.window);
      isFirst = false;
    }
    else
    {
      std::transform(
        keys.best.begin(), keys.best.end(), keys.window.begin(), keys.best.begin(), [](const TKey a, const TKey b) {
          return std::min(a, b);
        });
    }
  }
}

template <typename TLabel, unsigned int VDimension>
template <typename TKey>
void
PerturbNearestLabels<TLabel, VDimension>::SearchPlanes(const RegionType & tile,
                                                       const Window &     window,
                                                       const unsigned int rankBits,
                                                       const TKey         none)
{
  Keys<TKey> & keys = std::get<Keys<TKey>>(m_Keys);

  const auto radius = static_cast<int64_t>(window.radius[0]);
  keys.ramp.assign((2 * window.radius[0] / RampStep + 1) * RampStep, none);
  for (int64_t distance = -radius; distance <= radius; ++distance)
  {
    const auto key = static_cast<TKey>(std::numeric_limits<TKey>::min() + (distance * distance << rankBits));
    keys.ramp[static_cast<size_t>(distance + radius)] = std::min(key, none);
  }

  constexpr size_t stride = RampStep + TileWidth + RampStep;
  const size_t     length = window.region.GetSize(1);
  const size_t     planes = window.lineEnds.size() / length;
  const size_t     keysOfPlane = tile.GetSize(1) * TileWidth;
  keys.window.resize(planes * keysOfPlane);
  size_t line = 0;
  size_t i = 0;
  for (size_t plane = 0; plane < planes; ++plane)
  {
    keys.plane.assign(length * stride, none);
    TKey * const rows = keys.plane.data() + RampStep;
    for (size_t row = 0; row < length; ++row, ++line)
    {
      for (; i < window.lineEnds[line]; ++i)
      {
        const Source & source = window.sources[i];
        const auto     rank = static_cast<TKey>(m_Ranks[source.label]);
        AddRamp(rows + row * stride, source.position - radius, keys.ramp, rank);
      }
    }
    TKey * const to = keys.window.data() + plane * keysOfPlane;
    SearchColumn<TKey>(tile, window, 1, rankBits, { rows, stride }, { to, TileWidth });
  }
}

template <typename TLabel, unsigned int VDimension>
template <typename TKey>
void
PerturbNearestLabels<TLabel, VDimension>::AddRamp(TKey * const              row,
                                                  const int64_t             begin,
                                                  const std::vector<TKey> & ramp,
                                                  const TKey                rank)
{
  constexpr auto step = static_cast<int64_t>(RampStep);
  const int64_t  skipped = begin < 0 ? (-begin - 1) / step * step : 0;
  const int64_t  end = std::min(static_cast<int64_t>(ramp.size()), static_cast<int64_t>(TileWidth) - begin);
  for (int64_t i = skipped; i < end; i += step)
  {
    TKey * const __restrict to = row + (begin + i);
    const TKey * const from = ramp.data() + i;
    for (size_t k = 0; k < RampStep; ++k)
    {
      to[k] = std::min(to[k], Add(from[k], rank));
    }
  }
}

template <typename TLabel, unsigned int VDimension>
template <typename TKey>
void
PerturbNearestLabels<TLabel, VDimension>::SearchAxis(const RegionType & tile,
                                                     const Window &     window,
                                                     const unsigned int axis,
                                                     const size_t       outer,
                                                     const size_t       inner,
                                                     const unsigned int rankBits)
{
  Keys<TKey> & keys = std::get<Keys<TKey>>(m_Keys);
  std::swap(keys.window, keys.lower);
  keys.window.resize(outer * tile.GetSize(axis) * inner);
  for (size_t slab = 0; slab < outer; ++slab)
  {
    const TKey * const from = keys.lower.data() + slab * window.region.GetSize(axis) * inner;
    TKey * const       to = keys.window.data() + slab * tile.GetSize(axis) * inner;
    for (size_t i = 0; i < inner; i += TileWidth)
    {
      SearchColumn<TKey>(tile, window, axis, rankBits, { from + i, inner }, { to + i, inner });
    }
  }
}

template <typename TLabel, unsigned int VDimension>
template <typename TKey>
void
PerturbNearestLabels<TLabel, VDimension>::SearchColumn(const RegionType &       tile,
                                                       const Window &           window,
                                                       const unsigned int       axis,
                                                       const unsigned int       rankBits,
                                                       const Column<const TKey> from,
                                                       const Column<TKey>       to)
{
  const size_t length = window.region.GetSize(axis);
  const size_t radius = window.radius[axis];
  const auto   first = static_cast<size_t>(tile.GetIndex(axis) - window.region.GetIndex(axis));
  for (size_t i = 0; i < tile.GetSize(axis); ++i)
  {
    const size_t position = first + i;
    MinimizeRow(from.begin + position * from.stride,
                from.stride,
                std::min(radius, position),
                std::min(radius, length - 1 - position),
                rankBits,
                to.begin + i * to.stride);
  }
}

template <typename TLabel, unsigned int VDimension>
template <typename TKey>
void
PerturbNearestLabels<TLabel, VDimension>::MinimizeRow(const TKey * const row,
                                                      const size_t       stride,
                                                      const size_t       before,
                                                      const size_t       after,
                                                      const unsigned int rankBits,
                                                      TKey * const __restrict to)
{
  std::copy_n(row, size_t{ TileWidth }, to);
  for (size_t distance = 1; distance <= std::max(before, after); ++distance)
  {
    // A row counts for a neighbor that it does not have.
    const TKey * const left = distance <= before ? row - distance * stride : row;
    const TKey * const right = distance <= after ? row + distance * stride : row;
    const auto         added = static_cast<TKey>(distance * distance << rankBits);
    for (size_t i = 0; i < TileWidth; ++i)
    {
      to[i] = std::min(to[i], Add(std::min(left[i], right[i]), added));
    }
  }
}
} // namespace itk

#endif
