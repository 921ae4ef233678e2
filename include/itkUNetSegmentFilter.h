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
#ifndef itkUNetSegmentFilter_h
#define itkUNetSegmentFilter_h

#include "itkUNetFilterBase.h"

namespace itk
{
/** \class UNetSegmentFilter
 * \brief Segments cells with the segmentation network f_delta: image in, labels or probability out (paper, Sec. 2.2.1).
 *
 * See UNetFilterBase for all parameters.
 *
 * \tparam TInputImage   scalar, RGB or vector image, 2-D or 3-D
 * \tparam TOutputImage  integer pixels for labels, real pixels for the foreground's probability
 *
 * \ingroup AnnotationUpgrade */
template <typename TInputImage, typename TOutputImage>
class ITK_TEMPLATE_EXPORT UNetSegmentFilter : public UNetFilterBase<TInputImage, TOutputImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(UNetSegmentFilter);

  using Self = UNetSegmentFilter;
  using Superclass = UNetFilterBase<TInputImage, TOutputImage>;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;

  itkNewMacro(Self);
  itkAnnotationUpgradeNameOfClassMacro(UNetSegmentFilter, UNetFilterBase);

protected:
  UNetSegmentFilter() = default;
  ~UNetSegmentFilter() override = default;
};
} // namespace itk

#endif
