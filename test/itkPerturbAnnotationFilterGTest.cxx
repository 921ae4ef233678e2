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
#include "itkPerturbAnnotationFilter.h"

#include "itkBiasPerturbFilter.h"
#include "itkInclusionPerturbFilter.h"
#include "itkOmissionPerturbFilter.h"
#include "itkPerturbRandomStream.h"
#include "itkPerturbTestImages.h"
#include "itkSaltAndPepperPerturbFilter.h"

#include <cmath>

using namespace perturbtest;
using OperationEnum = itk::BiasPerturbFilterEnums::Operation;

template <typename TImage>
class PerturbAnnotationFilterTest : public ::testing::Test
{};

using ChainImages =
  ::testing::Types<itk::Image<uint8_t, 2>, itk::Image<int16_t, 3>, itk::Image<uint32_t, 2>, itk::Image<int32_t, 3>>;
TYPED_TEST_SUITE(PerturbAnnotationFilterTest, ChainImages);

TYPED_TEST(PerturbAnnotationFilterTest, CopiesByDefault)
{
  std::mt19937 random(6);
  for (const auto content : AllContents)
  {
    const auto input = RandomLabels<TypeParam>(random, content);
    auto       filter = itk::PerturbAnnotationFilter<TypeParam>::New();
    filter->SetInput(input);
    filter->Update();
    ExpectEqual<TypeParam>(input, filter->GetOutput(), "copy");
    EXPECT_NE(input->GetBufferPointer(), filter->GetOutput()->GetBufferPointer());
    ExpectSameForAnyDivision(filter.GetPointer(), "copy");
  }
}

TYPED_TEST(PerturbAnnotationFilterTest, AppliesTheFiltersInOrder)
{
  std::mt19937 random(7);
  for (unsigned int round = 0; round < 64; ++round)
  {
    const auto input = RandomLabels<TypeParam>(random, AllContents[round % std::size(AllContents)]);
    const auto candidates = RandomLabels<TypeParam>(random, Content::Many, input->GetLargestPossibleRegion());
    const auto axis = round % (TypeParam::ImageDimension + 1);
    const auto seed = uint64_t{ round } << 40; // more than 32 bits count
    auto       chain = itk::PerturbAnnotationFilter<TypeParam>::New();
    chain->SetInput(input);
    chain->SetCandidatesImage(candidates);
    chain->SetSeed(seed);
    SetSlices(chain.GetPointer(), axis);

    typename TypeParam::Pointer expected = input;
    const auto                  apply = [&](auto filter, const unsigned int step) {
      filter->SetInput(expected);
      filter->SetSeed(itk::PerturbHash(seed, step));
      SetSlices(filter.GetPointer(), axis);
      expected = UpdateAndDetach(filter.GetPointer());
    };
    if ((round & 1) != 0)
    {
      chain->SetOmissionRate(0.5);
      auto filter = itk::OmissionPerturbFilter<TypeParam>::New();
      filter->SetRate(0.5);
      apply(filter, 0);
    }
    if ((round & 2) != 0)
    {
      chain->SetInclusionRate(0.4);
      auto filter = itk::InclusionPerturbFilter<TypeParam>::New();
      filter->SetRate(0.4);
      filter->SetCandidatesImage(candidates);
      apply(filter, 1);
    }
    if ((round & 4) != 0)
    {
      chain->SetSaltAndPepperProbability(0.1);
      auto filter = itk::SaltAndPepperPerturbFilter<TypeParam>::New();
      filter->SetProbability(0.1);
      apply(filter, 2);
    }
    if ((round & 8) != 0)
    {
      chain->SetMaximumIterations(round >= 32 && round % 5 > 0 ? 0 : 3);
      auto filter = itk::BiasPerturbFilter<TypeParam>::New();
      filter->SetMaximumIterations(3);
      if (round >= 32)
      {
        const auto operation = round % 3 == 0 ? OperationEnum::Erosion : OperationEnum::Dilation;
        chain->SetBiasOperation(operation);
        filter->SetOperation(operation);
        chain->SetBiasIterations(round % 5);
        filter->SetIterations(round % 5);
        chain->SetBiasPerCell(round % 2 == 0);
        filter->SetPerCell(round % 2 == 0);
      }
      apply(filter, 3);
    }
    const std::string what = "round " + std::to_string(round);
    chain->Update();
    ExpectEqual<TypeParam>(expected, chain->GetOutput(), what);
    ExpectSameForAnyDivision(chain.GetPointer(), what);
  }
}

