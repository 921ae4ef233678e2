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
#ifndef itkUNetFilterBase_hxx
#define itkUNetFilterBase_hxx

#include "itkImageScanlineIterator.h"
#include "itkMultiThreaderBase.h"
#include "itkPlanarBuffer.h"
#include "itkVerifySameGrid.h"

#include <algorithm>
#include <type_traits>

namespace itk
{
template <typename TInputImage, typename TOutputImage>
void
UNetFilterBase<TInputImage, TOutputImage>::VerifyPreconditions() const
{
  Superclass::VerifyPreconditions();
  if (!m_Model || !m_Model->IsInitialized())
  {
    itkExceptionMacro("There is no model: set one that was loaded from a file or trained.");
  }
  const bool takesAnnotation = m_Model->GetAnnotationInput();
  if (takesAnnotation != (this->GetAnnotationObject() != nullptr))
  {
    itkExceptionMacro(
      "The model is " << (takesAnnotation
                            ? "an upgrade network, which takes an annotation: use UpgradeAnnotationFilter."
                            : "a segmentation network, which takes no annotation: use UNetSegmentFilter."));
  }
  if (m_Model->GetDimension() > ImageDimension)
  {
    itkExceptionMacro("The model is " << m_Model->GetDimension() << "-D, the image " << ImageDimension
                                      << "-D. Give a volume or a 2-D model.");
  }
  if (m_SliceAxis >= ImageDimension)
  {
    itkExceptionMacro("SliceAxis is " << m_SliceAxis << "; the image has axes 0 to " << ImageDimension - 1 << '.');
  }
  if (!(m_Threshold >= 0.0 && m_Threshold <= 1.0))
  {
    itkExceptionMacro("Threshold is " << m_Threshold << "; it is a probability in [0, 1].");
  }
}

template <typename TInputImage, typename TOutputImage>
void
UNetFilterBase<TInputImage, TOutputImage>::VerifyInputInformation() const
{
  const TInputImage * input = this->GetInput();
  const unsigned int  channels = input->GetNumberOfComponentsPerPixel();
  if (channels != m_Model->GetImageChannels())
  {
    itkExceptionMacro("The image has " << channels << " channels, the model was trained on "
                                       << m_Model->GetImageChannels()
                                       << ". Give images of the kind that the model was trained on.");
  }
  if (const auto * annotation = dynamic_cast<const ImageBase<ImageDimension> *>(this->GetAnnotationObject()))
  {
    VerifySameGrid<ImageDimension>(annotation, "AnnotationImage", input, "Input");
  }
}

template <typename TInputImage, typename TOutputImage>
auto
UNetFilterBase<TInputImage, TOutputImage>::RegionOfWholeSlices(const RegionType & region) const -> RegionType
{
  RegionType whole = this->GetInput()->GetLargestPossibleRegion();
  if (m_Model->GetDimension() < ImageDimension)
  {
    whole.SetIndex(m_SliceAxis, region.GetIndex(m_SliceAxis));
    whole.SetSize(m_SliceAxis, region.GetSize(m_SliceAxis));
  }
  return whole;
}

template <typename TInputImage, typename TOutputImage>
void
UNetFilterBase<TInputImage, TOutputImage>::GenerateInputRequestedRegion()
{
  const RegionType region = this->RegionOfWholeSlices(this->GetOutput()->GetRequestedRegion());
  for (const auto & name : this->GetInputNames())
  {
    if (auto * image = dynamic_cast<ImageBase<ImageDimension> *>(this->ProcessObject::GetInput(name)))
    {
      image->SetRequestedRegion(region);
    }
  }
}

template <typename TInputImage, typename TOutputImage>
void
UNetFilterBase<TInputImage, TOutputImage>::GenerateData()
{
  this->AllocateOutputs();
  UNetModel::SetNumberOfThreads(
    std::min<unsigned int>(this->GetNumberOfWorkUnits(), this->GetMultiThreader()->GetMaximumNumberOfThreads()));
  this->UpdateProgress(0.0f);
  const RegionType requested = this->GetOutput()->GetRequestedRegion();
  if (m_Model->GetDimension() == ImageDimension)
  {
    this->ProcessSlice(requested, 0.0f, 1.0f);
  }
  else
  {
    const SizeValueType slices = requested.GetSize(m_SliceAxis);
    for (SizeValueType i = 0; i < slices; ++i)
    {
      RegionType slice = requested;
      slice.SetIndex(m_SliceAxis, requested.GetIndex(m_SliceAxis) + static_cast<IndexValueType>(i));
      slice.SetSize(m_SliceAxis, 1);
      this->ProcessSlice(slice, static_cast<float>(i) / slices, static_cast<float>(i + 1) / slices);
    }
  }
  this->UpdateProgress(1.0f);
}

template <typename TInputImage, typename TOutputImage>
void
UNetFilterBase<TInputImage, TOutputImage>::ProcessSlice(const RegionType & requested,
                                                        float              progressStart,
                                                        float              progressEnd)
{
  using Box = WorkingGrid::Box;
  using ExtentType = WorkingGrid::ExtentType;

  const TInputImage * input = this->GetInput();
  const RegionType    whole = this->RegionOfWholeSlices(requested);
  const unsigned int  dimension = m_Model->GetDimension();
  const unsigned int  imageChannels = m_Model->GetImageChannels();
  const unsigned int  channels = m_Model->GetNumberOfInputChannels();

  // The axes of the image that the network's axes are.
  std::vector<unsigned int> axes;
  for (unsigned int axis = 0; axis < ImageDimension; ++axis)
  {
    if (dimension == ImageDimension || axis != m_SliceAxis)
    {
      axes.push_back(axis);
    }
  }
  ExtentType             nativeExtent{ { 1, 1, 1 } };
  UNetModel::SpacingType spacing{ { 1.0, 1.0, 1.0 } };
  Box                    wantedNative{ { { 0, 0, 0 } }, { { 1, 1, 1 } } };
  for (unsigned int i = 0; i < dimension; ++i)
  {
    nativeExtent[i] = whole.GetSize(axes[i]);
    spacing[i] = input->GetSpacing()[axes[i]];
    wantedNative.Begin[i] = static_cast<size_t>(requested.GetIndex(axes[i]) - whole.GetIndex(axes[i]));
    wantedNative.End[i] = wantedNative.Begin[i] + requested.GetSize(axes[i]);
  }
  const Box          nativeBox{ { { 0, 0, 0 } }, nativeExtent };
  const WorkingGrid  grid(nativeExtent, m_Model->GetFactor(spacing));
  const ExtentType & extent = grid.GetWorkingExtent();
  const Box          workingBox{ { { 0, 0, 0 } }, extent };

  // All channels of the whole slice on the working grid. A slice's or volume's axes keep their order, so buffers in
  // image order are buffers in network order.
  const size_t       nativePixels = nativeBox.GetNumberOfPixels();
  const size_t       pixels = workingBox.GetNumberOfPixels();
  std::vector<float> working(pixels * channels);
  {
    std::vector<float> native(nativePixels * imageChannels);
    CopyToPlanar(input, whole, native.data(), "Input");
    auto               values = native;
    const IntensityMap map = ComputeIntensityMap(m_Model->GetNormalization(), values.data(), values.size());
    for (float & value : native)
    {
      value = static_cast<float>((value - map.Shift) * map.Scale);
    }
    for (unsigned int channel = 0; channel < channels; ++channel)
    {
      float * plane = native.data() + channel * nativePixels;
      if (channel == imageChannels)
      {
        plane = native.data();
        this->CopyAnnotation(whole, plane);
      }
      grid.ToWorking(plane, nativeBox, working.data() + channel * pixels, workingBox);
    }
  }

  // Tiles lie on a fixed grid; each is seen with a margin, cut where the (filled-up) image ends.
  const size_t alignment = m_Model->GetAlignment();
  const size_t margin = m_Model->GetMargin();
  const size_t wish = m_TileSize > 0 ? m_TileSize : (dimension == 2 ? 1024 : 128);
  const size_t tile = (wish + alignment - 1) / alignment * alignment;
  const Box    wanted = grid.WorkingBoxOf(wantedNative);
  ExtentType   first{ { 0, 0, 0 } };
  ExtentType   count{ { 1, 1, 1 } };
  for (unsigned int i = 0; i < dimension; ++i)
  {
    first[i] = wanted.Begin[i] / tile;
    count[i] = (wanted.End[i] - 1) / tile + 1 - first[i];
  }
  const size_t       tiles = count[0] * count[1] * count[2];
  std::vector<float> probability(wanted.GetNumberOfPixels());
  for (size_t t = 0; t < tiles; ++t)
  {
    const ExtentType position{
      { first[0] + t % count[0], first[1] + t / count[0] % count[1], first[2] + t / count[0] / count[1] }
    };
    Box core = wanted;
    Box seen = workingBox;
    for (unsigned int i = 0; i < dimension; ++i)
    {
      const size_t begin = position[i] * tile;
      core.Begin[i] = std::max(wanted.Begin[i], begin);
      core.End[i] = std::min(wanted.End[i], begin + tile);
      seen.Begin[i] = begin - std::min(begin, margin);
      seen.End[i] = std::min(extent[i], begin + tile + margin);
    }
    std::vector<float> tileInput(seen.GetNumberOfPixels() * channels);
    std::vector<float> tileProbability(seen.GetNumberOfPixels());
    for (unsigned int channel = 0; channel < channels; ++channel)
    {
      CopyBox(working.data() + channel * pixels,
              workingBox,
              tileInput.data() + channel * seen.GetNumberOfPixels(),
              seen,
              seen);
    }
    m_Model->Predict(
      tileInput.data(), { { seen.GetLength(0), seen.GetLength(1), seen.GetLength(2) } }, tileProbability.data());
    CopyBox(tileProbability.data(), seen, probability.data(), wanted, core);
    this->UpdateProgress(progressStart +
                         (progressEnd - progressStart) * static_cast<float>(t + 1) / static_cast<float>(tiles));
    if (this->GetAbortGenerateData())
    {
      throw ProcessAborted(__FILE__, __LINE__);
    }
  }

  std::vector<float> result(wantedNative.GetNumberOfPixels());
  grid.ToNative(probability.data(), wanted, result.data(), wantedNative);
  const float * value = result.data();
  for (ImageScanlineIterator<TOutputImage> it(this->GetOutput(), requested); !it.IsAtEnd(); it.NextLine())
  {
    for (; !it.IsAtEndOfLine(); ++it, ++value)
    {
      if constexpr (std::is_floating_point<OutputPixelType>::value)
      {
        it.Set(*value);
      }
      else
      {
        it.Set(*value >= static_cast<float>(m_Threshold) ? m_ForegroundValue : OutputPixelType{});
      }
    }
  }
}

template <typename TInputImage, typename TOutputImage>
void
UNetFilterBase<TInputImage, TOutputImage>::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  itkPrintSelfObjectMacro(Model);
  os << indent << "TileSize: " << m_TileSize << std::endl;
  os << indent << "SliceAxis: " << m_SliceAxis << std::endl;
  os << indent << "Threshold: " << m_Threshold << std::endl;
  os << indent
     << "ForegroundValue: " << static_cast<typename NumericTraits<OutputPixelType>::PrintType>(m_ForegroundValue)
     << std::endl;
}
} // namespace itk

#endif
