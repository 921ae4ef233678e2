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
#include "itkAnnotationSampleSource.h"

#include "itkGTest.h"
#include "itkImage.h"
#include "itkImageRegionIteratorWithIndex.h"
#include "itkRGBPixel.h"
#include "itkVectorImage.h"

#include <limits>
#include <locale>
#include <map>
#include <random>
#include <set>
#include <thread>

namespace
{
using ExtentType = itk::TrainingSampleSource::ExtentType;
using SpacingType = itk::UNetModel::SpacingType;

size_t
NumberOfPixels(const ExtentType & extent)
{
  return extent[0] * extent[1] * extent[2];
}

/** An image whose index does not start at 0. */
template <typename TImage>
typename TImage::Pointer
NewImage(const ExtentType & extent, const SpacingType & spacing = { { 1.0, 1.0, 1.0 } })
{
  typename TImage::RegionType  region;
  typename TImage::SpacingType imageSpacing;
  typename TImage::PointType   origin;
  for (unsigned int axis = 0; axis < TImage::ImageDimension; ++axis)
  {
    region.SetIndex(axis, static_cast<int>(axis) * 7 - 3);
    region.SetSize(axis, extent[axis]);
    imageSpacing[axis] = spacing[axis];
    origin[axis] = 2.5 * axis;
  }
  auto image = TImage::New();
  image->SetRegions(region);
  image->SetSpacing(imageSpacing);
  image->SetOrigin(origin);
  return image;
}

template <typename TLabelImage>
typename TLabelImage::Pointer
NewLabels(const ExtentType & extent, const SpacingType & spacing = { { 1.0, 1.0, 1.0 } })
{
  auto image = NewImage<TLabelImage>(extent, spacing);
  image->Allocate();
  image->FillBuffer(0);
  return image;
}

/** The pixel at a position that counts from 0. */
template <typename TImage>
typename TImage::IndexType
IndexOf(const TImage * image, const ExtentType & position)
{
  auto index = image->GetLargestPossibleRegion().GetIndex();
  for (unsigned int axis = 0; axis < TImage::ImageDimension; ++axis)
  {
    index[axis] += static_cast<itk::IndexValueType>(position[axis]);
  }
  return index;
}

template <typename TLabelImage>
void
FillBox(TLabelImage *                           image,
        const ExtentType &                      begin,
        const ExtentType &                      size,
        const typename TLabelImage::PixelType & label,
        bool                                    onBackgroundOnly = false)
{
  ExtentType p;
  for (p[2] = begin[2]; p[2] < begin[2] + size[2]; ++p[2])
  {
    for (p[1] = begin[1]; p[1] < begin[1] + size[1]; ++p[1])
    {
      for (p[0] = begin[0]; p[0] < begin[0] + size[0]; ++p[0])
      {
        const auto index = IndexOf(image, p);
        if (image->GetLargestPossibleRegion().IsInside(index) && !(onBackgroundOnly && image->GetPixel(index) != 0))
        {
          image->SetPixel(index, label);
        }
      }
    }
  }
}

constexpr float Dark = 40.0f;
constexpr float Bright = 200.0f;

/** Whether an intensity that was Dark or Bright before the changes of a patch was Bright. */
bool
IsBright(float value)
{
  return value > Dark + 0.17f * (Bright - Dark);
}

/** Boxes of cells, and candidates beside them. An image's first channel is bright in cells, the second outside of them,
 * the third in candidates. */
template <typename TImage, typename TLabelImage>
struct Scene
{
  using SourceType = itk::AnnotationSampleSource<TImage, TLabelImage>;

  Scene(const ExtentType &  extent,
        unsigned int        channels,
        unsigned int        seed,
        const SpacingType & spacing = { { 1.0, 1.0, 1.0 } })
    : Image(NewImage<TImage>(extent, spacing))
    , Annotation(NewLabels<TLabelImage>(extent, spacing))
    , Candidates(NewLabels<TLabelImage>(extent, spacing))
  {
    std::mt19937 random(seed);
    for (unsigned int cell = 1; cell <= 10; ++cell)
    {
      ExtentType begin, size;
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        begin[axis] = random() % extent[axis];
        size[axis] = 1 + random() % (extent[axis] / 4 + 1);
      }
      FillBox((cell % 2 == 0 ? Annotation : Candidates).GetPointer(), begin, size, cell);
    }
    Image->SetNumberOfComponentsPerPixel(channels);
    Image->Allocate();
    itk::ImageRegionIteratorWithIndex<TLabelImage> it(Annotation, Annotation->GetLargestPossibleRegion());
    for (; !it.IsAtEnd(); ++it)
    {
      const bool cell = it.Get() != 0;
      if (cell)
      {
        Candidates->SetPixel(it.GetIndex(), 0);
      }
      const bool isBright[] = { cell, !cell, Candidates->GetPixel(it.GetIndex()) != 0 };
      auto       pixel = Image->GetPixel(it.GetIndex());
      for (unsigned int channel = 0; channel < channels; ++channel)
      {
        using Traits = itk::DefaultConvertPixelTraits<typename TImage::PixelType>;
        Traits::SetNthComponent(static_cast<int>(channel),
                                pixel,
                                static_cast<typename Traits::ComponentType>(isBright[channel] ? Bright : Dark));
      }
      Image->SetPixel(it.GetIndex(), pixel);
    }
  }

  typename TImage::Pointer      Image;
  typename TLabelImage::Pointer Annotation;
  typename TLabelImage::Pointer Candidates;
};

itk::UNetModel::Pointer
NewModel(unsigned int dimension, unsigned int channels, bool annotationInput = true)
{
  auto model = itk::UNetModel::New();
  model->SetDimension(dimension);
  model->SetImageChannels(channels);
  model->SetAnnotationInput(annotationInput);
  model->SetNormalization(itk::IntensityNormalization::None);
  return model;
}

struct Drawn
{
  std::vector<float> Input;
  std::vector<float> Target;

  bool
  operator==(const Drawn & other) const
  {
    return Input == other.Input && Target == other.Target;
  }

  /** A channel of the input. */
  std::vector<float>
  Channel(size_t channel) const
  {
    const auto pixels = static_cast<std::ptrdiff_t>(Target.size());
    const auto begin = Input.begin() + static_cast<std::ptrdiff_t>(channel) * pixels;
    return { begin, begin + pixels };
  }
};

/** A patch; what DrawPatch leaves alone stays NaN. */
Drawn
DrawPatch(const itk::TrainingSampleSource * source,
          unsigned int                      channels,
          size_t                            image,
          uint64_t                          seed,
          const ExtentType &                extent)
{
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  Drawn           drawn{ std::vector<float>(channels * NumberOfPixels(extent), nan),
               std::vector<float>(NumberOfPixels(extent), nan) };
  source->DrawPatch(image, seed, extent, drawn.Input.data(), drawn.Target.data());
  return drawn;
}

Drawn
DrawImage(const itk::TrainingSampleSource * source, unsigned int channels, size_t image, uint64_t seed)
{
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  const size_t    pixels = NumberOfPixels(source->GetExtent(image));
  Drawn           drawn{ std::vector<float>(channels * pixels, nan), std::vector<float>(pixels, nan) };
  source->DrawImage(image, seed, drawn.Input.data(), drawn.Target.data());
  return drawn;
}

/** Foreground of a label image, in the order of a buffer. */
template <typename TLabelImage>
std::vector<float>
ForegroundOf(const TLabelImage * labels)
{
  std::vector<float> foreground;
  for (itk::ImageRegionConstIterator<TLabelImage> it(labels, labels->GetLargestPossibleRegion()); !it.IsAtEnd(); ++it)
  {
    foreground.push_back(it.Get() != 0 ? 1.0f : 0.0f);
  }
  return foreground;
}

template <typename TCode>
void
ExpectError(TCode code, const std::vector<std::string> & fragments)
{
  std::string message;
  try
  {
    code();
  }
  catch (const itk::ExceptionObject & error)
  {
    message = error.GetDescription();
  }
  for (const auto & fragment : fragments)
  {
    EXPECT_NE(message.find(fragment), std::string::npos) << "'" << fragment << "' is not in: " << message;
  }
}

