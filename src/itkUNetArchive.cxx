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
#include "itkUNetModelImpl.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace itk
{
void
SaveArchive(torch::serialize::OutputArchive & archive, const std::string & fileName)
{
  const std::string partial = fileName + ".part";
  {
    std::ofstream file(partial, std::ios::binary);
    if (file)
    {
      // Through memory: LibTorch's own writer leaves the state of the stream unchecked.
      std::ostringstream bytes(std::ios::binary);
      archive.save_to(bytes);
      file << bytes.str() << std::flush;
    }
    if (!file)
    {
      const std::string reason = std::strerror(errno);
      file.close();
      std::remove(partial.c_str());
      itkGenericExceptionMacro("Cannot write \"" << fileName << "\": " << reason
                                                 << ". Choose a folder that exists, is writable and has space left.");
    }
  }
  std::error_code error;
  std::filesystem::rename(partial, fileName, error);
  if (error)
  {
    std::remove(partial.c_str());
    itkGenericExceptionMacro("Cannot write \"" << fileName << "\": " << error.message() << '.');
  }
}

torch::serialize::InputArchive
LoadArchive(const std::string & fileName, const std::string & kind, const torch::Device & device)
{
  std::ifstream file(fileName, std::ios::binary);
  if (!file)
  {
    itkGenericExceptionMacro("Cannot read " << kind << " \"" << fileName << "\": " << std::strerror(errno) << '.');
  }
  try
  {
    torch::serialize::InputArchive archive;
    archive.load_from(file, device);
    return archive;
  }
  catch (const c10::OutOfMemoryError & error)
  {
    itkGenericExceptionMacro("Cannot read " << kind << " \"" << fileName << "\": " << error.what_without_backtrace());
  }
  catch (const std::exception &)
  {
    itkGenericExceptionMacro("\"" << fileName << "\" is not a " << kind
                                  << ", or it is damaged. Give a file that this software has written.");
  }
}
} // namespace itk
