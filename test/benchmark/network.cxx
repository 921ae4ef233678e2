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
// Times the networks and prints JSON; network_peers.py compares the times with PyTorch's.

#include "itkMultiThreaderBase.h"
#include "itkUNetTrainer.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <iostream>
#include <optional>

namespace
{
using Clock = std::chrono::steady_clock;
using Extent = itk::TrainingSampleSource::ExtentType;

double
SecondsSince(Clock::time_point start)
{
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/** Noise between 0 and 1. */
std::vector<float>
MakeNoise(size_t count)
{
  std::vector<float> values(count);
  uint32_t           state = 1;
  for (float & value : values)
  {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 8) / static_cast<float>(1u << 24);
  }
  return values;
}

/** Patches that cost nothing to draw, so that the network's step alone is timed. */
class NoiseSource : public itk::TrainingSampleSource
{
public:
  using Self = NoiseSource;
  using Pointer = itk::SmartPointer<Self>;
  itkFactorylessNewMacro(Self);

  size_t
  GetNumberOfImages() const override
  {
    return 2;
  }
  Extent
  GetExtent(size_t) const override
  {
    return { { 16, 16, 1 } };
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
  DrawPatch(size_t, uint64_t, const Extent & extent, float * input, float * target) const override
  {
    const size_t      pixels = extent[0] * extent[1] * extent[2];
    static const auto noise = MakeNoise(2 * pixels);
    std::copy_n(noise.begin(), 2 * pixels, input);
    std::transform(noise.begin(), noise.begin() + static_cast<std::ptrdiff_t>(pixels), target, [](float value) {
      return value > 0.7f ? 1.0f : 0.0f;
    });
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
};

std::vector<double>
TimePrediction(const itk::UNetModel * model, const Extent & extent, size_t images, unsigned int repeats, double warmUp)
{
  const size_t       pixels = extent[0] * extent[1] * extent[2];
  const auto         input = MakeNoise(images * pixels * model->GetNumberOfInputChannels());
  std::vector<float> probability(images * pixels);
  const auto         predict = [&] { model->Predict(input.data(), extent, probability.data(), images); };
  const auto         begin = Clock::now();
  do
  {
    predict(); // the first makes the weights ready
  } while (SecondsSince(begin) < warmUp);
  std::vector<double> seconds;
  while (seconds.size() < repeats)
  {
    const auto start = Clock::now();
    predict();
    seconds.push_back(SecondsSince(start));
  }
  return seconds;
}

std::vector<double>
TimeTraining(itk::UNetModel * model, unsigned int edge, unsigned int batch, unsigned int repeats, double warmUp)
{
  auto trainer = itk::UNetTrainer::New();
  trainer->SetModel(model);
  trainer->SetSampleSource(NoiseSource::New());
  trainer->SetPatchSize(edge);
  trainer->SetBatchSize(batch);
  trainer->SetPatchesPerEpoch(batch * 10000); // more than are trained on
  std::vector<double>              seconds;
  std::optional<Clock::time_point> stepBegin; // once all is warm
  unsigned int                     events = 0;
  const auto                       begin = Clock::now();
  trainer->AddObserver(itk::ProgressEvent(), [&](const itk::EventObject &) {
    if (stepBegin)
    {
      seconds.push_back(SecondsSince(*stepBegin));
    }
    if (++events > 2 && SecondsSince(begin) >= warmUp) // the begin and two steps
    {
      stepBegin = Clock::now();
    }
    if (seconds.size() == repeats)
    {
      trainer->AbortGenerateDataOn();
    }
  });
  try
  {
    trainer->Train();
  }
  catch (const itk::ProcessAborted &)
  {}
  return seconds;
}
} // namespace

int
main(int argc, char * argv[])
{
  CLI::App            app("Times predictions and training steps of a 2-D upgrade network on noise");
  std::string         device = "cpu";
  std::string         precision = "auto";
  unsigned int        base = 64;
  unsigned int        threads = 2;
  unsigned int        repeats = 3;
  unsigned int        batch = 4;
  unsigned int        edge = 256;
  std::vector<size_t> size{ 1024, 768 };
  size_t              images = 1;
  double              warmUp = 0.0;
  bool                training = false;
  app.add_flag("--training", training, "Time training steps instead of predictions");
  app.add_option("--device", device)->capture_default_str();
  app.add_option("--precision", precision)
    ->check(CLI::IsMember({ "auto", "float32", "bfloat16" }))
    ->capture_default_str();
  app.add_option("--base-channels", base)->capture_default_str();
  app.add_option("--threads", threads)->capture_default_str();
  app.add_option("--repeats", repeats)->capture_default_str();
  app.add_option("--warm-up", warmUp, "Seconds for which it works before, at least once")->capture_default_str();
  app.add_option("--batch-size", batch, "Of training")->capture_default_str();
  app.add_option("--patch-size", edge, "Of training")->capture_default_str();
  app.add_option("--size", size, "Of the images, x and y")->expected(2)->capture_default_str();
  app.add_option("--images", images, "Predicted at once")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  itk::UNetModel::KeepFreedMemory(); // as the program annotation-upgrade does
  try
  {
    auto model = itk::UNetModel::New();
    model->SetDevice(device);
    for (size_t i = 0; i < itk::UNetPrecisionNames.size(); ++i)
    {
      if (itk::UNetPrecisionNames[i] == precision)
      {
        model->SetPrecision(static_cast<itk::UNetPrecision>(i));
      }
    }
    model->AnnotationInputOn();
    model->SetBaseChannels(base);
    model->Initialize(1);
    itk::UNetModel::SetNumberOfThreads(threads);
    itk::MultiThreaderBase::SetGlobalDefaultNumberOfThreads(threads);
    const auto seconds = training ? TimeTraining(model, edge, batch, repeats, warmUp)
                                  : TimePrediction(model, { { size[0], size[1], 1 } }, images, repeats, warmUp);
    std::cout << nlohmann::json{ { "seconds", seconds } }.dump() << std::endl;
  }
  catch (const std::exception & error)
  {
    std::cerr << error.what() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
