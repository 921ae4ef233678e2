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
#include "Commands.h"
#include "Failure.h"
#include "ImageFile.h"
#include "ImageSet.h"
#include "Panel.h"
#include "Progress.h"
#include "Report.h"
#include "StagedOutput.h"
#include "apply.h"
#include "evaluate.h"
#include "perturb.h"
#include "simulate.h"
#include "threshold.h"
#include "train.h"

#include <iomanip>
#include <iostream>
#include <limits>

namespace fs = std::filesystem;

namespace
{
struct DataPaths
{
  std::string Option; ///< the beginning of the names of its options
  fs::path    Images;
  fs::path    Labels;
  fs::path    Candidates;
};

// Where annotations are made in the folder of the output.
const fs::path testPoor = "test/low-quality";
const fs::path testUpgraded = "test/upgraded";
const fs::path perturbedLabels = "low-quality/labels-perturbed";
const fs::path upgradedLabels = "low-quality/labels-upgraded";

struct RunJob
{
  DataPaths           HighQuality{ "hq", {}, {}, {} };
  DataPaths           LowQuality{ "lq", {}, {}, {} };
  DataPaths           Test{ "test", {}, {}, {} };
  bool                PerturbLowQuality{ false };
  PerturbationOptions Perturbation;
  TrainingOptions     Training;
  CommonOptions       Common;
  fs::path            Output; ///< empty: nothing but the report is kept
  fs::path            JsonFile;
  fs::path            PanelFile;

  bool
  HasNoData() const
  {
    return HighQuality.Images.empty() && HighQuality.Labels.empty() && LowQuality.Images.empty() &&
           LowQuality.Labels.empty() && Test.Images.empty() && Test.Labels.empty();
  }
};

/** Looks at all data before the work on any of it begins. */
class DataCheck
{
public:
  explicit DataCheck(const RunJob & job)
    : m_Job(job)
  {}

  void
  Verify()
  {
    this->Verify(m_Job.HighQuality, true);
    this->Verify(m_Job.LowQuality, m_Job.PerturbLowQuality);
    this->Verify(m_Job.Test, true);
  }

private:
  void
  Verify(const DataPaths & data, bool isPerturbed)
  {
    if (isPerturbed && m_Job.Perturbation.Includes() && data.Candidates.empty())
    {
      throw MakeFailure("--inclusion needs --", data.Option, "-candidates, the label images of the objects to add");
    }
    const ImageSet images(data.Images);
    this->VerifyKept(images);
    for (size_t i = 0; i < images.GetSize(); ++i)
    {
      this->VerifyImage(images[i].Path);
    }
    for (const fs::path & path : { data.Labels, data.Candidates })
    {
      if (!path.empty())
      {
        this->VerifyLabels(images, ImageSet(path));
      }
    }
  }

  void
  VerifyKept(const ImageSet & set) const
  {
    for (const fs::path & file : { m_Job.JsonFile, m_Job.PanelFile })
    {
      if (!file.empty())
      {
        ::VerifyKept(set.GetPaths(), { file });
      }
    }
    if (!m_Job.Output.empty())
    {
      for (const fs::path & made : { testPoor, testUpgraded, perturbedLabels, upgradedLabels })
      {
        ::VerifyKept(set.GetPaths(), { m_Job.Output / made });
      }
    }
  }

  void
  VerifyImage(const fs::path & path)
  {
    const auto         image = OpenImage(path);
    const unsigned int channels = image.Image->GetNumberOfComponentsPerPixel();
    if (m_FirstImage.empty())
    {
      m_FirstImage = path;
      m_Channels = channels;
    }
    if (channels != m_Channels)
    {
      throw MakeFailure("'",
                        path.string(),
                        "' has ",
                        channels,
                        " channels, '",
                        m_FirstImage.string(),
                        "' has ",
                        m_Channels,
                        "; networks take images of one kind");
    }
    if (m_Job.Training.Dimension == 3 && image.Format.Dimension == 2)
    {
      throw MakeFailure("'", path.string(), "' has two dimensions; networks of --dimension 3 need volumes");
    }
  }

