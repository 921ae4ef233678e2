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
#include "StagedOutput.h"

#include "Failure.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <unistd.h>

namespace fs = std::filesystem;

namespace
{
void
Rename(const fs::path & from, const fs::path & to)
{
  std::error_code error;
  fs::rename(from, to, error);
  if (error)
  {
    throw MakeFailure("'", to.string(), "' cannot be written: ", error.message());
  }
}
} // namespace

StagedOutput::StagedOutput(const fs::path & target, bool isFolder)
  : m_Target((target.has_filename() ? target : target.parent_path()).lexically_normal())
  , m_IsFolder(isFolder)
{
  if (fs::exists(m_Target) && fs::is_directory(m_Target) != isFolder)
  {
    throw MakeFailure("'", m_Target.string(), "' is ", isFolder ? "a file, not a folder" : "a folder, not a file");
  }
  const bool     inside = isFolder && fs::exists(m_Target); // it may be another file system than its parent
  const fs::path parent = inside ? m_Target : fs::absolute(m_Target).parent_path();
  for (fs::path folder = parent; !fs::exists(folder); folder = folder.parent_path())
  {
    m_MadeFolders.push_back(folder);
  }
  m_Stage = parent / (".annotation-upgrade-" + std::to_string(getpid()) + "-" + m_Target.filename().string());
  std::error_code error;
  fs::create_directories(m_Stage, error);
  if (error)
  {
    throw MakeFailure("'", m_Target.string(), "' cannot be written: ", error.message());
  }
}

StagedOutput::~StagedOutput()
{
  std::error_code ignored;
  fs::remove_all(m_Stage, ignored);
  for (const auto & folder : m_MadeFolders)
  {
    fs::remove(folder, ignored); // fails, as it should, where something is in it
  }
}

fs::path
StagedOutput::GetPath(const fs::path & name) const
{
  const fs::path path = m_Stage / (m_IsFolder ? name : m_Target.filename());
  fs::create_directories(path.parent_path());
  return path;
}

void
StagedOutput::Commit()
{
  if (m_IsFolder && !fs::exists(m_Target))
  {
    Rename(m_Stage, m_Target);
    return;
  }
  const fs::path destination = m_IsFolder ? m_Target : fs::absolute(m_Target).parent_path();
  for (const auto & entry : fs::recursive_directory_iterator(m_Stage))
  {
    if (!entry.is_directory())
    {
      const fs::path place = destination / entry.path().lexically_relative(m_Stage);
      fs::create_directories(place.parent_path());
      Rename(entry.path(), place);
    }
  }
}

void
WriteBytes(const fs::path & path, const char * bytes, size_t count)
{
  std::ofstream file(path, std::ios::binary);
  file.write(bytes, static_cast<std::streamsize>(count));
  file.close();
  if (!file)
  {
    throw MakeFailure("'", path.filename().string(), "' cannot be written whole: ", std::strerror(errno));
  }
}
