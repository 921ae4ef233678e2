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
#include "CommonOptions.h"

#include "Checks.h"
#include "Choice.h"
#include "Progress.h"

#include "itkMultiThreaderBase.h"
#include "itkPerturbRandomStream.h"
#include "itkUNetPrecision.h"
#ifdef ANNOTATION_UPGRADE_USE_TORCH
#  include "itkUNetTrainer.h"
#endif

CommonOptions::CommonOptions()
#ifdef ANNOTATION_UPGRADE_USE_TORCH
  : Seed(itk::UNetTrainer::New()->GetSeed())
  , Device(itk::UNetModel::New()->GetDevice())
  , Precision(ToName(itk::UNetPrecisionNames, itk::UNetModel::New()->GetPrecision()))
#else
  : Seed(1)
  , Device("cpu")
  , Precision(ToName(itk::UNetPrecisionNames, itk::UNetPrecision::Auto))
#endif
  , Threads(itk::MultiThreaderBase::GetGlobalDefaultNumberOfThreads())
{}

void
AddCommonOptions(CLI::App & app, CommonOptions & options)
{
  const std::string group = "Common options";
  app.add_option("--seed", options.Seed, "Chooses the random draws")->group(group)->type_name("N");
  app.add_option("--device", options.Device, "Where networks run: auto, cpu, cuda, cuda:1, ...")
    ->group(group)
    ->type_name("NAME");
  app
    .add_option(
      "--precision", options.Precision, "Numbers that networks compute with: " + Join(itk::UNetPrecisionNames))
    ->group(group)
    ->type_name("NAME")
    ->check(IsOneOf(itk::UNetPrecisionNames));
  app.add_option("--threads", options.Threads, "Processor threads")->group(group)->type_name("N")->check(IsCount());
  app.add_option("--trial", options.Trial, "Option of training that is on trial")->group(group)->type_name("NAME");
  app.add_flag("--quiet", options.Quiet, "No progress and no remarks")->group(group);
}

void
Apply(const CommonOptions & options)
{
  Progress::SetQuiet(options.Quiet);
  setenv("ANNOTATION_UPGRADE_TRIAL", options.Trial.c_str(), 1);
  itk::MultiThreaderBase::SetGlobalMaximumNumberOfThreads(options.Threads);
  itk::MultiThreaderBase::SetGlobalDefaultNumberOfThreads(options.Threads);
#ifdef ANNOTATION_UPGRADE_USE_TORCH
  itk::UNetModel::SetNumberOfThreads(options.Threads);
#endif
}

#ifdef ANNOTATION_UPGRADE_USE_TORCH
void
ApplyTo(itk::UNetModel & model, const CommonOptions & options)
{
  model.SetDevice(options.Device);
  model.SetPrecision(FromName<itk::UNetPrecision>(itk::UNetPrecisionNames, options.Precision));
}
#endif

uint64_t
SeedFor(uint32_t seed, const std::string & name)
{
  uint64_t hash = seed;
  for (const unsigned char c : name)
  {
    hash = itk::PerturbHash(hash, c);
  }
  return hash;
}
