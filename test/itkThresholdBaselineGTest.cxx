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
#include "itkThresholdBaseline.h"

#include "itkGTest.h"
#include "itkImage.h"
#include "itkImageRegionIterator.h"
#include "itkRGBPixel.h"
#include "itkVectorImage.h"

#include <limits>
#include <random>
#include <type_traits>

namespace
{
using LabelImageType = itk::Image<unsigned char, 2>;

template <typename TImage>
typename TImage::Pointer
MakeImage(unsigned int components = 1)
{
  const auto image = TImage::New();
  image->SetRegions(itk::Size<2>{ { 20, 15 } });
  image->SetNumberOfComponentsPerPixel(components);
  image->Allocate();
  return image;
}

template <typename TImage>
struct Pair
{
  typename TImage::Pointer image;
  LabelImageType::Pointer  labels;
};

/** Noise, and cells that are brighter by `contrast` on average. All intensities lie in 0 .. 255. */
template <typename TImage>
Pair<TImage>
MakePair(std::mt19937 & random, double contrast, unsigned int components = 1)
{
  Pair<TImage> pair{ MakeImage<TImage>(components), MakeImage<LabelImageType>() };
  const double rate = 0.1 + 0.8 * (random() % 100) / 100.0;
  for (itk::ImageRegionIterator<TImage> pixel(pair.image, pair.image->GetBufferedRegion()); !pixel.IsAtEnd(); ++pixel)
  {
    const bool   foreground = random() % 1000 < 1000 * rate;
    const double shift = (foreground ? 0.5 : -0.5) * contrast;
    pair.labels->SetPixel(pixel.GetIndex(), foreground ? 1 + random() % 200 : 0);
    auto value = pixel.Get();
    if constexpr (std::is_arithmetic_v<typename TImage::PixelType>)
    {
      value = static_cast<typename TImage::PixelType>(60.0 + random() % 130 + shift);
    }
    else
    {
      for (unsigned int i = 0; i < components; ++i)
      {
        value[i] = static_cast<typename TImage::InternalPixelType>(60.0 + random() % 130 + shift);
      }
    }
    pixel.Set(value);
  }
  return pair;
}

template <typename TPixel>
double
Mean(const TPixel & pixel, unsigned int components)
{
  if constexpr (std::is_arithmetic_v<TPixel>)
  {
    return pixel;
  }
  else
  {
    double sum = 0.0;
    for (unsigned int i = 0; i < components; ++i)
    {
      sum += pixel[i];
    }
    return sum / components;
  }
}

template <typename TImage>
void
Count(itk::ForegroundOverlap & overlap,
      const Pair<TImage> &     pair,
      double                   threshold,
      bool                     bright,
      unsigned int             components)
{
  itk::ImageRegionConstIterator<TImage> pixel(pair.image, pair.image->GetBufferedRegion());
  for (; !pixel.IsAtEnd(); ++pixel)
  {
    const bool above = Mean(pixel.Get(), components) >= threshold;
    overlap.AddPixel(bright ? above : !above, pair.labels->GetPixel(pixel.GetIndex()) != 0);
  }
}

/** The method done literally: a pass over all images for each threshold. */
template <typename TImage>
void
ExpectAgreementWithBruteForce(double contrast, unsigned int components = 1)
{
  std::mt19937 random(5);
  for (unsigned int trial = 0; trial < 20; ++trial)
  {
    itk::ThresholdBaseline<TImage, LabelImageType> baseline;
    std::vector<Pair<TImage>>                      set;
    double                                         maximum = 0.0;
    for (unsigned int i = 0; i <= trial % 4; ++i)
    {
      set.push_back(MakePair<TImage>(random, contrast, components));
      baseline.Add(set.back().image, set.back().labels);
      itk::ImageRegionConstIterator<TImage> pixel(set.back().image, set.back().image->GetBufferedRegion());
      for (; !pixel.IsAtEnd(); ++pixel)
      {
        maximum = std::max(maximum, Mean(pixel.Get(), components));
      }
    }
    baseline.Fit();

    double bestDice = -1.0;
    double bestThreshold = 0.0;
    bool   bestIsBright = true;
    for (unsigned int percent = 0; percent <= 100; ++percent)
    {
      for (const bool bright : { true, false })
      {
        itk::ForegroundOverlap overlap;
        for (const auto & pair : set)
        {
          Count(overlap, pair, maximum * percent / 100.0, bright, components);
        }
        if (overlap.GetDice() > bestDice)
        {
          bestDice = overlap.GetDice();
          bestThreshold = maximum * percent / 100.0;
          bestIsBright = bright;
        }
      }
    }
    EXPECT_EQ(baseline.GetTrainingOverlap().GetDice(), bestDice);
    EXPECT_EQ(baseline.GetThreshold(), bestThreshold);
    EXPECT_EQ(baseline.GetForegroundIsBright(), bestIsBright);

    const auto             other = MakePair<TImage>(random, contrast, components);
    itk::ForegroundOverlap expected;
    Count(expected, other, bestThreshold, bestIsBright, components);
    const auto overlap = baseline.Evaluate(other.image, other.labels);
    EXPECT_EQ(overlap.GetTruePositives(), expected.GetTruePositives());
    EXPECT_EQ(overlap.GetFalsePositives(), expected.GetFalsePositives());
    EXPECT_EQ(overlap.GetFalseNegatives(), expected.GetFalseNegatives());
  }
}
} // namespace

