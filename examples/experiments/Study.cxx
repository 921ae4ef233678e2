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
#include "Study.h"

#include "Failure.h"
#include "ImageSet.h"
#include "PartialLabels.h"
#include "Relabel.h"
#include "evaluate.h"
#include "threshold.h"

#include "itkChooseSlices.h"
#include "itkUNetModel.h"

#include <algorithm>
#include <set>
#include <sstream>

namespace fs = std::filesystem;

namespace
{
void
Append(Words & words, const Words & more)
{
  words.insert(words.end(), more.begin(), more.end());
}

std::vector<std::string>
ChooseNames(const std::vector<std::vector<std::string>> & volumes, itk::SizeValueType count)
{
  std::vector<itk::SizeValueType> numberOfSlices;
  for (const auto & volume : volumes)
  {
    numberOfSlices.push_back(volume.size());
  }
  std::vector<std::string> names;
  for (const auto & chosen : itk::ChooseSlices(numberOfSlices, count))
  {
    names.push_back(volumes[chosen.Volume][chosen.Slice]);
  }
  return names;
}

/** The options of a training that has its share of the time. */
Words
ShareTime(Words words, unsigned int networks)
{
  const auto minutes = std::find(words.begin(), words.end(), "--max-minutes");
  if (networks > 1 && minutes != words.end())
  {
    std::ostringstream share;
    share << std::stod(minutes[1]) / networks;
    minutes[1] = share.str();
  }
  return words;
}
} // namespace

Study::Study(const Tool & tool, DataSet data, Json theCase, std::string training, unsigned int run)
  : m_Tool(tool)
  , m_Data(std::move(data))
  , m_Case(std::move(theCase))
  , m_Training(std::move(training))
  , m_Seed(std::to_string(run))
{
  const auto & volumes = m_Data.Volumes;
  const auto   numberOfVolumes = std::min(volumes.size(), m_Case.at("volumes").get<size_t>());
  const auto   good = ChooseNames({ volumes.begin(), volumes.begin() + numberOfVolumes }, m_Case.at("slices"));

  const std::set<std::string> isGood(good.begin(), good.end());
  std::vector<std::string>    others;
  for (const auto & volume : volumes)
  {
    std::copy_if(volume.begin(), volume.end(), std::back_inserter(others), [&](const std::string & name) {
      return isGood.count(name) == 0;
    });
  }
  const auto poorCount = m_Case.at("poor").get<size_t>();
  const auto poor = poorCount == 0 || poorCount > others.size() ? others : ChooseNames({ others }, poorCount);
  m_NumberOfGood = static_cast<unsigned int>(good.size());
  m_NumberOfPoor = static_cast<unsigned int>(poor.size());
  m_Good = Select(m_Data.Training, good);
  m_Poor = Select(m_Data.Training, poor);
  if (!this->Get("good").empty())
  {
    m_Good = WithLabels(m_Good, this->Perturb(m_Good, this->Get("good")));
  }
}

std::string
Study::Get(const char * key) const
{
  return m_Case.at(key).get<std::string>();
}

Words
Study::MakeCandidates(const DataPaths & set) const
{
  const fs::path candidates = this->Get("candidates") == "segments"
                                ? m_Tool.Make("segments", { "segments", "--images", set.Images.string() })
                                : set.Candidates;
  return candidates.empty() ? Words{} : Words{ "--candidates", candidates.string() };
}

DataPaths
Study::WithLabels(DataPaths set, const fs::path & labels)
{
  set.Labels = labels;
  return set;
}

fs::path
Study::Perturb(const DataPaths & set, const std::string & perturbation) const
{
  Words words{ "perturb", "--labels", set.Labels.string(), "--seed", m_Seed };
  Append(words, this->MakeCandidates(set));
  Append(words, Split(perturbation));
  return m_Tool.Make("perturbed", words);
}

fs::path
Study::MakeLowQuality(const DataPaths & set) const
{
  const std::string perturbation = this->Get("perturbation");
  return perturbation == "predictions" ? this->Segment({ m_Good }, set) : this->Perturb(set, perturbation);
}

fs::path
Study::MakeTestLowQuality() const
{
  return this->MakeLowQuality(m_Data.Test);
}

