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
#ifndef itkAnnotationSampleSource_hxx
#define itkAnnotationSampleSource_hxx

#include "itkHashedNoise.h"
#include "itkImageRegionConstIterator.h"
#include "itkImageRegionIterator.h"
#include "itkPerturbAnnotationFilter.h"
#include "itkPlanarBuffer.h"
#include "itkVerifySameGrid.h"
#include "itksys/SystemInformation.hxx"

#include <algorithm>
#include <limits>
#include <locale>
#include <sstream>

namespace itk
{
template <typename TImage, typename TLabelImage>
AnnotationSampleSource<TImage, TLabelImage>::AnnotationSampleSource()
  : m_MaximumMemory(static_cast<size_t>(itksys::SystemInformation().GetHostMemoryTotal() / 1024 / 2))
{}

template <typename TImage, typename TLabelImage>
void
AnnotationSampleSource<TImage, TLabelImage>::AddImage(const TImage *      image,
                                                      const TLabelImage * annotation,
                                                      const TLabelImage * candidates,
                                                      const ReadType &    readAgain)
{
  VerifySameGrid<ImageDimension>(annotation, "annotation", image, "image");
  if (candidates)
  {
    VerifySameGrid<ImageDimension>(candidates, "candidates image", image, "image");
  }
  if (image->GetLargestPossibleRegion().GetNumberOfPixels() == 0)
  {
    itkExceptionMacro("Image " << m_Samples.size() + 1 << " has no pixels.");
  }
  const unsigned int channels = image->GetNumberOfComponentsPerPixel();
  if (!m_Samples.empty() && channels != m_Channels)
  {
    itkExceptionMacro("Image " << m_Samples.size() + 1 << " has " << channels << " channels, the ones before have "
                               << m_Channels << ". Train on images of one kind.");
  }

  Sample sample;
  sample.NativeExtent = ExtentOf(image);
  for (unsigned int axis = 0; axis < ImageDimension; ++axis)
  {
    sample.Spacing[axis] = image->GetSpacing()[axis];
  }
  sample.Cells =
    AnnotationCells<TLabelImage>(annotation, m_UseIgnoreLabel ? std::optional<LabelType>(m_IgnoreLabel) : std::nullopt);
  sample.HasCandidates = candidates != nullptr;
  sample.ReadAgain = readAgain;
  const auto   content = Load({ image, annotation, candidates });
  const size_t bytes = image->GetLargestPossibleRegion().GetNumberOfPixels() *
                       (sizeof(float) * (channels + 1) + sizeof(LabelType) * (candidates ? 2 : 1));
  if (!readAgain || (m_KeptBytes + bytes) >> 20 < m_MaximumMemory)
  {
    m_KeptBytes += bytes;
    sample.Kept = content;
  }
  m_Channels = channels;
  m_Samples.push_back(std::move(sample));
}

template <typename TImage, typename TLabelImage>
auto
AnnotationSampleSource<TImage, TLabelImage>::ExtentOf(const ImageBase<ImageDimension> * image) -> ExtentType
{
  ExtentType extent{ { 1, 1, 1 } };
  for (unsigned int axis = 0; axis < ImageDimension; ++axis)
  {
    extent[axis] = image->GetLargestPossibleRegion().GetSize(axis);
  }
  return extent;
}

template <typename TImage, typename TLabelImage>
auto
AnnotationSampleSource<TImage, TLabelImage>::Load(const AnnotatedImage & pixels) -> std::shared_ptr<Content>
{
  const auto & region = pixels.Image->GetLargestPossibleRegion();
  auto         content = std::make_shared<Content>();
  content->Annotation = pixels.Annotation;
  content->Candidates = pixels.Candidates;
  content->Intensities.resize(region.GetNumberOfPixels() * pixels.Image->GetNumberOfComponentsPerPixel());
  CopyToPlanar(pixels.Image.GetPointer(), region, content->Intensities.data(), "image");
  return content;
}

template <typename TImage, typename TLabelImage>
UNetModel::SpacingType
AnnotationSampleSource<TImage, TLabelImage>::EstimateSpacing() const
{
  constexpr double    pixelsPerCell = 20.0;
  std::vector<double> diameters;
  const bool          anyLabelled =
    std::any_of(m_Samples.begin(), m_Samples.end(), [](const Sample & sample) { return sample.Cells.AreLabelled(); });
  for (const Sample & sample : m_Samples)
  {
    if (sample.Cells.AreLabelled() != anyLabelled)
    {
      continue;
    }
    double volume = 1.0;
    for (unsigned int axis = 0; axis < ImageDimension; ++axis)
    {
      volume *= sample.Spacing[axis];
    }
    for (const auto & cell : sample.Cells.Get())
    {
      const double size = volume * static_cast<double>(cell.Pixels);
      diameters.push_back(ImageDimension == 2 ? std::sqrt(size * 4.0 / Math::pi) : std::cbrt(size * 6.0 / Math::pi));
    }
  }
  if (diameters.empty())
  {
    itkExceptionMacro("There is no cell in any of the "
                      << m_Samples.size() << " annotations: all their pixels are 0. Give annotations with cells.");
  }
  const auto median = diameters.begin() + static_cast<std::ptrdiff_t>(diameters.size() / 2);
  std::nth_element(diameters.begin(), median, diameters.end());
  UNetModel::SpacingType spacing{ { 0.0, 0.0, 0.0 } };
  for (unsigned int axis = 0; axis < ImageDimension; ++axis)
  {
    const double native = m_Samples.front().Spacing[axis];
    spacing[axis] = native * std::clamp(std::round(*median / pixelsPerCell / native), 1.0, UNetModel::LargestFactor);
  }
  return spacing;
}

template <typename TImage, typename TLabelImage>
void
AnnotationSampleSource<TImage, TLabelImage>::Prepare(const UNetModel * model)
{
  if (m_Samples.empty())
  {
    itkExceptionMacro("There are no images: call AddImage() first.");
  }
  if (m_Prepared)
  {
    itkExceptionMacro("The images are already prepared for a model. Use a new source for another one.");
  }
  if (model->GetDimension() != ImageDimension || model->GetImageChannels() != m_Channels)
  {
    itkExceptionMacro("The images are " << ImageDimension << "-D with " << m_Channels << " channels; the model takes "
                                        << model->GetDimension() << "-D images with " << model->GetImageChannels()
                                        << " channels.");
  }
  m_AnnotationInput = model->GetAnnotationInput();
  m_Normalization = model->GetNormalization();
  m_ModelSpacing = model->GetSpacing();
  for (size_t s = 0; m_AnnotationInput && m_InclusionRate > 0.0 && s < m_Samples.size(); ++s)
  {
    if (!m_Samples[s].HasCandidates)
    {
      itkExceptionMacro("Image " << s + 1 << " has no candidates, but InclusionRate is " << m_InclusionRate
                                 << ". Give a candidates image for every image, or set InclusionRate to 0.");
    }
  }
  const auto isLabelled = [](const Sample & sample) { return sample.Cells.AreLabelled(); };
  const auto hasParts = [](const Sample & sample) { return sample.Cells.HasParts(); };
  const auto mask = std::find_if(m_Samples.begin(), m_Samples.end(), hasParts);
  if (m_AnnotationInput && m_OmissionRate > 0.0 && mask != m_Samples.end() &&
      std::none_of(m_Samples.begin(), m_Samples.end(), isLabelled))
  {
    itkExceptionMacro("The annotations are masks: that of image "
                      << mask - m_Samples.begin() + 1 << " has one label for " << mask->Cells.Get().size()
                      << " parts, and none has several labels. OmissionRate is " << m_OmissionRate
                      << ", which would remove all of them or none. Give each cell a label of its own, as "
                         "ConnectedComponentImageFilter or 'annotation-upgrade import --format stack' does.");
  }
  if (std::all_of(m_Samples.begin(), m_Samples.end(), [](const Sample & s) { return s.Cells.Get().empty(); }))
  {
    itkExceptionMacro("There is no cell in any of the "
                      << m_Samples.size() << " annotations: all their pixels are 0. Give annotations with cells.");
  }
  std::vector<UNetModel::SpacingType> factors; // which may be refused
  for (const Sample & sample : m_Samples)
  {
    factors.push_back(model->GetFactor(sample.Spacing));
  }
  m_Prepared = true;
  for (size_t s = 0; s < m_Samples.size(); ++s)
  {
    Sample &     sample = m_Samples[s];
    const auto & factor = factors[s];
    sample.Grid = WorkingGrid(sample.NativeExtent, factor);
    sample.Extent = sample.Grid.GetWorkingExtent();
    for (const auto & cell : sample.Cells.Get())
    {
      ExtentType centre{ { 0, 0, 0 } };
      for (unsigned int axis = 0; axis < ImageDimension; ++axis)
      {
        centre[axis] = static_cast<size_t>((cell.Sum[axis] / static_cast<double>(cell.Pixels) + 0.5) / factor[axis]);
      }
      sample.Centres.push_back(centre);
    }
    if (sample.Kept)
    {
      this->Convert(sample, *sample.Kept);
    }
  }
}

template <typename TImage, typename TLabelImage>
void
AnnotationSampleSource<TImage, TLabelImage>::Convert(const Sample & sample, Content & content) const
{
  auto scaled = std::move(content.Intensities);
  std::transform(
    scaled.begin(), scaled.end(), scaled.begin(), ComputeIntensityMap(m_Normalization, scaled.data(), scaled.size()));
  content.Intensities.clear();
  content.Intensities.reserve(m_Channels * sample.Extent[0] * sample.Extent[1] * sample.Extent[2]);
  const auto nativePixels = static_cast<std::ptrdiff_t>(scaled.size() / m_Channels);
  for (auto begin = scaled.begin(); begin != scaled.end(); begin += nativePixels)
  {
    const auto plane = ToWorking(sample, std::vector<float>(begin, begin + nativePixels));
    content.Intensities.insert(content.Intensities.end(), plane.begin(), plane.end());
  }
  const auto range = std::minmax_element(content.Intensities.begin(), content.Intensities.end());
  content.Minimum = *range.first;
  content.Maximum = *range.second;

  const auto ignored = m_UseIgnoreLabel ? ToWorking(sample, this->RemoveIgnored(content)) : std::vector<float>();
  content.Target = ToWorking(sample, Foreground(content.Annotation, content.Annotation->GetLargestPossibleRegion()));
  for (size_t i = 0; i < ignored.size(); ++i)
  {
    content.Target[i] = ignored[i] > 0.0f ? -1.0f : content.Target[i];
  }
}

template <typename TImage, typename TLabelImage>
auto
AnnotationSampleSource<TImage, TLabelImage>::ContentOf(size_t image) const -> std::shared_ptr<const Content>
{
  if (!m_Prepared)
  {
    itkExceptionMacro("The images are not prepared: call Prepare() with the model before training.");
  }
  const Sample & sample = m_Samples[image];
  if (sample.Kept)
  {
    return sample.Kept;
  }
  const AnnotatedImage pixels = sample.ReadAgain();
  const auto           isAsBefore = [&](const ImageBase<ImageDimension> * read) {
    return read && ExtentOf(read) == sample.NativeExtent;
  };
  if (!isAsBefore(pixels.Image) || !isAsBefore(pixels.Annotation) ||
      (sample.HasCandidates && !isAsBefore(pixels.Candidates)) ||
      pixels.Image->GetNumberOfComponentsPerPixel() != m_Channels)
  {
    itkExceptionMacro("Image " << image + 1 << " has changed since it was added. Leave images alone while they are in "
                               << "use.");
  }
  const auto content = Load(pixels);
  this->Convert(sample, *content);
  return content;
}

template <typename TImage, typename TLabelImage>
size_t
AnnotationSampleSource<TImage, TLabelImage>::GetNumberOfImages() const
{
  return m_Samples.size();
}

template <typename TImage, typename TLabelImage>
auto
AnnotationSampleSource<TImage, TLabelImage>::GetExtent(size_t image) const -> ExtentType
{
  return m_Samples[image].Extent;
}

template <typename TImage, typename TLabelImage>
bool
AnnotationSampleSource<TImage, TLabelImage>::HasForeground(size_t image) const
{
  return !m_Samples[image].Cells.Get().empty();
}

template <typename TImage, typename TLabelImage>
void
AnnotationSampleSource<TImage, TLabelImage>::VerifyModel(const UNetModel * model) const
{
  if (!m_Prepared)
  {
    itkExceptionMacro("The images are not prepared: call Prepare() with the model before training.");
  }
  if (model->GetDimension() != ImageDimension || model->GetImageChannels() != m_Channels ||
      model->GetAnnotationInput() != m_AnnotationInput || model->GetNormalization() != m_Normalization ||
      model->GetSpacing() != m_ModelSpacing)
  {
    itkExceptionMacro("The images are prepared for a model of other dimension, channels, annotation input, "
                      "normalization or spacing than the one to train. Call Prepare() of a new source with that model, "
                      "after it has its settings.");
  }
}

template <typename TImage, typename TLabelImage>
std::vector<float>
AnnotationSampleSource<TImage, TLabelImage>::RemoveIgnored(Content & content) const
{
  const auto & region = content.Annotation->GetLargestPossibleRegion();
  auto         annotation = TLabelImage::New();
  annotation->CopyInformation(content.Annotation);
  annotation->SetRegions(region);
  annotation->Allocate();
  std::vector<float>                    ignored;
  ImageRegionConstIterator<TLabelImage> it(content.Annotation, region);
  for (ImageRegionIterator<TLabelImage> kept(annotation, region); !kept.IsAtEnd(); ++kept, ++it)
  {
    const bool isIgnored = it.Get() == m_IgnoreLabel;
    kept.Set(isIgnored ? LabelType{} : it.Get());
    ignored.push_back(isIgnored ? 1.0f : 0.0f);
  }
  content.Annotation = annotation;
  return ignored;
}

template <typename TImage, typename TLabelImage>
std::vector<float>
AnnotationSampleSource<TImage, TLabelImage>::Foreground(const TLabelImage *                      annotation,
                                                        const typename TLabelImage::RegionType & region)
{
  std::vector<float> foreground(region.GetNumberOfPixels());
  auto               value = foreground.begin();
  PerturbVisitLines(region, [&](const typename TLabelImage::IndexType & begin, const SizeValueType length) {
    const LabelType * const line = annotation->GetBufferPointer() + annotation->ComputeOffset(begin);
    value = std::transform(line, line + length, value, [](const LabelType label) { return label != 0 ? 1.0f : 0.0f; });
  });
  return foreground;
}

template <typename TImage, typename TLabelImage>
std::vector<float>
AnnotationSampleSource<TImage, TLabelImage>::ToWorking(const Sample & sample, const std::vector<float> & native)
{
  const Box          to = WholeBox(sample.Extent);
  std::vector<float> working(to.GetNumberOfPixels());
  sample.Grid.ToWorking(native.data(), WholeBox(sample.NativeExtent), working.data(), to);
  return working;
}

template <typename TImage, typename TLabelImage>
std::vector<float>
AnnotationSampleSource<TImage, TLabelImage>::PerturbedForeground(const Sample &  sample,
                                                                 const Content & content,
                                                                 uint64_t        seed,
                                                                 const Box &     box) const
{
  // No more than what the box depends on: a patch may be a small part of a volume.
  const Box native = sample.Grid.NativeBoxOf(box);
  auto      region = content.Annotation->GetLargestPossibleRegion();
  for (unsigned int axis = 0; axis < ImageDimension; ++axis)
  {
    region.SetIndex(axis, region.GetIndex(axis) + static_cast<IndexValueType>(native.Begin[axis]));
    region.SetSize(axis, native.GetLength(axis));
  }

  // The pipeline writes requested regions into its inputs, which other threads use too.
  const auto detach = [](const TLabelImage * image) {
    auto copy = TLabelImage::New();
    copy->Graft(image);
    return copy;
  };
  auto perturb = PerturbAnnotationFilter<TLabelImage>::New();
  perturb->SetInput(detach(content.Annotation));
  if (content.Candidates)
  {
    const auto candidates = detach(content.Candidates);
    candidates->CopyInformation(content.Annotation); // ITK's filters are stricter than VerifySameGrid()
    perturb->SetCandidatesImage(candidates);
  }
  perturb->SetOmissionRate(m_OmissionRate);
  perturb->SetInclusionRate(m_InclusionRate);
  perturb->SetSaltAndPepperProbability(m_SaltAndPepperProbability);
  perturb->SetMaximumIterations(m_MaximumIterations);
  perturb->SetBiasIterations(m_BiasIterations);
  perturb->SetBiasOperation(m_BiasOperation);
  perturb->SetBiasPerCell(m_BiasPerCell);
  perturb->SetSeed(seed);
  perturb->SetNumberOfWorkUnits(1);
  perturb->GetOutput()->SetRequestedRegion(region);
  perturb->GetOutput()->Update();
  std::vector<float> working(box.GetNumberOfPixels());
  sample.Grid.ToWorking(Foreground(perturb->GetOutput(), region).data(), native, working.data(), box);
  return working;
}

template <typename TImage, typename TLabelImage>
void
AnnotationSampleSource<TImage, TLabelImage>::DrawPatch(size_t             image,
                                                       uint64_t           seed,
                                                       const ExtentType & extent,
                                                       float *            input,
                                                       float *            target) const
{
  const Sample &      sample = m_Samples[image];
  const auto          content = this->ContentOf(image);
  HashedNoise::Stream random(seed);
  const bool          aroundCell = !sample.Centres.empty() && random.Uniform() < 2.0 / 3.0;
  const ExtentType    centre =
    aroundCell ? sample.Centres[random.Below(sample.Centres.size())] : ExtentType{ { 0, 0, 0 } };
  const bool swapped = extent[0] == extent[1] && random.Uniform() < 0.5;

  // Where in the sample the patch's columns, rows and sections lie, and the box that holds them.
  std::array<std::vector<size_t>, 3> positions;
  Box                                used;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const auto length = static_cast<int64_t>(sample.Extent[axis]);
    const auto patch = static_cast<int64_t>(extent[axis]);
    const auto low = static_cast<double>(std::min<int64_t>(0, length - patch));
    const auto high = static_cast<double>(std::max<int64_t>(0, length - patch));
    double     start = low + random.Uniform() * (high - low + 1.0);
    if (aroundCell)
    {
      start = static_cast<double>(centre[axis]) - static_cast<double>(patch) * random.Uniform(0.25, 0.75);
    }
    const auto first = static_cast<int64_t>(std::floor(std::clamp(start, low, high)));
    const bool flipped = axis < ImageDimension && random.Uniform() < 0.5;
    for (int64_t i = 0; i < patch; ++i)
    {
      // Beyond its ends the image is mirrored, edge pixels included.
      const int64_t position = first + (flipped ? patch - 1 - i : i);
      const int64_t phase = ((position % (2 * length)) + 2 * length) % (2 * length);
      positions[axis].push_back(static_cast<size_t>(std::min(phase, 2 * length - 1 - phase)));
    }
    const auto range = std::minmax_element(positions[axis].begin(), positions[axis].end());
    used.Begin[axis] = *range.first;
    used.End[axis] = *range.second + 1;
  }
  const auto gather = [&](const float * plane, const Box & box, float * output) {
    auto   offsets = positions;
    size_t stride = 1;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      for (size_t & offset : offsets[axis])
      {
        offset = (offset - box.Begin[axis]) * stride;
      }
      stride *= box.GetLength(axis);
    }
    if (swapped)
    {
      offsets[0].swap(offsets[1]);
    }
    for (const size_t z : offsets[2])
    {
      for (const size_t y : offsets[1])
      {
        for (const size_t x : offsets[0])
        {
          *output++ = plane[x + y + z];
        }
      }
    }
  };

  const Box   whole = WholeBox(sample.Extent);
  const float range = content->Maximum > content->Minimum ? content->Maximum - content->Minimum : 1.0f;
  const auto  share = [&](float value) { return std::max(0.0f, (value - content->Minimum) / range); };
  // Intensities become Minimum + (share / level)^gamma * gain, and a shift. Where percentiles tell what 1 is, gamma
  // leaves it in its place; elsewhere the brightest, which may be an artefact beside which all others are dark.
  const bool   known = m_Normalization == IntensityNormalization::Percentile;
  const auto   gamma = static_cast<float>(std::exp(random.Uniform(-0.7, 0.7)));
  const float  level = known ? std::clamp(share(1.0f), 1e-6f, 1.0f) : 1.0f;
  const auto   bend = [&](float value) { return std::min(std::pow(share(value) / level, gamma), 1.0f / level); };
  const double height = level * range;
  const double brightness = std::exp(random.Uniform(known ? -0.6 : -1.2, 0.2));
  const size_t patchPixels = extent[0] * extent[1] * extent[2];
  for (unsigned int channel = 0; channel < m_Channels; ++channel)
  {
    float *      plane = input + channel * patchPixels;
    const double gain = brightness * random.Uniform(0.85, 1.15) * height;
    const double offset = brightness * random.Uniform(-0.1, 0.1) * height + content->Minimum;
    gather(content->Intensities.data() + channel * whole.GetNumberOfPixels(), whole, plane);
    std::transform(
      plane, plane + patchPixels, plane, [&](float value) { return static_cast<float>(bend(value) * gain + offset); });
  }
  if (m_AnnotationInput)
  {
    const auto perturbed = this->PerturbedForeground(sample, *content, PerturbHash(seed, 0), used);
    gather(perturbed.data(), used, input + m_Channels * patchPixels);
  }
  gather(content->Target.data(), whole, target);
}

