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
#include "Experiment.h"

#include "Failure.h"

#include <fstream>

namespace fs = std::filesystem;

namespace
{
Json
ReadJson(const fs::path & path)
{
  std::ifstream file(path);
  if (!file)
  {
    throw MakeFailure("'", path.string(), "' cannot be read");
  }
  try
  {
    return Json::parse(file);
  }
  catch (const Json::parse_error & error)
  {
    throw MakeFailure("'", path.string(), "' is not JSON: ", error.what());
  }
}
} // namespace

Experiment::Experiment(const fs::path & file, const std::string & scale)
  : m_Name(file.stem().string())
  , m_Settings(ReadJson(file.parent_path() / ("scale-" + scale + ".json")))
{
  const Json own = ReadJson(file);
  m_Settings.merge_patch(own);
  m_Settings.merge_patch(own.value(scale, Json::object()));
  for (const auto & required : { "title", "runs", "training", "defaults", "cases", "methods" })
  {
    if (!m_Settings.contains(required))
    {
      throw MakeFailure("'", file.string(), "' has no \"", required, "\"");
    }
  }
}

std::vector<Json>
Experiment::GetCases() const
{
  std::vector<Json> cases;
  for (const Json & given : m_Settings.at("cases"))
  {
    std::vector<Json> expanded{ { { "methods", m_Settings.at("methods") } } };
    Json              values = m_Settings.at("defaults");
    values.update(given);
    for (const auto & [key, value] : values.items())
    {
      const bool        isList = value.is_array() && key != "methods";
      std::vector<Json> longer;
      for (const Json & shorter : expanded)
      {
        for (const Json & choice : isList ? value : Json::array({ value }))
        {
          longer.push_back(shorter);
          longer.back()[key] = choice;
        }
      }
      expanded = longer;
    }
    cases.insert(cases.end(), expanded.begin(), expanded.end());
  }
  return cases;
}
