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
#include "itkGTest.h"

#include "itkExtractImageFilter.h"
#include "itkImageAlgorithm.h"
#include "itkPlanarBuffer.h"
#include "itkRGBPixel.h"
#include "itkStreamingImageFilter.h"
#include "itkUNetSegmentFilter.h"
#include "itkUNetTestImages.h"
#include "itkUpgradeAnnotationFilter.h"
#include "itkVectorImage.h"

#include <cmath>
#include <limits>
#include <thread>

namespace
{
template <unsigned int VDimension>
using Grey = itk::Image<unsigned char, VDimension>;
template <unsigned int VDimension>
using Labels = itk::Image<unsigned short, VDimension>;
template <unsigned int VDimension>
using Probability = itk::Image<float, VDimension>;

/** Size 45 x 37 (x 12), none a multiple of the alignment. */
template <unsigned int VDimension>
itk::Size<VDimension>
OddSize()
{
  itk::Size<VDimension> size;
  size[0] = 45;
  size[1] = 37;
  if constexpr (VDimension == 3)
  {
    size[2] = 11;
  }
  return size;
}

template <typename TOutput, typename TInput>
auto
MakeSegment(const TInput * image, const itk::UNetModel * model)
{
  auto filter = itk::UNetSegmentFilter<TInput, TOutput>::New();
  filter->SetInput(image);
  filter->SetModel(model);
  return filter;
}

template <typename TFilter>
auto
Execute(TFilter & filter)
{
  filter->Update();
  return itk::PixelsOf(filter->GetOutput());
}

/** Whole-image labels and probabilities against tiles of every size and against streaming. */
template <unsigned int VDimension, typename TMakeFilter>
void
ExpectTilesEqualTheWhole(TMakeFilter makeFilter)
{
  auto whole = makeFilter();
  whole->SetTileSize(1024);
  const auto expected = Execute(whole);
  for (const unsigned int tile : { 8u, 13u, 24u })
  {
    auto tiled = makeFilter();
    tiled->SetTileSize(tile);
    EXPECT_EQ(Execute(tiled), expected) << "tile " << tile;
  }
  using OutputType = typename std::decay_t<decltype(*whole)>::OutputImageType;
  auto streaming = itk::StreamingImageFilter<OutputType, OutputType>::New();
  auto streamed = makeFilter();
  streamed->SetTileSize(16);
  streaming->SetInput(streamed->GetOutput());
  streaming->SetNumberOfStreamDivisions(5);
  EXPECT_EQ(Execute(streaming), expected) << "streamed";
}
} // namespace

TEST(UNetFilter, TilesAndStreamsEqualTheWhole2D)
{
  const auto image = itk::MakeNoiseImage<Grey<2>>(OddSize<2>(), 1);
  const auto labels = itk::MakeNoiseImage<Labels<2>>(OddSize<2>(), 2);
  for (const double spacing : { 0.0, 2.0, 1.7 })
  {
    auto segment = itk::MakeTestModel(2, 1, false);
    segment->SetSpacing({ { spacing, spacing, 0.0 } });
    ExpectTilesEqualTheWhole<2>([&] { return MakeSegment<Probability<2>>(image.GetPointer(), segment); });
    ExpectTilesEqualTheWhole<2>([&] { return MakeSegment<Labels<2>>(image.GetPointer(), segment); });

    auto upgrade = itk::MakeTestModel(2, 1, true);
    upgrade->SetSpacing({ { spacing, spacing, 0.0 } });
    ExpectTilesEqualTheWhole<2>([&] {
      auto filter = itk::UpgradeAnnotationFilter<Grey<2>, Labels<2>, Probability<2>>::New();
      filter->SetInput(image);
      filter->SetAnnotationImage(labels);
      filter->SetModel(upgrade);
      return filter;
    });
  }
}

