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
#ifndef itkGraphBasedSegmentationImageFilter_hxx
#define itkGraphBasedSegmentationImageFilter_hxx

#include "itkDefaultConvertPixelTraits.h"
#include "itkGraphSegmentForest.h"
#include "itkImageRegionConstIteratorWithIndex.h"
#include "itkImageRegionIterator.h"
#include "itkNeighborhoodOperatorImageFilter.h"
#include "itkProgressReporter.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

namespace itk
{
template <typename TInputImage, typename TOutputImage>
void
GraphBasedSegmentationImageFilter<TInputImage, TOutputImage>::VerifyPreconditions() const
{
  Superclass::VerifyPreconditions();
  if (!(m_Scale >= 0.0) || !std::isfinite(m_Scale))
  {
    itkExceptionMacro("Scale is " << m_Scale << ". Set a finite value that is not negative.");
  }
  if (!(m_Sigma >= 0.0) || !std::isfinite(m_Sigma))
  {
    itkExceptionMacro("Sigma is " << m_Sigma << ". Set a finite number of pixels that is not negative.");
  }
}

template <typename TInputImage, typename TOutputImage>
void
GraphBasedSegmentationImageFilter<TInputImage, TOutputImage>::GenerateInputRequestedRegion()
{
  Superclass::GenerateInputRequestedRegion();
  const_cast<TInputImage *>(this->GetInput())->SetRequestedRegionToLargestPossibleRegion();
}

template <typename TInputImage, typename TOutputImage>
void
GraphBasedSegmentationImageFilter<TInputImage, TOutputImage>::EnlargeOutputRequestedRegion(DataObject * output)
{
  Superclass::EnlargeOutputRequestedRegion(output);
  output->SetRequestedRegionToLargestPossibleRegion();
}

template <typename TInputImage, typename TOutputImage>
auto
GraphBasedSegmentationImageFilter<TInputImage, TOutputImage>::GetDirections() -> std::vector<OffsetType>
{
  SizeValueType numberOfOffsets = 1;
  for (unsigned int axis = 0; axis < ImageDimension; ++axis)
  {
    numberOfOffsets *= 3;
  }
  // As numbers with the digits -1, 0 and 1, the positive offsets are those behind the middle.
  std::vector<OffsetType> directions;
  for (SizeValueType number = numberOfOffsets / 2 + 1; number < numberOfOffsets; ++number)
  {
    OffsetType    direction;
    SizeValueType digits = number;
    for (unsigned int axis = 0; axis < ImageDimension; ++axis)
    {
      direction[axis] = static_cast<OffsetValueType>(digits % 3) - 1;
      digits /= 3;
    }
    directions.push_back(direction);
  }
  return directions;
}

template <typename TInputImage, typename TOutputImage>
auto
GraphBasedSegmentationImageFilter<TInputImage, TOutputImage>::GetSmoothComponent(const unsigned int component) const ->
  typename ComponentImageType::Pointer
{
  const TInputImage * const input = this->GetInput();
  const RegionType          region = input->GetLargestPossibleRegion();
  const auto                values = ComponentImageType::New();
  values->SetRegions(region);
  values->Allocate();
  ImageRegionConstIteratorWithIndex<TInputImage> pixel(input, region);
  ImageRegionIterator<ComponentImageType>        value(values, region);
  for (; !pixel.IsAtEnd(); ++pixel, ++value)
  {
    using Traits = DefaultConvertPixelTraits<typename TInputImage::PixelType>;
    value.Set(static_cast<double>(Traits::GetNthComponent(static_cast<int>(component), pixel.Get())));
    if (!std::isfinite(value.Get()))
    {
      itkExceptionMacro("The intensity at index " << pixel.GetIndex() << " is " << value.Get()
                                                  << ". Replace what is not finite before.");
    }
  }
  return m_Sigma > 0.0 ? this->Smooth(values) : values;
}

template <typename TInputImage, typename TOutputImage>
auto
GraphBasedSegmentationImageFilter<TInputImage, TOutputImage>::Smooth(typename ComponentImageType::Pointer values) const
  -> typename ComponentImageType::Pointer
{
  constexpr double    radiusInSigmas = 4.0;
  const auto          radius = static_cast<OffsetValueType>(radiusInSigmas * m_Sigma + 0.5);
  std::vector<double> weights;
  for (OffsetValueType x = -radius; x <= radius; ++x)
  {
    weights.push_back(std::exp(-0.5 * static_cast<double>(x * x) / (m_Sigma * m_Sigma)));
  }
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (unsigned int axis = 0; axis < ImageDimension; ++axis)
  {
    Neighborhood<double, ImageDimension> kernel;
    Size<ImageDimension>                 kernelRadius{ { 0 } };
    kernelRadius[axis] = radius;
    kernel.SetRadius(kernelRadius);
    std::transform(weights.begin(), weights.end(), kernel.Begin(), [sum](double weight) { return weight / sum; });
    const auto convolve = NeighborhoodOperatorImageFilter<ComponentImageType, ComponentImageType, double>::New();
    convolve->SetInput(values);
    convolve->SetOperator(kernel);
    convolve->SetNumberOfWorkUnits(this->GetNumberOfWorkUnits());
    convolve->Update();
    values = convolve->GetOutput();
  }
  return values;
}

template <typename TInputImage, typename TOutputImage>
auto
GraphBasedSegmentationImageFilter<TInputImage, TOutputImage>::GetEdges() const -> std::vector<Edge>
{
  std::vector<typename ComponentImageType::Pointer> components;
  for (unsigned int c = 0; c < this->GetInput()->GetNumberOfComponentsPerPixel(); ++c)
  {
    components.push_back(this->GetSmoothComponent(c));
  }
  const RegionType  whole = this->GetInput()->GetLargestPossibleRegion();
  std::vector<Edge> edges;
  const auto        directions = GetDirections();
  edges.reserve(whole.GetNumberOfPixels() * directions.size());
  for (const OffsetType & direction : directions)
  {
    // The pixels whose neighbour in this direction lies in the image.
    RegionType      region = whole;
    OffsetValueType toNeighbor = 0;
    for (unsigned int axis = 0; axis < ImageDimension; ++axis)
    {
      const OffsetValueType step = direction[axis];
      region.SetIndex(axis, whole.GetIndex(axis) - std::min<OffsetValueType>(step, 0));
      region.SetSize(axis, whole.GetSize(axis) - std::min<SizeValueType>(std::abs(step), whole.GetSize(axis)));
      toNeighbor += step * components.front()->GetOffsetTable()[axis];
    }
    ImageRegionConstIteratorWithIndex<ComponentImageType> pixel(components.front(), region);
    for (; !pixel.IsAtEnd(); ++pixel)
    {
      const OffsetValueType place = components.front()->ComputeOffset(pixel.GetIndex());
      double                squaredDistance = 0.0;
      for (const auto & component : components)
      {
        const double * const value = component->GetBufferPointer() + place;
        const double         difference = value[toNeighbor] - value[0];
        squaredDistance += difference * difference;
      }
      edges.push_back({ std::sqrt(squaredDistance),
                        static_cast<SizeValueType>(place),
                        static_cast<SizeValueType>(place + toNeighbor) });
    }
  }
  std::sort(edges.begin(), edges.end(), [](const Edge & a, const Edge & b) {
    return std::tie(a.Weight, a.Pixel, a.Neighbor) < std::tie(b.Weight, b.Pixel, b.Neighbor);
  });
  return edges;
}

template <typename TInputImage, typename TOutputImage>
void
GraphBasedSegmentationImageFilter<TInputImage, TOutputImage>::GenerateData()
{
  this->AllocateOutputs();
  TOutputImage * const output = this->GetOutput();
  const auto           edges = this->GetEdges();
  const SizeValueType  numberOfPixels = output->GetLargestPossibleRegion().GetNumberOfPixels();

  ProgressReporter   progress(this, 0, 2 * edges.size(), 100, 0.5f, 0.5f);
  GraphSegmentForest forest(numberOfPixels);
  const auto         uniteAcrossEdges = [&](const auto & isToUnite) {
    for (const Edge & edge : edges)
    {
      const SizeValueType a = forest.Find(edge.Pixel);
      const SizeValueType b = forest.Find(edge.Neighbor);
      if (a != b && isToUnite(edge, a, b))
      {
        forest.Unite(a, b, edge.Weight);
      }
      progress.CompletedPixel();
    }
  };
  const auto getLimit = [&](const SizeValueType root) {
    return forest.GetWeight(root) + m_Scale / static_cast<double>(forest.GetSize(root));
  };
  uniteAcrossEdges([&](const Edge & edge, const SizeValueType a, const SizeValueType b) {
    return edge.Weight <= std::min(getLimit(a), getLimit(b));
  });
  uniteAcrossEdges([&](const Edge &, const SizeValueType a, const SizeValueType b) {
    return std::min(forest.GetSize(a), forest.GetSize(b)) < m_MinimumSize;
  });

  m_NumberOfSegments = 0;
  LabelType * const      labels = output->GetBufferPointer();
  std::vector<LabelType> labelOfRoot(numberOfPixels, LabelType{ 0 });
  for (SizeValueType pixel = 0; pixel < numberOfPixels; ++pixel)
  {
    LabelType & label = labelOfRoot[forest.Find(pixel)];
    if (label == 0)
    {
      if (m_NumberOfSegments == static_cast<SizeValueType>(std::numeric_limits<LabelType>::max()))
      {
        itkExceptionMacro("The image has more segments than the pixel type of the output has labels, "
                          << +std::numeric_limits<LabelType>::max()
                          << ". Use a wider pixel type, or set a larger Scale or MinimumSize.");
      }
      label = static_cast<LabelType>(++m_NumberOfSegments);
    }
    labels[pixel] = label;
  }
}

template <typename TInputImage, typename TOutputImage>
void
GraphBasedSegmentationImageFilter<TInputImage, TOutputImage>::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent << "Scale: " << m_Scale << std::endl;
  os << indent << "Sigma: " << m_Sigma << std::endl;
  os << indent << "MinimumSize: " << m_MinimumSize << std::endl;
  os << indent << "NumberOfSegments: " << m_NumberOfSegments << std::endl;
}
} // namespace itk

#endif
