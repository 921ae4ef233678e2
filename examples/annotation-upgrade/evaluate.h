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
#ifndef evaluate_h
#define evaluate_h

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

struct Score
{
  struct Image
  {
    std::string Name;
    double      Dice;
  };
  double             Dice; ///< pooled over the pixels of all images
  std::vector<Image> Images;
};

/** Compares the foreground of label images with that of their references, where these are not `ignoreLabel`. */
Score
Evaluate(const std::filesystem::path & labels,
         const std::filesystem::path & reference,
         std::optional<unsigned int>   ignoreLabel = {});

#endif
