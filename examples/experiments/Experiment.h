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
#ifndef Experiment_h
#define Experiment_h

#include "Report.h"

#include <string>
#include <vector>

/** What varies in one of the paper's experiments: a JSON file, with the settings of a scale under it.
 *
 * The scale's file, `scale-SCALE.json` beside the experiment's, comes first; the experiment's own entries go over it,
 * and those of its entry with the name of the scale over these.
 * - "title"
 * - "phantom": size and numbers of simulated volumes, see SimulateData()
 * - "patch size": edge of the patches that real training images are cut into, see FindRealData(); optional
 * - "runs": how often each case is done, with other seeds
 * - "training": options of every training
 * - "defaults": values of a case that it does not give itself, see Study
 * - "cases": objects; a list as a value stands for a case for each of its values
 * - "methods": what is scored, see Study::Score(); a case may have "methods" of its own
 * - "compare": pairs of methods for Wilcoxon's test
 * - "figure": see Figure; optional
 * - "panel": whether to draw test images, one for each case; optional */
class Experiment
{
public:
  /** \throw Failure that names the file. */
  Experiment(const std::filesystem::path & file, const std::string & scale);

  const std::string &
  GetName() const
  {
    return m_Name;
  }

  const Json &
  GetSettings() const
  {
    return m_Settings;
  }

  /** All cases, each with all values. */
  std::vector<Json>
  GetCases() const;

private:
  std::string m_Name;
  Json        m_Settings;
};

#endif
