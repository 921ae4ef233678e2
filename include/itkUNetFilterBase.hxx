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
#include <future>
#include <type_traits>

namespace itk
{
/** When what decides the pixels of an image was last changed: the filters that make it, the images that none makes, and
 * those that were changed after they were made. The images in between change with every part that is made of them. */
inline ModifiedTimeType
TimeOfLastChange(const DataObject * image)
{
  const auto source = image->GetSource();
  if (!source)
  {
    return image->GetMTime();
  }
  ModifiedTimeType time = source->GetMTime();
  if (image->GetMTime() > image->GetUpdateMTime())
  {
    time = std::max(time, image->GetMTime());
  }
  for (const auto & input : source->GetInputs())
  {
    time = std::max(time, input ? TimeOfLastChange(input) : 0);
  }
  return time;
}

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
  if (input->GetLargestPossibleRegion().GetNumberOfPixels() == 0)
  {
    itkExceptionMacro("The image has no pixels.");
  }
  const unsigned int channels = input->GetNumberOfComponentsPerPixel();
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
auto
UNetFilterBase<TInputImage, TOutputImage>::RegionOf(const Box & box, const RegionType & requested) const -> RegionType
{
  RegionType   region = this->RegionOfWholeSlices(requested);
  unsigned int axis = 0; // of the network
  for (unsigned int imageAxis = 0; imageAxis < ImageDimension; ++imageAxis)
  {
    if (this->TakesWholeImage() || imageAxis != m_SliceAxis)
    {
      region.SetIndex(imageAxis, region.GetIndex(imageAxis) + static_cast<IndexValueType>(box.Begin[axis]));
      region.SetSize(imageAxis, box.GetLength(axis));
      ++axis;
    }
  }
  return region;
}

template <typename TInputImage, typename TOutputImage>
auto
UNetFilterBase<TInputImage, TOutputImage>::Sections(const RegionType & region) const -> std::vector<RegionType>
{
  constexpr unsigned int  axis = ImageDimension - 1;
  const SizeValueType     length = region.GetSize(axis);
  const SizeValueType     layer = region.GetNumberOfPixels() / length;
  const SizeValueType     layers = std::max<SizeValueType>(1, m_SectionPixels / layer);
  std::vector<RegionType> sections;
  for (SizeValueType begin = 0; begin < length; begin += layers)
  {
    sections.push_back(region);
    sections.back().SetIndex(axis, region.GetIndex(axis) + static_cast<IndexValueType>(begin));
    sections.back().SetSize(axis, std::min(layers, length - begin));
  }
  return sections;
}

template <typename TInputImage, typename TOutputImage>
void
UNetFilterBase<TInputImage, TOutputImage>::GenerateInputRequestedRegion()
{
  RegionType region = this->RegionOfWholeSlices(this->GetOutput()->GetRequestedRegion());
  if (this->TakesWholeImage())
  {
    region = this->Sections(region).front(); // GenerateData() reads the others
  }
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
UNetFilterBase<TInputImage, TOutputImage>::ReadInputs(const std::vector<std::string> & names,
                                                      const RegionType &               region,
                                                      Planes &                         planes)
{
  if (this->TakesWholeImage())
  {
    this->UpdateProgress(this->GetProgress()); // a chance to stop
    if (this->GetAbortGenerateData())
    {
      throw ProcessAborted(__FILE__, __LINE__);
    }
    for (const auto & name : names)
    {
      if (auto * image = dynamic_cast<ImageBase<ImageDimension> *>(this->ProcessObject::GetInput(name)))
      {
        image->SetRequestedRegion(region);
        image->PropagateRequestedRegion();
        image->UpdateOutputData();
      }
    }
  }
  if (planes.Region != region)
  {
    planes.Region = region;
    planes.Values.resize(region.GetNumberOfPixels() * m_Model->GetImageChannels());
    CopyToPlanar(this->GetInput(), region, planes.Values.data(), "Input");
  }
}

template <typename TInputImage, typename TOutputImage>
IntensityMap
UNetFilterBase<TInputImage, TOutputImage>::GetIntensityMap(const RegionType & requested, Planes & planes)
{
  const ModifiedTimeType time = std::max(this->GetMTime(), TimeOfLastChange(this->GetInput()));
  if (this->TakesWholeImage() && m_ImageMapTime == time)
  {
    return m_ImageMap;
  }
  const RegionType whole = this->RegionOfWholeSlices(requested);
  const auto       sections = this->TakesWholeImage() ? this->Sections(whole) : std::vector<RegionType>{ whole };
  const auto       visit = [&](const auto & use) {
    for (const RegionType & section : sections)
    {
      this->ReadInputs({ this->GetPrimaryInputName() }, section, planes);
      use(planes.Values.data(), planes.Values.size());
    }
  };
  const IntensityMap map = ComputeIntensityMap(m_Model->GetNormalization(), visit);
  if (this->TakesWholeImage())
  {
    m_ImageMap = map;
    m_ImageMapTime = time;
  }
  return map;
}

template <typename TInputImage, typename TOutputImage>
void
UNetFilterBase<TInputImage, TOutputImage>::GenerateData()
{
  this->AllocateOutputs();
  UNetModel::SetNumberOfThreads(
    std::min<unsigned int>(this->GetNumberOfWorkUnits(), this->GetMultiThreader()->GetMaximumNumberOfThreads()));
  this->UpdateProgress(0.0f);

  const std::vector<RegionType> slices = this->Split(this->GetOutput()->GetRequestedRegion());
  const Plan                    plan = this->MakePlan(slices.front());
  const size_t                  together = plan.Tiles.GetBatchSize();

  // While the network works, other threads make its next input and write its last output, where there is another.
  const auto policy =
    this->GetNumberOfWorkUnits() > 1 && slices.size() > together ? std::launch::async : std::launch::deferred;
  const auto prepare = [&](const size_t first) {
    return std::async(policy, [&, first] {
      std::vector<std::vector<float>> inputs;
      for (size_t i = first; i < std::min(first + together, slices.size()); ++i)
      {
        inputs.push_back(this->MakeInput(plan, slices[i]));
      }
      return inputs;
    });
  };
  auto              next = prepare(0);
  std::future<void> written;
  for (size_t first = 0; first < slices.size(); first += together)
  {
    const auto inputs = next.get();
    if (first + together < slices.size())
    {
      next = prepare(first + together);
    }
    auto probabilities = this->Predict(plan, inputs, first, slices.size());
    if (written.valid())
    {
      written.get();
    }
    written = std::async(policy, [&, first, probabilities = std::move(probabilities)] {
      for (size_t i = 0; i < probabilities.size(); ++i)
      {
        this->Write(plan, probabilities[i], slices[first + i]);
      }
    });
  }
  written.get();
  this->UpdateProgress(1.0f);
}

template <typename TInputImage, typename TOutputImage>
auto
UNetFilterBase<TInputImage, TOutputImage>::Split(const RegionType & requested) const -> std::vector<RegionType>
{
  if (m_Model->GetDimension() == ImageDimension)
  {
    return { requested };
  }
  std::vector<RegionType> slices(requested.GetSize(m_SliceAxis), requested);
  for (size_t i = 0; i < slices.size(); ++i)
  {
    slices[i].SetIndex(m_SliceAxis, requested.GetIndex(m_SliceAxis) + static_cast<IndexValueType>(i));
    slices[i].SetSize(m_SliceAxis, 1);
  }
  return slices;
}

template <typename TInputImage, typename TOutputImage>
size_t
UNetFilterBase<TInputImage, TOutputImage>::GetTileEdge() const
{
  return UNetTiles::GetEdge(m_Model, m_TileSize);
}

template <typename TInputImage, typename TOutputImage>
auto
UNetFilterBase<TInputImage, TOutputImage>::MakePlan(const RegionType & requested) const -> Plan
{
  const TInputImage * input = this->GetInput();
  const RegionType    whole = this->RegionOfWholeSlices(requested);
  const unsigned int  dimension = m_Model->GetDimension();

  ExtentType             nativeExtent{ { 1, 1, 1 } };
  UNetModel::SpacingType spacing{ { 1.0, 1.0, 1.0 } };
  Box                    wantedNative{ { { 0, 0, 0 } }, { { 1, 1, 1 } } };
  unsigned int           axis = 0; // of the network; those of the image keep their order
  for (unsigned int imageAxis = 0; imageAxis < ImageDimension; ++imageAxis)
  {
    if (dimension < ImageDimension && imageAxis == m_SliceAxis)
    {
      continue;
    }
    nativeExtent[axis] = whole.GetSize(imageAxis);
    spacing[axis] = input->GetSpacing()[imageAxis];
    wantedNative.Begin[axis] = static_cast<size_t>(requested.GetIndex(imageAxis) - whole.GetIndex(imageAxis));
    wantedNative.End[axis] = wantedNative.Begin[axis] + requested.GetSize(imageAxis);
    ++axis;
  }
  const WorkingGrid grid(nativeExtent, m_Model->GetFactor(spacing));
  return { grid,
           wantedNative,
           UNetTiles(m_Model, grid.GetWorkingExtent(), grid.WorkingBoxOf(wantedNative), this->GetTileEdge()) };
}

template <typename TInputImage, typename TOutputImage>
ModifiedTimeType
UNetFilterBase<TInputImage, TOutputImage>::TimeOfInputs() const
{
  ModifiedTimeType time = this->GetMTime();
  for (const auto & name : this->GetInputNames())
  {
    if (const DataObject * const input = this->ProcessObject::GetInput(name))
    {
      time = std::max(time, TimeOfLastChange(input));
    }
  }
  return time;
}

template <typename TInputImage, typename TOutputImage>
size_t
UNetFilterBase<TInputImage, TOutputImage>::Recall(const Box & seen, std::vector<float> & working) const
{
  const unsigned int axis = m_Model->GetDimension() - 1;
  Box                common = seen;
  common.End[axis] = std::min(seen.End[axis], m_RememberedBox.End[axis]);
  bool holds = m_RememberedTime == this->TimeOfInputs() && common.Begin[axis] < common.End[axis];
  for (unsigned int i = 0; i < 3; ++i)
  {
    holds = holds && m_RememberedBox.Begin[i] <= common.Begin[i] && common.End[i] <= m_RememberedBox.End[i];
  }
  if (!holds)
  {
    return 0;
  }
  for (size_t channel = 0; channel < m_Model->GetNumberOfInputChannels(); ++channel)
  {
    CopyBox(m_Remembered.data() + channel * m_RememberedBox.GetNumberOfPixels(),
            m_RememberedBox,
            working.data() + channel * seen.GetNumberOfPixels(),
            seen,
            common);
  }
  return common.GetLength(axis);
}

template <typename TInputImage, typename TOutputImage>
void
UNetFilterBase<TInputImage, TOutputImage>::Remember(const Plan & plan, const std::vector<float> & working)
{
  const unsigned int axis = m_Model->GetDimension() - 1;
  const size_t       end = plan.Tiles.GetWanted().End[axis];
  m_Remembered.clear();
  m_RememberedTime = 0;
  if (!this->TakesWholeImage() || end == plan.Grid.GetWorkingExtent()[axis])
  {
    return;
  }
  // The next part may begin with the last two pixels of this one, and its tiles begin at a multiple of the alignment.
  const Box &  seen = plan.Tiles.GetSeen();
  const size_t back = m_Model->GetMargin() + m_Model->GetAlignment() + 1;
  m_RememberedBox = seen;
  m_RememberedBox.Begin[axis] = std::max(seen.Begin[axis], end - std::min(end, back));
  for (size_t channel = 0; channel < m_Model->GetNumberOfInputChannels(); ++channel)
  {
    m_Remembered.resize(m_Remembered.size() + m_RememberedBox.GetNumberOfPixels());
    CopyBox(working.data() + channel * seen.GetNumberOfPixels(),
            seen,
            m_Remembered.data() + channel * m_RememberedBox.GetNumberOfPixels(),
            m_RememberedBox,
            m_RememberedBox);
  }
  m_RememberedTime = this->TimeOfInputs();
}

template <typename TInputImage, typename TOutputImage>
std::vector<float>
UNetFilterBase<TInputImage, TOutputImage>::MakeInput(const Plan & plan, const RegionType & requested)
{
  Planes             planes;
  const IntensityMap map = this->GetIntensityMap(requested, planes);
  const unsigned int imageChannels = m_Model->GetImageChannels();
  const Box &        seen = plan.Tiles.GetSeen();
  const size_t       pixels = seen.GetNumberOfPixels();
  std::vector<float> working(pixels * m_Model->GetNumberOfInputChannels());

  // Layers across the last axis, each of which ends in one piece of a channel.
  const unsigned int axis = m_Model->GetDimension() - 1;
  const size_t       length = seen.GetLength(axis);
  const size_t       nativeLayer = plan.Grid.NativeBoxOf(seen).GetNumberOfPixels() / length;
  const size_t       layers =
    this->TakesWholeImage() ? std::max<size_t>(1, m_SectionPixels / std::max<size_t>(1, nativeLayer)) : length;
  for (size_t begin = this->Recall(seen, working); begin < length; begin += layers)
  {
    Box section = seen;
    section.Begin[axis] = seen.Begin[axis] + begin;
    section.End[axis] = std::min(seen.End[axis], section.Begin[axis] + layers);
    const Box        native = plan.Grid.NativeBoxOf(section);
    const RegionType region = this->RegionOf(native, requested);
    const size_t     nativePixels = native.GetNumberOfPixels();
    float *          target = working.data() + begin * (pixels / length);
    this->ReadInputs(this->GetInputNames(), region, planes);
    std::transform(planes.Values.begin(), planes.Values.end(), planes.Values.begin(), map);
    for (unsigned int channel = 0; channel < imageChannels; ++channel, target += pixels)
    {
      plan.Grid.ToWorking(planes.Values.data() + channel * nativePixels, native, target, section);
    }
    if (m_Model->GetAnnotationInput())
    {
      this->CopyAnnotation(region, planes.Values.data());
      plan.Grid.ToWorking(planes.Values.data(), native, target, section);
    }
    planes.Region = RegionType(); // it is used up
  }
  this->Remember(plan, working);
  return working;
}

template <typename TInputImage, typename TOutputImage>
std::vector<std::vector<float>>
UNetFilterBase<TInputImage, TOutputImage>::Predict(const Plan &                            plan,
                                                   const std::vector<std::vector<float>> & inputs,
                                                   const size_t                            slicesDone,
                                                   const size_t                            slices)
{
  std::vector<std::vector<float>> probabilities(inputs.size(),
                                                std::vector<float>(plan.Tiles.GetWanted().GetNumberOfPixels()));
  std::vector<const float *>      from;
  std::vector<float *>            to;
  for (size_t i = 0; i < inputs.size(); ++i)
  {
    from.push_back(inputs[i].data());
    to.push_back(probabilities[i].data());
  }
  const size_t tiles = plan.Tiles.GetNumberOfTiles();
  plan.Tiles.Predict(from, to, [&](const size_t done) {
    this->UpdateProgress(static_cast<float>(slicesDone * tiles + done) / static_cast<float>(slices * tiles));
    if (this->GetAbortGenerateData())
    {
      throw ProcessAborted(__FILE__, __LINE__);
    }
  });
  return probabilities;
}

template <typename TInputImage, typename TOutputImage>
void
UNetFilterBase<TInputImage, TOutputImage>::Write(const Plan &               plan,
                                                 const std::vector<float> & probability,
                                                 const RegionType &         requested)
{
  // Layer by layer: native pixels may be many more than those of the network.
  constexpr size_t   pixelsTogether = size_t{ 1 } << 20;
  const unsigned int axis = m_Model->GetDimension() - 1;
  const size_t       length = plan.WantedNative.GetLength(axis);
  const size_t       layers = std::max<size_t>(1, pixelsTogether * length / plan.WantedNative.GetNumberOfPixels());
  std::vector<float> values;
  for (size_t begin = 0; begin < length; begin += layers)
  {
    Box part = plan.WantedNative;
    part.Begin[axis] += begin;
    part.End[axis] = std::min(part.End[axis], part.Begin[axis] + layers);
    values.resize(part.GetNumberOfPixels());
    plan.Grid.ToNative(probability.data(), plan.Tiles.GetWanted(), values.data(), part);
    const float * value = values.data();
    for (ImageScanlineIterator<TOutputImage> it(this->GetOutput(), this->RegionOf(part, requested)); !it.IsAtEnd();
         it.NextLine())
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
}

template <typename TInputImage, typename TOutputImage>
void
UNetFilterBase<TInputImage, TOutputImage>::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  itkPrintSelfObjectMacro(Model);
  os << indent << "TileSize: " << m_TileSize << std::endl;
  os << indent << "SectionPixels: " << m_SectionPixels << std::endl;
  os << indent << "SliceAxis: " << m_SliceAxis << std::endl;
  os << indent << "Threshold: " << m_Threshold << std::endl;
  os << indent
     << "ForegroundValue: " << static_cast<typename NumericTraits<OutputPixelType>::PrintType>(m_ForegroundValue)
     << std::endl;
}
} // namespace itk

#endif