using GreyImage = itk::Image<float, 2>;
using LabelImage = itk::Image<uint16_t, 2>;
using GreySource = itk::AnnotationSampleSource<GreyImage, LabelImage>;
using VolumeImage = itk::Image<int16_t, 3>;
using VolumeLabels = itk::Image<int32_t, 3>;

template <typename TImage, typename TLabelImage, unsigned int VChannels>
struct Kind
{
  using ImageType = TImage;
  using LabelImageType = TLabelImage;
  static constexpr unsigned int Channels = VChannels;
};

template <typename T>
class AnnotationSampleSourceTest : public ::testing::Test
{};
using Kinds = ::testing::Types<Kind<GreyImage, LabelImage, 1>,
                               Kind<itk::Image<itk::RGBPixel<uint8_t>, 2>, itk::Image<uint8_t, 2>, 3>,
                               Kind<itk::VectorImage<double, 2>, itk::Image<int16_t, 2>, 3>,
                               Kind<VolumeImage, VolumeLabels, 1>,
                               Kind<itk::VectorImage<float, 3>, itk::Image<uint8_t, 3>, 3>>;
TYPED_TEST_SUITE(AnnotationSampleSourceTest, Kinds);
} // namespace

TYPED_TEST(AnnotationSampleSourceTest, ImageAnnotationCandidatesAndTargetMoveTogether)
{
  using ImageType = typename TypeParam::ImageType;
  constexpr unsigned int dimension = ImageType::ImageDimension;
  constexpr unsigned int channels = TypeParam::Channels;
  const auto             depth = [](size_t z) { return dimension == 2 ? 1 : z; };
  // Larger, smaller, and of the size of the patches.
  const std::vector<ExtentType> extents{ { { 31, 24, depth(9) } }, { { 7, 11, depth(3) } }, { { 16, 16, depth(5) } } };
  const std::vector<ExtentType> patches{ { { 16, 16, depth(5) } }, { { 16, 8, depth(4) } } };

  using SceneType = Scene<ImageType, typename TypeParam::LabelImageType>;
  const auto source = SceneType::SourceType::New();
  source->SetInclusionRate(channels == 3 ? 1.0 : 0.0);
  for (size_t i = 0; i < extents.size(); ++i)
  {
    const SceneType scene(extents[i], channels, static_cast<unsigned int>(i));
    source->AddImage(scene.Image, scene.Annotation, scene.Candidates);
  }
  source->Prepare(NewModel(dimension, channels));
  ASSERT_EQ(source->GetNumberOfImages(), extents.size());

  size_t cells = 0;
  size_t candidates = 0;
  for (size_t image = 0; image < extents.size(); ++image)
  {
    EXPECT_EQ(source->GetExtent(image), extents[image]);
    for (const auto & extent : patches)
    {
      for (uint64_t seed = 0; seed < 60; ++seed)
      {
        const auto drawn = DrawPatch(source, channels + 1, image, seed, extent);
        const auto annotation = drawn.Channel(channels);
        for (size_t i = 0; i < drawn.Target.size(); ++i)
        {
          const bool cell = IsBright(drawn.Channel(0)[i]);
          const bool candidate = channels == 3 && IsBright(drawn.Channel(2)[i]);
          ASSERT_EQ(drawn.Target[i], cell ? 1.0f : 0.0f) << "image " << image << ", seed " << seed;
          ASSERT_EQ(annotation[i], cell || candidate ? 1.0f : 0.0f) << "image " << image << ", seed " << seed;
          if (channels == 3)
          {
            ASSERT_NE(IsBright(drawn.Channel(1)[i]), cell) << "image " << image << ", seed " << seed;
          }
          cells += cell;
          candidates += candidate;
        }
      }
    }
  }
  EXPECT_GT(cells, 1000u);
  EXPECT_EQ(candidates > 1000u, channels == 3);
}

namespace
{
/** Where a patch may come from: whether x and y are swapped, which axes are flipped, and its first pixels. */
struct Placement
{
  bool                   Swapped;
  unsigned int           Flips;
  std::array<int64_t, 3> First;
};

size_t
Mirrored(int64_t position, int64_t length)
{
  while (position < 0 || position >= length)
  {
    position = position < 0 ? -1 - position : 2 * length - 1 - position;
  }
  return static_cast<size_t>(position);
}

/** All placements that explain a patch. */
std::vector<Placement>
Explain(const std::vector<float> & whole,
        const ExtentType &         extent,
        const std::vector<float> & patch,
        const ExtentType &         size)
{
  std::vector<Placement> found;
  std::array<int64_t, 3> low, high, first;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const auto room = static_cast<int64_t>(extent[axis]) - static_cast<int64_t>(size[axis]);
    low[axis] = std::min<int64_t>(0, room);
    high[axis] = std::max<int64_t>(0, room);
  }
  const unsigned int axes = extent[2] > 1 ? 3 : 2;
  const auto         matches = [&](const Placement & placement) {
    ExtentType p;
    size_t     number = 0;
    for (p[2] = 0; p[2] < size[2]; ++p[2])
    {
      for (p[1] = 0; p[1] < size[1]; ++p[1])
      {
        for (p[0] = 0; p[0] < size[0]; ++p[0])
        {
          ExtentType from = p;
          if (placement.Swapped)
          {
            std::swap(from[0], from[1]);
          }
          for (unsigned int axis = 0; axis < 3; ++axis)
          {
            const size_t step = (placement.Flips >> axis) & 1 ? size[axis] - 1 - from[axis] : from[axis];
            from[axis] =
              Mirrored(placement.First[axis] + static_cast<int64_t>(step), static_cast<int64_t>(extent[axis]));
          }
          if (patch[number++] != whole[(from[2] * extent[1] + from[1]) * extent[0] + from[0]])
          {
            return false;
          }
        }
      }
    }
    return true;
  };
  for (int swapped = 0; swapped < (size[0] == size[1] ? 2 : 1); ++swapped)
  {
    for (unsigned int flips = 0; flips < (1u << axes); ++flips)
    {
      for (first[2] = low[2]; first[2] <= high[2]; ++first[2])
      {
        for (first[1] = low[1]; first[1] <= high[1]; ++first[1])
        {
          for (first[0] = low[0]; first[0] <= high[0]; ++first[0])
          {
            const Placement placement{ swapped == 1, flips, first };
            if (matches(placement))
            {
              found.push_back(placement);
            }
          }
        }
      }
    }
  }
  return found;
}

/** Every patch must be a turned part of the image or of its mirrored continuation, and all turns and places occur. */
template <typename TImage, typename TLabelImage>
void
CheckPlacements(const ExtentType & extent, const ExtentType & size, unsigned int draws)
{
  const auto   image = NewImage<TImage>(extent);
  const auto   labels = NewLabels<TLabelImage>(extent);
  std::mt19937 random(5);
  image->Allocate();
  image->FillBuffer(1);
  for (itk::ImageRegionIterator<TLabelImage> it(labels, labels->GetLargestPossibleRegion()); !it.IsAtEnd(); ++it)
  {
    it.Set(random() % 2);
  }
  const auto source = itk::AnnotationSampleSource<TImage, TLabelImage>::New();
  source->AddImage(image, labels);
  source->Prepare(NewModel(TImage::ImageDimension, 1));
  const auto whole = ForegroundOf(labels.GetPointer());

  std::set<std::pair<bool, unsigned int>> turns;
  std::array<std::set<int64_t>, 3>        firsts;
  for (uint64_t seed = 0; seed < draws; ++seed)
  {
    const auto drawn = DrawPatch(source, 2, 0, seed, size);
    const auto placements = Explain(whole, extent, drawn.Target, size);
    ASSERT_FALSE(placements.empty()) << "seed " << seed;
    if (placements.size() == 1)
    {
      turns.emplace(placements[0].Swapped, placements[0].Flips);
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        firsts[axis].insert(placements[0].First[axis]);
      }
    }
  }
  const size_t flips = size_t{ 1 } << TImage::ImageDimension;
  EXPECT_EQ(turns.size(), size[0] == size[1] ? 2 * flips : flips);
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    EXPECT_EQ(firsts[axis].size(), std::max(extent[axis], size[axis]) - std::min(extent[axis], size[axis]) + 1);
  }
}
} // namespace

