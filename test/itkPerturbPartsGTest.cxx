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
#include "itkBiasPerturbFilter.h"
#include "itkInclusionPerturbFilter.h"
#include "itkOmissionPerturbFilter.h"
#include "itkSaltAndPepperPerturbFilter.h"

#include "itkPerturbTestImages.h"

// Parts of an image must come out as they do in the whole image, wherever they are cut.

using namespace perturbtest;

namespace
{
/** All filters, on cells and, for inclusion, on candidates, by names. */
template <typename TImage>
std::map<std::string, typename itk::PerturbFilterBase<TImage>::Pointer>
AllFilters(TImage * cells, TImage * candidates)
{
  using BiasType = itk::BiasPerturbFilter<TImage>;
  auto omission = itk::OmissionPerturbFilter<TImage>::New();
  omission->SetRate(0.5);
  auto inclusion = itk::InclusionPerturbFilter<TImage>::New();
  inclusion->SetRate(0.5);
  inclusion->SetCandidatesImage(candidates);
  auto saltAndPepper = itk::SaltAndPepperPerturbFilter<TImage>::New();
  saltAndPepper->SetProbability(0.1);
  auto erosion = BiasType::New();
  erosion->SetOperation(BiasType::OperationEnum::Erosion);
  erosion->SetIterations(1);
  auto dilation = BiasType::New();
  dilation->SetOperation(BiasType::OperationEnum::Dilation);
  dilation->SetIterations(6);
  auto perCell = BiasType::New();
  perCell->PerCellOn();
  std::map<std::string, typename itk::PerturbFilterBase<TImage>::Pointer> filters{
    { "omission", omission.GetPointer() },
    { "inclusion", inclusion.GetPointer() },
    { "salt and pepper", saltAndPepper.GetPointer() },
    { "erosion", erosion.GetPointer() },
    { "dilation", dilation.GetPointer() },
    { "bias per cell", perCell.GetPointer() }
  };
  for (const auto & [name, filter] : filters)
  {
    filter->SetInput(cells);
  }
  return filters;
}

template <typename TImage>
class PerturbPartsTest : public ::testing::Test
{};

using PartsImages =
  ::testing::Types<itk::Image<uint8_t, 3>, itk::Image<uint16_t, 3>, itk::Image<int32_t, 3>, itk::Image<int64_t, 3>>;
} // namespace

TYPED_TEST_SUITE(PerturbPartsTest, PartsImages);

// Lines are treated 64 pixels at a time, from where the part begins; the rest is treated pixel by pixel.
TYPED_TEST(PerturbPartsTest, OfAnyWidthEqualTheWhole)
{
  using RegionType = typename TypeParam::RegionType;
  std::mt19937     random(5);
  const RegionType whole({ { -20, 3, -1 } }, { { 300, 5, 3 } });
  const auto       cells = RandomLabels<TypeParam>(random, Content::Many, whole);
  const auto       candidates = RandomLabels<TypeParam>(random, Content::Many, whole);
  for (const auto & [name, filter] : AllFilters<TypeParam>(cells, candidates))
  {
    for (const unsigned int axis : { 0, 1, 2, 3 })
    {
      SetSlices(filter.GetPointer(), axis);
      filter->GetOutput()->SetRequestedRegionToLargestPossibleRegion(); // it is that of the part before
      const auto expected = UpdateAndDetach(filter.GetPointer());
      ASSERT_EQ(expected->GetBufferedRegion(), whole);
      for (const itk::SizeValueType width : { 1, 63, 64, 65, 127, 128, 129, 193, 283 })
      {
        const RegionType part({ { -3, 4, 0 } }, { { width, 3, 2 } });
        auto * const     output = filter->GetOutput();
        filter->SetNumberOfWorkUnits(width % 2 == 0 ? 1 : 7);
        filter->Modified();
        output->SetRequestedRegion(part);
        output->Update();
        for (itk::ImageRegionIteratorWithIndex<TypeParam> it(output, part); !it.IsAtEnd(); ++it)
        {
          ASSERT_EQ(it.Get(), expected->GetPixel(it.GetIndex()))
            << name << ", axis " << axis << ", width " << width << ", at " << it.GetIndex();
        }
      }
    }
  }
}

// Bias works on pieces of images of millions of pixels, one after the other; that of many work units are not cut again.
TEST(PerturbParts, PiecesOfALargeImageEqualSmallOnes)
{
  using ImageType = itk::Image<uint16_t, 2>;
  const auto cells = NewImage<ImageType>(ImageType::SizeType{ { 2048, 2200 } });
  for (itk::IndexValueType x = 0; x < 2048; ++x) // across all cuts there can be
  {
    for (itk::IndexValueType y = 0; y < 2200; ++y)
    {
      if (x % 40 < 25 && y % 30 < 20)
      {
        cells->SetPixel({ { x, y } }, static_cast<uint16_t>(1 + x / 40 + 100 * (y / 30)));
      }
    }
  }
  for (const auto & [name, filter] : AllFilters<ImageType>(cells, cells))
  {
    filter->SetNumberOfWorkUnits(64);
    const auto expected = UpdateAndDetach(filter.GetPointer());
    filter->SetNumberOfWorkUnits(1);
    filter->Modified();
    filter->Update();
    ExpectEqual(expected.GetPointer(), filter->GetOutput(), name);
  }
}
