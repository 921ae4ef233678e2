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
template <typename TVisitor>
void
PerturbNearestLabels<TLabel, VDimension>::Visit(const MaskType &             wanted,
                                                const std::vector<Sources> & groups,
                                                const uint64_t               squaredReach,
                                                const TVisitor &             visitor)
{
  const RegionType      region = wanted.GetRegion();
  std::vector<MaskType> surfaces;
  RadiusType            tileSize;
  uint64_t              largestRadius = 0;
  tileSize.Fill(SmallestTile);
  for (const Sources & group : groups)
  {
    surfaces.push_back(FindSurface(group));
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
        const TLabel label = m_Labels.front().first;
        VisitWanted(
          tile, wanted, [&](size_t, const size_t line, const size_t position) { visitor(line, position, label); });
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
        const std::vector<KeyType> & best = std::get<Keys<KeyType>>(m_Keys).best;
        const auto                   mask = static_cast<KeyType>((KeyType{ 1 } << rankBits) - 1);
        VisitWanted(tile, wanted, [&](const size_t i, const size_t line, const size_t position) {
          visitor(line, position, m_Labels[static_cast<size_t>(best[i] & mask)].first);
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
auto
PerturbNearestLabels<TLabel, VDimension>::FindSurface(const Sources & group) -> MaskType
{
  MaskType others = group.mask;
  others.Invert();
  MaskType surface(group.mask.GetRegion());
  for (unsigned int axis = 0; axis < VDimension; ++axis)
  {
    if (group.radius[axis] > 0)
    {
      MaskType neighbors = others;
      neighbors.Dilate(axis, 1);
      surface |= neighbors;
    }
  }
  surface &= group.mask;
  return surface;
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
  if (m_Labels.empty() || label != m_LastLabel.first)
  {
    const auto less = [](const auto & a, const TLabel b) { return a.first < b; };
    auto       place = std::lower_bound(m_Labels.begin(), m_Labels.end(), label, less);
    if (place == m_Labels.end() || place->first != label)
    {
      place = m_Labels.insert(place, { label, static_cast<uint32_t>(m_Labels.size()) });
    }
    m_LastLabel = *place;
  }
  return m_LastLabel.second;
}

template <typename TLabel, unsigned int VDimension>
void
PerturbNearestLabels<TLabel, VDimension>::CollectSources(const RegionType &            tile,
                                                         const std::vector<MaskType> & surfaces,
                                                         const std::vector<Sources> &  groups)
{
  m_Labels.clear();
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
    PerturbVisitLines(window.region, [&](const IndexType & begin, const SizeValueType length) {
      const size_t         line = surface.GetLineNumber(begin);
      const TLabel * const pixels = m_Lines[line];
      MaskType::VisitWords(
        surface.GetLine(line), first, first + length, [&](const size_t start, PerturbWord word, size_t) {
          for (; word != 0; word &= word - 1)
          {
            const size_t position = start + PerturbLowestBit(word);
            window.sources.push_back(
              { static_cast<int32_t>(position - tileBegin), this->GetLabelNumber(pixels[position]) });
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
template <typename TVisitor>
void
PerturbNearestLabels<TLabel, VDimension>::VisitWanted(const RegionType & tile,
                                                      const MaskType &   wanted,
                                                      const TVisitor &   visitWanted)
{
  const auto begin = static_cast<size_t>(tile.GetIndex(0) - wanted.GetRegion().GetIndex(0));
  size_t     row = 0;
  PerturbVisitLines(tile, [&](const IndexType & index, SizeValueType) {
    const size_t line = wanted.GetLineNumber(index);
    for (PerturbWord bits = wanted.GetLine(line)[begin / TileWidth]; bits != 0; bits &= bits - 1)
    {
      const size_t i = PerturbLowestBit(bits);
      visitWanted(row + i, line, begin + i);
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
  keys.nothing.assign(tile.GetNumberOfPixels() / tile.GetSize(0) * TileWidth, noneKey);
  keys.best.assign(tile.GetNumberOfPixels() / tile.GetSize(0) * TileWidth, noneKey);
  for (const Window & window : m_Windows)
  {
    if (window.sources.empty())
    {
      continue;
    }
    this->template SearchLines<TKey>(window, rankBits, noneKey);
    size_t inner = TileWidth;
    size_t outer = window.lineEnds.size();
    for (unsigned int axis = 1; axis < VDimension; ++axis)
    {
      const size_t length = window.region.GetSize(axis);
      const size_t kept = tile.GetSize(axis);
      outer /= length;
      if (window.radius[axis] > 0)
      {
        const auto first = static_cast<size_t>(tile.GetIndex(axis) - window.region.GetIndex(axis));
        this->template SearchAxis<TKey>(outer, length, inner, first, kept, window.radius[axis], rankBits);
      }
      inner *= kept;
    }
    Minimize(keys.best.data(), keys.window.data(), TKey{ 0 }, keys.best.size());
  }
}

template <typename TLabel, unsigned int VDimension>
template <typename TKey>
void
PerturbNearestLabels<TLabel, VDimension>::SearchLines(const Window &     window,
                                                      const unsigned int rankBits,
                                                      const TKey         none)
{
  Keys<TKey> & keys = std::get<Keys<TKey>>(m_Keys);

  // The keys of a source's line around it, but for its rank; as many as fill vectors.
  constexpr int64_t width = TileWidth;
  const auto        radius = static_cast<int64_t>(window.radius[0]);
  keys.ramp.assign(static_cast<size_t>(2 * radius + 16), none);
  for (int64_t distance = -radius; distance <= radius; ++distance)
  {
    const auto key = static_cast<TKey>(std::numeric_limits<TKey>::min() + (distance * distance << rankBits));
    keys.ramp[static_cast<size_t>(distance + radius)] = std::min(key, none);
  }

  keys.window.assign(window.lineEnds.size() * TileWidth, none);
  TKey * to = keys.window.data();
  size_t i = 0;
  for (const size_t lineEnd : window.lineEnds)
  {
    for (; i < lineEnd; ++i)
    {
      const Source & source = window.sources[i];
      const int64_t  begin = source.position - radius;
      const int64_t  first = std::max<int64_t>(0, begin);
      const int64_t  last = std::min(width, (source.position + radius + 8) / 8 * 8);
      Minimize(to + first,
               keys.ramp.data() + (first - begin),
               static_cast<TKey>(m_Ranks[source.label]),
               static_cast<size_t>(last - first));
    }
    to += TileWidth;
  }
}

template <typename TLabel, unsigned int VDimension>
template <typename TKey>
void
PerturbNearestLabels<TLabel, VDimension>::SearchAxis(const size_t       outer,
                                                     const size_t       length,
                                                     const size_t       inner,
                                                     const size_t       first,
                                                     const size_t       kept,
                                                     const size_t       radius,
                                                     const unsigned int rankBits)
{
  Keys<TKey> & keys = std::get<Keys<TKey>>(m_Keys);
  std::swap(keys.window, keys.lower);
  keys.window.resize(outer * kept * inner);
  for (size_t i = 0; i < outer * kept; ++i)
  {
    const size_t position = i % kept + first;
    const TKey * here = keys.lower.data() + (i / kept * length + position) * inner;
    TKey * const to = keys.window.data() + i * inner;
    std::copy_n(here, inner, to);
    const auto neighbors = [&](const size_t distance) -> Neighbors<TKey> {
      const bool isNear = distance <= radius;
      return { isNear && distance <= position ? here - distance * inner : keys.nothing.data(),
               isNear && position + distance < length ? here + distance * inner : keys.nothing.data(),
               static_cast<TKey>(distance * distance << rankBits) };
    };
    for (size_t distance = 1; distance <= radius; distance += 2)
    {
      Minimize(to, neighbors(distance), neighbors(distance + 1), inner);
    }
  }
}

template <typename TLabel, unsigned int VDimension>
template <typename TKey>
void
PerturbNearestLabels<TLabel, VDimension>::Minimize(TKey * const __restrict keys,
                                                   const Neighbors<TKey> & first,
                                                   const Neighbors<TKey> & second,
                                                   const size_t            count)
{
  const Neighbors<TKey> a = first;
  const Neighbors<TKey> b = second;
  for (size_t i = 0; i < count; ++i)
  {
    const TKey firstKey = Add(std::min(a.left[i], a.right[i]), a.added);
    const TKey secondKey = Add(std::min(b.left[i], b.right[i]), b.added);
    keys[i] = std::min(keys[i], std::min(firstKey, secondKey));
  }
}

template <typename TLabel, unsigned int VDimension>
template <typename TKey>
void
PerturbNearestLabels<TLabel, VDimension>::Minimize(TKey * const __restrict keys,
                                                   const TKey * const others,
                                                   const TKey         added,
                                                   const size_t       count)
{
  for (size_t i = 0; i < count; ++i)
  {
    keys[i] = std::min(keys[i], Add(others[i], added));
  }
}
} // namespace itk

#endif