Study::UpgradeTraining
Study::Plain() const
{
  const std::string own = this->Get("training");
  return { { m_Good }, own.empty() ? this->Get("perturbation") : own, m_Seed };
}

fs::path
Study::Train(const UpgradeTraining & training) const
{
  Words words{ "train-upgrade" };
  for (const DataPaths & set : training.Sets)
  {
    Append(words, { "--images", set.Images.string(), "--labels", set.Labels.string() });
    Append(words, this->MakeCandidates(set));
  }
  Append(words, Split(training.Perturbation));
  Append(words, training.Options);
  Append(words, { "--seed", training.Seed });
  Append(words, ShareTime(Split(m_Training), training.Networks));
  return m_Tool.Make("upgrade", words, ".unet");
}

fs::path
Study::Upgrade(const DataPaths & set, const fs::path & model, const Words & more) const
{
  Words words{ "upgrade", "--model", model.string(), "--images", set.Images.string() };
  Append(words, { "--labels", set.Labels.string() });
  Append(words, more);
  return m_Tool.Make("upgraded", words);
}

DataPaths
Study::TestLowQuality() const
{
  return WithLabels(m_Data.Test, this->MakeTestLowQuality());
}

fs::path
Study::MakeTestUpgraded() const
{
  return this->Upgrade(this->TestLowQuality(), this->Train(this->Plain()));
}

double
Study::ScoreUpgraded(const UpgradeTraining & training, const Words & more) const
{
  return Evaluate(this->Upgrade(this->TestLowQuality(), this->Train(training), more), m_Data.Test.Labels).Dice;
}

double
Study::ScoreByTwo() const
{
  UpgradeTraining training = this->Plain();
  training.Networks = 2;
  std::vector<fs::path> probabilities;
  for (const std::string seed : { m_Seed, m_Seed + "00" })
  {
    training.Seed = seed;
    probabilities.push_back(this->Upgrade(this->TestLowQuality(), this->Train(training), { "--probability" }));
  }
  return Evaluate(AverageOf(probabilities, m_Data.Test.Labels), m_Data.Test.Labels).Dice;
}

double
Study::ScoreCoarseToFine() const
{
  UpgradeTraining fine = this->Plain();
  fine.Networks = 2;
  fine.Perturbation = "--bias 2";
  const fs::path fineModel = this->Train(fine);

  UpgradeTraining coarse = this->Plain();
  coarse.Networks = 2;
  coarse.Options = { "--spacing" };
  for (const double spacing : itk::UNetModel::Load(fineModel.string(), "cpu")->GetSpacing())
  {
    coarse.Options.push_back(std::to_string(2 * spacing));
  }
  const DataPaths first = WithLabels(m_Data.Test, this->Upgrade(this->TestLowQuality(), this->Train(coarse)));
  return Evaluate(this->Upgrade(first, fineModel), m_Data.Test.Labels).Dice;
}

double
Study::ScoreTwoRounds() const
{
  UpgradeTraining training = this->Plain();
  training.Networks = 2;
  const DataPaths low = WithLabels(m_Poor, this->MakeLowQuality(m_Poor));
  Words           words{ "import", "--format", "stack", "--input", m_Poor.Images.string() };
  Append(words, { "--labels", this->Upgrade(low, this->Train(training)).string() });
  training.Sets.push_back(WithLabels(m_Poor, m_Tool.Make("parts", words) / "labels"));
  return this->ScoreUpgraded(training);
}

fs::path
Study::TrainSegment(const std::vector<DataPaths> & sets, const Words & more) const
{
  Words words{ "train-segment" };
  for (const auto & set : sets)
  {
    Append(words, { "--images", set.Images.string(), "--labels", set.Labels.string() });
  }
  Append(words, more);
  Append(words, { "--seed", m_Seed });
  Append(words, Split(m_Training));
  return m_Tool.Make("segment", words, ".unet");
}

fs::path
Study::Segment(const std::vector<DataPaths> & sets, const DataPaths & images) const
{
  return m_Tool.Make("segmented",
                     { "segment", "--model", this->TrainSegment(sets).string(), "--images", images.Images.string() });
}

