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
#ifndef itkUNetFilterBase_h
#define itkUNetFilterBase_h

#include "itkAnnotationUpgradeMacro.h"
#include "itkImageToImageFilter.h"
#include "itkUNetTiles.h"

namespace itk
{
/** \class UNetFilterBase
 * \brief Applies a UNetModel to an image, tile by tile; what UNetSegmentFilter and UpgradeAnnotationFilter share.
 *
 * A real output pixel type receives the foreground's probability in [0, 1]; an integer one receives ForegroundValue
 * where the probability is at least Threshold, else 0. A 2-D model works on 2-D images and on the slices of volumes
 * along SliceAxis, a 3-D model on volumes. Output and input have the same size, spacing, origin and direction.
 *
 * The image is brought to the model's pixel size, its intensities are scaled as the model says, and the probability is
 * interpolated back. Tiles are aligned to UNetModel::GetAlignment() and carry a margin of UNetModel::GetMargin(), so
 * that the result is that of the whole image at once, wherever tiles or requested regions are cut.
 *
 * Intensities are scaled by whole slices with a 2-D model on a volume: the filter requests the slices that it needs.
 * With a model of the image's dimension they are scaled by the whole image. The filter then reads its inputs section
 * by section, so that neither a requested region nor memory need hold them: over all of the image for the scale
 * (IntensityNormalization::Percentile and Standard twice), which is kept for further requests as long as nothing
 * changes, and once more what the requested region depends on. Of that, what the next region behind it along the last
 * axis depends on too is kept, so that an image should be requested in this order.
 * Where making the input costs more than memory, update it before. Scalar, RGB and vector pixel types are possible.
 *
 * \throw ExceptionObject without a model, when the image's channels or dimension do not fit the model's, when the model
 * does other work than the filter, when annotation and image have different grids, when a setting is out of its range,
 * when a pixel is not finite.
 *
 * \ingroup AnnotationUpgrade */
template <typename TInputImage, typename TOutputImage>
class ITK_TEMPLATE_EXPORT UNetFilterBase : public ImageToImageFilter<TInputImage, TOutputImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(UNetFilterBase);

  using Self = UNetFilterBase;
  using Superclass = ImageToImageFilter<TInputImage, TOutputImage>;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;
  using RegionType = typename TOutputImage::RegionType;
  using OutputPixelType = typename TOutputImage::PixelType;

  static constexpr unsigned int ImageDimension = TInputImage::ImageDimension;
  static_assert(ImageDimension == 2 || ImageDimension == 3, "Networks work on 2-D and 3-D images.");
  static_assert(TOutputImage::ImageDimension == ImageDimension, "Input and output have the same dimension.");

  itkAnnotationUpgradeNameOfClassMacro(UNetFilterBase, ImageToImageFilter);

  itkSetConstObjectMacro(Model, UNetModel);
  itkGetConstObjectMacro(Model, UNetModel);

  /** Edge of a tile in pixels that the network sees, rounded up to a multiple of UNetModel::GetAlignment(); 0 (default)
   * takes 1024 with a 2-D model and 128 with a 3-D model. Memory grows with it, the result does not depend on it. */
  itkSetMacro(TileSize, unsigned int);
  itkGetConstMacro(TileSize, unsigned int);

  /** TileSize as it is used. \pre There is a model. */
  size_t
  GetTileEdge() const;

  /** The most pixels of an input that are read at once with a model of the image's dimension, or one layer across the
   * last axis; default 2^24. The result does not depend on it, but for the last digits of
   * IntensityNormalization::Standard with several channels. */
  itkSetMacro(SectionPixels, SizeValueType);
  itkGetConstMacro(SectionPixels, SizeValueType);

  /** Axis across the slices of a volume with a 2-D model, default the last. */
  itkSetMacro(SliceAxis, unsigned int);
  itkGetConstMacro(SliceAxis, unsigned int);

  /** Probability from which on a pixel is foreground, in [0, 1], default 0.5. Integer output only. */
  itkSetMacro(Threshold, double);
  itkGetConstMacro(Threshold, double);

  /** Default 1. Integer output only. */
  itkSetMacro(ForegroundValue, OutputPixelType);
  itkGetConstMacro(ForegroundValue, OutputPixelType);

