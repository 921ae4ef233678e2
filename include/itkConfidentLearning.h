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
#ifndef itkConfidentLearning_h
#define itkConfidentLearning_h

#include "itkImageRegionConstIterator.h"
#include "itkImageRegionIterator.h"
#include "itkVerifySameGrid.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace itk
{
/** \class ConfidentLearning
 * \brief Finds pixels of noisy annotations that are probably wrong, from predictions of networks that have not seen
 * them.
 *
 * Confident learning (C. Northcutt, L. Jiang and I. Chuang, J. Artif. Intell. Res. 70, 2021) with the classes
 * background (0) and foreground (1), as M. Zhang et al. (MICCAI 2020) use it for segmentation, over all pixels of a set
 * of images. With a pixel's probability of class j, p(j), that of a network trained on other images:
 * 1. The threshold t(j) is the mean of p(j) over the pixels annotated as j.
 * 2. The confident joint C(i, j) counts the pixels annotated as i with p(j) >= t(j); where both classes reach their
 *    thresholds, for the more probable one.
 * 3. Of the n(i) pixels annotated as i, those that are rather j are estimated as n(i) C(i, j) / (C(i, 0) + C(i, 1)).
 * 4. So many, rounded, of the pixels annotated as i with the lowest p(i) are wrong (pruning by noise rate). All pixels
 * as probable as the last of them count as well.
 *
 * \code
 * itk::ConfidentLearning learning;
 * learning.Add(probability.GetPointer(), labels.GetPointer()); // for each image
 * learning.Fit();
 * learning.Correct(probability.GetPointer(), labels.GetPointer()); // for each image
 * \endcode
 *
 * \ingroup AnnotationUpgrade */
class ConfidentLearning
{
public:
  /** Add an image.
   * \param probability  of the foreground, 0 to 1
   * \param labels  the noisy annotation; every label but 0 is foreground
   * \throw ExceptionObject if they do not lie on one grid, or if a probability is none. */
  template <typename TProbabilityImage, typename TLabelImage>
  void
  Add(const TProbabilityImage * probability, const TLabelImage * labels)
  {
    VerifySameGrid<TLabelImage::ImageDimension>(probability, "The probability", labels, "The annotation");
    ImageRegionConstIterator<TProbabilityImage> pixel(probability, probability->GetLargestPossibleRegion());
    ImageRegionConstIterator<TLabelImage>       label(labels, labels->GetLargestPossibleRegion());
    for (; !pixel.IsAtEnd(); ++pixel, ++label)
    {
      const auto foreground = static_cast<float>(pixel.Get());
      if (!(foreground >= 0.0f && foreground <= 1.0f))
      {
        itkGenericExceptionMacro("The probability at index " << pixel.GetIndex() << " is " << foreground
                                                             << ". Give values from 0 to 1.");
      }
      m_Foreground[label.Get() != 0].push_back(foreground);
    }
  }

  /** Find out which pixels are wrong; then Add() no more. */
  void
  Fit()
  {
    std::array<double, 2> thresholds{};
    for (const unsigned int given : { 0u, 1u })
    {
      double sum = 0.0;
      for (const float foreground : m_Foreground[given])
      {
        sum += ProbabilityOf(given, foreground);
      }
      thresholds[given] = m_Foreground[given].empty() ? 1.0 : sum / static_cast<double>(m_Foreground[given].size());
    }
    for (const unsigned int given : { 0u, 1u })
    {
      std::array<SizeValueType, 2> joint{};
      for (const float foreground : m_Foreground[given])
      {
        const bool reaches[]{ ProbabilityOf(0, foreground) >= thresholds[0],
                              ProbabilityOf(1, foreground) >= thresholds[1] };
        if (reaches[0] || reaches[1])
        {
          ++joint[reaches[0] && reaches[1] ? foreground > 0.5f : reaches[1]];
        }
      }
      auto &       pixels = m_Foreground[given];
      const double confident = static_cast<double>(joint[0] + joint[1]);
      const double share = confident > 0.0 ? static_cast<double>(joint[1 - given]) / confident : 0.0;
      m_NumberOfWrong[given] = static_cast<SizeValueType>(std::llround(share * static_cast<double>(pixels.size())));
      if (m_NumberOfWrong[given] > 0)
      {
        const auto last = pixels.begin() + static_cast<OffsetValueType>(m_NumberOfWrong[given] - 1);
        std::nth_element(pixels.begin(), last, pixels.end(), [given](float a, float b) {
          return ProbabilityOf(given, a) < ProbabilityOf(given, b);
        });
        m_LargestWrong[given] = ProbabilityOf(given, *last);
      }
    }
  }

  /** Estimated number of wrong pixels among those annotated as background (0) or foreground (1). */
  SizeValueType
  GetNumberOfWrong(unsigned int given) const
  {
    return m_NumberOfWrong[given];
  }

  /** Turn wrong foreground of an annotation into 0, and wrong background into `foreground`. */
  template <typename TProbabilityImage, typename TLabelImage>
  void
  Correct(const TProbabilityImage *       probability,
          TLabelImage *                   labels,
          typename TLabelImage::PixelType foreground = 1) const
  {
    VerifySameGrid<TLabelImage::ImageDimension>(probability, "The probability", labels, "The annotation");
    ImageRegionConstIterator<TProbabilityImage> pixel(probability, probability->GetLargestPossibleRegion());
    ImageRegionIterator<TLabelImage>            label(labels, labels->GetLargestPossibleRegion());
    for (; !pixel.IsAtEnd(); ++pixel, ++label)
    {
      const unsigned int given = label.Get() != 0;
      if (ProbabilityOf(given, static_cast<float>(pixel.Get())) <= m_LargestWrong[given])
      {
        label.Set(given == 1 ? typename TLabelImage::PixelType{ 0 } : foreground);
      }
    }
  }

private:
  static float
  ProbabilityOf(unsigned int kind, float foreground)
  {
    return kind == 1 ? foreground : 1.0f - foreground;
  }

  std::array<std::vector<float>, 2>
                               m_Foreground; ///< probabilities of the pixels annotated as background and foreground
  std::array<SizeValueType, 2> m_NumberOfWrong{};
  std::array<float, 2>         m_LargestWrong{ { -1.0f, -1.0f } };
};
} // namespace itk

#endif
