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

#include "itksys/MD5.h"

#include <ATen/detail/CUDAHooksInterface.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <climits>
#include <cmath>
#ifdef __GLIBC__
#  include <malloc.h>
#endif

namespace itk
{
namespace
{
constexpr const char * FormatName = "AnnotationUpgrade U-Net";
constexpr int          FormatVersion = 1;

const char *
NormalizationName(IntensityNormalization normalization)
{
  return IntensityNormalizationNames[static_cast<size_t>(normalization)];
}

/** MD5 of the header and of all weights and buffers. */
std::string
Checksum(const std::string & header, const UNetNetwork & network)
{
  itksysMD5 * md5 = itksysMD5_New();
  itksysMD5_Initialize(md5);
  const auto append = [md5](const void * data, size_t size) {
    constexpr size_t chunk = size_t{ 1 } << 30;
    const auto *     bytes = static_cast<const unsigned char *>(data);
    for (size_t done = 0; done < size; done += chunk)
    {
      itksysMD5_Append(md5, bytes + done, static_cast<int>(std::min(chunk, size - done)));
    }
  };
  append(header.data(), header.size());
  const auto appendTensor = [&append](const torch::Tensor & tensor) {
    const auto plain = tensor.cpu().contiguous();
    append(plain.data_ptr(), plain.nbytes());
  };
  for (const auto & parameter : network->parameters())
  {
    appendTensor(parameter.detach());
  }
  for (const auto & buffer : network->buffers())
  {
    appendTensor(buffer);
  }
  char hex[32];
  itksysMD5_FinalizeHex(md5, hex);
  itksysMD5_Delete(md5);
  return { hex, sizeof(hex) };
}

std::string
ReadString(torch::serialize::InputArchive & archive, const std::string & key)
{
  c10::IValue value;
  return archive.try_read(key, value) && value.isString() ? value.toStringRef() : std::string();
}
} // namespace

torch::Device
FindDevice(const std::string & name)
{
  if (name == "cpu" || (name == "auto" && !torch::cuda::is_available()))
  {
    return torch::kCPU;
  }
  const bool indexed = name.rfind("cuda:", 0) == 0 && name.size() > 5 && name.size() < 9 &&
                       name.find_first_not_of("0123456789", 5) == std::string::npos;
  if (name != "auto" && name != "cuda" && !indexed)
  {
    itkGenericExceptionMacro("Device \"" << name << "\" is unknown. Use auto, cpu, cuda, or cuda: and a number.");
  }
  const auto count = static_cast<int>(torch::cuda::device_count());
  const int  index = indexed ? std::stoi(name.substr(5)) : 0;
  if (index >= count)
  {
    itkGenericExceptionMacro("Device \"" << name << "\" is not there: LibTorch sees " << count
                                         << " CUDA devices. Use cpu or auto, or install a LibTorch with CUDA.");
  }
  return torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(index));
}

UNetNetwork
CopyNetwork(const UNetModel & model)
{
  UNetNetwork network(
    model.GetDimension(), model.GetNumberOfInputChannels(), model.GetBaseChannels(), model.GetNumberOfLevels());
  network->to(model.GetImpl().Device);
  CopyState(network, model.GetImpl().Network);
  network->eval();
  return network;
}

