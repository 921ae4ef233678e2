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
#ifndef simulate_h
#define simulate_h

#include "CommonOptions.h"

#include <filesystem>
#include <string>
#include <vector>

struct SimulateJob
{
  std::filesystem::path     Output;
  std::string               Cells; ///< "hl60", "granulocyte" or "combined"
  unsigned int              Volumes{ 1 };
  std::vector<unsigned int> Size;       ///< along x, y and, unless it is 1, z
  unsigned int              Bits{ 16 }; ///< of an intensity: 8 or 16
  CommonOptions             Common;

  SimulateJob();
};

/** Makes Output/images, Output/labels and, of combined phantoms, Output/candidates. */
void
Simulate(const SimulateJob & job);

#endif
