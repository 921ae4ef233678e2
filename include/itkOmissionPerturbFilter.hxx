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
#ifndef itkOmissionPerturbFilter_hxx
#define itkOmissionPerturbFilter_hxx

#include "itkPerturbRandomStream.h"

namespace itk
{
template <typename TLabelImage>
void
OmissionPerturbFilter<TLabelImage>::VerifyPreconditions() const
{
  Superclass::VerifyPreconditions();
  this->VerifyRate("Rate", m_Rate);
}

template <typename TLabelImage>
void
OmissionPerturbFilter<TLabelImage>::BeforeThreadedGenerateData()
{
  const RegionType region = this->EnlargeToAnnotations(this->GetOutput()->GetRequestedRegion());
  const auto       present = this->CollectLabels(this->GetInput(), region);
  m_Omitted.resize(present.size());
  this->VisitAnnotations(region, [&](const RegionType & annotation, const uint64_t key) {
    const SizeValueType number = this->GetAnnotationNumber(annotation, region);
    PerturbRandomStream stream(this->GetSeed(), key);
    for (const LabelType label : stream.Choose(present[number].GetSorted(), m_Rate))
    {
      m_Omitted[number].Insert(label);
    }
  });
}

template <typename TLabelImage>
void
OmissionPerturbFilter<TLabelImage>::DynamicThreadedGenerateData(const RegionType & region)
{
  const TLabelImage * const input = this->GetInput();
  TLabelImage * const       output = this->GetOutput();
  this->VisitAnnotations(region, [&](const RegionType & part, uint64_t) {
    const auto & omitted = m_Omitted[this->GetAnnotationNumber(part, output->GetRequestedRegion())];
    const auto   keep = [&omitted](const LabelType label) { return omitted.Contains(label) ? LabelType{ 0 } : label; };
    Superclass::VisitLines(part, [&](const typename TLabelImage::IndexType & begin, const SizeValueType length) {
      const LabelType * const from = input->GetBufferPointer() + input->ComputeOffset(begin);
      LabelType * const       to = output->GetBufferPointer() + output->ComputeOffset(begin);
      PerturbVisitBlocks(
        from,
        length,
        [&](size_t start, size_t count) { std::fill_n(to + start, count, keep(from[start])); },
        [&](size_t start, size_t count) { std::transform(from + start, from + start + count, to + start, keep); });
    });
  });
}

template <typename TLabelImage>
void
OmissionPerturbFilter<TLabelImage>::AfterThreadedGenerateData()
{
  m_Omitted.clear();
}

template <typename TLabelImage>
void
OmissionPerturbFilter<TLabelImage>::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent << "Rate: " << m_Rate << std::endl;
}
} // namespace itk

#endif
