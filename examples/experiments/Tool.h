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
#ifndef Tool_h
#define Tool_h

#include "CommonOptions.h"

#include <filesystem>
#include <string>
#include <vector>

using Words = std::vector<std::string>;

/** The words of a text with options as for a command line. */
Words
Split(const std::string & options);

/** Makes files and folders with the sub-commands of annotation-upgrade.
 *
 * What was made before by the same words is taken as it is, so that experiments share what they have in common and go
 * on where they were stopped. Everything lies in the folder `made` of the current one, and `commands.txt` has a line
 * for each that was made, which may be repeated by hand. */
class Tool
{
public:
  explicit Tool(CommonOptions common);

  /** \param kind  begins the name of the result
   *  \param words  sub-command and options, without --output and those of CommonOptions but for --seed
   *  \param extension  of a result that is a file
   *  \return the result's path. */
  std::filesystem::path
  Make(const std::string & kind, const Words & words, const std::string & extension = {}) const;

  const CommonOptions &
  GetCommonOptions() const
  {
    return m_Common;
  }

  /** Where a result of this kind that depends on `words` belongs. */
  static std::filesystem::path
  PlaceFor(const std::string & kind, const Words & words, const std::string & extension = {});

private:
  CommonOptions m_Common;
};

#endif
