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

#include "itkHashedNoise.h"
#include "itkUNetSegmentFilter.h"
#include "itkUNetTestImages.h"
#include "itkUNetTrainer.h"
#include "itkUpgradeAnnotationFilter.h"

#include <algorithm>
#include <cmath>
#include <numeric>

// Everything that a GPU does, against the CPU. Skipped where there is none.

namespace
{
using Extent = std::array<size_t, 3>;

/** Why device `name` cannot be used, or nothing. */
std::string
Missing(const std::string & name)
{
  try
  {
    itk::UNetModel::New()->SetDevice(name);
    return {};
  }
  catch (const itk::ExceptionObject & error)
  {
    return error.GetDescription();
  }
}

#define SKIP_WITHOUT(name)         \
  if (!Missing(name).empty())      \
  {                                \
    GTEST_SKIP() << Missing(name); \
  }                                \
  static_assert(true, "")

std::vector<float>
Noise(size_t count)
{
  itk::HashedNoise::Stream random(5);
  std::vector<float>       values(count);
  for (float & value : values)
  {
    value = static_cast<float>(random.Uniform());
  }
  return values;
}

std::vector<float>
Predict(const itk::UNetModel * model, const std::vector<float> & input, const Extent & extent, size_t images)
{
  std::vector<float> probability(images * extent[0] * extent[1] * extent[2]);
  model->Predict(input.data(), extent, probability.data(), images);
  return probability;
}

double
MeanDifference(const std::vector<float> & first, const std::vector<float> & second)
{
  double sum = 0.0;
  for (size_t i = 0; i < first.size(); ++i)
  {
    sum += std::abs(first[i] - second[i]);
  }
  return sum / static_cast<double>(first.size());
}

/** How far the values are from their mean. */
double
Spread(const std::vector<float> & values)
{
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  return MeanDifference(values, std::vector<float>(values.size(), static_cast<float>(sum / values.size())));
}

/** Makes random weights so large that a layer passes on as much variance as it gets. As they are initialized, deep
 * layers, and with them all of the output, would hardly depend on the input. */
void
Strengthen(itk::UNetModel * model)
{
  auto weights = model->GetWeights();
  for (auto & weight : weights)
  {
    if (weight.Shape.size() > 1)
    {
      for (float & value : weight.Values)
      {
        value *= std::sqrt(6.0f);
      }
    }
  }
  model->SetWeights(weights);
}

itk::UNetModel::Pointer
MakeModel(unsigned int dimension, const std::string & device, itk::UNetPrecision precision, bool annotation = true)
{
  auto model = itk::MakeTestModel(dimension, 1, annotation, 3, 8);
  Strengthen(model);
  model->SetDevice(device);
  model->SetPrecision(precision);
  return model;
}

const Extent extent2D{ { 93, 61, 1 } };
const Extent extent3D{ { 29, 22, 17 } };

// LibTorch lets CUDA's convolutions round their factors to TF32, whose relative error is 2^-11; that of bfloat16 is
// 2^-8.
constexpr double singleTolerance = 1e-3;
constexpr double halfTolerance = 5e-3;
} // namespace

TEST(UNetCudaReference, VariesMuchMoreThanTheTolerances)
{
  for (const unsigned int dimension : { 2u, 3u })
  {
    const Extent & extent = dimension == 2 ? extent2D : extent3D;
    const auto     input = Noise(2 * extent[0] * extent[1] * extent[2]);
    const auto     expected = Predict(MakeModel(dimension, "cpu", itk::UNetPrecision::Float32), input, extent, 1);
    const auto     half = Predict(MakeModel(dimension, "cpu", itk::UNetPrecision::BFloat16), input, extent, 1);
    EXPECT_GT(Spread(expected), 5 * halfTolerance) << dimension << "-D";
    EXPECT_LT(MeanDifference(half, expected), halfTolerance);
  }
}

TEST(UNetCuda, PredictsWhatTheCpuPredicts)
{
  SKIP_WITHOUT("cuda");
  for (const unsigned int dimension : { 2u, 3u })
  {
    const Extent & extent = dimension == 2 ? extent2D : extent3D;
    const auto     input = Noise(3 * 2 * extent[0] * extent[1] * extent[2]);
    const auto     expected = Predict(MakeModel(dimension, "cpu", itk::UNetPrecision::Float32), input, extent, 3);
    const auto     single = Predict(MakeModel(dimension, "cuda", itk::UNetPrecision::Float32), input, extent, 3);
    const auto     half = Predict(MakeModel(dimension, "cuda", itk::UNetPrecision::BFloat16), input, extent, 3);
    EXPECT_LT(MeanDifference(single, expected), singleTolerance);
    EXPECT_LT(MeanDifference(half, expected), halfTolerance);
  }
}

