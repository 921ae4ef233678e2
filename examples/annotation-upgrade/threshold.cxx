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
#include "threshold.h"

#include "ImageFile.h"
#include "ImageSet.h"

#include "itkThresholdBaseline.h"

namespace fs = std::filesystem;

namespace
{
template <typename TVisit>
void
ForEachPair(const fs::path & imagesPath, const fs::path & labelsPath, const TVisit & visit)
{
  const ImageSet images(imagesPath);
  const ImageSet labels(labelsPath);
  VerifyPaired(images, labels);
  for (size_t i = 0; i < images.GetSize(); ++i)
  {
    visit(ReadImage(images[i].Path).Image, ReadLabels(labels[i].Path).Image);
  }
}
} // namespace

double
ScoreThreshold(const fs::path & trainingImages,
               const fs::path & trainingLabels,
               const fs::path & testImages,
               const fs::path & testLabels)
{
  itk::ThresholdBaseline<ImageType, LabelImageType> baseline;
  ForEachPair(
    trainingImages, trainingLabels, [&](const auto & image, const auto & labels) { baseline.Add(image, labels); });
  baseline.Fit();
  itk::ForegroundOverlap overlap;
  ForEachPair(testImages, testLabels, [&](const auto & image, const auto & labels) {
    overlap += baseline.Evaluate(image, labels);
  });
  return overlap.GetDice();
}
