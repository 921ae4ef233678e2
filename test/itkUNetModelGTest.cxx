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

#include "itkUNetModel.h"
#include "itkUNetTestImages.h"

#include <numeric>
#include <random>

namespace
{
using Extent = std::array<size_t, 3>;

std::vector<float>
Noise(size_t count, unsigned int seed)
{
  std::mt19937       generator(seed);
  std::vector<float> values(count);
  for (float & value : values)
  {
    value = static_cast<float>(generator()) / 4294967296.0f;
  }
  return values;
}

size_t
Count(const Extent & extent)
{
  return extent[0] * extent[1] * extent[2];
}

std::vector<float>
Predict(const itk::UNetModel * model, const std::vector<float> & input, const Extent & extent)
{
  std::vector<float> probability(Count(extent));
  model->Predict(input.data(), extent, probability.data());
  return probability;
}

/** The part [begin, begin + extent) of every channel. */
std::vector<float>
Cut(const std::vector<float> & input, const Extent & from, const Extent & begin, const Extent & extent)
{
  std::vector<float> part;
  for (size_t c = 0; c < input.size() / Count(from); ++c)
    for (size_t z = 0; z < extent[2]; ++z)
      for (size_t y = 0; y < extent[1]; ++y)
        for (size_t x = 0; x < extent[0]; ++x)
          part.push_back(input[((c * from[2] + begin[2] + z) * from[1] + begin[1] + y) * from[0] + begin[0] + x]);
  return part;
}
} // namespace

TEST(UNetModel, ArchitectureIsThatOfThePaper)
{
  auto model = itk::UNetModel::New();
  model->SetBaseChannels(64);
  EXPECT_STREQ(model->GetNameOfClass(), "UNetModel");
  EXPECT_FALSE(model->IsInitialized());
  EXPECT_EQ(model->GetNumberOfParameters(), 0u);
  model->AnnotationInputOn();
  model->Initialize(1);
  EXPECT_TRUE(model->IsInitialized());
  EXPECT_EQ(model->GetNumberOfInputChannels(), 2u);
  EXPECT_EQ(model->GetNumberOfParameters(), 14788418u);
  EXPECT_EQ(model->GetAlignment(), 16u);
}

TEST(UNetModel, ChoosesAWidthForTheDevice)
{
  auto model = itk::UNetModel::New();
  model->SetDevice("cpu");
  model->Initialize(1);
  EXPECT_EQ(model->GetBaseChannels(), 16u);
}

TEST(UNetModel, WeightsDependOnTheSeedAlone)
{
  const Extent extent{ { 24, 16, 1 } };
  const auto   input = Noise(Count(extent), 3);
  auto         model = itk::MakeTestModel(2, 1, false);
  const auto   first = Predict(model, input, extent);
  model->Initialize(11);
  EXPECT_EQ(Predict(model, input, extent), first);
  model->Initialize(12);
  EXPECT_NE(Predict(model, input, extent), first);
}

TEST(UNetModel, BFloat16IsCloseToFloat32)
{
  for (const unsigned int dimension : { 2u, 3u })
  {
    const Extent extent{ { 40, 24, dimension == 2 ? 1u : 16u } };
    const auto   input = Noise(2 * Count(extent), 6);
    const auto   model = itk::MakeTestModel(dimension, 1, true);
    const auto   single = Predict(model, input, extent);
    model->SetPrecision(itk::UNetPrecision::BFloat16);
    const auto half = Predict(model, input, extent);
    EXPECT_NE(half, single);
    for (size_t i = 0; i < single.size(); ++i)
    {
      ASSERT_NEAR(half[i], single[i], 0.02);
    }
    model->SetPrecision(itk::UNetPrecision::Auto);
    const auto automatic = Predict(model, input, extent);
    EXPECT_TRUE(automatic == half || automatic == single);
    model->SetPrecision(itk::UNetPrecision::Float32);
    EXPECT_EQ(Predict(model, input, extent), single);
  }
}

