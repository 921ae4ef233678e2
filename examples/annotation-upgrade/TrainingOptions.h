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
#ifndef TrainingOptions_h
#define TrainingOptions_h

#include "itkUNetTrainer.h"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

/** How a network is built and trained. */
struct TrainingOptions
{
  unsigned int             Dimension;
  unsigned int             SliceAxis;
  unsigned int             BaseChannels;
  unsigned int             Levels;
  std::string              Normalization;
  std::vector<std::string> Spacing{ "auto" }; ///< "auto", one number, or one per axis
  unsigned int             PatchSize;
  unsigned int             BatchSize;
  double                   LearningRate;
  double                   AverageDecay;
  std::string              Loss;
  unsigned int             Patience;
  unsigned int             MaximumEpochs;
  double                   MaximumMinutes;
  std::string              Preset;

  /** The defaults of the classes. */
  TrainingOptions();

  bool
  HasAutomaticSpacing() const
  {
    return Spacing == std::vector<std::string>{ "auto" };
  }

  /** Architecture, normalisation and, unless automatic, spacing. */
  void
  ApplyTo(itk::UNetModel & model) const;
  void
  ApplyTo(itk::UNetTrainer & trainer) const;
};

void
AddTrainingOptions(CLI::App & app, TrainingOptions & options);

/** Gives the values of a preset to all options that are not on the command line; call it once that is parsed. */
void
ApplyPreset(CLI::App & app, const std::string & preset);

#endif
