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
#ifndef itkBiasPerturbFilter_h
#define itkBiasPerturbFilter_h

#include "itkPerturbFilterBase.h"
#include "itkPerturbNearestLabels.h"

#include <ostream>

namespace itk
{
/** \class BiasPerturbFilterEnums
 * \brief The operations of BiasPerturbFilter.
 * \ingroup AnnotationUpgrade
 */
class BiasPerturbFilterEnums
{
public:
  enum class Operation : uint8_t
  {
    Random,
    Erosion,
    Dilation
  };
};

inline std::ostream &
operator<<(std::ostream & os, const BiasPerturbFilterEnums::Operation operation)
{
  switch (operation)
  {
    case BiasPerturbFilterEnums::Operation::Random:
      return os << "Random";
    case BiasPerturbFilterEnums::Operation::Erosion:
      return os << "Erosion";
    default:
      return os << "Dilation";
  }
}

/** \class BiasPerturbFilter
 * \brief Shrinks or grows the cells of an annotation, as an annotator who draws borders carelessly would.
 *
 * One operation, erosion or dilation with probability 1/2 each, and one number of iterations q, uniform on
 * 1..MaximumIterations, are drawn per annotation (Eq. 11 of Vadineanu et al., J. Imaging 2024, 10(7), 172). Each of the
 * q iterations uses an element of 3 pixels along every axis, all ones; together they equal one of 2q+1 pixels. Outside
 * the image nothing erodes and nothing dilates. With SliceBySlice the element has one pixel across the slices.
 *
 * The foreground of the output is the binary operation on the foreground of the input; cells that touch are not eroded
 * where they touch. Surviving pixels keep their label. A pixel gained by dilation takes the label of the nearest cell,
 * by Euclidean distance between the centres of pixels, in pixels; at equal distances the smallest label wins.
 *
 * With PerCell, each cell has an operation and a q of its own, drawn from the seed and the label, and is treated as if
 * it were alone: the foreground of the output is the union of the cells eroded or dilated each on its own. So a cell
 * shrinks from a neighbour that it touches as well. Pixels that remain in their own cell keep its label; others take
 * the label of the nearest pixel, as above, among those whose own dilation by their cell's q reaches them.
 *
 * The draws do not need the image: to make a part of the output, the filter requests that part with a margin of
 * floor(q * sqrt(N)) pixels for the largest q that may be drawn, N being the number of axes of the element.
 *
 * \ingroup AnnotationUpgrade
 */
template <typename TLabelImage>
class ITK_TEMPLATE_EXPORT BiasPerturbFilter : public PerturbFilterBase<TLabelImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(BiasPerturbFilter);

  using Self = BiasPerturbFilter;
  using Superclass = PerturbFilterBase<TLabelImage>;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;
  itkNewMacro(Self);
  itkAnnotationUpgradeNameOfClassMacro(BiasPerturbFilter, PerturbFilterBase);

  using Superclass::ImageDimension;
  using typename Superclass::LabelType;
  using typename Superclass::RegionType;
  using OperationEnum = BiasPerturbFilterEnums::Operation;

  /** Largest number of iterations that may be drawn, at least 1; 0 makes Update() throw. Default 6. */
  itkSetMacro(MaximumIterations, unsigned int);
  itkGetConstMacro(MaximumIterations, unsigned int);

  /** Number of iterations, instead of a draw; 0, the default, means to draw. */
  itkSetMacro(Iterations, unsigned int);
  itkGetConstMacro(Iterations, unsigned int);

  /** The operation, instead of a draw. Default Random, which means to draw. */
  itkSetEnumMacro(Operation, OperationEnum);
  itkGetEnumMacro(Operation, OperationEnum);

  /** Whether each cell has draws of its own. Default off. */
  itkSetMacro(PerCell, bool);
  itkGetConstMacro(PerCell, bool);
  itkBooleanMacro(PerCell);

protected:
  BiasPerturbFilter() = default;
  ~BiasPerturbFilter() override = default;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

  void
  VerifyPreconditions() const override;

  void
  GenerateInputRequestedRegion() override;

  void
  DynamicThreadedGenerateData(const RegionType & region) override;

private:
  using MaskType = PerturbBitMask<ImageDimension>;
  using RadiusType = typename RegionType::SizeType;
  using NearestLabelsType = PerturbNearestLabels<LabelType, ImageDimension>;
  using Sources = typename NearestLabelsType::Sources;

  /** What happens to an annotation or a cell. */
  struct Draw
  {
    bool     dilate;
    uint32_t iterations;
  };

  Draw
  DrawForAnnotation(uint64_t key) const;

  Draw
  DrawForCell(uint64_t annotationSeed, LabelType label) const;

  /** The same radius along each axis of the element, limited by the size of the image. */
  RadiusType
  GetRadius(SizeValueType pixels) const;

  /** How far the nearest cell of a pixel can be that a dilation gained. */
  SizeValueType
  GetReach(SizeValueType iterations) const;

  /** The most that may be drawn. */
  SizeValueType
  GetLargestIterations() const
  {
    return m_Iterations == 0 ? m_MaximumIterations : m_Iterations;
  }

  /** A region with the margin that its pixels depend on, inside the image. */
  RegionType
  Enlarge(RegionType region, SizeValueType iterations) const;

  /** Cuts a region so that the masks of a piece stay in the cache, but not much thinner than what pieces share. */
  template <typename TVisitor>
  static void
  VisitPieces(const RegionType & region, const TVisitor & visitor);

  void
  PerturbWhole(const RegionType & region, const Draw & draw);

  void
  PerturbEachCell(const RegionType & region, uint64_t annotationSeed);

  /** Pixels that are not alone with pixels of their own label in the box of radius 1. */
  MaskType
  FindBorders(const RegionType & region) const;

  /** Copies the surviving pixels and clears the others. */
  void
  WriteSurviving(const RegionType & region, const MaskType & surviving);

  /** Gives the gained pixels the label of the nearest of the cells that grow by `iterations` at most. */
  void
  WriteGained(const RegionType &           region,
              MaskType                     gained,
              const std::vector<Sources> & growing,
              SizeValueType                iterations);

  unsigned int  m_MaximumIterations{ 6 };
  unsigned int  m_Iterations{ 0 };
  OperationEnum m_Operation{ OperationEnum::Random };
  bool          m_PerCell{ false };
};
} // namespace itk

#ifndef ITK_MANUAL_INSTANTIATION
#  include "itkBiasPerturbFilter.hxx"
#endif

#endif
