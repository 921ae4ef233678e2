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
#ifndef itkTrial_h
#define itkTrial_h

#include "itkDiscreteGaussianImageFilter.h"
#include "itkHashedNoise.h"
#include "itkSignedMaurerDistanceMapImageFilter.h"

#include <algorithm>
#include <cstdlib>
#include <string>

namespace itk
{
/** Whether an option of training is on trial: its name in ANNOTATION_UPGRADE_TRIAL. */
inline bool
Trying(const char * name)
{
  const char * const trial = std::getenv("ANNOTATION_UPGRADE_TRIAL");
  return trial != nullptr && std::string(trial) == name;
}

/** Signed distance in pixels from the border of a slice's foreground, positive inside. */
inline Image<float, 2>::Pointer
DistanceInside(const float * foreground, size_t width, size_t height)
{
  auto                 image = Image<unsigned char, 2>::New();
  const Size<2>        size{ { width, height } };
  const ImageRegion<2> region(size);
  image->SetRegions(region);
  image->Allocate();
  std::transform(
    foreground, foreground + width * height, image->GetBufferPointer(), [](float value) { return value > 0.5f; });
  auto distance = SignedMaurerDistanceMapImageFilter<Image<unsigned char, 2>, Image<float, 2>>::New();
  distance->SetInput(image);
  distance->SquaredDistanceOff();
  distance->UseImageSpacingOff();
  distance->InsideIsPositiveOn();
  distance->SetNumberOfWorkUnits(1);
  distance->Update();
  return distance->GetOutput();
}

/** Replaces a slice's foreground by 0.5 + distance / 16, in [0, 1]. */
inline void
ReplaceByDistance(float * foreground, size_t width, size_t height)
{
  if (std::all_of(foreground, foreground + width * height, [=](float value) { return value == *foreground; }))
  {
    return;
  }
  const auto distance = DistanceInside(foreground, width, height);
  std::transform(distance->GetBufferPointer(),
                 distance->GetBufferPointer() + width * height,
                 foreground,
                 [](float value) { return std::clamp(0.5f + value / 16.0f, 0.0f, 1.0f); });
}

/** Moves the border of a slice's foreground by a smooth random field: 4 pixels wide, 1.5 pixels deep. */
inline void
RoughenContours(float * foreground, size_t width, size_t height, uint64_t seed)
{
  if (std::all_of(foreground, foreground + width * height, [=](float value) { return value == *foreground; }))
  {
    return;
  }
  const auto           distance = DistanceInside(foreground, width, height);
  auto                 noise = Image<float, 2>::New();
  const Size<2>        size{ { width, height } };
  const ImageRegion<2> region(size);
  noise->SetRegions(region);
  noise->Allocate();
  HashedNoise::Stream random(seed);
  // Smoothing with sigma 4 divides the deviation by 2 sqrt(pi) 4; that of a uniform draw on [-1, 1] is 1 / sqrt(3).
  const double height0 = 1.5 * 14.18 * std::sqrt(3.0);
  std::generate(noise->GetBufferPointer(), noise->GetBufferPointer() + width * height, [&] {
    return static_cast<float>(random.Uniform(-height0, height0));
  });
  auto smooth = DiscreteGaussianImageFilter<Image<float, 2>, Image<float, 2>>::New();
  smooth->SetInput(noise);
  smooth->SetVariance(16.0);
  smooth->SetMaximumKernelWidth(33);
  smooth->SetNumberOfWorkUnits(1);
  smooth->Update();
  const float * const shift = smooth->GetOutput()->GetBufferPointer();
  for (size_t i = 0; i < width * height; ++i)
  {
    foreground[i] = distance->GetBufferPointer()[i] + shift[i] > 0.0f ? 1.0f : 0.0f;
  }
}
} // namespace itk

#endif
