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
#include "CommonOptions.h"
#include "Failure.h"
#include "ImageFile.h"
#include "ImageSet.h"
#include "Progress.h"
#include "StagedOutput.h"

#include "itkGraphBasedSegmentationImageFilter.h"

#include <algorithm>

namespace fs = std::filesystem;

namespace
{
using FilterType = itk::GraphBasedSegmentationImageFilter<ImageType, LabelImageType>;

struct Job
{
  fs::path           Images;
  fs::path           Output;
  double             Scale{ FilterType::New()->GetScale() };
  double             Sigma{ FilterType::New()->GetSigma() };
  itk::SizeValueType MinimumSize{ FilterType::New()->GetMinimumSize() };
  CommonOptions      Common;
};

double
GetMaximum(const ImageType * image)
{
  const auto count = image->GetBufferedRegion().GetNumberOfPixels() * image->GetNumberOfComponentsPerPixel();
  return *std::max_element(image->GetBufferPointer(), image->GetBufferPointer() + count);
}

void
Segment(const Job & job)
{
  const ImageSet images(job.Images);
  VerifyKept(images.GetPaths(), GetOutputs(images, job.Output, NameForLabels));
  StagedOutput output(job.Output, WritesFolder(images, job.Output));
  Progress     progress("segments", images.GetSize());
  for (size_t i = 0; i < images.GetSize(); ++i)
  {
    const auto & path = images[i].Path;
    const auto   image = ReadImage(path);
    const auto   filter = FilterType::New();
    filter->SetInput(image.Image);
    filter->SetScale(job.Scale * std::max(0.0, GetMaximum(image.Image)) / 255.0);
    filter->SetSigma(job.Sigma);
    filter->SetMinimumSize(job.MinimumSize);
    progress.Watch(filter);
    WorkOnFile(path, [&] { filter->Update(); });
    FileFormat format;
    format.Dimension = image.Format.Dimension;
    WriteIntegers(filter->GetOutput(), format, output.GetPath(NameForLabels(path.filename())));
    progress.FinishStep();
  }
  output.Commit();
}
} // namespace

void
AddSegments(CLI::App & app)
{
  auto         job = std::make_shared<Job>();
  auto * const command = app.add_subcommand("segments",
                                            "Divides images into graph-based segments (Felzenszwalb and Huttenlocher), "
                                            "which may serve as --candidates");
  command->add_option("--images", job->Images, "Image, or folder of them")->required()->type_name("PATH");
  command->add_option("--output", job->Output, "Where the label images go, under the same file names")
    ->required()
    ->type_name("PATH");
  command->add_option("--scale", job->Scale, "Preference for large segments, for images whose largest intensity is 255")
    ->type_name("X");
  command->add_option("--sigma", job->Sigma, "Standard deviation of the smoothing, in pixels; 0: none")->type_name("X");
  command->add_option("--minimum-size", job->MinimumSize, "Pixels of a segment, at least")->type_name("N");
  AddCommonOptions(*command, job->Common);
  command->callback([job] {
    Apply(job->Common);
    Segment(*job);
  });
}
