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

#include "itkPerturbTestImages.h"

#include <cmath>
#include <limits>
#include <optional>

using namespace perturbtest;
using Operation = itk::BiasPerturbFilterEnums::Operation;

namespace
{
/** The pixels of a region, with their indices. */
template <typename TImage>
std::vector<std::pair<typename TImage::IndexType, typename TImage::PixelType>>
Pixels(const TImage * image, const typename TImage::RegionType & region)
{
  std::vector<std::pair<typename TImage::IndexType, typename TImage::PixelType>> pixels;
  for (itk::ImageRegionIteratorWithIndex<TImage> it(const_cast<TImage *>(image), region); !it.IsAtEnd(); ++it)
  {
    pixels.emplace_back(it.GetIndex(), it.Get());
  }
  return pixels;
}

struct Distance
{
  long chessboard{ 0 };
  long squared{ 0 };
};

template <typename TIndex>
Distance
Between(const TIndex & a, const TIndex & b)
{
  Distance distance;
  for (unsigned int axis = 0; axis < TIndex::Dimension; ++axis)
  {
    const long difference = std::abs(a[axis] - b[axis]);
    distance.chessboard = std::max(distance.chessboard, difference);
    distance.squared += difference * difference;
  }
  return distance;
}

/** Brute force after the definition: for every pixel, look at all pixels of the annotation. */
template <typename TImage>
void
Reference(const TImage *                      input,
          TImage *                            output,
          const typename TImage::RegionType & annotation,
          const bool                          dilate,
          const long                          q)
{
  using LabelType = typename TImage::PixelType;
  const auto pixels = Pixels(input, annotation);
  for (const auto & [index, label] : pixels)
  {
    LabelType result = label;
    if (dilate && label == 0)
    {
      long nearest = std::numeric_limits<long>::max();
      bool reached = false;
      for (const auto & [otherIndex, otherLabel] : pixels)
      {
        if (otherLabel != 0)
        {
          const auto distance = Between(index, otherIndex);
          reached |= distance.chessboard <= q;
          if (distance.squared < nearest || (distance.squared == nearest && otherLabel < result))
          {
            nearest = distance.squared;
            result = otherLabel;
          }
        }
      }
      result = reached ? result : 0;
    }
    else if (!dilate && label != 0)
    {
      for (const auto & [otherIndex, otherLabel] : pixels)
      {
        if (otherLabel == 0 && Between(index, otherIndex).chessboard <= q)
        {
          result = 0;
          break;
        }
      }
    }
    output->SetPixel(index, result);
  }
}

/** The same for each cell on its own; draws gives the operation and q of each label. */
template <typename TImage>
void
ReferencePerCell(const TImage *                                                      input,
                 TImage *                                                            output,
                 const typename TImage::RegionType &                                 annotation,
                 const std::map<typename TImage::PixelType, std::pair<bool, long>> & draws)
{
  using LabelType = typename TImage::PixelType;
  const auto pixels = Pixels(input, annotation);
  for (const auto & [index, label] : pixels)
  {
    bool      keeps = label != 0;
    long      nearest = std::numeric_limits<long>::max();
    LabelType gained = 0;
    for (const auto & [otherIndex, otherLabel] : pixels)
    {
      const auto distance = Between(index, otherIndex);
      if (label != 0 && otherLabel != label && !draws.at(label).first && distance.chessboard <= draws.at(label).second)
      {
        keeps = false;
      }
      if (otherLabel != 0 && draws.at(otherLabel).first && distance.chessboard <= draws.at(otherLabel).second &&
          (distance.squared < nearest || (distance.squared == nearest && otherLabel < gained)))
      {
        nearest = distance.squared;
        gained = otherLabel;
      }
    }
    output->SetPixel(index, keeps ? label : gained);
  }
}

template <typename TImage>
bool
Same(const TImage * left, const TImage * right, const typename TImage::RegionType & region)
{
  return Pixels(left, region) == Pixels(right, region);
}

/** The operation and q that explain an output, of those that may have been drawn. */
template <typename TImage>
std::optional<std::pair<bool, long>>
FindDraw(const TImage *                      input,
         const TImage *                      output,
         const typename TImage::RegionType & annotation,
         const long                          maximum)
{
  auto expected = NewImage<TImage>(input->GetLargestPossibleRegion());
  for (const bool dilate : { false, true })
  {
    for (long q = 1; q <= maximum; ++q)
    {
      Reference(input, expected.GetPointer(), annotation, dilate, q);
      if (Same(expected.GetPointer(), output, annotation))
      {
        return std::make_pair(dilate, q);
      }
    }
  }
  return {};
}

template <typename TImage>
typename TImage::Pointer
SmallRandomLabels(std::mt19937 & random, const Content content)
{
  auto region = RandomRegion<TImage>(random, TImage::ImageDimension == 2 ? 24 : 7);
  region.SetSize(random() % TImage::ImageDimension,
                 1 + random() % 150); // several words of a bit mask, and less than one
  return RandomLabels<TImage>(random, content, region);
}
} // namespace