TEST(UNetCuda, ImagesOfABatchDoNotMix)
{
  SKIP_WITHOUT("cuda");
  const auto   model = MakeModel(2, "cuda:0", itk::UNetPrecision::Float32);
  const size_t pixels = extent2D[0] * extent2D[1];
  const auto   input = Noise(5 * 2 * pixels);
  const auto   together = Predict(model, input, extent2D, 5);
  for (size_t image = 0; image < 5; ++image)
  {
    const auto begin = static_cast<std::ptrdiff_t>(image * pixels);
    const auto length = static_cast<std::ptrdiff_t>(pixels);
    const auto alone = Predict(model, { input.begin() + 2 * begin, input.begin() + 2 * (begin + length) }, extent2D, 1);
    EXPECT_LT(MeanDifference(alone, { together.begin() + begin, together.begin() + begin + length }), singleTolerance);
  }
}

TEST(UNetCuda, SlicesInBatchesAndTilesGiveWhatTheCpuGives)
{
  SKIP_WITHOUT("cuda");
  using Image = itk::Image<unsigned char, 3>;
  using Probability = itk::Image<float, 3>;
  const auto image = itk::MakeNoiseImage<Image>({ { 61, 45, 9 } }, 3);
  const auto segment = [&](const char * device, unsigned int tileSize) {
    const auto model = MakeModel(2, device, itk::UNetPrecision::Float32, false);
    auto       filter = itk::UNetSegmentFilter<Image, Probability>::New();
    filter->SetInput(image);
    filter->SetModel(model);
    filter->SetTileSize(tileSize);
    filter->Update();
    return itk::PixelsOf(filter->GetOutput());
  };
  const auto expected = segment("cpu", 0);
  EXPECT_LT(MeanDifference(segment("cuda", 0), expected), singleTolerance);
  EXPECT_LT(MeanDifference(segment("cuda", 16), expected), singleTolerance);
}

TEST(UNetCuda, UpgradesAsTheCpuDoes)
{
  SKIP_WITHOUT("cuda");
  using Image = itk::Image<unsigned char, 2>;
  using Labels = itk::Image<unsigned short, 2>;
  const auto image = itk::MakeNoiseImage<Image>({ { 61, 45 } }, 3);
  const auto labels = itk::MakeNoiseImage<Labels>({ { 61, 45 } }, 4);
  const auto upgrade = [&](const char * device) {
    const auto            cpu = MakeModel(2, "cpu", itk::UNetPrecision::Float32);
    const itk::TestFolder folder;
    cpu->Save(folder.File("model"));
    const auto model = itk::UNetModel::Load(folder.File("model"), device);
    model->SetPrecision(itk::UNetPrecision::Float32);
    model->TestTimeAugmentationOn();
    auto filter = itk::UpgradeAnnotationFilter<Image, Labels, itk::Image<float, 2>>::New();
    filter->SetInput(image);
    filter->SetAnnotationImage(labels);
    filter->SetModel(model);
    filter->Update();
    return itk::PixelsOf(filter->GetOutput());
  };
  EXPECT_LT(MeanDifference(upgrade("cuda"), upgrade("cpu")), singleTolerance);
}

TEST(UNetCuda, SharesImagesOutToAllDevices)
{
  SKIP_WITHOUT("cuda:1");
  const auto input = Noise(7 * 2 * extent2D[0] * extent2D[1]);
  const auto one = Predict(MakeModel(2, "cuda:1", itk::UNetPrecision::Float32), input, extent2D, 7);
  const auto all = Predict(MakeModel(2, "cuda", itk::UNetPrecision::Float32), input, extent2D, 7);
  EXPECT_LT(MeanDifference(one, all), singleTolerance);
}

namespace
{
/** Discs, or balls, to find in patches and images that are all alike. */
class BallSource : public itk::TrainingSampleSource
{
public:
  using Self = BallSource;
  using Pointer = itk::SmartPointer<Self>;
  itkFactorylessNewMacro(Self);

  size_t
  GetNumberOfImages() const override
  {
    return 3;
  }
  ExtentType
  GetExtent(size_t) const override
  {
    return Size;
  }
  bool
  HasForeground(size_t) const override
  {
    return true;
  }
  void
  VerifyModel(const itk::UNetModel *) const override
  {}
  void
  DrawPatch(size_t, uint64_t seed, const ExtentType & extent, float * input, float * target) const override
  {
    itk::HashedNoise::Stream random(seed);
    const double             x0 = random.Uniform(8.0, 24.0);
    const double             y0 = random.Uniform(8.0, 24.0);
    const double             z0 = extent[2] > 1 ? random.Uniform(8.0, 24.0) : 0.0;
    for (size_t z = 0; z < extent[2]; ++z)
    {
      for (size_t y = 0; y < extent[1]; ++y)
      {
        for (size_t x = 0; x < extent[0]; ++x)
        {
          const bool inside = std::hypot(x - x0, y - y0, z - z0) < 6.0;
          *input++ = static_cast<float>(random.Uniform() + (inside ? 0.7 : 0.0));
          *target++ = inside ? 1.0f : 0.0f;
        }
      }
    }
  }
  void
  DrawImage(size_t image, uint64_t seed, float * input, float * target) const override
  {
    this->DrawPatch(image, seed, this->GetExtent(image), input, target);
  }
  std::string
  GetDescription() const override
  {
    return "{}";
  }