TEST(UNetFilter, TilesEqualTheWholeWithTestTimeAugmentation)
{
  const auto image = itk::MakeNoiseImage<Grey<2>>(OddSize<2>(), 1);
  const auto model = itk::MakeTestModel(2, 1, false);
  model->TestTimeAugmentationOn();
  ExpectTilesEqualTheWhole<2>([&] { return MakeSegment<Probability<2>>(image.GetPointer(), model); });
}

TEST(UNetFilter, TilesAndStreamsEqualTheWhole3D)
{
  const auto image = itk::MakeNoiseImage<Grey<3>>(OddSize<3>(), 1);
  const auto model = itk::MakeTestModel(3, 1, false, 2);
  ExpectTilesEqualTheWhole<3>([&] { return MakeSegment<Probability<3>>(image.GetPointer(), model); });
}

TEST(UNetFilter, SlicesOfAVolumeAreImages)
{
  const auto volume = itk::MakeNoiseImage<Grey<3>>(OddSize<3>(), 4);
  const auto model = itk::MakeTestModel(2, 1, false);
  for (const unsigned int axis : { 0u, 1u, 2u })
  {
    auto filter = MakeSegment<Probability<3>>(volume.GetPointer(), model);
    filter->SetSliceAxis(axis);
    filter->Update();
    const auto count = static_cast<itk::IndexValueType>(volume->GetLargestPossibleRegion().GetSize(axis));
    for (const itk::IndexValueType position : { itk::IndexValueType{ 0 }, count / 2, count - 1 })
    {
      auto extractInput = itk::ExtractImageFilter<Grey<3>, Grey<2>>::New();
      auto extractOutput = itk::ExtractImageFilter<Probability<3>, Probability<2>>::New();
      auto region = volume->GetLargestPossibleRegion();
      region.SetSize(axis, 0);
      region.SetIndex(axis, position);
      extractInput->SetInput(volume);
      extractInput->SetExtractionRegion(region);
      extractInput->SetDirectionCollapseToIdentity();
      extractInput->Update();
      extractOutput->SetInput(filter->GetOutput());
      extractOutput->SetExtractionRegion(region);
      extractOutput->SetDirectionCollapseToIdentity();
      extractOutput->Update();
      auto single = MakeSegment<Probability<2>>(extractInput->GetOutput(), model);
      EXPECT_EQ(Execute(single), itk::PixelsOf(extractOutput->GetOutput())) << axis << ' ' << position;
    }
    ExpectTilesEqualTheWhole<3>([&] {
      auto tiled = MakeSegment<Labels<3>>(volume.GetPointer(), model);
      tiled->SetSliceAxis(axis);
      return tiled;
    });
  }
}

namespace
{
/** Hands an image on region by region, and counts the pixels that are asked for. */
template <typename TImage>
class CountingFilter : public itk::ImageToImageFilter<TImage, TImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(CountingFilter);

  using Self = CountingFilter;
  using Pointer = itk::SmartPointer<Self>;

  itkNewMacro(Self);

  size_t MostAtOnce{ 0 };
  size_t Sum{ 0 };

protected:
  CountingFilter() = default;
  ~CountingFilter() override = default;

  void
  GenerateData() override
  {
    this->AllocateOutputs();
    const auto region = this->GetOutput()->GetRequestedRegion();
    itk::ImageAlgorithm::Copy(this->GetInput(), this->GetOutput(), region, region);
    MostAtOnce = std::max<size_t>(MostAtOnce, region.GetNumberOfPixels());
    Sum += region.GetNumberOfPixels();
  }
};

/** An upgrade filter that reads its inputs through filters that count. */
template <unsigned int VDimension>
struct CountedUpgrade
{
  using FilterType = itk::UpgradeAnnotationFilter<Grey<VDimension>, Labels<VDimension>, Probability<VDimension>>;