template <typename TImage>
class BiasPerturbFilterTest : public ::testing::Test
{};

using BiasImages = ::testing::Types<itk::Image<uint8_t, 2>,
                                    itk::Image<int8_t, 3>,
                                    itk::Image<uint16_t, 2>,
                                    itk::Image<int16_t, 2>,
                                    itk::Image<uint32_t, 3>,
                                    itk::Image<int32_t, 3>,
                                    itk::Image<int64_t, 2>,
                                    itk::Image<uint64_t, 3>>;
TYPED_TEST_SUITE(BiasPerturbFilterTest, BiasImages);

TYPED_TEST(BiasPerturbFilterTest, AgreesWithTheDefinition)
{
  std::mt19937 random(2);
  for (unsigned int round = 0; round < 96; ++round)
  {
    const auto         input = SmallRandomLabels<TypeParam>(random, AllContents[round % std::size(AllContents)]);
    const bool         dilate = (round / 6) % 2 == 0;
    const unsigned int q = round % 8 == 7 ? 17 + round % 23 : 1 + round % 7;
    const unsigned int axis = round % (TypeParam::ImageDimension + 1);
    auto               filter = itk::BiasPerturbFilter<TypeParam>::New();
    filter->SetInput(input);
    filter->SetOperation(dilate ? Operation::Dilation : Operation::Erosion);
    filter->SetIterations(q);
    filter->SetMaximumIterations(1 + round % 3);
    SetSlices(filter.GetPointer(), axis);
    auto expected = NewImage<TypeParam>(input->GetLargestPossibleRegion());
    expected->CopyInformation(input);
    for (const auto & annotation : Annotations(input.GetPointer(), axis))
    {
      Reference(input.GetPointer(), expected.GetPointer(), annotation, dilate, q);
    }
    const std::string what = "round " + std::to_string(round);
    filter->Update();
    ExpectEqual(expected.GetPointer(), filter->GetOutput(), what);
    ExpectSameForAnyDivision(filter.GetPointer(), what);
  }
}

