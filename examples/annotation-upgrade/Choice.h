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
#ifndef Choice_h
#define Choice_h

#include <CLI/CLI.hpp>

#include <algorithm>
#include <string>
#include <vector>

// Options whose values are the names of an enumeration, listed in the order of its enumerators.

/** The names, with commas. */
template <typename TNames>
std::string
Join(const TNames & names)
{
  std::string text;
  for (const auto & name : names)
  {
    text += (text.empty() ? "" : ", ") + std::string(name);
  }
  return text;
}

/** The enumerator whose name is at the same place in the list of names. */
template <typename TEnum, typename TNames>
TEnum
FromName(const TNames & names, const std::string & name)
{
  return static_cast<TEnum>(std::find(names.begin(), names.end(), name) - names.begin());
}

template <typename TNames, typename TEnum>
std::string
ToName(const TNames & names, TEnum value)
{
  return names[static_cast<size_t>(value)];
}

/** Refuses what is not in a list of names. */
template <typename TNames>
CLI::Validator
IsOneOf(const TNames & names)
{
  return CLI::IsMember(std::vector<std::string>(names.begin(), names.end())).description("");
}

#endif
