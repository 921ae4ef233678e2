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
#include "itkInclusionPerturbFilter.h"

#include "itkPerturbTestImages.h"

#include <cmath>
#include <limits>

using namespace perturbtest;

namespace
{
/** Finds out which value each candidate was written with, and checks that it explains the output. */
template <typename TImage>
std::map<typename TImage::PixelType, typename TImage::PixelType>
CheckInclusion(const TImage *                      input,
               const TImage *                      candidates,
               const TImage *                      output,
               const typename TImage::RegionType & annotation,
               const double                        rate,
               const std::string &                 what)
{
  using LabelType = typename TImage::PixelType;
  const auto used = LabelsOf(input);
  const auto allCandidates = LabelsOf(candidates);

  // A candidate is included where the output differs from the input, or where both hold its label by chance.
  std::map<LabelType, std::set<LabelType>> written;
  std::map<LabelType, bool>                unchanged;
  itk::ImageRegionConstIterator<TImage>    candidateIt(candidates, annotation);
  itk::ImageRegionConstIterator<TImage>    outputIt(output, annotation);
  for (itk::ImageRegionConstIterator<TImage> it(input, annotation); !it.IsAtEnd(); ++it, ++candidateIt, ++outputIt)
  {
    const LabelType candidate = candidateIt.Get();
    if (candidate == 0)
    {
      EXPECT_EQ(it.Get(), outputIt.Get()) << what;
      continue;
    }
    written[candidate].insert(outputIt.Get());
    unchanged.try_emplace(candidate, true).first->second &= it.Get() == outputIt.Get();
  }

  std::map<LabelType, LabelType> included;
  std::set<LabelType>            values;
  for (const auto & [candidate, outputs] : written)
  {
    if (unchanged[candidate])
    {
      continue;
    }
    EXPECT_EQ(outputs.size(), 1u) << what << ": candidate " << +candidate << " is written with several labels";
    const LabelType value = *outputs.begin();
    if (used.count(candidate) == 0)
    {
      EXPECT_EQ(value, candidate) << what;
    }
    else
    {
      EXPECT_EQ(used.count(value) + allCandidates.count(value), 0u) << what << ": new label " << +value << " is in use";
      EXPECT_GT(value, 0) << what;
    }
    EXPECT_TRUE(values.insert(value).second) << what << ": label " << +value << " stands for two candidates";
    included[candidate] = value;
  }
  EXPECT_EQ(included.size(), static_cast<size_t>(std::lround(rate * static_cast<double>(written.size())))) << what;
  return included;
}
} // namespace

template <typename TImage>
class InclusionPerturbFilterTest : public ::testing::Test
{};

using InclusionImages = ::testing::Types<itk::Image<uint8_t, 2>,
                                         itk::Image<int8_t, 3>,
                                         itk::Image<uint16_t, 2>,
                                         itk::Image<int16_t, 3>,
                                         itk::Image<uint32_t, 2>,
                                         itk::Image<int32_t, 3>,
                                         itk::Image<uint64_t, 2>>;
TYPED_TEST_SUITE(InclusionPerturbFilterTest, InclusionImages);

TYPED_TEST(InclusionPerturbFilterTest, WritesTheExactNumberOfCandidatesAndNothingElse)
{
  std::mt19937 random(5);
  for (unsigned int round = 0; round < 72; ++round)
  {
    const auto input = RandomLabels<TypeParam>(random, AllContents[round % std::size(AllContents)]);
    const auto candidates =
      RandomLabels<TypeParam>(random,
                              AllContents[(round / std::size(AllContents)) % std::size(AllContents)],
                              input->GetLargestPossibleRegion());
    auto filter = itk::InclusionPerturbFilter<TypeParam>::New();
    filter->SetInput(input);
    filter->SetCandidatesImage(candidates);
    filter->SetSeed(round);
    filter->SetRate(round % 5 == 4 ? 1.0 : 0.25 * (round % 5));
    const unsigned int axis = round % (TypeParam::ImageDimension + 1);
    SetSlices(filter.GetPointer(), axis);
    const std::string what = "round " + std::to_string(round);
    ExpectSameForAnyDivision(filter.GetPointer(), what);
    filter->UpdateLargestPossibleRegion();

    // A new label is the same in every slice.
    std::map<typename TypeParam::PixelType, typename TypeParam::PixelType> included;
    for (const auto & annotation : Annotations(input.GetPointer(), axis))
    {
      for (const auto & [candidate, value] :
           CheckInclusion<TypeParam>(input, candidates, filter->GetOutput(), annotation, filter->GetRate(), what))
      {
        EXPECT_EQ(included.try_emplace(candidate, value).first->second, value) << what;
      }
    }
  }
}

