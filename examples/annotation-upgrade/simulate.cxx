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
#include "simulate.h"

#include "Checks.h"
#include "Commands.h"
#include "ImageFile.h"
#include "Progress.h"
#include "StagedOutput.h"

#include "itkCastImageFilter.h"
#include "itkCellPhantomImageSource.h"
#include "itkJoinSeriesImageFilter.h"

#include <algorithm>
#include <iomanip>
#include <map>

namespace
{
using CellType = itk::CellPhantomEnums::CellType;
using VolumeSource = itk::CellPhantomImageSource<itk::Image<unsigned short, 3>, LabelImageType>;
using SliceSource = itk::CellPhantomImageSource<itk::Image<unsigned short, 2>, itk::Image<unsigned int, 2>>;

const std::map<std::string, CellType> cellTypes{ { "hl60", CellType::HL60 },
                                                 { "granulocyte", CellType::Granulocyte },
                                                 { "combined", CellType::Combined } };

std::string
NameOf(CellType type)
{
  return std::find_if(cellTypes.begin(), cellTypes.end(), [type](const auto & entry) { return entry.second == type; })
    ->first;
}

template <typename TImage>
LabelImageType::Pointer
ToVolume(TImage * image)
{
  using Slice = itk::Image<LabelImageType::PixelType, 2>;
  using Converted = std::conditional_t<TImage::ImageDimension == 2, Slice, LabelImageType>;
  const auto cast = itk::CastImageFilter<TImage, Converted>::New();
  cast->SetInput(image);
  if constexpr (TImage::ImageDimension == 2)
  {
    const auto join = itk::JoinSeriesImageFilter<Slice, LabelImageType>::New();
    join->SetInput(cast->GetOutput());
    join->Update();
    return join->GetOutput();
  }
  else
  {
    cast->Update();
    return cast->GetOutput();
  }
}

/** "cells_07.png" of 12. */
std::string
GetFileName(unsigned int number, unsigned int count, unsigned int dimension)
{
  std::ostringstream name;
  name << "cells_" << std::setw(static_cast<int>(std::to_string(count).size())) << std::setfill('0') << number
       << (dimension == 2 ? ".png" : ".mha");
  return name.str();
}

template <typename TSource>
void
SimulateWith(const SimulateJob & job)
{
  constexpr unsigned int dimension = TSource::ImageDimension;
  StagedOutput           output(job.Output, true);
  Progress               progress("simulate", job.Volumes);
  for (unsigned int i = 1; i <= job.Volumes; ++i)
  {
    const std::string          name = GetFileName(i, job.Volumes, dimension);
    const auto                 source = TSource::New();
    typename TSource::SizeType size;
    std::copy_n(job.Size.begin(), dimension, size.begin());
    source->SetSize(size);
    source->SetCellType(cellTypes.at(job.Cells));
    source->SetSeed(SeedFor(job.Common.Seed, std::to_string(i)));
    progress.Watch(source);
    source->Update();
    const FileFormat format{ dimension, itk::IOComponentEnum::USHORT };
    const auto       folder = [&](const char * part) { return output.GetPath(std::filesystem::path(part) / name); };
    WriteIntegers(ToVolume(source->GetOutput()), format, folder("images"));
    WriteIntegers(ToVolume(source->GetLabels()), format, folder("labels"));
    if (cellTypes.at(job.Cells) == CellType::Combined)
    {
      WriteIntegers(ToVolume(source->GetCandidates()), format, folder("candidates"));
    }
    progress.FinishStep();
  }
  output.Commit();
}
} // namespace

SimulateJob::SimulateJob()
{
  const auto source = VolumeSource::New();
  Cells = NameOf(source->GetCellType());
  Size.assign(source->GetSize().begin(), source->GetSize().end());
}

void
Simulate(const SimulateJob & job)
{
  if (job.Size.size() == 2 || job.Size[2] == 1)
  {
    SimulateWith<SliceSource>(job);
  }
  else
  {
    SimulateWith<VolumeSource>(job);
  }
}

void
AddSimulate(CLI::App & app)
{
  auto         job = std::make_shared<SimulateJob>();
  auto * const command = app.add_subcommand("simulate", "Makes phantom images of cells with exact annotations");
  command
    ->add_option("--output",
                 job->Output,
                 "Folder to make, with the folders images, labels and, of combined cells, candidates: compressed .mha "
                 "volumes or 16-bit .png slices")
    ->required()
    ->type_name("DIR");
  command
    ->add_option("--cells",
                 job->Cells,
                 "Kind: hl60 (round), granulocyte (lobed), or combined (hl60 with the others as candidates)")
    ->check(CLI::IsMember(cellTypes).description(""))
    ->type_name("KIND");
  command->add_option("--volumes", job->Volumes, "How many")->type_name("N")->check(IsCount());
  command->add_option("--size", job->Size, "Pixels along x, y and z; without z, or with 1, a slice")
    ->type_name("X Y [Z]")
    ->expected(2, 3)
    ->check(IsCount());
  AddCommonOptions(*command, job->Common);
  command->callback([job] {
    Apply(job->Common);
    Simulate(*job);
  });
}
