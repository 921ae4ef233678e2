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
#include "itkGraphBasedSegmentationImageFilter.h"

#include "itkGTest.h"
#include "itkImageRegionConstIteratorWithIndex.h"
#include "itkImageRegionIteratorWithIndex.h"
#include "itkRGBPixel.h"
#include "itkVectorImage.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <tuple>

namespace
{
using ImageType = itk::Image<double, 2>;
using SegmentsType = itk::Image<unsigned int, 2>;
using FilterType = itk::GraphBasedSegmentationImageFilter<ImageType, SegmentsType>;

template <typename TImage>
typename TImage::Pointer
MakeImage(const typename TImage::SizeType & size, unsigned int components = 1)
{
  const auto image = TImage::New();
  image->SetRegions(size);
  image->SetNumberOfComponentsPerPixel(components);
  image->Allocate();
  return image;
}

/** `value(index)` for each pixel. */
template <typename TImage, typename TValue>
typename TImage::Pointer
MakeImageOf(const typename TImage::SizeType & size, const TValue & value)
{
  const auto image = MakeImage<TImage>(size);
  for (itk::ImageRegionIteratorWithIndex<TImage> pixel(image, image->GetBufferedRegion()); !pixel.IsAtEnd(); ++pixel)
  {
    pixel.Set(value(pixel.GetIndex()));
  }
  return image;
}

/** Noise over blobs; all distances between neighbours differ. */
template <typename TImage>
typename TImage::Pointer
MakeRealNoise(const typename TImage::SizeType & size, unsigned int seed)
{
  std::mt19937 random(seed);
  return MakeImageOf<TImage>(size, [&](const typename TImage::IndexType & index) {
    const bool bright = (index[0] / 7 + index[1] / 5) % 2 == 0;
    return (bright ? 50.0 : 0.0) + 30.0 * static_cast<double>(random()) / 4294967296.0;
  });
}

/** Few different values, so that most distances are equal to others. */
template <typename TImage>
typename TImage::Pointer
MakeIntegerNoise(const typename TImage::SizeType & size, unsigned int seed)
{
  std::mt19937 random(seed);
  return MakeImageOf<TImage>(size, [&](const typename TImage::IndexType &) { return random() % 5; });
}

struct Parameters
{
  double             scale;
  double             sigma;
  itk::SizeValueType minimumSize;
};

template <typename TSegments = SegmentsType, typename TImage>
typename TSegments::Pointer
Segment(const TImage * image, const Parameters & parameters)
{
  const auto filter = itk::GraphBasedSegmentationImageFilter<TImage, TSegments>::New();
  filter->SetInput(image);
  filter->SetScale(parameters.scale);
  filter->SetSigma(parameters.sigma);
  filter->SetMinimumSize(parameters.minimumSize);
  filter->Update();
  return filter->GetOutput();
}

template <typename TImage>
std::vector<typename TImage::PixelType>
Values(const TImage * image)
{
  const auto count = image->GetBufferedRegion().GetNumberOfPixels();
  return { image->GetBufferPointer(), image->GetBufferPointer() + count };
}

template <typename TImage>
std::map<unsigned int, itk::SizeValueType>
Sizes(const TImage * segments)
{
  std::map<unsigned int, itk::SizeValueType> sizes;
  for (const auto label : Values(segments))
  {
    ++sizes[label];
  }
  return sizes;
}

/** Edge of the graph; of one pixel to another, as places in the buffer. */
struct Edge
{
  double weight;
  size_t from;
  size_t to;
};

/** Every pair of pixels whose indices differ by at most 1 along each axis, found by trying all pairs. */
template <typename TImage>
std::vector<Edge>
AllEdges(const TImage * image)
{
  const auto        values = Values(image);
  std::vector<Edge> edges;
  for (size_t a = 0; a < values.size(); ++a)
  {
    for (size_t b = a + 1; b < values.size(); ++b)
    {
      const auto offset = image->ComputeIndex(b) - image->ComputeIndex(a);
      const auto isFar = [](itk::OffsetValueType step) { return std::abs(step) > 1; };
      if (std::none_of(offset.begin(), offset.end(), isFar))
      {
        edges.push_back({ std::abs(static_cast<double>(values[b]) - static_cast<double>(values[a])), a, b });
      }
    }
  }
  std::sort(edges.begin(), edges.end(), [](const Edge & e, const Edge & f) {
    return std::tie(e.weight, e.from, e.to) < std::tie(f.weight, f.from, f.to);
  });
  return edges;
}

/** Int(C) by its definition: the largest weight in the minimum spanning tree of a segment, grown from its first pixel
 * (Prim). Fails where the segment is not connected. */
double
InternalDifference(const std::vector<Edge> & edges, const std::vector<size_t> & segmentOf, size_t segment)
{
  std::set<size_t> outside;
  for (size_t pixel = 0; pixel < segmentOf.size(); ++pixel)
  {
    if (segmentOf[pixel] == segment)
    {
      outside.insert(pixel);
    }
  }
  std::set<size_t> tree{ *outside.begin() };
  outside.erase(outside.begin());
  double largest = 0.0;
  while (!outside.empty())
  {
    const auto lightest = std::find_if(edges.begin(), edges.end(), [&](const Edge & edge) {
      return tree.count(edge.from) + tree.count(edge.to) == 1 && outside.count(edge.from) + outside.count(edge.to) == 1;
    });
    if (lightest == edges.end())
    {
      ADD_FAILURE() << "segment " << segment << " is not connected";
      break;
    }
    largest = std::max(largest, lightest->weight);
    for (const size_t pixel : { lightest->from, lightest->to })
    {
      tree.insert(pixel);
      outside.erase(pixel);
    }
  }
  return largest;
}

/** Algorithm 1 of the paper with all its definitions taken literally, and the removal of small segments; slow. */
template <typename TImage>
std::vector<unsigned int>
SegmentLiterally(const TImage * image, const Parameters & parameters)
{
  const auto          edges = AllEdges(image);
  std::vector<size_t> segmentOf(image->GetBufferedRegion().GetNumberOfPixels());
  std::iota(segmentOf.begin(), segmentOf.end(), size_t{ 0 });
  const auto sizeOf = [&](size_t segment) {
    return static_cast<double>(std::count(segmentOf.begin(), segmentOf.end(), segment));
  };
  const auto unite = [&](size_t a, size_t b) { std::replace(segmentOf.begin(), segmentOf.end(), b, a); };
  const auto limit = [&](size_t segment) {
    return InternalDifference(edges, segmentOf, segment) + parameters.scale / sizeOf(segment);
  };
  for (const Edge & edge : edges)
  {
    const size_t a = segmentOf[edge.from];
    const size_t b = segmentOf[edge.to];
    if (a != b && edge.weight <= std::min(limit(a), limit(b)))
    {
      unite(a, b);
    }
  }
  for (const Edge & edge : edges)
  {
    const size_t a = segmentOf[edge.from];
    const size_t b = segmentOf[edge.to];
    if (a != b && std::min(sizeOf(a), sizeOf(b)) < static_cast<double>(parameters.minimumSize))
    {
      unite(a, b);
    }
  }
  std::map<size_t, unsigned int> labels;
  std::vector<unsigned int>      result;
  for (const size_t segment : segmentOf)
  {
    result.push_back(labels.emplace(segment, labels.size() + 1).first->second);
  }
  return result;
}

/** Two flat halves of 6 x 8 and 10 x 8 pixels. */
ImageType::Pointer
MakeStep(double height)
{
  return MakeImageOf<ImageType>({ { 16, 8 } },
                                [height](const ImageType::IndexType & index) { return index[0] < 6 ? 0.0 : height; });
}
} // namespace

