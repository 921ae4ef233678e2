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
#ifndef Failure_h
#define Failure_h

#include "itkMacro.h"

#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>

/** What went wrong, in one line that names the thing. */
class Failure : public std::runtime_error
{
public:
  using std::runtime_error::runtime_error;
};

/** Makes a Failure of everything that can be printed. */
template <typename... TParts>
Failure
MakeFailure(const TParts &... parts)
{
  std::ostringstream text;
  (text << ... << parts);
  return Failure(text.str());
}

/** The message of an exception alone: on one line, without the place in ITK where it was thrown. */
std::string
GetMessage(const std::exception & error);

/** Does `work`; a complaint of ITK then begins with the name of the file at hand. */
template <typename TWork>
void
WorkOnFile(const std::filesystem::path & path, const TWork & work)
{
  try
  {
    work();
  }
  catch (const itk::ProcessAborted &)
  {
    throw;
  }
  catch (const itk::ExceptionObject & error)
  {
    throw MakeFailure(path.string(), ": ", GetMessage(error));
  }
}

#endif
