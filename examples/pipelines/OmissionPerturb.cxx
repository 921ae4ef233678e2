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

// Removes a share of the cells from each slice of a volume of labels: another draw for every slice.
//
//     OmissionPerturb LABELS OUTPUT RATE SEED

#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"
#include "itkOmissionPerturbFilter.h"

#include <cstdlib>
#include <iostream>
#include <string>

int
main(int argc, char * argv[])
{
  if (argc != 5)
  {
    std::cerr << "Usage: OmissionPerturb LABELS OUTPUT RATE SEED" << std::endl;
    return EXIT_FAILURE;
  }
  try
  {
    using LabelImageType = itk::Image<unsigned short, 3>;
    auto filter = itk::OmissionPerturbFilter<LabelImageType>::New();
    filter->SetInput(itk::ReadImage<LabelImageType>(argv[1]));
    filter->SliceBySliceOn();
    filter->SetRate(std::stod(argv[3]));
    filter->SetSeed(static_cast<unsigned int>(std::stoul(argv[4])));
    itk::WriteImage(filter->GetOutput(), argv[2]);
  }
  catch (const std::exception & error)
  {
    std::cerr << error.what() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