TEST(UNetModel, PredictsSeveralImagesAtOnce)
{
  const Extent       extent{ { 21, 18, 1 } };
  const size_t       pixels = Count(extent);
  const auto         input = Noise(3 * 2 * pixels, 8);
  const auto         model = itk::MakeTestModel(2, 1, true);
  std::vector<float> together(3 * pixels);
  model->Predict(input.data(), extent, together.data(), 3);
  for (size_t image = 0; image < 3; ++image)
  {
    std::vector<float> alone(pixels);
    model->Predict(input.data() + image * 2 * pixels, extent, alone.data());
    for (size_t i = 0; i < pixels; ++i)
    {
      ASSERT_NEAR(together[image * pixels + i], alone[i], 1e-5);
    }
  }
}

// The average over all flips turns with the image; without it the network has a preferred direction.
TEST(UNetModel, TestTimeAugmentationTurnsWithTheImage)
{
  for (const unsigned int dimension : { 2u, 3u })
  {
    const Extent             extent{ { 16, 12, dimension == 2 ? 1u : 8u } };
    const auto               model = itk::MakeTestModel(dimension, 1, false);
    const auto               input = Noise(Count(extent), 4);
    const std::vector<float> reversed(input.rbegin(), input.rend()); // flipped along every axis
    const auto               difference = [&] {
      const auto straight = Predict(model, input, extent);
      auto       turned = Predict(model, reversed, extent);
      std::reverse(turned.begin(), turned.end());
      double largest = 0.0;
      for (size_t i = 0; i < straight.size(); ++i)
      {
        largest = std::max<double>(largest, std::abs(straight[i] - turned[i]));
      }
      return largest;
    };
    EXPECT_GT(difference(), 1e-4);
    model->TestTimeAugmentationOn();
    EXPECT_LT(difference(), 1e-5);
  }
}

TEST(UNetModel, AcceptsEveryExtent)
{
  for (const unsigned int dimension : { 2u, 3u })
  {
    const auto model = itk::MakeTestModel(dimension, 2, true);
    for (const Extent & extent : { Extent{ { 1, 1, 1 } }, Extent{ { 5, 17, 1 } }, Extent{ { 33, 2, 1 } } })
    {
      Extent full = extent;
      full[2] = dimension == 3 ? 7 : 1;
      for (const float value : Predict(model, Noise(3 * Count(full), 5), full))
      {
        EXPECT_GE(value, 0.0f);
        EXPECT_LE(value, 1.0f);
      }
    }
  }
}

// What makes tiles exact: shifts by the alignment shift the output, and nothing beyond the margin is seen.
TEST(UNetModel, PartsWithAMarginEqualTheWhole)
{
  for (const unsigned int dimension : { 2u, 3u })
  {
    const auto   model = itk::MakeTestModel(dimension, 1, true, dimension == 2 ? 4 : 3);
    const size_t alignment = model->GetAlignment();
    const size_t margin = model->GetMargin();
    const size_t core = 2 * alignment;
    const size_t begin = 3 * alignment;
    Extent       whole{ { begin + core + 2 * margin + 3, 2 * margin + core, 1 } };
    Extent       partBegin{ { begin, 0, 0 } };
    Extent       part{ { 2 * margin + core, 2 * margin + core, 1 } };
    Extent       inner{ { margin, margin, 0 } };
    Extent       coreExtent{ { core, core, 1 } };
    if (dimension == 3)
    {
      whole[2] = part[2] = coreExtent[2] = 8;
    }
    const auto   input = Noise(2 * Count(whole), 7);
    const auto   fromWhole = Predict(model, input, whole);
    const auto   fromPart = Predict(model, Cut(input, whole, partBegin, part), part);
    const Extent innerInWhole{ { partBegin[0] + inner[0], inner[1], 0 } };
    EXPECT_EQ(Cut(fromPart, part, inner, coreExtent), Cut(fromWhole, whole, innerInWhole, coreExtent)) << dimension;
  }
}

