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
#ifndef Checks_h
#define Checks_h

#include <CLI/CLI.hpp>

#include <string>

/** Checks of options, whose complaints say what is wanted. */

inline CLI::Validator
IsShare()
{
  return CLI::Validator(
    [](const std::string & text) {
      double     value = 0.0;
      const bool isShare = CLI::detail::lexical_cast(text, value) && value >= 0.0 && value <= 1.0;
      return isShare ? std::string() : "'" + text + "' is not a number from 0 to 1";
    },
    "");
}

inline CLI::Validator
IsCount(unsigned int minimum = 1)
{
  return CLI::Validator(
    [minimum](const std::string & text) {
      unsigned int value = 0;
      const bool   isCount = text[0] != '-' && CLI::detail::lexical_cast(text, value) && value >= minimum;
      return isCount ? std::string() : "'" + text + "' is not a whole number from " + std::to_string(minimum);
    },
    "");
}

#endif