  CountedUpgrade(const itk::Size<VDimension> & size, const itk::UNetModel * model)
    : GreyImage(itk::MakeNoiseImage<Grey<VDimension>>(size, 1))
    , LabelImage(itk::MakeNoiseImage<Labels<VDimension>>(size, 2))
    , GreySource(CountingFilter<Grey<VDimension>>::New())
    , LabelSource(CountingFilter<Labels<VDimension>>::New())
    , Filter(FilterType::New())
  {
    GreySource->SetInput(GreyImage);
    LabelSource->SetInput(LabelImage);
    Filter->SetInput(GreySource->GetOutput());
    Filter->SetAnnotationImage(LabelSource->GetOutput());
    Filter->SetModel(model);
    Filter->SetTileSize(16);
  }

  /** What a filter gives that has all of the input in memory, and computes all at once. */
  std::vector<float>
  GetExpected() const
  {
    auto whole = FilterType::New();
    whole->SetInput(GreyImage);
    whole->SetAnnotationImage(LabelImage);
    whole->SetModel(Filter->GetModel());
    whole->SetTileSize(1024);
    return Execute(whole);
  }

  std::vector<float>
  Stream(unsigned int divisions) const
  {
    const auto streaming = itk::StreamingImageFilter<Probability<VDimension>, Probability<VDimension>>::New();
    streaming->SetInput(Filter->GetOutput());
    streaming->SetNumberOfStreamDivisions(divisions);
    return Execute(streaming);
  }

  typename Grey<VDimension>::Pointer                   GreyImage;
  typename Labels<VDimension>::Pointer                 LabelImage;
  typename CountingFilter<Grey<VDimension>>::Pointer   GreySource;
  typename CountingFilter<Labels<VDimension>>::Pointer LabelSource;
  typename FilterType::Pointer                         Filter;
};

/** Streams an image whose inputs are read a few layers at a time. */
template <unsigned int VDimension>
void
ExpectBoundedMemory(const itk::Size<VDimension> & size, double spacing, itk::IntensityNormalization normalization)
{
  const auto model = itk::MakeTestModel(VDimension, 1, true, 2);
  model->SetSpacing({ { spacing, spacing, VDimension == 3 ? spacing : 0.0 } });
  model->SetNormalization(normalization);
  const CountedUpgrade<VDimension> upgrade(size, model);
  const size_t layer = upgrade.GreyImage->GetLargestPossibleRegion().GetNumberOfPixels() / size[VDimension - 1];
  upgrade.Filter->SetSectionPixels(4 * layer);
  const auto streamed = upgrade.Stream(6);
  const auto expected = upgrade.GetExpected();
  ASSERT_EQ(streamed.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
  {
    ASSERT_EQ(streamed[i], expected[i]) << "spacing " << spacing << ", pixel " << i;
  }
  EXPECT_LE(upgrade.GreySource->MostAtOnce, 5 * layer) << spacing;
  EXPECT_LE(upgrade.LabelSource->MostAtOnce, 5 * layer) << spacing;
}
} // namespace

TEST(UNetFilter, ReadsImagesInSections)
{
  const itk::Size<2> slice{ { 45, 61 } };
  const itk::Size<3> volume{ { 21, 18, 43 } };
  for (const double spacing : { 0.0, 2.0, 1.7 })
  {
    ExpectBoundedMemory<2>(slice, spacing, itk::IntensityNormalization::Maximum);
    ExpectBoundedMemory<3>(volume, spacing, itk::IntensityNormalization::Maximum);
  }
  for (const auto normalization : { itk::IntensityNormalization::Percentile,
                                    itk::IntensityNormalization::Standard,
                                    itk::IntensityNormalization::None })
  {
    ExpectBoundedMemory<2>(slice, 2.0, normalization);
    ExpectBoundedMemory<3>(volume, 2.0, normalization);
  }
}

TEST(UNetFilter, ReadsSlicesOneByOne)
{
  const auto              model = itk::MakeTestModel(2, 1, true);
  const itk::Size<3>      size{ { 45, 37, 11 } };
  const CountedUpgrade<3> upgrade(size, model);
  EXPECT_EQ(upgrade.Stream(11), upgrade.GetExpected());
  EXPECT_EQ(upgrade.GreySource->MostAtOnce, 45u * 37u);
  EXPECT_EQ(upgrade.GreySource->Sum, 45u * 37u * 11u);
  EXPECT_EQ(upgrade.LabelSource->Sum, 45u * 37u * 11u);
}

