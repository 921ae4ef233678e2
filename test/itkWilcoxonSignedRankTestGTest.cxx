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
#include "itkWilcoxonSignedRankTest.h"

#include "itkGTest.h"

#include <limits>
#include <random>

namespace
{
/** Of differences to zero. */
itk::WilcoxonSignedRankTest
MakeTest(const std::vector<double> & differences)
{
  return { differences, std::vector<double>(differences.size(), 0.0) };
}

/** The definition: all choices of signs, one by one. */
double
CountSigns(const std::vector<double> & differences)
{
  std::vector<double> ranks;
  for (const double d : differences)
  {
    double rank = 0.5;
    for (const double other : differences)
    {
      rank += std::abs(other) < std::abs(d) ? 1.0 : std::abs(other) == std::abs(d) ? 0.5 : 0.0;
    }
    ranks.push_back(rank);
  }
  const auto imbalance = [&](const auto & isPositive) {
    double sum = 0.0;
    for (size_t i = 0; i < ranks.size(); ++i)
    {
      sum += isPositive(i) ? ranks[i] : -ranks[i];
    }
    return std::abs(sum);
  };
  const double found = imbalance([&](size_t i) { return differences[i] > 0.0; });
  unsigned int asUnequal = 0;
  for (unsigned int signs = 0; signs < 1u << ranks.size(); ++signs)
  {
    asUnequal += imbalance([signs](size_t i) { return (signs >> i & 1u) != 0; }) >= found;
  }
  return std::ldexp(asUnequal, -static_cast<int>(ranks.size()));
}
} // namespace

TEST(WilcoxonSignedRankTest, OneSignedDifferencesHaveTheSmallestPValue)
{
  for (int n = 1; n < 40; ++n)
  {
    std::vector<double> differences;
    for (int i = 1; i <= n; ++i)
    {
      differences.push_back(-0.01 * i);
    }
    const auto test = MakeTest(differences);
    EXPECT_EQ(test.GetNumberOfPairs(), static_cast<itk::SizeValueType>(n));
    EXPECT_EQ(test.GetStatistic(), 0.0);
    EXPECT_EQ(test.GetPValue(), std::ldexp(1.0, 1 - n));
  }
}

TEST(WilcoxonSignedRankTest, AgreesWithTheDefinition)
{
  std::mt19937 random(1);
  for (int trial = 0; trial < 200; ++trial)
  {
    const bool          ties = trial % 2 == 0;
    std::vector<double> differences;
    for (int n = 1 + trial % 10; n > 0; --n)
    {
      const double size = ties ? 1.0 + random() % 3 : 1.0 + random() / 4294967296.0;
      differences.push_back(random() % 3 == 0 ? -size : size);
    }
    EXPECT_NEAR(MakeTest(differences).GetPValue(), CountSigns(differences), 1e-12);
  }
}

TEST(WilcoxonSignedRankTest, MethodsMayBeExchanged)
{
  const std::vector<double>         first{ 0.91, 0.93, 0.90, 0.97, 0.88, 0.95 };
  const std::vector<double>         second{ 0.90, 0.95, 0.86, 0.91, 0.85, 0.92 };
  const itk::WilcoxonSignedRankTest test(first, second);
  const itk::WilcoxonSignedRankTest exchanged(second, first);
  EXPECT_EQ(test.GetStatistic(), exchanged.GetStatistic());
  EXPECT_EQ(test.GetPValue(), exchanged.GetPValue());
}

TEST(WilcoxonSignedRankTest, EqualPairsAreLeftOut)
{
  const auto test = MakeTest({ 0.0, 3.0, -1.0, 0.0, 2.0, 5.0, 0.0 });
  const auto without = MakeTest({ 3.0, -1.0, 2.0, 5.0 });
  EXPECT_EQ(test.GetNumberOfPairs(), 4u);
  EXPECT_EQ(test.GetStatistic(), without.GetStatistic());
  EXPECT_EQ(test.GetPValue(), without.GetPValue());
  EXPECT_EQ(MakeTest({}).GetPValue(), 1.0);
  EXPECT_EQ(MakeTest({ 0.0, 0.0 }).GetPValue(), 1.0);
}

TEST(WilcoxonSignedRankTest, BalancedDifferencesHavePValueOne)
{
  const auto test = MakeTest({ 1.0, -1.0, 2.0, -2.0 });
  EXPECT_EQ(test.GetStatistic(), 5.0);
  EXPECT_EQ(test.GetPValue(), 1.0);
}

TEST(WilcoxonSignedRankTest, SaysWhatIsWrong)
{
  EXPECT_THROW(itk::WilcoxonSignedRankTest({ 1.0 }, { 1.0, 2.0 }), itk::ExceptionObject);
  EXPECT_THROW(MakeTest({ 1.0, std::numeric_limits<double>::quiet_NaN() }), itk::ExceptionObject);
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_THROW(itk::WilcoxonSignedRankTest({ infinite }, { infinite }), itk::ExceptionObject);
}
