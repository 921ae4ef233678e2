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
#include "itkUNetNetwork.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/version.h>

#include <cmath>

namespace itk
{
namespace
{
std::vector<int64_t>
WithEdge(std::initializer_list<int64_t> channels, int64_t dimension, int64_t edge)
{
  std::vector<int64_t> shape(channels);
  shape.insert(shape.end(), dimension, edge);
  return shape;
}

torch::Tensor
HalveSize(torch::Tensor x)
{
  if (torch::GradMode::is_enabled())
  {
    // LibTorch 1.13 has no bfloat16 in 3-D on the CPU.
    return x.dim() == 4 ? torch::max_pool2d(x, 2)
           : x.is_cpu() ? torch::max_pool3d(x.to(torch::kFloat32), 2).to(x.dtype())
                        : torch::max_pool3d(x, 2);
  }
  // Pooling finds indices too, for gradients, and is slower; that of CUDA in 3-D counts in 32 bits, which are too few
  // for a large tile.
  for (int64_t axis = 2; axis < x.dim(); ++axis)
  {
    x = torch::maximum(x.slice(axis, 0, torch::nullopt, 2), x.slice(axis, 1, torch::nullopt, 2));
  }
  return x;
}

/** Convolution with as much padding as keeps the extent. When the network is applied, oneDNN computes a pixel in the
 * same way whatever the image's size and the number of threads are, so that tiles have the values of the whole image to
 * the last bit; left to itself, as in training, LibTorch takes another way for single small images in float32. */
torch::Tensor
Convolve(const torch::Tensor & input, const torch::Tensor & weight, const torch::Tensor & bias)
{
  const std::vector<int64_t> padding(static_cast<size_t>(input.dim() - 2), weight.size(2) / 2);
  const std::vector<int64_t> ones(padding.size(), 1);
  if (!torch::GradMode::is_enabled() && input.is_cpu() && input.scalar_type() == torch::kFloat32 && at::hasMKLDNN() &&
      at::globalContext().userEnabledMkldnn())
  {
    return at::mkldnn_convolution(input, weight, bias, padding, ones, ones, 1);
  }
  return torch::convolution(input, weight, bias, ones, padding, ones, false, std::vector<int64_t>(ones.size(), 0), 1);
}

/** A container whose children have the names of PyTorch's Sequential. */
std::shared_ptr<torch::nn::Module>
Container()
{
  return std::make_shared<torch::nn::Module>();
}

/** Adds a module under a path of container names, such as "maxpool_conv.1". */
template <typename TModule>
TModule
Register(torch::nn::Module & parent, const std::string & path, TModule module)
{
  const auto dot = path.find('.');
  if (dot == std::string::npos)
  {
    parent.register_module(path, module);
    return module;
  }
  const std::string head = path.substr(0, dot);
  auto              children = parent.named_children();
  auto              container = children.contains(head) ? children[head] : parent.register_module(head, Container());
  return Register(*container, path.substr(dot + 1), module);
}
} // namespace

torch::MemoryFormat
FastFormat(int64_t                                dimension,
           [[maybe_unused]] const torch::Device & device,
           [[maybe_unused]] torch::Dtype          type,
           [[maybe_unused]] bool                  training)
{
#if defined(__x86_64__) && defined(__GNUC__)
  // Without AVX512, oneDNN is slow where channels lie together: that of LibTorch 1 always, later ones with gradients.
  if (device.is_cpu() && type == torch::kFloat32 && (training || TORCH_VERSION_MAJOR < 2) &&
      !__builtin_cpu_supports("avx512f"))
  {
    return torch::MemoryFormat::Contiguous;
  }
#endif
  return dimension == 2 ? torch::MemoryFormat::ChannelsLast : torch::MemoryFormat::ChannelsLast3d;
}

ConvolutionImpl::ConvolutionImpl(int64_t dimension, int64_t in, int64_t out, int64_t edge)
  : weight(register_parameter("weight", torch::empty(WithEdge({ out, in }, dimension, edge))))
  , bias(register_parameter("bias", torch::empty(out)))
{}

torch::Tensor
ConvolutionImpl::forward(const torch::Tensor & input)
{
  return Convolve(input, weight, bias);
}

UpConvolutionImpl::UpConvolutionImpl(int64_t dimension, int64_t channels)
  : weight(register_parameter("weight", torch::empty(WithEdge({ channels, channels }, dimension, 2))))
  , bias(register_parameter("bias", torch::empty(channels)))
{}

torch::Tensor
UpConvolutionImpl::forward(const torch::Tensor & input)
{
  // A 1x1 convolution gives each pixel the channels of its 2 x 2 (x 2) new ones, which then move to their places.
  const auto           dimension = input.dim() - 2;
  const auto           extent = input.sizes().slice(2);
  const int64_t        parts = int64_t{ 1 } << dimension;
  const int64_t        channels = weight.size(1);
  std::vector<int64_t> halves(WithEdge({ input.size(0) }, dimension, 2)); // n, 2, 2, 2, channels, z, y, x
  halves.push_back(channels);
  halves.insert(halves.end(), extent.begin(), extent.end());
  std::vector<int64_t> places{ 0 };            // n, z, 2, y, 2, x, 2
  std::vector<int64_t> shape{ input.size(0) }; // n, 2z, 2y, 2x
  for (int64_t axis = 0; axis < dimension; ++axis)
  {
    places.insert(places.end(), { 2 + dimension + axis, 1 + axis });
    shape.push_back(2 * extent[static_cast<size_t>(axis)]);
  }
  const bool channelsFirst = input.suggest_memory_format() == torch::MemoryFormat::Contiguous;
  places.insert(channelsFirst ? places.begin() + 1 : places.end(), 1 + dimension);
  shape.insert(channelsFirst ? shape.begin() + 1 : shape.end(), channels);

  const auto kernel =
    weight.movedim({ 0, 1 }, { -1, -2 }).reshape(WithEdge({ parts * channels, weight.size(0) }, dimension, 1));
  const auto moved = Convolve(input, kernel, bias.repeat(parts)).view(halves).permute(places).reshape(shape);
  return channelsFirst ? moved : moved.movedim(-1, 1);
}

BatchNormalizationImpl::BatchNormalizationImpl(int64_t channels)
  : weight(register_parameter("weight", torch::ones(channels)))
  , bias(register_parameter("bias", torch::zeros(channels)))
  , running_mean(register_buffer("running_mean", torch::zeros(channels)))
  , running_var(register_buffer("running_var", torch::ones(channels)))
  , num_batches_tracked(register_buffer("num_batches_tracked", torch::zeros({}, torch::kLong)))
{}

torch::Tensor
BatchNormalizationImpl::forward(const torch::Tensor & input)
{
  if (is_training())
  {
    num_batches_tracked += 1;
  }
  return torch::batch_norm(input, weight, bias, running_mean, running_var, is_training(), 0.1, Epsilon, true);
}

DoubleConvolutionImpl::DoubleConvolutionImpl(int64_t dimension, int64_t in, int64_t out)
{
  m_Convolution[0] = Register(*this, "double_conv.0", Convolution(dimension, in, out, 3));
  m_Normalization[0] = Register(*this, "double_conv.1", BatchNormalization(out));
  m_Convolution[1] = Register(*this, "double_conv.3", Convolution(dimension, out, out, 3));
  m_Normalization[1] = Register(*this, "double_conv.4", BatchNormalization(out));
}

torch::Tensor
DoubleConvolutionImpl::forward(torch::Tensor x)
{
  for (unsigned int i = 0; i < 2; ++i)
  {
    x = m_Convolution[i](x);
    if (m_Normalization[i])
    {
      x = m_Normalization[i](x);
    }
    x.relu_();
  }
  return x;
}

void
DoubleConvolutionImpl::FoldNormalization()
{
  for (unsigned int i = 0; i < 2; ++i)
  {
    auto &       convolution = *m_Convolution[i];
    const auto & normalization = *m_Normalization[i];
    const auto   scale = normalization.weight / (normalization.running_var + normalization.Epsilon).sqrt();
    convolution.bias.copy_((convolution.bias - normalization.running_mean) * scale + normalization.bias);
    convolution.weight.transpose(0, -1).mul_(scale);
    m_Normalization[i] = nullptr;
  }
}

UNetNetworkImpl::UNetNetworkImpl(int64_t dimension, int64_t in, int64_t base, int64_t levels)
  : m_Dimension(dimension)
{
  std::vector<int64_t> widths;
  for (int64_t level = 0; level < levels; ++level)
  {
    widths.push_back(base << std::min(level, std::max<int64_t>(levels - 2, 0)));
  }
  m_Input = register_module("inc", DoubleConvolution(dimension, in, widths[0]));
  for (int64_t level = 1; level < levels; ++level)
  {
    m_Down.push_back(Register(*this,
                              "down" + std::to_string(level) + ".maxpool_conv.1",
                              DoubleConvolution(dimension, widths[level - 1], widths[level])));
  }
  int64_t width = widths.back();
  for (int64_t level = levels - 2; level >= 0; --level)
  {
    const std::string name = "up" + std::to_string(levels - 1 - level);
    const int64_t     out = widths[std::max<int64_t>(level - 1, 0)];
    m_Up.push_back(Register(*this, name + ".up", UpConvolution(dimension, width)));
    m_Merge.push_back(Register(*this, name + ".conv", DoubleConvolution(dimension, widths[level] + width, out)));
    width = out;
  }
  m_Output = Register(*this, "outc.conv", Convolution(dimension, width, 2, 1));
}

torch::Tensor
UNetNetworkImpl::forward(const torch::Tensor & input)
{
  std::vector<torch::Tensor> skips;
  auto                       x = m_Input(input);
  for (auto & down : m_Down)
  {
    skips.push_back(x);
    x = down(HalveSize(x));
  }
  for (size_t i = 0; i < m_Up.size(); ++i)
  {
    // Of what is joined nothing else is kept: a level's activations are what takes the most memory.
    x = torch::cat({ skips.back(), m_Up[i](x) }, 1);
    skips.pop_back();
    x = m_Merge[i](std::move(x));
  }
  return m_Output(x);
}

void
UNetNetworkImpl::Initialize(uint64_t seed)
{
  torch::NoGradGuard guard;
  auto               generator = at::detail::createCPUGenerator(seed);
  for (auto & module : modules(false))
  {
    torch::Tensor weight, bias;
    if (auto * convolution = module->as<ConvolutionImpl>())
    {
      weight = convolution->weight;
      bias = convolution->bias;
    }
    else if (auto * up = module->as<UpConvolutionImpl>())
    {
      weight = up->weight;
      bias = up->bias;
    }
    else
    {
      continue;
    }
    const double bound = 1.0 / std::sqrt(static_cast<double>(weight[0].numel()));
    weight.uniform_(-bound, bound, generator);
    bias.uniform_(-bound, bound, generator);
  }
}

void
UNetNetworkImpl::SetConvolutionType(torch::Dtype type)
{
  for (auto & module : modules(false))
  {
    if (module->as<ConvolutionImpl>() || module->as<UpConvolutionImpl>())
    {
      module->to(type);
    }
  }
}

void
UNetNetworkImpl::Freeze(torch::Dtype type, torch::MemoryFormat format)
{
  torch::NoGradGuard guard;
  for (auto & module : modules(false))
  {
    if (auto * convolutions = module->as<DoubleConvolutionImpl>())
    {
      convolutions->FoldNormalization();
    }
  }
  for (auto * const parameter : { &m_Output->weight, &m_Output->bias })
  {
    parameter->set_data(parameter->narrow(0, 1, 1) - parameter->narrow(0, 0, 1));
  }
  this->to(type);
  for (auto & parameter : parameters())
  {
    if (parameter.dim() > 1)
    {
      parameter.set_data(parameter.contiguous(format));
    }
  }
}

void
CopyState(UNetNetwork & to, const UNetNetwork & from)
{
  torch::NoGradGuard guard;
  const auto         toParameters = to->parameters();
  const auto         fromParameters = from->parameters();
  for (size_t i = 0; i < toParameters.size(); ++i)
  {
    toParameters[i].detach().copy_(fromParameters[i]);
  }
  const auto toBuffers = to->buffers();
  const auto fromBuffers = from->buffers();
  for (size_t i = 0; i < toBuffers.size(); ++i)
  {
    toBuffers[i].copy_(fromBuffers[i]);
  }
}

void
UpdateAverage(UNetNetwork & average, const UNetNetwork & current, double decay)
{
  torch::NoGradGuard guard;
  const auto         update = [decay](const std::vector<torch::Tensor> & to, const std::vector<torch::Tensor> & from) {
    for (size_t i = 0; i < to.size(); ++i)
    {
      if (to[i].is_floating_point())
      {
        to[i].detach().lerp_(from[i].detach(), 1.0 - decay);
      }
      else
      {
        to[i].copy_(from[i]);
      }
    }
  };
  update(average->parameters(), current->parameters());
  update(average->buffers(), current->buffers());
}
} // namespace itk
