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
#include "apply.h"

#include "Checks.h"
#include "Commands.h"
#include "Failure.h"
#include "ImageFile.h"
#include "ImageSet.h"
#include "Progress.h"
#include "StagedOutput.h"

#include "itkUNetSegmentFilter.h"
#include "itkUpgradeAnnotationFilter.h"

#include <cmath>
#include <optional>

namespace fs = std::filesystem;

namespace
{
itk::UNetModel::Pointer
LoadModel(const ApplyJob & job)
{
  const auto model = itk::UNetModel::Load(job.Model.string(), job.Common.Device);
  ApplyTo(*model, job.Common);
  model->SetTestTimeAugmentation(job.TestTimeAugmentation);
  const bool upgrades = !job.Labels.empty();
  if (model->GetAnnotationInput() != upgrades)
  {
    throw MakeFailure("'",
                      job.Model.string(),
                      "' is ",
                      upgrades ? "a segmentation" : "an upgrade",
                      " network; use ",
                      upgrades ? "segment" : "upgrade",
                      ", or choose another model");
  }
  return model;
}

/** The block of pixels that a filter makes at once: slices, or a cube with a 3-D network. */
template <typename TFilter>
itk::Size<3>
GetBlock(const TFilter & filter, const RegionType & image)
{
  const itk::UNetModel & model = *filter.GetModel();
  if (model.GetDimension() == 2)
  {
    return GetBlockOfSlices(image, filter.GetSliceAxis());
  }
  // Whole tiles, whose margins are seen again around each block; where pixels are resampled, so that the network sees
  // fewer, more of them, but with those that a block takes from around it no more than one tile gives.
  constexpr size_t largest = 256;
  constexpr size_t largestResampled = 320;
  const auto &     spacing = filter.GetInput()->GetSpacing();
  const auto       factor = model.GetFactor({ { spacing[0], spacing[1], spacing[2] } });
  const size_t     tile = filter.GetTileEdge();
  itk::Size<3>     block;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const auto inner = static_cast<double>(tile - std::min(tile / 2, 2 * model.GetAlignment()));
    block[axis] = factor[axis] == 1.0
                    ? tile * std::max<size_t>(1, largest / tile)
                    : std::min(largestResampled, static_cast<size_t>(std::ceil(factor[axis] * inner)));
  }
  return block;
}

/** One image, which may be larger than memory. */
struct Work
{
  const ApplyJob &       Job;
  const itk::UNetModel * Model;
  const ImageFile &      Image;
  fs::path               Output;
  Progress &             Bar;

  /** Makes the output part by part, which `write` writes. */
  template <typename TFilter, typename TWrite>
  void
  Run(TFilter & filter, const TWrite & write) const
  {
    filter.SetModel(Model);
    filter.SetInput(Image.Image);
    filter.SetTileSize(Job.TileSize);
    filter.SetSliceAxis(Image.Format.Dimension == 2 ? 2 : Job.SliceAxis);
    filter.SetThreshold(Job.Threshold);
    filter.SetForegroundValue(static_cast<typename TFilter::OutputPixelType>(Job.ForegroundValue));
    Bar.Watch(&filter);
    filter.UpdateOutputInformation();
    auto * const output = filter.GetOutput();
    const auto   whole = output->GetLargestPossibleRegion();
    const auto   parts = GetParts(whole, GetBlock(filter, whole), Output);
    for (size_t i = 0; i < parts.size(); ++i)
    {
      Bar.BeginPart(i, parts.size());
      output->SetRequestedRegion(parts[i]);
      output->Update();
      write(output);
      if (i + 1 < parts.size())
      {
        itk::UNetModel::ReturnFreedMemory();
      }
    }
  }

  /** With the network of the annotations' kind, if there are any. */
  template <typename TOutputImage, typename TWrite>
  void
  RunWith(const LabelImageType * labels, const TWrite & write) const
  {
    if (labels == nullptr)
    {
      const auto filter = itk::UNetSegmentFilter<ImageType, TOutputImage>::New();
      this->Run(*filter, write);
      return;
    }
    const auto filter = itk::UpgradeAnnotationFilter<ImageType, LabelImageType, TOutputImage>::New();
    filter->SetAnnotationImage(labels);
    this->Run(*filter, write);
  }
};

