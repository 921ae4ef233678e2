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
#ifndef itkPlanarBuffer_h
#define itkPlanarBuffer_h

#include "itkDefaultConvertPixelTraits.h"
#include "itkImageRegionConstIteratorWithIndex.h"
#include "itkMacro.h"

#include <cmath>
#include <cstddef>

namespace itk
{
/** Copies a region of a scalar, RGB or vector image to a planar buffer: channel slowest, x fastest.
 * \throw ExceptionObject that calls the image `name` if a value is not finite as a float.
 * \ingroup AnnotationUpgrade */
template <typename TImage>
void
CopyToPlanar(const TImage * image, const typename TImage::RegionType & region, float * buffer, const char * name)
{
  using Traits = DefaultConvertPixelTraits<typename TImage::PixelType>;
  const size_t channels = image->GetNumberOfComponentsPerPixel();
  const size_t pixels = region.GetNumberOfPixels();

  ImageRegionConstIteratorWithIndex<TImage> it(image, region);
  for (size_t i = 0; i < pixels; ++i, ++it)
  {
    const auto & pixel = it.Get();
    for (size_t c = 0; c < channels; ++c)
    {
      const auto value = static_cast<float>(Traits::GetNthComponent(static_cast<int>(c), pixel));
      if (!std::isfinite(value))
      {
        itkGenericExceptionMacro("The " << name << " has the value " << value << " at " << it.GetIndex()
                                        << ". Replace values that are not finite, for instance by 0.");
      }
      buffer[c * pixels + i] = value;
    }
  }
}
} // namespace itk

#endif
