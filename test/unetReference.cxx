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
// Writes what the network computes, for network_agreement.py, as a dictionary of tensors that torch.load() reads.
//
// unetReference OUTPUT DIMENSION CHANNELS BASE_CHANNELS LEVELS SEED
//
// state/NAME is the state dictionary before, after/NAME the one after a step in training mode; gradient/LOSS/NAME the
// gradient of the loss loss/LOSS of logits/training. predict/ holds images and what UNetModel makes of them with the
// weights of after/.

#include "itkUNetLoss.h"
#include "itkUNetModelImpl.h"

#include <ATen/CPUGeneratorImpl.h>

#include <fstream>
#include <iostream>

namespace
{
using Dictionary = c10::Dict<std::string, torch::Tensor>;

/** Adds the parameters and buffers of a module. */
void
AddState(Dictionary & result, const std::string & prefix, const torch::nn::Module & module)
{
  for (const auto & item : module.named_parameters())
  {
    result.insert(prefix + item.key(), item.value().detach().clone());
  }
  for (const auto & item : module.named_buffers())
  {
    result.insert(prefix + item.key(), item.value().clone());
  }
}

/** Gives the batch normalisations weights and statistics that leave nothing as it is. */
void
DrawNormalization(torch::nn::Module & module, at::Generator generator)
{
  const auto endsWith = [](const std::string & text, const std::string & end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
  };
  torch::NoGradGuard guard;
  for (auto & item : module.named_parameters())
  {
    if (item.value().dim() == 1 && endsWith(item.key(), "weight"))
    {
      item.value().uniform_(0.5, 1.5, generator);
    }
    else if (item.value().dim() == 1)
    {
      item.value().uniform_(-0.3, 0.3, generator);
    }
  }
  for (auto & item : module.named_buffers())
  {
    if (endsWith(item.key(), "running_mean"))
    {
      item.value().uniform_(-0.5, 0.5, generator);
    }
    else if (endsWith(item.key(), "running_var"))
    {
      item.value().uniform_(0.1, 2.0, generator);
    }
  }
}

void
CopyState(const torch::nn::Module & from, torch::nn::Module & to)
{
  torch::NoGradGuard guard;
  auto               parameters = to.named_parameters();
  for (const auto & item : from.named_parameters())
  {
    parameters[item.key()].copy_(item.value());
  }
  auto buffers = to.named_buffers();
  for (const auto & item : from.named_buffers())
  {
    buffers[item.key()].copy_(item.value());
  }
}

Dictionary
MakeReference(const int64_t  dimension,
              const int64_t  channels,
              const int64_t  base,
              const int64_t  levels,
              const uint64_t seed)
{
  Dictionary       result;
  auto             generator = at::detail::createCPUGenerator(seed);
  itk::UNetNetwork network(dimension, channels, base, levels);
  network->Initialize(seed);
  DrawNormalization(*network, generator);
  AddState(result, "state/", *network);

  // Another length along each axis.
  const int64_t        alignment = int64_t{ 1 } << (levels - 1);
  std::vector<int64_t> shape{ alignment, 2 * alignment, 3 * alignment };
  shape.erase(shape.begin(), shape.end() - dimension);
  shape.insert(shape.begin(), { 2, channels });
  const auto input = torch::empty(shape).normal_(0.0, 1.0, generator);
  shape.erase(shape.begin() + 1);
  const auto random = torch::empty(shape).uniform_(-0.5, 1.5, generator);
  const auto target = torch::where(random < -0.25, torch::full_like(random, -1.0), random.clamp(0.0, 1.0));
  result.insert("input", input);
  result.insert("target", target);

  const auto channelsLast = dimension == 2 ? torch::MemoryFormat::ChannelsLast : torch::MemoryFormat::ChannelsLast3d;
  network->eval();
  result.insert("logits/evaluation", network->forward(input).detach());
  result.insert("logits/channels last",
                network->forward(input.to(torch::kFloat32, false, false, channelsLast)).detach());
  network->train();
  const auto format = itk::FastFormat(dimension, torch::kCPU, torch::kFloat32, true);
  const auto logits = network->forward(input.to(torch::kFloat32, false, false, format));
  result.insert("logits/training", logits.detach());
  AddState(result, "after/", *network);
  for (const auto loss : { itk::TrainingLoss::Dice, itk::TrainingLoss::DiceAndCrossEntropy })
  {
    const std::string name = itk::TrainingLossNames[static_cast<size_t>(loss)];
    const auto        value = itk::SegmentationLoss(logits, target, loss);
    const auto        gradients = torch::autograd::grad({ value }, network->parameters(), {}, true);
    result.insert("loss/" + name, value.detach());
    const auto names = network->named_parameters().keys();
    for (size_t i = 0; i < names.size(); ++i)
    {
      result.insert("gradient/" + name + '/' + names[i], gradients[i]);
    }
    result.insert("loss-of-ignored/" + name, itk::SegmentationLoss(logits, target * 0.0 - 1.0, loss).detach());
  }

  auto model = itk::UNetModel::New();
  model->SetDevice("cpu");
  model->SetPrecision(itk::UNetPrecision::Float32);
  model->SetDimension(static_cast<unsigned int>(dimension));
  model->SetAnnotationInput(channels > 1);
  model->SetImageChannels(static_cast<unsigned int>(channels > 1 ? channels - 1 : 1));
  model->SetBaseChannels(static_cast<unsigned int>(base));
  model->SetNumberOfLevels(static_cast<unsigned int>(levels));
  model->Initialize(0);
  result.insert("parameters", torch::tensor(static_cast<int64_t>(model->GetNumberOfParameters())));
  torch::nn::Module & modelNetwork = *model->GetImpl().Network.ptr();
  network->eval();
  CopyState(*network, modelNetwork);
  for (const int64_t missing : { int64_t{ 1 }, alignment - 1, int64_t{ 0 } })
  {
    std::vector<int64_t> odd{ alignment + 1, 2 * alignment - missing, alignment + alignment / 2 };
    odd.erase(odd.begin(), odd.end() - dimension);
    std::array<size_t, 3> extent{ { 1, 1, 1 } };
    std::copy(odd.rbegin(), odd.rend(), extent.begin());
    auto probability = torch::empty(odd);
    odd.insert(odd.begin(), channels);
    const auto image = torch::empty(odd).normal_(0.0, 1.0, generator);
    model->Predict(image.data_ptr<float>(), extent, probability.data_ptr<float>());
    result.insert("predict/" + std::to_string(missing) + "/input", image);
    result.insert("predict/" + std::to_string(missing) + "/probability", probability);
  }
  return result;
}
} // namespace

int
main(int argc, char * argv[])
{
  try
  {
    if (argc != 7)
    {
      itkGenericExceptionMacro("Usage: unetReference OUTPUT DIMENSION CHANNELS BASE_CHANNELS LEVELS SEED");
    }
    const auto reference = MakeReference(
      std::stoll(argv[2]), std::stoll(argv[3]), std::stoll(argv[4]), std::stoll(argv[5]), std::stoull(argv[6]));
    const std::vector<char> pickled = torch::pickle_save(reference);
    std::ofstream           file(argv[1], std::ios::binary);
    file.write(pickled.data(), static_cast<std::streamsize>(pickled.size()));
    if (!file.flush())
    {
      itkGenericExceptionMacro("Cannot write " << argv[1]);
    }
  }
  catch (const std::exception & error)
  {
    std::cerr << error.what() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
