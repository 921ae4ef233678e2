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
#ifndef Commands_h
#define Commands_h

#include <CLI/CLI.hpp>

/** Each adds its sub-command, which runs when the command line is parsed. */
void
AddSimulate(CLI::App & app);
void
AddImport(CLI::App & app);
void
AddSegments(CLI::App & app);
void
AddPerturb(CLI::App & app);
void
AddTrainUpgrade(CLI::App & app);
void
AddUpgrade(CLI::App & app);
void
AddTrainSegment(CLI::App & app);
void
AddSegment(CLI::App & app);
void
AddEvaluate(CLI::App & app);
void
AddRun(CLI::App & app);

#endif