TEST(AnnotationSampleSource, PatchesAreTakenFromEverywhereInEveryOrientation)
{
  CheckPlacements<GreyImage, LabelImage>({ { 13, 11, 1 } }, { { 8, 8, 1 } }, 500);
  CheckPlacements<GreyImage, LabelImage>({ { 9, 9, 1 } }, { { 9, 9, 1 } }, 200);
  CheckPlacements<GreyImage, LabelImage>({ { 12, 14, 1 } }, { { 9, 8, 1 } }, 400);
  CheckPlacements<VolumeImage, VolumeLabels>({ { 6, 7, 5 } }, { { 4, 4, 3 } }, 400);
}

TEST(AnnotationSampleSource, PatchesBeyondTheImageAreMirrored)
{
  CheckPlacements<GreyImage, LabelImage>({ { 7, 10, 1 } }, { { 12, 12, 1 } }, 400);
  CheckPlacements<VolumeImage, VolumeLabels>({ { 5, 6, 3 } }, { { 7, 7, 5 } }, 400);
  // Several times over, where many placements explain the same patch.
  const auto image = NewImage<GreyImage>({ { 3, 2, 1 } });
  const auto labels = NewLabels<LabelImage>({ { 3, 2, 1 } });
  image->Allocate();
  image->FillBuffer(1.0f);
  FillBox(labels.GetPointer(), { { 0, 0, 0 } }, { { 1, 1, 1 } }, 1);
  FillBox(labels.GetPointer(), { { 1, 1, 0 } }, { { 2, 1, 1 } }, 2);
  const auto source = GreySource::New();
  source->AddImage(image, labels);
  source->Prepare(NewModel(2, 1));
  for (uint64_t seed = 0; seed < 50; ++seed)
  {
    const auto drawn = DrawPatch(source, 2, 0, seed, { { 16, 16, 1 } });
    EXPECT_FALSE(Explain(ForegroundOf(labels.GetPointer()), { { 3, 2, 1 } }, drawn.Target, { { 16, 16, 1 } }).empty());
  }
}

namespace
{
/** Shares of patches of 16 x 16 that hold each of two cells, of one pixel and of two, far apart, in their middle. */
std::array<double, 2>
SharesOfPatches(const std::array<uint16_t, 2> & labelsOfCells, unsigned int draws)
{
  const ExtentType extent{ { 400, 300, 1 } };
  const ExtentType patch{ { 16, 16, 1 } };
  const auto       image = NewImage<GreyImage>(extent);
  const auto       labels = NewLabels<LabelImage>(extent);
  image->Allocate();
  image->FillBuffer(1.0f);
  FillBox(labels.GetPointer(), { { 250, 90, 0 } }, { { 1, 1, 1 } }, labelsOfCells[0]);
  FillBox(labels.GetPointer(), { { 60, 200, 0 } }, { { 2, 1, 1 } }, labelsOfCells[1]);
  const auto source = GreySource::New();
  source->AddImage(image, labels);
  source->Prepare(NewModel(2, 1, false));
  std::array<double, 2> shares{ { 0.0, 0.0 } };
  for (uint64_t seed = 0; seed < draws; ++seed)
  {
    const auto                 drawn = DrawPatch(source, 1, 0, seed, patch);
    const std::vector<float> & target = drawn.Target;
    const auto                 isMiddle = [](size_t position) { return position >= 3 && position <= 12; };
    const std::ptrdiff_t       pixels = std::count(target.begin(), target.end(), 1.0f);
    const auto first = static_cast<size_t>(std::find(target.begin(), target.end(), 1.0f) - target.begin());
    if (pixels > 0 && isMiddle(first % 16) && isMiddle(first / 16))
    {
      shares[static_cast<size_t>(pixels - 1)] += 1.0 / draws;
    }
  }
  return shares;
}
} // namespace

TEST(AnnotationSampleSource, TwoPatchesOfThreeHoldACellInTheirMiddle)
{
  // Cells with labels of their own, one cell alone, and a mask with one value for all cells.
  constexpr unsigned int draws = 900;
  const double           deviation = std::sqrt(2.0 / 9.0 / draws);
  for (const auto & labels : { std::array<uint16_t, 2>{ { 1, 2 } }, { { 1, 0 } }, { { 1, 1 } } })
  {
    const auto   shares = SharesOfPatches(labels, draws);
    const double expected = labels[1] == 0 ? 2.0 / 3.0 : 1.0 / 3.0;
    EXPECT_NEAR(shares[0], expected, 5.0 * deviation) << labels[1];
    EXPECT_NEAR(shares[1], labels[1] == 0 ? 0.0 : expected, 5.0 * deviation) << labels[1];
  }
}

TEST(AnnotationSampleSource, WorkingSpacingMovesAllTogetherToo)
{
  const SpacingType                  spacing{ { 0.5, 0.5, 1.0 } };
  const Scene<GreyImage, LabelImage> scene({ { 61, 48, 1 } }, 1, 3, spacing);
  const auto                         model = NewModel(2, 1);
  model->SetSpacing({ { 1.0, 1.0, 0.0 } });
  const auto source = GreySource::New();
  source->AddImage(scene.Image, scene.Annotation);
  source->Prepare(model);
  EXPECT_EQ(source->GetExtent(0), (ExtentType{ { 31, 24, 1 } }));
  size_t mixed = 0;
  for (uint64_t seed = 0; seed < 60; ++seed)
  {
    const auto drawn = DrawPatch(source, 2, 0, seed, { { 16, 16, 1 } });
    EXPECT_EQ(drawn.Channel(1), drawn.Target);
    // Intensities rise with the share of foreground, and depend on it alone.
    std::map<float, std::set<float>> intensities;
    for (size_t i = 0; i < drawn.Target.size(); ++i)
    {
      intensities[drawn.Target[i]].insert(drawn.Input[i]);
      mixed += drawn.Target[i] > 0.0f && drawn.Target[i] < 1.0f;
    }
    float last = -std::numeric_limits<float>::max();
    for (const auto & share : intensities)
    {
      EXPECT_EQ(share.second.size(), 1u) << "share " << share.first;
      EXPECT_GT(*share.second.begin(), last) << "share " << share.first;
      last = *share.second.begin();
    }
  }
  EXPECT_GT(mixed, 100u);
}

TEST(AnnotationSampleSource, WorkingSpacingGivesMeansOfBlocks)
{
  const SpacingType                      spacing{ { 0.5, 0.25, 3.0 } };
  const Scene<VolumeImage, VolumeLabels> scene({ { 12, 9, 5 } }, 1, 4, spacing);
  const auto                             model = NewModel(3, 1);
  model->SetNormalization(itk::IntensityNormalization::Maximum);
  model->SetSpacing({ { 1.0, 0.5, 3.0 } });
  const auto source = itk::AnnotationSampleSource<VolumeImage, VolumeLabels>::New();
  source->AddImage(scene.Image, scene.Annotation);
  source->Prepare(model);
  ASSERT_EQ(source->GetExtent(0), (ExtentType{ { 6, 5, 5 } }));
  const auto drawn = DrawImage(source, 2, 0, 1);
  size_t     number = 0;
  for (size_t z = 0; z < 5; ++z)
  {
    for (size_t y = 0; y < 5; ++y)
    {
      for (size_t x = 0; x < 6; ++x, ++number)
      {
        double intensity = 0.0, share = 0.0, count = 0.0;
        for (size_t j = 2 * y; j < std::min<size_t>(2 * y + 2, 9); ++j)
        {
          for (size_t i = 2 * x; i < 2 * x + 2; ++i)
          {
            intensity += scene.Image->GetPixel(IndexOf(scene.Image.GetPointer(), { { i, j, z } }));
            share += scene.Annotation->GetPixel(IndexOf(scene.Annotation.GetPointer(), { { i, j, z } })) != 0;
            ++count;
          }
        }
        EXPECT_NEAR(drawn.Input[number], intensity / count / Bright, 1e-6);
        EXPECT_NEAR(drawn.Target[number], share / count, 1e-6);
        EXPECT_EQ(drawn.Channel(1)[number], drawn.Target[number]);
      }
    }
  }
}

