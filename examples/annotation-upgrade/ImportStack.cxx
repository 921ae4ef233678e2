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

#include "itkConnectedComponentImageFilter.h"
#include "itkImageBufferRange.h"

#include <iomanip>
#include <regex>
#include <set>
#include <sstream>

namespace fs = std::filesystem;

namespace
{
/** The numbers in a name, without leading zeros, or the name if it has none. */
std::string
GetNumbers(const std::string & name)
{
  static const std::regex number("0*([0-9]+)");
  std::string             numbers;
  for (std::sregex_iterator match(name.begin(), name.end(), number), end; match != end; ++match)
  {
    numbers += match->str(1) + ' ';
  }
  return numbers.empty() ? name : numbers;
}

/** Slices in folders of their own pair in natural order; "seg_007" is the annotation of "img7". */
void
VerifyNumbers(const ImageSet & images, const ImageSet & labels)
{
  if (!images.IsFolder() && !labels.IsFolder())
  {
    return;
  }
  for (size_t i = 0; i < std::max(images.GetSize(), labels.GetSize()); ++i)
  {
    if (i >= images.GetSize() || i >= labels.GetSize())
    {
      const bool isImage = i < images.GetSize();
      throw MakeFailure("'",
                        (isImage ? images : labels)[i].Path.string(),
                        "' has no partner of the same number in '",
                        (isImage ? labels : images).GetPath().string(),
                        "'");
    }
    if (GetNumbers(images[i].Name) != GetNumbers(labels[i].Name))
    {
      throw MakeFailure("'",
                        images[i].Path.string(),
                        "' and '",
                        labels[i].Path.string(),
                        "' have the same place in their folders, but other numbers in their names; is a file missing?");
    }
  }
}

std::vector<RegionType>
GetSlices(RegionType slice)
{
  std::vector<RegionType> slices;
  const auto              end = slice.GetUpperIndex()[2];
  slice.SetSize(2, 1);
  for (auto z = slice.GetIndex(2); z <= end; ++z)
  {
    slice.SetIndex(2, z);
    slices.push_back(slice);
  }
  return slices;
}

/** Whether the cells have one value in common. */
bool
IsBinary(const ImageSet & labels)
{
  std::set<LabelImageType::PixelType> values{ 0 };
  Progress                            progress("look at labels", labels.GetSize());
  for (size_t i = 0; i < labels.GetSize(); ++i)
  {
    const auto file = OpenLabels(labels[i].Path);
    const auto slices = GetSlices(file.Image->GetLargestPossibleRegion());
    for (size_t z = 0; z < slices.size(); ++z)
    {
      progress.BeginPart(z, slices.size());
      const auto                                        slice = Extract(file.Image.GetPointer(), slices[z]);
      const itk::ImageBufferRange<const LabelImageType> pixels(*slice);
      values.insert(pixels.begin(), pixels.end());
      if (values.size() > 2)
      {
        return false;
      }
    }
    progress.FinishStep();
  }
  return true;
}

LabelImageType::Pointer
LabelParts(const LabelImageType * foreground)
{
  const auto filter = itk::ConnectedComponentImageFilter<LabelImageType, LabelImageType>::New();
  filter->SetInput(foreground);
  filter->Update();
  return filter->GetOutput();
}

/** "name_07" of 12. */
std::string
GetSliceName(const std::string & name, size_t position, size_t count)
{
  std::ostringstream text;
  text << name << '_' << std::setw(static_cast<int>(std::to_string(count - 1).size())) << std::setfill('0') << position;
  return text.str();
}
} // namespace

void
ImportStack(const fs::path & imagesPath, const fs::path & labelsPath, const AnnotatedImageConsumer & consume)
{
  const ImageSet images(imagesPath);
  const ImageSet labels(labelsPath);
  VerifyNumbers(images, labels);
  const bool isBinary = IsBinary(labels);
  Progress   progress("import", images.GetSize());
  for (size_t i = 0; i < images.GetSize(); ++i)
  {
    const auto image = OpenImage(images[i].Path);
    const auto cells = OpenLabels(labels[i].Path);
    VerifySameGrid(cells.Image, labels[i].Path, image.Image, images[i].Path);
    const auto slices = GetSlices(image.Image->GetLargestPossibleRegion());
    for (size_t z = 0; z < slices.size(); ++z)
    {
      progress.BeginPart(z, slices.size());
      const auto slice = Extract(cells.Image.GetPointer(), slices[z]);
      consume({ image.Format.Dimension == 2 ? images[i].Name : GetSliceName(images[i].Name, z, slices.size()),
                Extract(image.Image.GetPointer(), slices[z]),
                image.Format.Component,
                isBinary ? LabelParts(slice) : slice,
                nullptr });
    }
    progress.FinishStep();
  }
}
