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
#include "itkUNetModel.h"

#include <iostream>

// A small network with drawn weights gives probabilities.
int
main()
{
  auto model = itk::UNetModel::New();
  model->SetBaseChannels(4);
  model->SetNumberOfLevels(2);
  model->SetDevice("cpu");
  model->Initialize(1);

  const std::vector<float> image(8 * 8, 0.5f);
  std::vector<float>       probability(image.size(), -1.0f);
  model->Predict(image.data(), { { 8, 8, 1 } }, probability.data());
  for (const float p : probability)
  {
    if (!(p >= 0.0f && p <= 1.0f))
    {
      std::cerr << "not a probability: " << p << std::endl;
      return 1;
    }
  }
  std::cout << model->GetNumberOfParameters() << " parameters" << std::endl;
  return 0;
}
