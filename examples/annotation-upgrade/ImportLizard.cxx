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
#include "ImportFormats.h"

#include "Choice.h"
#include "Failure.h"
#include "MatlabFile.h"
#include "Progress.h"

#include "itkImageRegionIteratorWithIndex.h"

#include <map>

namespace fs = std::filesystem;

namespace
{
/** The files in a folder, and in those inside it, by their names without extension. */
std::map<std::string, fs::path>
FindByName(const fs::path & folder, const std::string & extension)
{
  std::map<std::string, fs::path> found;
  for (const auto & entry : fs::recursive_directory_iterator(folder))
  {
    const fs::path & path = entry.path();
    if (!entry.is_directory() && path.extension() == extension && path.filename().string()[0] != '.')
    {
      const auto [place, isNew] = found.emplace(path.stem().string(), path);
      if (!isNew)
      {
        throw MakeFailure("'",
                          place->second.string(),
                          "' and '",
                          path.string(),
                          "' have the same name, so that pairs are not clear; keep one of them in the folder");
      }
    }
  }
  if (found.empty())
  {
    throw MakeFailure(
      "'", folder.string(), "' holds no ", extension, " files; Lizard has PNG images and MATLAB labels");
  }
  return found;
}

void
VerifyPartners(const std::map<std::string, fs::path> & files,
               const std::map<std::string, fs::path> & others,
               const std::string &                     extension)
{
  for (const auto & [name, path] : files)
  {
    if (others.count(name) == 0)
    {
      throw MakeFailure(
        "'", path.string(), "' has no partner '", name, extension, "'; is a part of the data set missing?");
    }
  }
}

/** The numbers of the types of cells, by label. */
std::map<unsigned int, unsigned int>
ReadTypes(const fs::path & path)
{
  const auto labels = ReadMatlabMatrix(path, "id").Values;
  const auto types = ReadMatlabMatrix(path, "class").Values;
  if (labels.size() != types.size())
  {
    throw MakeFailure("'",
                      path.string(),
                      "' has ",
                      labels.size(),
                      " values in 'id' and ",
                      types.size(),
                      " in 'class'; each label has one of both");
  }
  std::map<unsigned int, unsigned int> typeOfLabel;
  for (size_t i = 0; i < labels.size(); ++i)
  {
    if (types[i] < 1 || types[i] > LizardTypes.size())
    {
      throw MakeFailure("'",
                        path.string(),
                        "' has the class ",
                        types[i],
                        " for label ",
                        labels[i],
                        "; the classes of Lizard are 1 to ",
                        LizardTypes.size());
    }
    typeOfLabel[labels[i]] = types[i];
  }
  return typeOfLabel;
}

/** Divides the cells of a file among labels and candidates. */
void
ReadCells(const fs::path & path, unsigned int target, const fs::path & imagePath, AnnotatedImage & image)
{
  const auto cells = ReadMatlabMatrix(path, "inst_map");
  const auto types = ReadTypes(path);
  const auto size = image.Image->GetLargestPossibleRegion().GetSize();
  if (cells.Columns != size[0] || cells.Rows != size[1])
  {
    throw MakeFailure("'",
                      path.string(),
                      "' has labels for ",
                      cells.Columns,
                      " x ",
                      cells.Rows,
                      " pixels, but '",
                      imagePath.string(),
                      "' has ",
                      size[0],
                      " x ",
                      size[1]);
  }
  image.Labels = MakeLabels(image.Image);
  image.Candidates = MakeLabels(image.Image);
  itk::ImageRegionIteratorWithIndex<LabelImageType> label(image.Labels, image.Labels->GetBufferedRegion());
  for (; !label.IsAtEnd(); ++label)
  {
    const auto         index = label.GetIndex();
    const unsigned int cell = cells.Values[index[0] * cells.Rows + index[1]];
    if (cell == 0)
    {
      continue;
    }
    const auto type = types.find(cell);
    if (type == types.end())
    {
      throw MakeFailure("'", path.string(), "' has the label ", cell, " in 'inst_map', but not in 'id'");
    }
    if (type->second == target)
    {
      label.Set(cell);
    }
    else
    {
      image.Candidates->SetPixel(index, cell);
    }
  }
}
} // namespace

void
ImportLizard(const fs::path & folder, const std::string & target, const AnnotatedImageConsumer & consume)
{
  const auto images = FindByName(folder, ".png");
  const auto labels = FindByName(folder, ".mat");
  VerifyPartners(images, labels, ".mat");
  VerifyPartners(labels, images, ".png");
  const auto targetType = 1 + FromName<unsigned int>(LizardTypes, target);
  Progress   progress("import", images.size());
  for (const auto & [name, path] : images)
  {
    const auto     file = ReadImage(path);
    AnnotatedImage image{ name, file.Image, file.Format.Component, nullptr, nullptr };
    ReadCells(labels.at(name), targetType, path, image);
    consume(image);
    progress.FinishStep();
  }
}