  void
  VerifyLabels(const ImageSet & images, const ImageSet & labels) const
  {
    VerifyPaired(images, labels);
    this->VerifyKept(labels);
    for (size_t i = 0; i < images.GetSize(); ++i)
    {
      VerifySameGrid(OpenImage(images[i].Path).Image, images[i].Path, OpenLabels(labels[i].Path).Image, labels[i].Path);
    }
  }

  const RunJob & m_Job;
  fs::path       m_FirstImage;
  unsigned int   m_Channels{ 0 };
};

/** Algorithm 1 of the paper and its comparison with what it competes with, as a sequence of the tool's other commands.
 */
class Runner
{
public:
  Runner(RunJob job, const fs::path & folder)
    : m_Job(std::move(job))
    , m_Folder(folder)
  {
    m_Job.Perturbation = m_Job.Perturbation.OrDefault();
  }

  Json
  Run()
  {
    const Progress total("run", 1);
    this->FindData();
    this->UpgradeAnnotations();
    this->CompareSegmentations();
    m_Report["seconds"]["total"] = total.GetSeconds();
    if (!m_Job.PanelFile.empty())
    {
      this->DrawPanel();
    }
    return m_Report;
  }

private:
  /** Does a piece of work and notes the time that it took. */
  template <typename TWork>
  void
  Stage(const std::string & name, const TWork & work)
  {
    const Progress clock(name, 1);
    work();
    m_Report["seconds"][name] = clock.GetSeconds();
  }

  /** A place for labels of the files in `like`: a folder for a folder, a file for a file. */
  fs::path
  PlaceFor(const fs::path & name, const fs::path & like) const
  {
    const fs::path folder = m_Folder / name;
    return fs::is_directory(like) ? folder : folder / NameForLabels(like.filename());
  }

  void
  FindData()
  {
    m_Report = Json{ { "dice", Json::object() }, { "segmentation", Json::object() }, { "seconds", Json::object() } };
    if (m_Job.HasNoData())
    {
      Progress::Say("No images given: simulating cells of two kinds, one of them to be found.");
      this->Stage("simulate", [this] {
        m_Job.HighQuality = this->SimulateSet("high-quality", 6);
        m_Job.LowQuality = this->SimulateSet("low-quality", 24);
        m_Job.Test = this->SimulateSet("test", 8);
      });
      m_Job.PerturbLowQuality = true;
    }
    m_TestLowQuality = this->PerturbSet(m_Job.Test, testPoor);
    if (m_Job.PerturbLowQuality)
    {
      m_Job.LowQuality.Labels = this->PerturbSet(m_Job.LowQuality, perturbedLabels);
    }
  }

  DataPaths
  SimulateSet(const std::string & name, unsigned int count) const
  {
    SimulateJob simulate;
    simulate.Common = m_Job.Common;
    simulate.Common.Seed = static_cast<uint32_t>(SeedFor(m_Job.Common.Seed, name));
    simulate.Cells = "combined";
    simulate.Volumes = count;
    simulate.Size = { 256, 256 };
    simulate.Output = m_Folder / name;
    Simulate(simulate);
    return { {}, simulate.Output / "images", simulate.Output / "labels", simulate.Output / "candidates" };
  }

  fs::path
  PerturbSet(const DataPaths & data, const fs::path & name) const
  {
    PerturbJob perturb;
    perturb.Labels = data.Labels;
    perturb.Candidates = data.Candidates;
    perturb.Output = this->PlaceFor(name, data.Labels);
    perturb.Perturbation = m_Job.Perturbation;
    perturb.SliceBySlice = m_Job.Training.Dimension == 2;
    perturb.SliceAxis = m_Job.Training.SliceAxis;
    perturb.Common = m_Job.Common;
    Perturb(perturb);
    return perturb.Output;
  }

  fs::path
  TrainOn(const std::string & name, const std::vector<DataPaths> & sets, bool annotationInput)
  {
    TrainJob train;
    for (const auto & set : sets)
    {
      train.Images.push_back(set.Images);
      train.Labels.push_back(set.Labels);
      if (annotationInput && !set.Candidates.empty())
      {
        train.Candidates.push_back(set.Candidates);
      }
    }
    train.AnnotationInput = annotationInput;
    if (annotationInput)
    {
      train.Perturbation = m_Job.Perturbation;
    }
    train.Training = m_Job.Training;
    train.Common = m_Job.Common;
    train.Output = m_Folder / "models" / (name + ".unet");
    this->Stage("train_" + name, [&train] { Train(train); });
    return train.Output;
  }

