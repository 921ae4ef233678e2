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
#include "perturb.h"

#include "Commands.h"
#include "Failure.h"
#include "ImageFile.h"
#include "ImageSet.h"
#include "Progress.h"
#include "StagedOutput.h"

#include "itkAnnotationCells.h"
#include "itkPerturbAnnotationFilter.h"

namespace fs = std::filesystem;

namespace
{
using FilterType = itk::PerturbAnnotationFilter<LabelImageType>;

/** Notices sets whose cells omission cannot tell from each other. */
class MaskWatch
{
public:
  void
  Add(const LabelImageType * labels, const IgnoreLabel & ignoreLabel, const fs::path & path)
  {
    if (m_Labelled)
    {
      return;
    }
    const itk::AnnotationCells<LabelImageType> cells(labels, ignoreLabel);
    m_Labelled = cells.AreLabelled();
    if (cells.HasParts() && m_Mask.empty())
    {
      m_Mask = path;
      m_Parts = cells.Get().size();
    }
  }

  void
  Verify() const
  {
    if (!m_Labelled && !m_Mask.empty())
    {
      throw MakeFailure("--omission takes whole cells, but '",
                        m_Mask.string(),
                        "' has one label for ",
                        m_Parts,
                        " parts, and no file has several labels; give each cell a label of its own, as 'import "
                        "--format stack' does");
    }
  }

private:
  bool     m_Labelled{ false };
  fs::path m_Mask;
  size_t   m_Parts{ 0 };
};
} // namespace

PerturbJob::PerturbJob()
{
  const auto filter = FilterType::New();
  SliceBySlice = filter->GetSliceBySlice();
  SliceAxis = filter->GetSliceAxis();
}

void
Perturb(const PerturbJob & job)
{
  if (job.Perturbation.IsEmpty())
  {
    throw Failure("no perturbation is chosen; give --omission, --inclusion, --salt-and-pepper or --bias");
  }
  VerifyIgnoreLabel(job.IgnoreLabel, 0);
  const ImageSet          labels(job.Labels);
  std::optional<ImageSet> candidates;
  const auto              outputs = GetOutputs(labels, job.Output, NameForLabels);
  VerifyKept(labels.GetPaths(), outputs);
  if (job.Perturbation.Includes())
  {
    if (job.Candidates.empty())
    {
      throw Failure("--inclusion needs --candidates, the label images of the objects to add");
    }
    candidates.emplace(job.Candidates);
    VerifyPaired(labels, *candidates);
    VerifyKept(candidates->GetPaths(), outputs);
  }
  StagedOutput output(job.Output, WritesFolder(labels, job.Output));
  Progress     progress("perturb", labels.GetSize());
  MaskWatch    watch;
  for (size_t i = 0; i < labels.GetSize(); ++i)
  {
    const auto & path = labels[i].Path;
    const auto   good = ReadLabels(path);
    if (job.Perturbation.Omits())
    {
      watch.Add(good.Image, job.IgnoreLabel, path);
    }
    const auto counted = WithoutIgnored(good, job.IgnoreLabel);
    const auto filter = FilterType::New();
    job.Perturbation.ApplyTo(*filter);
    filter->SetInput(counted.Image);
    filter->SetSeed(SeedFor(job.Common.Seed, labels[i].Name));
    filter->SetSliceBySlice(job.SliceBySlice);
    filter->SetSliceAxis(job.SliceAxis);
    if (candidates)
    {
      const auto & candidatesPath = (*candidates)[i].Path;
      const auto   others = ReadLabels(candidatesPath);
      VerifySameGrid(good.Image, path, others.Image, candidatesPath);
      others.Image->CopyInformation(good.Image); // ITK's filters are stricter
      filter->SetCandidatesImage(others.Image);
    }
    progress.Watch(filter);
    WorkOnFile(path, [&] { filter->Update(); });
    RestoreIgnored(filter->GetOutput(), good.Image, job.IgnoreLabel);
    WriteIntegers(filter->GetOutput(), good.Format, output.GetPath(NameForLabels(path.filename())));
    progress.FinishStep();
  }
  watch.Verify();
  output.Commit();
}

void
AddPerturb(CLI::App & app)
{
  auto         job = std::make_shared<PerturbJob>();
  auto * const command = app.add_subcommand("perturb", "Makes poor annotations from good ones");
  command->add_option("--labels", job->Labels, "Label image, or folder of them")->required()->type_name("PATH");
  command->add_option("--candidates", job->Candidates, "Label images of other objects, for --inclusion")
    ->type_name("PATH");
  command->add_option("--output", job->Output, "Where the poor annotations go, under the same file names")
    ->required()
    ->type_name("PATH");
  command
    ->add_option(
      "--ignore-label", job->IgnoreLabel, "Value in --labels of pixels that are neither cell nor background; they stay")
    ->type_name("N");
  command->add_flag("--slice-by-slice", job->SliceBySlice, "Every slice of a volume has draws of its own");
  command->add_option("--slice-axis", job->SliceAxis, "Axis across the slices: 0, 1 or 2")->type_name("N");
  AddPerturbationOptions(*command, job->Perturbation, false);
  AddCommonOptions(*command, job->Common);
  command->callback([job] {
    Apply(job->Common);
    Perturb(*job);
  });
}
