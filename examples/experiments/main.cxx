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
#include "DataSet.h"
#include "Experiment.h"
#include "Failure.h"
#include "Figure.h"
#include "ImageFile.h"
#include "ImageSet.h"
#include "Interrupt.h"
#include "Panel.h"
#include "Progress.h"
#include "Results.h"
#include "Study.h"

#include "itkUNetModel.h"

#include <iomanip>
#include <iostream>
#include <map>

namespace fs = std::filesystem;

namespace
{
struct Job
{
  std::vector<fs::path> Experiments;
  std::string           Scale{ "small" };
  fs::path              Data;
  fs::path              Output;
  CommonOptions         Common;
};

/** Data sets by name, each made once. */
class DataSets
{
public:
  DataSets(const Tool & tool, const Json & settings, fs::path realData)
    : m_Tool(tool)
    , m_Phantom(settings.value("phantom", Json::object()))
    , m_PatchSize(settings.value("patch size", 0u))
    , m_RealData(std::move(realData))
  {}

  const DataSet &
  Get(const std::string & name)
  {
    const auto known = m_Sets.find(name);
    if (known != m_Sets.end())
    {
      return known->second;
    }
    const bool isPhantom = name == "hl60" || name == "granulocyte" || name == "combined";
    return m_Sets[name] =
             isPhantom ? SimulateData(m_Tool, name, m_Phantom) : FindRealData(m_Tool, m_RealData / name, m_PatchSize);
  }

private:
  const Tool &                   m_Tool;
  Json                           m_Phantom;
  unsigned int                   m_PatchSize;
  fs::path                       m_RealData;
  std::map<std::string, DataSet> m_Sets;
};

std::string
Describe(const Json & key)
{
  std::string text;
  for (const auto & [name, value] : key.items())
  {
    if (!ToText(value).empty())
    {
      text += (text.empty() ? "" : ", ") + (value.is_number() ? name + " " : "") + ToText(value);
    }
  }
  return text;
}

/** The first test image, with its annotations. */
PanelRow
MakePanelRow(const Study & study)
{
  const DataPaths & test = study.GetData().Test;
  const auto        first = [](const fs::path & folder) { return ImageSet(folder)[0].Path; };
  PanelRow          row;
  row.Image = ReadImage(first(test.Images)).Image;
  row.Truth = ReadLabels(first(test.Labels)).Image;
  row.LowQuality = ReadLabels(first(study.MakeTestLowQuality())).Image;
  row.Upgraded = ReadLabels(first(study.MakeTestUpgraded())).Image;
  return row;
}

void
Conduct(const Experiment & experiment, const Job & job)
{
  const Json &      settings = experiment.GetSettings();
  const std::string training = settings.at("training");
  const auto        runs = settings.at("runs").get<unsigned int>();
  const auto        cases = experiment.GetCases();
  const Tool        tool(job.Common);
  DataSets          data(tool, settings, job.Data);
  Results           results(experiment.GetName(), settings);

  struct Task
  {
    Json         Case;
    unsigned int Run;
    std::string  Method;
    Json         Key;
  };
  std::vector<Task> tasks;
  for (unsigned int run = 1; run <= runs; ++run)
  {
    for (Json theCase : cases)
    {
      const Json methods = theCase.at("methods");
      theCase.erase("methods");
      for (const std::string method : methods)
      {
        Json key = theCase;
        key["run"] = run;
        key["method"] = method;
        if (!results.Has(key))
        {
          tasks.push_back({ theCase, run, method, key });
        }
      }
    }
  }
  const Progress clock(experiment.GetName(), 1);
  for (size_t t = 0; t < tasks.size(); ++t)
  {
    const Task & task = tasks[t];
    const double begin = clock.GetSeconds();
    const Study  study(tool, data.Get(task.Case.at("data")), task.Case, training, task.Run);
    const double dice = study.Score(task.Method);
    const double end = clock.GetSeconds();
    results.Add(task.Key, { { "dice", dice }, { "cost", study.GetCost(task.Method) }, { "seconds", end - begin } });
    std::ostringstream line;
    line << experiment.GetName() << ' ' << t + 1 << '/' << tasks.size() << ": " << Describe(task.Key) << ": Dice "
         << std::fixed << std::setprecision(3) << dice << "; "
         << FormatTime(end / static_cast<double>(t + 1) * static_cast<double>(tasks.size() - t - 1)) << " left";
    Progress::Say(line.str());
    Interrupt::Check();
  }

  results.WriteSummary(settings.at("title"), settings.value("compare", Json::array()));
  if (settings.contains("figure"))
  {
    DrawFigure(results.GetRows(), settings.at("figure"), experiment.GetName() + ".svg");
  }
  if (settings.value("panel", false))
  {
    std::vector<PanelRow> rows;
    for (const Json & theCase : cases)
    {
      rows.push_back(MakePanelRow(Study(tool, data.Get(theCase.at("data")), theCase, training, 1)));
    }
    WritePanel(rows, experiment.GetName() + ".png");
  }
}

int
TellInterrupted()
{
  std::cerr << "experiments: interrupted; the same command goes on" << std::endl;
  return 128 + Interrupt::Signal();
}
} // namespace

int
main(int argc, char * argv[])
{
  CLI::App app(
    "Repeats the experiments of Vadineanu et al., J. Imaging 2024, 10(7), 172. Writes a table (.md, .csv, .json) "
    "and what the experiment has for a figure, and goes on where it was stopped.",
    "experiments");
  app.option_defaults()->always_capture_default();
  Job job;
  app
    .add_option("experiment", job.Experiments, "Files that say what varies, such as examples/experiments/table-1.json")
    ->required()
    ->default_str("")
    ->type_name("JSON")
    ->check(CLI::ExistingFile.description(""));
  app.add_option("--scale", job.Scale, "Sizes and efforts: those of scale-SCALE.json beside the experiment")
    ->type_name("SCALE");
  app.add_option("--output", job.Output, "Folder of the results, and of all that is made on the way")
    ->required()
    ->type_name("DIR");
  app.add_option("--data", job.Data, "Folder of the real images, for experiments on them")->type_name("DIR");
  AddCommonOptions(app, job.Common);
  app.remove_option(app.get_option("--seed")); // each run has its number for a seed

  Interrupt::Install();
  itk::UNetModel::KeepFreedMemory();
  try
  {
    app.parse(argc, argv);
    Apply(job.Common);
    std::vector<Experiment> experiments;
    for (const auto & file : job.Experiments)
    {
      experiments.emplace_back(fs::absolute(file), job.Scale);
    }
    if (!job.Data.empty())
    {
      job.Data = fs::canonical(job.Data);
    }
    fs::create_directories(job.Output);
    fs::current_path(job.Output);
    for (const auto & experiment : experiments)
    {
      Conduct(experiment, job);
    }
    return 0;
  }
  catch (const CLI::ParseError & error)
  {
    return app.exit(error);
  }
  catch (const Interrupt::Exception &)
  {
    return TellInterrupted();
  }
  catch (const itk::ProcessAborted &)
  {
    return TellInterrupted();
  }
  catch (const std::exception & error)
  {
    std::cerr << "experiments: " << GetMessage(error) << std::endl;
    return 1;
  }
}
