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
#ifndef itkUNetModel_h
#define itkUNetModel_h

#include "AnnotationUpgradeExport.h"
#include "itkAnnotationUpgradeMacro.h"
#include "itkIntensityNormalization.h"
#include "itkObject.h"
#include "itkObjectFactory.h"
#include "itkUNetPrecision.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace itk
{
class UNetPredictor;

/** \class UNetModel
 * \brief A U-Net with everything that is needed to apply it: weights, input, intensities, pixel size.
 *
 * The network (paper, Sec. 2.3; Ronneberger et al. 2015) has NumberOfLevels resolutions. A level is a double
 * convolution (3x3, padding 1, batch normalisation, ReLU, twice); levels are joined by 2x2 max pooling on the way down
 * and by 2x2 transposed convolution and concatenation [skip, up] on the way up; a 1x1 convolution gives two channels, 0
 * background and 1 foreground. Channels are BaseChannels times 1, 2, 4, 8, ..., the last level as wide as the one
 * before. The same with 3-D operations when Dimension is 3. With 64 base channels, one image channel and an
 * annotation the default architecture has 14,788,418 parameters.
 *
 * Input channels are the image's, then, when the model takes an annotation, one with the foreground of the annotation.
 *
 * Set the architecture, then call Initialize(); or Load() a file.
 *
 * \ingroup AnnotationUpgrade */
class AnnotationUpgrade_EXPORT UNetModel : public Object
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(UNetModel);

  using Self = UNetModel;
  using Superclass = Object;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;

  itkNewMacro(Self);
  itkAnnotationUpgradeNameOfClassMacro(UNetModel, Object);

  /** \name Architecture: set it before Initialize(), Load() sets it. After a change, call Initialize() again. */
  /** @{ */
  /** 2 (default) or 3. */
  itkSetMacro(Dimension, unsigned int);
  itkGetConstMacro(Dimension, unsigned int);
  /** Channels of the image: 1 (default), 3 for RGB. */
  itkSetMacro(ImageChannels, unsigned int);
  itkGetConstMacro(ImageChannels, unsigned int);
  /** Whether an annotation is the last input channel, as in an upgrade network. Default off: a segmentation network. */
  itkSetMacro(AnnotationInput, bool);
  itkGetConstMacro(AnnotationInput, bool);
  itkBooleanMacro(AnnotationInput);
  /** Channels of the first level; 0 (default) lets Initialize() choose: 64, as in the paper, on a GPU, and 16 on the
   * CPU, where a step of the wider network takes many times as long. */
  itkSetMacro(BaseChannels, unsigned int);
  itkGetConstMacro(BaseChannels, unsigned int);
  /** Resolutions, 2 to 8, default 5, that is 4 poolings. */
  itkSetMacro(NumberOfLevels, unsigned int);
  itkGetConstMacro(NumberOfLevels, unsigned int);
  /** ImageChannels, and one more with an annotation. */
  unsigned int
  GetNumberOfInputChannels() const
  {
    return m_ImageChannels + (m_AnnotationInput ? 1 : 0);
  }
  /** @} */

  /** How intensities are scaled, default Percentile; part of the model file. */
  itkSetEnumMacro(Normalization, IntensityNormalization);
  itkGetEnumMacro(Normalization, IntensityNormalization);

  /** Size of the pixels that the network sees, in physical units, along x, y, z; 0 stands for the image's own spacing
   * (default). Part of the model file. */
  using SpacingType = std::array<double, 3>;
  virtual void
  SetSpacing(const SpacingType & spacing)
  {
    if (m_Spacing != spacing)
    {
      m_Spacing = spacing;
      this->Modified();
    }
  }
  itkGetConstReferenceMacro(Spacing, SpacingType);

  /** What GetFactor() may give. */
  static constexpr double SmallestFactor = 1.0 / 16.0;
  static constexpr double LargestFactor = 256.0;

  /** Pixels of an image of spacing `imageSpacing` along one that the network sees: Spacing / imageSpacing, whole where
   * it nearly is; 1 where Spacing is 0.
   * \throw ExceptionObject if it is less than SmallestFactor or more than LargestFactor, as with images of another
   * unit.
   */
  SpacingType
  GetFactor(const SpacingType & imageSpacing) const;

  /** What the training was, as JSON text; part of the model file. Empty by default. */
  itkSetStringMacro(TrainingRecord);
  itkGetStringMacro(TrainingRecord);

  /** "auto" (CUDA if there is one, else the CPU; default), "cpu", "cuda", "cuda:1". Where several CUDA devices are
   * there, "auto" and "cuda" train on the first, and Predict() shares its images out to it and to all others that
   * work. \throw ExceptionObject if the device does not exist. */
  void
  SetDevice(const std::string & device);
  const std::string &
  GetDevice() const;

  /** The numbers that training and Predict() compute with, default Auto. The model file holds float32 whatever is set.
   */
  itkSetEnumMacro(Precision, UNetPrecision);
  itkGetEnumMacro(Precision, UNetPrecision);

  /** Whether Predict() averages over all flips of the image, which takes 2^Dimension times as long and is a little more
   * accurate. Default off; not part of the model file. */
  itkSetMacro(TestTimeAugmentation, bool);
  itkGetConstMacro(TestTimeAugmentation, bool);
  itkBooleanMacro(TestTimeAugmentation);

  /** Draws new weights from `seed`.
   * \throw ExceptionObject if the architecture is not possible. */
  void
  Initialize(uint32_t seed);

  /** Whether there are weights, from Initialize() or Load(). */
  bool
  IsInitialized() const;

  /** Number of weights and biases; buffers of the batch normalisation do not count. */
  size_t
  GetNumberOfParameters() const;

  /** A weight, a bias, or a running statistic of the batch normalisation. */
  struct Weight
  {
    std::string         Name;   ///< as in the usual PyTorch U-Net: "inc.double_conv.0.weight"
    std::vector<size_t> Shape;  ///< in PyTorch's order; empty for a single number
    std::vector<float>  Values; ///< last axis fastest
  };

  /** All that PyTorch's state dict of the network holds, as float32. */
  std::vector<Weight>
  GetWeights() const;

  /** Sets all of them, in any order.
   * \throw ExceptionObject, having changed nothing, without a network, for a name that is missing or unknown, another
   * shape than the network's, or a value that is not finite. */
  void
  SetWeights(const std::vector<Weight> & weights);

  /** Writes the model file: beside `fileName` first, then renamed, so that a failure leaves nothing behind.
   * \throw ExceptionObject if it cannot be written. */
  void
  Save(const std::string & fileName) const;

  /** Reads a model file onto `device`, see SetDevice(), and checks it whole.
   * \throw ExceptionObject for a file that is missing, damaged, no model, or of a later format, or if the device does
   * not exist. */
  static Pointer
  Load(const std::string & fileName, const std::string & device = "auto");

  /** 2^(NumberOfLevels - 1): shifts of the input by it shift the output. */
  size_t
  GetAlignment() const;

  /** How far a pixel of the input can reach, rounded up to a multiple of GetAlignment(). */
  size_t
  GetMargin() const;

  /** How many images of `extent` keep the device busy when Predict() gets them at once: 1 on the CPU, where an image's
   * values then do not depend on its neighbours. */
  size_t
  GetBatchSize(const std::array<size_t, 3> & extent) const;

  /** Applies the network with running batch statistics.
   *
   * \param input        planar float buffers (channel, [z,] y, x), one image after another, intensities already scaled
   * \param extent       of each image, in ITK's order (x, y, z); z is 1 with a 2-D model. Sizes that are not multiples
   *                     of GetAlignment() are filled up by repeating the last pixel.
   * \param probability  receives the foreground's soft-max probability, one channel of the same extent per image
   * \param images       how many there are
   * Calls from several threads are safe. \throw ExceptionObject before Initialize(), or if the device lacks memory. */
  void
  Predict(const float * input, const std::array<size_t, 3> & extent, float * probability, size_t images = 1) const;

  /** Threads that LibTorch's CPU operations use, in the whole process. */
  static void
  SetNumberOfThreads(unsigned int threads);

  /** Makes the process keep the memory that it frees, where the C library is GNU's. Networks ask for the same large
   * blocks in every step; to return them to the system and to ask anew takes a fifth of the time. For programs that do
   * little else: it is meant for the beginning of main(), and cannot be undone. */
  static void
  KeepFreedMemory();

  /** Gives memory that was freed and kept back to the system, where the C library is GNU's: between large pieces of
   * work, so that those that need their memory in other blocks do not add to the process. */
  static void
  ReturnFreedMemory();

  /** LibTorch's side, defined in src/ only. */
  struct Impl;
  Impl &
  GetImpl() const
  {
    return *m_Impl;
  }

protected:
  UNetModel();
  ~UNetModel() override;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

private:
  std::shared_ptr<const UNetPredictor>
  GetPredictor() const;

  unsigned int           m_Dimension{ 2 };
  unsigned int           m_ImageChannels{ 1 };
  bool                   m_AnnotationInput{ false };
  unsigned int           m_BaseChannels{ 0 };
  unsigned int           m_NumberOfLevels{ 5 };
  IntensityNormalization m_Normalization{ IntensityNormalization::Percentile };
  SpacingType            m_Spacing{ { 0.0, 0.0, 0.0 } };
  UNetPrecision          m_Precision{ UNetPrecision::Auto };
  bool                   m_TestTimeAugmentation{ false };
  std::string            m_TrainingRecord;
  std::unique_ptr<Impl>  m_Impl;
};
} // namespace itk

#endif
