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
#ifndef perturb_h
#define perturb_h

#include "CommonOptions.h"
#include "IgnoredPixels.h"
#include "PerturbationOptions.h"

#include <filesystem>

struct PerturbJob
{
  std::filesystem::path Labels;
  std::filesystem::path Candidates; ///< empty without inclusion
  std::filesystem::path Output;
  PerturbationOptions   Perturbation;
  ::IgnoreLabel         IgnoreLabel;
  bool                  SliceBySlice;
  unsigned int          SliceAxis;
  CommonOptions         Common;

  PerturbJob();
};

void
Perturb(const PerturbJob & job);

#endif
