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
#include "itkIntensityNormalization.h"

#include "itkGTest.h"

#include <limits>
#include <numeric>
#include <random>

namespace
{
using Normalization = itk::IntensityNormalization;
constexpr Normalization All[] = { Normalization::Maximum,
                                  Normalization::Percentile,
                                  Normalization::Standard,
                                  Normalization::None };

/** The values after the map that `normalization` gives for them, in their order. */
std::vector<double>
Normalize(Normalization normalization, const std::vector<float> & values)
{
  auto                scratch = values;
  const auto          map = itk::ComputeIntensityMap(normalization, scratch.data(), scratch.size());
  std::vector<double> result;
  for (const float value : values)
  {
    result.push_back((value - map.Shift) * map.Scale);
  }
  return result;
}

/** first, first + step, ..., shuffled. */
std::vector<float>
Shuffled(size_t count, float first, float step)
{
  std::vector<float> values;
  for (size_t i = 0; i < count; ++i)
  {
    values.push_back(first + static_cast<float>(i) * step);
  }
  std::shuffle(values.begin(), values.end(), std::mt19937(1));
  return values;
}
} // namespace

TEST(IntensityNormalization, NamesAreInTheOrderOfTheValues)
{
  EXPECT_STREQ(itk::IntensityNormalizationNames[static_cast<size_t>(Normalization::Maximum)], "maximum");
  EXPECT_STREQ(itk::IntensityNormalizationNames[static_cast<size_t>(Normalization::Percentile)], "percentile");
  EXPECT_STREQ(itk::IntensityNormalizationNames[static_cast<size_t>(Normalization::Standard)], "standard");
  EXPECT_STREQ(itk::IntensityNormalizationNames[static_cast<size_t>(Normalization::None)], "none");
}

TEST(IntensityNormalization, NoneChangesNothing)
{
  const auto values = Shuffled(50, -7.0f, 3.0f);
  EXPECT_EQ(Normalize(Normalization::None, values), std::vector<double>(values.begin(), values.end()));
}

TEST(IntensityNormalization, MaximumDividesByTheMaximum)
{
  const auto values = Shuffled(101, -20.0f, 2.0f);
  const auto normalized = Normalize(Normalization::Maximum, values);
  for (size_t i = 0; i < values.size(); ++i)
  {
    EXPECT_NEAR(normalized[i], values[i] / 180.0, 1e-12);
  }
}

TEST(IntensityNormalization, PercentilesGoToZeroAndOne)
{
  for (const float offset : { 0.0f, -300.0f, 1e6f })
  {
    const auto values = Shuffled(1001, offset, 1.0f);
    const auto normalized = Normalize(Normalization::Percentile, values);
    for (size_t i = 0; i < values.size(); ++i)
    {
      EXPECT_NEAR(normalized[i], (values[i] - offset - 10.0) / 988.0, 1e-9);
    }
  }
}

TEST(IntensityNormalization, RarePixelsSetTheScaleWherePercentilesCoincide)
{
  for (const float background : { 0.0f, 100.0f, -3000.0f })
  {
    for (const float step : { 250.0f, -250.0f }) // rare pixels are brighter, or darker
    {
      std::vector<float> values(10000, background);
      for (size_t i = 1; i <= 16; ++i)
      {
        values[600 * i] = background + step * static_cast<float>(i % 4 + 1);
      }
      const auto normalized = Normalize(Normalization::Percentile, values);
      for (size_t i = 0; i < values.size(); ++i)
      {
        EXPECT_NEAR(normalized[i], (values[i] - background) / std::abs(4.0 * step) + (step < 0 ? 1.0 : 0.0), 1e-9);
      }
    }
  }
}

TEST(IntensityNormalization, StandardHasMeanZeroAndDeviationOne)
{
  // The deviation of 0, s, ..., (n - 1) s is s sqrt((n^2 - 1) / 12).
  for (const float offset : { 0.0f, -300.0f, 1e6f })
  {
    const auto   values = Shuffled(1001, offset, 2.0f);
    const auto   normalized = Normalize(Normalization::Standard, values);
    const double deviation = 2.0 * std::sqrt((1001.0 * 1001.0 - 1.0) / 12.0);
    for (size_t i = 0; i < values.size(); ++i)
    {
      EXPECT_NEAR(normalized[i], (values[i] - offset - 1000.0) / deviation, 1e-9);
    }
  }
}

TEST(IntensityNormalization, GainAndOffsetOfTheCameraCancel)
{
  std::mt19937       random(3);
  std::vector<float> values, changed;
  for (unsigned int i = 0; i < 500; ++i)
  {
    values.push_back(static_cast<float>(random() % 4096));
    changed.push_back(values.back() * 4.0f + 512.0f);
  }
  for (const auto normalization : { Normalization::Percentile, Normalization::Standard })
  {
    const auto expected = Normalize(normalization, values);
    const auto normalized = Normalize(normalization, changed);
    for (size_t i = 0; i < values.size(); ++i)
    {
      EXPECT_NEAR(normalized[i], expected[i], 1e-9);
    }
  }
}

TEST(IntensityNormalization, DegenerateImagesStayFinite)
{
  constexpr float                       largest = std::numeric_limits<float>::max();
  const std::vector<std::vector<float>> images{
    {},
    { 0.0f },
    { 5.0f },
    { -5.0f },
    std::vector<float>(1000, 0.0f),
    std::vector<float>(1000, 0.1f),
    std::vector<float>(1000, -0.1f),
    std::vector<float>(1000, 1e7f),
    Shuffled(100, -200.0f, 1.0f),                            // a negative maximum
    Shuffled(100, -99.0f, 1.0f),                             // a maximum of 0
    { -largest, largest, 0.0f },                             // the widest range
    { 0.0f, std::numeric_limits<float>::denorm_min(), 0.0f } // the narrowest
  };
  for (const auto normalization : All)
  {
    for (size_t number = 0; number < images.size(); ++number)
    {
      for (const double value : Normalize(normalization, images[number]))
      {
        EXPECT_TRUE(std::isfinite(static_cast<float>(value)))
          << itk::IntensityNormalizationNames[static_cast<size_t>(normalization)] << " of image " << number;
      }
    }
  }
}

TEST(IntensityNormalization, ConstantImagesAreNotBlownUp)
{
  for (const float value : { 0.1f, 123.456f, -3e5f })
  {
    for (const auto normalization : { Normalization::Percentile, Normalization::Standard })
    {
      for (const double normalized : Normalize(normalization, std::vector<float>(999, value)))
      {
        EXPECT_NEAR(normalized, 0.0, 1e-6);
      }
    }
  }
}

TEST(IntensityNormalization, NegativeImagesKeepTheirOrder)
{
  const auto values = Shuffled(100, -200.0f, 1.0f);
  for (const auto normalization : All)
  {
    const auto normalized = Normalize(normalization, values);
    for (size_t i = 1; i < values.size(); ++i)
    {
      EXPECT_EQ(normalized[i - 1] < normalized[i], values[i - 1] < values[i]);
    }
  }
}
