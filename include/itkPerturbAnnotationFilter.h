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
#ifndef itkPerturbAnnotationFilter_h
#define itkPerturbAnnotationFilter_h

#include "itkBiasPerturbFilter.h"

namespace itk
{
/** \class PerturbAnnotationFilter
 * \brief Damages an annotation by omission, inclusion, salt and pepper, and bias, in this order.
 *
 * Each step is left out where its level is 0; with all levels 0, the default, the output is a copy of the input.
 * The steps draw from seeds of their own, hashed from Seed, so that switching one on or off does not change the draws
 * of the others. See OmissionPerturbFilter, InclusionPerturbFilter, SaltAndPepperPerturbFilter and BiasPerturbFilter.
 *
 * \ingroup AnnotationUpgrade
 */
template <typename TLabelImage>
class ITK_TEMPLATE_EXPORT PerturbAnnotationFilter : public PerturbFilterBase<TLabelImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(PerturbAnnotationFilter);

  using Self = PerturbAnnotationFilter;
  using Superclass = PerturbFilterBase<TLabelImage>;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;
  itkNewMacro(Self);
  itkAnnotationUpgradeNameOfClassMacro(PerturbAnnotationFilter, PerturbFilterBase);

  using OperationEnum = BiasPerturbFilterEnums::Operation;
  using typename Superclass::LabelType;
  using typename Superclass::RegionType;

  /** Label image of the objects that may be included by mistake. Required where InclusionRate is above 0, ignored
   * otherwise. */
  itkSetInputMacro(CandidatesImage, TLabelImage);
  itkGetInputMacro(CandidatesImage, TLabelImage);

  /** Share of the cells to remove, in [0, 1]. Default 0. */
  itkSetMacro(OmissionRate, double);
  itkGetConstMacro(OmissionRate, double);

  /** Share of the candidates to include, in [0, 1]. Default 0. */
  itkSetMacro(InclusionRate, double);
  itkGetConstMacro(InclusionRate, double);

  /** Probability of a pixel to turn into salt or pepper, in [0, 1]. Default 0. */
  itkSetMacro(SaltAndPepperProbability, double);
  itkGetConstMacro(SaltAndPepperProbability, double);

  /** Largest number of erosions or dilations, in pixels; 0 means no bias, if BiasIterations is 0, too. Default 0. */
  itkSetMacro(MaximumIterations, unsigned int);
  itkGetConstMacro(MaximumIterations, unsigned int);

  /** \name How bias works, see Iterations, Operation and PerCell of BiasPerturbFilter
   * By default as there: all is drawn, once per annotation. */
  /** @{ */
  itkSetMacro(BiasIterations, unsigned int);
  itkGetConstMacro(BiasIterations, unsigned int);
  itkSetEnumMacro(BiasOperation, OperationEnum);
  itkGetEnumMacro(BiasOperation, OperationEnum);
  itkSetMacro(BiasPerCell, bool);
  itkGetConstMacro(BiasPerCell, bool);
  itkBooleanMacro(BiasPerCell);
  /** @} */

protected:
  PerturbAnnotationFilter();
  ~PerturbAnnotationFilter() override = default;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

  void
  VerifyPreconditions() const override;

  void
  VerifyInputInformation() const override;

  void
  GenerateInputRequestedRegion() override;

  void
  GenerateData() override;

private:
  double        m_OmissionRate{ 0.0 };
  double        m_InclusionRate{ 0.0 };
  double        m_SaltAndPepperProbability{ 0.0 };
  unsigned int  m_MaximumIterations{ 0 };
  unsigned int  m_BiasIterations{ 0 };
  OperationEnum m_BiasOperation{ OperationEnum::Random };
  bool          m_BiasPerCell{ false };
};
} // namespace itk

#ifndef ITK_MANUAL_INSTANTIATION
#  include "itkPerturbAnnotationFilter.hxx"
#endif

#endif
