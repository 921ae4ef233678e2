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
#ifndef itkSaltAndPepperPerturbFilter_h
#define itkSaltAndPepperPerturbFilter_h

#include "itkPerturbFilterBase.h"

namespace itk
{
/** \class SaltAndPepperPerturbFilter
 * \brief Turns single pixels of an annotation into foreground or background.
 *
 * Each pixel is hit with the given probability, on its own. One half of the hit pixels is pepper and becomes 0. The
 * other half is salt: background among it becomes foreground, all with one new label, the smallest positive value that
 * the image does not use (Update() throws where the pixel type has none left); pixels of cells keep their label.
 *
 * SaltAndPepperNoiseImageFilter draws alike, but from one stream per work unit; here each draw is a hash of the seed
 * and the index of the pixel, so that neither work units nor requested regions change the result. SliceBySlice makes no
 * difference. The input is always requested whole.
 *
 * \ingroup AnnotationUpgrade
 */
template <typename TLabelImage>
class ITK_TEMPLATE_EXPORT SaltAndPepperPerturbFilter : public PerturbFilterBase<TLabelImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(SaltAndPepperPerturbFilter);

  using Self = SaltAndPepperPerturbFilter;
  using Superclass = PerturbFilterBase<TLabelImage>;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;
  itkNewMacro(Self);
  itkAnnotationUpgradeNameOfClassMacro(SaltAndPepperPerturbFilter, PerturbFilterBase);

  using typename Superclass::LabelType;
  using typename Superclass::RegionType;

  /** Probability of a pixel to be hit, in [0, 1]; another value makes Update() throw. Default 0.1. */
  itkSetMacro(Probability, double);
  itkGetConstMacro(Probability, double);

protected:
  SaltAndPepperPerturbFilter() = default;
  ~SaltAndPepperPerturbFilter() override = default;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

  void
  VerifyPreconditions() const override;

  void
  GenerateInputRequestedRegion() override;

  void
  BeforeThreadedGenerateData() override;

  void
  DynamicThreadedGenerateData(const RegionType & region) override;

private:
  double    m_Probability{ 0.1 };
  LabelType m_Salt{ 0 };
};
} // namespace itk

#ifndef ITK_MANUAL_INSTANTIATION
#  include "itkSaltAndPepperPerturbFilter.hxx"
#endif

#endif
