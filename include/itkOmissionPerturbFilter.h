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
#ifndef itkOmissionPerturbFilter_h
#define itkOmissionPerturbFilter_h

#include "itkPerturbFilterBase.h"

namespace itk
{
/** \class OmissionPerturbFilter
 * \brief Removes a share of the cells from an annotation, as an annotator who overlooks cells would.
 *
 * Of the E labels of the annotation, round(Rate * E) are chosen without replacement and become 0 (Eq. 9 of Vadineanu et
 * al., J. Imaging 2024, 10(7), 172). All other pixels keep their value. Halves are rounded up.
 * A mask has one label, all of which is removed or nothing: give each of its cells a label first, for example by
 * ConnectedComponentImageFilter.
 *
 * \ingroup AnnotationUpgrade
 */
template <typename TLabelImage>
class ITK_TEMPLATE_EXPORT OmissionPerturbFilter : public PerturbFilterBase<TLabelImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(OmissionPerturbFilter);

  using Self = OmissionPerturbFilter;
  using Superclass = PerturbFilterBase<TLabelImage>;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;
  itkNewMacro(Self);
  itkAnnotationUpgradeNameOfClassMacro(OmissionPerturbFilter, PerturbFilterBase);

  using typename Superclass::LabelType;
  using typename Superclass::RegionType;

  /** Share of the cells to remove, in [0, 1]; another value makes Update() throw. Default 0.7. */
  itkSetMacro(Rate, double);
  itkGetConstMacro(Rate, double);

protected:
  OmissionPerturbFilter() = default;
  ~OmissionPerturbFilter() override = default;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

  void
  VerifyPreconditions() const override;

  void
  BeforeThreadedGenerateData() override;

  void
  DynamicThreadedGenerateData(const RegionType & region) override;

  void
  AfterThreadedGenerateData() override;

private:
  /** Copies pixels, but writes background for labels for which isOmitted is not 0. */
  template <typename TIsOmitted>
  static void
  CopyLine(const LabelType * from, LabelType * to, SizeValueType length, const TIsOmitted & isOmitted);

  double m_Rate{ 0.7 };

  /** For each annotation, 1 for the labels to remove, 0 for the others. */
  std::vector<PerturbLabelTable<LabelType>> m_Omitted;
};
} // namespace itk

#ifndef ITK_MANUAL_INSTANTIATION
#  include "itkOmissionPerturbFilter.hxx"
#endif

#endif
