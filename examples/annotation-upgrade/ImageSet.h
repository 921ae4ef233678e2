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
#ifndef ImageSet_h
#define ImageSet_h

#include <filesystem>
#include <string>
#include <vector>

/** Image files that belong together: one file, or those of a folder in natural order (2 before 10). */
class ImageSet
{
public:
  struct File
  {
    std::string           Name; ///< file name without extension, which pairs images with labels
    std::filesystem::path Path;
  };

  /** \throw Failure if the path does not exist or holds no image. */
  explicit ImageSet(const std::filesystem::path & path);

  const std::filesystem::path &
  GetPath() const
  {
    return m_Path;
  }
  bool
  IsFolder() const
  {
    return m_IsFolder;
  }
  size_t
  GetSize() const
  {
    return m_Files.size();
  }
  const File &
  operator[](size_t i) const
  {
    return m_Files[i];
  }

  /** The path of the set, and those of its files. */
  std::vector<std::filesystem::path>
  GetPaths() const;

private:
  std::filesystem::path m_Path;
  bool                  m_IsFolder;
  std::vector<File>     m_Files;
};

/** Makes sure that file i of one set belongs to file i of the other. Two single files belong together whatever their
 * names. \throw Failure that names a file without partner. */
void
VerifyPaired(const ImageSet & first, const ImageSet & second);

/** Whether what is made of a set is a folder: for a folder, and where `output` does not look like an image file. */
bool
WritesFolder(const ImageSet & inputs, const std::filesystem::path & output);

/** The places of what is made of a set: `output`, and, if that is a folder, its files, which are called after those of
 * the set. */
std::vector<std::filesystem::path>
GetOutputs(const ImageSet &              inputs,
           const std::filesystem::path & output,
           std::filesystem::path (*rename)(const std::filesystem::path & name));

/** Makes sure that no output replaces what is read, whatever links lead to it.
 * \throw Failure that names what would be lost. */
void
VerifyKept(const std::vector<std::filesystem::path> & inputs, const std::vector<std::filesystem::path> & outputs);

/** Whether the extension is one that ITK's image formats use. */
bool
HasImageExtension(const std::filesystem::path & path);

#endif