TEST(ThresholdBaseline, AgreesWithBruteForce)
{
  for (const double contrast : { 0.0, 60.0, -60.0 })
  {
    SCOPED_TRACE(contrast);
    ExpectAgreementWithBruteForce<itk::Image<unsigned char, 2>>(contrast);
    ExpectAgreementWithBruteForce<itk::Image<short, 2>>(contrast);
    ExpectAgreementWithBruteForce<itk::Image<float, 2>>(contrast);
    ExpectAgreementWithBruteForce<itk::VectorImage<float, 2>>(contrast, 4);
  }
}

TEST(ThresholdBaseline, TakesTheMeanOfColours)
{
  using ColourImageType = itk::Image<itk::RGBPixel<unsigned char>, 2>;
  const auto image = MakeImage<ColourImageType>();
  const auto labels = MakeImage<LabelImageType>();
  for (itk::ImageRegionIterator<ColourImageType> pixel(image, image->GetBufferedRegion()); !pixel.IsAtEnd(); ++pixel)
  {
    const bool          foreground = pixel.GetIndex()[0] < 4;
    const unsigned char background[3] = { 200, 30, 10 };
    const unsigned char cell[3] = { 10, 30, 230 };
    pixel.Set(itk::RGBPixel<unsigned char>(foreground ? cell : background));
    labels->SetPixel(pixel.GetIndex(), foreground);
  }
  itk::ThresholdBaseline<ColourImageType, LabelImageType> baseline;
  baseline.Add(image, labels);
  baseline.Fit();
  EXPECT_EQ(baseline.GetTrainingOverlap().GetDice(), 1.0);
  EXPECT_TRUE(baseline.GetForegroundIsBright());
  EXPECT_GT(baseline.GetThreshold(), 80.0);
  EXPECT_LE(baseline.GetThreshold(), 90.0);
}

TEST(ThresholdBaseline, TakesTheLowestOfEquallyGoodThresholds)
{
  for (const bool bright : { true, false })
  {
    const auto image = MakeImage<LabelImageType>();
    const auto labels = MakeImage<LabelImageType>();
    for (itk::ImageRegionIterator<LabelImageType> pixel(image, image->GetBufferedRegion()); !pixel.IsAtEnd(); ++pixel)
    {
      const bool left = pixel.GetIndex()[0] < 7;
      pixel.Set(left ? 100 : 40);
      labels->SetPixel(pixel.GetIndex(), left == bright);
    }
    itk::ThresholdBaseline<LabelImageType, LabelImageType> baseline;
    baseline.Add(image, labels);
    baseline.Fit();
    EXPECT_EQ(baseline.GetThreshold(), 41.0);
    EXPECT_EQ(baseline.GetForegroundIsBright(), bright);
    EXPECT_EQ(baseline.Evaluate(image, labels).GetDice(), 1.0);
  }
}

TEST(ThresholdBaseline, RefusesWhatItCannotUse)
{
  using ImageType = itk::Image<float, 2>;
  itk::ThresholdBaseline<ImageType, LabelImageType> baseline;
  EXPECT_THROW(baseline.Fit(), itk::ExceptionObject);
  for (const float bad : { std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity() })
  {
    const auto image = MakeImage<ImageType>();
    const auto labels = MakeImage<LabelImageType>();
    image->FillBuffer(1.0f);
    labels->FillBuffer(0);
    image->SetPixel({ { 3, 4 } }, bad);
    EXPECT_THROW(baseline.Add(image, labels), itk::ExceptionObject);
    EXPECT_THROW(baseline.Evaluate(image, labels), itk::ExceptionObject);
    image->SetPixel({ { 3, 4 } }, 0.0f);
    const double spacing[2] = { 2.0, 2.0 };
    labels->SetSpacing(spacing);
    EXPECT_THROW(baseline.Add(image, labels), itk::ExceptionObject);
    EXPECT_THROW(baseline.Evaluate(image, labels), itk::ExceptionObject);
  }
  EXPECT_THROW(baseline.Fit(), itk::ExceptionObject);
}