TEST(UNetFilter, LooksThroughAVolumeForItsScaleBeforeTheFirstPart)
{
  const auto              model = itk::MakeTestModel(3, 1, true, 2);
  const itk::Size<3>      size{ { 16, 16, 160 } };
  const CountedUpgrade<3> upgrade(size, model);
  const size_t            pixels = 16 * 16 * 160;
  upgrade.Filter->SetSectionPixels(16 * 16 * 8);
  auto * const output = upgrade.Filter->GetOutput();
  const auto   request = [&](itk::IndexValueType z) {
    const size_t before = upgrade.GreySource->Sum;
    output->SetRequestedRegion(itk::ImageRegion<3>({ { 0, 0, z } }, { { 16, 16, 8 } }));
    output->Update();
    return upgrade.GreySource->Sum - before;
  };
  EXPECT_GE(request(0), pixels);
  EXPECT_LT(upgrade.LabelSource->Sum, pixels / 2);
  EXPECT_LT(request(64), pixels / 2);
  EXPECT_LT(request(128), pixels / 2);

  // Another image, another scale.
  for (itk::ImageRegionIteratorWithIndex<Grey<3>> it(upgrade.GreyImage, upgrade.GreyImage->GetLargestPossibleRegion());
       !it.IsAtEnd();
       ++it)
  {
    it.Set(it.Get() / 3);
  }
  upgrade.GreyImage->Modified();
  EXPECT_GE(request(64), pixels);
  const auto expectExpected = [&] {
    const auto expected = upgrade.GetExpected();
    const auto part = itk::PixelsOf(output);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), expected.begin() + 16 * 16 * 64));
  };
  expectExpected();

  // Another annotation, the same scale.
  upgrade.LabelImage->FillBuffer(1);
  upgrade.LabelImage->Modified();
  EXPECT_LT(request(64), pixels / 2);
  expectExpected();
}

TEST(UNetFilter, ReadsNothingTwiceFromPartToPartAlongTheLastAxis)
{
  const itk::Size<3> size{ { 21, 18, 96 } };
  const size_t       pixels = size[0] * size[1] * size[2];
  for (const double spacing : { 0.0, 2.0, 1.7 })
  {
    const auto model = itk::MakeTestModel(3, 1, true, 2);
    model->SetSpacing({ { spacing, spacing, spacing } });
    model->SetNormalization(itk::IntensityNormalization::None);
    const CountedUpgrade<3> upgrade(size, model);
    const auto              expected = upgrade.GetExpected();
    EXPECT_EQ(upgrade.Stream(6), expected);
    EXPECT_GE(upgrade.LabelSource->Sum, pixels);
    EXPECT_LT(upgrade.LabelSource->Sum, pixels + pixels / 16) << spacing; // pixels that two working pixels share

    // In another order, and after changes, nothing that is remembered is right.
    auto * const output = upgrade.Filter->GetOutput();
    const auto   expectPart = [&](const itk::ImageRegion<3> & region) {
      output->SetRequestedRegion(region);
      output->Update();
      const auto whole = upgrade.GetExpected();
      for (itk::ImageRegionIteratorWithIndex<std::decay_t<decltype(*output)>> it(output, region); !it.IsAtEnd(); ++it)
      {
        const auto & index = it.GetIndex();
        ASSERT_EQ(it.Get(), whole[static_cast<size_t>((index[2] * 18 + index[1]) * 21 + index[0])]) << index;
      }
    };
    expectPart({ { { 0, 0, 32 } }, { { 21, 18, 16 } } });
    expectPart({ { { 0, 0, 16 } }, { { 21, 18, 16 } } });
    expectPart({ { { 0, 4, 32 } }, { { 10, 9, 16 } } });
    expectPart({ { { 0, 0, 48 } }, { { 21, 18, 16 } } });
    upgrade.LabelImage->FillBuffer(1);
    upgrade.LabelImage->Modified();
    expectPart({ { { 0, 0, 64 } }, { { 21, 18, 16 } } });
    upgrade.GreyImage->FillBuffer(7);
    upgrade.GreyImage->Modified();
    expectPart({ { { 0, 0, 80 } }, { { 21, 18, 16 } } });
  }
}

