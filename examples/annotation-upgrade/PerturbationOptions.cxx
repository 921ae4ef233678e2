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
#include "PerturbationOptions.h"

#include "Checks.h"
#include "Choice.h"
#include "ImageFile.h"

#include "itkOmissionPerturbFilter.h"

namespace
{
using OmissionFilter = itk::OmissionPerturbFilter<LabelImageType>;
using BiasFilter = itk::BiasPerturbFilter<LabelImageType>;

/** In the order of itk::BiasPerturbFilterEnums::Operation. */
constexpr std::array<const char *, 3> biasOperationNames{ { "random", "erosion", "dilation" } };

constexpr std::array<const char *, 1> presetNames{ { "predictions" } };

/** What makes good annotations look like the predictions of a network that has seen few images (Sec. 3.4 of the paper).
 */
void
ApplyPreset(PerturbationOptions & options)
{
  if (!options.Preset)
  {
    return;
  }
  const auto fill = [](auto & level, auto value) { level = level.value_or(value); };
  fill(options.Omission, 0.5);
  fill(options.Inclusion, 0.1);
  fill(options.SaltAndPepper, 0.1);
  if (!options.HasBias())
  {
    options.Bias = 6;
  }
}
} // namespace

PerturbationOptions
PerturbationOptions::OrDefault() const
{
  PerturbationOptions options = *this;
  if (options.IsEmpty())
  {
    options.Omission = OmissionFilter::New()->GetRate();
  }
  return options;
}

unsigned int
PerturbationOptions::GetMaximumIterations() const
{
  return HasBias() ? Bias.value_or(BiasFilter::New()->GetMaximumIterations()) : 0;
}

itk::BiasPerturbFilterEnums::Operation
PerturbationOptions::GetBiasOperation() const
{
  using OperationEnum = itk::BiasPerturbFilterEnums::Operation;
  return BiasOperation ? FromName<OperationEnum>(biasOperationNames, *BiasOperation)
                       : BiasFilter::New()->GetOperation();
}

void
AddPerturbationOptions(CLI::App & app, PerturbationOptions & options, bool hasDefault)
{
  std::ostringstream group;
  group << "Perturbations, in this order, each left out by default";
  if (hasDefault)
  {
    group << "; none at all stands for --omission " << OmissionFilter::New()->GetRate();
  }
  app.add_option("--omission", options.Omission, "Share of the cells to remove, 0 to 1")
    ->group(group.str())
    ->type_name("R")
    ->check(IsShare());
  app.add_option("--inclusion", options.Inclusion, "Share of the candidates to add, 0 to 1")
    ->group(group.str())
    ->type_name("R")
    ->check(IsShare());
  app
    .add_option("--salt-and-pepper",
                options.SaltAndPepper,
                "Probability of a pixel to turn into noise, half 0 and half foreground, 0 to 1")
    ->group(group.str())
    ->type_name("P")
    ->check(IsShare());
  const auto   bias = BiasFilter::New();
  auto * const maximum =
    app
      .add_option("--bias",
                  options.Bias,
                  "Erosion or dilation by up to Q pixels, at least 1; " + std::to_string(bias->GetMaximumIterations()) +
                    " if only other options of bias are given")
      ->group(group.str())
      ->type_name("Q")
      ->check(IsCount());
  app.add_option("--bias-iterations", options.BiasIterations, "Bias by Q pixels exactly, at least 1")
    ->group(group.str())
    ->type_name("Q")
    ->check(IsCount())
    ->excludes(maximum);
  app
    .add_option("--bias-operation",
                options.BiasOperation,
                "Bias by this operation: " + Join(biasOperationNames) + "; if not given, " +
                  ToName(biasOperationNames, bias->GetOperation()))
    ->group(group.str())
    ->type_name("NAME")
    ->check(IsOneOf(biasOperationNames));
  app.add_flag("--bias-per-cell", options.BiasPerCell, "Bias with draws of its own for each cell")->group(group.str());
  app
    .add_option(
      "--perturbation-preset",
      options.Preset,
      "Levels of what is not given; predictions: --omission 0.5 --inclusion 0.1 --salt-and-pepper 0.1 --bias 6 "
      "for the mistakes of a network that has seen few images, with --candidates from the subcommand segments")
    ->group(group.str())
    ->type_name("NAME")
    ->check(IsOneOf(presetNames));
  app.parse_complete_callback([&options] { ApplyPreset(options); });
}
