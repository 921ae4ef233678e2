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
#include "itkForegroundOverlap.h"

#include "itkGTest.h"
#include "itkImage.h"
#include "itkLabelOverlapMeasuresImageFilter.h"

#include <cmath>
#include <initializer_list>
#include <random>

namespace
{
template <typename TPixel>
using ImageOf = itk::Image<TPixel, 2>;

/** An image of one line. */
template <typename TPixel>
typename ImageOf<TPixel>::Pointer
MakeLine(std::initializer_list<TPixel> pixels)
{
  const auto image = ImageOf<TPixel>::New();
  image->SetRegions(itk::Size<2>{ { pixels.size(), 1 } });
  image->Allocate();
  std::copy(pixels.begin(), pixels.end(), image->GetBufferPointer());
  return image;
}

ImageOf<unsigned short>::Pointer
MakeRandom(std::mt19937 & random, double rate)
{
  const auto image = ImageOf<unsigned short>::New();
  image->SetRegions(itk::Size<2>{ { 17, 13 } });
  image->Allocate();
  std::generate_n(image->GetBufferPointer(), 17 * 13, [&] { return random() < rate * std::mt19937::max() ? 1 : 0; });
  return image;
}
} // namespace

TEST(ForegroundOverlap, CountsForegroundOfAnyLabel)
{
  itk::ForegroundOverlap overlap;
  overlap.Add(MakeLine<short>({ 0, 7, 7, -1, 0, 2 }).GetPointer(),
              MakeLine<unsigned char>({ 0, 1, 2, 255, 5, 0 }).GetPointer());
  EXPECT_EQ(overlap.GetTruePositives(), 3u);
  EXPECT_EQ(overlap.GetFalsePositives(), 1u);
  EXPECT_EQ(overlap.GetFalseNegatives(), 1u);
  EXPECT_DOUBLE_EQ(overlap.GetDice(), 0.75);
}

TEST(ForegroundOverlap, DiceOfIdenticalDisjointAndEmptyImages)
{
  const auto some = MakeLine<short>({ 0, 1, 1, 0 });
  const auto others = MakeLine<short>({ 4, 0, 0, 0 });
  const auto none = MakeLine<short>({ 0, 0, 0, 0 });
  const auto dice = [](const ImageOf<short> * test, const ImageOf<short> * reference) {
    itk::ForegroundOverlap overlap;
    overlap.Add(test, reference);
    return overlap.GetDice();
  };
  EXPECT_EQ(dice(some, some), 1.0);
  EXPECT_EQ(dice(some, others), 0.0);
  EXPECT_EQ(dice(some, none), 0.0);
  EXPECT_EQ(dice(none, some), 0.0);
  EXPECT_EQ(dice(none, none), 1.0);
  EXPECT_EQ(itk::ForegroundOverlap().GetDice(), 1.0);
}

TEST(ForegroundOverlap, PoolsCountsRatherThanScores)
{
  const auto             half = MakeLine<short>({ 1, 1, 1, 1, 0, 0, 0, 0 });
  const auto             shifted = MakeLine<short>({ 0, 0, 1, 1, 1, 1, 0, 0 });
  const auto             point = MakeLine<short>({ 0, 0, 0, 3 });
  itk::ForegroundOverlap first;
  itk::ForegroundOverlap second;
  itk::ForegroundOverlap both;
  first.Add(half.GetPointer(), shifted.GetPointer()); // 2, 2, 2
  second.Add(point.GetPointer(), point.GetPointer()); // 1, 0, 0
  both.Add(half.GetPointer(), shifted.GetPointer());
  both.Add(point.GetPointer(), point.GetPointer());
  EXPECT_DOUBLE_EQ(both.GetDice(), 0.6);
  first += second;
  EXPECT_EQ(first.GetTruePositives(), both.GetTruePositives());
  EXPECT_EQ(first.GetFalsePositives(), both.GetFalsePositives());
  EXPECT_EQ(first.GetFalseNegatives(), both.GetFalseNegatives());
}

