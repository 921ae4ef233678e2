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
#include "ImageFile.h"

#include "itkOmissionPerturbFilter.h"

namespace
{
double
GetDefaultOmission()
{
  return itk::OmissionPerturbFilter<LabelImageType>::New()->GetRate();
}
} // namespace

PerturbationOptions
PerturbationOptions::OrDefault() const
{
  PerturbationOptions options = *this;
  if (options.IsEmpty())
  {
    options.Omission = GetDefaultOmission();
  }
  return options;
}

void
AddPerturbationOptions(CLI::App & app, PerturbationOptions & options, bool hasDefault)
{
  std::ostringstream group;
  group << "Perturbations, in this order, each left out by default";
  if (hasDefault)
  {
    group << "; none at all stands for --omission " << GetDefaultOmission();
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
  app.add_option("--bias", options.Bias, "Erosion or dilation by up to Q pixels, at least 1")
    ->group(group.str())
    ->type_name("Q")
    ->check(IsCount());
}