TEST(AnnotationSampleSource, BrightnessVariesLittleWherePercentilesSetIt)
{
  const ExtentType                   extent{ { 40, 32, 1 } };
  const Scene<GreyImage, LabelImage> scene(extent, 1, 4);
  for (const double spacing : { 0.0, 2.0 })
  {
    for (const float gain : { 1.0f, 0.02f })
    {
      const auto image = NewImage<GreyImage>(extent);
      image->Allocate();
      itk::ImageRegionConstIterator<GreyImage> from(scene.Image, scene.Image->GetLargestPossibleRegion());
      for (itk::ImageRegionIterator<GreyImage> to(image, image->GetLargestPossibleRegion()); !to.IsAtEnd();
           ++to, ++from)
      {
        to.Set(from.Get() * gain);
      }
      image->SetPixel(IndexOf(image.GetPointer(), { { 0, 0, 0 } }), 1e4f); // an artefact
      const auto model = NewModel(2, 1);
      model->SetNormalization(itk::IntensityNormalization::Percentile);
      model->SetSpacing({ { spacing, spacing, 0.0 } });
      const auto source = GreySource::New();
      source->SetOmissionRate(0.4);
      source->AddImage(image, scene.Annotation);
      source->Prepare(model);
      size_t inCells = 0;
      for (uint64_t seed = 0; seed < 50; ++seed)
      {
        const auto whole = DrawImage(source, 2, 0, seed);
        for (size_t i = 0; i < whole.Target.size(); ++i)
        {
          if (whole.Target[i] == 1.0f)
          {
            EXPECT_NEAR(whole.Channel(0)[i], 1.0, 1e-6);
          }
        }
        const auto patch = DrawPatch(source, 2, 0, seed, { { 16, 16, 1 } });
        const auto intensities = patch.Channel(0);
        for (size_t i = 0; i < patch.Target.size(); ++i)
        {
          if (patch.Target[i] == 1.0f)
          {
            EXPECT_GE(intensities[i], (0.85 - 0.1) * std::exp(-0.6) - 1e-4) << seed;
            EXPECT_LE(intensities[i], (1.15 + 0.1) * std::exp(0.2) + 1e-4) << seed;
            ++inCells;
          }
        }
      }
      EXPECT_GT(inCells, 100u);
    }
  }
}

TEST(AnnotationSampleSource, ImagesAreDrawnUnchangedWithThePerturbationOfTheSeed)
{
  const ExtentType extent{ { 40, 33, 1 } };
  const auto       source = GreySource::New();
  source->SetOmissionRate(0.4);
  source->SetInclusionRate(0.5);
  source->SetSaltAndPepperProbability(0.05);
  source->SetMaximumIterations(3);
  source->SetBiasIterations(2);
  source->SetBiasOperation(itk::BiasPerturbFilterEnums::Operation::Dilation);
  source->BiasPerCellOn();
  std::vector<Scene<GreyImage, LabelImage>> scenes;
  for (unsigned int i = 0; i < 2; ++i)
  {
    scenes.emplace_back(extent, 1, i);
    source->AddImage(scenes.back().Image, scenes.back().Annotation, scenes.back().Candidates);
  }
  const auto model = NewModel(2, 1);
  model->SetNormalization(itk::IntensityNormalization::Maximum);
  source->Prepare(model);
  std::set<std::vector<float>> annotations;
  for (size_t image = 0; image < scenes.size(); ++image)
  {
    for (uint64_t seed = 0; seed < 10; ++seed)
    {
      const auto                               drawn = DrawImage(source, 2, image, seed);
      std::vector<float>                       expected;
      itk::ImageRegionConstIterator<GreyImage> it(scenes[image].Image, scenes[image].Image->GetLargestPossibleRegion());
      for (; !it.IsAtEnd(); ++it)
      {
        expected.push_back(it.Get() / Bright);
      }
      EXPECT_EQ(drawn.Channel(0), expected);
      EXPECT_EQ(drawn.Target, ForegroundOf(scenes[image].Annotation.GetPointer()));

      auto perturb = itk::PerturbAnnotationFilter<LabelImage>::New();
      perturb->SetInput(scenes[image].Annotation);
      perturb->SetCandidatesImage(scenes[image].Candidates);
      perturb->SetOmissionRate(0.4);
      perturb->SetInclusionRate(0.5);
      perturb->SetSaltAndPepperProbability(0.05);
      perturb->SetMaximumIterations(3);
      perturb->SetBiasIterations(2);
      perturb->SetBiasOperation(itk::BiasPerturbFilterEnums::Operation::Dilation);
      perturb->BiasPerCellOn();
      perturb->SetSeed(seed);
      perturb->Update();
      EXPECT_EQ(drawn.Channel(1), ForegroundOf(perturb->GetOutput()));
      annotations.insert(drawn.Channel(1));
    }
  }
  EXPECT_EQ(annotations.size(), 20u);
}

TEST(AnnotationSampleSource, OmissionEmptiesTheAnnotationButNotTheTarget)
{
  const Scene<GreyImage, LabelImage> scene({ { 50, 40, 1 } }, 1, 1);
  const auto                         source = GreySource::New();
  source->SetOmissionRate(1.0);
  source->AddImage(scene.Image, scene.Annotation);
  source->Prepare(NewModel(2, 1));
  EXPECT_EQ(DrawImage(source, 2, 0, 1).Target, ForegroundOf(scene.Annotation.GetPointer()));
  size_t cells = 0;
  for (uint64_t seed = 0; seed < 30; ++seed)
  {
    const auto drawn = DrawPatch(source, 2, 0, seed, { { 20, 20, 1 } });
    EXPECT_EQ(drawn.Channel(1), std::vector<float>(400, 0.0f));
    cells += static_cast<size_t>(std::count(drawn.Target.begin(), drawn.Target.end(), 1.0f));
  }
  EXPECT_GT(cells, 100u);
}

TEST(AnnotationSampleSource, EveryDrawPerturbsAnew)
{
  const ExtentType extent{ { 40, 40, 1 } };
  const auto       labels = NewLabels<LabelImage>(extent);
  const auto       image = NewImage<GreyImage>(extent);
  image->Allocate();
  image->FillBuffer(1.0f);
  for (uint16_t cell = 0; cell < 16; ++cell)
  {
    FillBox(labels.GetPointer(), { { 10u * (cell % 4) + 3, 10u * (cell / 4) + 3, 0 } }, { { 4, 4, 1 } }, cell + 1);
  }
  const auto source = GreySource::New();
  source->SetOmissionRate(0.5);
  source->AddImage(image, labels);
  source->Prepare(NewModel(2, 1));
  std::set<std::vector<float>> annotations;
  for (uint64_t seed = 0; seed < 40; ++seed)
  {
    const auto annotation = DrawPatch(source, 2, 0, seed, extent).Channel(1);
    EXPECT_EQ(std::count(annotation.begin(), annotation.end(), 1.0f), 8 * 16);
    annotations.insert(annotation);
  }
  EXPECT_GT(annotations.size(), 35u);
}

