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
#ifndef itkIntensityNormalization_h
#define itkIntensityNormalization_h

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

namespace itk
{
/** \class IntensityNormalizationEnums
 * \brief How intensities are scaled before a network sees them.
 * \ingroup AnnotationUpgrade */
class IntensityNormalizationEnums
{
public:
  /** One linear map per image (a slice with a 2-D model, a volume with a 3-D model), the same for all channels of a
   * colour image. A constant or empty image gives finite numbers with every choice. */
  enum class Normalization : uint8_t
  {
    Maximum,    ///< divided by the maximum, as in the paper
    Percentile, ///< 1st percentile to 0, 99.8th percentile to 1; the minimum and the maximum where they coincide
    Standard,   ///< mean 0, standard deviation 1
    None        ///< as they are
  };
};
using IntensityNormalization = IntensityNormalizationEnums::Normalization;

constexpr std::array<const char *, 4> IntensityNormalizationNames{ { "maximum", "percentile", "standard", "none" } };

/** The linear map x -> (x - Shift) * Scale. */
struct IntensityMap
{
  double Shift{ 0.0 };
  double Scale{ 1.0 };

  float
  operator()(float value) const
  {
    return static_cast<float>((value - Shift) * Scale);
  }
};

/** Values at the given fractions of the sorted values that `visit` passes on, see ComputeIntensityMap(); 0 without any.
 */
template <typename TVisit, size_t VNumber>
std::array<double, VNumber>
FindQuantiles(const TVisit & visit, const std::array<double, VNumber> & fractions)
{
  // Floats sort like these integers, whose upper halves are counted first, then the lower halves that decide.
  const auto toKey = [](float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    return bits >> 31 ? ~bits : bits | 0x80000000u;
  };
  const auto fromKey = [](uint32_t key) {
    const uint32_t bits = key >> 31 ? key & 0x7fffffffu : ~key;
    float          value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
  };
  using Counts = std::vector<uint64_t>;
  const auto find = [](const Counts & counts, uint64_t & rank) {
    uint32_t position = 0;
    for (; rank >= counts[position]; ++position)
    {
      rank -= counts[position];
    }
    return position;
  };

  Counts upper(1 << 16);
  visit([&](const float * values, size_t count) {
    std::for_each(values, values + count, [&](float value) { ++upper[toKey(value) >> 16]; });
  });
  std::array<double, VNumber> quantiles{};
  const auto                  total = std::accumulate(upper.begin(), upper.end(), uint64_t{ 0 });
  if (total == 0)
  {
    return quantiles;
  }
  std::array<uint64_t, VNumber> ranks;
  std::array<uint32_t, VNumber> halves;
  for (size_t i = 0; i < VNumber; ++i)
  {
    ranks[i] = static_cast<uint64_t>(std::llround(fractions[i] * static_cast<double>(total - 1)));
    halves[i] = find(upper, ranks[i]);
  }
  std::array<Counts, VNumber> lower;
  lower.fill(Counts(1 << 16));
  visit([&](const float * values, size_t count) {
    std::for_each(values, values + count, [&](float value) {
      const uint32_t key = toKey(value);
      for (size_t i = 0; i < VNumber; ++i)
      {
        if (key >> 16 == halves[i])
        {
          ++lower[i][key & 0xffffu];
        }
      }
    });
  });
  for (size_t i = 0; i < VNumber; ++i)
  {
    quantiles[i] = fromKey(halves[i] << 16 | find(lower[i], ranks[i]));
  }
  return quantiles;
}

/** The map that `normalization` gives for the values of an image. They come in parts, which need not be in memory
 * together.
 * \param visit  calls its argument with the address and the number of the values of each part; it is called up to twice
 * and passes the same values in the same order
 * \ingroup AnnotationUpgrade */
template <typename TVisit>
IntensityMap
ComputeIntensityMap(IntensityNormalization normalization, const TVisit & visit)
{
  IntensityMap map;
  double       spread = 0.0;
  if (normalization == IntensityNormalization::Maximum)
  {
    spread = -std::numeric_limits<double>::infinity();
    visit([&spread](const float * values, size_t count) {
      spread = count > 0 ? std::max<double>(spread, *std::max_element(values, values + count)) : spread;
    });
  }
  else if (normalization == IntensityNormalization::Percentile)
  {
    const auto quantiles = FindQuantiles(visit, std::array<double, 4>{ { 0.0, 0.01, 0.998, 1.0 } });
    const bool coincide = quantiles[1] == quantiles[2]; // rare pixels are all that differs
    map.Shift = coincide ? quantiles[0] : quantiles[1];
    spread = coincide ? quantiles[3] - quantiles[0] : quantiles[2] - quantiles[1];
  }
  else if (normalization == IntensityNormalization::Standard)
  {
    const auto mean = [&visit](const auto & term) {
      double sum = 0.0;
      size_t total = 0;
      visit([&](const float * values, size_t count) {
        for (size_t i = 0; i < count; ++i)
        {
          sum += term(values[i]);
        }
        total += count;
      });
      return total > 0 ? sum / static_cast<double>(total) : 0.0;
    };
    map.Shift = mean([](double value) { return value; });
    spread = std::sqrt(mean([&map](double value) { return (value - map.Shift) * (value - map.Shift); }));
  }
  // Rounding leaves a constant image a spread of a few units in the last place.
  map.Scale = spread > 1e-6 * std::abs(map.Shift) && spread > 0.0 ? 1.0 / spread : 1.0;
  return map;
}

/** The map for the `count` values at `values`.
 * \ingroup AnnotationUpgrade */
inline IntensityMap
ComputeIntensityMap(IntensityNormalization normalization, const float * values, size_t count)
{
  return ComputeIntensityMap(normalization, [values, count](const auto & use) { use(values, count); });
}
} // namespace itk

#endif
