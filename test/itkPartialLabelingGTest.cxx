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
#include "itkPartialLabeling.h"

#include "itkGTest.h"
#include "itkImage.h"

#include <random>

namespace
{
using LabelImageType = itk::Image<unsigned char, 2>;
using LabelingType = itk::PartialLabeling<LabelImageType>;
using FeatureImageType = LabelingType::FeatureImageType;

constexpr unsigned char Open = 255;

/** A column of pixels. */
LabelImageType::Pointer
MakeLabels(const std::vector<unsigned char> & pixels)
{
  const auto image = LabelImageType::New();
  image->SetRegions(itk::Size<2>{ { 1, pixels.size() } });
  image->Allocate();
  std::copy(pixels.begin(), pixels.end(), image->GetBufferPointer());
  return image;
}

FeatureImageType::Pointer
MakeFeatures(const std::vector<std::vector<float>> & pixels)
{
  const auto image = FeatureImageType::New();
  image->SetRegions(itk::Size<2>{ { 1, pixels.size() } });
  image->SetNumberOfComponentsPerPixel(static_cast<unsigned int>(pixels[0].size()));
  image->Allocate();
  float * to = image->GetBufferPointer();
  for (const auto & features : pixels)
  {
    to = std::copy(features.begin(), features.end(), to);
  }
  return image;
}

std::vector<unsigned char>
Complete(const std::vector<std::vector<float>> & features, const std::vector<unsigned char> & labels)
{
  LabelingType labeling(Open);
  const auto   image = MakeLabels(labels);
  labeling.Add(MakeFeatures(features), image);
  labeling.Fit();
  labeling.Complete(MakeFeatures(features), image, 7);
  return { image->GetBufferPointer(), image->GetBufferPointer() + labels.size() };
}
} // namespace

// The criterion as it is defined, over several images, and annotated pixels as they were.
TEST(PartialLabeling, AgreesWithTheDefinition)
{
  std::mt19937                    random(1);
  std::normal_distribution<float> normal;
  constexpr size_t                features = 3;
  constexpr size_t                pixels = 400;
  for (unsigned int trial = 0; trial < 50; ++trial)
  {
    std::vector<std::vector<std::vector<float>>> images(2);
    std::vector<std::vector<unsigned char>>      labels(2);
    for (size_t image = 0; image < 2; ++image)
    {
      for (size_t i = 0; i < pixels; ++i)
      {
        labels[image].push_back(i % 3 == 0 ? Open : static_cast<unsigned char>(random() % 3));
        const float        shift = labels[image].back() != 0 && labels[image].back() != Open ? 1.0f : 0.0f;
        std::vector<float> f;
        for (size_t k = 0; k < features; ++k)
        {
          f.push_back(100.0f + static_cast<float>(k + 1) * normal(random) + shift);
        }
        images[image].push_back(f);
      }
    }

    LabelingType labeling(Open);
    for (size_t image = 0; image < 2; ++image)
    {
      labeling.Add(MakeFeatures(images[image]), MakeLabels(labels[image]));
    }
    labeling.Fit();

    double     means[2][features]{};
    double     variances[features]{};
    double     counts[2]{};
    const auto visitAnnotated = [&](const auto & visit) {
      for (size_t image = 0; image < 2; ++image)
      {
        for (size_t i = 0; i < pixels; ++i)
        {
          if (labels[image][i] != Open)
          {
            visit(labels[image][i] != 0, images[image][i]);
          }
        }
      }
    };
    visitAnnotated([&](const bool j, const auto & f) {
      ++counts[j];
      for (size_t k = 0; k < features; ++k)
      {
        means[j][k] += f[k];
      }
    });
    for (size_t k = 0; k < features; ++k)
    {
      means[0][k] /= counts[0];
      means[1][k] /= counts[1];
    }
    visitAnnotated([&](const bool j, const auto & f) {
      for (size_t k = 0; k < features; ++k)
      {
        variances[k] += (f[k] - means[j][k]) * (f[k] - means[j][k]) / (counts[0] + counts[1]);
      }
    });
    for (size_t image = 0; image < 2; ++image)
    {
      const auto completed = MakeLabels(labels[image]);
      labeling.Complete(MakeFeatures(images[image]), completed, 7);
      size_t found = 0;
      for (size_t i = 0; i < pixels; ++i)
      {
        double distances[2]{};
        for (size_t k = 0; k < features; ++k)
        {
          for (const size_t j : { 0, 1 })
          {
            distances[j] += std::pow(images[image][i][k] - means[j][k], 2) / variances[k];
          }
        }
        const unsigned char expected = labels[image][i] != Open      ? labels[image][i]
                                       : distances[1] < distances[0] ? 7
                                                                     : 0;
        ASSERT_EQ(completed->GetBufferPointer()[i], expected) << "pixel " << i << ", trial " << trial;
        found += labels[image][i] == Open && expected == 7 ? 1 : 0;
      }
      EXPECT_GT(found, 0u);
    }
  }
}

TEST(PartialLabeling, WeighsFeaturesByTheirVariance)
{
  // The first feature tells little: it varies by 10 within the classes, whose means lie 1 apart.
  const std::vector<std::vector<float>> features{
    { -10, 0 }, { 10, 1 }, { -9, 3 }, { 11, 4 }, { 11, 0.5 }, { -10, 3.5 }
  };
  EXPECT_EQ(Complete(features, { 0, 0, 1, 1, Open, Open }), (std::vector<unsigned char>{ 0, 0, 1, 1, 0, 7 }));
}

TEST(PartialLabeling, FeaturesThatDoNotVaryDoNotCount)
{
  const std::vector<std::vector<float>> features{ { 0.1f, 0 }, { 0.1f, 1 }, { 0.1f, 3 }, { 0.1f, 4 }, { 0.1f, 3 } };
  EXPECT_EQ(Complete(features, { 0, 0, 1, 1, Open }), (std::vector<unsigned char>{ 0, 0, 1, 1, 7 }));
}

TEST(PartialLabeling, RefusesWhatItCannotLearnFrom)
{
  EXPECT_THROW(Complete({ { 1 }, { 2 } }, { 0, Open }), itk::ExceptionObject);
  EXPECT_THROW(Complete({ { 1 }, { 2 } }, { 3, Open }), itk::ExceptionObject);
  LabelingType labeling(Open);
  labeling.Add(MakeFeatures({ { 1, 2 } }), MakeLabels({ 1 }));
  EXPECT_THROW(labeling.Add(MakeFeatures({ { 1, 2, 3 } }), MakeLabels({ 1 })), itk::ExceptionObject);
  EXPECT_THROW(labeling.Add(MakeFeatures({ { 1, 2 }, { 1, 2 } }), MakeLabels({ 1 })), itk::ExceptionObject);
}