// Only the part of the annotation around a patch is perturbed; it must be what a perturbation of all would give there.
TEST(AnnotationSampleSource, PatchesHoldAPartOfThePerturbedAnnotation)
{
  constexpr size_t                   edge = 20;
  constexpr size_t                   reach = 2;
  const Scene<GreyImage, LabelImage> scene({ { 60, 50, 1 } }, 1, 9);
  for (const auto operation : { GreySource::OperationEnum::Erosion, GreySource::OperationEnum::Dilation })
  {
    const bool dilates = operation == GreySource::OperationEnum::Dilation;
    const auto source = GreySource::New();
    source->SetBiasIterations(reach);
    source->SetBiasOperation(operation);
    source->AddImage(scene.Image, scene.Annotation);
    source->Prepare(NewModel(2, 1));
    size_t changed = 0;
    for (uint64_t seed = 0; seed < 40; ++seed)
    {
      const auto drawn = DrawPatch(source, 2, 0, seed, { { edge, edge, 1 } });
      const auto perturbed = drawn.Channel(1);
      for (size_t y = reach; y + reach < edge; ++y)
      {
        for (size_t x = reach; x + reach < edge; ++x)
        {
          float expected = drawn.Target[y * edge + x];
          for (size_t v = y - reach; v <= y + reach; ++v)
          {
            for (size_t u = x - reach; u <= x + reach; ++u)
            {
              const float neighbor = drawn.Target[v * edge + u];
              expected = dilates ? std::max(expected, neighbor) : std::min(expected, neighbor);
            }
          }
          ASSERT_EQ(perturbed[y * edge + x], expected) << seed << ": " << x << ", " << y;
          changed += expected != drawn.Target[y * edge + x];
        }
      }
    }
    EXPECT_GT(changed, 100u);
  }
}

TEST(AnnotationSampleSource, IntensitiesOfPatchesVary)
{
  const Scene<GreyImage, LabelImage> scene({ { 20, 20, 1 } }, 1, 1);
  const auto                         source = GreySource::New();
  source->AddImage(scene.Image, scene.Annotation);
  source->Prepare(NewModel(2, 1));
  std::set<float> darkest, brightest;
  for (uint64_t seed = 0; seed < 20; ++seed)
  {
    const auto input = DrawPatch(source, 2, 0, seed, { { 20, 20, 1 } }).Channel(0);
    darkest.insert(*std::min_element(input.begin(), input.end()));
    brightest.insert(*std::max_element(input.begin(), input.end()));
  }
  EXPECT_EQ(darkest.size(), 20u);
  EXPECT_EQ(brightest.size(), 20u);
}

TEST(AnnotationSampleSource, SegmentationModelsGetNoAnnotation)
{
  const Scene<GreyImage, LabelImage> scene({ { 20, 20, 1 } }, 1, 1);
  const auto                         source = GreySource::New();
  source->SetInclusionRate(0.5); // of no use, so candidates are not missed
  source->AddImage(scene.Image, scene.Annotation);
  source->Prepare(NewModel(2, 1, false));
  for (uint64_t seed = 0; seed < 10; ++seed)
  {
    const auto drawn = DrawPatch(source, 1, 0, seed, { { 16, 16, 1 } });
    for (size_t i = 0; i < drawn.Target.size(); ++i)
    {
      EXPECT_EQ(drawn.Target[i] > 0.0f, IsBright(drawn.Input[i]));
    }
  }
  EXPECT_EQ(DrawImage(source, 1, 0, 3).Target, ForegroundOf(scene.Annotation.GetPointer()));
}

TEST(AnnotationSampleSource, TheSameArgumentsGiveTheSameSampleInEveryThread)
{
  const ExtentType patch{ { 24, 24, 1 } };
  const auto       source = GreySource::New();
  source->SetOmissionRate(0.5);
  source->SetInclusionRate(0.5);
  source->SetSaltAndPepperProbability(0.02);
  source->SetMaximumIterations(4);
  for (unsigned int i = 0; i < 2; ++i)
  {
    const Scene<GreyImage, LabelImage> scene({ { 41, 38, 1 } }, 1, i);
    source->AddImage(scene.Image, scene.Annotation, scene.Candidates);
  }
  source->Prepare(NewModel(2, 1));
  constexpr size_t samples = 40;
  const auto       draw = [&](size_t sample) {
    const Drawn whole = DrawImage(source, 2, sample % 2, sample);
    Drawn       drawn = DrawPatch(source, 2, sample % 2, sample, patch);
    drawn.Input.insert(drawn.Input.end(), whole.Input.begin(), whole.Input.end());
    return drawn;
  };
  std::vector<Drawn> expected;
  for (size_t sample = 0; sample < samples; ++sample)
  {
    expected.push_back(draw(sample));
  }
  std::array<std::vector<Drawn>, 4> results;
  std::vector<std::thread>          threads;
  for (size_t t = 0; t < results.size(); ++t)
  {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < samples; ++i)
      {
        results[t].push_back(draw((i + 10 * t) % samples));
      }
    });
  }
  for (auto & thread : threads)
  {
    thread.join();
  }
  for (size_t t = 0; t < results.size(); ++t)
  {
    for (size_t i = 0; i < samples; ++i)
    {
      EXPECT_TRUE(results[t][i] == expected[(i + 10 * t) % samples]) << "thread " << t << ", sample " << i;
    }
  }
}

namespace
{
constexpr uint16_t Ignored = 2;

/** One cell of label 1 in the middle and ignored pixels in the rightmost quarter. */
struct IgnoringScene
{
  explicit IgnoringScene(const SpacingType & modelSpacing = { { 0.0, 0.0, 0.0 } })
  {
    const ExtentType extent{ { 40, 30, 1 } };
    Image = NewImage<GreyImage>(extent);
    Image->Allocate();
    Image->FillBuffer(1.0f);
    Labels = NewLabels<LabelImage>(extent);
    FillBox(Labels.GetPointer(), { { 10, 10, 0 } }, { { 6, 6, 1 } }, 1);
    FillBox(Labels.GetPointer(), { { 31, 0, 0 } }, { { 9, 30, 1 } }, Ignored);
    Source = GreySource::New();
    Source->UseIgnoreLabelOn();
    Source->SetIgnoreLabel(Ignored);
    Model = NewModel(2, 1);
    Model->SetSpacing(modelSpacing);
  }

  void
  Prepare(const LabelImage * candidates = nullptr)
  {
    Source->AddImage(Image, Labels, candidates);
    Source->Prepare(Model);
  }

  GreyImage::Pointer      Image;
  LabelImage::Pointer     Labels;
  GreySource::Pointer     Source;
  itk::UNetModel::Pointer Model;
};
} // namespace

TEST(AnnotationSampleSource, IgnoredPixelsHaveANegativeTargetAndNoAnnotation)
{
  IgnoringScene scene;
  scene.Prepare();
  const auto drawn = DrawImage(scene.Source, 2, 0, 1);
  for (size_t i = 0; i < drawn.Target.size(); ++i)
  {
    const size_t x = i % 40, y = i / 40;
    const bool   cell = x >= 10 && x < 16 && y >= 10 && y < 16;
    EXPECT_EQ(drawn.Target[i], x >= 31 ? -1.0f : cell ? 1.0f : 0.0f);
    EXPECT_EQ(drawn.Channel(1)[i], cell ? 1.0f : 0.0f);
  }
  const auto patch = DrawPatch(scene.Source, 2, 0, 1, { { 40, 30, 1 } });
  EXPECT_EQ(std::count(patch.Target.begin(), patch.Target.end(), -1.0f), 9 * 30);
  EXPECT_EQ(scene.Labels->GetPixel(IndexOf(scene.Labels.GetPointer(), { { 35, 3, 0 } })), Ignored);
}

TEST(AnnotationSampleSource, WorkingPixelsThatTouchIgnoredOnesAreIgnored)
{
  IgnoringScene scene(SpacingType{ { 2.0, 2.0, 0.0 } });
  scene.Prepare();
  const auto drawn = DrawImage(scene.Source, 2, 0, 1);
  for (size_t i = 0; i < drawn.Target.size(); ++i)
  {
    EXPECT_EQ(drawn.Target[i] < 0.0f, i % 20 >= 15);
  }
}

TEST(AnnotationSampleSource, IgnoredPixelsAreNoCellToOmit)
{
  IgnoringScene scene;
  scene.Source->SetOmissionRate(0.5); // of one cell, which rounds to it
  scene.Prepare();
  for (uint64_t seed = 0; seed < 20; ++seed)
  {
    EXPECT_EQ(DrawImage(scene.Source, 2, 0, seed).Channel(1), std::vector<float>(40 * 30, 0.0f));
  }
}

