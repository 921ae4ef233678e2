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
#ifndef itkThresholdBaseline_h
#define itkThresholdBaseline_h

#include "itkForegroundOverlap.h"
#include "itkNumericTraits.h"

#include <map>

namespace itk
{
/** \class ThresholdBaseline
 * \brief The best that a single threshold can do: what every trained network has to beat.
 *
 * Of the thresholds 0 %, 1 %, ..., 100 % of the highest intensity of the training images it takes the one of the
 * highest pooled Dice similarity on them (Sec. 3.3 and Table 1 of Vadineanu et al., J. Imaging 2024, 10(7), 172), the
 * lowest one if several are equally good. Foreground is what is at least as bright as the threshold, or, if that scores
 * better, what is darker. The intensity of a colour or vector pixel is the mean of its components.
 *
 * Each image is read once; what is kept is the number of foreground and background pixels of each distinct intensity.
 *
 * \code
 * itk::ThresholdBaseline<ImageType, LabelImageType> baseline;
 * baseline.Add(trainingImage, trainingLabels);
 * baseline.Fit();
 * itk::ForegroundOverlap overlap = baseline.Evaluate(testImage, testLabels);
 * \endcode
 *
 * \ingroup AnnotationUpgrade
 */
template <typename TImage, typename TLabelImage>
class ITK_TEMPLATE_EXPORT ThresholdBaseline
{
public:
  using PixelType = typename TImage::PixelType;
  using LabelType = typename TLabelImage::PixelType;

  static_assert(TImage::ImageDimension == TLabelImage::ImageDimension,
                "Image and labels must have the same dimension.");

  /** Add a training image and its labels; every label but 0 is foreground.
   * \throw ExceptionObject if they do not lie on one grid, or if an intensity is not finite. */
  void
  Add(const TImage * image, const TLabelImage * labels);

  /** Choose the threshold.
   * \throw ExceptionObject if there is no training image. */
  void
  Fit();

  /** The chosen threshold, in units of intensity. */
  double
  GetThreshold() const
  {
    return m_Threshold;
  }

  /** Whether the foreground is what is at least as bright as the threshold, rather than what is darker. */
  bool
  GetForegroundIsBright() const
  {
    return m_ForegroundIsBright;
  }

  /** Agreement on the training images. */
  const ForegroundOverlap &
  GetTrainingOverlap() const
  {
    return m_TrainingOverlap;
  }

  /** Agreement of the thresholded image with its labels.
   * \throw ExceptionObject if they do not lie on one grid, or if an intensity is not finite. */
  ForegroundOverlap
  Evaluate(const TImage * image, const TLabelImage * labels) const;

private:
  struct Counts
  {
    SizeValueType foreground{ 0 };
    SizeValueType background{ 0 };
  };

  using HistogramType = std::map<double, Counts>;

  static double
  GetIntensity(const PixelType & pixel);

  /** Call `visit(intensity, isForeground)` for each pixel. */
  template <typename TVisit>
  static void
  ForEachPixel(const TImage * image, const TLabelImage * labels, TVisit visit);

  HistogramType     m_Histogram;
  double            m_Threshold{ 0.0 };
  bool              m_ForegroundIsBright{ true };
  ForegroundOverlap m_TrainingOverlap;
};
} // namespace itk

#ifndef ITK_MANUAL_INSTANTIATION
#  include "itkThresholdBaseline.hxx"
#endif

#endif
