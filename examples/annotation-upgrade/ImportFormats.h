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
#ifndef ImportFormats_h
#define ImportFormats_h

#include "ImageFile.h"

#include "itkRegionOfInterestImageFilter.h"

#include <array>
#include <functional>
#include <string>

/** An image of one slice with its annotation. */
struct AnnotatedImage
{
  std::string             Name;
  ImageType::Pointer      Image;
  itk::IOComponentEnum    Component; ///< of the image's file
  LabelImageType::Pointer Labels;
  LabelImageType::Pointer Candidates; ///< null where the data set has none
};

using AnnotatedImageConsumer = std::function<void(const AnnotatedImage &)>;

/** Each reads a data set as it is published, image by image.
 * \throw Failure that names the file. */
void
ImportDsb2018(const std::filesystem::path & folder, const AnnotatedImageConsumer & consume);

/** The types of cells of Lizard, whose numbers begin with 1. */
constexpr std::array<const char *, 6> LizardTypes{
  { "neutrophil", "epithelial", "lymphocyte", "plasma", "eosinophil", "connective" }
};

/** \param target  one of LizardTypes; cells of the other types are candidates */
void
ImportLizard(const std::filesystem::path & folder, const std::string & target, const AnnotatedImageConsumer & consume);

void
ImportStack(const std::filesystem::path &  imagesPath,
            const std::filesystem::path &  labelsPath,
            const AnnotatedImageConsumer & consume);

/** No labels yet, on the grid of an image. */
inline LabelImageType::Pointer
MakeLabels(const ImageType * image)
{
  const auto labels = LabelImageType::New();
  labels->CopyInformation(image);
  labels->SetRegions(image->GetLargestPossibleRegion());
  labels->Allocate(true);
  return labels;
}

template <typename TImage>
typename TImage::Pointer
Extract(const TImage * image, const RegionType & region)
{
  const auto filter = itk::RegionOfInterestImageFilter<TImage, TImage>::New();
  filter->SetInput(image);
  filter->SetRegionOfInterest(region);
  filter->Update();
  return filter->GetOutput();
}

#endif
