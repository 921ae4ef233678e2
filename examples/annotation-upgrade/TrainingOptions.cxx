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
#include "TrainingOptions.h"

#include "Choice.h"
#include "Failure.h"
#include "ImageFile.h"

#include "itkUNetSegmentFilter.h"

#include <algorithm>
#include <map>

namespace
{
using Preset = std::vector<std::pair<std::string, std::string>>;

const std::map<std::string, Preset> presets{
  { "paper",
    { { "--base-channels", "64" },
      { "--normalization", "maximum" },
      { "--spacing", "0" },
      { "--batch-size", "4" },
      { "--learning-rate", "1e-5" },
      { "--average-decay", "0" },
      { "--loss", "dice" },
      { "--patience", "10" } } },
  { "quick", { { "--base-channels", "16" }, { "--patch-size", "128" }, { "--maximum-minutes", "1" } } }
};

std::vector<std::string>
GetPresetNames()
{
  std::vector<std::string> names;
  for (const auto & preset : presets)
  {
    names.push_back(preset.first);
  }
  return names;
}

itk::UNetModel::SpacingType
ParseSpacing(const std::vector<std::string> & texts)
{
  itk::UNetModel::SpacingType spacing{ { 0.0, 0.0, 0.0 } };
  for (size_t axis = 0; axis < spacing.size(); ++axis)
  {
    const std::string & text = texts[std::min(axis, texts.size() - 1)];
    if (!CLI::detail::lexical_cast(text, spacing[axis]) || !(spacing[axis] >= 0.0))
    {
      throw MakeFailure("--spacing is '", text, "'; give auto, 0 for the images' own, or a size in physical units");
    }
  }
  return spacing;
}
} // namespace

TrainingOptions::TrainingOptions()
{
  const auto model = itk::UNetModel::New();
  const auto trainer = itk::UNetTrainer::New();
  const auto filter = itk::UNetSegmentFilter<ImageType, LabelImageType>::New();
  Dimension = model->GetDimension();
  SliceAxis = filter->GetSliceAxis();
  BaseChannels = model->GetBaseChannels();
  Levels = model->GetNumberOfLevels();
  Normalization = ToName(itk::IntensityNormalizationNames, model->GetNormalization());
  PatchSize = trainer->GetPatchSize();
  BatchSize = trainer->GetBatchSize();
  LearningRate = trainer->GetLearningRate();
  AverageDecay = trainer->GetAverageDecay();
  Loss = ToName(itk::TrainingLossNames, trainer->GetLoss());
  Patience = trainer->GetPatience();
  MaximumEpochs = trainer->GetMaximumEpochs();
  MaximumMinutes = trainer->GetMaximumMinutes();
}

void
TrainingOptions::ApplyTo(itk::UNetModel & model) const
{
  model.SetDimension(Dimension);
  model.SetBaseChannels(BaseChannels);
  model.SetNumberOfLevels(Levels);
  model.SetNormalization(FromName<itk::IntensityNormalization>(itk::IntensityNormalizationNames, Normalization));
  if (!this->HasAutomaticSpacing())
  {
    model.SetSpacing(ParseSpacing(Spacing));
  }
}

void
TrainingOptions::ApplyTo(itk::UNetTrainer & trainer) const
{
  trainer.SetPatchSize(PatchSize);
  trainer.SetBatchSize(BatchSize);
  trainer.SetLearningRate(LearningRate);
  trainer.SetAverageDecay(AverageDecay);
  trainer.SetLoss(FromName<itk::TrainingLoss>(itk::TrainingLossNames, Loss));
  trainer.SetPatience(Patience);
  trainer.SetMaximumEpochs(MaximumEpochs);
  trainer.SetMaximumMinutes(MaximumMinutes);
}

void
AddTrainingOptions(CLI::App & app, TrainingOptions & options)
{
  const auto add = [&app](const char * group, const char * name, auto & variable, const std::string & text) {
    return app.add_option(name, variable, text)->group(group);
  };
  const auto * const network = "Network";
  add(network, "--dimension", options.Dimension, "2 for slices (volumes are cut), 3 for volumes")
    ->type_name("2|3")
    ->check(CLI::IsMember({ 2, 3 }).description(""));
  add(network, "--slice-axis", options.SliceAxis, "Axis across which volumes are cut into slices: 0, 1 or 2")
    ->type_name("N")
    ->check(CLI::Range(0, 2).description(""));
  add(network, "--base-channels", options.BaseChannels, "Channels of the first level; 0: 64 on a GPU, 16 on the CPU")
    ->type_name("N");
  add(network, "--levels", options.Levels, "Resolutions")->type_name("N");
  add(network,
      "--spacing",
      options.Spacing,
      "Size of the pixels that the network sees, in physical units, one for all axes or one per axis; auto: from the "
      "size of the cells; 0: the images' own, which is 1 for PNG, JPEG, TIFF and BMP of 0.02 mm or more, as printers "
      "and cameras write")
    ->type_name("SIZE")
    ->expected(1, 3);
  add(network,
      "--normalization",
      options.Normalization,
      "How intensities are scaled: " + Join(itk::IntensityNormalizationNames))
    ->type_name("NAME")
    ->check(IsOneOf(itk::IntensityNormalizationNames));

  const auto * const training = "Training";
  add(training,
      "--preset",
      options.Preset,
      "Values for all options that are not given; paper: as in the paper; quick: a small network for a first look")
    ->type_name("paper|quick")
    ->default_str("")
    ->check(IsOneOf(GetPresetNames()));
  add(training, "--maximum-epochs", options.MaximumEpochs, "Epochs after which training ends")->type_name("N");
  add(training, "--maximum-minutes", options.MaximumMinutes, "Minutes after which training ends; 0: no limit")
    ->type_name("T");
  add(training, "--patience", options.Patience, "Epochs without a smaller validation loss after which training ends")
    ->type_name("N");
  add(training,
      "--patch-size",
      options.PatchSize,
      "Edge of the patches in pixels that the network sees; 0: 256, in 3-D 64")
    ->type_name("N");
  add(training, "--batch-size", options.BatchSize, "Patches per step")->type_name("N");
  add(training, "--learning-rate", options.LearningRate, "Adam's")->type_name("X");
  add(training, "--average-decay", options.AverageDecay, "Decay of the moving average of the weights per step; 0: none")
    ->type_name("X");
  add(training, "--loss", options.Loss, "What is minimised: " + Join(itk::TrainingLossNames))
    ->type_name("NAME")
    ->check(IsOneOf(itk::TrainingLossNames));
}

void
ApplyPreset(CLI::App & app, const std::string & preset)
{
  if (preset.empty())
  {
    return;
  }
  for (const auto & [name, value] : presets.at(preset))
  {
    CLI::Option * const option = app.get_option(name);
    if (option->count() == 0)
    {
      option->add_result(value);
      option->run_callback();
    }
  }
}
