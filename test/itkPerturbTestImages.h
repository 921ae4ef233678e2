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
#ifndef itkPerturbTestImages_h
#define itkPerturbTestImages_h

// Random label images and plain, slow helpers for the tests of the perturbation filters.

#include "itkCastImageFilter.h"
#include "itkImage.h"
#include "itkImageRegionConstIterator.h"
#include "itkImageRegionIteratorWithIndex.h"
#include "itkStreamingImageFilter.h"

#include "itkGTest.h"

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace perturbtest
{
/** What a random label image looks like. */
enum class Content
{
  Empty,
  OneCell,
  Border, // cells in the corners
  Gaps,   // labels far apart, negative ones too where the type is signed
  Mask,   // one value for all cells, 255 where the type holds it
  Many    // touching and overlapping cells
};
constexpr Content AllContents[] = { Content::Empty, Content::OneCell, Content::Border,
                                    Content::Gaps,  Content::Mask,    Content::Many };

template <typename TImage>
typename TImage::Pointer
NewImage(const typename TImage::RegionType & region)
{
  auto image = TImage::New();
  image->SetRegions(region);
  image->Allocate();
  image->FillBuffer(0);
  return image;
}

/** A 2-D image of one line, which begins with the labels first, first + 1, ..., last; the rest is background. */
template <typename TImage>
typename TImage::Pointer
Row(const unsigned int first, const unsigned int last, const unsigned int length)
{
  const auto image = NewImage<TImage>(typename TImage::SizeType{ { length, 1 } });
  for (unsigned int label = first; label <= last; ++label)
  {
    image->SetPixel({ { label - first, 0 } }, static_cast<typename TImage::PixelType>(label));
  }
  return image;
}

/** A region of odd sizes whose first index is not zero. */
template <typename TImage>
typename TImage::RegionType
RandomRegion(std::mt19937 & random, const unsigned int largestSize)
{
  typename TImage::RegionType region;
  for (unsigned int axis = 0; axis < TImage::ImageDimension; ++axis)
  {
    region.SetIndex(axis, static_cast<int>(random() % 41) - 20);
    region.SetSize(axis, 1 + random() % largestSize);
  }
  return region;
}

/** A box or a ball of a label, around a centre that may lie outside the image. */
template <typename TImage>
void
DrawCell(TImage * image, std::mt19937 & random, const typename TImage::PixelType label, const Content content)
{
  const auto          region = image->GetLargestPossibleRegion();
  const bool          ball = random() % 2 == 0;
  const double        radius = 0.5 + static_cast<double>(random() % 80) / 10;
  std::vector<double> center;
  for (unsigned int axis = 0; axis < TImage::ImageDimension; ++axis)
  {
    const auto size = region.GetSize(axis);
    center.push_back(region.GetIndex(axis) +
                     (content == Content::Border ? (random() % 2 == 0 ? 0.0 : size - 1.0) : double(random() % size)));
  }
  for (itk::ImageRegionIteratorWithIndex<TImage> it(image, region); !it.IsAtEnd(); ++it)
  {
    double sum = 0;
    double largest = 0;
    for (unsigned int axis = 0; axis < TImage::ImageDimension; ++axis)
    {
      const double distance = it.GetIndex()[axis] - center[axis];
      sum += distance * distance;
      largest = std::max(largest, std::abs(distance));
    }
    if (ball ? sum <= radius * radius : largest <= radius / 2)
    {
      it.Set(label);
    }
  }
}

/** A random label image with anisotropic spacing and an origin. */
template <typename TImage>
typename TImage::Pointer
RandomLabels(std::mt19937 & random, const Content content, const typename TImage::RegionType & region)
{
  using LabelType = typename TImage::PixelType;
  using Limits = std::numeric_limits<LabelType>;
  auto                         image = NewImage<TImage>(region);
  typename TImage::SpacingType spacing;
  typename TImage::PointType   origin;
  for (unsigned int axis = 0; axis < TImage::ImageDimension; ++axis)
  {
    spacing[axis] = 0.5 + 2.0 * axis;
    origin[axis] = -3.0 * axis;
  }
  image->SetSpacing(spacing);
  image->SetOrigin(origin);
  const unsigned int cells = content == Content::Empty     ? 0
                             : content == Content::OneCell ? 1
                             : content == Content::Many    ? 25
                                                           : 6;
  for (unsigned int cell = 1; cell <= cells; ++cell)
  {
    LabelType label = static_cast<LabelType>(cell);
    if (content == Content::Gaps)
    {
      label = static_cast<LabelType>(cell % 2 == 0 ? Limits::max() - 7 * cell : Limits::min() + 5 * cell);
    }
    else if (content == Content::Mask)
    {
      label = Limits::max() >= 255 ? static_cast<LabelType>(255) : Limits::max();
    }
    DrawCell(image.GetPointer(), random, label, content);
  }
  return image;
}

template <typename TImage>
typename TImage::Pointer
RandomLabels(std::mt19937 & random, const Content content)
{
  return RandomLabels<TImage>(random, content, RandomRegion<TImage>(random, TImage::ImageDimension == 2 ? 70 : 14));
}

template <typename TImage>
std::set<typename TImage::PixelType>
LabelsOf(const TImage * image, const typename TImage::RegionType & region)
{
  std::set<typename TImage::PixelType> labels;
  for (itk::ImageRegionConstIterator<TImage> it(image, region); !it.IsAtEnd(); ++it)
  {
    if (it.Get() != 0)
    {
      labels.insert(it.Get());
    }
  }
  return labels;
}

template <typename TImage>
std::set<typename TImage::PixelType>
LabelsOf(const TImage * image)
{
  return LabelsOf(image, image->GetLargestPossibleRegion());
}

/** The slices of a region along an axis, or the region itself where axis is the dimension. */
template <typename TImage>
std::vector<typename TImage::RegionType>
Annotations(const TImage * image, const unsigned int axis)
{
  const auto region = image->GetLargestPossibleRegion();
  if (axis == TImage::ImageDimension)
  {
    return { region };
  }
  std::vector<typename TImage::RegionType> slices;
  for (itk::SizeValueType i = 0; i < region.GetSize(axis); ++i)
  {
    slices.push_back(region);
    slices.back().SetSize(axis, 1);
    slices.back().SetIndex(axis, region.GetIndex(axis) + i);
  }
  return slices;
}

/** Sets SliceBySlice and SliceAxis; the image's dimension as axis means the whole volume. */
template <typename TFilter>
void
SetSlices(TFilter * filter, const unsigned int axis)
{
  filter->SetSliceBySlice(axis < TFilter::ImageDimension);
  filter->SetSliceAxis(std::min(axis, TFilter::ImageDimension - 1));
}

template <typename TImage>
void
ExpectEqual(const TImage * left, const TImage * right, const std::string & what)
{
  ASSERT_EQ(left->GetLargestPossibleRegion(), right->GetLargestPossibleRegion()) << what;
  EXPECT_EQ(left->GetSpacing(), right->GetSpacing()) << what;
  EXPECT_EQ(left->GetOrigin(), right->GetOrigin()) << what;
  EXPECT_EQ(left->GetDirection(), right->GetDirection()) << what;
  itk::ImageRegionConstIterator<TImage> rightIt(right, right->GetLargestPossibleRegion());
  size_t                                differing = 0;
  for (itk::ImageRegionIteratorWithIndex<TImage> it(const_cast<TImage *>(left), left->GetLargestPossibleRegion());
       !it.IsAtEnd();
       ++it, ++rightIt)
  {
    if (it.Get() != rightIt.Get() && differing++ == 0)
    {
      ADD_FAILURE() << what << ": " << +it.Get() << " and " << +rightIt.Get() << " at " << it.GetIndex();
    }
  }
  EXPECT_EQ(differing, 0u) << what;
}

template <typename TFilter>
typename TFilter::OutputImageType::Pointer
UpdateAndDetach(TFilter * filter)
{
  filter->Update();
  typename TFilter::OutputImageType::Pointer output = filter->GetOutput();
  output->DisconnectPipeline();
  return output;
}

/** The output must be the same for 1, 2 and 7 work units, and in 5 pieces as in 1, whether the input is there whole or
 * made piece by piece, too. */
template <typename TFilter>
void
ExpectSameForAnyDivision(TFilter * filter, const std::string & what)
{
  using ImageType = typename TFilter::OutputImageType;
  filter->SetNumberOfWorkUnits(1);
  const auto expected = UpdateAndDetach(filter);
  for (const unsigned int workUnits : { 2, 7 })
  {
    filter->SetNumberOfWorkUnits(workUnits);
    filter->Modified();
    const auto output = UpdateAndDetach(filter);
    ExpectEqual(expected.GetPointer(), output.GetPointer(), what + ", " + std::to_string(workUnits) + " work units");
  }
  const auto expectStreamed = [&](const std::string & how) {
    auto streaming = itk::StreamingImageFilter<ImageType, ImageType>::New();
    streaming->SetInput(filter->GetOutput());
    streaming->SetNumberOfStreamDivisions(5);
    streaming->Update();
    ExpectEqual(expected.GetPointer(), streaming->GetOutput(), what + how);
  };
  expectStreamed(", streamed");
  const typename ImageType::ConstPointer input = filter->GetInput();
  auto                                   pieces = itk::CastImageFilter<ImageType, ImageType>::New();
  pieces->SetInput(input);
  pieces->InPlaceOff();
  filter->SetInput(pieces->GetOutput());
  expectStreamed(", with its input");
  filter->SetInput(input);
}

/** The message of the exception that Update() throws, empty where it throws none. */
template <typename TFilter>
std::string
UpdateError(TFilter * filter)
{
  try
  {
    filter->UpdateLargestPossibleRegion();
  }
  catch (const itk::ExceptionObject & error)
  {
    return error.GetDescription();
  }
  return {};
}

template <typename TFilter>
void
ExpectUpdateError(TFilter * filter, const std::vector<std::string> & fragments)
{
  const std::string message = UpdateError(filter);
  for (const auto & fragment : fragments)
  {
    EXPECT_NE(message.find(fragment), std::string::npos) << "'" << fragment << "' is not in: " << message;
  }
}
} // namespace perturbtest

#endif
