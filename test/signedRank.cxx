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
// Tests pairs of scores, for statistics_agreement.py. Standard input has, for each test, the number of pairs and then
// the pairs; standard output gets a line with statistic and p-value for each.

#include "itkWilcoxonSignedRankTest.h"

#include <iomanip>
#include <iostream>
#include <limits>

int
main()
{
  std::cout << std::setprecision(std::numeric_limits<double>::max_digits10);
  for (size_t pairs = 0; std::cin >> pairs;)
  {
    std::vector<double> first(pairs);
    std::vector<double> second(pairs);
    for (size_t i = 0; i < pairs; ++i)
    {
      std::cin >> first[i] >> second[i];
    }
    const itk::WilcoxonSignedRankTest test(first, second);
    std::cout << test.GetStatistic() << ' ' << test.GetPValue() << '\n';
  }
  return std::cin.eof() ? EXIT_SUCCESS : EXIT_FAILURE;
}
