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
#include "ImageFile.h"

#include "Failure.h"

#include "itkCastImageFilter.h"
#include "itkExtractImageFilter.h"
#include "itkImageBufferRange.h"
#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"
#include "itkImageIOFactory.h"
#include "itkImageRegionConstIterator.h"
#include "itkImageRegionIterator.h"
#include "itkVerifySameGrid.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iostream>
#include <limits>

namespace fs = std::filesystem;

namespace
{
/** Finds the reader of a file and checks what can be said without the pixels. */
itk::ImageIOBase::Pointer
OpenImage(const fs::path & path)
{
  if (!fs::exists(path))
  {
    throw MakeFailure("'", path.string(), "' does not exist");
  }
  const auto io = itk::ImageIOFactory::CreateImageIO(path.string().c_str(), itk::IOFileModeEnum::ReadMode);
  if (io.IsNull())
  {
    throw MakeFailure("'", path.string(), "' is no image that ITK can read");
  }
  io->SetFileName(path.string());
  io->SetExpandRGBPalette(true);
  WorkOnFile(path, [&] { io->ReadImageInformation(); });
  for (unsigned int axis = 3; axis < io->GetNumberOfDimensions(); ++axis)
  {
    if (io->GetDimensions(axis) > 1)
    {
      throw MakeFailure("'", path.string(), "' has ", io->GetNumberOfDimensions(), " dimensions; 2 or 3 are possible");
    }
  }
  return io;
}

FileFormat
GetFormat(const itk::ImageIOBase * io)
{
  FileFormat format;
  format.Dimension = io->GetNumberOfDimensions() <= 2 ? 2 : 3;
  format.Component = io->GetComponentType();
  return format;
}

bool
HasExtension(const fs::path & path, std::initializer_list<const char *> extensions)
{
  std::string extension = path.extension().string();
  for (char & c : extension)
  {
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return std::find(extensions.begin(), extensions.end(), extension) != extensions.end();
}

/** What ITK's image libraries say on stderr while it lives; nobody else sees it. */
class CapturedErrors
{
public:
  CapturedErrors()
    : m_Stderr(std::cerr.rdbuf(m_Text.rdbuf()))
  {}
  ~CapturedErrors() { std::cerr.rdbuf(m_Stderr); }
  CapturedErrors(const CapturedErrors &) = delete;
  CapturedErrors &
  operator=(const CapturedErrors &) = delete;

  std::string
  GetText() const
  {
    return m_Text.str();
  }

private:
  std::ostringstream     m_Text;
  std::streambuf * const m_Stderr;
};

template <typename TImage>
typename TImage::Pointer
ReadAs(itk::ImageIOBase * io, const fs::path & path)
{
  const auto reader = itk::ImageFileReader<TImage>::New();
  reader->SetImageIO(io);
  reader->SetFileName(path.string());
  const CapturedErrors errors;
  WorkOnFile(path, [&] { reader->Update(); });
  if (HasExtension(path, { ".mha", ".mhd" }) && !errors.GetText().empty()) // ITK takes what there is of a cut file
  {
    throw MakeFailure("'", path.string(), "' is damaged: ", GetMessage(Failure(errors.GetText())));
  }
  return reader->GetOutput();
}

LabelImageType::Pointer
ToLabels(const itk::Image<double, 3> * values, const fs::path & path)
{
  auto labels = LabelImageType::New();
  labels->CopyInformation(values);
  labels->SetRegions(values->GetBufferedRegion());
  labels->Allocate();
  constexpr double maximum = std::numeric_limits<LabelImageType::PixelType>::max();

  itk::ImageRegionConstIterator<itk::Image<double, 3>> from(values, values->GetBufferedRegion());
  itk::ImageRegionIterator<LabelImageType>             to(labels, labels->GetBufferedRegion());
  for (; !from.IsAtEnd(); ++from, ++to)
  {
    const double value = from.Get();
    if (!(value >= 0.0 && value <= maximum && value == std::floor(value)))
    {
      throw MakeFailure("'",
                        path.string(),
                        "' has the value ",
                        value,
                        " at ",
                        from.GetIndex(),
                        "; labels are whole numbers from 0 to ",
                        static_cast<unsigned long>(maximum));
    }
    to.Set(static_cast<unsigned int>(value));
  }
  return labels;
}

template <typename TImage>
void
Write(const TImage * image, const fs::path & path)
{
  const auto writer = itk::ImageFileWriter<TImage>::New();
  writer->SetInput(image);
  writer->SetFileName(path.string());
  writer->UseCompressionOn();
  const CapturedErrors errors;
  WorkOnFile(path.filename(), [&] { writer->Update(); });
}

/** Writes with another pixel type, and two dimensions if that is what is asked for. */
template <typename TOutputPixel, typename TImage>
void
WriteAs(const TImage * image, unsigned int dimension, const fs::path & path)
{
  if (dimension == 3)
  {
    const auto cast = itk::CastImageFilter<TImage, itk::Image<TOutputPixel, 3>>::New();
    cast->SetInput(image);
    cast->Update();
    Write(cast->GetOutput(), path);
    return;
  }
  const auto slice = itk::ExtractImageFilter<TImage, itk::Image<TOutputPixel, 2>>::New();
  auto       region = image->GetLargestPossibleRegion();
  region.SetSize(2, 0);
  slice->SetInput(image);
  slice->SetExtractionRegion(region);
  slice->SetDirectionCollapseToSubmatrix();
  slice->Update();
  Write(slice->GetOutput(), path);
}

/** ITK does not notice a full disk. */
template <typename TImage>
void
VerifyWritten(const TImage * image, const fs::path & path)
{
  bool                 same = false;
  const CapturedErrors errors;
  try
  {
    const auto reader = itk::ImageFileReader<TImage>::New();
    reader->SetFileName(path.string());
    reader->Update();
    const itk::ImageBufferRange<const TImage> written(*image);
    const itk::ImageBufferRange<const TImage> read(*reader->GetOutput());
    same = std::equal(written.begin(), written.end(), read.begin(), read.end());
  }
  catch (const itk::ExceptionObject &)
  {}
  if (!same)
  {
    throw MakeFailure(
      "'", path.filename().string(), "' could not be written: what was read back differs. Is the disk full?");
  }
}

/** Whether the format that the file name asks for keeps values of this type as they are. */
bool
KeepsExactly(const fs::path & path, itk::IOComponentEnum component)
{
  if (HasExtension(path, { ".jpg", ".jpeg" }))
  {
    return false;
  }
  if (HasExtension(path, { ".bmp" }))
  {
    return component == itk::IOComponentEnum::UCHAR;
  }
  if (HasExtension(path, { ".png" }))
  {
    return component == itk::IOComponentEnum::UCHAR || component == itk::IOComponentEnum::USHORT;
  }
  return true;
}

/** Writes as `TPixel` if that holds the values and the format holds that. */
template <typename TPixel>
bool
WriteIfItFits(const LabelImageType * image, unsigned int dimension, unsigned int maximum, const fs::path & path)
{
  const bool fits = maximum <= static_cast<unsigned long long>(std::numeric_limits<TPixel>::max()) &&
                    KeepsExactly(path, itk::ImageIOBase::MapPixelType<TPixel>::CType);
  if (fits)
  {
    WriteAs<TPixel>(image, dimension, path);
  }
  return fits;
}

bool
WriteWithComponent(const LabelImageType * image, const FileFormat & format, unsigned int maximum, const fs::path & path)
{
  switch (format.Component)
  {
    case itk::IOComponentEnum::CHAR:
      return WriteIfItFits<signed char>(image, format.Dimension, maximum, path);
    case itk::IOComponentEnum::USHORT:
      return WriteIfItFits<unsigned short>(image, format.Dimension, maximum, path);
    case itk::IOComponentEnum::SHORT:
      return WriteIfItFits<short>(image, format.Dimension, maximum, path);
    case itk::IOComponentEnum::UINT:
      return WriteIfItFits<unsigned int>(image, format.Dimension, maximum, path);
    case itk::IOComponentEnum::INT:
      return WriteIfItFits<int>(image, format.Dimension, maximum, path);
    default:
      return false;
  }
}

fs::path
ReplaceLossyExtension(const fs::path & name, std::initializer_list<const char *> lossy, const char * extension)
{
  return HasExtension(name, lossy) ? fs::path(name).replace_extension(extension) : name;
}
} // namespace

ImageFile
ReadImage(const fs::path & path)
{
  const auto io = OpenImage(path);
  ImageFile  file;
  file.Format = GetFormat(io);
  file.Image = ReadAs<ImageType>(io, path);
  return file;
}

LabelFile
ReadLabels(const fs::path & path)
{
  const auto io = OpenImage(path);
  io->SetExpandRGBPalette(false);
  WorkOnFile(path, [&] { io->ReadImageInformation(); });
  if (io->GetNumberOfComponents() != 1)
  {
    throw MakeFailure("'", path.string(), "' has ", io->GetNumberOfComponents(), " channels; a label image has one");
  }
  LabelFile file;
  file.Format = GetFormat(io);
  switch (file.Format.Component)
  {
    case itk::IOComponentEnum::UCHAR:
    case itk::IOComponentEnum::USHORT:
    case itk::IOComponentEnum::UINT:
      file.Image = ReadAs<LabelImageType>(io, path);
      break;
    default:
      file.Image = ToLabels(ReadAs<itk::Image<double, 3>>(io, path), path);
  }
  return file;
}

void
VerifySameGrid(const itk::ImageBase<3> * first,
               const fs::path &          firstPath,
               const itk::ImageBase<3> * second,
               const fs::path &          secondPath)
{
  itk::VerifySameGrid<3>(first, firstPath.c_str(), second, secondPath.c_str());
}

void
WriteIntegers(const LabelImageType * image, const FileFormat & format, const fs::path & path)
{
  const itk::ImageBufferRange<const LabelImageType> pixels(*image);
  const unsigned int maximum = pixels.empty() ? 0 : *std::max_element(pixels.begin(), pixels.end());
  if (!WriteWithComponent(image, format, maximum, path) &&
      !WriteIfItFits<unsigned char>(image, format.Dimension, maximum, path) &&
      !WriteIfItFits<unsigned short>(image, format.Dimension, maximum, path) &&
      !WriteIfItFits<unsigned int>(image, format.Dimension, maximum, path))
  {
    throw MakeFailure("'",
                      path.filename().string(),
                      "' cannot hold values up to ",
                      maximum,
                      " exactly; choose another format, such as .mha or .nrrd");
  }
  VerifyWritten(image, path);
}

void
WriteProbability(const ProbabilityImageType * probability, unsigned int dimension, const fs::path & path)
{
  if (!KeepsExactly(path, itk::IOComponentEnum::FLOAT))
  {
    throw MakeFailure(
      "'", path.filename().string(), "' cannot hold fractions; choose another format, such as .tif or .mha");
  }
  WriteAs<float>(probability, dimension, path);
  VerifyWritten(probability, path);
}

fs::path
NameForLabels(const fs::path & name)
{
  return ReplaceLossyExtension(name, { ".jpg", ".jpeg" }, ".png");
}

fs::path
NameForProbability(const fs::path & name)
{
  return ReplaceLossyExtension(name, { ".jpg", ".jpeg", ".png", ".bmp" }, ".tif");
}
