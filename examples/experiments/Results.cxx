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
#include "Results.h"

#include "Failure.h"
#include "StagedOutput.h"

#include "itkWilcoxonSignedRankTest.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iomanip>
#include <numeric>

namespace fs = std::filesystem;

namespace
{
void
WriteText(const std::string & text, const fs::path & path)
{
  StagedOutput output(path, false);
  WriteBytes(output.GetPath(), text.data(), text.size());
  output.Commit();
}

bool
Agrees(const Json & row, const Json & key)
{
  return std::all_of(key.items().begin(), key.items().end(), [&row](const auto & entry) {
    return row.contains(entry.key()) && row.at(entry.key()) == entry.value();
  });
}

/** The values of a key among the rows, in the order of their appearance. */
std::vector<Json>
DistinctValues(const std::vector<Json> & rows, const std::string & key)
{
  std::vector<Json> values;
  for (const Json & row : rows)
  {
    if (std::find(values.begin(), values.end(), row.at(key)) == values.end())
    {
      values.push_back(row.at(key));
    }
  }
  return values;
}

/** What tells the cases of the rows from each other. */
std::vector<std::string>
VaryingKeys(const std::vector<Json> & rows)
{
  std::vector<std::string> keys;
  for (const auto & [key, value] : rows.front().items())
  {
    if (key == "run")
    {
      break;
    }
    if (DistinctValues(rows, key).size() > 1)
    {
      keys.push_back(key);
    }
  }
  return keys;
}

std::string
Format(double value, int digits)
{
  std::ostringstream text;
  text << std::fixed << std::setprecision(digits) << value;
  return text.str();
}
} // namespace

std::string
ToText(const Json & value)
{
  return value.is_string() ? value.get<std::string>() : value.dump();
}

Moments::Moments(const std::vector<double> & values)
  : Mean(std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size()))
  , Deviation(0.0)
{
  if (values.size() > 1)
  {
    const double squares = std::accumulate(values.begin(), values.end(), 0.0, [this](double sum, double value) {
      return sum + (value - Mean) * (value - Mean);
    });
    Deviation = std::sqrt(squares / static_cast<double>(values.size() - 1));
  }
}

Results::Results(std::string name, const Json & settings)
  : m_Name(std::move(name))
  , m_Settings(settings)
{
  const fs::path path = m_Name + ".json";
  if (fs::exists(path))
  {
    const Json json = Json::parse(std::ifstream(path));
    if (json.at("settings") != settings)
    {
      throw MakeFailure("'", path.string(), "' has results with other settings; remove it, or choose another --output");
    }
    m_Rows = json.at("rows").get<std::vector<Json>>();
  }
}

bool
Results::Has(const Json & key) const
{
  return std::any_of(m_Rows.begin(), m_Rows.end(), [&key](const Json & row) { return Agrees(row, key); });
}

void
Results::Add(const Json & key, const Json & scores)
{
  m_Rows.push_back(key);
  m_Rows.back().update(scores);

  std::string csv;
  for (const auto & entry : m_Rows.front().items())
  {
    csv += (csv.empty() ? "" : ",") + entry.key();
  }
  for (const Json & row : m_Rows)
  {
    char separator = '\n';
    for (const Json & value : row)
    {
      csv += separator + ToText(value);
      separator = ',';
    }
  }
  WriteText(csv + "\n", m_Name + ".csv");
  WriteJson({ { "settings", m_Settings }, { "rows", m_Rows } }, m_Name + ".json");
}

void
Results::WriteSummary(const std::string & title, const Json & comparisons) const
{
  const auto         keys = VaryingKeys(m_Rows);
  const auto         methods = DistinctValues(m_Rows, "method");
  std::ostringstream text;
  text << "# " << title << "\n\nDice over the test set, mean and standard deviation over "
       << DistinctValues(m_Rows, "run").size() << " runs.\n\n|";
  for (const auto & key : keys)
  {
    text << ' ' << key << " |";
  }
  for (const auto & method : methods)
  {
    text << ' ' << ToText(method) << " |";
  }
  text << "\n|";
  for (size_t column = 0; column < keys.size() + methods.size(); ++column)
  {
    text << "---|";
  }
  text << '\n';

  std::vector<Json> cases;
  for (const Json & row : m_Rows)
  {
    Json theCase = Json::object();
    for (const auto & key : keys)
    {
      theCase[key] = row.at(key);
    }
    if (std::find(cases.begin(), cases.end(), theCase) == cases.end())
    {
      cases.push_back(theCase);
    }
  }
  for (const Json & theCase : cases)
  {
    text << '|';
    for (const Json & value : theCase)
    {
      text << ' ' << (ToText(value).empty() ? "none" : ToText(value)) << " |";
    }
    for (const auto & method : methods)
    {
      std::vector<double> values;
      for (const Json & row : m_Rows)
      {
        if (row.at("method") == method && Agrees(row, theCase))
        {
          values.push_back(row.at("dice"));
        }
      }
      if (values.empty())
      {
        text << " |";
        continue;
      }
      const Moments moments(values);
      text << ' ' << Format(moments.Mean, 3);
      if (values.size() > 1)
      {
        text << " ± " << Format(moments.Deviation, 3);
      }
      text << " |";
    }
    text << '\n';
  }

  for (const Json & pair : comparisons)
  {
    std::vector<double> first;
    std::vector<double> second;
    for (const Json & row : m_Rows)
    {
      Json other = row;
      for (const auto & score : { "dice", "cost", "seconds" })
      {
        other.erase(score);
      }
      other["method"] = pair.at(1);
      const auto partner =
        std::find_if(m_Rows.begin(), m_Rows.end(), [&](const Json & candidate) { return Agrees(candidate, other); });
      if (row.at("method") == pair.at(0) && partner != m_Rows.end())
      {
        first.push_back(row.at("dice"));
        second.push_back(partner->at("dice"));
      }
    }
    if (!first.empty())
    {
      const itk::WilcoxonSignedRankTest test(first, second);
      text << "\n"
           << ToText(pair.at(0)) << " (mean " << Format(Moments(first).Mean, 3) << ") against " << ToText(pair.at(1))
           << " (" << Format(Moments(second).Mean, 3) << "), " << first.size()
           << " pairs: Wilcoxon's signed-rank test, two-sided, p = " << Format(test.GetPValue(), 4) << ".\n";
    }
  }
  WriteText(text.str(), m_Name + ".md");
}
