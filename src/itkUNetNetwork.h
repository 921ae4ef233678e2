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
#ifndef itkUNetNetwork_h
#define itkUNetNetwork_h

#include <torch/torch.h>

#include <string>
#include <vector>

// Layers carry the names of the usual PyTorch U-Net: inc.double_conv.0, down1.maxpool_conv.1.double_conv.0, up1.up,
// up1.conv.double_conv.0, outc.conv.
namespace itk
{
/** 3x3 or 1x1 convolution, 2-D or 3-D. */
class ConvolutionImpl : public torch::nn::Module
{
public:
  ConvolutionImpl(int64_t dimension, int64_t in, int64_t out, int64_t edge);
  torch::Tensor
  forward(const torch::Tensor & input);

  torch::Tensor weight;
  torch::Tensor bias;
};
TORCH_MODULE(Convolution);

/** Transposed convolution of edge and stride 2, computed as a 1x1 convolution whose channels are spread over the
 * pixels.
 */
class UpConvolutionImpl : public torch::nn::Module
{
public:
  UpConvolutionImpl(int64_t dimension, int64_t channels);
  torch::Tensor
  forward(const torch::Tensor & input);

  torch::Tensor weight; ///< [in, out, 2, 2 (, 2)], as in PyTorch
  torch::Tensor bias;
};
TORCH_MODULE(UpConvolution);

class BatchNormalizationImpl : public torch::nn::Module
{
public:
  static constexpr double Epsilon = 1e-5;

  explicit BatchNormalizationImpl(int64_t channels);
  torch::Tensor
  forward(const torch::Tensor & input);

  torch::Tensor weight;
  torch::Tensor bias;
  torch::Tensor running_mean;
  torch::Tensor running_var;
  torch::Tensor num_batches_tracked;
};
TORCH_MODULE(BatchNormalization);

/** Convolution, batch normalisation, ReLU, twice. */
class DoubleConvolutionImpl : public torch::nn::Module
{
public:
  DoubleConvolutionImpl(int64_t dimension, int64_t in, int64_t out);
  torch::Tensor
  forward(torch::Tensor x);

  /** Makes the running batch normalisation part of the convolutions. */
  void
  FoldNormalization();

private:
  Convolution        m_Convolution[2]{ nullptr, nullptr };
  BatchNormalization m_Normalization[2]{ nullptr, nullptr };
};
TORCH_MODULE(DoubleConvolution);

/** The U-Net; see UNetModel. */
class UNetNetworkImpl : public torch::nn::Module
{
public:
  UNetNetworkImpl(int64_t dimension, int64_t in, int64_t base, int64_t levels);

  /** [batch, channels, (z,) y, x] with sizes that poolings divide -> logits [batch, 2, (z,) y, x], or, of a frozen
   * network, the second less the first [batch, 1, (z,) y, x]. */
  torch::Tensor
  forward(const torch::Tensor & input);

  /** Draws weights and biases, uniform within 1 / sqrt(inputs of a neuron), as PyTorch does. */
  void
  Initialize(uint64_t seed);

  /** Convolutions in `type`; batch normalisation stays in float32. */
  void
  SetConvolutionType(torch::Dtype type);

  /** Gives up what only training needs, for speed, and converts to `type` and to a memory format. */
  void
  Freeze(torch::Dtype type, torch::MemoryFormat format);

private:
  int64_t                        m_Dimension;
  DoubleConvolution              m_Input{ nullptr };
  std::vector<DoubleConvolution> m_Down;
  std::vector<UpConvolution>     m_Up;
  std::vector<DoubleConvolution> m_Merge;
  Convolution                    m_Output{ nullptr };
};
TORCH_MODULE(UNetNetwork);

/** The memory format that is fastest for convolutions over [batch, channels, (z,) y, x], with their gradients if
 * training. To give it to an image, even of one channel, use Tensor::to(): contiguous() leaves such as it is. */
torch::MemoryFormat
FastFormat(int64_t dimension, const torch::Device & device, torch::Dtype type, bool training);

void
CopyState(UNetNetwork & to, const UNetNetwork & from);

/** average = decay * average + (1 - decay) * current, for all weights and buffers. */
void
UpdateAverage(UNetNetwork & average, const UNetNetwork & current, double decay);
} // namespace itk

#endif