TEST(UNetFilter, SeesWhatChanged)
{
  const auto              model = itk::MakeTestModel(2, 1, true);
  const CountedUpgrade<2> upgrade(OddSize<2>(), model);
  const auto              before = Execute(upgrade.Filter);

  model->TestTimeAugmentationOn();
  const auto averaged = Execute(upgrade.Filter);
  EXPECT_NE(averaged, before);
  EXPECT_EQ(averaged, upgrade.GetExpected());
  model->TestTimeAugmentationOff();

  // Pixels of an image that a filter made, and with them the scale.
  auto * const image = upgrade.GreySource->GetOutput();
  for (itk::ImageRegionIterator<Grey<2>> it(image, image->GetBufferedRegion()); !it.IsAtEnd(); ++it)
  {
    it.Set(it.Get() / 3);
    upgrade.GreyImage->SetPixel(it.GetIndex(), it.Get());
  }
  image->Modified();
  const auto darker = Execute(upgrade.Filter);
  EXPECT_NE(darker, before);
  EXPECT_EQ(darker, upgrade.GetExpected());
}

TEST(UNetFilter, PercentilesTellTheScale)
{
  const auto image = itk::MakeNoiseImage<Probability<2>>(OddSize<2>(), 1);
  const auto labels = itk::MakeNoiseImage<Labels<2>>(OddSize<2>(), 2);
  auto       values = itk::PixelsOf(image.GetPointer());
  std::sort(values.begin(), values.end());
  const auto quantile = [&](double fraction) {
    return values[static_cast<size_t>(std::llround(fraction * static_cast<double>(values.size() - 1)))];
  };
  const float low = quantile(0.01);
  const float high = quantile(0.998);
  ASSERT_GT(high, low);
  const auto scaled = itk::MakeNoiseImage<Probability<2>>(OddSize<2>(), 1);
  for (itk::ImageRegionIterator<Probability<2>> it(scaled, scaled->GetLargestPossibleRegion()); !it.IsAtEnd(); ++it)
  {
    it.Set((it.Get() - low) / (high - low));
  }
  const auto model = itk::MakeTestModel(2, 1, true);
  const auto upgrade = [&](Probability<2> * input, itk::IntensityNormalization normalization) {
    model->SetNormalization(normalization);
    auto filter = itk::UpgradeAnnotationFilter<Probability<2>, Labels<2>, Probability<2>>::New();
    filter->SetInput(input);
    filter->SetAnnotationImage(labels);
    filter->SetModel(model);
    return Execute(filter);
  };
  const auto expected = upgrade(scaled, itk::IntensityNormalization::None);
  const auto probabilities = upgrade(image, itk::IntensityNormalization::Percentile);
  for (size_t i = 0; i < expected.size(); ++i)
  {
    ASSERT_NEAR(probabilities[i], expected[i], 1e-5) << "pixel " << i;
  }
}

TEST(UNetFilter, StopsWhileItReads)
{
  const auto              model = itk::MakeTestModel(3, 1, true, 2);
  const CountedUpgrade<3> upgrade({ { 16, 16, 64 } }, model);
  upgrade.Filter->SetSectionPixels(16 * 16);
  upgrade.Filter->AddObserver(itk::ProgressEvent(), [&](const itk::EventObject &) {
    if (upgrade.GreySource->Sum > 16 * 16 * 20)
    {
      upgrade.Filter->AbortGenerateDataOn();
    }
  });
  EXPECT_THROW(upgrade.Filter->Update(), itk::ProcessAborted);
  EXPECT_LT(upgrade.GreySource->Sum, 16u * 16u * 24u);
}

