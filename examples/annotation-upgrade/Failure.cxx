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
#include "Failure.h"

#include <regex>

std::string
GetMessage(const std::exception & error)
{
  const auto * const itkError = dynamic_cast<const itk::ExceptionObject *>(&error);
  std::string        text = itkError ? itkError->GetDescription() : error.what();
  text =
    std::regex_replace(text, std::regex("^(ITK ERROR: )?([A-Za-z0-9_<>:, ]+\\((0x[0-9a-fA-F]+|nullptr)\\): )?"), "");
  text = std::regex_replace(text, std::regex("\\s+"), " ");
  return std::regex_replace(text, std::regex("^ | $"), "");
}