TYPED_TEST(BiasPerturbFilterTest, AgreesWithTheDefinitionPerCell)
{
  using LabelType = typename TypeParam::PixelType;
  std::mt19937 random(3);
  for (unsigned int round = 0; round < 48; ++round)
  {
    const auto input = SmallRandomLabels<TypeParam>(random, AllContents[round % std::size(AllContents)]);
    const auto axis = round % (TypeParam::ImageDimension + 1);
    auto       filter = itk::BiasPerturbFilter<TypeParam>::New();
    filter->SetSeed(round);
    filter->SetMaximumIterations(1 + round % 5);
    filter->PerCellOn();
    SetSlices(filter.GetPointer(), axis);
    auto expected = NewImage<TypeParam>(input->GetLargestPossibleRegion());
    expected->CopyInformation(input);
    for (const auto & annotation : Annotations(input.GetPointer(), axis))
    {
      // What was drawn for a cell shows on a large cube of the same label, with the same seed and slice.
      std::map<LabelType, std::pair<bool, long>> draws;
      for (const LabelType label : LabelsOf(input.GetPointer(), annotation))
      {
        typename TypeParam::RegionType cube;
        cube.SetIndex(annotation.GetIndex());
        for (unsigned int i = 0; i < TypeParam::ImageDimension; ++i)
        {
          cube.SetSize(i, i == axis ? 1 : 30);
        }
        auto cubeImage = NewImage<TypeParam>(cube);
        for (itk::ImageRegionIteratorWithIndex<TypeParam> it(cubeImage, cube); !it.IsAtEnd(); ++it)
        {
          bool inside = true;
          for (unsigned int i = 0; i < TypeParam::ImageDimension; ++i)
          {
            const auto position = it.GetIndex()[i] - cube.GetIndex(i);
            inside &= i == axis || (position >= 8 && position < 22);
          }
          it.Set(inside ? label : 0);
        }
        filter->SetInput(cubeImage);
        filter->UpdateLargestPossibleRegion();
        auto middle = cube.GetIndex();
        for (unsigned int i = 0; i < TypeParam::ImageDimension; ++i)
        {
          middle[i] += i == axis ? 0 : 15;
        }
        const unsigned int along = axis == 0 ? 1 : 0;
        long               length = 0;
        for (middle[along] = cube.GetIndex(along); middle[along] < cube.GetIndex(along) + 30; ++middle[along])
        {
          length += filter->GetOutput()->GetPixel(middle) == label ? 1 : 0;
        }
        const long q = std::abs(length - 14) / 2;
        ASSERT_GE(q, 1);
        ASSERT_LE(q, filter->GetMaximumIterations());
        draws[label] = { length > 14, q };
      }
      ReferencePerCell(input.GetPointer(), expected.GetPointer(), annotation, draws);
    }
    filter->SetInput(input);
    filter->UpdateLargestPossibleRegion();
    const std::string what = "round " + std::to_string(round);
    ExpectEqual(expected.GetPointer(), filter->GetOutput(), what);
    ExpectSameForAnyDivision(filter.GetPointer(), what);
  }
}

TYPED_TEST(BiasPerturbFilterTest, DrawsOneOperationPerAnnotation)
{
  std::mt19937 random(4);
  for (unsigned int round = 0; round < 24; ++round)
  {
    const auto input = SmallRandomLabels<TypeParam>(random, AllContents[round % std::size(AllContents)]);
    const auto axis = round % (TypeParam::ImageDimension + 1);
    auto       filter = itk::BiasPerturbFilter<TypeParam>::New();
    filter->SetInput(input);
    filter->SetSeed(round);
    filter->SetMaximumIterations(3);
    SetSlices(filter.GetPointer(), axis);
    const std::string what = "round " + std::to_string(round);
    ExpectSameForAnyDivision(filter.GetPointer(), what);
    filter->UpdateLargestPossibleRegion();
    for (const auto & annotation : Annotations(input.GetPointer(), axis))
    {
      EXPECT_TRUE(FindDraw<TypeParam>(input, filter->GetOutput(), annotation, 3)) << what;
    }
  }
}

namespace
{
using ImageType = itk::Image<uint16_t, 2>;

ImageType::Pointer
Square(const ImageType::SizeType & size, const ImageType::RegionType & square, const uint16_t label)
{
  const auto image = NewImage<ImageType>(size);
  for (itk::ImageRegionIteratorWithIndex<ImageType> it(image, square); !it.IsAtEnd(); ++it)
  {
    it.Set(label);
  }
  return image;
}

unsigned int
CountForeground(const ImageType * image)
{
  unsigned int count = 0;
  for (const auto & pixel : Pixels(image, image->GetLargestPossibleRegion()))
  {
    count += pixel.second != 0 ? 1 : 0;
  }
  return count;
}
} // namespace

