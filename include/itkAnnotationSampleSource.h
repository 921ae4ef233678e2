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
#ifndef itkAnnotationSampleSource_h
#define itkAnnotationSampleSource_h

#include "itkAnnotationCells.h"
#include "itkBiasPerturbFilter.h"
#include "itkTrainingSampleSource.h"
#include "itkUNetModel.h"
#include "itkWorkingGrid.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace itk
{
/** \class AnnotationSampleSource
 * \brief Training samples from ITK images and their annotations, perturbed on purpose when the model takes an
 * annotation.
 *
 * Add the images, let the model take its pixel size from EstimateSpacing() if it has none of its own, then Prepare().
 * All images, annotations and candidates have the dimension of the model: slices of a volume are added one by one.
 *
 * A sample's annotation channel is the foreground of the perturbed annotation (PerturbAnnotationFilter, fresh for every
 * draw), the target the foreground of the annotation itself; both are averaged onto the network's grid. Patches are
 * centred near a cell two times out of three, turned by flips and right angles (which move image, annotation,
 * perturbation and target together), and changed in intensity, less so where percentiles scale it; parts beyond the
 * image are mirrored.
 *
 * Images that can be read again need not fit into memory: those beyond MaximumMemory are read for every draw. The
 * samples are the same.
 *
 * \tparam TImage       scalar, RGB or vector image
 * \tparam TLabelImage  integer image: 0 background, each other value one cell
 *
 * \ingroup AnnotationUpgrade */
template <typename TImage, typename TLabelImage>
class ITK_TEMPLATE_EXPORT AnnotationSampleSource : public TrainingSampleSource
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(AnnotationSampleSource);

  using Self = AnnotationSampleSource;
  using Superclass = TrainingSampleSource;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;
  using typename Superclass::ExtentType;
  using LabelType = typename TLabelImage::PixelType;
  using OperationEnum = BiasPerturbFilterEnums::Operation;

  static constexpr unsigned int ImageDimension = TImage::ImageDimension;
  static_assert(ImageDimension == 2 || ImageDimension == 3, "Networks work on 2-D and 3-D images.");
  static_assert(TLabelImage::ImageDimension == ImageDimension, "Image and annotation have the same dimension.");

  itkNewMacro(Self);
  itkAnnotationUpgradeNameOfClassMacro(AnnotationSampleSource, TrainingSampleSource);

  /** \name Perturbations, see PerturbAnnotationFilter
   * Rates in [0, 1]; all rates and iterations 0 (default) leaves annotations as they are. */
  /** @{ */
  itkSetMacro(OmissionRate, double);
  itkGetConstMacro(OmissionRate, double);
  itkSetMacro(InclusionRate, double);
  itkGetConstMacro(InclusionRate, double);
  itkSetMacro(SaltAndPepperProbability, double);
  itkGetConstMacro(SaltAndPepperProbability, double);
  itkSetMacro(MaximumIterations, unsigned int);
  itkGetConstMacro(MaximumIterations, unsigned int);
  itkSetMacro(BiasIterations, unsigned int);
  itkGetConstMacro(BiasIterations, unsigned int);
  itkSetEnumMacro(BiasOperation, OperationEnum);
  itkGetEnumMacro(BiasOperation, OperationEnum);
  itkSetMacro(BiasPerCell, bool);
  itkGetConstMacro(BiasPerCell, bool);
  itkBooleanMacro(BiasPerCell);
  /** @} */

  /** Whether pixels of IgnoreLabel count nowhere in the losses and in Dice; perturbations take them for background.
   * Default off. Set it before images are added. */
  itkSetMacro(UseIgnoreLabel, bool);
  itkGetConstMacro(UseIgnoreLabel, bool);
  itkBooleanMacro(UseIgnoreLabel);
  itkSetMacro(IgnoreLabel, LabelType);
  itkGetConstMacro(IgnoreLabel, LabelType);

  /** Memory for images in MiB, default half of the machine's. Set it before images are added. */
  itkSetMacro(MaximumMemory, size_t);
  itkGetConstMacro(MaximumMemory, size_t);

  /** An image with what belongs to it. */
  struct AnnotatedImage
  {
    typename TImage::ConstPointer      Image;
    typename TLabelImage::ConstPointer Annotation;
    typename TLabelImage::ConstPointer Candidates;
  };
  using ReadType = std::function<AnnotatedImage()>;

  /** Adds an image with its annotation and, for inclusion, other objects.
   * \param readAgain  gives the same once more, from several threads at once, so that it need not be kept
   * \throw ExceptionObject if sizes, spacings, origins or directions differ, if an intensity is not finite, if an image
   * has other channels than the ones before, or no pixels. */
  void
  AddImage(const TImage *      image,
           const TLabelImage * annotation,
           const TLabelImage * candidates,
           const ReadType &    readAgain);
  void
  AddImage(const TImage * image, const TLabelImage * annotation, const TLabelImage * candidates = nullptr)
  {
    this->AddImage(image, annotation, candidates, nullptr);
  }

  /** Channels of the images, 0 before the first is added. */
  itkGetConstMacro(Channels, unsigned int);

  /** A pixel size at which the median cell of the annotations spans some 20 pixels, per axis: the image's own spacing
   * times an integer. Cells that are smaller keep the image's own. Of annotations with several labels each label is a
   * cell; only where there are none of these are the connected parts of the others measured, which may be several cells
   * that touch. \throw ExceptionObject if there is no cell in any annotation. */
  UNetModel::SpacingType
  EstimateSpacing() const;

  /** Scales and resamples the images for `model`, which fixes the channels. Call it once, before training.
   * \throw ExceptionObject if there is no image, no cell in any annotation, the channels or the dimension differ from
   * the model's, inclusion lacks candidates, it was called before, or omission cells with labels of their own: where no
   * annotation has several labels, one that has one label for several parts is a mask. */
  void
  Prepare(const UNetModel * model);

  size_t
  GetNumberOfImages() const override;
  ExtentType
  GetExtent(size_t image) const override;
  bool
  HasForeground(size_t image) const override;
  void
  VerifyModel(const UNetModel * model) const override;
  void
  DrawPatch(size_t image, uint64_t seed, const ExtentType & extent, float * input, float * target) const override;
  void
  DrawImage(size_t image, uint64_t seed, float * input, float * target) const override;
  std::string
  GetDescription() const override;

protected:
  AnnotationSampleSource();
  ~AnnotationSampleSource() override = default;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

private:
  /** What takes memory. */
  struct Content
  {
    typename TLabelImage::ConstPointer Annotation;
    typename TLabelImage::ConstPointer Candidates;
    std::vector<float>                 Intensities; ///< planar; native and not scaled before Convert()
    float                              Minimum{ 0.0f };
    float                              Maximum{ 0.0f };
    std::vector<float>                 Target; ///< on the working grid
  };

  struct Sample
  {
    UNetModel::SpacingType       Spacing{ { 1.0, 1.0, 1.0 } };
    ExtentType                   NativeExtent{ { 1, 1, 1 } };
    AnnotationCells<TLabelImage> Cells;
    bool                         HasCandidates{ false };
    ReadType                     ReadAgain;
    std::shared_ptr<Content>     Kept;                  ///< unless it is read for every draw
    ExtentType                   Extent{ { 1, 1, 1 } }; ///< on the working grid, as what follows
    WorkingGrid                  Grid{ { { 1, 1, 1 } }, { { 1.0, 1.0, 1.0 } } };
    std::vector<ExtentType>      Centres; ///< of the cells
  };

  static ExtentType
  ExtentOf(const ImageBase<ImageDimension> * image);
  static std::shared_ptr<Content>
  Load(const AnnotatedImage & pixels);
  /** Brings the content to the model's grid and intensities. */
  void
  Convert(const Sample & sample, Content & content) const;
  std::shared_ptr<const Content>
  ContentOf(size_t image) const;
  /** Sets the ignored pixels of the annotation to 0, so that nothing counts or grows them, and tells which they are. */
  std::vector<float>
  RemoveIgnored(Content & content) const;
  using Box = WorkingGrid::Box;

  static Box
  WholeBox(const ExtentType & extent)
  {
    return { { { 0, 0, 0 } }, extent };
  }
  static std::vector<float>
  Foreground(const TLabelImage * annotation, const typename TLabelImage::RegionType & region);
  static std::vector<float>
  ToWorking(const Sample & sample, const std::vector<float> & native);
  /** The foreground of the annotation as perturbed with a seed, in a box of the working grid. */
  std::vector<float>
  PerturbedForeground(const Sample & sample, const Content & content, uint64_t seed, const Box & box) const;

  double              m_OmissionRate{ 0.0 };
  double              m_InclusionRate{ 0.0 };
  double              m_SaltAndPepperProbability{ 0.0 };
  unsigned int        m_MaximumIterations{ 0 };
  unsigned int        m_BiasIterations{ 0 };
  OperationEnum       m_BiasOperation{ OperationEnum::Random };
  bool                m_BiasPerCell{ false };
  bool                m_UseIgnoreLabel{ false };
  LabelType           m_IgnoreLabel{};
  size_t              m_MaximumMemory;
  size_t              m_KeptBytes{ 0 };
  unsigned int        m_Channels{ 0 };
  std::vector<Sample> m_Samples;

  // Of the model that the samples are prepared for.
  bool                   m_Prepared{ false };
  bool                   m_AnnotationInput{ false };
  IntensityNormalization m_Normalization{ IntensityNormalization::None };
  UNetModel::SpacingType m_ModelSpacing{ { 0.0, 0.0, 0.0 } };
};
} // namespace itk

#ifndef ITK_MANUAL_INSTANTIATION
#  include "itkAnnotationSampleSource.hxx"
#endif

#endif