// So that an observer may draw in a window.
TEST(UNetFilter, ReportsOnTheCallingThreadWhereOneImageIsAll)
{
  const auto image = itk::MakeNoiseImage<Grey<2>>(OddSize<2>(), 1);
  auto       filter = MakeSegment<Labels<2>>(image.GetPointer(), itk::MakeTestModel(2, 1, false));
  filter->SetNumberOfWorkUnits(4);
  size_t reports = 0;
  filter->AddObserver(itk::ProgressEvent(), [&, caller = std::this_thread::get_id()](const itk::EventObject &) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    ++reports;
  });
  filter->Update();
  EXPECT_GT(reports, 3u);
}

TEST(UNetFilter, GivesWhatTheModelPredicts)
{
  const auto image = itk::MakeNoiseImage<Grey<2>>(OddSize<2>(), 5, { { -3, 100 } });
  const auto labels = itk::MakeNoiseImage<Labels<2>>(OddSize<2>(), 6, { { -3, 100 } });
  auto       model = itk::MakeTestModel(2, 1, true);
  model->SetNormalization(itk::IntensityNormalization::None);
  const size_t       pixels = 45 * 37;
  std::vector<float> input(2 * pixels);
  std::vector<float> expected(pixels);
  itk::CopyToPlanar(image.GetPointer(), image->GetLargestPossibleRegion(), input.data(), "image");
  for (size_t i = 0; i < pixels; ++i)
  {
    input[pixels + i] = labels->GetBufferPointer()[i] != 0 ? 1.0f : 0.0f;
  }
  model->Predict(input.data(), { { 45, 37, 1 } }, expected.data());

  auto filter = itk::UpgradeAnnotationFilter<Grey<2>, Labels<2>, Probability<2>>::New();
  filter->SetInput(image);
  filter->SetAnnotationImage(labels);
  filter->SetModel(model);
  EXPECT_EQ(Execute(filter), expected);

  auto decide = itk::UpgradeAnnotationFilter<Grey<2>, Labels<2>>::New();
  decide->SetInput(image);
  decide->SetAnnotationImage(labels);
  decide->SetModel(model);
  auto sorted = expected;
  std::sort(sorted.begin(), sorted.end());
  decide->SetThreshold(sorted[pixels / 3]);
  decide->SetForegroundValue(7);
  const auto decided = Execute(decide);
  for (size_t i = 0; i < pixels; ++i)
  {
    EXPECT_EQ(decided[i], expected[i] >= sorted[pixels / 3] ? 7 : 0);
  }
}

TEST(UNetFilter, ColourAndVectorImagesAreOne)
{
  const auto model = itk::MakeTestModel(2, 3, false);
  const auto colour = itk::MakeColourImage<itk::Image<itk::RGBPixel<unsigned char>, 2>>(OddSize<2>(), 8);
  auto       vector = itk::VectorImage<float, 2>::New();
  vector->SetRegions(OddSize<2>());
  vector->SetNumberOfComponentsPerPixel(3);
  vector->Allocate();
  for (itk::ImageRegionIteratorWithIndex<itk::Image<itk::RGBPixel<unsigned char>, 2>> it(
         colour, colour->GetLargestPossibleRegion());
       !it.IsAtEnd();
       ++it)
  {
    itk::VariableLengthVector<float> pixel(3);
    for (unsigned int c = 0; c < 3; ++c)
    {
      pixel[c] = it.Get()[c];
    }
    vector->SetPixel(it.GetIndex(), pixel);
  }
  auto fromColour = MakeSegment<Probability<2>>(colour.GetPointer(), model);
  auto fromVector = MakeSegment<Probability<2>>(vector.GetPointer(), model);
  EXPECT_EQ(Execute(fromColour), Execute(fromVector));
}