TEST(UNetModel, FileKeepsEverything)
{
  const itk::TestFolder folder;
  for (const unsigned int dimension : { 2u, 3u })
  {
    auto model = itk::MakeTestModel(dimension, 3, true);
    model->SetNormalization(itk::IntensityNormalization::Standard);
    model->SetSpacing({ { 0.1, 2.5, 1e-7 } });
    model->SetTrainingRecord("{\"a\": 1}");
    const std::string file = folder.File("model");
    model->Save(file);
    const auto loaded = itk::UNetModel::Load(file, "cpu");
    EXPECT_EQ(loaded->GetDevice(), "cpu");
    EXPECT_EQ(loaded->GetDimension(), dimension);
    EXPECT_EQ(loaded->GetImageChannels(), 3u);
    EXPECT_TRUE(loaded->GetAnnotationInput());
    EXPECT_EQ(loaded->GetBaseChannels(), 4u);
    EXPECT_EQ(loaded->GetNumberOfLevels(), 3u);
    EXPECT_EQ(loaded->GetNormalization(), itk::IntensityNormalization::Standard);
    EXPECT_EQ(loaded->GetSpacing(), model->GetSpacing());
    EXPECT_EQ(loaded->GetTrainingRecord(), std::string("{\"a\": 1}"));
    const Extent extent{ { 12, 9, dimension == 3 ? size_t{ 5 } : size_t{ 1 } } };
    const auto   input = Noise(4 * Count(extent), 9);
    loaded->SetPrecision(model->GetPrecision());
    EXPECT_EQ(Predict(loaded, input, extent), Predict(model, input, extent));
    loaded->Save(folder.File("again"));
    EXPECT_EQ(itk::ReadBytes(folder.File("again")), itk::ReadBytes(file));
  }
}

TEST(UNetModel, RefusesFilesThatAreNoModels)
{
  const itk::TestFolder folder;
  const std::string     file = folder.File("model");
  itk::MakeTestModel(2, 1, false)->Save(file);
  const std::string bytes = itk::ReadBytes(file);
  const auto        refusal = [&](const std::string & content) {
    itk::WriteBytes(file, content);
    return itk::MessageOf([&] { itk::UNetModel::Load(file); });
  };
  EXPECT_EQ(refusal(bytes), "");
  EXPECT_NE(itk::MessageOf([&] { itk::UNetModel::Load(file, "abacus"); }).find("abacus"), std::string::npos);

  EXPECT_NE(itk::MessageOf([&] { itk::UNetModel::Load(folder.File("missing")); }).find("missing\": No such file"),
            std::string::npos);
  const std::vector<std::string> foreign{
    "", "text", bytes.substr(0, bytes.size() / 2), bytes.substr(0, bytes.size() - 1)
  };
  for (const auto & content : foreign)
  {
    EXPECT_NE(refusal(content).find(file + "\" is not a model file"), std::string::npos) << refusal(content);
  }

  const auto replaced = [&](const std::string & from, const std::string & to) {
    std::string changed = bytes;
    const auto  position = changed.find(from);
    EXPECT_NE(position, std::string::npos) << from;
    return changed.replace(position, to.size(), to);
  };
  EXPECT_NE(refusal(replaced("\"version\": 1", "\"version\": 9")).find("version 9"), std::string::npos);
  EXPECT_NE(refusal(replaced("AnnotationUpgrade U-Net", "AnnotationUpgrade V-Net")).find("V-Net"), std::string::npos);
  EXPECT_NE(refusal(replaced("percentile", "annotation")).find("\"annotation\", which this version does not know"),
            std::string::npos);
  EXPECT_NE(refusal(replaced("\"base_channels\": 4", "\"base_channels\": 5")).find("damaged"), std::string::npos);
  EXPECT_NE(refusal(replaced("\"spacing\": [\n    0.0", "\"spacing\": [\n    1.0")).find("checksum"),
            std::string::npos);

  // One flipped bit anywhere: refused, or of no consequence.
  const Extent extent{ { 8, 8, 1 } };
  const auto   input = Noise(Count(extent), 1);
  itk::WriteBytes(file, bytes);
  const auto   expected = Predict(itk::UNetModel::Load(file), input, extent);
  std::mt19937 generator(1);
  size_t       refused = 0;
  for (int i = 0; i < 40; ++i)
  {
    std::string damaged = bytes;
    damaged[generator() % damaged.size()] ^= static_cast<char>(1 << generator() % 8);
    itk::WriteBytes(file, damaged);
    try
    {
      EXPECT_EQ(Predict(itk::UNetModel::Load(file), input, extent), expected);
    }
    catch (const itk::ExceptionObject &)
    {
      ++refused;
    }
  }
  EXPECT_GT(refused, 0u);
}