TEST(AnnotationSampleSource, IgnoredPixelsDoNotGrow)
{
  IgnoringScene scene;
  scene.Source->SetMaximumIterations(6);
  scene.Prepare();
  size_t grown = 0;
  for (uint64_t seed = 0; seed < 20; ++seed)
  {
    const auto annotation = DrawImage(scene.Source, 2, 0, seed).Channel(1);
    for (size_t i = 0; i < annotation.size(); ++i)
    {
      const size_t x = i % 40, y = i / 40;
      if (annotation[i] > 0.0f)
      {
        EXPECT_TRUE(x >= 4 && x < 22 && y >= 4 && y < 22) << "seed " << seed;
        grown += x < 10;
      }
    }
  }
  EXPECT_GT(grown, 0u);
}

TEST(AnnotationSampleSource, PerturbationsMayUseTheIgnoredLabel)
{
  const auto candidates = NewLabels<LabelImage>({ { 40, 30, 1 } });
  FillBox(candidates.GetPointer(), { { 20, 3, 0 } }, { { 5, 4, 1 } }, Ignored);
  IgnoringScene included;
  included.Source->SetInclusionRate(1.0);
  included.Prepare(candidates);
  auto annotation = DrawImage(included.Source, 2, 0, 1).Channel(1);
  EXPECT_EQ(std::count(annotation.begin(), annotation.end(), 1.0f), 6 * 6 + 5 * 4);

  // The salt takes the first label that is free.
  IgnoringScene salted;
  salted.Source->SetSaltAndPepperProbability(0.5);
  salted.Prepare();
  annotation = DrawImage(salted.Source, 2, 0, 1).Channel(1);
  EXPECT_GT(std::count(annotation.begin(), annotation.end(), 1.0f), 6 * 6 + 100);
}

namespace
{
/** Adds an image with square cells of the given edges, in pixels, as a mask with one label for all of them. */
void
AddSquares(GreySource *                source,
           const std::vector<size_t> & edges,
           const SpacingType &         spacing,
           const bool                  isMask = false)
{
  const ExtentType extent{ { 10 + 210 * edges.size(), 210, 1 } };
  const auto       image = NewImage<GreyImage>(extent, spacing);
  const auto       labels = NewLabels<LabelImage>(extent, spacing);
  image->Allocate();
  image->FillBuffer(1.0f);
  for (size_t i = 0; i < edges.size(); ++i)
  {
    const auto label = static_cast<uint16_t>(isMask ? 1 : i + 1);
    FillBox(labels.GetPointer(), { { 5 + 210 * i, 5, 0 } }, { { edges[i], edges[i], 1 } }, label);
  }
  source->AddImage(image, labels);
}

/** The estimate for images of square cells: edges of each image and their spacing. */
SpacingType
EstimateForSquares(const std::vector<std::pair<std::vector<size_t>, SpacingType>> & images)
{
  const auto source = GreySource::New();
  for (const auto & image : images)
  {
    AddSquares(source, image.first, image.second);
  }
  return source->EstimateSpacing();
}
} // namespace

TEST(AnnotationSampleSource, SpacingMakesTheMedianCellTwentyPixelsWide)
{
  const SpacingType unit{ { 1.0, 1.0, 1.0 } };
  // A square of edge e is as large as a disc of diameter 1.128 e.
  for (const auto & [edge, factor] : { std::make_pair(5, 1.0), { 17, 1.0 }, { 40, 2.0 }, { 100, 6.0 }, { 200, 11.0 } })
  {
    EXPECT_EQ(EstimateForSquares({ { { static_cast<size_t>(edge) }, unit } }), (SpacingType{ { factor, factor, 0.0 } }))
      << edge;
  }
  // The median of all cells, in physical units.
  EXPECT_EQ(EstimateForSquares({ { { 200, 40, 5 }, unit } }), (SpacingType{ { 2.0, 2.0, 0.0 } }));
  EXPECT_EQ(EstimateForSquares({ { { 200 }, unit }, { { 40, 40 }, unit } }), (SpacingType{ { 2.0, 2.0, 0.0 } }));
  EXPECT_EQ(EstimateForSquares({ { { 20 }, unit }, { { 20, 20 }, { { 5.0, 5.0, 1.0 } } } }),
            (SpacingType{ { 6.0, 6.0, 0.0 } }));
  EXPECT_EQ(EstimateForSquares({ { { 100 }, { { 0.001, 0.001, 1.0 } } } }), (SpacingType{ { 0.006, 0.006, 0.0 } }));
  // 40 x 160 units, like a disc of diameter 90: 5 pixels of 1, or one of 4.
  EXPECT_EQ(EstimateForSquares({ { { 40 }, { { 1.0, 4.0, 1.0 } } } }), (SpacingType{ { 5.0, 4.0, 0.0 } }));
}

TEST(AnnotationSampleSource, SpacingOfDiscsAndBalls)
{
  const auto disc = [](auto * labels, double radius) {
    using LabelsType = std::remove_pointer_t<decltype(labels)>;
    itk::ImageRegionIteratorWithIndex<LabelsType> it(labels, labels->GetLargestPossibleRegion());
    for (; !it.IsAtEnd(); ++it)
    {
      double squares = 0.0;
      for (unsigned int axis = 0; axis < LabelsType::ImageDimension; ++axis)
      {
        const double centre = labels->GetLargestPossibleRegion().GetIndex(axis) +
                              static_cast<double>(labels->GetLargestPossibleRegion().GetSize(axis)) / 2;
        const double distance = (static_cast<double>(it.GetIndex()[axis]) - centre) * labels->GetSpacing()[axis];
        squares += distance * distance;
      }
      it.Set(squares < radius * radius ? 1 : 0);
    }
  };
  const auto flat = NewLabels<LabelImage>({ { 90, 90, 1 } });
  const auto flatImage = NewImage<GreyImage>({ { 90, 90, 1 } });
  flatImage->Allocate();
  flatImage->FillBuffer(1.0f);
  disc(flat.GetPointer(), 40.0);
  const auto source = GreySource::New();
  source->AddImage(flatImage, flat);
  EXPECT_EQ(source->EstimateSpacing(), (SpacingType{ { 4.0, 4.0, 0.0 } }));

  const SpacingType spacing{ { 1.0, 0.5, 3.0 } };
  const auto        deep = NewLabels<VolumeLabels>({ { 70, 140, 24 } }, spacing);
  const auto        deepImage = NewImage<VolumeImage>({ { 70, 140, 24 } }, spacing);
  deepImage->Allocate();
  deepImage->FillBuffer(1);
  disc(deep.GetPointer(), 30.0);
  const auto volumes = itk::AnnotationSampleSource<VolumeImage, VolumeLabels>::New();
  volumes->AddImage(deepImage, deep);
  EXPECT_EQ(volumes->EstimateSpacing(), (SpacingType{ { 3.0, 3.0, 3.0 } }));
}

TEST(AnnotationSampleSource, SpacingOfMasksComesFromTheirParts)
{
  const SpacingType unit{ { 1.0, 1.0, 1.0 } };
  const auto        mask = GreySource::New();
  AddSquares(mask, { 40, 40, 40, 200 }, unit, true);
  EXPECT_EQ(mask->EstimateSpacing(), (SpacingType{ { 2.0, 2.0, 0.0 } }));

  // Parts may be several cells: where some annotations tell cells apart, these decide.
  const auto mixed = GreySource::New();
  AddSquares(mixed, { 200, 200, 200 }, unit, true);
  AddSquares(mixed, { 40, 40 }, unit);
  AddSquares(mixed, { 200, 200, 200 }, unit, true);
  EXPECT_EQ(mixed->EstimateSpacing(), (SpacingType{ { 2.0, 2.0, 0.0 } }));
}

TEST(AnnotationSampleSource, SpacingLeavesIgnoredPixelsOut)
{
  const auto source = GreySource::New();
  source->UseIgnoreLabelOn();
  source->SetIgnoreLabel(1);
  AddSquares(source, { 200, 40 }, { { 1.0, 1.0, 1.0 } });
  EXPECT_EQ(source->EstimateSpacing(), (SpacingType{ { 2.0, 2.0, 0.0 } }));
}

