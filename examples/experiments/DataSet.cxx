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
#include "DataSet.h"

#include "Failure.h"
#include "ImageFile.h"
#include "ImageSet.h"
#include "Progress.h"
#include "StagedOutput.h"

#include "itkChooseSlices.h"
#include "itkRegionOfInterestImageFilter.h"

#include <algorithm>
#include <iomanip>
#include <map>

namespace fs = std::filesystem;

namespace
{
DataPaths
PathsIn(const fs::path & folder)
{
  const fs::path candidates = folder / "candidates";
  return { folder / "images", folder / "labels", fs::exists(candidates) ? candidates : fs::path() };
}

std::vector<std::string>
NamesIn(const fs::path & folder)
{
  const ImageSet           set(folder);
  std::vector<std::string> names;
  for (size_t i = 0; i < set.GetSize(); ++i)
  {
    names.push_back(set[i].Path.filename().string());
  }
  return names;
}

LabelImageType::Pointer
GetSlice(const LabelImageType * volume, itk::IndexValueType position)
{
  auto region = volume->GetLargestPossibleRegion();
  region.SetIndex(2, position);
  region.SetSize(2, 1);
  const auto extract = itk::RegionOfInterestImageFilter<LabelImageType, LabelImageType>::New();
  extract->SetInput(volume);
  extract->SetRegionOfInterest(region);
  extract->Update();
  return extract->GetOutput();
}

bool
IsEmpty(const LabelImageType * labels)
{
  const auto * const begin = labels->GetBufferPointer();
  const auto         count = labels->GetBufferedRegion().GetNumberOfPixels();
  return std::all_of(begin, begin + count, [](LabelImageType::PixelType label) { return label == 0; });
}

/** Writes each slice with cells into a file of its own, as `VOLUME_SLICE.png`. */
fs::path
CutVolumes(const fs::path & volumes)
{
  const fs::path target = volumes.string() + "-slices";
  if (fs::exists(target))
  {
    return target;
  }
  StagedOutput   output(target, true);
  const ImageSet labels(volumes / "labels");
  Progress       progress("cut", labels.GetSize());
  for (size_t i = 0; i < labels.GetSize(); ++i)
  {
    std::map<std::string, LabelImageType::Pointer> parts; // intensities are whole numbers as well
    for (const std::string part : { "images", "labels", "candidates" })
    {
      const fs::path path = volumes / part / labels[i].Path.filename();
      if (fs::exists(path))
      {
        parts[part] = ReadLabels(path).Image;
      }
    }
    const auto depth = parts["labels"]->GetLargestPossibleRegion().GetSize(2);
    for (itk::SizeValueType z = 0; z < depth; ++z)
    {
      if (IsEmpty(GetSlice(parts["labels"], z)))
      {
        continue;
      }
      std::ostringstream name;
      name << labels[i].Name << '_' << std::setw(4) << std::setfill('0') << z << ".png";
      for (const auto & [part, image] : parts)
      {
        FileFormat format;
        format.Component = itk::IOComponentEnum::USHORT;
        WriteIntegers(GetSlice(image, z), format, output.GetPath(fs::path(part) / name.str()));
      }
    }
    progress.FinishStep();
  }
  output.Commit();
  return target;
}

std::vector<std::vector<std::string>>
GroupByVolume(const std::vector<std::string> & names)
{
  std::vector<std::vector<std::string>> volumes;
  std::string                           volume;
  for (const auto & name : names)
  {
    const std::string own = name.substr(0, name.rfind('_'));
    if (volumes.empty() || own != volume)
    {
      volumes.emplace_back();
      volume = own;
    }
    volumes.back().push_back(name);
  }
  return volumes;
}

/** Labels of the epithelial cells and of the others of a tile whose pixels have classes: a cell has the class of most
 * of its pixels. */
std::pair<LabelImageType::Pointer, LabelImageType::Pointer>
SplitByClass(const fs::path & labelsPath, const fs::path & classesPath)
{
  constexpr unsigned int                                 epithelial = 3;
  const auto                                             wanted = ReadLabels(labelsPath).Image;
  const auto                                             others = ReadLabels(labelsPath).Image;
  const auto                                             classes = ReadLabels(classesPath).Image;
  const auto                                             count = wanted->GetBufferedRegion().GetNumberOfPixels();
  std::map<unsigned int, std::map<unsigned int, size_t>> votes;
  for (size_t i = 0; i < count; ++i)
  {
    ++votes[wanted->GetBufferPointer()[i]][classes->GetBufferPointer()[i]];
  }
  std::map<unsigned int, bool> isWanted;
  for (const auto & [label, votesOfLabel] : votes)
  {
    const auto most = std::max_element(
      votesOfLabel.begin(), votesOfLabel.end(), [](const auto & a, const auto & b) { return a.second < b.second; });
    isWanted[label] = most->first == epithelial;
  }
  for (size_t i = 0; i < count; ++i)
  {
    const bool keep = isWanted[wanted->GetBufferPointer()[i]];
    (keep ? others : wanted)->GetBufferPointer()[i] = 0;
  }
  return { wanted, others };
}

/** Tiles with epithelial cells, with candidates. */
fs::path
SplitTiles(const fs::path & folder)
{
  const fs::path target = Tool::PlaceFor("tiles", { folder.string() });
  if (fs::exists(target))
  {
    return target;
  }
  StagedOutput output(target, true);
  for (const auto & name : NamesIn(folder / "labels"))
  {
    const auto [wanted, others] = SplitByClass(folder / "labels" / name, folder / "classes" / name);
    if (!IsEmpty(wanted))
    {
      WriteIntegers(wanted, {}, output.GetPath(fs::path("labels") / name));
      WriteIntegers(others, {}, output.GetPath(fs::path("candidates") / name));
      fs::create_symlink(fs::absolute(folder / "images" / name), output.GetPath(fs::path("images") / name));
    }
  }
  output.Commit();
  return target;
}

/** The names of annotations with cells. */
std::vector<std::string>
NamesWithCells(const fs::path & folder)
{
  auto names = NamesIn(folder);
  names.erase(std::remove_if(names.begin(),
                             names.end(),
                             [&folder](const std::string & name) { return IsEmpty(ReadLabels(folder / name).Image); }),
              names.end());
  return names;
}

void
CutTraining(const Tool & tool, unsigned int patchSize, DataSet & data)
{
  const DataPaths whole = Select(data.Training, data.Volumes.front());
  Words           words = Split("import --format stack --patch-size " + std::to_string(patchSize));
  words.insert(words.end(), { "--input", whole.Images.string(), "--labels", whole.Labels.string() });
  data.Training = PathsIn(tool.Make("patches", words));
  data.Volumes = { NamesWithCells(data.Training.Labels) };
}
} // namespace