TEST(ForegroundOverlap, LeavesOutIgnoredPixels)
{
  itk::ForegroundOverlap overlap;
  overlap.Add(MakeLine<short>({ 1, 1, 0, 0, 9 }).GetPointer(), MakeLine<short>({ 1, 9, 9, 2, 0 }).GetPointer(), 9);
  EXPECT_EQ(overlap.GetTruePositives(), 1u);
  EXPECT_EQ(overlap.GetFalsePositives(), 1u);
  EXPECT_EQ(overlap.GetFalseNegatives(), 1u);
}

TEST(ForegroundOverlap, AgreesWithLabelOverlapMeasuresImageFilter)
{
  std::mt19937 random(1);
  for (unsigned int i = 0; i < 100; ++i)
  {
    const auto             test = MakeRandom(random, 0.05 + 0.009 * i);
    const auto             reference = MakeRandom(random, 0.5);
    itk::ForegroundOverlap overlap;
    overlap.Add(test.GetPointer(), reference.GetPointer());
    const auto filter = itk::LabelOverlapMeasuresImageFilter<ImageOf<unsigned short>>::New();
    filter->SetSourceImage(test);
    filter->SetTargetImage(reference);
    filter->Update();
    ASSERT_NEAR(overlap.GetDice(), filter->GetDiceCoefficient(), 1e-12);
  }
}

TEST(ForegroundOverlap, RefusesImagesOfDifferentGrids)
{
  const auto reference = MakeLine<short>({ 0, 1, 1, 0 });
  const auto expectRefused = [&](const ImageOf<short> * test, const std::string & word) {
    itk::ForegroundOverlap overlap;
    try
    {
      overlap.Add(test, reference.GetPointer());
      FAIL() << word;
    }
    catch (const itk::ExceptionObject & error)
    {
      EXPECT_NE(std::string(error.GetDescription()).find(word), std::string::npos) << error.GetDescription();
    }
    EXPECT_EQ(overlap.GetTruePositives() + overlap.GetFalsePositives() + overlap.GetFalseNegatives(), 0u);
  };
  expectRefused(MakeLine<short>({ 0, 1, 1 }), "size [3, 1]");

  auto         test = MakeLine<short>({ 0, 1, 1, 0 });
  const double spacing[2] = { 1.0, 1.0123456789 };
  test->SetSpacing(spacing);
  expectRefused(test, "The label image has spacing [1, 1.0123456789], The reference has spacing [1, 1]. They must");

  test = MakeLine<short>({ 0, 1, 1, 0 });
  const double origin[2] = { 0.5, 0.0 };
  test->SetOrigin(origin);
  expectRefused(test, "origin [0.5, 0]");

  test = MakeLine<short>({ 0, 1, 1, 0 });
  ImageOf<short>::DirectionType direction;
  direction.SetIdentity();
  direction(1, 1) = -1.0;
  test->SetDirection(direction);
  expectRefused(test, "direction 1 0 0 -1");
}

TEST(ForegroundOverlap, TakesGridsOfSinglePrecision)
{
  using Image = ImageOf<short>;
  const auto make = [](const auto & round) {
    const auto           image = MakeLine<short>({ 0, 1, 1, 0 });
    const double         spacing[2] = { round(0.1), round(0.3) };
    const double         origin[2] = { round(-123.456), round(7.89) };
    Image::DirectionType direction;
    for (unsigned int i = 0; i < 2; ++i)
    {
      direction(i, i) = round(std::cos(0.3));
      direction(i, 1 - i) = (i == 0 ? -1.0 : 1.0) * round(std::sin(0.3));
    }
    image->SetSpacing(spacing);
    image->SetOrigin(origin);
    image->SetDirection(direction);
    return image;
  };
  const auto             exact = make([](double value) { return value; });
  const auto             rounded = make([](double value) { return static_cast<double>(static_cast<float>(value)); });
  itk::ForegroundOverlap overlap;
  EXPECT_NO_THROW(overlap.Add(rounded.GetPointer(), exact.GetPointer()));
  EXPECT_EQ(overlap.GetTruePositives(), 2u);
}