TYPED_TEST(PerturbAnnotationFilterTest, DiffersFromSeedToSeed)
{
  std::mt19937                   random(8);
  typename TypeParam::RegionType region;
  for (unsigned int axis = 0; axis < TypeParam::ImageDimension; ++axis)
  {
    region.SetSize(axis, 30);
  }
  const auto input = RandomLabels<TypeParam>(random, Content::Many, region);
  auto       filter = itk::PerturbAnnotationFilter<TypeParam>::New();
  filter->SetInput(input);
  filter->SetOmissionRate(0.5);
  filter->SetMaximumIterations(3);
  std::set<std::vector<typename TypeParam::PixelType>> outputs;
  for (unsigned int seed = 0; seed < 20; ++seed)
  {
    filter->SetSeed(seed);
    filter->Update();
    const auto * const begin = filter->GetOutput()->GetBufferPointer();
    outputs.insert({ begin, begin + region.GetNumberOfPixels() });
  }
  EXPECT_EQ(outputs.size(), 20u);
}

namespace
{
using ImageType = itk::Image<uint8_t, 2>;
} // namespace

TEST(PerturbAnnotationFilter, SaltAndPepperHitsPixelsWithTheGivenProbability)
{
  const ImageType::SizeType size{ { 400, 500 } };
  auto                      input = NewImage<ImageType>(size);
  for (itk::ImageRegionIteratorWithIndex<ImageType> it(input, size); !it.IsAtEnd(); ++it)
  {
    it.Set(it.GetIndex()[0] < 200 ? 0 : it.GetIndex()[1] < 250 ? 1 : 3);
  }
  constexpr double half = 100000;
  for (const double probability : { 0.0, 0.1, 1.0 })
  {
    auto filter = itk::SaltAndPepperPerturbFilter<ImageType>::New();
    filter->SetInput(input);
    filter->SetProbability(probability);
    filter->Update();
    double                                   salt = 0;
    double                                   pepper = 0;
    itk::ImageRegionConstIterator<ImageType> inputIt(input, size);
    for (itk::ImageRegionConstIterator<ImageType> it(filter->GetOutput(), size); !it.IsAtEnd(); ++it, ++inputIt)
    {
      if (it.Get() != inputIt.Get())
      {
        EXPECT_EQ(it.Get(), inputIt.Get() == 0 ? 2 : 0); // 2 is the smallest label that the image does not use
        (inputIt.Get() == 0 ? salt : pepper) += 1;
      }
    }
    const double expected = half * probability / 2;
    EXPECT_NEAR(salt, expected, 5 * std::sqrt(expected));
    EXPECT_NEAR(pepper, expected, 5 * std::sqrt(expected));
  }
}

TEST(PerturbAnnotationFilter, SaltRefusesATypeWithoutAFreeLabel)
{
  auto input = NewImage<ImageType>(ImageType::SizeType{ { 300, 1 } });
  for (unsigned int label = 1; label < 256; ++label)
  {
    input->SetPixel({ { label, 0 } }, static_cast<uint8_t>(label));
  }
  auto filter = itk::PerturbAnnotationFilter<ImageType>::New();
  filter->SetInput(input);
  filter->SetSaltAndPepperProbability(0.1);
  ExpectUpdateError(filter.GetPointer(), { "no more labels", "255" });
}

TEST(PerturbAnnotationFilter, RefusesWrongParameters)
{
  auto filter = itk::PerturbAnnotationFilter<ImageType>::New();
  filter->SetInput(NewImage<ImageType>(ImageType::SizeType{ { 5, 4 } }));
  filter->SetOmissionRate(2.0);
  ExpectUpdateError(filter.GetPointer(), { "OmissionRate is 2", "[0, 1]" });
  filter->SetOmissionRate(0.0);
  filter->SetInclusionRate(-1.0);
  ExpectUpdateError(filter.GetPointer(), { "InclusionRate is -1", "[0, 1]" });
  filter->SetInclusionRate(0.5);
  ExpectUpdateError(filter.GetPointer(), { "candidates are missing", "SetCandidatesImage()" });
  filter->SetCandidatesImage(NewImage<ImageType>(ImageType::SizeType{ { 4, 4 } }));
  ExpectUpdateError(filter.GetPointer(), { "[4, 4]", "[5, 4]" });
  filter->SetInclusionRate(0.0);
  EXPECT_EQ(UpdateError(filter.GetPointer()), "") << "candidates that are not used must not be checked";
  filter->SetSaltAndPepperProbability(1.01);
  ExpectUpdateError(filter.GetPointer(), { "SaltAndPepperProbability is 1.01", "[0, 1]" });
}

TEST(PerturbAnnotationFilter, ItsTolerancesAreThoseOfAllSteps)
{
  const auto   annotation = NewImage<ImageType>(ImageType::SizeType{ { 5, 4 } });
  const auto   candidates = NewImage<ImageType>(ImageType::SizeType{ { 5, 4 } });
  const double origin[]{ 1e-4, 0.0 };
  candidates->SetOrigin(origin);
  auto filter = itk::PerturbAnnotationFilter<ImageType>::New();
  filter->SetInput(annotation);
  filter->SetCandidatesImage(candidates);
  filter->SetInclusionRate(0.5);
  EXPECT_NE(UpdateError(filter.GetPointer()), "");
  filter->SetCoordinateTolerance(1e-3);
  EXPECT_EQ(UpdateError(filter.GetPointer()), "");
}
