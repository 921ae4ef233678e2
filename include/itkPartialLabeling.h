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
#ifndef itkPartialLabeling_h
#define itkPartialLabeling_h

#include "itkImageRegionConstIterator.h"
#include "itkImageRegionIterator.h"
#include "itkVectorImage.h"
#include "itkVerifySameGrid.h"

#include <array>
#include <vector>

namespace itk
{
/** \class PartialLabeling
 * \brief Gives the pixels that partial annotations leave open the class whose features are most similar.
 *
 * After T. Peng et al. (IEEE J. Biomed. Health Inform. 24, 2020), who train a network on annotated and open pixels
 * together, the open ones with pseudo-labels by the similarity of their features, and who hold the features of a class
 * together and those of different classes apart by Fisher's criterion. Here the features come from a network that was
 * trained on the annotated pixels, and the criterion measures the similarity: with the mean m(j, k) of feature k over
 * the pixels annotated as class j, background (0) or foreground (1), and the variance v(k) of the feature within the
 * classes, an open pixel with features f belongs to the class with the smaller sum over k of (f(k) - m(j, k))^2 / v(k);
 * to background where both are equal. Features that do not vary within the classes do not count.
 *
 * \code
 * itk::PartialLabeling<LabelImageType> labeling(openLabel);
 * labeling.Add(features.GetPointer(), labels.GetPointer()); // for each image
 * labeling.Fit();
 * labeling.Complete(features.GetPointer(), labels.GetPointer()); // for each image
 * \endcode
 *
 * \tparam TLabelImage  integer image: 0 background, one value for open pixels, all others foreground
 *
 * \ingroup AnnotationUpgrade */
template <typename TLabelImage>
class PartialLabeling
{
public:
  static constexpr unsigned int ImageDimension = TLabelImage::ImageDimension;
  using LabelType = typename TLabelImage::PixelType;
  using FeatureImageType = VectorImage<float, ImageDimension>;

  explicit PartialLabeling(LabelType openLabel)
    : m_OpenLabel(openLabel)
  {}

  /** Add an image.
   * \throw ExceptionObject if features and labels do not lie on one grid, or if the number of features is another than
   * that of the images before. */
  void
  Add(const FeatureImageType * features, const TLabelImage * labels)
  {
    VerifySameGrid<ImageDimension>(features, "The feature image", labels, "The annotation");
    const unsigned int number = features->GetNumberOfComponentsPerPixel();
    if (m_NumberOfFeatures == 0)
    {
      m_NumberOfFeatures = number;
      m_Classes.fill({ 0, std::vector<double>(number), std::vector<double>(number) });
    }
    if (number != m_NumberOfFeatures)
    {
      itkGenericExceptionMacro("An image has " << number << " features per pixel, the ones before have "
                                               << m_NumberOfFeatures << ". Give all images the same.");
    }
    ImageRegionConstIterator<FeatureImageType> pixel(features, features->GetLargestPossibleRegion());
    ImageRegionConstIterator<TLabelImage>      label(labels, labels->GetLargestPossibleRegion());
    for (; !pixel.IsAtEnd(); ++pixel, ++label)
    {
      if (label.Get() != m_OpenLabel)
      {
        const auto values = pixel.Get();
        Class &    annotated = m_Classes[label.Get() != 0];
        ++annotated.Pixels;
        for (unsigned int k = 0; k < number; ++k)
        {
          const double value = values[k];
          annotated.Sums[k] += value;
          annotated.Squares[k] += value * value;
        }
      }
    }
  }

  /** Find the means and variances; then Add() no more.
   * \throw ExceptionObject if no pixel is annotated as background, or none as foreground. */
  void
  Fit()
  {
    if (m_Classes[0].Pixels == 0 || m_Classes[1].Pixels == 0)
    {
      itkGenericExceptionMacro("No pixel is annotated as " << (m_Classes[0].Pixels == 0 ? "background" : "foreground")
                                                           << ". Give annotations of both.");
    }
    // Of two classes, the nearer one is told by a weighted sum of the features.
    m_Weights.assign(m_NumberOfFeatures, 0.0);
    m_Limit = 0.0;
    const double pixels = static_cast<double>(m_Classes[0].Pixels + m_Classes[1].Pixels);
    for (unsigned int k = 0; k < m_NumberOfFeatures; ++k)
    {
      std::array<double, 2> means;
      double                variance = 0.0;
      for (const unsigned int j : { 0u, 1u })
      {
        means[j] = m_Classes[j].Sums[k] / static_cast<double>(m_Classes[j].Pixels);
        variance += (m_Classes[j].Squares[k] - means[j] * m_Classes[j].Sums[k]) / pixels;
      }
      constexpr double precision = 1e-12; // of the sums
      if (variance > precision * (m_Classes[0].Squares[k] + m_Classes[1].Squares[k]) / pixels)
      {
        m_Weights[k] = (means[1] - means[0]) / variance;
        m_Limit += m_Weights[k] * (means[0] + means[1]) / 2;
      }
    }
  }

  /** Turn the open pixels of an annotation into 0 or `foreground`. */
  void
  Complete(const FeatureImageType * features, TLabelImage * labels, LabelType foreground = 1) const
  {
    VerifySameGrid<ImageDimension>(features, "The feature image", labels, "The annotation");
    ImageRegionConstIterator<FeatureImageType> pixel(features, features->GetLargestPossibleRegion());
    ImageRegionIterator<TLabelImage>           label(labels, labels->GetLargestPossibleRegion());
    for (; !pixel.IsAtEnd(); ++pixel, ++label)
    {
      if (label.Get() == m_OpenLabel)
      {
        const auto values = pixel.Get();
        double     sum = 0.0;
        for (unsigned int k = 0; k < m_NumberOfFeatures; ++k)
        {
          sum += m_Weights[k] * values[k];
        }
        label.Set(sum > m_Limit ? foreground : LabelType{ 0 });
      }
    }
  }

private:
  /** Sums over the annotated pixels of a class, for each feature. */
  struct Class
  {
    SizeValueType       Pixels{ 0 };
    std::vector<double> Sums;
    std::vector<double> Squares;
  };

  LabelType            m_OpenLabel;
  unsigned int         m_NumberOfFeatures{ 0 };
  std::array<Class, 2> m_Classes;
  std::vector<double>  m_Weights;
  double               m_Limit{ 0.0 };
};
} // namespace itk

#endif
