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
#ifndef train_h
#define train_h

#include "CommonOptions.h"
#include "IgnoredPixels.h"
#include "PerturbationOptions.h"
#include "TrainingOptions.h"

#include <filesystem>
#include <optional>
#include <vector>

struct TrainJob
{
  /** Sets of images, each with its labels and, for inclusion, its candidates. */
  std::vector<std::filesystem::path> Images;
  std::vector<std::filesystem::path> Labels;
  std::vector<std::filesystem::path> Candidates;
  ::IgnoreLabel                      IgnoreLabel; ///< of pixels that count nowhere
  size_t                             Slices{ 0 }; ///< to choose of all slices with cells; 0: all slices
  std::filesystem::path              Output;      ///< the model file
  bool                               AnnotationInput{ false };
  PerturbationOptions                Perturbation; ///< with AnnotationInput
  TrainingOptions                    Training;
  size_t                             Memory; ///< MiB of images to keep
  bool                               Resume{ false };
  bool                               OffersResume{ false }; ///< whether the user can ask for it
  CommonOptions                      Common;

  TrainJob();
};

/** Trains a network and writes its model file. While it trains, its state is in Output.checkpoint. */
void
Train(const TrainJob & job);

#endif
