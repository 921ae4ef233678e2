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
  m_Omitted.clear();
  this->VisitAnnotations(region, [&](const RegionType & annotation, const uint64_t key) {
    const auto &                 labels = present[this->GetAnnotationNumber(annotation, region)];
    PerturbLabelTable<LabelType> omitted(labels, 0);
    PerturbRandomStream          stream(this->GetSeed(), key);
    for (const LabelType label : stream.Choose(labels, m_Rate))
    {
      omitted.Set(label, 1);
    }
    m_Omitted.push_back(std::move(omitted));
  });
}

template <typename TLabelImage>
void
OmissionPerturbFilter<TLabelImage>::DynamicThreadedGenerateData(const RegionType & region)
{
  const TLabelImage * const input = this->GetInput();
  TLabelImage * const       output = this->GetOutput();
  this->VisitAnnotations(region, [&](const RegionType & part, uint64_t) {
    m_Omitted[this->GetAnnotationNumber(part, output->GetRequestedRegion())].WithLookup([&](const auto & isOmitted) {
      Superclass::VisitLongLines(
        { input, output }, part, [&](const typename TLabelImage::IndexType & begin, const SizeValueType length) {
          CopyLine(input->GetBufferPointer() + input->ComputeOffset(begin),
                   output->GetBufferPointer() + output->ComputeOffset(begin),
                   length,
                   isOmitted);
        });
    });
  });
}

template <typename TLabelImage>
template <typename TIsOmitted>
void
OmissionPerturbFilter<TLabelImage>::CopyLine(const LabelType *   from,
                                             LabelType *         to,
                                             const SizeValueType length,
                                             const TIsOmitted &  isOmitted)
{
  PerturbWord omitted = 0;
  PerturbVisitWords<true>(
    from,
    length,
    [&](const size_t start, const PerturbWord begins) {
      omitted = PerturbMarkRuns(from + start, begins, omitted, isOmitted);
      PerturbReplaceWhere(omitted, LabelType{ 0 }, from + start, to + start);
    },
    [&](const size_t i) { to[i] = isOmitted(from[i]) ? LabelType{ 0 } : from[i]; });
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
