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
#include "itkPerturbLabels.h"

#include "itkGTest.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

namespace
{
template <typename TLabel>
std::vector<TLabel>
AllUnused(const std::vector<TLabel> & used)
{
  itk::PerturbUnusedLabels<TLabel> unused(used);
  std::vector<TLabel>              labels;
  for (TLabel label = unused.Next(); label != 0; label = unused.Next())
  {
    labels.push_back(label);
  }
  EXPECT_EQ(unused.Next(), 0);
  return labels;
}

/** Some labels that occur in words, and next to each other, some of them many times. */
template <typename TLabel>
std::vector<TLabel>
RandomLine(std::mt19937 & random, const size_t length)
{
  std::vector<TLabel> line(length);
  for (size_t i = 0; i < length;)
  {
    const TLabel label = static_cast<TLabel>(random() % 3 == 0 ? 0 : static_cast<int64_t>(random() % 5) - 2);
    for (size_t run = 1 + random() % 20; run > 0 && i < length; --run)
    {
      line[i++] = label;
    }
  }
  return line;
}

template <typename TLabel>
class PerturbLabelsTest : public ::testing::Test
{};
using Labels = ::testing::Types<uint8_t, int8_t, uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t>;
} // namespace

TYPED_TEST_SUITE(PerturbLabelsTest, Labels);

TYPED_TEST(PerturbLabelsTest, WordsTellWhatPixelsDo)
{
  std::mt19937 random(1);
  for (unsigned int round = 0; round < 200; ++round)
  {
    const auto line = RandomLine<TypeParam>(random, 130);
    const auto other = RandomLine<TypeParam>(random, 130);
    const auto equal = itk::PerturbFindEqual(&line[round % 60], &other[round % 50], &other[round % 7]);
    for (size_t i = 0; i < 64; ++i)
    {
      const auto pixel = line[round % 60 + i];
      ASSERT_EQ(equal >> i & 1, pixel == other[round % 50 + i] || pixel == other[round % 7 + i]) << i;
    }

    const itk::PerturbWord word = uint64_t{ random() } << 32 | random();
    const size_t           count = 1 + random() % 64;
    auto                   copy = other;
    itk::PerturbReplaceWhere(word, TypeParam{ 3 }, &line[1], &copy[2], count);
    for (size_t i = 0; i < copy.size(); ++i)
    {
      const bool written = i >= 2 && i < 2 + count;
      ASSERT_EQ(copy[i], !written ? other[i] : (word >> (i - 2) & 1) != 0 ? 3 : line[i - 1]) << i << " of " << count;
    }
  }
}

TYPED_TEST(PerturbLabelsTest, RunsBeginWhereLabelsChange)
{
  std::mt19937 random(2);
  for (const size_t length : { 1, 63, 64, 65, 127, 128, 129, 200 })
  {
    for (unsigned int round = 0; round < 20; ++round)
    {
      const auto          line = RandomLine<TypeParam>(random, length);
      const auto          isChosen = [](const TypeParam label) { return label == 1 ? 1 : 0; };
      std::vector<size_t> visited;
      itk::PerturbWord    marked = 0;
      itk::PerturbVisitWords<false>(
        line.data(),
        length,
        [&](const size_t start, const itk::PerturbWord begins) {
          marked = itk::PerturbMarkRuns(&line[start], begins, marked, isChosen);
          itk::PerturbWord left = marked;
          for (size_t i = 0; i < 64; ++i)
          {
            visited.push_back(start + i);
            ASSERT_EQ(begins >> i & 1, start + i == 0 || line[start + i] != line[start + i - 1]);
            ASSERT_EQ(marked >> i & 1, line[start + i] == 1);
          }
          while (left != 0)
          {
            const size_t           first = itk::PerturbLowestBit(left);
            const itk::PerturbWord run = itk::PerturbFirstRun(left, begins);
            size_t                 end = first + 1;
            while (end < 64 && line[start + end] == line[start + first])
            {
              ++end;
            }
            ASSERT_EQ(run, (~itk::PerturbWord{ 0 } >> (64 - (end - first))) << first);
            left &= ~run;
          }
        },
        [&](const size_t i) { visited.push_back(i); });
      ASSERT_EQ(visited.size(), length);
      ASSERT_TRUE(std::is_sorted(visited.begin(), visited.end()));
    }
  }
}

TYPED_TEST(PerturbLabelsTest, SetHoldsWhatLinesHold)
{
  std::mt19937 random(3);
  for (const size_t lineLength : { 1, 5, 63, 64, 65, 129 })
  {
    const auto                            pixels = RandomLine<TypeParam>(random, 7 * lineLength);
    itk::PerturbLabelSet<TypeParam>       set;
    std::set<TypeParam>                   expected(pixels.begin(), pixels.end());
    const itk::PerturbLabelSet<TypeParam> empty;
    expected.erase(0);
    set.Insert(pixels.data(), pixels.size(), lineLength);
    EXPECT_EQ(set.GetSorted(), std::vector<TypeParam>(expected.begin(), expected.end()));
    EXPECT_TRUE(empty.GetSorted().empty());
  }
}

TEST(PerturbLabels, SetHoldsALabelOnceWhateverCameBefore)
{
  const std::vector<uint32_t>    pixels{ 70000, 40000, 40001, 70000, 65535, 65536, 65535, 65536 };
  itk::PerturbLabelSet<uint32_t> set;
  set.Insert(pixels.data(), pixels.size(), pixels.size());
  EXPECT_EQ(set.GetSorted(), (std::vector<uint32_t>{ 40000, 40001, 65535, 65536, 70000 }));
}

TEST(PerturbLabels, UnusedOnesFillTheGaps)
{
  const auto unused = AllUnused<int8_t>({ -5, 1, 2, 4, 5, 127 });
  EXPECT_EQ(std::vector<int8_t>(unused.begin(), unused.begin() + 3), (std::vector<int8_t>{ 3, 6, 7 }));
  EXPECT_EQ(unused.size(), 122u);
  EXPECT_EQ(unused.back(), 126);
  EXPECT_EQ(AllUnused<uint8_t>({}).size(), 255u);
  std::vector<uint8_t> all(255);
  std::iota(all.begin(), all.end(), uint8_t{ 1 });
  EXPECT_TRUE(AllUnused<uint8_t>(all).empty());
}
