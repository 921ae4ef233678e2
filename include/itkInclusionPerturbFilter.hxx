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
#ifndef itkInclusionPerturbFilter_hxx
#define itkInclusionPerturbFilter_hxx

#include "itkPerturbRandomStream.h"

#include <cstring>
#include <iterator>

namespace itk
{
template <typename TLabelImage>
InclusionPerturbFilter<TLabelImage>::InclusionPerturbFilter()
{
  this->AddRequiredInputName("CandidatesImage", 1);
}

template <typename TLabelImage>
void
InclusionPerturbFilter<TLabelImage>::VerifyPreconditions() const
{
  if (this->GetCandidatesImage() == nullptr)
  {
    itkExceptionMacro(
      "The candidates are missing: call SetCandidatesImage() with a label image of the objects to include.");
  }
  Superclass::VerifyPreconditions();
  this->VerifyRate("Rate", m_Rate);
}

template <typename TLabelImage>
void
InclusionPerturbFilter<TLabelImage>::VerifyInputInformation() const
{
  Superclass::VerifyInputInformation();
  const RegionType annotation = this->GetInput()->GetLargestPossibleRegion();
  const RegionType candidates = this->GetCandidatesImage()->GetLargestPossibleRegion();
  if (annotation != candidates)
  {
    itkExceptionMacro("The candidates have index " << candidates.GetIndex() << " and size " << candidates.GetSize()
                                                   << ", the annotation index " << annotation.GetIndex() << " and size "
                                                   << annotation.GetSize() << "; they must be the same.");
  }
}

template <typename TLabelImage>
void
InclusionPerturbFilter<TLabelImage>::GenerateInputRequestedRegion()
{
  Superclass::GenerateInputRequestedRegion();
  const_cast<TLabelImage *>(this->GetInput())->SetRequestedRegionToLargestPossibleRegion();
  const_cast<TLabelImage *>(this->GetCandidatesImage())->SetRequestedRegionToLargestPossibleRegion();
}

template <typename TLabelImage>
void
InclusionPerturbFilter<TLabelImage>::BeforeThreadedGenerateData()
{
  const RegionType region = this->GetInput()->GetLargestPossibleRegion();
  const auto       candidates = this->CollectLabels(this->GetCandidatesImage(), region);
  const auto       annotationUsed = Superclass::Unite(this->CollectLabels(this->GetInput(), region));

  std::vector<PerturbLabelTable<LabelType>> tables;
  std::vector<std::vector<LabelType>>       chosen;
  this->VisitAnnotations(region, [&](const RegionType & annotation, const uint64_t key) {
    const auto &                 labels = candidates[this->GetAnnotationNumber(annotation, region)];
    PerturbLabelTable<LabelType> included(labels, 0);
    PerturbRandomStream          stream(this->GetSeed(), key);
    for (const LabelType label : stream.Choose(labels, m_Rate))
    {
      included.Set(label, label);
    }
    chosen.emplace_back();
    std::copy_if(labels.begin(), labels.end(), std::back_inserter(chosen.back()), [&included](const LabelType label) {
      return included.Get(label) != 0;
    });
    tables.push_back(std::move(included));
  });

  const auto                     allChosen = Superclass::Unite(chosen);
  PerturbLabelTable<LabelType>   values(allChosen, 0);
  PerturbUnusedLabels<LabelType> unused(Superclass::Unite({ annotationUsed, Superclass::Unite(candidates) }));
  auto                           next = annotationUsed.begin();
  for (const LabelType label : allChosen)
  {
    next = std::find_if(next, annotationUsed.end(), [label](const LabelType other) { return other >= label; });
    const bool      collides = next != annotationUsed.end() && *next == label;
    const LabelType value = collides ? unused.Next() : label;
    if (value == 0)
    {
      itkExceptionMacro("The pixel type holds no more labels: the included candidate "
                        << +label << " needs a value that neither input uses, and all up to "
                        << +std::numeric_limits<LabelType>::max() << " are taken. Use a wider pixel type.");
    }
    values.Set(label, value);
  }
  for (size_t number = 0; number < chosen.size(); ++number)
  {
    for (const LabelType label : chosen[number])
    {
      tables[number].Set(label, values.Get(label));
    }
  }
  m_Included = std::move(tables);
}

template <typename TLabelImage>
void
InclusionPerturbFilter<TLabelImage>::DynamicThreadedGenerateData(const RegionType & region)
{
  const TLabelImage * const input = this->GetInput();
  const TLabelImage * const candidates = this->GetCandidatesImage();
  TLabelImage * const       output = this->GetOutput();
  this->VisitAnnotations(region, [&](const RegionType & part, uint64_t) {
    const auto & included = m_Included[this->GetAnnotationNumber(part, input->GetLargestPossibleRegion())];
    included.WithLookup([&](const auto & getIncluded) {
      Superclass::VisitLongLines({ input, candidates, output },
                                 part,
                                 [&](const typename TLabelImage::IndexType & begin, const SizeValueType length) {
                                   CopyLine(input->GetBufferPointer() + input->ComputeOffset(begin),
                                            candidates->GetBufferPointer() + candidates->ComputeOffset(begin),
                                            output->GetBufferPointer() + output->ComputeOffset(begin),
                                            length,
                                            getIncluded);
                                 });
    });
  });
}

template <typename TLabelImage>
template <typename TGetIncluded>
void
InclusionPerturbFilter<TLabelImage>::CopyLine(const LabelType *    from,
                                              const LabelType *    candidates,
                                              LabelType *          to,
                                              const SizeValueType  length,
                                              const TGetIncluded & getIncluded)
{
  PerturbWord included = 0;
  PerturbVisitWords<false>(
    candidates,
    length,
    [&](const size_t start, const PerturbWord begins) {
      included = PerturbMarkRuns(candidates + start, begins, included, getIncluded);
      std::memcpy(to + start, from + start, PerturbWordBits * sizeof(LabelType));
      for (PerturbWord left = included; left != 0;)
      {
        const PerturbWord run = PerturbFirstRun(left, begins);
        const LabelType   value = getIncluded(candidates[start + PerturbLowestBit(left)]);
        PerturbReplaceWhere(run, value, to + start, to + start);
        left &= ~run;
      }
    },
    [&](const size_t i) {
      const LabelType value = getIncluded(candidates[i]);
      to[i] = value == 0 ? from[i] : value;
    });
}

template <typename TLabelImage>
void
InclusionPerturbFilter<TLabelImage>::AfterThreadedGenerateData()
{
  m_Included.clear();
}

template <typename TLabelImage>
void
InclusionPerturbFilter<TLabelImage>::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent << "Rate: " << m_Rate << std::endl;
}
} // namespace itk

#endif