TEST(UNetFilter, KeepsGeometry)
{
  auto                       image = itk::MakeNoiseImage<Grey<3>>(OddSize<3>(), 5, { { 4, -2, 7 } });
  Grey<3>::DirectionType     direction;
  const Grey<3>::SpacingType spacing(std::array<double, 3>{ { 0.5, 0.25, 2.0 } }.data());
  const Grey<3>::PointType   origin(std::array<double, 3>{ { -10.0, 3.0, 5.5 } }.data());
  direction.Fill(0.0);
  direction[0][1] = direction[1][0] = 1.0;
  direction[2][2] = -1.0;
  image->SetSpacing(spacing);
  image->SetOrigin(origin);
  image->SetDirection(direction);
  const auto model = itk::MakeTestModel(2, 1, false);
  model->SetSpacing({ { 1.0, 1.0, 0.0 } });
  auto filter = MakeSegment<Labels<3>>(image.GetPointer(), model);
  filter->Update();
  const auto * output = filter->GetOutput();
  EXPECT_EQ(output->GetLargestPossibleRegion(), image->GetLargestPossibleRegion());
  EXPECT_EQ(output->GetSpacing(), spacing);
  EXPECT_EQ(output->GetOrigin(), origin);
  EXPECT_EQ(output->GetDirection(), direction);
}

TEST(UNetFilter, NumberOfWorkUnitsDoesNotMatter)
{
  const auto image = itk::MakeNoiseImage<Grey<2>>(OddSize<2>(), 1);
  const auto model = itk::MakeTestModel(2, 1, false);
  auto       one = MakeSegment<Labels<2>>(image.GetPointer(), model);
  one->SetNumberOfWorkUnits(1);
  const auto expected = Execute(one);
  for (const unsigned int units : { 2u, 7u })
  {
    auto many = MakeSegment<Labels<2>>(image.GetPointer(), model);
    many->SetNumberOfWorkUnits(units);
    EXPECT_EQ(Execute(many), expected);
  }
}

TEST(UNetFilter, ReportsProgressAndStops)
{
  const auto image = itk::MakeNoiseImage<Grey<3>>(OddSize<3>(), 1);
  const auto model = itk::MakeTestModel(2, 1, false);
  auto       filter = MakeSegment<Labels<3>>(image.GetPointer(), model);
  filter->SetTileSize(16);
  std::vector<float> progress;
  filter->AddObserver(itk::ProgressEvent(),
                      [&](const itk::EventObject &) { progress.push_back(filter->GetProgress()); });
  filter->Update();
  EXPECT_GT(progress.size(), 11u * 9u);
  EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
  EXPECT_EQ(progress.back(), 1.0f);

  filter->AddObserver(itk::ProgressEvent(), [&](const itk::EventObject &) {
    if (filter->GetProgress() > 0.3f)
    {
      filter->AbortGenerateDataOn();
    }
  });
  filter->Modified();
  EXPECT_THROW(filter->Update(), itk::ProcessAborted);
  EXPECT_LT(filter->GetProgress(), 0.5f);
}

TEST(UNetFilter, TinyAndConstantImages)
{
  const auto model = itk::MakeTestModel(2, 1, false, 5);
  for (const itk::SizeValueType edge : { 1u, 3u, 15u })
  {
    auto image = Grey<2>::New();
    image->SetRegions(itk::Size<2>{ { edge, edge } });
    image->Allocate();
    for (const unsigned char value : { 0, 255 })
    {
      image->FillBuffer(value);
      image->Modified();
      for (const auto normalization : { itk::IntensityNormalization::Maximum,
                                        itk::IntensityNormalization::Percentile,
                                        itk::IntensityNormalization::Standard,
                                        itk::IntensityNormalization::None })
      {
        model->SetNormalization(normalization);
        auto filter = MakeSegment<Probability<2>>(image.GetPointer(), model);
        for (const float probability : Execute(filter))
        {
          EXPECT_TRUE(probability >= 0.0f && probability <= 1.0f);
        }
      }
    }
  }
}

