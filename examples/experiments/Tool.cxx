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
#include "Tool.h"

#include "Commands.h"

#include <algorithm>
#include <fstream>
#include <iomanip>
#include <iterator>
#include <sstream>

namespace fs = std::filesystem;

namespace
{
std::string
Join(const Words & words)
{
  std::string text;
  for (const auto & word : words)
  {
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

void
Execute(Words words)
{
  CLI::App app("", "annotation-upgrade");
  app.option_defaults()->always_capture_default();
  for (const auto & add :
       { AddSimulate, AddImport, AddPerturb, AddTrainUpgrade, AddUpgrade, AddTrainSegment, AddSegment, AddSegments })
  {
    add(app);
  }
  std::reverse(words.begin(), words.end()); // as CLI11 wants them
  app.parse(words);
}
} // namespace

Words
Split(const std::string & options)
{
  std::istringstream stream(options);
  return { std::istream_iterator<std::string>(stream), {} };
}

Tool::Tool(CommonOptions common)
  : m_Common(std::move(common))
{}

fs::path
Tool::PlaceFor(const std::string & kind, const Words & words, const std::string & extension)
{
  std::ostringstream name;
  name << kind << '-' << std::hex << std::setw(16) << std::setfill('0') << SeedFor(0, Join(words)) << extension;
  return fs::path("made") / name.str();
}

fs::path
Tool::Make(const std::string & kind, const Words & words, const std::string & extension) const
{
  const fs::path place = PlaceFor(kind, words, extension);
  if (!fs::exists(place))
  {
    Words all = words;
    all.insert(all.end(), { "--output", place.string() });
    const std::string line = "annotation-upgrade " + Join(all);
    all.insert(all.end(), { "--device", m_Common.Device, "--precision", m_Common.Precision });
    all.insert(all.end(), { "--threads", std::to_string(m_Common.Threads) });
    if (m_Common.Quiet)
    {
      all.push_back("--quiet");
    }
    if (fs::exists(place.string() + ".checkpoint"))
    {
      all.push_back("--resume");
    }
    Execute(all);
    std::ofstream("commands.txt", std::ios::app) << line << '\n';
  }
  return place;
}
