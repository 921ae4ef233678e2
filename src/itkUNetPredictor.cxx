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
#include <future>

namespace itk
{
namespace
{
/** Grows with every change of weights and buffers. */
uint64_t
VersionOf(const UNetNetwork & network)
{
  uint64_t version = 0;
  for (const auto & parameter : network->parameters())
  {
    version += parameter._version();
  }
  for (const auto & buffer : network->buffers())
  {
    version += buffer._version();
  }
  return version;
}

torch::Dtype
TypeOf(const UNetModel & model)
{
  return ComputesInBFloat16(model.GetPrecision(), model.GetImpl().Device) ? torch::kBFloat16 : torch::kFloat32;
}
} // namespace

UNetPredictor::UNetPredictor(const UNetModel & model)
  : m_Dimension(model.GetDimension())
  , m_Channels(model.GetNumberOfInputChannels())
  , m_Alignment(static_cast<int64_t>(model.GetAlignment()))
  , m_Type(TypeOf(model))
  , m_Format(FastFormat(m_Dimension, model.GetImpl().Device, m_Type, false))
  , m_Version(VersionOf(model.GetImpl().Network))
{
  const auto & impl = model.GetImpl();
  const bool   all = impl.Device.is_cuda() && impl.DeviceName.find(':') == std::string::npos;
  const auto   devices = static_cast<int>(all ? torch::cuda::device_count() : 1);
  for (int i = 0; i < devices; ++i)
  {
    auto device = impl.Device;
    if (all)
    {
      device.set_index(static_cast<c10::DeviceIndex>(i));
    }
    Copy copy{ device, CopyNetwork(model) };
    copy.Network->Freeze(m_Type, m_Format);
    if (i == 0)
    {
      copy.Network->to(device);
    }
    else if (!this->MoveAndTry(copy))
    {
      continue;
    }
    m_Copies.push_back(copy);
  }
}

bool
UNetPredictor::MoveAndTry(Copy copy) const
{
  try
  {
    std::array<size_t, 3> extent{ { 1, 1, 1 } };
    std::fill_n(extent.begin(), m_Dimension, static_cast<size_t>(m_Alignment));
    const size_t             pixels = extent[0] * extent[1] * extent[2];
    const std::vector<float> input(pixels * static_cast<size_t>(m_Channels));
    std::vector<float>       probability(pixels);
    copy.Network->to(copy.Device);
    this->PredictOn(copy, input.data(), extent, probability.data(), 1, false);
    return true;
  }
  catch (const c10::Error &)
  {
    return false;
  }
}

bool
UNetPredictor::IsOutdated(const UNetModel & model) const
{
  return m_Type != TypeOf(model) || m_Version != VersionOf(model.GetImpl().Network);
}

void
UNetPredictor::Predict(const float *                 input,
                       const std::array<size_t, 3> & extent,
                       float *                       probability,
                       size_t                        images,
                       bool                          flips) const
{
  const size_t                   pixels = extent[0] * extent[1] * extent[2];
  const size_t                   share = (images + m_Copies.size() - 1) / m_Copies.size();
  std::vector<std::future<void>> others;
  for (size_t first = share, i = 1; first < images; first += share, ++i)
  {
    others.push_back(
      std::async(std::launch::async, [this, i, first, input, extent, probability, images, share, pixels, flips] {
        this->PredictOn(m_Copies[i],
                        input + first * pixels * static_cast<size_t>(m_Channels),
                        extent,
                        probability + first * pixels,
                        std::min(share, images - first),
                        flips);
      }));
  }
  this->PredictOn(m_Copies.front(), input, extent, probability, share, flips);
  for (auto & other : others)
  {
    other.get();
  }
}

void
UNetPredictor::PredictOn(const Copy &                  copy,
                         const float *                 input,
                         const std::array<size_t, 3> & extent,
                         float *                       probability,
                         size_t                        images,
                         bool                          flips) const
{
  torch::InferenceMode guard;
  std::vector<int64_t> shape{ static_cast<int64_t>(images), m_Channels };
  std::vector<int64_t> padding;
  for (unsigned int axis = m_Dimension; axis-- > 0;)
  {
    shape.push_back(static_cast<int64_t>(extent[axis]));
  }
  for (unsigned int axis = 0; axis < m_Dimension; ++axis)
  {
    const auto length = static_cast<int64_t>(extent[axis]);
    padding.push_back(0);
    padding.push_back((m_Alignment - length % m_Alignment) % m_Alignment);
  }

  auto x = torch::from_blob(const_cast<float *>(input), shape);
  if (copy.Device.is_cuda())
  {
    x = x.pin_memory().to(copy.Device, /* non_blocking */ true);
  }
  if (std::any_of(padding.begin(), padding.end(), [](int64_t p) { return p > 0; }))
  {
    x = torch::nn::functional::pad(x, torch::nn::functional::PadFuncOptions(padding).mode(torch::kReplicate));
  }
  x = x.to(m_Type, false, false, m_Format);
  // A frozen network gives the foreground's logit less the background's.
  auto predict = [network = copy.Network](const torch::Tensor & image) mutable {
    return network->forward(image).squeeze(1).to(torch::kFloat32).sigmoid_();
  };
  torch::Tensor y = predict(x);
  if (flips)
  {
    // Flips of what is filled up to the alignment keep the tiles' grid.
    for (unsigned int mask = 1; mask < 1u << m_Dimension; ++mask)
    {
      std::vector<int64_t> axes; // from the last
      for (unsigned int axis = 0; axis < m_Dimension; ++axis)
      {
        if (mask >> axis & 1u)
        {
          axes.push_back(-1 - static_cast<int64_t>(axis));
        }
      }
      y += predict(x.flip(axes)).flip(axes);
    }
    y /= static_cast<double>(1u << m_Dimension);
  }
  for (unsigned int axis = 0; axis < m_Dimension; ++axis)
  {
    y = y.narrow(static_cast<int64_t>(m_Dimension - axis), 0, static_cast<int64_t>(extent[axis]));
  }
  shape.erase(shape.begin() + 1);
  torch::from_blob(probability, shape).copy_(y);
}
} // namespace itk
