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
#include "itkUNetModelImpl.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace itk
{
namespace
{
/** Name and tensor of all weights and biases, then of all running statistics. */
std::vector<std::pair<std::string, torch::Tensor>>
NamedTensors(const UNetNetwork & network)
{
  std::vector<std::pair<std::string, torch::Tensor>> tensors;
  for (const auto & items : { network->named_parameters(), network->named_buffers() })
  {
    for (const auto & item : items)
    {
      tensors.emplace_back(item.key(), item.value().detach());
    }
  }
  return tensors;
}

std::vector<size_t>
ShapeOf(const torch::Tensor & tensor)
{
  return { tensor.sizes().begin(), tensor.sizes().end() };
}

std::string
ToText(const std::vector<size_t> & shape)
{
  std::ostringstream text;
  text << '[';
  for (size_t i = 0; i < shape.size(); ++i)
  {
    text << (i == 0 ? "" : ", ") << shape[i];
  }
  text << ']';
  return text.str();
}
} // namespace

std::vector<UNetModel::Weight>
UNetModel::GetWeights() const
{
  std::vector<Weight> weights;
  if (this->IsInitialized())
  {
    for (const auto & [name, tensor] : NamedTensors(m_Impl->Network))
    {
      const auto    values = tensor.to(torch::kCPU, torch::kFloat32).contiguous();
      const float * begin = values.data_ptr<float>();
      weights.push_back({ name, ShapeOf(tensor), std::vector<float>(begin, begin + values.numel()) });
    }
  }
  return weights;
}

void
UNetModel::SetWeights(const std::vector<Weight> & weights)
{
  if (!this->IsInitialized())
  {
    itkExceptionMacro("There is no network to set the weights of: call Initialize() first.");
  }
  std::map<std::string, const Weight *> given;
  for (const auto & weight : weights)
  {
    given[weight.Name] = &weight;
  }
  const auto                  tensors = NamedTensors(m_Impl->Network);
  std::vector<const Weight *> ordered;
  for (const auto & [name, tensor] : tensors)
  {
    const auto found = given.find(name);
    if (found == given.end())
    {
      itkExceptionMacro("The weights lack \"" << name << "\" of shape " << ToText(ShapeOf(tensor))
                                              << ". Give those of a network of the model's architecture.");
    }
    const auto & weight = *found->second;
    if (weight.Shape != ShapeOf(tensor) || weight.Values.size() != static_cast<size_t>(tensor.numel()))
    {
      itkExceptionMacro("The weight \"" << name << "\" has the shape " << ToText(weight.Shape) << " and "
                                        << weight.Values.size() << " values, the model's has the shape "
                                        << ToText(ShapeOf(tensor))
                                        << ". Give those of a network of the model's architecture.");
    }
    if (!std::all_of(weight.Values.begin(), weight.Values.end(), [](float value) { return std::isfinite(value); }))
    {
      itkExceptionMacro("The weight \"" << name << "\" has a value that is not finite.");
    }
    ordered.push_back(&weight);
    given.erase(found);
  }
  if (!given.empty())
  {
    itkExceptionMacro("There is no weight \"" << given.begin()->first
                                              << "\" in the model. Give those of a network of its architecture.");
  }

  WithTorchErrors("The weights cannot be set", [&] {
    for (size_t i = 0; i < tensors.size(); ++i)
    {
      const auto & tensor = tensors[i].second;
      tensor.copy_(torch::from_blob(const_cast<float *>(ordered[i]->Values.data()), tensor.sizes()));
    }
  });
  this->Modified();
}
} // namespace itk
