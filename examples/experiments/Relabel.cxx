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
#include "Relabel.h"

#include "ImageFile.h"
#include "ImageSet.h"
#include "StagedOutput.h"

#include "itkConfidentLearning.h"
#include "itkVectorIndexSelectionCastImageFilter.h"

#include <algorithm>
#include <functional>

namespace fs = std::filesystem;

namespace
{
ProbabilityImageType::Pointer
ReadProbability(const fs::path & path)
{
  const auto select = itk::VectorIndexSelectionCastImageFilter<ImageType, ProbabilityImageType>::New();
  select->SetInput(ReadImage(path).Image);
  select->Update();
  return select->GetOutput();
}

/** Calls visit(probability, labels, path of the labels) for each image of a set. */
template <typename TVisit>
void
ForEachImage(const Prediction & prediction, const TVisit & visit)
{
  const ImageSet probabilities(prediction.Probabilities);
  const ImageSet labels(prediction.Set.Labels);
  VerifyPaired(probabilities, labels);
  for (size_t i = 0; i < labels.GetSize(); ++i)
  {
    visit(ReadProbability(probabilities[i].Path), ReadLabels(labels[i].Path), labels[i].Path);
  }
}
} // namespace

std::vector<DataPaths>
Relabel(const std::vector<Prediction> & predictions)
{
  itk::ConfidentLearning learning;
  Words                  ingredients;
  for (const auto & prediction : predictions)
  {
    ForEachImage(prediction, [&](const auto & probability, const LabelFile & labels, const fs::path &) {
      learning.Add(probability.GetPointer(), labels.Image.GetPointer());
    });
    ingredients.push_back(prediction.Probabilities.string());
  }
  learning.Fit();

  std::vector<DataPaths> sets;
  const fs::path         place = Tool::PlaceFor("confident", ingredients);
  for (const auto & prediction : predictions)
  {
    sets.push_back(prediction.Set);
    sets.back().Labels = place / std::to_string(sets.size());
    StagedOutput output(sets.back().Labels, true);
    ForEachImage(prediction, [&](const auto & probability, const LabelFile & labels, const fs::path & path) {
      learning.Correct(probability.GetPointer(), labels.Image.GetPointer());
      WriteIntegers(labels.Image, labels.Format, output.GetPath(path.filename()));
    });
    output.Commit();
  }
  return sets;
}

fs::path
AverageOf(const std::vector<fs::path> & probabilities, const fs::path & labels)
{
  Words ingredients;
  for (const auto & folder : probabilities)
  {
    ingredients.push_back(folder.string());
  }
  const fs::path place = Tool::PlaceFor("average", ingredients);
  if (fs::exists(place))
  {
    return place;
  }
  StagedOutput   output(place, true);
  const ImageSet names(labels);
  for (size_t i = 0; i < names.GetSize(); ++i)
  {
    const LabelFile    format = ReadLabels(names[i].Path);
    const auto         count = format.Image->GetBufferedRegion().GetNumberOfPixels();
    std::vector<float> sum(count);
    for (const auto & folder : probabilities)
    {
      const auto probability = ReadProbability(ImageSet(folder)[i].Path);
      std::transform(sum.begin(), sum.end(), probability->GetBufferPointer(), sum.begin(), std::plus<>());
    }
    std::transform(sum.begin(), sum.end(), format.Image->GetBufferPointer(), [&](float value) {
      return value >= 0.5f * static_cast<float>(probabilities.size());
    });
    WriteIntegers(format.Image, format.Format, output.GetPath(names[i].Path.filename()));
  }
  output.Commit();
  return place;
}
