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
#ifndef CommonOptions_h
#define CommonOptions_h

#ifdef ANNOTATION_UPGRADE_USE_TORCH
#  include "itkUNetModel.h"
#endif

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>

/** What every sub-command takes, so that a script may pass the same to all of them. */
struct CommonOptions
{
  uint32_t     Seed;
  std::string  Device;
  std::string  Precision;
  unsigned int Threads;
  std::string  Trial;
  bool         Quiet{ false };

  CommonOptions();
};

void
AddCommonOptions(CLI::App & app, CommonOptions & options);

/** Sets threads and quietness for the whole process. */
void
Apply(const CommonOptions & options);

#ifdef ANNOTATION_UPGRADE_USE_TORCH
void
ApplyTo(itk::UNetModel & model, const CommonOptions & options);
#endif

/** A seed for each file of a set: their draws are independent, and a file more or less does not change those of the
 * others. */
uint64_t
SeedFor(uint32_t seed, const std::string & name);

#endif
