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
#ifndef itkCellPhantomImageSource_hxx
#define itkCellPhantomImageSource_hxx

#include "itkImageScanlineIterator.h"
#include "itkTotalProgressReporter.h"

namespace itk
{
template <typename TImage, typename TLabelImage>
CellPhantomImageSource<TImage, TLabelImage>::CellPhantomImageSource()
{
  m_Size.Fill(256);
  if (ImageDimension == 3)
  {
    m_Size[ImageDimension - 1] = 32;
  }
  m_Spacing.Fill(1.0);
  this->SetNumberOfRequiredOutputs(3);
  for (DataObjectPointerArraySizeType i = 0; i < 3; ++i)
  {
    this->SetNthOutput(i, this->MakeOutput(i));
  }
  this->DynamicMultiThreadingOn();
  this->ThreaderUpdateProgressOff();
}

template <typename TImage, typename TLabelImage>
DataObject::Pointer
CellPhantomImageSource<TImage, TLabelImage>::MakeOutput(DataObjectPointerArraySizeType index)
{
  if (index == 0)
  {
    return TImage::New().GetPointer();
  }
  return TLabelImage::New().GetPointer();
}

template <typename TImage, typename TLabelImage>
TLabelImage *
CellPhantomImageSource<TImage, TLabelImage>::GetLabels()
{
  return static_cast<TLabelImage *>(this->ProcessObject::GetOutput(1));
}

template <typename TImage, typename TLabelImage>
const TLabelImage *
CellPhantomImageSource<TImage, TLabelImage>::GetLabels() const
{
  return static_cast<const TLabelImage *>(this->ProcessObject::GetOutput(1));
}

template <typename TImage, typename TLabelImage>
TLabelImage *
CellPhantomImageSource<TImage, TLabelImage>::GetCandidates()
{
  return static_cast<TLabelImage *>(this->ProcessObject::GetOutput(2));
}

template <typename TImage, typename TLabelImage>
const TLabelImage *
CellPhantomImageSource<TImage, TLabelImage>::GetCandidates() const
{
  return static_cast<const TLabelImage *>(this->ProcessObject::GetOutput(2));
}

template <typename TImage, typename TLabelImage>
double
CellPhantomImageSource<TImage, TLabelImage>::GetLargestSpacing() const
{
  return *std::max_element(m_Spacing.begin(), m_Spacing.end());
}

template <typename TImage, typename TLabelImage>
double
CellPhantomImageSource<TImage, TLabelImage>::GetEffectiveCellRadius() const
{
  if (m_CellRadius != 0.0)
  {
    return m_CellRadius;
  }
  const double width = std::sqrt(m_Size[0] * m_Spacing[0] * m_Size[1] * m_Spacing[1]);
  const double pixel = this->GetLargestSpacing();
  return std::min(std::max(width / 17.0, MinimumRadiusInPixels * pixel), MaximumDefaultRadiusInPixels * pixel);
}

template <typename TImage, typename TLabelImage>
SizeValueType
CellPhantomImageSource<TImage, TLabelImage>::GetEffectiveNumberOfCells() const
{
  if (m_NumberOfCells != 0)
  {
    return m_NumberOfCells;
  }
  // Nuclei of one type cover some 16 % of a slice; layers of them lie two and a half radii apart.
  const double radius = this->GetEffectiveCellRadius();
  const double area = m_Size[0] * m_Spacing[0] * m_Size[1] * m_Spacing[1];
  const double depth = ImageDimension == 3 ? m_Size[ImageDimension - 1] * m_Spacing[ImageDimension - 1] : 0.0;
  const double layers = std::max(1.0, depth / (2.5 * radius));
  const double coverage = m_CellType == CellType::Combined ? 0.12 : 0.16;
  return std::max<SizeValueType>(1,
                                 Math::Round<SizeValueType>(coverage * layers * area / (Math::pi * radius * radius)));
}

template <typename TImage, typename TLabelImage>
void
CellPhantomImageSource<TImage, TLabelImage>::GenerateOutputInformation()
{
  for (unsigned int i = 0; i < ImageDimension; ++i)
  {
    if (m_Size[i] == 0)
    {
      itkExceptionMacro("Size is " << m_Size << ". Every extent must be at least 1.");
    }
    if (!(m_Spacing[i] > 0.0 && std::isfinite(m_Spacing[i])))
    {
      itkExceptionMacro("Spacing is " << m_Spacing << ". It must be positive.");
    }
  }
  const double minimumRadius = MinimumRadiusInPixels * this->GetLargestSpacing();
  if (!(this->GetEffectiveCellRadius() >= minimumRadius && std::isfinite(m_CellRadius)))
  {
    itkExceptionMacro("CellRadius is " << m_CellRadius << ". It must be at least " << minimumRadius << ", which is "
                                       << MinimumRadiusInPixels << " times the largest spacing, or 0 for the default.");
  }
  if (this->GetEffectiveNumberOfCells() > static_cast<double>(NumericTraits<LabelType>::max()))
  {
    itkExceptionMacro("NumberOfCells is " << this->GetEffectiveNumberOfCells() << ", but the label type ends at "
                                          << +NumericTraits<LabelType>::max() << ". Use a larger label type.");
  }

  Superclass::GenerateOutputInformation();
  for (const DataObject::Pointer & output : this->GetOutputs())
  {
    auto * image = static_cast<ImageBase<ImageDimension> *>(output.GetPointer());
    image->SetLargestPossibleRegion(RegionType(m_Size));
    image->SetSpacing(m_Spacing);
  }
}

template <typename TImage, typename TLabelImage>
void
CellPhantomImageSource<TImage, TLabelImage>::BeforeThreadedGenerateData()
{
  CellPhantomScene::PointType corner(0.0);
  for (unsigned int i = 0; i < ImageDimension; ++i)
  {
    corner[i] = (m_Size[i] - 1) * m_Spacing[i];
  }
  m_Scene = std::make_unique<CellPhantomScene>(
    m_CellType, corner, this->GetEffectiveCellRadius(), this->GetEffectiveNumberOfCells(), m_Seed);
}

template <typename TImage, typename TLabelImage>
void
CellPhantomImageSource<TImage, TLabelImage>::DynamicThreadedGenerateData(const RegionType & region)
{
  using PointType = CellPhantomScene::PointType;
  using Role = CellPhantomScene::Role;
  constexpr double haloWidth = 1.6;  // in reaches of the nucleus, across the optical axis
  constexpr double haloHeight = 2.2; // along it
  constexpr double haloStrength = 0.65;
  constexpr double photons = 60.0; // of a nucleus of brightness 1
  constexpr double readVariance = 12.0;
  constexpr double unitsPerPhoton = 16.0;
  constexpr double offset = 200.0;

  const uint64_t         noiseKey = PerturbHash(m_Seed, 1);
  const IndexValueType   length = region.GetSize(0);
  std::vector<double>    light(length);
  std::vector<LabelType> labels[2] = { std::vector<LabelType>(length), std::vector<LabelType>(length) };

  TotalProgressReporter              progress(this, this->GetOutput()->GetRequestedRegion().GetNumberOfPixels());
  ImageScanlineIterator<TImage>      imageLine(this->GetOutput(), region);
  ImageScanlineIterator<TLabelImage> labelLine(this->GetLabels(), region);
  ImageScanlineIterator<TLabelImage> candidateLine(this->GetCandidates(), region);
  for (; !imageLine.IsAtEnd(); imageLine.NextLine(), labelLine.NextLine(), candidateLine.NextLine())
  {
    const typename TImage::IndexType index = imageLine.GetIndex();
    PointType                        point(0.0);
    uint64_t                         lineKey = noiseKey;
    for (unsigned int i = 1; i < ImageDimension; ++i)
    {
      point[i] = index[i] * m_Spacing[i];
      lineKey = PerturbHash(lineKey, static_cast<uint64_t>(index[i]));
    }
    for (auto & line : labels)
    {
      std::fill(line.begin(), line.end(), LabelType{});
    }
    for (IndexValueType x = 0; x < length; ++x)
    {
      point[0] = (index[0] + x) * m_Spacing[0];
      light[x] = m_Scene->GetBackground(point);
    }

    const double blur = m_Scene->GetBlur(point[2]);
    const double softness = 1.7 * blur;
    for (const CellPhantomScene::Cell & cell : m_Scene->GetCells())
    {
      const CellPhantomNucleus & nucleus = cell.nucleus;
      const PointType &          center = nucleus.GetCenter();
      const double               width = haloWidth * nucleus.GetReach();
      const double               height = haloHeight * nucleus.GetReach();
      const double               across = (point[1] - center[1]) / width;
      const double               along = (point[2] - center[2]) / height;
      const double               remainder = 1.0 - across * across - along * along;
      if (remainder <= 0.0)
      {
        continue;
      }
      const double half = width * std::sqrt(remainder);
      const auto   first = static_cast<IndexValueType>(std::ceil((center[0] - half) / m_Spacing[0])) - index[0];
      const auto   last = static_cast<IndexValueType>(std::floor((center[0] + half) / m_Spacing[0])) - index[0];
      for (IndexValueType x = std::max<IndexValueType>(first, 0); x <= std::min(last, length - 1); ++x)
      {
        point[0] = (index[0] + x) * m_Spacing[0];
        const double beside = (point[0] - center[0]) / width;
        const double halo = remainder - beside * beside;
        light[x] += nucleus.GetBrightness() * haloStrength * halo * halo;
        if (cell.role == Role::OutOfFocus || (point - center).GetNorm() > nucleus.GetReach() + softness)
        {
          continue;
        }
        const double depth = nucleus.GetDepth(point);
        if (depth > 0.0)
        {
          labels[cell.role == Role::Candidate][x] = static_cast<LabelType>(cell.label);
        }
        if (depth > -softness)
        {
          const double t = std::min(0.5 + 0.5 * depth / softness, 1.0);
          light[x] += nucleus.GetBrightness() * t * t * (3.0 - 2.0 * t) * nucleus.GetTexture(point, depth, blur);
        }
      }
    }

    for (IndexValueType x = 0; x < length; ++x, ++imageLine, ++labelLine, ++candidateLine)
    {
      point[0] = (index[0] + x) * m_Spacing[0];
      const double expected = photons * m_Scene->GetLight(point) * light[x];
      // Poisson and Gaussian noise: the inverse of the generalised Anscombe transform.
      const double root = std::sqrt(expected + readVariance) +
                          0.5 * HashedNoise::Normal(PerturbHash(lineKey, static_cast<uint64_t>(index[0] + x)));
      const double     value = std::floor(offset + unitsPerPhoton * (root * root - readVariance - 0.25) + 0.5);
      constexpr double maximum = static_cast<double>(NumericTraits<PixelType>::max());
      imageLine.Set(static_cast<PixelType>(std::min(std::max(value, 0.0), maximum)));
      labelLine.Set(labels[0][x]);
      candidateLine.Set(labels[1][x]);
    }
    progress.Completed(length);
  }
}

template <typename TImage, typename TLabelImage>
void
CellPhantomImageSource<TImage, TLabelImage>::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent << "CellType: " << m_CellType << std::endl;
  os << indent << "Size: " << m_Size << std::endl;
  os << indent << "Spacing: " << m_Spacing << std::endl;
  os << indent << "NumberOfCells: " << m_NumberOfCells << std::endl;
  os << indent << "CellRadius: " << m_CellRadius << std::endl;
  os << indent << "Seed: " << m_Seed << std::endl;
}
} // namespace itk

#endif
