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
#ifndef itkPerturbAnnotationFilter_hxx
#define itkPerturbAnnotationFilter_hxx

#include "itkImageAlgorithm.h"
#include "itkInclusionPerturbFilter.h"
#include "itkOmissionPerturbFilter.h"
#include "itkPerturbRandomStream.h"
#include "itkProgressAccumulator.h"
#include "itkSaltAndPepperPerturbFilter.h"

#include <algorithm>

namespace itk
{
template <typename TLabelImage>
PerturbAnnotationFilter<TLabelImage>::PerturbAnnotationFilter()
{
  this->AddOptionalInputName("CandidatesImage", 1);
}

template <typename TLabelImage>
void
PerturbAnnotationFilter<TLabelImage>::VerifyPreconditions() const
{
  Superclass::VerifyPreconditions();
  this->VerifyRate("OmissionRate", m_OmissionRate);
  this->VerifyRate("InclusionRate", m_InclusionRate);
  this->VerifyRate("SaltAndPepperProbability", m_SaltAndPepperProbability);
  if (m_InclusionRate > 0.0 && this->GetCandidatesImage() == nullptr)
  {
    itkExceptionMacro("InclusionRate is " << m_InclusionRate
                                          << ", but the candidates are missing: call SetCandidatesImage() with a label "
                                             "image of the objects to include, or set the rate to 0.");
  }
}

template <typename TLabelImage>
void
PerturbAnnotationFilter<TLabelImage>::VerifyInputInformation() const
{
  if (m_InclusionRate > 0.0)
  {
    Superclass::VerifyInputInformation();
  }
}

template <typename TLabelImage>
void
PerturbAnnotationFilter<TLabelImage>::GenerateInputRequestedRegion()
{
  Superclass::GenerateInputRequestedRegion();
  if (m_InclusionRate > 0.0 || m_SaltAndPepperProbability > 0.0)
  {
    const_cast<TLabelImage *>(this->GetInput())->SetRequestedRegionToLargestPossibleRegion();
  }
  if (auto * const candidates = const_cast<TLabelImage *>(this->GetCandidatesImage()))
  {
    candidates->SetRequestedRegionToLargestPossibleRegion();
  }
}

template <typename TLabelImage>
void
PerturbAnnotationFilter<TLabelImage>::GenerateData()
{
  enum Step : uint64_t
  {
    Omission,
    Inclusion,
    SaltAndPepper,
    Bias
  };
  std::vector<typename Superclass::Pointer> steps;
  const auto                                append = [&](auto filter, const Step step) {
    filter->SetSeed(PerturbHash(this->GetSeed(), step));
    filter->SetSliceBySlice(this->GetSliceBySlice());
    filter->SetSliceAxis(this->GetSliceAxis());
    filter->SetNumberOfWorkUnits(this->GetNumberOfWorkUnits());
    filter->SetCoordinateTolerance(this->GetCoordinateTolerance());
    filter->SetDirectionTolerance(this->GetDirectionTolerance());
    filter->ReleaseDataFlagOn();
    if (!steps.empty())
    {
      filter->SetInput(steps.back()->GetOutput());
    }
    steps.emplace_back(filter.GetPointer());
  };
  const auto detach = [](const TLabelImage * image) {
    auto copy = TLabelImage::New();
    copy->Graft(image);
    return copy;
  };

  if (m_OmissionRate > 0.0)
  {
    auto filter = OmissionPerturbFilter<TLabelImage>::New();
    filter->SetRate(m_OmissionRate);
    append(filter, Omission);
  }
  if (m_InclusionRate > 0.0)
  {
    auto filter = InclusionPerturbFilter<TLabelImage>::New();
    filter->SetRate(m_InclusionRate);
    filter->SetCandidatesImage(detach(this->GetCandidatesImage()));
    append(filter, Inclusion);
  }
  if (m_SaltAndPepperProbability > 0.0)
  {
    auto filter = SaltAndPepperPerturbFilter<TLabelImage>::New();
    filter->SetProbability(m_SaltAndPepperProbability);
    append(filter, SaltAndPepper);
  }
  if (m_MaximumIterations > 0 || m_BiasIterations > 0)
  {
    auto filter = BiasPerturbFilter<TLabelImage>::New();
    filter->SetMaximumIterations(std::max(1u, m_MaximumIterations));
    filter->SetIterations(m_BiasIterations);
    filter->SetOperation(m_BiasOperation);
    filter->SetPerCell(m_BiasPerCell);
    append(filter, Bias);
  }

  TLabelImage * const output = this->GetOutput();
  if (steps.empty())
  {
    this->AllocateOutputs();
    ImageAlgorithm::Copy(this->GetInput(), output, output->GetRequestedRegion(), output->GetRequestedRegion());
    return;
  }

  auto progress = ProgressAccumulator::New();
  progress->SetMiniPipelineFilter(this);
  for (auto & step : steps)
  {
    progress->RegisterInternalFilter(step, 1.0f / static_cast<float>(steps.size()));
  }
  const auto whole = output->GetLargestPossibleRegion();
  steps.front()->SetInput(detach(this->GetInput()));
  steps.back()->ReleaseDataFlagOff();
  steps.back()->GraftOutput(output);
  steps.back()->Update();
  this->GraftOutput(steps.back()->GetOutput());
  output->SetLargestPossibleRegion(whole); // the steps know no more than what was requested
}

template <typename TLabelImage>
void
PerturbAnnotationFilter<TLabelImage>::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent << "OmissionRate: " << m_OmissionRate << std::endl;
  os << indent << "InclusionRate: " << m_InclusionRate << std::endl;
  os << indent << "SaltAndPepperProbability: " << m_SaltAndPepperProbability << std::endl;
  os << indent << "MaximumIterations: " << m_MaximumIterations << std::endl;
  os << indent << "BiasIterations: " << m_BiasIterations << std::endl;
  os << indent << "BiasOperation: " << m_BiasOperation << std::endl;
  os << indent << "BiasPerCell: " << (m_BiasPerCell ? "On" : "Off") << std::endl;
}
} // namespace itk

#endif