template <typename TImage, typename TLabelImage>
void
AnnotationSampleSource<TImage, TLabelImage>::DrawImage(size_t image, uint64_t seed, float * input, float * target) const
{
  const Sample & sample = m_Samples[image];
  const auto     content = this->ContentOf(image);
  input = std::copy(content->Intensities.begin(), content->Intensities.end(), input);
  if (m_AnnotationInput)
  {
    const auto perturbed = this->PerturbedForeground(sample, *content, seed, WholeBox(sample.Extent));
    std::copy(perturbed.begin(), perturbed.end(), input);
  }
  std::copy(content->Target.begin(), content->Target.end(), target);
}

template <typename TImage, typename TLabelImage>
std::string
AnnotationSampleSource<TImage, TLabelImage>::GetDescription() const
{
  std::ostringstream json;
  json.imbue(std::locale::classic());
  json.precision(std::numeric_limits<double>::max_digits10);
  json << "{\"images\": " << m_Samples.size() << ", \"omission_rate\": " << m_OmissionRate
       << ", \"inclusion_rate\": " << m_InclusionRate
       << ", \"salt_and_pepper_probability\": " << m_SaltAndPepperProbability
       << ", \"maximum_iterations\": " << m_MaximumIterations << ", \"bias_iterations\": " << m_BiasIterations
       << ", \"bias_operation\": \"" << m_BiasOperation
       << "\", \"bias_per_cell\": " << (m_BiasPerCell ? "true" : "false") << ", \"ignore_label\": ";
  m_UseIgnoreLabel ? json << +m_IgnoreLabel : json << "null";
  json << '}';
  return json.str();
}

template <typename TImage, typename TLabelImage>
void
AnnotationSampleSource<TImage, TLabelImage>::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent << "OmissionRate: " << m_OmissionRate << std::endl;
  os << indent << "InclusionRate: " << m_InclusionRate << std::endl;
  os << indent << "SaltAndPepperProbability: " << m_SaltAndPepperProbability << std::endl;
  os << indent << "MaximumIterations: " << m_MaximumIterations << std::endl;
  os << indent << "BiasIterations: " << m_BiasIterations << std::endl;
  os << indent << "BiasOperation: " << m_BiasOperation << std::endl;
  os << indent << "BiasPerCell: " << (m_BiasPerCell ? "On" : "Off") << std::endl;
  os << indent << "UseIgnoreLabel: " << (m_UseIgnoreLabel ? "On" : "Off") << std::endl;
  os << indent << "IgnoreLabel: " << static_cast<typename NumericTraits<LabelType>::PrintType>(m_IgnoreLabel)
     << std::endl;
  os << indent << "MaximumMemory: " << m_MaximumMemory << std::endl;
  os << indent << "NumberOfImages: " << m_Samples.size() << std::endl;
}
} // namespace itk

#endif
