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
#ifndef itkUNetLoss_h
#define itkUNetLoss_h

#include "itkUNetTrainer.h"

#include <torch/torch.h>

namespace itk
{
/** The loss of a batch.
 * \param logits  [batch, 2, (z,) y, x]
 * \param target  [batch, (z,) y, x], share of foreground in 0..1, negative where a pixel counts nowhere */
torch::Tensor
SegmentationLoss(const torch::Tensor & logits, const torch::Tensor & target, TrainingLoss loss);
} // namespace itk

#endif