TEST(GraphBasedSegmentationImageFilter, ConstantImageIsOneSegment)
{
  const auto image = MakeImageOf<ImageType>({ { 9, 5 } }, [](const ImageType::IndexType &) { return 7.5; });
  for (const double scale : { 0.0, 1.0, 1e6 })
  {
    for (const double sigma : { 0.0, 0.8, 20.0 })
    {
      const auto segments = Segment(image.GetPointer(), { scale, sigma, 1 });
      EXPECT_EQ(Sizes(segments.GetPointer()), (std::map<unsigned int, itk::SizeValueType>{ { 1, 45 } }));
    }
  }
}

TEST(GraphBasedSegmentationImageFilter, TwoFlatHalvesAreOneFromAStepOnThatScaleTells)
{
  constexpr double height = 3.0;
  constexpr double pixelsOfLarger = 80.0;
  const auto       image = MakeStep(height);
  const auto       apart = Segment(image.GetPointer(), { height * pixelsOfLarger - 1e-6, 0.0, 1 });
  EXPECT_EQ(Sizes(apart.GetPointer()), (std::map<unsigned int, itk::SizeValueType>{ { 1, 48 }, { 2, 80 } }));
  EXPECT_EQ(apart->GetPixel({ { 5, 7 } }), 1u);
  EXPECT_EQ(apart->GetPixel({ { 6, 0 } }), 2u);
  const auto united = Segment(image.GetPointer(), { height * pixelsOfLarger, 0.0, 1 });
  EXPECT_EQ(Sizes(united.GetPointer()).size(), 1u);
}

