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
#include "evaluate.h"

#include "Commands.h"
#include "CommonOptions.h"
#include "ImageFile.h"
#include "ImageSet.h"
#include "Progress.h"
#include "Report.h"

#include "itkForegroundOverlap.h"

#include <iomanip>
#include <iostream>

namespace fs = std::filesystem;

Score
Evaluate(const fs::path & labelsPath, const fs::path & referencePath, std::optional<unsigned int> ignoreLabel)
{
  const ImageSet labels(labelsPath);
  const ImageSet references(referencePath);
  VerifyPaired(labels, references);

  Score                  score;
  itk::ForegroundOverlap pooled;
  Progress               progress("evaluate", labels.GetSize());
  for (size_t i = 0; i < labels.GetSize(); ++i)
  {
    const auto label = ReadLabels(labels[i].Path);
    const auto reference = ReadLabels(references[i].Path);
    VerifySameGrid(label.Image, labels[i].Path, reference.Image, references[i].Path);
    itk::ForegroundOverlap overlap;
    if (ignoreLabel)
    {
      overlap.Add(label.Image.GetPointer(), reference.Image.GetPointer(), *ignoreLabel);
    }
    else
    {
      overlap.Add(label.Image.GetPointer(), reference.Image.GetPointer());
    }
    score.Images.push_back({ labels[i].Name, overlap.GetDice() });
    pooled += overlap;
    progress.FinishStep();
  }
  score.Dice = pooled.GetDice();
  return score;
}

namespace
{
void
PrintTable(const Score & score)
{
  const std::string total = "all pixels";
  size_t            width = total.size();
  for (const auto & image : score.Images)
  {
    width = std::max(width, image.Name.size());
  }
  const auto print = [width](const std::string & name, double dice) {
    std::cout << std::left << std::setw(static_cast<int>(width) + 2) << name << std::fixed << std::setprecision(4)
              << dice << '\n';
  };
  std::cout << std::left << std::setw(static_cast<int>(width) + 2) << "image"
            << "Dice\n";
  for (const auto & image : score.Images)
  {
    print(image.Name, image.Dice);
  }
  print(total, score.Dice);
  std::cout << std::flush;
}

Json
ToJson(const Score & score)
{
  Json json{ { "dice", score.Dice }, { "images", Json::array() } };
  for (const auto & image : score.Images)
  {
    json["images"].push_back({ { "name", image.Name }, { "dice", image.Dice } });
  }
  return json;
}
} // namespace

void
AddEvaluate(CLI::App & app)
{
  struct Job
  {
    fs::path                    Labels;
    fs::path                    Reference;
    std::optional<unsigned int> IgnoreLabel;
    fs::path                    JsonFile;
    CommonOptions               Common;
  };
  auto         job = std::make_shared<Job>();
  auto * const command =
    app.add_subcommand("evaluate", "Scores annotations: Dice of the foreground, per image and over all pixels");
  command->add_option("--labels", job->Labels, "Label image to score, or folder of them")
    ->required()
    ->type_name("PATH");
  command->add_option("--reference", job->Reference, "The truth, under the same file names")
    ->required()
    ->type_name("PATH");
  command->add_option("--ignore-label", job->IgnoreLabel, "Value in --reference of pixels that do not count")
    ->type_name("N");
  command->add_option("--json", job->JsonFile, "Where to write {\"dice\", \"images\": [{\"name\", \"dice\"}]}")
    ->type_name("FILE");
  AddCommonOptions(*command, job->Common);
  command->callback([job] {
    Apply(job->Common);
    if (!job->JsonFile.empty())
    {
      for (const auto & read : { job->Labels, job->Reference })
      {
        VerifyKept(ImageSet(read).GetPaths(), { job->JsonFile });
      }
    }
    const Score score = Evaluate(job->Labels, job->Reference, job->IgnoreLabel);
    if (!job->JsonFile.empty())
    {
      WriteJson(ToJson(score), job->JsonFile);
    }
    PrintTable(score);
  });
}
