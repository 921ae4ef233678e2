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
#include "itkImage.h"
#include "itkMacro.h"
#include "itkPerturbLines.h"
#include "itkVectorImage.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace itk
{
/** Whether all values are finite. \ingroup AnnotationUpgrade */
inline bool
AreFinite(const float * values, const size_t count)
{
  // By the bits of the exponent, which vectorises.
  constexpr uint32_t exponent = 0x7f800000;
  uint32_t           any = 0;
  for (size_t i = 0; i < count; ++i)
  {
    uint32_t bits;
    std::memcpy(&bits, values + i, sizeof(bits));
    any |= (bits & exponent) == exponent ? 1u : 0u;
  }
  return any == 0;
}

/** Copies a region of a scalar, RGB or vector image to a planar buffer: channel slowest, x fastest.
 * \throw ExceptionObject that calls the image `name` if a value is not finite as a float.
 * \ingroup AnnotationUpgrade */
template <typename TImage>
void
CopyToPlanar(const TImage * image, const typename TImage::RegionType & region, float * buffer, const char * name)
{
  using PixelType = typename TImage::PixelType;
  using Traits = DefaultConvertPixelTraits<PixelType>;
  using VectorImageType = VectorImage<typename TImage::InternalPixelType, TImage::ImageDimension>;
  static_assert(std::is_base_of<VectorImageType, TImage>::value ||
                  std::is_base_of<Image<PixelType, TImage::ImageDimension>, TImage>::value,
                "Pixels are taken from the buffer as they are: make an Image of an adaptor, by CastImageFilter.");
  const size_t channels = image->GetNumberOfComponentsPerPixel();
  const size_t pixels = region.GetNumberOfPixels();
  PerturbVisitLines(region, [&](const typename TImage::IndexType & begin, const SizeValueType length) {
    const auto offset = image->ComputeOffset(begin);
    for (size_t c = 0; c < channels; ++c)
    {
      float * const to = buffer + c * pixels;
      if constexpr (std::is_base_of<VectorImageType, TImage>::value)
      {
        const auto * const from = image->GetBufferPointer() + offset * static_cast<OffsetValueType>(channels) + c;
        for (size_t i = 0; i < length; ++i)
        {
          to[i] = static_cast<float>(from[i * channels]);
        }
      }
      else
      {
        const PixelType * const from = image->GetBufferPointer() + offset;
        for (size_t i = 0; i < length; ++i)
        {
          to[i] = static_cast<float>(Traits::GetNthComponent(static_cast<int>(c), from[i]));
        }
      }
      if (!std::is_integral<typename Traits::ComponentType>::value && !AreFinite(to, length))
      {
        auto index = begin;
        while (std::isfinite(to[index[0] - begin[0]]))
        {
          ++index[0];
        }
        itkGenericExceptionMacro("The " << name << " has the value " << to[index[0] - begin[0]] << " at " << index
                                        << ". Replace values that are not finite, for instance by 0.");
      }
    }
    buffer += length;
  });
}
} // namespace itk

#endif
