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

#include "itkCellPhantomImageSource.h"
#include "itkJoinSeriesImageFilter.h"
#include "itkUnaryGeneratorImageFilter.h"

#include <algorithm>
#include <iomanip>
#include <limits>
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

/** What is in memory of an image, as a volume of values divided by `divisor` and cut at `maximum`. */
template <typename TImage>
LabelImageType::Pointer
ToVolume(const TImage * image,
         unsigned int   divisor = 1,
         unsigned int   maximum = std::numeric_limits<unsigned int>::max())
{
  using Slice = itk::Image<LabelImageType::PixelType, 2>;
  using Converted = std::conditional_t<TImage::ImageDimension == 2, Slice, LabelImageType>;
  const auto convert = itk::UnaryGeneratorImageFilter<TImage, Converted>::New();
  convert->SetFunctor([divisor, maximum](unsigned int value) { return std::min(value / divisor, maximum); });
  convert->SetInput(image);
  convert->GetOutput()->SetRequestedRegion(image->GetBufferedRegion());
  if constexpr (TImage::ImageDimension == 2)
  {
    const auto join = itk::JoinSeriesImageFilter<Slice, LabelImageType>::New();
    join->SetInput(convert->GetOutput());
    join->Update();
    return join->GetOutput();
  }
  else
  {
    convert->Update();
    return convert->GetOutput();
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

/** The parts of a phantom that are made at once. */
std::vector<RegionType>
GetPartsOf(const itk::ImageRegion<3> & whole, const std::filesystem::path & path)
{
  return GetParts(whole, GetBlockOfSlices(whole, 2), path);
}
std::vector<itk::ImageRegion<2>>
GetPartsOf(const itk::ImageRegion<2> & whole, const std::filesystem::path &)
{
  return { whole };
}

template <typename TSource>
void
SimulateWith(const SimulateJob & job)
{
  constexpr unsigned int dimension = TSource::ImageDimension;
  // Bright nuclei reach some 5000.
  const unsigned int divisor = job.Bits == 8 ? 20 : 1;
  const FileFormat imageFormat{ dimension, job.Bits == 8 ? itk::IOComponentEnum::UCHAR : itk::IOComponentEnum::USHORT };
  const unsigned int brightest = (1u << job.Bits) - 1;
  const FileFormat   labelFormat{ dimension, itk::IOComponentEnum::USHORT };

  StagedOutput output(job.Output, true);
  Progress     progress("simulate", job.Volumes);
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
    source->UpdateOutputInformation();
    const auto cells = static_cast<unsigned int>(source->GetEffectiveNumberOfCells());
    const auto place = [&](const char * part) { return output.GetPath(std::filesystem::path(part) / name); };
    const auto parts = GetPartsOf(source->GetOutput()->GetLargestPossibleRegion(), place("images"));
    for (size_t p = 0; p < parts.size(); ++p)
    {
      progress.BeginPart(p, parts.size());
      source->GetOutput()->SetRequestedRegion(parts[p]);
      source->Update();
      WriteIntegers(ToVolume(source->GetOutput(), divisor, brightest), imageFormat, brightest, place("images"));
      WriteIntegers(ToVolume(source->GetLabels()), labelFormat, cells, place("labels"));
      if (cellTypes.at(job.Cells) == CellType::Combined)
      {
        WriteIntegers(ToVolume(source->GetCandidates()), labelFormat, cells, place("candidates"));
      }
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
                 "Folder to make, with the folders images, labels and, of combined cells, candidates: .mha volumes "
                 "(compressed unless they are large) or .png slices")
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
  command->add_option("--bits", job->Bits, "Of an intensity: 8 or 16; labels have 16")
    ->type_name("8|16")
    ->check(CLI::IsMember({ 8, 16 }).description(""));
  AddCommonOptions(*command, job->Common);
  command->callback([job] {
    Apply(job->Common);
    Simulate(*job);
  });
}