  fs::path
  ApplyTo(const DataPaths & data, const fs::path & model, const fs::path & labels, const fs::path & name) const
  {
    ApplyJob apply;
    apply.Model = model;
    apply.Images = data.Images;
    apply.Labels = labels;
    apply.SliceAxis = m_Job.Training.SliceAxis;
    apply.Output = this->PlaceFor(name, labels.empty() ? data.Images : labels);
    apply.Common = m_Job.Common;
    ApplyModel(apply);
    return apply.Output;
  }

  void
  UpgradeAnnotations()
  {
    const auto model = this->TrainOn("upgrade", { m_Job.HighQuality }, true);
    this->Stage("upgrade", [&] {
      m_TestUpgraded = this->ApplyTo(m_Job.Test, model, m_TestLowQuality, testUpgraded);
      m_Upgraded = m_Job.LowQuality;
      m_Upgraded.Labels = this->ApplyTo(m_Job.LowQuality, model, m_Job.LowQuality.Labels, upgradedLabels);
    });
    m_Report["dice"]["low_quality"] = Evaluate(m_TestLowQuality, m_Job.Test.Labels).Dice;
    m_Report["dice"]["upgraded"] = Evaluate(m_TestUpgraded, m_Job.Test.Labels).Dice;

    // All networks see pixels of the same size.
    m_Job.Training.Spacing.clear();
    const auto upgradeModel = itk::UNetModel::Load(model.string(), "cpu");
    for (const double spacing : upgradeModel->GetSpacing())
    {
      std::ostringstream text;
      text << std::setprecision(std::numeric_limits<double>::max_digits10) << spacing;
      m_Job.Training.Spacing.push_back(text.str());
    }
  }

  void
  CompareSegmentations()
  {
    auto & scores = m_Report["segmentation"];
    this->Stage("threshold", [&] {
      scores["threshold"] =
        ScoreThreshold(m_Job.HighQuality.Images, m_Job.HighQuality.Labels, m_Job.Test.Images, m_Job.Test.Labels);
    });
    const auto compare = [&](const std::string & name, const std::vector<DataPaths> & sets) {
      const auto model = this->TrainOn(name, sets, false);
      const auto segmented = this->ApplyTo(m_Job.Test, model, {}, fs::path("test") / ("segmented-" + name));
      scores[name] = Evaluate(segmented, m_Job.Test.Labels).Dice;
    };
    compare("low_quality", { m_Job.LowQuality });
    compare("high_quality", { m_Job.HighQuality });
    compare("high_and_low", { m_Job.HighQuality, m_Job.LowQuality });
    compare("high_and_upgraded", { m_Job.HighQuality, m_Upgraded });
  }

  void
  DrawPanel() const
  {
    const ImageSet images(m_Job.Test.Images);
    const ImageSet truth(m_Job.Test.Labels);
    const ImageSet lowQuality(m_TestLowQuality);
    const ImageSet upgraded(m_TestUpgraded);

    constexpr size_t      maximumRows = 3;
    const size_t          count = std::min(maximumRows, images.GetSize());
    std::vector<PanelRow> rows;
    for (size_t r = 0; r < count; ++r)
    {
      const size_t i = r * images.GetSize() / count;
      const auto   image = ReadImage(images[i].Path);
      PanelRow     row;
      row.Image = image.Image;
      row.Truth = ReadLabels(truth[i].Path).Image;
      row.LowQuality = ReadLabels(lowQuality[i].Path).Image;
      row.Upgraded = ReadLabels(upgraded[i].Path).Image;
      row.SliceAxis = image.Format.Dimension == 2 ? 2 : m_Job.Training.SliceAxis;
      rows.push_back(row);
    }
    WritePanel(rows, m_Job.PanelFile);
  }

