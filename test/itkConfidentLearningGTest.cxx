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
#include "itkConfidentLearning.h"

#include "itkGTest.h"
#include "itkImage.h"

#include <limits>
#include <random>

namespace
{
using ProbabilityImageType = itk::Image<float, 2>;
using LabelImageType = itk::Image<unsigned char, 2>;

template <typename TImage>
typename TImage::Pointer
MakeImage(const std::vector<typename TImage::PixelType> & pixels)
{
  const auto image = TImage::New();
  image->SetRegions(itk::Size<2>{ { 1, pixels.size() } });
  image->Allocate();
  std::copy(pixels.begin(), pixels.end(), image->GetBufferPointer());
  return image;
}

struct Pixels
{
  std::vector<float>         probability;
  std::vector<unsigned char> labels;
};

/** Corrected labels of several images, all with foreground 1. */
std::vector<std::vector<unsigned char>>
Correct(const std::vector<Pixels> & images)
{
  itk::ConfidentLearning learning;
  for (const Pixels & image : images)
  {
    learning.Add(MakeImage<ProbabilityImageType>(image.probability).GetPointer(),
                 MakeImage<LabelImageType>(image.labels).GetPointer());
  }
  learning.Fit();
  std::vector<std::vector<unsigned char>> corrected;
  for (const Pixels & image : images)
  {
    const auto labels = MakeImage<LabelImageType>(image.labels);
    learning.Correct(MakeImage<ProbabilityImageType>(image.probability).GetPointer(), labels.GetPointer());
    corrected.emplace_back(labels->GetBufferPointer(), labels->GetBufferPointer() + image.labels.size());
  }
  return corrected;
}

/** Labels of 100 pixels of each kind, some of them wrong, and what a good network makes of the images. */
Pixels
MakeNoisy(std::mt19937 & random, const unsigned int wrongPercent, std::vector<unsigned char> & truth)
{
  Pixels image;
  truth.clear();
  for (unsigned int i = 0; i < 200; ++i)
  {
    truth.push_back(i % 2);
    const bool wrong = random() % 100 < wrongPercent;
    image.labels.push_back(wrong ? 1 - truth.back() : truth.back());
    const float noise = static_cast<float>(random() % 1000) / 1000.0f;
    image.probability.push_back(truth.back() == 1 ? 0.9f + 0.05f * noise : 0.1f - 0.05f * noise);
  }
  return image;
}
} // namespace

TEST(ConfidentLearning, FindsExactlyTheWrongPixelsOfAGoodNetwork)
{
  std::mt19937 random(1);
  for (const unsigned int wrongPercent : { 10, 20, 30 })
  {
    std::vector<std::vector<unsigned char>> truths(3);
    std::vector<Pixels>                     images;
    for (auto & truth : truths)
    {
      images.push_back(MakeNoisy(random, wrongPercent, truth));
    }
    EXPECT_EQ(Correct(images), truths);
  }
}

TEST(ConfidentLearning, LeavesWhatTheNetworkAgreesWith)
{
  const Pixels image{ { 0.0f, 0.2f, 0.4f, 0.6f, 0.8f, 1.0f }, { 0, 0, 0, 1, 1, 1 } };
  EXPECT_EQ(Correct({ image })[0], image.labels);
}

TEST(ConfidentLearning, CountsByHand)
{
  // Thresholds: background (1 + 0.8 + 0.8 + 0) / 4 = 0.65, foreground (1 + 0.9 + 0.2) / 3 = 0.7.
  // Of the background three pixels are confidently background, one foreground: one is wrong, the last.
  // Of the foreground two are confidently foreground, one background: one is wrong, the last.
  const Pixels image{ { 0.0f, 0.2f, 0.2f, 1.0f, 1.0f, 0.9f, 0.2f }, { 0, 0, 0, 0, 1, 1, 1 } };
  EXPECT_EQ(Correct({ image })[0], (std::vector<unsigned char>{ 0, 0, 0, 1, 1, 1, 0 }));
}

TEST(ConfidentLearning, OnlyConfidentPixelsCount)
{
  // Thresholds: background 0.65, foreground 0.75. The pixel of 0.5 reaches neither.
  const Pixels           image{ { 0.1f, 0.1f, 0.5f, 0.7f, 0.6f, 0.9f }, { 0, 0, 0, 0, 1, 1 } };
  itk::ConfidentLearning learning;
  learning.Add(MakeImage<ProbabilityImageType>(image.probability).GetPointer(),
               MakeImage<LabelImageType>(image.labels).GetPointer());
  learning.Fit();
  EXPECT_EQ(learning.GetNumberOfWrong(0), 0u);
  EXPECT_EQ(learning.GetNumberOfWrong(1), 0u);
}

TEST(ConfidentLearning, ClassesMayBeAbsent)
{
  const Pixels background{ { 0.1f, 0.7f, 0.3f }, { 0, 0, 0 } };
  EXPECT_EQ(Correct({ background })[0], background.labels);
  const Pixels foreground{ { 0.1f, 0.7f, 0.3f }, { 1, 1, 1 } };
  EXPECT_EQ(Correct({ foreground })[0], foreground.labels);
}

TEST(ConfidentLearning, KeepsLabelsAndTakesTheGivenOne)
{
  const auto probability = MakeImage<ProbabilityImageType>({ 0.0f, 0.0f, 0.0f, 0.95f, 0.95f, 0.9f, 0.9f, 0.0f });
  const auto labels = MakeImage<LabelImageType>({ 0, 0, 0, 0, 7, 8, 8, 9 });
  itk::ConfidentLearning learning;
  learning.Add(probability.GetPointer(), labels.GetPointer());
  learning.Fit();
  learning.Correct(probability.GetPointer(), labels.GetPointer(), 77);
  const auto * const pixels = labels->GetBufferPointer();
  EXPECT_EQ(std::vector<unsigned char>(pixels, pixels + 8), (std::vector<unsigned char>{ 0, 0, 0, 77, 7, 8, 8, 0 }));
}

TEST(ConfidentLearning, SaysWhatIsWrong)
{
  itk::ConfidentLearning learning;
  const auto             labels = MakeImage<LabelImageType>({ 0, 1 });
  for (const float wrong : { -0.1f, 1.1f, std::numeric_limits<float>::quiet_NaN() })
  {
    EXPECT_THROW(learning.Add(MakeImage<ProbabilityImageType>({ 0.5f, wrong }).GetPointer(), labels.GetPointer()),
                 itk::ExceptionObject);
  }
  EXPECT_THROW(learning.Add(MakeImage<ProbabilityImageType>({ 0.5f }).GetPointer(), labels.GetPointer()),
               itk::ExceptionObject);
}
