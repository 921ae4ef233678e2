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
#ifndef itkPerturbFilterBase_hxx
#define itkPerturbFilterBase_hxx

#include "itkMultiThreaderBase.h"

#include <mutex>

namespace itk
{
template <typename TLabelImage>
PerturbFilterBase<TLabelImage>::PerturbFilterBase()
{
  this->DynamicMultiThreadingOn();
  this->ThreaderUpdateProgressOn();
}

template <typename TLabelImage>
void
PerturbFilterBase<TLabelImage>::VerifyPreconditions() const
{
  Superclass::VerifyPreconditions();
  if (m_SliceBySlice && m_SliceAxis >= ImageDimension)
  {
    itkExceptionMacro("SliceAxis is " << m_SliceAxis << "; an image of dimension " << ImageDimension
                                      << " has the axes 0 to " << ImageDimension - 1 << '.');
  }
}

template <typename TLabelImage>
void
PerturbFilterBase<TLabelImage>::VerifyRate(const char * name, const double rate) const
{
  if (!(rate >= 0.0 && rate <= 1.0))
  {
    itkExceptionMacro(<< name << " is " << rate << "; it must lie in [0, 1].");
  }
}

template <typename TLabelImage>
typename PerturbFilterBase<TLabelImage>::RegionType
PerturbFilterBase<TLabelImage>::EnlargeToAnnotations(const RegionType & region) const
{
  RegionType enlarged = this->GetInput()->GetLargestPossibleRegion();
  if (m_SliceBySlice)
  {
    enlarged.SetIndex(m_SliceAxis, region.GetIndex(m_SliceAxis));
    enlarged.SetSize(m_SliceAxis, region.GetSize(m_SliceAxis));
  }
  return enlarged;
}

template <typename TLabelImage>
void
PerturbFilterBase<TLabelImage>::GenerateInputRequestedRegion()
{
  Superclass::GenerateInputRequestedRegion();
  const_cast<TLabelImage *>(this->GetInput())
    ->SetRequestedRegion(this->EnlargeToAnnotations(this->GetOutput()->GetRequestedRegion()));
}

template <typename TLabelImage>
template <typename TVisitor>
void
PerturbFilterBase<TLabelImage>::VisitAnnotations(const RegionType & region, const TVisitor & visitor) const
{
  if (!m_SliceBySlice)
  {
    visitor(region, uint64_t{ 0 });
    return;
  }
  RegionType           slice = region;
  const IndexValueType begin = region.GetIndex(m_SliceAxis);
  const IndexValueType end = begin + static_cast<IndexValueType>(region.GetSize(m_SliceAxis));
  slice.SetSize(m_SliceAxis, 1);
  for (IndexValueType index = begin; index < end; ++index)
  {
    slice.SetIndex(m_SliceAxis, index);
    visitor(slice, static_cast<uint64_t>(index));
  }
}

template <typename TLabelImage>
template <typename TVisitor>
void
PerturbFilterBase<TLabelImage>::VisitLongLines(std::initializer_list<const TLabelImage *> images,
                                               const RegionType &                         region,
                                               const TVisitor &                           visitor)
{
  RegionType    begins = region;
  SizeValueType length = region.GetSize(0);
  for (unsigned int axis = 1; axis < ImageDimension; ++axis)
  {
    if (std::any_of(images.begin(), images.end(), [&](const TLabelImage * image) {
          return image->GetBufferedRegion().GetSize(axis - 1) != region.GetSize(axis - 1);
        }))
    {
      break;
    }
    length *= region.GetSize(axis);
    begins.SetSize(axis, 1);
  }
  if (length > 0)
  {
    PerturbVisitLines(begins,
                      [&](const typename TLabelImage::IndexType & begin, SizeValueType) { visitor(begin, length); });
  }
}

template <typename TLabelImage>
std::vector<std::vector<typename PerturbFilterBase<TLabelImage>::LabelType>>
PerturbFilterBase<TLabelImage>::CollectLabels(const TLabelImage * image, const RegionType & region)
{
  // Work units may share an annotation: what each found is kept apart, then united.
  std::vector<std::vector<std::vector<LabelType>>> found(this->GetNumberOfAnnotations(region));
  std::mutex                                       mutex;
  this->GetMultiThreader()->SetNumberOfWorkUnits(this->GetNumberOfWorkUnits());
  this->GetMultiThreader()->template ParallelizeImageRegion<ImageDimension>(
    region,
    [&](const RegionType & piece) {
      this->VisitAnnotations(piece, [&](const RegionType & part, uint64_t) {
        PerturbLabelSet<LabelType> labels;
        VisitLongLines({ image }, part, [&](const typename TLabelImage::IndexType & begin, const SizeValueType length) {
          labels.Insert(image->GetBufferPointer() + image->ComputeOffset(begin), length, part.GetSize(0));
        });
        auto                              sorted = labels.GetSorted();
        const std::lock_guard<std::mutex> lock(mutex);
        found[this->GetAnnotationNumber(part, region)].push_back(std::move(sorted));
      });
    },
    nullptr);
  std::vector<std::vector<LabelType>> united;
  for (const auto & labels : found)
  {
    united.push_back(Unite(labels));
  }
  return united;
}

template <typename TLabelImage>
std::vector<typename PerturbFilterBase<TLabelImage>::LabelType>
PerturbFilterBase<TLabelImage>::Unite(const std::vector<std::vector<LabelType>> & labels)
{
  std::vector<LabelType> united;
  for (const auto & some : labels)
  {
    const auto middle = united.insert(united.end(), some.begin(), some.end());
    std::inplace_merge(united.begin(), middle, united.end());
    united.erase(std::unique(united.begin(), united.end()), united.end());
  }
  return united;
}

template <typename TLabelImage>
void
PerturbFilterBase<TLabelImage>::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent << "Seed: " << m_Seed << std::endl;
  os << indent << "SliceBySlice: " << (m_SliceBySlice ? "On" : "Off") << std::endl;
  os << indent << "SliceAxis: " << m_SliceAxis << std::endl;
}
} // namespace itk

#endif
