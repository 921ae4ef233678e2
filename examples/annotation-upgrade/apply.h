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
#ifndef apply_h
#define apply_h

#include "CommonOptions.h"
#include "IgnoredPixels.h"

#include <filesystem>

struct ApplyJob
{
  std::filesystem::path Model;
  std::filesystem::path Images;
  std::filesystem::path Labels; ///< the poor annotations of an upgrade network; empty for a segmentation network
  std::filesystem::path Output;
  bool                  Probability{ false };
  double                Threshold;
  unsigned int          ForegroundValue;
  ::IgnoreLabel         IgnoreLabel; ///< of the annotations
  unsigned int          TileSize;
  unsigned int          SliceAxis;
  bool                  TestTimeAugmentation{ false };
  CommonOptions         Common;

  ApplyJob();
};

/** Applies a network to a set of images. */
void
ApplyModel(const ApplyJob & job);

#endif