TEST(GraphBasedSegmentationImageFilter, SegmentsAreUnitedUpToTheMinimumSize)
{
  const auto image = MakeStep(3.0);
  EXPECT_EQ(Sizes(Segment(image.GetPointer(), { 1.0, 0.0, 48 }).GetPointer()).size(), 2u);
  EXPECT_EQ(Sizes(Segment(image.GetPointer(), { 1.0, 0.0, 49 }).GetPointer()).size(), 1u);
}

TEST(GraphBasedSegmentationImageFilter, WithoutScaleEveryPixelIsASegment)
{
  const auto image = MakeRealNoise<ImageType>({ { 13, 11 } }, 1);
  const auto filter = FilterType::New();
  filter->SetInput(image);
  filter->SetScale(0.0);
  filter->SetSigma(0.0);
  filter->SetMinimumSize(1);
  filter->Update();
  EXPECT_EQ(filter->GetNumberOfSegments(), 143u);
  const auto labels = Values(filter->GetOutput());
  for (size_t i = 0; i < labels.size(); ++i)
  {
    EXPECT_EQ(labels[i], i + 1);
  }
}

TEST(GraphBasedSegmentationImageFilter, AgreesWithTheDefinitionsTakenLiterally)
{
  for (unsigned int seed = 0; seed < 12; ++seed)
  {
    for (const double scale : { 0.0, 2.0, 15.0, 200.0 })
    {
      for (const itk::SizeValueType minimumSize : { 1, 7 })
      {
        const Parameters parameters{ scale, 0.0, minimumSize };
        const auto       integers = MakeIntegerNoise<ImageType>({ { 9, 8 } }, seed);
        EXPECT_EQ(Values(Segment(integers.GetPointer(), parameters).GetPointer()),
                  SegmentLiterally(integers.GetPointer(), parameters));
        const auto reals = MakeRealNoise<ImageType>({ { 11, 7 } }, seed);
        EXPECT_EQ(Values(Segment(reals.GetPointer(), parameters).GetPointer()),
                  SegmentLiterally(reals.GetPointer(), parameters));
      }
    }
  }
}

TEST(GraphBasedSegmentationImageFilter, AgreesWithTheDefinitionsInThreeDimensions)
{
  using VolumeType = itk::Image<short, 3>;
  for (unsigned int seed = 0; seed < 4; ++seed)
  {
    const Parameters parameters{ 6.0, 0.0, 3 };
    const auto       image = MakeIntegerNoise<VolumeType>({ { 4, 5, 3 } }, seed);
    EXPECT_EQ(Values(Segment<itk::Image<unsigned int, 3>>(image.GetPointer(), parameters).GetPointer()),
              SegmentLiterally(image.GetPointer(), parameters));
  }
}

// Theorem 1 of the paper: the segmentation is not too fine.
TEST(GraphBasedSegmentationImageFilter, ThereIsEvidenceForABoundaryBetweenAllNeighbors)
{
  for (unsigned int seed = 20; seed < 26; ++seed)
  {
    constexpr double         scale = 40.0;
    const auto               image = MakeRealNoise<ImageType>({ { 20, 15 } }, seed);
    const auto               labels = Values(Segment(image.GetPointer(), { scale, 0.0, 1 }).GetPointer());
    const auto               edges = AllEdges(image.GetPointer());
    std::vector<size_t>      segmentOf(labels.begin(), labels.end());
    std::map<size_t, double> limits;
    for (const size_t label : std::set<size_t>(segmentOf.begin(), segmentOf.end()))
    {
      limits[label] = InternalDifference(edges, segmentOf, label) +
                      scale / static_cast<double>(std::count(segmentOf.begin(), segmentOf.end(), label));
    }
    EXPECT_GT(limits.size(), 1u);
    for (const Edge & edge : edges)
    {
      const size_t a = segmentOf[edge.from];
      const size_t b = segmentOf[edge.to];
      EXPECT_TRUE(a == b || edge.weight > std::min(limits[a], limits[b]));
    }
  }
}

