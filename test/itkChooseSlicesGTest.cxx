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
#include "itkChooseSlices.h"

#include "itkGTest.h"

#include <set>

namespace
{
using Pair = std::pair<itk::SizeValueType, itk::SizeValueType>;

std::vector<Pair>
Choose(const std::vector<itk::SizeValueType> & numberOfSlices, itk::SizeValueType count)
{
  std::vector<Pair> pairs;
  for (const auto & slice : itk::ChooseSlices(numberOfSlices, count))
  {
    pairs.emplace_back(slice.Volume, slice.Slice);
  }
  return pairs;
}

/** The slice that holds the middle of section k, found by walking through the slices in steps of 1 / (2 count). */
itk::SizeValueType
WalkToMiddle(itk::SizeValueType slices, itk::SizeValueType count, itk::SizeValueType k)
{
  itk::SizeValueType slice = 0;
  itk::SizeValueType leftInSlice = 2 * count;
  for (itk::SizeValueType step = 0; step < (2 * k + 1) * slices; ++step)
  {
    if (--leftInSlice == 0)
    {
      ++slice;
      leftInSlice = 2 * count;
    }
  }
  return slice;
}
} // namespace

// The example of the paper: five slices from five volumes.
TEST(ChooseSlices, TakesEachSectionFromTheNextVolume)
{
  EXPECT_EQ(Choose({ 100, 100, 100, 100, 100 }, 5),
            (std::vector<Pair>{ { 0, 10 }, { 1, 30 }, { 2, 50 }, { 3, 70 }, { 4, 90 } }));
  EXPECT_EQ(Choose({ 90, 60 }, 3), (std::vector<Pair>{ { 0, 15 }, { 1, 30 }, { 0, 75 } }));
}

TEST(ChooseSlices, TakesMiddlesFromOneVolume)
{
  EXPECT_EQ(Choose({ 84 }, 1), (std::vector<Pair>{ { 0, 42 } }));
  EXPECT_EQ(Choose({ 85 }, 1), (std::vector<Pair>{ { 0, 42 } }));
  EXPECT_EQ(Choose({ 84 }, 2), (std::vector<Pair>{ { 0, 21 }, { 0, 63 } }));
  EXPECT_EQ(Choose({ 9 }, 3), (std::vector<Pair>{ { 0, 1 }, { 0, 4 }, { 0, 7 } }));
}

TEST(ChooseSlices, TakesEverySliceWhereAllAreWanted)
{
  for (itk::SizeValueType count = 0; count < 50; ++count)
  {
    const auto chosen = Choose({ count }, count);
    ASSERT_EQ(chosen.size(), count);
    for (itk::SizeValueType k = 0; k < count; ++k)
    {
      EXPECT_EQ(chosen[k], Pair(0, k));
    }
  }
}

TEST(ChooseSlices, AgreesWithTheDefinition)
{
  for (itk::SizeValueType volumes = 1; volumes < 5; ++volumes)
  {
    for (itk::SizeValueType count = 1; count < 20; ++count)
    {
      for (itk::SizeValueType slices = count; slices < 30; slices += 3)
      {
        std::vector<itk::SizeValueType> numberOfSlices;
        for (itk::SizeValueType v = 0; v < volumes; ++v)
        {
          numberOfSlices.push_back(slices + 7 * v);
        }
        const auto chosen = Choose(numberOfSlices, count);
        ASSERT_EQ(chosen.size(), count);
        EXPECT_EQ(std::set<Pair>(chosen.begin(), chosen.end()).size(), count);
        for (itk::SizeValueType k = 0; k < count; ++k)
        {
          EXPECT_EQ(chosen[k].first, k % volumes);
          EXPECT_EQ(chosen[k].second, WalkToMiddle(numberOfSlices[k % volumes], count, k));
          EXPECT_LT(chosen[k].second, numberOfSlices[k % volumes]);
        }
      }
    }
  }
}

TEST(ChooseSlices, SaysWhichVolumeIsTooShort)
{
  EXPECT_TRUE(itk::ChooseSlices({}, 0).empty());
  EXPECT_THROW(itk::ChooseSlices({}, 1), itk::ExceptionObject);
  EXPECT_THROW(itk::ChooseSlices({ 4 }, 5), itk::ExceptionObject);
  try
  {
    itk::ChooseSlices({ 10, 0, 10 }, 3);
    ADD_FAILURE() << "a slice of an empty volume was chosen";
  }
  catch (const itk::ExceptionObject & error)
  {
    EXPECT_NE(std::string(error.GetDescription()).find("Volume 1 has 0 slices"), std::string::npos);
  }
}
