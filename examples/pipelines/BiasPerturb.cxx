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

// Shrinks or grows each cell by a number of pixels of its own, and writes the outlines of what results.
//
//     BiasPerturb LABELS OUTPUT MAXIMUM_ITERATIONS SEED

#include "itkBiasPerturbFilter.h"
#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"
#include "itkLabelContourImageFilter.h"

#include <cstdlib>
#include <iostream>
#include <string>

int
main(int argc, char * argv[])
{
  if (argc != 5)
  {
    std::cerr << "Usage: BiasPerturb LABELS OUTPUT MAXIMUM_ITERATIONS SEED" << std::endl;
    return EXIT_FAILURE;
  }
  try
  {
    using LabelImageType = itk::Image<unsigned short, 2>;
    auto filter = itk::BiasPerturbFilter<LabelImageType>::New();
    filter->SetInput(itk::ReadImage<LabelImageType>(argv[1]));
    filter->PerCellOn();
    filter->SetMaximumIterations(static_cast<unsigned int>(std::stoul(argv[3])));
    filter->SetSeed(static_cast<unsigned int>(std::stoul(argv[4])));

    auto outlines = itk::LabelContourImageFilter<LabelImageType, LabelImageType>::New();
    outlines->SetInput(filter->GetOutput());
    itk::WriteImage(outlines->GetOutput(), argv[2]);
  }
  catch (const std::exception & error)
  {
    std::cerr << error.what() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