TEST(GraphBasedSegmentationImageFilter, SegmentsAreConnectedNumberedAndLargeEnough)
{
  for (const double sigma : { 0.0, 0.8, 1.2 })
  {
    constexpr itk::SizeValueType minimumSize = 12;
    const auto                   image = MakeRealNoise<ImageType>({ { 31, 24 } }, 3);
    const auto                   segments = Segment(image.GetPointer(), { 30.0, sigma, minimumSize });
    const auto                   labels = Values(segments.GetPointer());
    unsigned int                 last = 0;
    for (const unsigned int label : labels)
    {
      EXPECT_LE(label, last + 1);
      last = std::max(last, label);
    }
    EXPECT_GT(last, 2u);
    for (const auto & [label, size] : Sizes(segments.GetPointer()))
    {
      EXPECT_GE(label, 1u);
      EXPECT_GE(size, minimumSize);
    }
    const auto                edges = AllEdges(image.GetPointer());
    const std::vector<size_t> segmentOf(labels.begin(), labels.end());
    for (unsigned int label = 1; label <= last; ++label)
    {
      InternalDifference(edges, segmentOf, label);
    }
  }
}

TEST(GraphBasedSegmentationImageFilter, OnlyDifferencesInUnitsOfScaleCount)
{
  const auto image = MakeRealNoise<ImageType>({ { 40, 30 } }, 4);
  const auto expected = Values(Segment(image.GetPointer(), { 60.0, 0.0, 5 }).GetPointer());
  const auto other = MakeImageOf<ImageType>(
    { { 40, 30 } }, [&](const ImageType::IndexType & index) { return -4.0 * image->GetPixel(index); });
  EXPECT_EQ(Values(Segment(other.GetPointer(), { 240.0, 0.0, 5 }).GetPointer()), expected);
}

TEST(GraphBasedSegmentationImageFilter, MirroredImageHasMirroredSegments)
{
  const auto image = MakeRealNoise<ImageType>({ { 40, 30 } }, 5);
  const auto mirror = [](const ImageType::IndexType & index) {
    return ImageType::IndexType{ { index[0], 29 - index[1] } };
  };
  const auto mirrored = MakeImageOf<ImageType>(
    { { 40, 30 } }, [&](const ImageType::IndexType & index) { return image->GetPixel(mirror(index)); });
  const Parameters parameters{ 60.0, 1.0, 5 };
  const auto       segments = Segment(image.GetPointer(), parameters);
  const auto       mirroredSegments = Segment(mirrored.GetPointer(), parameters);

  std::map<unsigned int, unsigned int>                 partner;
  itk::ImageRegionConstIteratorWithIndex<SegmentsType> pixel(segments, segments->GetBufferedRegion());
  for (; !pixel.IsAtEnd(); ++pixel)
  {
    const unsigned int label = mirroredSegments->GetPixel(mirror(pixel.GetIndex()));
    EXPECT_EQ(partner.emplace(pixel.Get(), label).first->second, label);
  }
  EXPECT_EQ(partner.size(), Sizes(mirroredSegments.GetPointer()).size());
}

TEST(GraphBasedSegmentationImageFilter, WeightIsTheDistanceOfAllComponents)
{
  using ColorImageType = itk::Image<itk::RGBPixel<unsigned char>, 2>;
  // Distances 6, 2 and 3 in the colours, 7 together.
  const auto color = MakeImageOf<ColorImageType>({ { 16, 8 } }, [](const ImageType::IndexType & index) {
    itk::RGBPixel<unsigned char> pixel;
    const bool                   left = index[0] < 6;
    pixel.Set(left ? 10 : 16, left ? 22 : 20, left ? 33 : 30);
    return pixel;
  });
  EXPECT_EQ(Sizes(Segment(color.GetPointer(), { 7.0 * 80 - 1e-6, 0.0, 1 }).GetPointer()).size(), 2u);
  EXPECT_EQ(Sizes(Segment(color.GetPointer(), { 7.0 * 80, 0.0, 1 }).GetPointer()).size(), 1u);
}