TEST(AnnotationSampleSource, RefusesImagesThatDoNotLieOnOneGrid)
{
  const ExtentType extent{ { 12, 10, 1 } };
  const auto       image = NewImage<GreyImage>(extent);
  const auto       labels = NewLabels<LabelImage>(extent);
  image->Allocate();
  image->FillBuffer(1.0f);
  const auto source = GreySource::New();
  const auto expectBoth = [&](const LabelImage * wrong, const std::vector<std::string> & numbers) {
    auto fragments = numbers;
    fragments.emplace_back("annotation");
    ExpectError([&] { source->AddImage(image, wrong); }, fragments);
    fragments.back() = "candidates";
    ExpectError([&] { source->AddImage(image, labels, wrong); }, fragments);
  };
  expectBoth(NewLabels<LabelImage>({ { 12, 11, 1 } }), { "[12, 11]", "[12, 10]" });
  expectBoth(NewLabels<LabelImage>(extent, { { 1.0, 1.5, 1.0 } }), { "1.5" });
  const auto moved = NewLabels<LabelImage>(extent);
  auto       origin = moved->GetOrigin();
  origin[0] = 0.125;
  moved->SetOrigin(origin);
  expectBoth(moved, { "0.125" });
  const auto turned = NewLabels<LabelImage>(extent);
  auto       direction = turned->GetDirection();
  std::swap(direction[0][0], direction[0][1]);
  std::swap(direction[1][0], direction[1][1]);
  turned->SetDirection(direction);
  expectBoth(turned, { "direction" });
  EXPECT_EQ(source->GetNumberOfImages(), 0u);
}

TEST(AnnotationSampleSource, RefusesValuesThatAreNotFinite)
{
  using PreciseImage = itk::Image<double, 2>;
  const auto source = itk::AnnotationSampleSource<PreciseImage, LabelImage>::New();
  for (const double value : { std::nan(""), HUGE_VAL, -HUGE_VAL, 1e300 })
  {
    const auto image = NewImage<PreciseImage>({ { 12, 10, 1 } });
    image->Allocate();
    image->FillBuffer(1.0);
    image->SetPixel(IndexOf(image.GetPointer(), { { 4, 5, 0 } }), value);
    ExpectError(
      [&] {
        source->AddImage(image, NewLabels<LabelImage>({ { 12, 10, 1 } }));
      },
      { "image", "[1, 9]", "finite" });
  }
  EXPECT_EQ(source->GetNumberOfImages(), 0u);
}

TEST(AnnotationSampleSource, RefusesImagesOfDifferentChannels)
{
  using Vectors = itk::VectorImage<float, 2>;
  const Scene<Vectors, LabelImage> two({ { 12, 10, 1 } }, 2, 1);
  const Scene<Vectors, LabelImage> three({ { 12, 10, 1 } }, 3, 1);
  const auto                       source = itk::AnnotationSampleSource<Vectors, LabelImage>::New();
  source->AddImage(two.Image, two.Annotation);
  ExpectError([&] { source->AddImage(three.Image, three.Annotation); }, { "Image 2 has 3 channels", "2" });
  ExpectError([&] { source->Prepare(NewModel(2, 3)); }, { "2 channels", "3 channels" });
  source->Prepare(NewModel(2, 2));
}

TEST(AnnotationSampleSource, RefusesWhatCannotTeach)
{
  const ExtentType                   extent{ { 12, 10, 1 } };
  const Scene<GreyImage, LabelImage> scene(extent, 1, 1);

  auto source = GreySource::New();
  ExpectError([&] { source->Prepare(NewModel(2, 1)); }, { "no images", "AddImage" });
  ExpectError([&] { source->EstimateSpacing(); }, { "no cell" });

  source->AddImage(scene.Image, scene.Annotation);
  ExpectError([&] { source->Prepare(NewModel(3, 1)); }, { "2-D", "3-D" });
  source->SetInclusionRate(0.25);
  ExpectError([&] { source->Prepare(NewModel(2, 1)); }, { "Image 1", "candidates", "0.25" });
  source->SetInclusionRate(0.0);
  std::vector<float> buffer(2 * 12 * 10);
  const auto         draw = [&] { source->DrawImage(0, 1, buffer.data(), buffer.data()); };
  ExpectError(draw, { "not prepared", "Prepare()" });
  source->Prepare(NewModel(2, 1));
  ExpectError([&] { source->Prepare(NewModel(2, 1)); }, { "already" });

  source = GreySource::New();
  source->AddImage(scene.Image, NewLabels<LabelImage>(extent));
  ExpectError([&] { source->EstimateSpacing(); }, { "no cell", "1 annotations" });
  ExpectError([&] { source->Prepare(NewModel(2, 1)); }, { "no cell", "1 annotations" });
  source->AddImage(scene.Image, scene.Annotation);
  EXPECT_NO_THROW(source->Prepare(NewModel(2, 1)));
  EXPECT_FALSE(source->HasForeground(0));
  EXPECT_TRUE(source->HasForeground(1));

  // Of another unit.
  source = GreySource::New();
  source->AddImage(scene.Image, scene.Annotation);
  const auto model = NewModel(2, 1);
  model->SetSpacing({ { 1000.0, 1000.0, 1000.0 } });
  ExpectError([&] { source->Prepare(model); }, { "units may differ" });
  ExpectError([&] { source->VerifyModel(model); }, { "not prepared" });
  model->SetSpacing({ { 1.0, 1.0, 1.0 } });
  EXPECT_NO_THROW(source->Prepare(model));

  const auto nothing = NewLabels<LabelImage>({ { 0, 10, 1 } });
  const auto dark = NewImage<GreyImage>({ { 0, 10, 1 } });
  dark->Allocate();
  ExpectError([&] { GreySource::New()->AddImage(dark, nothing); }, { "Image 1", "no pixels" });

  source = GreySource::New();
  const auto ignored = NewLabels<LabelImage>(extent);
  ignored->FillBuffer(9);
  source->UseIgnoreLabelOn();
  source->SetIgnoreLabel(9);
  source->AddImage(scene.Image, ignored);
  ExpectError([&] { source->Prepare(NewModel(2, 1)); }, { "no cell" });
}

TEST(AnnotationSampleSource, DescriptionDoesNotDependOnTheLocale)
{
  class Commas : public std::numpunct<char>
  {
    char
    do_decimal_point() const override
    {
      return ',';
    }
    std::string
    do_grouping() const override
    {
      return "\1";
    }
  };
  const auto source = GreySource::New();
  source->SetOmissionRate(0.123456789);
  source->UseIgnoreLabelOn();
  source->SetIgnoreLabel(200);
  const auto plain = source->GetDescription();
  const auto before = std::locale::global(std::locale(std::locale::classic(), new Commas));
  const auto description = source->GetDescription();
  std::locale::global(before);
  EXPECT_EQ(description, plain);
  EXPECT_NE(plain.find("\"omission_rate\": 0.123456789"), std::string::npos);
  EXPECT_NE(plain.find("\"ignore_label\": 200"), std::string::npos);
}

TEST(AnnotationSampleSource, RefusesMasksWhereCellsAreOmitted)
{
  const SpacingType unit{ { 1.0, 1.0, 1.0 } };
  const auto        prepare = [&](const double rate, const bool takesAnnotation, const bool isMask) {
    const auto source = GreySource::New();
    source->SetOmissionRate(rate);
    AddSquares(source, { 20 }, unit, true);
    AddSquares(source, { 20, 30, 40 }, unit, isMask);
    source->Prepare(NewModel(2, 1, takesAnnotation));
  };
  ExpectError([&] { prepare(0.7, true, true); }, { "masks", "image 2", "3 parts", "0.7", "import" });
  EXPECT_NO_THROW(prepare(0.0, true, true));
  EXPECT_NO_THROW(prepare(0.7, false, true));
  EXPECT_NO_THROW(prepare(0.7, true, false));
}

