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
#include "SliceChoice.h"

#include "Failure.h"
#include "ImageFile.h"
#include "Progress.h"

#include "itkChooseSlices.h"
#include "itkImageRegionConstIterator.h"

#include <numeric>

namespace fs = std::filesystem;

namespace
{
using Slice = std::pair<fs::path, long>;
using Volume = std::vector<Slice>;

bool
HasCells(LabelImageType * labels, const RegionType & slice)
{
  labels->SetRequestedRegion(slice);
  labels->Update();
  for (itk::ImageRegionConstIterator<LabelImageType> pixel(labels, slice); !pixel.IsAtEnd(); ++pixel)
  {
    if (pixel.Get() != 0)
    {
      return true;
    }
  }
  return false;
}

/** The slices with cells of a file. */
Volume
FindSlices(const fs::path & path, unsigned int volumeAxis)
{
  const LabelFile    file = OpenLabels(path);
  const unsigned int axis = file.Format.Dimension == 2 ? 2 : volumeAxis;
  const RegionType   whole = file.Image->GetLargestPossibleRegion();
  Volume             slices;
  if (!file.Format.ReadsInParts)
  {
    file.Image->Update();
  }
  for (long k = 0; k < static_cast<long>(whole.GetSize(axis)); ++k)
  {
    RegionType slice = whole;
    slice.SetIndex(axis, k);
    slice.SetSize(axis, 1);
    if (HasCells(file.Image, slice))
    {
      slices.emplace_back(path, k);
    }
  }
  return slices;
}
} // namespace

SliceChoice
ChooseSlices(const std::vector<ImageSet> & labels, unsigned int axis, size_t count)
{
  const size_t files = std::accumulate(
    labels.begin(), labels.end(), size_t{ 0 }, [](size_t sum, const ImageSet & set) { return sum + set.GetSize(); });
  Progress            progress("choose slices", files);
  std::vector<Volume> volumes;
  for (const ImageSet & set : labels)
  {
    Volume singles;
    for (size_t i = 0; i < set.GetSize(); ++i)
    {
      const auto & path = set[i].Path;
      const Volume slices = FindSlices(path, axis);
      if (OpenLabels(path).Format.Dimension == 2)
      {
        singles.insert(singles.end(), slices.begin(), slices.end());
      }
      else if (!slices.empty())
      {
        volumes.push_back(slices);
      }
      progress.FinishStep();
    }
    if (!singles.empty())
    {
      volumes.push_back(singles);
    }
  }
  std::vector<itk::SizeValueType> numberOfSlices;
  for (const Volume & volume : volumes)
  {
    numberOfSlices.push_back(volume.size());
  }
  SliceChoice choice;
  try
  {
    for (const auto & chosen : itk::ChooseSlices(numberOfSlices, count))
    {
      choice.insert(volumes[chosen.Volume][chosen.Slice]);
    }
  }
  catch (const itk::ExceptionObject & error)
  {
    throw MakeFailure("--slices ", count, ": ", GetMessage(error));
  }
  return choice;
}
