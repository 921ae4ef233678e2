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
#ifndef itkForegroundOverlap_h
#define itkForegroundOverlap_h

#include "itkImageRegionConstIterator.h"
#include "itkVerifySameGrid.h"

namespace itk
{
/** \class ForegroundOverlap
 * \brief Agreement of label images with their references, pooled over a set of images.
 *
 * Counts pixels; every label but 0 is foreground, so that instance labels and masks may be compared. Add each image of
 * a set, then ask for the Dice similarity of the whole. (LabelOverlapMeasuresImageFilter scores one pair of images and
 * does not give the counts that pooling needs.)
 *
 * \code
 * itk::ForegroundOverlap overlap;
 * overlap.Add(result, reference);
 * overlap.Add(otherResult, otherReference);
 * std::cout << overlap.GetDice();
 * \endcode
 *
 * \ingroup AnnotationUpgrade
 */
class ForegroundOverlap
{
public:
  ForegroundOverlap() = default;

  ForegroundOverlap(SizeValueType truePositives, SizeValueType falsePositives, SizeValueType falseNegatives)
    : m_TruePositives(truePositives)
    , m_FalsePositives(falsePositives)
    , m_FalseNegatives(falseNegatives)
  {}

  /** Count the pixels of one image. Both buffers must hold the whole image.
   * \throw ExceptionObject if size, spacing, origin or direction differ. */
  template <typename TTestImage, typename TReferenceImage>
  void
  Add(const TTestImage * test, const TReferenceImage * reference)
  {
    this->AddUnless(test, reference, [](typename TReferenceImage::PixelType) { return false; });
  }

  /** The same, leaving out the pixels that carry the label `ignore` in the reference. */
  template <typename TTestImage, typename TReferenceImage>
  void
  Add(const TTestImage * test, const TReferenceImage * reference, typename TReferenceImage::PixelType ignore)
  {
    this->AddUnless(test, reference, [ignore](typename TReferenceImage::PixelType label) { return label == ignore; });
  }

  /** Count one pixel. */
  void
  AddPixel(bool test, bool reference)
  {
    m_TruePositives += test && reference;
    m_FalsePositives += test && !reference;
    m_FalseNegatives += !test && reference;
  }

  /** Add the counts of another set. */
  ForegroundOverlap &
  operator+=(const ForegroundOverlap & other)
  {
    m_TruePositives += other.m_TruePositives;
    m_FalsePositives += other.m_FalsePositives;
    m_FalseNegatives += other.m_FalseNegatives;
    return *this;
  }

  SizeValueType
  GetTruePositives() const
  {
    return m_TruePositives;
  }

  SizeValueType
  GetFalsePositives() const
  {
    return m_FalsePositives;
  }

  SizeValueType
  GetFalseNegatives() const
  {
    return m_FalseNegatives;
  }

  /** 2TP / (2TP + FP + FN), from 0 to 1; 1 where neither side has any foreground. */
  double
  GetDice() const
  {
    const auto twice = 2.0 * static_cast<double>(m_TruePositives);
    const auto errors = static_cast<double>(m_FalsePositives) + static_cast<double>(m_FalseNegatives);
    return twice + errors > 0.0 ? twice / (twice + errors) : 1.0;
  }

private:
  template <typename TTestImage, typename TReferenceImage, typename TIgnore>
  void
  AddUnless(const TTestImage * test, const TReferenceImage * reference, TIgnore ignore)
  {
    static_assert(TTestImage::ImageDimension == TReferenceImage::ImageDimension, "Dimensions must agree.");
    VerifySameGrid<TTestImage::ImageDimension>(test, "The label image", reference, "The reference");
    const auto                                region = test->GetLargestPossibleRegion();
    ImageRegionConstIterator<TTestImage>      testPixel(test, region);
    ImageRegionConstIterator<TReferenceImage> referencePixel(reference, region);
    for (; !testPixel.IsAtEnd(); ++testPixel, ++referencePixel)
    {
      if (!ignore(referencePixel.Get()))
      {
        this->AddPixel(testPixel.Get() != 0, referencePixel.Get() != 0);
      }
    }
  }

  SizeValueType m_TruePositives{ 0 };
  SizeValueType m_FalsePositives{ 0 };
  SizeValueType m_FalseNegatives{ 0 };
};
} // namespace itk

#endif