  /** The model's changes count, too. */
  ModifiedTimeType
  GetMTime() const override
  {
    return std::max(Superclass::GetMTime(), m_Model ? m_Model->GetMTime() : 0);
  }

protected:
  UNetFilterBase() = default;
  ~UNetFilterBase() override = default;

  void
  VerifyPreconditions() const override;
  void
  VerifyInputInformation() const override;
  void
  GenerateInputRequestedRegion() override;
  void
  GenerateData() override;
  void
  PrintSelf(std::ostream & os, Indent indent) const override;

  /** The annotation of an upgrade network; nullptr, as here, for a segmentation network. */
  virtual const DataObject *
  GetAnnotationObject() const
  {
    return nullptr;
  }

  /** Foreground (0 or 1) of the annotation in `region`, x fastest. */
  virtual void
  CopyAnnotation(const RegionType & itkNotUsed(region), float * itkNotUsed(foreground)) const
  {}

private:
  using Box = WorkingGrid::Box;
  using ExtentType = WorkingGrid::ExtentType;

  /** How the wanted part of a slice, or of the volume with a 3-D model, is computed; the same for all slices. */
  struct Plan
  {
    WorkingGrid Grid;
    Box         WantedNative;
    UNetTiles   Tiles;
  };

  /** Intensities of a region of the input: channel slowest, x fastest. */
  struct Planes
  {
    RegionType         Region;
    std::vector<float> Values;
  };

  /** Whether one application of the network takes in the whole image, not a slice of it. */
  bool
  TakesWholeImage() const
  {
    return m_Model->GetDimension() == ImageDimension;
  }

  RegionType
  RegionOfWholeSlices(const RegionType & region) const;

  /** The region of a box of native pixels of the slice, or the image, that holds `requested`. */
  RegionType
  RegionOf(const Box & box, const RegionType & requested) const;

  /** The parts in which a region is read. */
  std::vector<RegionType>
  Sections(const RegionType & region) const;

  /** Brings a region of the inputs into memory and copies its intensities, unless they are there. */
  void
  ReadInputs(const std::vector<std::string> & names, const RegionType & region, Planes & planes);

  /** How the intensities of the slice, or the image, that holds `requested` are scaled. */
  IntensityMap
  GetIntensityMap(const RegionType & requested, Planes & planes);

  /** The slices of a region; the region itself with a model of the image's dimension. */
  std::vector<RegionType>
  Split(const RegionType & requested) const;

  Plan
  MakePlan(const RegionType & requested) const;

  /** When what decides the network's input was last changed. */
  ModifiedTimeType
  TimeOfInputs() const;

  /** Fills the first layers along the last axis of the network's input, as far as they are remembered; how many. */
  size_t
  Recall(const Box & seen, std::vector<float> & working) const;

  /** Remembers of the network's input what the part behind this one along the last axis sees too. */
  void
  Remember(const Plan & plan, const std::vector<float> & working);

  /** All channels on what the tiles see. */
  std::vector<float>
  MakeInput(const Plan & plan, const RegionType & requested);

  /** The foreground's probability on what the tiles give, for each input. */
  std::vector<std::vector<float>>
  Predict(const Plan & plan, const std::vector<std::vector<float>> & inputs, size_t slicesDone, size_t slices);

  void
  Write(const Plan & plan, const std::vector<float> & probability, const RegionType & requested);

  UNetModel::ConstPointer m_Model;
  unsigned int            m_TileSize{ 0 };
  SizeValueType           m_SectionPixels{ SizeValueType{ 1 } << 24 };
  unsigned int            m_SliceAxis{ ImageDimension - 1 };
  double                  m_Threshold{ 0.5 };
  OutputPixelType         m_ForegroundValue{ 1 };

  Box                m_RememberedBox; ///< where of the network's input at m_RememberedTime is known
  std::vector<float> m_Remembered;
  ModifiedTimeType   m_RememberedTime{ 0 };

  IntensityMap     m_ImageMap; ///< of the whole image as it was at m_ImageMapTime
  ModifiedTimeType m_ImageMapTime{ 0 };
};
} // namespace itk

#ifndef ITK_MANUAL_INSTANTIATION
#  include "itkUNetFilterBase.hxx"
#endif

#endif
