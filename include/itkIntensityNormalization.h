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
#include <string>
#include <vector>

namespace itk
{
/** How intensities are scaled before a network sees them.
 *
 * One linear map per image (a slice with a 2-D model, a volume with a 3-D model), the same for all channels of a
 * colour image. A constant or empty image gives finite numbers with every choice.
 * \ingroup AnnotationUpgrade */
enum class IntensityNormalization : uint8_t
{
  Maximum,    ///< divided by the maximum, as in the paper
  Percentile, ///< 1st percentile to 0, 99.8th percentile to 1
  Standard,   ///< mean 0, standard deviation 1
  None        ///< as they are
};

constexpr std::array<const char *, 4> IntensityNormalizationNames{ { "maximum", "percentile", "standard", "none" } };

/** The linear map x -> (x - Shift) * Scale. */
struct IntensityMap
{
  double Shift{ 0.0 };
  double Scale{ 1.0 };
};

/** The map that `normalization` gives for the `count` values at `values`, which may be reordered. */
inline IntensityMap
ComputeIntensityMap(IntensityNormalization normalization, float * values, size_t count)
{
  IntensityMap map;
  if (count == 0 || normalization == IntensityNormalization::None)
  {
    return map;
  }
  double spread = 0.0;
  if (normalization == IntensityNormalization::Maximum)
  {
    spread = *std::max_element(values, values + count);
  }
  else if (normalization == IntensityNormalization::Percentile)
  {
    const auto quantile = [values, count](double fraction) {
      const auto position = values + static_cast<size_t>(std::lround(fraction * static_cast<double>(count - 1)));
      std::nth_element(values, position, values + count);
      return static_cast<double>(*position);
    };
    map.Shift = quantile(0.01);
    spread = quantile(0.998) - map.Shift;
  }
  else
  {
    double sum = 0.0;
    for (size_t i = 0; i < count; ++i)
    {
      sum += values[i];
    }
    map.Shift = sum / static_cast<double>(count);
    double squares = 0.0;
    for (size_t i = 0; i < count; ++i)
    {
      const double difference = values[i] - map.Shift;
      squares += difference * difference;
    }
    spread = std::sqrt(squares / static_cast<double>(count));
  }
  // Rounding leaves a constant image a spread of a few units in the last place.
  map.Scale = spread > 1e-6 * std::abs(map.Shift) && spread > 0.0 ? 1.0 / spread : 1.0;
  return map;
}
} // namespace itk

#endif
