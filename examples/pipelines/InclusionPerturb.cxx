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

// Adds objects to the labels of an image that were never cells: its segments of similar intensity, those of less than
// 20 pixels merged with their neighbours, wherever no cell is.
//
//     InclusionPerturb IMAGE LABELS OUTPUT RATE SEED

#include "itkGraphBasedSegmentationImageFilter.h"
#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"
#include "itkInclusionPerturbFilter.h"
#include "itkMaskNegatedImageFilter.h"

#include <cstdlib>
#include <iostream>
#include <string>

int
main(int argc, char * argv[])
{
  if (argc != 6)
  {
    std::cerr << "Usage: InclusionPerturb IMAGE LABELS OUTPUT RATE SEED" << std::endl;
    return EXIT_FAILURE;
  }
  try
  {
    using ImageType = itk::Image<unsigned short, 2>;
    using LabelImageType = itk::Image<unsigned short, 2>;
    const auto labels = itk::ReadImage<LabelImageType>(argv[2]);

    auto segments = itk::GraphBasedSegmentationImageFilter<ImageType, LabelImageType>::New();
    segments->SetInput(itk::ReadImage<ImageType>(argv[1]));
    segments->SetMinimumSize(20);

    auto candidates = itk::MaskNegatedImageFilter<LabelImageType, LabelImageType>::New();
    candidates->SetInput(segments->GetOutput());
    candidates->SetMaskImage(labels);

    auto filter = itk::InclusionPerturbFilter<LabelImageType>::New();
    filter->SetInput(labels);
    filter->SetCandidatesImage(candidates->GetOutput());
    filter->SetRate(std::stod(argv[4]));
    filter->SetSeed(static_cast<unsigned int>(std::stoul(argv[5])));
    itk::WriteImage(filter->GetOutput(), argv[3]);
  }
  catch (const std::exception & error)
  {
    std::cerr << error.what() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
