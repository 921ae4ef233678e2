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
#ifndef itkSaltAndPepperPerturbFilter_hxx
#define itkSaltAndPepperPerturbFilter_hxx

#include "itkPerturbRandomStream.h"

namespace itk
{
template <typename TLabelImage>
void
SaltAndPepperPerturbFilter<TLabelImage>::VerifyPreconditions() const
{
  Superclass::VerifyPreconditions();
  this->VerifyRate("Probability", m_Probability);
}

template <typename TLabelImage>
void
SaltAndPepperPerturbFilter<TLabelImage>::GenerateInputRequestedRegion()
{
  Superclass::GenerateInputRequestedRegion();
  const_cast<TLabelImage *>(this->GetInput())->SetRequestedRegionToLargestPossibleRegion();
}

template <typename TLabelImage>
void
SaltAndPepperPerturbFilter<TLabelImage>::BeforeThreadedGenerateData()
{
  m_Salt = PerturbUnusedLabels<LabelType>(
             Superclass::Unite(this->CollectLabels(this->GetInput(), this->GetInput()->GetLargestPossibleRegion())))
             .Next();
  if (m_Salt == 0)
  {
    itkExceptionMacro(
      "The pixel type holds no more labels: salt needs one that the annotation does not use, and all up to "
      << +std::numeric_limits<LabelType>::max() << " are taken. Use a wider pixel type.");
  }
}

template <typename TLabelImage>
void
SaltAndPepperPerturbFilter<TLabelImage>::DynamicThreadedGenerateData(const RegionType & region)
{
  const TLabelImage * const input = this->GetInput();
  TLabelImage * const       output = this->GetOutput();
  constexpr int             hashBits = 52;
  const auto                hitBelow = static_cast<uint64_t>(std::ldexp(m_Probability, hashBits));
  const LabelType           salt = m_Salt;
  const auto                getMask = [](const bool all) { return static_cast<LabelType>(all ? ~LabelType{ 0 } : 0); };
  PerturbVisitLines(region, [&](const typename TLabelImage::IndexType & begin, const SizeValueType length) {
    uint64_t lineState = PerturbHash(this->GetSeed(), 0);
    for (unsigned int axis = 1; axis < Superclass::ImageDimension; ++axis)
    {
      lineState = PerturbHash(lineState, static_cast<uint64_t>(begin[axis]));
    }
    lineState += PerturbGoldenGamma * static_cast<uint64_t>(begin[0]);
    const LabelType * const from = input->GetBufferPointer() + input->ComputeOffset(begin);
    LabelType * const       to = output->GetBufferPointer() + output->ComputeOffset(begin);
    for (SizeValueType i = 0; i < length; ++i)
    {
      // Masks of all bits in place of conditions, whose outcome nobody can predict.
      const uint64_t draw = PerturbMix(lineState += PerturbGoldenGamma);
      const auto     hit = getMask((draw >> (64 - hashBits)) < hitBelow);
      const auto     pepper = getMask((draw & 1) != 0);
      const auto     background = getMask(from[i] == 0);
      to[i] = static_cast<LabelType>((from[i] & ~(hit & pepper)) | (salt & hit & ~pepper & background));
    }
  });
}

template <typename TLabelImage>
void
SaltAndPepperPerturbFilter<TLabelImage>::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent << "Probability: " << m_Probability << std::endl;
}
} // namespace itk

#endif
