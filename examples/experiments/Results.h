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
#ifndef Results_h
#define Results_h

#include "Report.h"

#include <string>
#include <vector>

/** Scores, a row each, in NAME.csv and NAME.json, which are whole after every row. */
class Results
{
public:
  /** Takes up the rows that are there already.
   * \throw Failure if they were made with other settings. */
  Results(std::string name, const Json & settings);

  /** Whether there is a row with all values of `key`. */
  bool
  Has(const Json & key) const;

  /** \param key  the case, "run" and "method"
   *  \param scores  the row's other entries, "dice" among them */
  void
  Add(const Json & key, const Json & scores);

  const std::vector<Json> &
  GetRows() const
  {
    return m_Rows;
  }

  /** NAME.md: a table with a line per case and a column per method, mean and standard deviation over the runs, and
   * Wilcoxon's test for the pairs of methods in `comparisons`. */
  void
  WriteSummary(const std::string & title, const Json & comparisons) const;

private:
  std::string       m_Name;
  Json              m_Settings;
  std::vector<Json> m_Rows;
};

/** Mean and standard deviation of a sample, 0 of a single value. */
struct Moments
{
  explicit Moments(const std::vector<double> & values);

  double Mean;
  double Deviation;
};

/** A value as text, strings without quotation marks. */
std::string
ToText(const Json & value);

#endif
