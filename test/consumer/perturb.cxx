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
#include "itkOmissionPerturbFilter.h"

#include <fstream>
#include <iostream>
#include <string>

// Two cells of which half are omitted: one is left. On Linux the program must not have loaded LibTorch for it.
int
main()
{
  using LabelImageType = itk::Image<unsigned short, 2>;
  auto labels = LabelImageType::New();
  labels->SetRegions(LabelImageType::SizeType{ { 8, 8 } });
  labels->Allocate(true);
  labels->SetPixel({ { 2, 2 } }, 1);
  labels->SetPixel({ { 5, 5 } }, 2);

  auto omission = itk::OmissionPerturbFilter<LabelImageType>::New();
  omission->SetInput(labels);
  omission->SetRate(0.5);
  omission->Update();
  const auto * output = omission->GetOutput();
  const int    cells = (output->GetPixel({ { 2, 2 } }) == 1) + (output->GetPixel({ { 5, 5 } }) == 2);

  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
  {
    if (line.find("libtorch") != std::string::npos)
    {
      std::cerr << "LibTorch was loaded: " << line << std::endl;
      return 1;
    }
  }
  std::cout << cells << " of 2 cells left" << std::endl;
  return cells == 1 ? 0 : 1;
}