TEST(UNetModel, FailedSaveLeavesNothing)
{
  const itk::TestFolder folder;
  const auto            model = itk::MakeTestModel(2, 1, false);
  const std::string     file = folder.File("absent/model");
  EXPECT_NE(itk::MessageOf([&] { model->Save(file); }).find(file), std::string::npos);
  EXPECT_EQ(folder.GetNumberOfFiles(), 0u);
  EXPECT_NE(itk::MessageOf([&] { itk::UNetModel::New()->Save(folder.File("model")); }), "");
  EXPECT_EQ(folder.GetNumberOfFiles(), 0u);
}

TEST(UNetModel, RefusesImpossibleArchitectures)
{
  const auto refusal = [](auto change) {
    auto model = itk::UNetModel::New();
    change(*model);
    return itk::MessageOf([&] { model->Initialize(1); });
  };
  EXPECT_NE(refusal([](auto & model) { model.SetDimension(4); }).find("Dimension is 4"), std::string::npos);
  EXPECT_NE(refusal([](auto & model) { model.SetImageChannels(0); }).find("ImageChannels is 0"), std::string::npos);
  EXPECT_NE(refusal([](auto & model) { model.SetNumberOfLevels(1); }).find("NumberOfLevels is 1"), std::string::npos);
  EXPECT_NE(refusal([](auto & model) { model.SetNumberOfLevels(9); }).find("NumberOfLevels is 9"), std::string::npos);
  float value = 0.0f;
  EXPECT_NE(itk::MessageOf([&] {
              itk::UNetModel::New()->Predict(&value, { { 1, 1, 1 } }, &value);
            }).find("no weights"),
            std::string::npos);
}

TEST(UNetModel, RefusesDevicesThatAreNotThere)
{
  auto model = itk::UNetModel::New();
  EXPECT_EQ(model->GetDevice(), "auto");
  model->SetDevice("cpu");
  EXPECT_EQ(model->GetDevice(), "cpu");
  for (const char * name : { "gpu", "cuda:", "cuda:x", "cuda:99", "" })
  {
    EXPECT_NE(itk::MessageOf([&] { model->SetDevice(name); }).find(std::string("\"") + name + '"'), std::string::npos);
  }
  EXPECT_EQ(model->GetDevice(), "cpu");
}

TEST(UNetModel, FactorIsSpacingInPixelsOfTheImage)
{
  auto model = itk::UNetModel::New();
  using Spacing = itk::UNetModel::SpacingType;
  EXPECT_EQ(model->GetFactor({ { 0.3, 0.2, 5.0 } }), (Spacing{ { 1.0, 1.0, 1.0 } }));
  model->SetSpacing({ { 0.6, 0.3, 0.0 } });
  EXPECT_EQ(model->GetFactor({ { 0.3, 0.2, 1.0 } }), (Spacing{ { 2.0, 0.3 / 0.2, 1.0 } }));
  EXPECT_EQ(model->GetFactor({ { 0.30001, 0.6, 1.0 } }), (Spacing{ { 2.0, 0.5, 1.0 } }));
}

TEST(UNetModel, RefusesImagesOfAnotherUnit)
{
  auto model = itk::UNetModel::New();
  model->SetSpacing({ { 0.5, 0.5, 0.0 } });
  const auto refusal = [&](double spacing) {
    return itk::MessageOf([&] { model->GetFactor({ { 0.5, spacing, 1.0 } }); });
  };
  for (const double spacing : { 0.5 / 256.0, 0.5 * 16.0 })
  {
    EXPECT_EQ(refusal(spacing), "");
  }
  for (const double spacing : { 0.0005, 500.0, 0.0 })
  {
    std::ostringstream expected;
    expected << "pixels are " << spacing << " wide along axis 1, those of the network 0.5: units may differ";
    EXPECT_NE(refusal(spacing).find(expected.str()), std::string::npos) << refusal(spacing);
  }
}