  Extent Size{ { 32, 32, 1 } };
};

itk::UNetTrainer::Pointer
MakeTrainer(unsigned int dimension, itk::UNetPrecision precision)
{
  auto model = itk::MakeTestModel(dimension, 1, false, 3, 8);
  model->SetDevice("cuda");
  model->SetPrecision(precision);
  auto source = BallSource::New();
  source->Size[2] = dimension == 2 ? 1 : 32;
  auto trainer = itk::UNetTrainer::New();
  trainer->SetModel(model);
  trainer->SetSampleSource(source);
  trainer->SetPatchSize(32);
  trainer->SetPatchesPerEpoch(80);
  trainer->SetMaximumEpochs(8);
  trainer->SetLearningRate(0.01);
  trainer->SetAverageDecay(0.9);
  return trainer;
}

double
BestDice(const itk::UNetTrainer * trainer)
{
  return trainer->GetHistory()[trainer->GetBestEpoch() - 1].Dice;
}
} // namespace

TEST(UNetCuda, TrainsAModelForTheCpu)
{
  SKIP_WITHOUT("cuda");
  for (const auto precision : { itk::UNetPrecision::Float32, itk::UNetPrecision::BFloat16 })
  {
    for (const unsigned int dimension : { 2u, 3u })
    {
      auto trainer = MakeTrainer(dimension, precision);
      trainer->Train();
      EXPECT_GT(BestDice(trainer), 0.85);

      const itk::TestFolder folder;
      trainer->GetModel()->Save(folder.File("model"));
      const auto loaded = itk::UNetModel::Load(folder.File("model"), "cpu");
      loaded->SetPrecision(itk::UNetPrecision::Float32);
      const Extent & extent = dimension == 2 ? extent2D : extent3D;
      const auto     input = Noise(extent[0] * extent[1] * extent[2]);
      EXPECT_LT(MeanDifference(Predict(trainer->GetModel(), input, extent, 1), Predict(loaded, input, extent, 1)),
                halfTolerance);
    }
  }
}

TEST(UNetCuda, GoesOnFromACheckpoint)
{
  SKIP_WITHOUT("cuda");
  for (const auto precision : { itk::UNetPrecision::Float32, itk::UNetPrecision::BFloat16 })
  {
    const itk::TestFolder folder;
    auto                  first = MakeTrainer(2, precision);
    first->SetCheckpointFile(folder.File("checkpoint"));
    first->SetMaximumEpochs(4);
    first->Train();
    auto second = MakeTrainer(2, precision);
    second->SetCheckpointFile(folder.File("checkpoint"));
    second->ResumeOn();
    second->Train();
    ASSERT_EQ(second->GetHistory().size(), 8u);
    EXPECT_EQ(second->GetHistory()[3].Loss, first->GetHistory()[3].Loss);
    EXPECT_LT(second->GetHistory()[4].Loss, first->GetHistory()[0].Loss);
    EXPECT_GT(BestDice(second), 0.85);
  }
}

namespace
{
/** The corner of a cube farthest from its origin. */
std::vector<float>
LastPart(const std::vector<float> & cube, size_t edge, size_t partEdge)
{
  std::vector<float> part;
  for (size_t z = edge - partEdge; z < edge; ++z)
  {
    for (size_t y = edge - partEdge; y < edge; ++y)
    {
      const auto end = cube.begin() + static_cast<std::ptrdiff_t>((z * edge + y + 1) * edge);
      part.insert(part.end(), end - static_cast<std::ptrdiff_t>(partEdge), end);
    }
  }
  return part;
}
} // namespace

// A tile of the default size with its margins, in a network of the default width: its activations are more than 32 bits
// can count. The far corner must be what it is in a smaller part, which has all that the corner sees.
TEST(UNetCuda, PredictsALargeTileInThreeDimensions)
{
  SKIP_WITHOUT("cuda");
  auto model = itk::UNetModel::New();
  model->SetDimension(3);
  model->SetDevice("cuda");
  model->SetPrecision(itk::UNetPrecision::BFloat16);
  model->Initialize(1);
  Strengthen(model);
  const Extent tile{ { 352, 352, 352 } };
  const auto   noise = Noise(tile[0] * tile[1] * tile[2]);
  const auto   found = LastPart(Predict(model, noise, tile, 1), 352, 128);
  const auto   expected = LastPart(Predict(model, LastPart(noise, 352, 240), { { 240, 240, 240 } }, 1), 240, 128);
  EXPECT_GT(Spread(expected), 5 * halfTolerance);
  EXPECT_LT(MeanDifference(found, expected), halfTolerance);
}
