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
#ifndef itkUNetPrecision_h
#define itkUNetPrecision_h

#include <array>
#include <cstdint>

namespace itk
{
/** \class UNetModelEnums
 * \brief The precisions of UNetModel.
 * \ingroup AnnotationUpgrade */
class UNetModelEnums
{
public:
  /** The numbers that a network computes with. */
  enum class Precision : uint8_t
  {
    Auto,     ///< BFloat16 where the hardware computes in it, else Float32
    Float32,  ///< single precision; on CUDA, convolutions round their factors to TF32 where LibTorch is set so, as it
              ///< is by default
    BFloat16, ///< weights and activations in bfloat16; in training, master weights, batch statistics, loss and
              ///< optimiser in float32
  };
};
using UNetPrecision = UNetModelEnums::Precision;
constexpr std::array<const char *, 3> UNetPrecisionNames{ { "auto", "float32", "bfloat16" } };
} // namespace itk

#endif
