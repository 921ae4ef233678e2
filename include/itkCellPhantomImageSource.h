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
#ifndef itkCellPhantomImageSource_h
#define itkCellPhantomImageSource_h

#include "itkAnnotationUpgradeMacro.h"
#include "itkCellPhantomScene.h"
#include "itkImageSource.h"

#include <memory>

namespace itk
{
/** \class CellPhantomImageSource
 * \brief Simulated micrographs of cell nuclei with exact instance labels.
 *
 * Stands in for the synthetic volumes of HL60 nuclei and granulocytes of Sec. 2.1.1 of the paper below: stained,
 * textured, touching nuclei of uneven brightness under uneven light, blur that grows with depth, haze of what is out of
 * focus, and photon and detector noise. No single threshold tells nuclei from the rest.
 *
 * The outputs have two or three dimensions:
 * - 0, GetOutput(): intensities, meant for unsigned short. A detector offset of 200, then 16 units per detected photon;
 *   bright nuclei reach some 5000. A pixel type of smaller range saturates.
 * - 1, GetLabels(): the targets, 1 .. NumberOfCells, 0 elsewhere.
 * - 2, GetCandidates(): in a combined phantom the other cell type, labelled 1 .. NumberOfCells; otherwise 0.
 *
 * A 2-D phantom is like a slice of a 3-D one. The centre of every cell lies in the image, the border may cut a part
 * off. What carries one label is connected.
 *
 * The result depends on the parameters alone, not on the number of work units or the requested region: any region can
 * be made without the rest, so volumes larger than memory can be streamed to a file. Only exactly rounded arithmetic is
 * used; where compilers fuse multiplications with additions, as for other processors than x86-64, last digits differ.
 *
 * The source refuses, with an exception, a size of 0, a spacing that is not positive, a radius of less than
 * MinimumRadiusInPixels times the largest spacing, more cells than fit, and more cells than the label type can tell
 * apart.
 *
 * \par Reference
 * Vadineanu, Pelt, Dzyubachyk, Batenburg: Reducing Manual Annotation Costs for Cell Segmentation by Upgrading
 * Low-Quality Annotations. J. Imaging 2024, 10(7), 172.
 *
 * \ingroup AnnotationUpgrade
 */
template <typename TImage, typename TLabelImage>
class ITK_TEMPLATE_EXPORT CellPhantomImageSource : public ImageSource<TImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(CellPhantomImageSource);

  using Self = CellPhantomImageSource;
  using Superclass = ImageSource<TImage>;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;

  itkNewMacro(Self);
  itkAnnotationUpgradeNameOfClassMacro(CellPhantomImageSource, ImageSource);

  using ImageType = TImage;
  using LabelImageType = TLabelImage;
  using SizeType = typename TImage::SizeType;
  using SpacingType = typename TImage::SpacingType;
  using RegionType = typename TImage::RegionType;
  using PixelType = typename TImage::PixelType;
  using LabelType = typename TLabelImage::PixelType;
  using CellType = CellPhantomEnums::CellType;
  using SeedType = uint64_t;

  static constexpr unsigned int ImageDimension = TImage::ImageDimension;
  static constexpr double       MinimumRadiusInPixels = 6.0;
  static constexpr double       MaximumDefaultRadiusInPixels = 40.0;

  static_assert(ImageDimension == 2 || ImageDimension == 3, "A cell phantom has two or three dimensions.");
  static_assert(TLabelImage::ImageDimension == ImageDimension, "Image and labels must have the same dimension.");

  /** What is simulated. Default: CellType::HL60. */
  itkSetEnumMacro(CellType, CellType);
  itkGetEnumMacro(CellType, CellType);

  /** Size of the image in pixels. Default: 256 along x and y, 32 along z. */
  itkSetMacro(Size, SizeType);
  itkGetConstReferenceMacro(Size, SizeType);

  /** Distance of neighbouring pixels in physical units. Default: 1. */
  itkSetMacro(Spacing, SpacingType);
  itkGetConstReferenceMacro(Spacing, SpacingType);

  /** Number of targets; a combined phantom has as many candidates besides. Default: 0, which stands for a number in
   * proportion to the size of the image: see GetEffectiveNumberOfCells(). */
  itkSetMacro(NumberOfCells, SizeValueType);
  itkGetConstMacro(NumberOfCells, SizeValueType);

  /** Typical radius of an HL60 nucleus in physical units; the lobes of a granulocyte have somewhat less than half of
   * it. Default: 0, which stands for a seventeenth of the geometric mean of the image's extents along x and y, within
   * MinimumRadiusInPixels and MaximumDefaultRadiusInPixels times the largest spacing: see GetEffectiveCellRadius(). */
  itkSetMacro(CellRadius, double);
  itkGetConstMacro(CellRadius, double);

  /** Each seed gives another image. Default: 0. */
  itkSetMacro(Seed, SeedType);
  itkGetConstMacro(Seed, SeedType);

  /** NumberOfCells, or what its default stands for. */
  SizeValueType
  GetEffectiveNumberOfCells() const;

  /** CellRadius, or what its default stands for. */
  double
  GetEffectiveCellRadius() const;

  /** The instance labels of the targets. */
  TLabelImage *
  GetLabels();
  const TLabelImage *
  GetLabels() const;

  /** The instance labels of the other cell type; all 0 unless the phantom is combined. */
  TLabelImage *
  GetCandidates();
  const TLabelImage *
  GetCandidates() const;

protected:
  CellPhantomImageSource();
  ~CellPhantomImageSource() override = default;

  using DataObjectPointerArraySizeType = ProcessObject::DataObjectPointerArraySizeType;
  using Superclass::MakeOutput;
  DataObject::Pointer
  MakeOutput(DataObjectPointerArraySizeType index) override;

  void
  GenerateOutputInformation() override;

  void
  BeforeThreadedGenerateData() override;

  void
  DynamicThreadedGenerateData(const RegionType & region) override;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

private:
  double
  GetLargestSpacing() const;

  CellType      m_CellType{ CellType::HL60 };
  SizeType      m_Size;
  SpacingType   m_Spacing;
  SizeValueType m_NumberOfCells{ 0 };
  double        m_CellRadius{ 0.0 };
  SeedType      m_Seed{ 0 };

  std::unique_ptr<const CellPhantomScene> m_Scene;
};
} // namespace itk

#ifndef ITK_MANUAL_INSTANTIATION
#  include "itkCellPhantomImageSource.hxx"
#endif

#endif