namespace
{
using ImageType = itk::Image<uint8_t, 2>;
} // namespace

TEST(InclusionPerturbFilter, EveryCandidateIsEquallyLikely)
{
  constexpr unsigned int          draws = 3000;
  std::map<uint8_t, unsigned int> counts;
  auto                            filter = itk::InclusionPerturbFilter<ImageType>::New();
  filter->SetInput(Row<ImageType>(1, 0, 10));
  filter->SetCandidatesImage(Row<ImageType>(1, 10, 10));
  filter->SetRate(0.3);
  filter->SetNumberOfWorkUnits(1);
  for (unsigned int seed = 0; seed < draws; ++seed)
  {
    filter->SetSeed(seed);
    filter->Update();
    for (const uint8_t label : LabelsOf<ImageType>(filter->GetOutput()))
    {
      ++counts[label];
    }
  }
  for (unsigned int label = 1; label <= 10; ++label)
  {
    EXPECT_NEAR(counts[static_cast<uint8_t>(label)], 0.3 * draws, 5 * std::sqrt(0.3 * 0.7 * draws));
  }
}

TEST(InclusionPerturbFilter, UsesEveryFreeLabelAndThenRefuses)
{
  // 250 cells leave the labels 251 to 255 of 8 bits; the candidates collide with cells.
  auto input = Row<ImageType>(1, 250, 300);
  auto filter = itk::InclusionPerturbFilter<ImageType>::New();
  filter->SetInput(input);
  filter->SetRate(1.0);
  for (const unsigned int candidates : { 5u, 6u })
  {
    auto image = NewImage<ImageType>(input->GetLargestPossibleRegion());
    for (unsigned int label = 1; label <= candidates; ++label)
    {
      image->SetPixel({ { 280 + label, 0 } }, static_cast<uint8_t>(label));
    }
    filter->SetCandidatesImage(image);
    if (candidates == 5)
    {
      filter->Update();
      EXPECT_EQ(LabelsOf<ImageType>(filter->GetOutput()).size(), 255u);
    }
    else
    {
      ExpectUpdateError(filter.GetPointer(), { "no more labels", "255", "wider pixel type" });
    }
  }
}

TEST(InclusionPerturbFilter, RefusesWrongParameters)
{
  auto filter = itk::InclusionPerturbFilter<ImageType>::New();
  filter->SetInput(Row<ImageType>(1, 5, 10));
  ExpectUpdateError(filter.GetPointer(), { "candidates are missing", "SetCandidatesImage()" });
  filter->SetCandidatesImage(Row<ImageType>(1, 5, 10));
  EXPECT_EQ(UpdateError(filter.GetPointer()), "");
  for (const double rate : { -1e-9, 1.0000001, std::numeric_limits<double>::quiet_NaN() })
  {
    filter->SetRate(rate);
    ExpectUpdateError(filter.GetPointer(), { "Rate is ", "[0, 1]" });
  }
}

TEST(InclusionPerturbFilter, RefusesCandidatesOfAnotherGeometry)
{
  auto filter = itk::InclusionPerturbFilter<ImageType>::New();
  filter->SetInput(Row<ImageType>(1, 5, 10));

  filter->SetCandidatesImage(Row<ImageType>(1, 5, 11));
  ExpectUpdateError(filter.GetPointer(), { "[11, 1]", "[10, 1]" });

  auto shifted = Row<ImageType>(1, 5, 10);
  shifted->SetRegions(ImageType::RegionType{ { { 1, 0 } }, { { 10, 1 } } });
  filter->SetCandidatesImage(shifted);
  ExpectUpdateError(filter.GetPointer(), { "index [1, 0]", "index [0, 0]" });

  auto spaced = Row<ImageType>(1, 5, 10);
  spaced->SetSpacing(2.0);
  filter->SetCandidatesImage(spaced);
  ExpectUpdateError(filter.GetPointer(), { "physical space", "Spacing" });

  auto                                  moved = Row<ImageType>(1, 5, 10);
  const ImageType::PointType::ValueType origin[] = { 3.0, 0.0 };
  moved->SetOrigin(origin);
  filter->SetCandidatesImage(moved);
  ExpectUpdateError(filter.GetPointer(), { "physical space", "Origin" });

  auto                     turned = Row<ImageType>(1, 5, 10);
  ImageType::DirectionType direction;
  direction(0, 1) = 1.0;
  direction(1, 0) = -1.0;
  turned->SetDirection(direction);
  filter->SetCandidatesImage(turned);
  ExpectUpdateError(filter.GetPointer(), { "physical space", "Direction" });
}
