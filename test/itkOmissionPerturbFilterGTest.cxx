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
#include "itkOmissionPerturbFilter.h"

#include "itkPerturbTestImages.h"

#include <cmath>
#include <limits>

using namespace perturbtest;

namespace
{
/** Every label is either gone or untouched, nothing else changed, and the number of those gone is exact. */
template <typename TImage>
void
CheckOmission(const TImage *                      input,
              const TImage *                      output,
              const typename TImage::RegionType & annotation,
              const double                        rate,
              const std::string &                 what)
{
  const auto before = LabelsOf(input, annotation);
  const auto after = LabelsOf(output, annotation);
  const auto omitted = static_cast<size_t>(std::lround(rate * static_cast<double>(before.size())));
  EXPECT_EQ(after.size(), before.size() - omitted) << what;
  itk::ImageRegionConstIterator<TImage> outputIt(output, annotation);
  for (itk::ImageRegionConstIterator<TImage> it(input, annotation); !it.IsAtEnd(); ++it, ++outputIt)
  {
    ASSERT_EQ(outputIt.Get(), after.count(it.Get()) == 1 ? it.Get() : 0) << what;
  }
}
} // namespace

template <typename TImage>
class OmissionPerturbFilterTest : public ::testing::Test
{};

using OmissionImages = ::testing::Types<itk::Image<uint8_t, 2>,
                                        itk::Image<int8_t, 2>,
                                        itk::Image<uint16_t, 2>,
                                        itk::Image<int16_t, 3>,
                                        itk::Image<uint32_t, 3>,
                                        itk::Image<int32_t, 2>,
                                        itk::Image<int64_t, 3>,
                                        itk::Image<uint16_t, 4>>;
TYPED_TEST_SUITE(OmissionPerturbFilterTest, OmissionImages);

TYPED_TEST(OmissionPerturbFilterTest, RemovesTheExactNumberOfCellsAndNothingElse)
{
  std::mt19937 random(1);
  for (unsigned int round = 0; round < 60; ++round)
  {
    const auto content = AllContents[round % std::size(AllContents)];
    const auto input = RandomLabels<TypeParam>(random, content);
    auto       filter = itk::OmissionPerturbFilter<TypeParam>::New();
    filter->SetInput(input);
    filter->SetSeed(round);
    filter->SetRate(round % 5 == 4 ? 1.0 : 0.25 * (round % 5));
    const unsigned int axis = round % (TypeParam::ImageDimension + 1);
    SetSlices(filter.GetPointer(), axis);
    const std::string what = "round " + std::to_string(round);
    ExpectSameForAnyDivision(filter.GetPointer(), what);
    filter->UpdateLargestPossibleRegion();
    for (const auto & annotation : Annotations(input.GetPointer(), axis))
    {
      CheckOmission(input.GetPointer(), filter->GetOutput(), annotation, filter->GetRate(), what);
    }
  }
}

namespace
{
using ImageType = itk::Image<uint16_t, 2>;
} // namespace

TEST(OmissionPerturbFilter, EveryPairOfCellsIsEquallyLikely)
{
  constexpr unsigned int                     cells = 5;
  constexpr unsigned int                     draws = 4000;
  std::map<std::set<uint16_t>, unsigned int> counts;
  auto                                       filter = itk::OmissionPerturbFilter<ImageType>::New();
  filter->SetInput(Row<ImageType>(1, cells, cells));
  filter->SetRate(0.6);
  for (unsigned int seed = 0; seed < draws; ++seed)
  {
    filter->SetSeed(seed);
    filter->Update();
    ++counts[LabelsOf(filter->GetOutput())];
  }
  constexpr unsigned int pairs = cells * (cells - 1) / 2;
  EXPECT_EQ(counts.size(), pairs);
  const double expected = double(draws) / pairs;
  for (const auto & count : counts)
  {
    EXPECT_NEAR(count.second, expected, 5 * std::sqrt(expected));
  }
}

