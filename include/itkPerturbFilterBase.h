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
#ifndef itkPerturbFilterBase_h
#define itkPerturbFilterBase_h

#include "itkAnnotationUpgradeMacro.h"
#include "itkImageToImageFilter.h"
#include "itkPerturbLabels.h"
#include "itkPerturbLines.h"

namespace itk
{
/** \class PerturbFilterBase
 * \brief Common base of the filters that damage an annotation on purpose.
 *
 * An annotation is a label image of any integer pixel type and dimension: 0 is background, each other value, negative
 * ones too, is one cell. Pixels count as unit cubes: the spacing plays no part.
 *
 * The output depends on input, parameters and Seed alone: not on the number of work units, on the requested region, on
 * the platform or on other users of random numbers in the process.
 *
 * With SliceBySlice every slice along SliceAxis is an annotation of its own: its labels are counted, and its draws
 * made, apart from those of the other slices, from a stream chosen by Seed and the index of the slice (Vadineanu et
 * al., J. Imaging 2024, 10(7), 172, perturb volumes this way). Without it, the volume is one annotation.
 *
 * The output can be requested in parts. The draws need whole annotations, so by default the input is requested whole,
 * or in whole slices with SliceBySlice.
 *
 * \ingroup AnnotationUpgrade
 */
template <typename TLabelImage>
class ITK_TEMPLATE_EXPORT PerturbFilterBase : public ImageToImageFilter<TLabelImage, TLabelImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(PerturbFilterBase);

  using Self = PerturbFilterBase;
  using Superclass = ImageToImageFilter<TLabelImage, TLabelImage>;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;
  itkAnnotationUpgradeNameOfClassMacro(PerturbFilterBase, ImageToImageFilter);

  static constexpr unsigned int ImageDimension = TLabelImage::ImageDimension;

  using LabelImageType = TLabelImage;
  using LabelType = typename TLabelImage::PixelType;
  using RegionType = typename TLabelImage::RegionType;
  using SeedType = uint64_t;
  static_assert(std::numeric_limits<LabelType>::is_integer, "A label image has integer pixels.");

  /** Chooses the random draws. Default 0. */
  itkSetMacro(Seed, SeedType);
  itkGetConstMacro(Seed, SeedType);

  /** Whether every slice along SliceAxis is perturbed on its own. Default off. */
  itkSetMacro(SliceBySlice, bool);
  itkGetConstMacro(SliceBySlice, bool);
  itkBooleanMacro(SliceBySlice);

  /** The axis across the slices, below the image's dimension. Default: the last axis. Used with SliceBySlice alone. */
  itkSetMacro(SliceAxis, unsigned int);
  itkGetConstMacro(SliceAxis, unsigned int);

protected:
  PerturbFilterBase();
  ~PerturbFilterBase() override = default;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

  void
  VerifyPreconditions() const override;

  void
  GenerateInputRequestedRegion() override;

  /** Throws unless 0 <= rate <= 1. */
  void
  VerifyRate(const char * name, double rate) const;

  /** Calls visitor(part, key) for every annotation that a region touches: the region itself, or each of its slices. The
   * key chooses the stream of random draws. */
  template <typename TVisitor>
  void
  VisitAnnotations(const RegionType & region, const TVisitor & visitor) const;

  /** Number of annotations that a region touches. */
  SizeValueType
  GetNumberOfAnnotations(const RegionType & region) const
  {
    return m_SliceBySlice ? region.GetSize(m_SliceAxis) : 1;
  }

  /** The smallest region that holds every annotation which a region touches, whole. */
  RegionType
  EnlargeToAnnotations(const RegionType & region) const;

  /** The labels of each annotation that a region touches, in VisitAnnotations' order, each in ascending order. */
  std::vector<std::vector<LabelType>>
  CollectLabels(const TLabelImage * image, const RegionType & region);

  /** All labels of several annotations, in ascending order, as those of each must be. */
  static std::vector<LabelType>
  Unite(const std::vector<std::vector<LabelType>> & labels);

  /** Position of a slice, as VisitAnnotations gives it, among the annotations that a region touches. */
  SizeValueType
  GetAnnotationNumber(const RegionType & slice, const RegionType & region) const
  {
    return m_SliceBySlice ? slice.GetIndex(m_SliceAxis) - region.GetIndex(m_SliceAxis) : 0;
  }

  /** As PerturbVisitLines, but lines that follow each other directly in the buffers of all images count as one. */
  template <typename TVisitor>
  static void
  VisitLongLines(std::initializer_list<const TLabelImage *> images,
                 const RegionType &                         region,
                 const TVisitor &                           visitor);

private:
  SeedType     m_Seed{ 0 };
  bool         m_SliceBySlice{ false };
  unsigned int m_SliceAxis{ ImageDimension - 1 };
};
} // namespace itk

#ifndef ITK_MANUAL_INSTANTIATION
#  include "itkPerturbFilterBase.hxx"
#endif

#endif
