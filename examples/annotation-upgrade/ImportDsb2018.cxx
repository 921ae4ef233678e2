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

#include "Failure.h"
#include "ImageSet.h"
#include "Progress.h"

#include <algorithm>

namespace fs = std::filesystem;

namespace
{
std::vector<fs::path>
FindFolders(const fs::path & folder)
{
  std::vector<fs::path> found;
  for (const auto & entry : fs::directory_iterator(folder))
  {
    if (entry.is_directory() && entry.path().filename().string()[0] != '.')
    {
      found.push_back(entry.path());
    }
  }
  if (found.empty())
  {
    throw MakeFailure(
      "'", folder.string(), "' has no folders; DSB-2018 has one for each image, with the folders images and masks");
  }
  std::sort(found.begin(), found.end());
  return found;
}

/** With one channel where all colours are grey. */
ImageType::Pointer
SimplifyChannels(const ImageType * image)
{
  const unsigned int  channels = image->GetNumberOfComponentsPerPixel();
  const float * const begin = image->GetBufferPointer();
  const float * const end = begin + channels * image->GetBufferedRegion().GetNumberOfPixels();
  bool                isGrey = true;
  for (const float * pixel = begin; pixel < end && isGrey; pixel += channels)
  {
    isGrey = channels < 3 || (pixel[0] == pixel[1] && pixel[0] == pixel[2]);
  }
  const unsigned int kept = isGrey ? 1 : 3;

  const auto simple = ImageType::New();
  simple->CopyInformation(image);
  simple->SetRegions(image->GetLargestPossibleRegion());
  simple->SetNumberOfComponentsPerPixel(kept);
  simple->Allocate();
  float * to = simple->GetBufferPointer();
  for (const float * pixel = begin; pixel < end; pixel += channels)
  {
    to = std::copy_n(pixel, kept, to);
  }
  return simple;
}

/** A label for each mask.
 * \param shared  gains the number of pixels that are in several masks, and in the first of them here. */
LabelImageType::Pointer
JoinMasks(const ImageSet & masks, const ImageType * image, const fs::path & imagePath, size_t & shared)
{
  const auto           labels = MakeLabels(image);
  const auto           region = labels->GetBufferedRegion();
  unsigned int * const to = labels->GetBufferPointer();
  for (size_t i = 0; i < masks.GetSize(); ++i)
  {
    const auto mask = ReadLabels(masks[i].Path).Image;
    if (mask->GetBufferedRegion() != region)
    {
      throw MakeFailure("'",
                        masks[i].Path.string(),
                        "' has the size ",
                        mask->GetBufferedRegion().GetSize(),
                        ", but '",
                        imagePath.string(),
                        "' ",
                        region.GetSize(),
                        "; a mask has the size of its image");
    }
    for (itk::SizeValueType p = 0; p < region.GetNumberOfPixels(); ++p)
    {
      if (mask->GetBufferPointer()[p] != 0)
      {
        shared += to[p] != 0;
        to[p] = to[p] != 0 ? to[p] : static_cast<unsigned int>(i + 1);
      }
    }
  }
  return labels;
}
} // namespace

void
ImportDsb2018(const fs::path & folder, const AnnotatedImageConsumer & consume)
{
  const auto folders = FindFolders(folder);
  size_t     shared = 0;
  {
    Progress progress("import", folders.size());
    for (const fs::path & one : folders)
    {
      const ImageSet images(one / "images");
      const fs::path path = images[0].Path;
      const auto     image = ReadImage(path);
      if (images.GetSize() > 1 || image.Format.Dimension > 2)
      {
        throw MakeFailure(
          "'", images.GetPath().string(), "' holds more than one image; DSB-2018 has one in each folder");
      }
      const auto labels = JoinMasks(ImageSet(one / "masks"), image.Image, path, shared);
      consume({ one.filename().string(), SimplifyChannels(image.Image), image.Format.Component, labels, nullptr });
      progress.FinishStep();
    }
  }
  if (shared > 0)
  {
    Progress::Say(std::to_string(shared) + " pixels are in several masks; they belong to the first of them");
  }
}
