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

#include "Commands.h"
#include "Failure.h"
#include "ImageFile.h"
#include "ImageSet.h"
#include "Progress.h"
#include "StagedOutput.h"

#include "itkUNetSegmentFilter.h"
#include "itkUpgradeAnnotationFilter.h"

#include <optional>

namespace
{
itk::UNetModel::Pointer
LoadModel(const ApplyJob & job)
{
  const auto model = itk::UNetModel::Load(job.Model.string());
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

/** Takes the settings of the job, and gives the output for one image. */
template <typename TFilter>
typename TFilter::OutputImageType::Pointer
Execute(TFilter &              filter,
        const itk::UNetModel * model,
        const ImageFile &      image,
        const ApplyJob &       job,
        Progress &             progress)
{
  filter.SetModel(model);
  filter.SetInput(image.Image);
  filter.SetTileSize(job.TileSize);
  filter.SetSliceAxis(image.Format.Dimension == 2 ? 2 : job.SliceAxis);
  filter.SetThreshold(job.Threshold);
  filter.SetForegroundValue(static_cast<typename TFilter::OutputPixelType>(job.ForegroundValue));
  progress.Watch(&filter);
  filter.Update();
  return filter.GetOutput();
}

template <typename TOutputImage>
typename TOutputImage::Pointer
ApplyToImage(const itk::UNetModel * model,
             const ImageFile &      image,
             const LabelImageType * labels,
             const ApplyJob &       job,
             Progress &             progress)
{
  if (labels == nullptr)
  {
    const auto filter = itk::UNetSegmentFilter<ImageType, TOutputImage>::New();
    return Execute(*filter, model, image, job, progress);
  }
  const auto filter = itk::UpgradeAnnotationFilter<ImageType, LabelImageType, TOutputImage>::New();
  filter->SetAnnotationImage(labels);
  return Execute(*filter, model, image, job, progress);
}

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
    ->type_name("N");
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
  const auto              model = LoadModel(job);
  const ImageSet          images(job.Images);
  std::optional<ImageSet> labels;
  if (!job.Labels.empty())
  {
    labels.emplace(job.Labels);
    VerifyPaired(images, *labels);
  }
  StagedOutput output(job.Output, WritesFolder(images, job.Output));
  Progress     progress(labels ? "upgrade" : "segment", images.GetSize());
  for (size_t i = 0; i < images.GetSize(); ++i)
  {
    const auto & path = images[i].Path;
    const auto   image = ReadImage(path);
    auto         name = path.filename();
    FileFormat   format;
    format.Dimension = image.Format.Dimension;
    LabelImageType::ConstPointer annotation;
    if (labels)
    {
      const auto & labelsPath = (*labels)[i].Path;
      const auto   file = ReadLabels(labelsPath);
      VerifySameGrid(image.Image, path, file.Image, labelsPath);
      annotation = file.Image;
      format = file.Format;
      name = labelsPath.filename();
    }
    WorkOnFile(path, [&] {
      if (job.Probability)
      {
        const auto probability = ApplyToImage<ProbabilityImageType>(model, image, annotation, job, progress);
        WriteProbability(probability, format.Dimension, output.GetPath(NameForProbability(name)));
      }
      else
      {
        const auto result = ApplyToImage<LabelImageType>(model, image, annotation, job, progress);
        WriteIntegers(result, format, output.GetPath(NameForLabels(name)));
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
}

void
AddSegment(CLI::App & app)
{
  AddApply(app, "segment", "Segments images with a network from train-segment", std::make_shared<ApplyJob>());
}