TEST(UNetFilter, RefusesWhatDoesNotFit)
{
  const auto image = itk::MakeNoiseImage<Grey<2>>(OddSize<2>(), 1);
  const auto model = itk::MakeTestModel(2, 1, false);
  const auto refusal = [&](const itk::UNetModel * other, auto change) {
    auto filter = MakeSegment<Labels<2>>(image.GetPointer(), other);
    change(*filter);
    return itk::MessageOf([&] { filter->Update(); });
  };
  const auto nothing = [](auto &) {};
  EXPECT_EQ(refusal(model, nothing), "");
  EXPECT_NE(refusal(nullptr, nothing).find("no model"), std::string::npos);
  EXPECT_NE(refusal(itk::UNetModel::New(), nothing).find("no model"), std::string::npos);
  EXPECT_NE(refusal(itk::MakeTestModel(2, 1, true), nothing).find("UpgradeAnnotationFilter"), std::string::npos);
  EXPECT_NE(refusal(itk::MakeTestModel(2, 3, false), nothing).find("1 channels"), std::string::npos);
  EXPECT_NE(refusal(itk::MakeTestModel(3, 1, false), nothing).find("3-D"), std::string::npos);
  EXPECT_NE(refusal(model, [](auto & filter) { filter.SetSliceAxis(2); }).find("SliceAxis is 2"), std::string::npos);
  EXPECT_NE(refusal(model, [](auto & filter) { filter.SetThreshold(1.5); }).find("Threshold is 1.5"),
            std::string::npos);

  auto empty = MakeSegment<Labels<2>>(Grey<2>::New().GetPointer(), model);
  EXPECT_NE(itk::MessageOf([&] { empty->Update(); }).find("no pixels"), std::string::npos);

  for (const float bad : { std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity() })
  {
    auto real = itk::MakeNoiseImage<Probability<2>>(OddSize<2>(), 1);
    real->SetPixel({ { 7, 9 } }, bad);
    auto filter = MakeSegment<Labels<2>>(real.GetPointer(), model);
    EXPECT_NE(itk::MessageOf([&] { filter->Update(); }).find("at [7, 9]"), std::string::npos);
  }
}

TEST(UNetFilter, RefusesAnnotationsOnAnotherGrid)
{
  const auto image = itk::MakeNoiseImage<Grey<2>>(OddSize<2>(), 1);
  const auto model = itk::MakeTestModel(2, 1, true);
  const auto refusal = [&](Labels<2>::Pointer labels) {
    auto filter = itk::UpgradeAnnotationFilter<Grey<2>, Labels<2>>::New();
    filter->SetInput(image);
    filter->SetAnnotationImage(labels);
    filter->SetModel(model);
    return itk::MessageOf([&] { filter->Update(); });
  };
  const auto make = [] { return itk::MakeNoiseImage<Labels<2>>(OddSize<2>(), 2); };
  EXPECT_EQ(refusal(make()), "");
  EXPECT_NE(refusal(itk::MakeNoiseImage<Labels<2>>({ { 45, 36 } }, 2)).find("[45, 36]"), std::string::npos);
  auto shifted = make();
  shifted->SetOrigin(itk::Point<double, 2>(1.5));
  EXPECT_NE(refusal(shifted).find("origin [1.5, 1.5]"), std::string::npos);
  auto finer = make();
  finer->SetSpacing(itk::Vector<double, 2>(0.5));
  EXPECT_NE(refusal(finer).find("spacing [0.5, 0.5]"), std::string::npos);

  auto filter = itk::UpgradeAnnotationFilter<Grey<2>, Labels<2>>::New();
  filter->SetInput(image);
  filter->SetModel(model);
  EXPECT_NE(itk::MessageOf([&] { filter->Update(); }).find("AnnotationImage"), std::string::npos);
}