TEST(BiasPerturbFilter, OperationsAndIterationsAreEquallyLikely)
{
  constexpr unsigned int draws = 4000;
  constexpr unsigned int maximum = 4;
  for (const bool perCell : { false, true })
  {
    auto filter = itk::BiasPerturbFilter<ImageType>::New();
    filter->SetInput(Square({ { 25, 25 } }, { { { 7, 7 } }, { { 11, 11 } } }, 9));
    filter->SetMaximumIterations(maximum);
    filter->SetPerCell(perCell);
    filter->SetNumberOfWorkUnits(1);
    std::map<unsigned int, unsigned int> counts; // by the side of the square
    for (unsigned int seed = 0; seed < draws; ++seed)
    {
      filter->SetSeed(seed);
      filter->Update();
      ++counts[static_cast<unsigned int>(std::lround(std::sqrt(CountForeground(filter->GetOutput()))))];
    }
    const double expected = double(draws) / (2 * maximum);
    EXPECT_EQ(counts.size(), 2 * maximum);
    for (unsigned int q = 1; q <= maximum; ++q)
    {
      EXPECT_NEAR(counts[11 + 2 * q], expected, 5 * std::sqrt(expected));
      EXPECT_NEAR(counts[11 - 2 * q], expected, 5 * std::sqrt(expected));
    }
  }
}

TEST(BiasPerturbFilter, OutsideTheImageNothingErodes)
{
  const ImageType::SizeType size{ { 130, 9 } };
  auto                      filter = itk::BiasPerturbFilter<ImageType>::New();
  filter->SetInput(Square(size, size, 3));
  filter->SetOperation(Operation::Erosion);
  for (const unsigned int q : { 1u, 100u, 4000000000u })
  {
    filter->SetIterations(q);
    filter->Update();
    ExpectEqual(
      filter->GetInput(), const_cast<const ImageType *>(filter->GetOutput()), std::to_string(q) + " iterations");
  }
}

TEST(BiasPerturbFilter, HugeIterationsFillTheImageFromOnePixel)
{
  const ImageType::SizeType size{ { 200, 70 } };
  auto                      filter = itk::BiasPerturbFilter<ImageType>::New();
  filter->SetInput(Square(size, { { { 199, 0 } }, { { 1, 1 } } }, 7));
  filter->SetOperation(Operation::Dilation);
  for (const bool perCell : { false, true })
  {
    filter->SetPerCell(perCell);
    for (const unsigned int q : { 200u, 4000000000u })
    {
      filter->SetIterations(q);
      filter->Update();
      EXPECT_EQ(CountForeground(filter->GetOutput()), 200u * 70u);
      EXPECT_EQ(LabelsOf<ImageType>(filter->GetOutput()), std::set<uint16_t>{ 7 });
    }
  }
}

// Squared distances of all magnitudes are compared exactly: two cells share the pixels between them at the middle,
// which goes to the smaller label.
TEST(BiasPerturbFilter, TwoCellsMeetInTheMiddleAtAnyDistance)
{
  for (const itk::IndexValueType length : { 15, 151, 1501, 15001, 150001 })
  {
    for (const bool perCell : { false, true })
    {
      const ImageType::SizeType size{ { static_cast<itk::SizeValueType>(length), 2 } };
      auto                      image = Square(size, { { { 0, 0 } }, { { 1, 2 } } }, 9);
      image->SetPixel({ { length - 1, 0 } }, 4);
      image->SetPixel({ { length - 1, 1 } }, 4);
      auto filter = itk::BiasPerturbFilter<ImageType>::New();
      filter->SetInput(image);
      filter->SetOperation(Operation::Dilation);
      filter->SetIterations(static_cast<unsigned int>(length));
      filter->SetPerCell(perCell);
      filter->Update();
      const auto * const pixels = filter->GetOutput()->GetBufferPointer();
      for (itk::IndexValueType x = 0; x < length; ++x)
      {
        const uint16_t expected = x < length / 2 ? 9 : 4;
        ASSERT_EQ(pixels[x], expected) << x << " of " << length << (perCell ? ", per cell" : "");
        ASSERT_EQ(pixels[length + x], expected) << x << " of " << length << (perCell ? ", per cell" : "");
      }
    }
  }
}

