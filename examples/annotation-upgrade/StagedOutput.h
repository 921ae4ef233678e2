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
#ifndef StagedOutput_h
#define StagedOutput_h

#include <filesystem>
#include <string>
#include <vector>

/** Output that appears whole or not at all.
 *
 * Files are written into a folder beside their place, under the names that they will have; Commit() renames them into
 * place. Without Commit() everything is removed again, folders included that had to be made. */
class StagedOutput
{
public:
  /** \param target  the file or folder to make; what is there already is replaced file by file
   *  \param isFolder  whether it is a folder
   *  \throw Failure if nothing can be written there. */
  StagedOutput(const std::filesystem::path & target, bool isFolder);
  ~StagedOutput();
  StagedOutput(const StagedOutput &) = delete;
  StagedOutput &
  operator=(const StagedOutput &) = delete;

  /** Where to write, instead of in the target itself, a file of the target folder, or the target file without `name`.
   * Folders in between are made. */
  std::filesystem::path
  GetPath(const std::filesystem::path & name = {}) const;

  void
  Commit();

private:
  std::filesystem::path              m_Target;
  bool                               m_IsFolder;
  std::filesystem::path              m_Stage;
  std::vector<std::filesystem::path> m_MadeFolders;
};

/** Writes a text or binary file.
 * \throw Failure if it cannot be written whole. */
void
WriteBytes(const std::filesystem::path & path, const char * bytes, size_t count);

#endif