DataPaths
Select(const DataPaths & set, const std::vector<std::string> & names)
{
  Words ingredients = names;
  ingredients.insert(ingredients.end(), { set.Images.string(), set.Labels.string(), set.Candidates.string() });
  const fs::path target = Tool::PlaceFor("set", ingredients);
  if (!fs::exists(target))
  {
    StagedOutput output(target, true);
    for (const auto & [part, folder] : std::map<std::string, fs::path>{
           { "images", set.Images }, { "labels", set.Labels }, { "candidates", set.Candidates } })
    {
      for (const auto & name : names)
      {
        if (!folder.empty())
        {
          fs::create_symlink(fs::canonical(folder / name), output.GetPath(fs::path(part) / name));
        }
      }
    }
    output.Commit();
  }
  return PathsIn(target);
}

DataSet
SimulateData(const Tool & tool, const std::string & cells, const Json & phantom)
{
  const auto simulate = [&](const std::string & part, const std::string & seed) {
    Words words{ "simulate", "--cells", cells, "--volumes", phantom.at(part).dump(), "--seed", seed, "--size" };
    for (const Json & size : phantom.at("size"))
    {
      words.push_back(size.dump());
    }
    return PathsIn(CutVolumes(tool.Make("volumes", words)));
  };
  DataSet data;
  data.Training = simulate("training", "1");
  data.Volumes = GroupByVolume(NamesIn(data.Training.Labels));
  data.Test = simulate("test", "2");
  const auto slices = phantom.at("test slices").get<itk::SizeValueType>();
  if (slices > 0)
  {
    const auto               all = NamesIn(data.Test.Labels);
    std::vector<std::string> names;
    for (const auto & chosen : itk::ChooseSlices({ all.size() }, slices))
    {
      names.push_back(all[chosen.Slice]);
    }
    data.Test = Select(data.Test, names);
  }
  return data;
}

DataSet
FindRealData(const Tool & tool, const fs::path & folder, unsigned int patchSize)
{
  if (!fs::exists(folder))
  {
    throw MakeFailure("'", folder.string(), "' is missing; give the folder of the real images with --data");
  }
  DataSet data;
  if (fs::exists(folder / "classes"))
  {
    constexpr size_t               testTiles = 4;
    const DataPaths                tiles = PathsIn(SplitTiles(folder));
    const std::vector<std::string> names = NamesIn(tiles.Labels);
    const auto                     middle = names.end() - std::min(testTiles, names.size());
    data.Training = tiles;
    data.Volumes = { { names.begin(), middle } };
    data.Test = Select(tiles, { middle, names.end() });
  }
  else
  {
    data.Training = PathsIn(folder / "train");
    data.Volumes = { NamesIn(data.Training.Labels) };
    data.Test = PathsIn(folder / "test");
  }
  if (patchSize > 0)
  {
    CutTraining(tool, patchSize, data);
  }
  return data;
}
