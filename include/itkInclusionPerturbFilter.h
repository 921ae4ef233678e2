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
#ifndef itkInclusionPerturbFilter_h
#define itkInclusionPerturbFilter_h

#include "itkPerturbFilterBase.h"

namespace itk
{
/** \class InclusionPerturbFilter
 * \brief Adds objects that are no cells of the sought type to an annotation, as an annotator who mistakes them would.
 *
 * Of the F labels of the candidates image, round(Rate * F) are chosen without replacement and written over the
 * annotation (Eq. 10 of Vadineanu et al., J. Imaging 2024, 10(7), 172). All other pixels keep their value. Halves are
 * rounded up.
 *
 * A chosen label that the annotation uses as well is written with a new value: the smallest positive one that occurs in
 * neither input. Update() throws where the pixel type has none left. The new values are the same in every slice with
 * SliceBySlice; to know them, the filter always requests both inputs whole.
 *
 * Candidates and annotation must have the same region, spacing, origin and direction; Update() throws otherwise.
 *
 * \ingroup AnnotationUpgrade
 */
template <typename TLabelImage>
class ITK_TEMPLATE_EXPORT InclusionPerturbFilter : public PerturbFilterBase<TLabelImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(InclusionPerturbFilter);

  using Self = InclusionPerturbFilter;
  using Superclass = PerturbFilterBase<TLabelImage>;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;
  itkNewMacro(Self);
  itkAnnotationUpgradeNameOfClassMacro(InclusionPerturbFilter, PerturbFilterBase);

  using typename Superclass::LabelType;
  using typename Superclass::RegionType;

  /** Label image of the objects that may be included by mistake. Required. */
  itkSetInputMacro(CandidatesImage, TLabelImage);
  itkGetInputMacro(CandidatesImage, TLabelImage);

  /** Share of the candidates to include, in [0, 1]; another value makes Update() throw. Default 0.7. */
  itkSetMacro(Rate, double);
  itkGetConstMacro(Rate, double);

protected:
  InclusionPerturbFilter();
  ~InclusionPerturbFilter() override = default;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

  void
  VerifyPreconditions() const override;

  void
  VerifyInputInformation() const override;

  void
  GenerateInputRequestedRegion() override;

  void
  BeforeThreadedGenerateData() override;

  void
  DynamicThreadedGenerateData(const RegionType & region) override;

  void
  AfterThreadedGenerateData() override;

private:
  /** Copies pixels, but writes the value for their candidate where getIncluded gives one that is not 0. */
  template <typename TGetIncluded>
  static void
  CopyLine(const LabelType *    from,
           const LabelType *    candidates,
           LabelType *          to,
           SizeValueType        length,
           const TGetIncluded & getIncluded);

  double m_Rate{ 0.7 };

  /** For each annotation the value to write for each candidate, 0 for those that were not chosen. */
  std::vector<PerturbLabelTable<LabelType>> m_Included;
};
} // namespace itk

#ifndef ITK_MANUAL_INSTANTIATION
#  include "itkInclusionPerturbFilter.hxx"
#endif

#endif