TEST(OmissionPerturbFilter, HalvesAreRoundedUp)
{
  for (const auto & [cells, rate, remaining] :
       { std::make_tuple(1u, 0.5, 0u), { 1u, 0.49, 1u }, { 3u, 0.5, 1u }, { 5u, 0.5, 2u }, { 10u, 0.7, 3u } })
  {
    auto filter = itk::OmissionPerturbFilter<ImageType>::New();
    filter->SetInput(Row<ImageType>(1, cells, cells));
    filter->SetRate(rate);
    filter->Update();
    EXPECT_EQ(LabelsOf(filter->GetOutput()).size(), remaining) << cells << " cells at " << rate;
  }
}

TEST(OmissionPerturbFilter, SlicesDrawOnTheirOwn)
{
  using VolumeType = itk::Image<uint8_t, 3>;
  const auto volume = NewImage<VolumeType>(VolumeType::SizeType{ { 10, 1, 40 } });
  for (itk::ImageRegionIteratorWithIndex<VolumeType> it(volume, volume->GetLargestPossibleRegion()); !it.IsAtEnd();
       ++it)
  {
    it.Set(static_cast<uint8_t>(1 + it.GetIndex()[0]));
  }
  auto filter = itk::OmissionPerturbFilter<VolumeType>::New();
  filter->SetInput(volume);
  filter->SetRate(0.5);
  filter->SliceBySliceOn();
  filter->Update();
  std::set<std::set<uint8_t>> different;
  for (const auto & slice : Annotations(volume.GetPointer(), 2))
  {
    const auto labels = LabelsOf(filter->GetOutput(), slice);
    EXPECT_EQ(labels.size(), 5u);
    different.insert(labels);
  }
  EXPECT_GT(different.size(), 30u);
}

TEST(OmissionPerturbFilter, OtherUsersOfRandomNumbersChangeNothing)
{
  auto filter = itk::OmissionPerturbFilter<ImageType>::New();
  filter->SetInput(Row<ImageType>(1, 50, 50));
  const auto before = UpdateAndDetach(filter.GetPointer());
  using GeneratorType = itk::Statistics::MersenneTwisterRandomVariateGenerator;
  GeneratorType::GetInstance()->SetSeed(77);
  GeneratorType::GetInstance()->GetVariate();
  filter->Modified();
  filter->Update();
  ExpectEqual(before.GetPointer(), filter->GetOutput(), "after another generator drew");
}

TEST(OmissionPerturbFilter, RefusesWrongParameters)
{
  auto filter = itk::OmissionPerturbFilter<ImageType>::New();
  filter->SetInput(Row<ImageType>(1, 4, 4));
  filter->SetRate(1.5);
  ExpectUpdateError(filter.GetPointer(), { "Rate is 1.5", "[0, 1]" });
  filter->SetRate(-0.1);
  ExpectUpdateError(filter.GetPointer(), { "Rate is -0.1", "[0, 1]" });
  filter->SetRate(std::numeric_limits<double>::quiet_NaN());
  ExpectUpdateError(filter.GetPointer(), { "Rate is ", "[0, 1]" });
  filter->SetRate(0.5);
  filter->SliceBySliceOn();
  filter->SetSliceAxis(2);
  ExpectUpdateError(filter.GetPointer(), { "SliceAxis is 2", "0 to 1" });
  filter->SliceBySliceOff();
  EXPECT_EQ(UpdateError(filter.GetPointer()), "");
}

TEST(OmissionPerturbFilter, CopiesAnImageWithoutPixels)
{
  auto filter = itk::OmissionPerturbFilter<ImageType>::New();
  filter->SetInput(NewImage<ImageType>(ImageType::SizeType{ { 0, 0 } }));
  filter->Update();
  EXPECT_EQ(filter->GetOutput()->GetBufferedRegion().GetNumberOfPixels(), 0u);
}
