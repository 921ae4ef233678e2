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
#include "ImageSet.h"

#include "Failure.h"

#include "itkImageIOBase.h"
#include "itkObjectFactoryBase.h"

#include <algorithm>
#include <set>

namespace fs = std::filesystem;

namespace
{
std::string
ToLower(std::string text)
{
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/** Where the extension of `path` begins in its file name; ".nii.gz" is one extension. */
size_t
FindExtension(const fs::path & path)
{
  const std::string name = path.filename().string();
  const std::string lower = ToLower(name);
  const std::string zipped = ".gz";
  const bool        isZipped = lower.size() > zipped.size() && lower.rfind(zipped) == lower.size() - zipped.size();
  const size_t      dot = lower.rfind('.', isZipped ? lower.size() - zipped.size() - 1 : std::string::npos);
  return dot == std::string::npos || dot == 0 ? name.size() : dot;
}

std::string
GetName(const fs::path & path)
{
  return path.filename().string().substr(0, FindExtension(path));
}

/** Without links, and without a separator at the end. */
fs::path
GetRealPath(const fs::path & path)
{
  const fs::path real = fs::weakly_canonical(fs::absolute(path));
  return real.has_filename() ? real : real.parent_path();
}

/** Digits count as numbers: "2" comes before "10". */
bool
NaturallyBefore(const ImageSet::File & first, const ImageSet::File & second)
{
  const std::string & a = first.Name;
  const std::string & b = second.Name;
  const auto          isDigit = [](char c) { return c >= '0' && c <= '9'; };
  size_t              i = 0;
  size_t              j = 0;
  while (i < a.size() && j < b.size())
  {
    if (!isDigit(a[i]) || !isDigit(b[j]))
    {
      if (a[i] != b[j])
      {
        return a[i] < b[j];
      }
      ++i;
      ++j;
      continue;
    }
    const auto takeNumber = [&isDigit](const std::string & text, size_t & k) {
      while (k < text.size() && text[k] == '0')
      {
        ++k;
      }
      const size_t begin = k;
      while (k < text.size() && isDigit(text[k]))
      {
        ++k;
      }
      return text.substr(begin, k - begin);
    };
    const std::string m = takeNumber(a, i);
    const std::string n = takeNumber(b, j);
    if (m != n)
    {
      return m.size() != n.size() ? m.size() < n.size() : m < n;
    }
  }
  if (i != a.size() || j != b.size())
  {
    return i == a.size();
  }
  return a < b;
}
} // namespace

bool
HasImageExtension(const fs::path & path)
{
  static const std::set<std::string> extensions = [] {
    std::set<std::string> all;
    for (const auto & object : itk::ObjectFactoryBase::CreateAllInstance("itkImageIOBase"))
    {
      const auto * const io = dynamic_cast<const itk::ImageIOBase *>(object.GetPointer());
      for (const auto & extension : io->GetSupportedReadExtensions())
      {
        all.insert(ToLower(extension));
      }
    }
    return all;
  }();
  return extensions.count(ToLower(path.filename().string().substr(FindExtension(path)))) == 1;
}

ImageSet::ImageSet(const fs::path & path)
  : m_Path(path)
  , m_IsFolder(fs::is_directory(path))
{
  if (!fs::exists(path))
  {
    throw MakeFailure("'", path.string(), "' does not exist");
  }
  if (!m_IsFolder)
  {
    m_Files.push_back({ GetName(path), path });
    return;
  }
  // The pixels of a header in a file of its own.
  const auto belongsToHeader = [](fs::path file) {
    const std::string name = file.filename().string();
    const size_t      dot = FindExtension(file);
    const std::string extension = ToLower(name.substr(dot));
    return (extension == ".img" || extension == ".img.gz") &&
           (fs::exists(file.replace_filename(name.substr(0, dot) + ".hdr")) ||
            fs::exists(file.replace_filename(name.substr(0, dot) + ".HDR")));
  };
  for (const auto & entry : fs::directory_iterator(path))
  {
    if (belongsToHeader(entry.path()))
    {
      continue;
    }
    if (!entry.is_directory() && entry.path().filename().string()[0] != '.' && HasImageExtension(entry.path()))
    {
      m_Files.push_back({ GetName(entry.path()), entry.path() });
    }
  }
  if (m_Files.empty())
  {
    throw MakeFailure("'", path.string(), "' is a folder without images that ITK reads");
  }
  std::sort(m_Files.begin(), m_Files.end(), NaturallyBefore);
  const auto twins =
    std::adjacent_find(m_Files.begin(), m_Files.end(), [](const File & a, const File & b) { return a.Name == b.Name; });
  if (twins != m_Files.end())
  {
    throw MakeFailure("'",
                      twins->Path.string(),
                      "' and '",
                      twins[1].Path.string(),
                      "' have the same name, so that pairs are not clear; keep one of them in the folder");
  }
}

std::vector<fs::path>
ImageSet::GetPaths() const
{
  std::vector<fs::path> paths{ m_Path };
  for (const File & file : m_Files)
  {
    paths.push_back(file.Path);
  }
  return paths;
}

void
VerifyPaired(const ImageSet & first, const ImageSet & second)
{
  if (!first.IsFolder() && !second.IsFolder())
  {
    return;
  }
  const auto verifyPartners = [](const ImageSet & set, const ImageSet & others) {
    std::set<std::string> names;
    for (size_t i = 0; i < others.GetSize(); ++i)
    {
      names.insert(others[i].Name);
    }
    for (size_t i = 0; i < set.GetSize(); ++i)
    {
      if (names.count(set[i].Name) == 0)
      {
        throw MakeFailure(
          "'", set[i].Path.string(), "' has no partner of the same name in '", others.GetPath().string(), "'");
      }
    }
  };
  verifyPartners(first, second);
  verifyPartners(second, first);
}

bool
WritesFolder(const ImageSet & inputs, const fs::path & output)
{
  return inputs.IsFolder() || fs::is_directory(output) || !HasImageExtension(output);
}

std::vector<fs::path>
GetOutputs(const ImageSet & inputs, const fs::path & output, fs::path (*rename)(const fs::path & name))
{
  std::vector<fs::path> outputs{ output };
  for (size_t i = 0; i < inputs.GetSize() && WritesFolder(inputs, output); ++i)
  {
    outputs.push_back(output / rename(inputs[i].Path.filename()));
  }
  return outputs;
}

void
VerifyKept(const std::vector<fs::path> & inputs, const std::vector<fs::path> & outputs)
{
  std::set<fs::path> kept;
  for (const fs::path & input : inputs)
  {
    kept.insert(GetRealPath(input));
  }
  for (const fs::path & output : outputs)
  {
    if (kept.count(GetRealPath(output)) == 1)
    {
      throw MakeFailure("'", output.string(), "' is read and would be replaced by the output; write to another place");
    }
  }
}
