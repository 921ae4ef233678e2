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
#ifndef PerturbationOptions_h
#define PerturbationOptions_h

#include "Options.h"

#include <array>

/** The perturbations of PerturbAnnotationFilter, and of AnnotationSampleSource. */
template <typename TTarget>
Options<TTarget>
PerturbationOptions()
{
  constexpr std::array<const char *, 3> operations{ { "random", "erosion", "dilation" } };
  return Options<TTarget>()
    .Add("omission_rate", &TTarget::GetOmissionRate, &TTarget::SetOmissionRate)
    .Add("inclusion_rate", &TTarget::GetInclusionRate, &TTarget::SetInclusionRate)
    .Add("salt_and_pepper_probability", &TTarget::GetSaltAndPepperProbability, &TTarget::SetSaltAndPepperProbability)
    .Add("maximum_iterations", &TTarget::GetMaximumIterations, &TTarget::SetMaximumIterations)
    .Add("bias_iterations", &TTarget::GetBiasIterations, &TTarget::SetBiasIterations)
    .Add("bias_operation", &TTarget::GetBiasOperation, &TTarget::SetBiasOperation, operations)
    .Add("bias_per_cell", &TTarget::GetBiasPerCell, &TTarget::SetBiasPerCell);
}

#endif