std::vector<DataPaths>
Study::CorrectConfidently(const std::vector<DataPaths> & sets) const
{
  constexpr size_t       halves = 2;
  std::vector<DataPaths> parts[halves];
  for (const DataPaths & set : sets)
  {
    const ImageSet           labels(set.Labels);
    std::vector<std::string> names[halves];
    for (size_t i = 0; i < labels.GetSize(); ++i)
    {
      names[i % halves].push_back(labels[i].Path.filename().string());
    }
    for (size_t half = 0; half < halves; ++half)
    {
      if (!names[half].empty())
      {
        parts[half].push_back(Select(set, names[half]));
      }
    }
  }
  std::vector<Prediction> predictions;
  for (size_t half = 0; half < halves; ++half)
  {
    const auto model = this->TrainSegment(parts[halves - 1 - half]);
    for (const DataPaths & part : parts[half])
    {
      predictions.push_back(
        { part,
          m_Tool.Make("probability",
                      { "segment", "--model", model.string(), "--images", part.Images.string(), "--probability" }) });
    }
  }
  return Relabel(predictions);
}

DataPaths
Study::CompletePartially(const DataPaths & set) const
{
  const DataPaths open = OpenBackground(set);
  const auto      model = this->TrainSegment({ m_Good, open }, { "--ignore-label", std::to_string(OpenLabel) });
  return CompleteLabels(m_Tool, m_Good, open, model);
}

double
Study::ScoreSegmentation(const std::vector<DataPaths> & sets) const
{
  return Evaluate(this->Segment(sets, m_Data.Test), m_Data.Test.Labels).Dice;
}

double
Study::Score(const std::string & method) const
{
  const auto low = [this] { return WithLabels(m_Poor, this->MakeLowQuality(m_Poor)); };
  if (method == "low quality")
  {
    return Evaluate(this->MakeTestLowQuality(), m_Data.Test.Labels).Dice;
  }
  if (method == "upgraded")
  {
    return this->ScoreUpgraded(this->Plain());
  }
  if (method == "upgraded as published")
  {
    UpgradeTraining training = this->Plain();
    training.Options = Split("--spacing 0 --normalization maximum --loss dice --average-decay 0");
    return this->ScoreUpgraded(training);
  }
  if (method == "upgraded + flips")
  {
    return this->ScoreUpgraded(this->Plain(), { "--test-time-augmentation" });
  }
  if (method == "upgraded by two")
  {
    return this->ScoreByTwo();
  }
  if (method == "upgraded from coarse to fine")
  {
    return this->ScoreCoarseToFine();
  }
  if (method == "upgraded in two rounds")
  {
    return this->ScoreTwoRounds();
  }
  const std::string onTrial = "upgraded, ";
  if (method.rfind(onTrial, 0) == 0)
  {
    UpgradeTraining training = this->Plain();
    training.Options = { "--trial", method.substr(onTrial.size()) };
    return this->ScoreUpgraded(training, training.Options);
  }
  if (method == "threshold")
  {
    return ScoreThreshold(m_Good.Images, m_Good.Labels, m_Data.Test.Images, m_Data.Test.Labels);
  }
  if (method == "segment low")
  {
    return this->ScoreSegmentation({ low() });
  }
  if (method == "segment high + low")
  {
    return this->ScoreSegmentation({ m_Good, low() });
  }
  if (method == "segment high")
  {
    return this->ScoreSegmentation({ m_Good });
  }
  if (method == "segment high + upgraded")
  {
    const fs::path model = this->Train(this->Plain());
    return this->ScoreSegmentation({ m_Good, WithLabels(m_Poor, this->Upgrade(low(), model)) });
  }
  if (method == "segment partial")
  {
    return this->ScoreSegmentation({ m_Good, this->CompletePartially(low()) });
  }
  if (method == "segment confident")
  {
    return this->ScoreSegmentation(this->CorrectConfidently({ m_Good, low() }));
  }
  throw MakeFailure("there is no method '", method, "'");
}

unsigned int
Study::GetCost(const std::string & method) const
{
  constexpr unsigned int costOfGood = 5; // Sec. 3.2 of the paper
  const unsigned int     good = costOfGood * m_NumberOfGood;
  if (method == "segment low")
  {
    return m_NumberOfPoor;
  }
  return method == "segment high" || method == "threshold" ? good : good + m_NumberOfPoor;
}