  RunJob    m_Job;
  fs::path  m_Folder;
  fs::path  m_TestLowQuality;
  fs::path  m_TestUpgraded;
  DataPaths m_Upgraded; ///< the low-quality set with upgraded labels
  Json      m_Report;
};

void
PrintTable(const Json & report)
{
  const auto print = [](const std::string & name, const Json & value) {
    std::cout << "  " << std::left << std::setw(22) << name << std::fixed << std::setprecision(3) << value.get<double>()
              << '\n';
  };
  const auto & dice = report["dice"];
  const auto & segmentation = report["segmentation"];
  std::cout << "Annotations of the test images (Dice)\n";
  print("low quality", dice["low_quality"]);
  print("upgraded", dice["upgraded"]);
  std::cout << "Segmentation of the test images (Dice)\n";
  print("threshold", segmentation["threshold"]);
  print("low", segmentation["low_quality"]);
  print("high", segmentation["high_quality"]);
  print("high + low", segmentation["high_and_low"]);
  print("high + upgraded", segmentation["high_and_upgraded"]);
  std::cout << "All of it took " << FormatTime(report["seconds"]["total"]) << '.' << std::endl;
}

void
Run(const RunJob & job)
{
  const auto isIncomplete = [](const DataPaths & data) { return data.Images.empty() || data.Labels.empty(); };
  if (!job.HasNoData() && (isIncomplete(job.HighQuality) || isIncomplete(job.LowQuality) || isIncomplete(job.Test)))
  {
    throw Failure("give all of --hq-images, --hq-labels, --lq-images, --lq-labels, --test-images and --test-labels, or "
                  "none of them");
  }
  if (!job.HasNoData())
  {
    DataCheck(job).Verify();
  }
  // Without Commit() a staged output is a scratch folder.
  std::optional<StagedOutput> scratch;
  fs::path                    folder = job.Output;
  if (folder.empty())
  {
    scratch.emplace(fs::temp_directory_path(), true);
    folder = scratch->GetPath();
  }
  for (const auto & file : { job.JsonFile, job.PanelFile })
  {
    if (!file.empty())
    {
      StagedOutput(file, false); // can it be written, when all is done?
    }
  }
  const Json report = Runner(job, folder).Run();
  if (!job.JsonFile.empty())
  {
    WriteJson(report, job.JsonFile);
  }
  PrintTable(report);
}
} // namespace

void
AddRun(CLI::App & app)
{
  auto              job = std::make_shared<RunJob>();
  auto * const      command = app.add_subcommand("run",
                                            "The whole method: learns from few good annotations to mend many poor "
                                                 "ones, trains segmentation networks on both, and compares. "
                                                 "Without images it works on phantoms, with --preset quick");
  const std::string data = "Data, each an image or a folder";
  const auto        addData = [&](const std::string & text, DataPaths & paths) {
    const std::string prefix = paths.Option;
    command->add_option("--" + prefix + "-images", paths.Images, "Images of " + text)->group(data)->type_name("PATH");
    command->add_option("--" + prefix + "-labels", paths.Labels, "Annotations of " + text)
      ->group(data)
      ->type_name("PATH");
    command->add_option("--" + prefix + "-candidates", paths.Candidates, "Other objects in them, for --inclusion")
      ->group(data)
      ->type_name("PATH");
  };
  addData("the few with good annotations", job->HighQuality);
  addData("the many with poor annotations", job->LowQuality);
  addData("the test, with good annotations", job->Test);
  command
    ->add_flag("--perturb-lq",
               job->PerturbLowQuality,
               "The annotations of --lq-labels are good: make poor ones from them with the perturbation options")
    ->group(data);
  command->add_option("--json", job->JsonFile, "Where to write the scores and times")->type_name("FILE");
  command->add_option("--panel", job->PanelFile, "Where to draw test images with their annotations")->type_name("PNG");
  command
    ->add_option("--output", job->Output, "Folder that keeps networks and annotations; without it they are dropped")
    ->type_name("DIR");
  AddPerturbationOptions(*command, job->Perturbation, true);
  AddTrainingOptions(*command, job->Training);
  AddCommonOptions(*command, job->Common);
  command->callback([command, job] {
    const bool quick = job->HasNoData() && job->Training.Preset.empty();
    ApplyPreset(*command, quick ? "quick" : job->Training.Preset);
    Apply(job->Common);
    Run(*job);
  });
}
