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
#ifndef itkUpgradeAnnotationFilter_h
#define itkUpgradeAnnotationFilter_h

#include "itkTrial.h"
#include "itkUNetFilterBase.h"

#include "itkImageScanlineConstIterator.h"

namespace itk
{
/** \class UpgradeAnnotationFilter
 * \brief Mends a poor annotation with the upgrade network u_theta: image and annotation in, annotation out (paper, Eq.
 * 4).
 *
 * See UNetFilterBase for all parameters. Of the poor annotation the network sees the foreground, that is everything
 * that is not 0.
 *
 * \tparam TInputImage   scalar, RGB or vector image, 2-D or 3-D
 * \tparam TLabelImage   the poor annotation: 0 background, other values cells
 * \tparam TOutputImage  integer pixels for labels, real pixels for the foreground's probability
 *
 * \ingroup AnnotationUpgrade */
template <typename TInputImage, typename TLabelImage, typename TOutputImage = TLabelImage>
class ITK_TEMPLATE_EXPORT UpgradeAnnotationFilter : public UNetFilterBase<TInputImage, TOutputImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(UpgradeAnnotationFilter);

  using Self = UpgradeAnnotationFilter;
  using Superclass = UNetFilterBase<TInputImage, TOutputImage>;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;
  using typename Superclass::RegionType;

  itkNewMacro(Self);
  itkAnnotationUpgradeNameOfClassMacro(UpgradeAnnotationFilter, UNetFilterBase);

  /** The poor annotation, on the grid of the image. */
  itkSetInputMacro(AnnotationImage, TLabelImage);
  itkGetInputMacro(AnnotationImage, TLabelImage);

protected:
  UpgradeAnnotationFilter() { this->AddRequiredInputName("AnnotationImage"); }
  ~UpgradeAnnotationFilter() override = default;

  const DataObject *
  GetAnnotationObject() const override
  {
    return this->GetAnnotationImage();
  }

  void
  CopyAnnotation(const RegionType & region, float * foreground) const override
  {
    float * const                           begin = foreground;
    ImageScanlineConstIterator<TLabelImage> it(this->GetAnnotationImage(), region);
    for (; !it.IsAtEnd(); it.NextLine())
    {
      for (; !it.IsAtEndOfLine(); ++it)
      {
        *foreground++ = it.Get() != 0 ? 1.0f : 0.0f;
      }
    }
    if (Trying("distance"))
    {
      ReplaceByDistance(begin, region.GetSize(0), region.GetSize(1));
    }
  }
};
} // namespace itk

#endif
