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
#include "Checks.h"
#include "Choice.h"
#include "Commands.h"
#include "CommonOptions.h"
#include "Failure.h"
#include "ImportFormats.h"
#include "Progress.h"
#include "StagedOutput.h"

#include "itkImageBufferRange.h"

#include <algorithm>
#include <limits>
#include <map>

namespace fs = std::filesystem;

namespace
{
constexpr std::array<const char *, 3> formats{ { "dsb2018", "lizard", "stack" } };

struct Job
{
  std::string        Format;
  fs::path           Input;
  fs::path           Labels;
  std::string        Target{ "epithelial" };
  itk::SizeValueType PatchSize{ 0 };
  itk::SizeValueType Overlap{ 0 };
  fs::path           Output;
  CommonOptions      Common;
};

void
Verify(const Job & job)
{
  if (job.Overlap > 0 && job.Overlap >= job.PatchSize)
  {
    throw MakeFailure("--overlap ", job.Overlap, " is not smaller than --patch-size ", job.PatchSize);
  }
  if (job.Format == "stack" && job.Labels.empty())
  {
    throw Failure("--format stack needs --labels, the annotation of the images");
  }
  if (job.Format != "stack" && !job.Labels.empty())
  {
    throw MakeFailure("--labels is for --format stack; --format ", job.Format, " finds the labels in --input");
  }
  if (job.Format != "stack" && !fs::is_directory(job.Input))
  {
    throw MakeFailure("'", job.Input.string(), "' is no folder");
  }
  if (fs::exists(job.Output) && !fs::is_empty(job.Output))
  {
    throw MakeFailure("'", job.Output.string(), "' exists already; remove it, or choose another --output");
  }
}

/** Where patches begin along an axis: the last one is moved inwards. */
std::vector<itk::SizeValueType>
GetStarts(itk::SizeValueType length, itk::SizeValueType patch, itk::SizeValueType overlap)
{
  std::vector<itk::SizeValueType> starts;
  for (itk::SizeValueType start = 0; start + patch < length; start += patch - overlap)
  {
    starts.push_back(start);
  }
  starts.push_back(length - std::min(patch, length));
  return starts;
}

/** The patches of an image, by their names; without a size, the image itself. */
std::map<std::string, RegionType>
GetPatches(const std::string & name, const RegionType & image, const Job & job)
{
  if (job.PatchSize == 0)
  {
    return { { name, image } };
  }
  std::map<std::string, RegionType> patches;
  for (const auto y : GetStarts(image.GetSize(1), job.PatchSize, job.Overlap))
  {
    for (const auto x : GetStarts(image.GetSize(0), job.PatchSize, job.Overlap))
    {
      RegionType patch = image;
      patch.SetIndex(0, image.GetIndex(0) + static_cast<itk::IndexValueType>(x));
      patch.SetIndex(1, image.GetIndex(1) + static_cast<itk::IndexValueType>(y));
      patch.SetSize(0, std::min(job.PatchSize, image.GetSize(0)));
      patch.SetSize(1, std::min(job.PatchSize, image.GetSize(1)));
      patches.emplace(name + '_' + std::to_string(y) + '_' + std::to_string(x), patch);
    }
  }
  return patches;
}

/** Whether PNG holds image and labels as they are. */
bool
FitsPng(const AnnotatedImage & image)
{
  const auto fits = [](const LabelImageType * labels) {
    const itk::ImageBufferRange<const LabelImageType> values(*labels);
    return *std::max_element(values.begin(), values.end()) <= std::numeric_limits<unsigned short>::max();
  };
  const unsigned int channels = image.Image->GetNumberOfComponentsPerPixel();
  return (image.Component == itk::IOComponentEnum::UCHAR || image.Component == itk::IOComponentEnum::USHORT) &&
         (channels == 1 || channels == 3) && fits(image.Labels) && (!image.Candidates || fits(image.Candidates));
}

void
Write(const AnnotatedImage & image, const Job & job, const StagedOutput & output)
{
  const FileFormat  imageFormat{ 2, image.Component };
  const FileFormat  labelFormat{ 2, itk::IOComponentEnum::USHORT };
  const std::string extension = FitsPng(image) ? ".png" : ".mha";
  for (const auto & [name, patch] : GetPatches(image.Name, image.Image->GetLargestPossibleRegion(), job))
  {
    const std::string file = name + extension;
    const auto        place = [&](const char * part) { return output.GetPath(fs::path(part) / file); };
    WriteImage(Extract(image.Image.GetPointer(), patch), imageFormat, place("images"));
    WriteIntegers(Extract(image.Labels.GetPointer(), patch), labelFormat, place("labels"));
    if (image.Candidates)
    {
      WriteIntegers(Extract(image.Candidates.GetPointer(), patch), labelFormat, place("candidates"));
    }
  }
}

void
Import(const Job & job)
{
  Verify(job);
  StagedOutput                   output(job.Output, true);
  std::map<unsigned int, size_t> imagesByChannels;
  const auto                     consume = [&](const AnnotatedImage & image) {
    ++imagesByChannels[image.Image->GetNumberOfComponentsPerPixel()];
    Write(image, job, output);
  };
  if (job.Format == "dsb2018")
  {
    ImportDsb2018(job.Input, consume);
  }
  else if (job.Format == "lizard")
  {
    ImportLizard(job.Input, job.Target, consume);
  }
  else
  {
    ImportStack(job.Input, job.Labels, consume);
  }
  output.Commit();
  if (imagesByChannels.size() > 1)
  {
    std::vector<std::string> kinds;
    for (const auto & [channels, count] : imagesByChannels)
    {
      kinds.push_back(std::to_string(count) + " images have " + std::to_string(channels));
    }
    Progress::Say("Networks take images of one kind, but these differ in their number of channels: " + Join(kinds));
  }
}
} // namespace

void
AddImport(CLI::App & app)
{
  auto         job = std::make_shared<Job>();
  auto * const command = app.add_subcommand(
    "import",
    "Makes the folders images, labels and, where there are other objects, candidates of a published data set");
  command
    ->add_option(
      "--format",
      job->Format,
      "How the data set comes: " + Join(formats) +
        ". dsb2018: a folder for each image, with one mask per nucleus. lizard: PNG images and MATLAB labels, "
        "in any folders. stack: a volume, such as a TIFF of many pages, or a folder of numbered slices")
    ->required()
    ->type_name("NAME")
    ->check(IsOneOf(formats));
  command->add_option("--input", job->Input, "The data set's folder; for stack, the images")
    ->required()
    ->type_name("PATH");
  command
    ->add_option(
      "--labels",
      job->Labels,
      "For stack, the labels: cells by number, or of one value, where each connected part of a slice becomes "
      "a cell")
    ->type_name("PATH");
  command
    ->add_option(
      "--target", job->Target, "For lizard, the cells to label: " + Join(LizardTypes) + "; the others are candidates")
    ->type_name("NAME")
    ->check(IsOneOf(LizardTypes));
  command->add_option("--patch-size", job->PatchSize, "Edge of the patches to cut, in pixels; 0: images stay whole")
    ->type_name("N")
    ->check(IsCount(0));
  command->add_option("--overlap", job->Overlap, "Pixels that neighbouring patches share, at least")
    ->type_name("N")
    ->check(IsCount(0));
  command
    ->add_option("--output",
                 job->Output,
                 "Folder to make; slices are named NAME_Z, patches NAME_Y_X, and .png unless that cannot hold them "
                 "(.mha)")
    ->required()
    ->type_name("DIR");
  AddCommonOptions(*command, job->Common);
  command->callback([job] {
    Apply(job->Common);
    Import(*job);
  });
}