TEST(AnnotationSampleSource, CandidatesMayBeOnAGridOfSinglePrecision)
{
  const ExtentType                   extent{ { 24, 20, 1 } };
  const Scene<GreyImage, LabelImage> scene(extent, 1, 1);
  scene.Candidates->SetSpacing(itk::Vector<double, 2>(1.0001));
  const auto source = GreySource::New();
  source->SetInclusionRate(1.0);
  source->AddImage(scene.Image, scene.Annotation, scene.Candidates);
  source->Prepare(NewModel(2, 1));
  std::vector<float> input(2 * 24 * 20);
  std::vector<float> target(24 * 20);
  EXPECT_NO_THROW(source->DrawImage(0, 1, input.data(), target.data()));
}

TEST(AnnotationSampleSource, ImagesWithoutCellsAreFineBesideOthers)
{
  const ExtentType                   extent{ { 24, 20, 1 } };
  const Scene<GreyImage, LabelImage> scene(extent, 1, 1);
  const auto                         source = GreySource::New();
  source->SetOmissionRate(0.5);
  source->SetMaximumIterations(2);
  source->AddImage(scene.Image, NewLabels<LabelImage>(extent));
  source->AddImage(scene.Image, scene.Annotation);
  source->Prepare(NewModel(2, 1));
  for (uint64_t seed = 0; seed < 10; ++seed)
  {
    const auto drawn = DrawPatch(source, 2, 0, seed, { { 16, 16, 1 } });
    EXPECT_EQ(drawn.Target, std::vector<float>(256, 0.0f));
    EXPECT_EQ(drawn.Channel(1), drawn.Target);
  }
}

TEST(AnnotationSampleSource, ConstantImagesGiveFiniteSamples)
{
  const ExtentType extent{ { 12, 10, 1 } };
  for (const float value : { 0.0f, 7.0f, -3.0f })
  {
    for (const auto normalization : { itk::IntensityNormalization::Maximum,
                                      itk::IntensityNormalization::Percentile,
                                      itk::IntensityNormalization::Standard,
                                      itk::IntensityNormalization::None })
    {
      const auto image = NewImage<GreyImage>(extent);
      image->Allocate();
      image->FillBuffer(value);
      const auto labels = NewLabels<LabelImage>(extent);
      FillBox(labels.GetPointer(), { { 3, 3, 0 } }, { { 4, 4, 1 } }, 1);
      const auto model = NewModel(2, 1);
      model->SetNormalization(normalization);
      const auto source = GreySource::New();
      source->AddImage(image, labels);
      source->Prepare(model);
      for (uint64_t seed = 0; seed < 5; ++seed)
      {
        for (const float drawn : DrawPatch(source, 2, 0, seed, { { 16, 16, 1 } }).Input)
        {
          EXPECT_TRUE(std::isfinite(drawn));
        }
      }
    }
  }
}

namespace
{
/** A source of all features with the given memory; `reads` counts what is read again. */
template <typename TImage, typename TLabelImage>
auto
SourceWithMemory(const std::vector<Scene<TImage, TLabelImage>> & scenes, size_t memory, std::vector<size_t> & reads)
{
  const auto source = itk::AnnotationSampleSource<TImage, TLabelImage>::New();
  source->SetMaximumMemory(memory);
  source->SetOmissionRate(0.4);
  source->SetInclusionRate(0.5);
  source->SetMaximumIterations(2);
  source->UseIgnoreLabelOn();
  source->SetIgnoreLabel(2);
  reads.assign(scenes.size(), 0);
  for (size_t i = 0; i < scenes.size(); ++i)
  {
    const auto & scene = scenes[i];
    source->AddImage(scene.Image, scene.Annotation, scene.Candidates, [&scene, &reads, i] {
      ++reads[i];
      return typename Scene<TImage, TLabelImage>::SourceType::AnnotatedImage{ scene.Image.GetPointer(),
                                                                              scene.Annotation.GetPointer(),
                                                                              scene.Candidates.GetPointer() };
    });
  }
  return source;
}
} // namespace

TYPED_TEST(AnnotationSampleSourceTest, ImagesThatAreReadAgainGiveTheSameSamples)
{
  using ImageType = typename TypeParam::ImageType;
  using LabelImageType = typename TypeParam::LabelImageType;
  constexpr unsigned int dimension = ImageType::ImageDimension;
  constexpr unsigned int channels = TypeParam::Channels;
  const ExtentType       extent{ { 31, 24, dimension == 2 ? 1u : 9u } };

  std::vector<Scene<ImageType, LabelImageType>> scenes;
  for (unsigned int i = 0; i < 3; ++i)
  {
    scenes.emplace_back(extent, channels, i);
  }
  for (const auto normalization : { itk::IntensityNormalization::Maximum, itk::IntensityNormalization::Percentile })
  {
    const auto model = NewModel(dimension, channels);
    model->SetNormalization(normalization);
    std::vector<size_t> keptReads, reads;
    const auto          kept = SourceWithMemory(scenes, 1000, keptReads);
    const auto          read = SourceWithMemory(scenes, 0, reads);
    EXPECT_EQ(kept->EstimateSpacing(), read->EstimateSpacing());
    model->SetSpacing({ { 2.0, 2.0, 0.0 } });
    kept->Prepare(model);
    read->Prepare(model);
    EXPECT_EQ(reads, std::vector<size_t>(3, 0));
    const ExtentType patch{ { 8, 8, dimension == 2 ? 1u : 4u } };
    for (size_t image = 0; image < scenes.size(); ++image)
    {
      EXPECT_EQ(kept->GetExtent(image), read->GetExtent(image));
      for (uint64_t seed = 0; seed < 10; ++seed)
      {
        EXPECT_TRUE(DrawPatch(kept, channels + 1, image, seed, patch) ==
                    DrawPatch(read, channels + 1, image, seed, patch));
        EXPECT_TRUE(DrawImage(kept, channels + 1, image, seed) == DrawImage(read, channels + 1, image, seed));
      }
    }
    EXPECT_EQ(reads, std::vector<size_t>(3, 20));
    EXPECT_EQ(keptReads, std::vector<size_t>(3, 0));
  }
}

TEST(AnnotationSampleSource, KeepsWhatFitsIntoMemory)
{
  // 1.4 MB of intensities, labels and target each, where 3 MiB may be used.
  const ExtentType                          extent{ { 400, 300, 1 } };
  std::vector<Scene<GreyImage, LabelImage>> scenes;
  for (unsigned int i = 0; i < 4; ++i)
  {
    scenes.emplace_back(extent, 1, i);
  }
  std::vector<size_t> reads;
  const auto          source = SourceWithMemory(scenes, 3, reads);
  source->Prepare(NewModel(2, 1));
  for (size_t image = 0; image < scenes.size(); ++image)
  {
    DrawPatch(source, 2, image, 1, { { 16, 16, 1 } });
  }
  EXPECT_EQ(reads, (std::vector<size_t>{ 0, 0, 1, 1 }));
}

TEST(AnnotationSampleSource, RefusesImagesThatChange)
{
  const Scene<GreyImage, LabelImage> scene({ { 24, 20, 1 } }, 1, 1);
  const Scene<GreyImage, LabelImage> larger({ { 25, 20, 1 } }, 1, 1);
  const auto                         source = GreySource::New();
  source->SetMaximumMemory(0);
  GreySource::AnnotatedImage now{ scene.Image.GetPointer(), scene.Annotation.GetPointer(), nullptr };
  source->AddImage(scene.Image, scene.Annotation, nullptr, [&now] { return now; });
  source->Prepare(NewModel(2, 1));
  const auto draw = [&] { DrawPatch(source, 2, 0, 1, { { 16, 16, 1 } }); };
  draw();
  now.Image = larger.Image;
  ExpectError(draw, { "Image 1", "changed" });
  now = { larger.Image.GetPointer(), larger.Annotation.GetPointer(), nullptr };
  ExpectError(draw, { "Image 1", "changed" });
  now = { scene.Image.GetPointer(), nullptr, nullptr };
  ExpectError(draw, { "Image 1", "changed" });
}