TEST(GraphBasedSegmentationImageFilter, FourEqualComponentsAreOneOfTwiceTheScale)
{
  using VectorImageType = itk::VectorImage<double, 2>;
  const auto                                        image = MakeRealNoise<ImageType>({ { 40, 30 } }, 6);
  const auto                                        vectors = MakeImage<VectorImageType>({ { 40, 30 } }, 4);
  itk::ImageRegionConstIteratorWithIndex<ImageType> pixel(image, image->GetBufferedRegion());
  for (; !pixel.IsAtEnd(); ++pixel)
  {
    VectorImageType::PixelType value(4);
    value.Fill(pixel.Get());
    vectors->SetPixel(pixel.GetIndex(), value);
  }
  const auto expected = Segment(image.GetPointer(), { 30.0, 0.8, 5 });
  EXPECT_GT(Sizes(expected.GetPointer()).size(), 2u);
  EXPECT_EQ(Values(Segment(vectors.GetPointer(), { 60.0, 0.8, 5 }).GetPointer()), Values(expected.GetPointer()));
}

TEST(GraphBasedSegmentationImageFilter, OneSliceIsSegmentedLikeAnImage)
{
  using VolumeType = itk::Image<double, 3>;
  const auto       image = MakeRealNoise<ImageType>({ { 40, 30 } }, 7);
  const auto       volume = MakeRealNoise<VolumeType>({ { 40, 30, 1 } }, 7);
  const Parameters parameters{ 60.0, 0.0, 5 };
  EXPECT_EQ(Values(Segment<itk::Image<unsigned int, 3>>(volume.GetPointer(), parameters).GetPointer()),
            Values(Segment(image.GetPointer(), parameters).GetPointer()));
}

TEST(GraphBasedSegmentationImageFilter, NeitherGridNorWorkUnitsNorRequestsMatter)
{
  const auto       image = MakeRealNoise<ImageType>({ { 40, 30 } }, 8);
  const auto       expected = Values(Segment(image.GetPointer(), { 60.0, 1.5, 5 }).GetPointer());
  constexpr double spacing[]{ 0.3, 25.0 };
  constexpr double origin[]{ -4.0, 9.0 };
  image->SetSpacing(spacing);
  image->SetOrigin(origin);
  for (const unsigned int workUnits : { 1, 3, 8 })
  {
    const auto filter = FilterType::New();
    filter->SetInput(image);
    filter->SetScale(60.0);
    filter->SetSigma(1.5);
    filter->SetMinimumSize(5);
    filter->SetNumberOfWorkUnits(workUnits);
    filter->UpdateOutputInformation();
    filter->GetOutput()->SetRequestedRegion(itk::ImageRegion<2>({ { 7, 9 } }, { { 3, 2 } }));
    filter->Update();
    EXPECT_EQ(Values(filter->GetOutput()), expected);
    EXPECT_EQ(filter->GetOutput()->GetSpacing(), image->GetSpacing());
    EXPECT_EQ(filter->GetOutput()->GetOrigin(), image->GetOrigin());
  }
}

TEST(GraphBasedSegmentationImageFilter, ImageMayStartAnywhere)
{
  const auto image = MakeRealNoise<ImageType>({ { 40, 30 } }, 9);
  const auto expected = Values(Segment(image.GetPointer(), { 60.0, 0.8, 5 }).GetPointer());
  image->SetRegions(itk::ImageRegion<2>({ { -17, 1000 } }, { { 40, 30 } }));
  EXPECT_EQ(Values(Segment(image.GetPointer(), { 60.0, 0.8, 5 }).GetPointer()), expected);
}

TEST(GraphBasedSegmentationImageFilter, SaysWhatIsWrong)
{
  const auto image = MakeRealNoise<ImageType>({ { 20, 15 } }, 10);
  const auto nan = std::numeric_limits<double>::quiet_NaN();
  for (const Parameters & parameters : { Parameters{ -1.0, 0.0, 1 },
                                         { nan, 0.0, 1 },
                                         { 1.0, -0.1, 1 },
                                         { 1.0, std::numeric_limits<double>::infinity(), 1 },
                                         { 1.0, nan, 1 } })
  {
    EXPECT_THROW(Segment(image.GetPointer(), parameters), itk::ExceptionObject);
  }
  // 300 segments.
  EXPECT_THROW((Segment<itk::Image<unsigned char, 2>>(image.GetPointer(), { 0.0, 0.0, 1 })), itk::ExceptionObject);
  image->SetPixel({ { 3, 4 } }, nan);
  try
  {
    Segment(image.GetPointer(), { 1.0, 0.8, 1 });
    ADD_FAILURE() << "an intensity that is no number was accepted";
  }
  catch (const itk::ExceptionObject & error)
  {
    EXPECT_NE(std::string(error.GetDescription()).find("[3, 4]"), std::string::npos) << error.GetDescription();
  }
}