bool
ComputesInBFloat16(UNetPrecision precision, const torch::Device & device)
{
  if (precision != UNetPrecision::Auto)
  {
    return precision == UNetPrecision::BFloat16;
  }
  if (device.is_cuda())
  {
    return at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8();
  }
#if defined(__x86_64__) && defined(__GNUC__) && __GNUC__ >= 10
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

UNetModel::UNetModel()
  : m_Impl(std::make_unique<Impl>())
{}

UNetModel::~UNetModel() = default;

UNetModel::SpacingType
UNetModel::GetFactor(const SpacingType & imageSpacing) const
{
  SpacingType factor{ { 1.0, 1.0, 1.0 } };
  for (unsigned int axis = 0; axis < m_Dimension; ++axis)
  {
    const double ratio = m_Spacing[axis] > 0.0 ? m_Spacing[axis] / imageSpacing[axis] : 1.0;
    if (!(ratio >= SmallestFactor && ratio <= LargestFactor))
    {
      itkExceptionMacro(
        "The image's pixels are "
        << imageSpacing[axis] << " wide along axis " << axis << ", those of the network " << m_Spacing[axis]
        << ": units may differ. Correct the image's spacing; a pixel of the network may span 1/16 to 256 "
           "of the image's.");
    }
    // Files keep spacings with few digits: what is nearly a whole number is one.
    factor[axis] = std::abs(ratio - std::round(ratio)) < 1e-3 * ratio && ratio > 0.5 ? std::round(ratio) : ratio;
  }
  return factor;
}

void
UNetModel::SetDevice(const std::string & device)
{
  m_Impl->Device = FindDevice(device);
  m_Impl->DeviceName = device;
  m_Impl->Predictor = nullptr;
  if (m_Impl->Network)
  {
    WithTorchErrors("The model cannot move to device \"" + device + '"',
                    [this] { m_Impl->Network->to(m_Impl->Device); });
  }
  this->Modified();
}

const std::string &
UNetModel::GetDevice() const
{
  return m_Impl->DeviceName;
}

void
UNetModel::Initialize(uint32_t seed)
{
  if (m_Dimension != 2 && m_Dimension != 3)
  {
    itkExceptionMacro("Dimension is " << m_Dimension << "; it must be 2 or 3.");
  }
  if (m_ImageChannels == 0)
  {
    itkExceptionMacro("ImageChannels is 0; an image has at least 1.");
  }
  if (m_NumberOfLevels < 2 || m_NumberOfLevels > 8)
  {
    itkExceptionMacro("NumberOfLevels is " << m_NumberOfLevels << "; it must be 2 to 8.");
  }
  if (m_BaseChannels == 0)
  {
    m_BaseChannels = m_Impl->Device.is_cuda() ? 64 : 16;
  }
  WithTorchErrors("The network cannot be made", [&] {
    m_Impl->Network = UNetNetwork(m_Dimension, this->GetNumberOfInputChannels(), m_BaseChannels, m_NumberOfLevels);
    m_Impl->Network->Initialize(seed);
    m_Impl->Network->eval();
    m_Impl->Network->to(m_Impl->Device);
    m_Impl->Predictor = nullptr;
  });
  this->Modified();
}

bool
UNetModel::IsInitialized() const
{
  return !m_Impl->Network.is_empty();
}

size_t
UNetModel::GetNumberOfParameters() const
{
  size_t count = 0;
  if (this->IsInitialized())
  {
    for (const auto & parameter : m_Impl->Network->parameters())
    {
      count += static_cast<size_t>(parameter.numel());
    }
  }
  return count;
}

void
UNetModel::Save(const std::string & fileName) const
{
  if (!this->IsInitialized())
  {
    itkExceptionMacro("There is nothing to save: train the model, load one, or call Initialize().");
  }
  const nlohmann::json description{
    { "format", FormatName },
    { "version", FormatVersion },
    { "architecture",
      { { "dimension", m_Dimension },
        { "image_channels", m_ImageChannels },
        { "annotation_input", m_AnnotationInput },
        { "base_channels", m_BaseChannels },
        { "levels", m_NumberOfLevels } } },
    { "normalization", NormalizationName(m_Normalization) },
    { "spacing", m_Spacing },
    { "output", { "background", "foreground" } },
    { "training", m_TrainingRecord },
  };
  const std::string header = description.dump(2);
  WithTorchErrors("Cannot write \"" + fileName + '"', [&] {
    torch::serialize::OutputArchive network, archive;
    m_Impl->Network->save(network);
    archive.write("header", c10::IValue(header));
    archive.write("checksum", c10::IValue(Checksum(header, m_Impl->Network)));
    archive.write("network", network);
    SaveArchive(archive, fileName);
  });
}

UNetModel::Pointer
UNetModel::Load(const std::string & fileName, const std::string & device)
{
  auto              archive = LoadArchive(fileName, "model file", torch::kCPU);
  const std::string header = ReadString(archive, "header");
  const auto        fail = [&fileName](const std::string & found) {
    itkGenericExceptionMacro(
      "\"" << fileName << "\" is not a model file, or it is damaged: " << found
           << ". Give a file that train-upgrade, train-segment or UNetModel::Save() has written.");
  };
  auto model = Self::New();
  model->SetDevice(device);
  try
  {
    const auto description = nlohmann::json::parse(header);
    if (description.at("format") != FormatName)
    {
      fail("its format is " + description.at("format").dump());
    }
    const int version = description.at("version");
    if (version > FormatVersion)
    {
      itkGenericExceptionMacro("\"" << fileName << "\" has version " << version
                                    << " of the model format; this software reads up to version " << FormatVersion
                                    << ". Update AnnotationUpgrade.");
    }
    const auto & architecture = description.at("architecture");
    architecture.at("dimension").get_to(model->m_Dimension);
    architecture.at("image_channels").get_to(model->m_ImageChannels);
    architecture.at("annotation_input").get_to(model->m_AnnotationInput);
    architecture.at("base_channels").get_to(model->m_BaseChannels);
    architecture.at("levels").get_to(model->m_NumberOfLevels);
    const std::string normalization = description.at("normalization");
    const auto known = std::find(IntensityNormalizationNames.begin(), IntensityNormalizationNames.end(), normalization);
    if (known == IntensityNormalizationNames.end())
    {
      itkGenericExceptionMacro("\"" << fileName << "\" scales intensities by \"" << normalization
                                    << "\", which this version does not know. Train the model anew.");
    }
    model->m_Normalization = static_cast<IntensityNormalization>(known - IntensityNormalizationNames.begin());
    description.at("spacing").get_to(model->m_Spacing);
    description.at("training").get_to(model->m_TrainingRecord);
    model->Initialize(0);
    torch::serialize::InputArchive network;
    archive.read("network", network);
    model->m_Impl->Network->load(network);
    model->m_Impl->Network->to(model->m_Impl->Device); // loading has put the weights where the archive is
  }
  catch (const ExceptionObject &)
  {
    throw;
  }
  catch (const c10::OutOfMemoryError & error)
  {
    itkGenericExceptionMacro("Cannot load \"" << fileName << "\": " << error.what_without_backtrace());
  }
  catch (const c10::Error &)
  {
    fail("its weights do not fit its header");
  }
  catch (const std::exception &)
  {
    fail("its header cannot be read");
  }
  if (ReadString(archive, "checksum") != Checksum(header, model->m_Impl->Network))
  {
    fail("its checksum is wrong");
  }
  return model;
}

size_t
UNetModel::GetAlignment() const
{
  return size_t{ 1 } << (m_NumberOfLevels - 1);
}

size_t
UNetModel::GetMargin() const
{
  // Two 3x3 convolutions per level reach 2 * 2^level on the way down and on the way up, and pooling up to 2^poolings -
  // 1: 7 * 2^poolings - 5 in all.
  return 7 * this->GetAlignment();
}

size_t
UNetModel::GetBatchSize(const std::array<size_t, 3> & extent) const
{
  constexpr size_t pixelsPerDevice = size_t{ 1 } << 20;
  if (!m_Impl->Device.is_cuda())
  {
    return 1;
  }
  const size_t devices = this->GetPredictor()->GetNumberOfDevices();
  return devices * std::max<size_t>(1, pixelsPerDevice / (extent[0] * extent[1] * extent[2]));
}

std::shared_ptr<const UNetPredictor>
UNetModel::GetPredictor() const
{
  const std::lock_guard<std::mutex> lock(m_Impl->PredictorMutex);
  if (!m_Impl->Predictor || m_Impl->Predictor->IsOutdated(*this))
  {
    m_Impl->Predictor = WithTorchErrors("The network cannot be made ready",
                                        [this] { return std::make_shared<const UNetPredictor>(*this); });
  }
  return m_Impl->Predictor;
}

void
UNetModel::Predict(const float * input, const std::array<size_t, 3> & extent, float * probability, size_t images) const
{
  if (!this->IsInitialized())
  {
    itkExceptionMacro("The model has no weights: load a model file, train, or call Initialize().");
  }
  WithTorchErrors("The network failed",
                  [&] { this->GetPredictor()->Predict(input, extent, probability, images, m_TestTimeAugmentation); });
}

void
UNetModel::SetNumberOfThreads(unsigned int threads)
{
  if (static_cast<int>(threads) != at::get_num_threads())
  {
    at::set_num_threads(static_cast<int>(threads));
  }
}

void
UNetModel::KeepFreedMemory()
{
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

void
UNetModel::ReturnFreedMemory()
{
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

void
UNetModel::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent << "Dimension: " << m_Dimension << std::endl;
  os << indent << "ImageChannels: " << m_ImageChannels << std::endl;
  os << indent << "AnnotationInput: " << (m_AnnotationInput ? "On" : "Off") << std::endl;
  os << indent << "BaseChannels: " << m_BaseChannels << std::endl;
  os << indent << "NumberOfLevels: " << m_NumberOfLevels << std::endl;
  os << indent << "Normalization: " << NormalizationName(m_Normalization) << std::endl;
  os << indent << "Spacing: " << m_Spacing[0] << ' ' << m_Spacing[1] << ' ' << m_Spacing[2] << std::endl;
  os << indent << "Device: " << this->GetDevice() << std::endl;
  os << indent << "Precision: " << UNetPrecisionNames[static_cast<size_t>(m_Precision)] << std::endl;
  os << indent << "TestTimeAugmentation: " << (m_TestTimeAugmentation ? "On" : "Off") << std::endl;
  os << indent << "NumberOfParameters: " << this->GetNumberOfParameters() << std::endl;
}
} // namespace itk
