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

// Segments an image into cells with a label each, largest first: the network's probability, cut at a threshold,
// connected, without what is smaller than a number of pixels.
//
//     UNetSegment MODEL IMAGE OUTPUT THRESHOLD MINIMUM_SIZE

#include "itkBinaryThresholdImageFilter.h"
#include "itkConnectedComponentImageFilter.h"
#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"
#include "itkRelabelComponentImageFilter.h"
#include "itkUNetSegmentFilter.h"

#include <cstdlib>
#include <iostream>
#include <string>

int
main(int argc, char * argv[])
{
  if (argc != 6)
  {
    std::cerr << "Usage: UNetSegment MODEL IMAGE OUTPUT THRESHOLD MINIMUM_SIZE" << std::endl;
    return EXIT_FAILURE;
  }
  try
  {
    using ImageType = itk::Image<unsigned short, 2>;
    using ProbabilityImageType = itk::Image<float, 2>;
    using LabelImageType = itk::Image<unsigned short, 2>;
    const auto model = itk::UNetModel::Load(argv[1]);
    auto probability = itk::UNetSegmentFilter<ImageType, ProbabilityImageType>::New();
    probability->SetModel(model);
    probability->SetInput(itk::ReadImage<ImageType>(argv[2]));

    auto threshold = itk::BinaryThresholdImageFilter<ProbabilityImageType, LabelImageType>::New();
    threshold->SetInput(probability->GetOutput());
    threshold->SetLowerThreshold(std::stof(argv[4]));
    threshold->SetInsideValue(1);

    auto cells = itk::ConnectedComponentImageFilter<LabelImageType, LabelImageType>::New();
    cells->SetInput(threshold->GetOutput());

    auto large = itk::RelabelComponentImageFilter<LabelImageType, LabelImageType>::New();
    large->SetInput(cells->GetOutput());
    large->SetMinimumObjectSize(std::stoul(argv[5]));
    itk::WriteImage(large->GetOutput(), argv[3]);
  }
  catch (const std::exception & error)
  {
    std::cerr << error.what() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
