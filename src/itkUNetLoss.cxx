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
#include "itkUNetLoss.h"

namespace itk
{
torch::Tensor
SegmentationLoss(const torch::Tensor & logits, const torch::Tensor & target, TrainingLoss loss)
{
  const auto counts = (target >= 0).to(torch::kFloat32);
  const auto wanted = target * counts;
  const auto log = logits.to(torch::kFloat32).log_softmax(1);
  const auto logForeground = log.select(1, 1);
  const auto foreground = logForeground.exp() * counts;
  const auto dice = 1.0 - 2.0 * (foreground * wanted).sum() / (foreground.sum() + wanted.sum() + 1e-7);
  if (loss == TrainingLoss::Dice)
  {
    return dice;
  }
  const auto entropy = wanted * logForeground + (counts - wanted) * log.select(1, 0);
  return dice - entropy.sum() / counts.sum().clamp_min(1.0);
}
} // namespace itk
