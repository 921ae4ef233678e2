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
#ifndef itkThresholdBaseline_hxx
#define itkThresholdBaseline_hxx

#include <algorithm>
#include <cmath>
#include <vector>

namespace itk
{
template <typename TImage, typename TLabelImage>
double
ThresholdBaseline<TImage, TLabelImage>::GetIntensity(const PixelType & pixel)
{
  if constexpr (std::is_arithmetic_v<PixelType>)
  {
    return static_cast<double>(pixel);
  }
  else
  {
    const unsigned int length = NumericTraits<PixelType>::GetLength(pixel);
    double             sum = 0.0;
    for (unsigned int i = 0; i < length; ++i)
    {
      sum += static_cast<double>(pixel[i]);
    }
    return sum / length;
  }
}

template <typename TImage, typename TLabelImage>
template <typename TVisit>
void
ThresholdBaseline<TImage, TLabelImage>::ForEachPixel(const TImage * image, const TLabelImage * labels, TVisit visit)
{
  VerifySameGrid<TImage::ImageDimension>(image, "The image", labels, "The label image");
  ImageRegionConstIterator<TImage>      pixel(image, image->GetLargestPossibleRegion());
  ImageRegionConstIterator<TLabelImage> label(labels, labels->GetLargestPossibleRegion());
  for (; !pixel.IsAtEnd(); ++pixel, ++label)
  {
    const double intensity = GetIntensity(pixel.Get());
    if (!std::isfinite(intensity))
    {
      itkGenericExceptionMacro("The image has an intensity that is not finite at index "
                               << pixel.GetIndex() << ". Replace such pixels before choosing a threshold.");
    }
    visit(intensity, label.Get() != LabelType{});
  }
}

template <typename TImage, typename TLabelImage>
void
ThresholdBaseline<TImage, TLabelImage>::Add(const TImage * image, const TLabelImage * labels)
{
  std::vector<double> foreground;
  std::vector<double> background;
  ForEachPixel(image, labels, [&](double intensity, bool isForeground) {
    (isForeground ? foreground : background).push_back(intensity);
  });
  const auto count = [this](std::vector<double> & intensities, SizeValueType Counts::*number) {
    std::sort(intensities.begin(), intensities.end());
    for (auto begin = intensities.begin(); begin != intensities.end();)
    {
      const auto end = std::upper_bound(begin, intensities.end(), *begin);
      m_Histogram[*begin].*number += end - begin;
      begin = end;
    }
  };
  count(foreground, &Counts::foreground);
  count(background, &Counts::background);
}

template <typename TImage, typename TLabelImage>
void
ThresholdBaseline<TImage, TLabelImage>::Fit()
{
  if (m_Histogram.empty())
  {
    itkGenericExceptionMacro("There is no image to choose the threshold from. Add training images first.");
  }
  Counts total;
  for (const auto & entry : m_Histogram)
  {
    total.foreground += entry.second.foreground;
    total.background += entry.second.background;
  }

  const double maximum = m_Histogram.rbegin()->first;
  Counts       below;
  auto         entry = m_Histogram.begin();
  double       bestDice = -1.0;
  for (unsigned int percent = 0; percent <= 100; ++percent)
  {
    const double threshold = maximum * percent / 100.0;
    for (; entry != m_Histogram.end() && entry->first < threshold; ++entry)
    {
      below.foreground += entry->second.foreground;
      below.background += entry->second.background;
    }
    for (const bool bright : { true, false })
    {
      const ForegroundOverlap overlap =
        bright ? ForegroundOverlap(
                   total.foreground - below.foreground, total.background - below.background, below.foreground)
               : ForegroundOverlap(below.foreground, below.background, total.foreground - below.foreground);
      if (overlap.GetDice() > bestDice)
      {
        bestDice = overlap.GetDice();
        m_Threshold = threshold;
        m_ForegroundIsBright = bright;
        m_TrainingOverlap = overlap;
      }
    }
  }
}

template <typename TImage, typename TLabelImage>
ForegroundOverlap
ThresholdBaseline<TImage, TLabelImage>::Evaluate(const TImage * image, const TLabelImage * labels) const
{
  ForegroundOverlap overlap;
  ForEachPixel(image, labels, [&](double intensity, bool isForeground) {
    overlap.AddPixel((intensity >= m_Threshold) == m_ForegroundIsBright, isForeground);
  });
  return overlap;
}
} // namespace itk

#endif