TEST(BiasPerturbFilter, ForcingOneDrawKeepsTheOther)
{
  const ImageType::SizeType size{ { 40, 40 } };
  auto                      random = itk::BiasPerturbFilter<ImageType>::New();
  auto                      forced = itk::BiasPerturbFilter<ImageType>::New();
  random->SetInput(Square(size, { { { 15, 15 } }, { { 13, 13 } } }, 1));
  forced->SetInput(random->GetInput());
  for (unsigned int seed = 0; seed < 20; ++seed)
  {
    random->SetSeed(seed);
    random->Update();
    const bool dilated = CountForeground(random->GetOutput()) > 13 * 13;
    forced->SetSeed(seed);
    forced->SetOperation(dilated ? Operation::Dilation : Operation::Erosion);
    forced->Update();
    ExpectEqual(random->GetOutput(), forced->GetOutput(), "seed " + std::to_string(seed));
  }
}

TEST(BiasPerturbFilter, RequestsTheMarginOfTheLargestDraw)
{
  using RegionType = ImageType::RegionType;
  auto filter = itk::BiasPerturbFilter<ImageType>::New();
  filter->SetInput(NewImage<ImageType>(ImageType::SizeType{ { 100, 100 } }));
  filter->SetMaximumIterations(6);
  const auto requestFor = [&filter](const RegionType & part) {
    filter->UpdateOutputInformation();
    filter->GetOutput()->SetRequestedRegion(part);
    filter->PropagateRequestedRegion(filter->GetOutput());
    return filter->GetInput()->GetRequestedRegion();
  };
  const RegionType part({ { 50, 50 } }, { { 10, 20 } });
  EXPECT_EQ(requestFor(part), RegionType({ { 42, 42 } }, { { 26, 36 } })); // floor(6 * sqrt(2)) is 8
  filter->SetIterations(2);
  EXPECT_EQ(requestFor(part), RegionType({ { 48, 48 } }, { { 14, 24 } }));
  filter->SetIterations(9);
  EXPECT_EQ(requestFor(part), RegionType({ { 38, 38 } }, { { 34, 44 } }));
  filter->SliceBySliceOn();
  filter->SetSliceAxis(1);
  EXPECT_EQ(requestFor(part), RegionType({ { 41, 50 } }, { { 28, 20 } }));
  EXPECT_EQ(requestFor({ { { 0, 0 } }, { { 5, 5 } } }), RegionType({ { 0, 0 } }, { { 14, 5 } }));
}

TEST(BiasPerturbFilter, RefusesWrongParameters)
{
  auto filter = itk::BiasPerturbFilter<ImageType>::New();
  filter->SetInput(Square({ { 5, 5 } }, { { { 1, 1 } }, { { 2, 2 } } }, 1));
  filter->SetMaximumIterations(0);
  ExpectUpdateError(filter.GetPointer(), { "MaximumIterations is 0", "at least 1" });
  filter->SetMaximumIterations(1);
  filter->SliceBySliceOn();
  filter->SetSliceAxis(7);
  ExpectUpdateError(filter.GetPointer(), { "SliceAxis is 7", "0 to 1" });
  filter->SliceBySliceOff();
  EXPECT_EQ(UpdateError(filter.GetPointer()), "");
}

TEST(BiasPerturbFilter, CopiesAnImageWithoutPixels)
{
  for (const ImageType::SizeType size : { ImageType::SizeType{ { 0, 3 } }, ImageType::SizeType{ { 3, 0 } } })
  {
    for (const auto operation : { Operation::Erosion, Operation::Dilation })
    {
      for (const bool perCell : { false, true })
      {
        auto filter = itk::BiasPerturbFilter<ImageType>::New();
        filter->SetInput(NewImage<ImageType>(size));
        filter->SetOperation(operation);
        filter->SetPerCell(perCell);
        filter->Update();
        EXPECT_EQ(filter->GetOutput()->GetBufferedRegion().GetNumberOfPixels(), 0u);
      }
    }
  }
}