CLI::App *
AddApply(CLI::App & app, const char * name, const char * description, const std::shared_ptr<ApplyJob> & job)
{
  auto * const command = app.add_subcommand(name, description);
  command->add_option("--model", job->Model, "Model file")->required()->type_name("MODEL");
  command->add_option("--images", job->Images, "Image, or folder of them")->required()->type_name("PATH");
  command->add_option("--output", job->Output, "Where the annotations go, under the same file names")
    ->required()
    ->type_name("PATH");
  command->add_flag(
    "--probability", job->Probability, "Write the foreground's probability (.tif instead of .png) instead of labels");
  command->add_option("--threshold", job->Threshold, "Probability from which on a pixel is foreground")->type_name("P");
  command
    ->add_option(
      "--foreground-value", job->ForegroundValue, "Label of the foreground; 255 is white where 1 looks black")
    ->type_name("N")
    ->check(IsCount());
  command->add_option("--slice-axis", job->SliceAxis, "Axis across the slices of a volume: 0, 1 or 2")->type_name("N");
  command
    ->add_option("--tile-size", job->TileSize, "Edge of what is computed at once, which costs memory; 0: automatic")
    ->type_name("N");
  command->add_flag("--test-time-augmentation",
                    job->TestTimeAugmentation,
                    "Average over all flips: a little more accurate, four times as slow, in 3-D eight times");
  AddCommonOptions(*command, job->Common);
  command->callback([job] {
    Apply(job->Common);
    ApplyModel(*job);
  });
  return command;
}
} // namespace

ApplyJob::ApplyJob()
{
  const auto filter = itk::UNetSegmentFilter<ImageType, LabelImageType>::New();
  Threshold = filter->GetThreshold();
  ForegroundValue = filter->GetForegroundValue();
  TileSize = filter->GetTileSize();
  SliceAxis = filter->GetSliceAxis();
}

void
ApplyModel(const ApplyJob & job)
{
  VerifyIgnoreLabel(job.IgnoreLabel, job.ForegroundValue);
  const auto              model = LoadModel(job);
  const ImageSet          images(job.Images);
  std::optional<ImageSet> labels;
  if (!job.Labels.empty())
  {
    labels.emplace(job.Labels);
    VerifyPaired(images, *labels);
  }
  const auto rename = job.Probability ? NameForProbability : NameForLabels;
  const auto outputs = GetOutputs(labels ? *labels : images, job.Output, rename);
  VerifyKept({ job.Model }, outputs);
  VerifyKept(images.GetPaths(), outputs);
  if (labels)
  {
    VerifyKept(labels->GetPaths(), outputs);
  }
  StagedOutput output(job.Output, WritesFolder(images, job.Output));
  Progress     progress(labels ? "upgrade" : "segment", images.GetSize());
  for (size_t i = 0; i < images.GetSize(); ++i)
  {
    const auto & path = images[i].Path;
    const auto   image = OpenImage(path);
    if (model->GetDimension() == 3 && image.Format.Dimension == 2)
    {
      throw MakeFailure("'",
                        path.string(),
                        "' has two dimensions; '",
                        job.Model.string(),
                        "' is a network of three, which needs volumes");
    }
    auto       name = path.filename();
    FileFormat format;
    format.Dimension = image.Format.Dimension;
    LabelFile annotation;
    if (labels)
    {
      const auto & labelsPath = (*labels)[i].Path;
      annotation = OpenLabels(labelsPath);
      VerifySameGrid(image.Image, path, annotation.Image, labelsPath);
      format = annotation.Format;
      name = labelsPath.filename();
    }
    const auto counted = WithoutIgnored(annotation, job.IgnoreLabel);
    const auto place = output.GetPath(rename(name));
    const Work work{ job, model, image, place, progress };
    WorkOnFile(path, [&] {
      if (job.Probability)
      {
        work.RunWith<ProbabilityImageType>(
          counted.Image, [&](const ProbabilityImageType * part) { WriteProbability(part, format.Dimension, place); });
      }
      else
      {
        work.RunWith<LabelImageType>(counted.Image, [&](LabelImageType * part) {
          RestoreIgnored(part, annotation.Image, job.IgnoreLabel);
          WriteIntegers(part, format, std::max(job.ForegroundValue, job.IgnoreLabel.value_or(0)), place);
        });
      }
    });
    progress.FinishStep();
  }
  output.Commit();
}

void
AddUpgrade(CLI::App & app)
{
  auto         job = std::make_shared<ApplyJob>();
  auto * const command = AddApply(app, "upgrade", "Mends poor annotations with a network from train-upgrade", job);
  command->add_option("--labels", job->Labels, "The poor annotations, under the same file names")
    ->required()
    ->type_name("PATH");
  command
    ->add_option("--ignore-label",
                 job->IgnoreLabel,
                 "Value in --labels of pixels that are neither cell nor background; they keep it in the output")
    ->type_name("N");
}

void
AddSegment(CLI::App & app)
{
  AddApply(app, "segment", "Segments images with a network from train-segment", std::make_shared<ApplyJob>());
}
