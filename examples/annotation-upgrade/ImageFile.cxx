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

#include "itkExtractImageFilter.h"
#include "itkImageAlgorithm.h"
#include "itkImageBufferRange.h"
#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"
#include "itkImageIOFactory.h"
#include "itkImageIORegion.h"
#include "itkImageRegionConstIterator.h"
#include "itkImageRegionIterator.h"
#include "itkImageScanlineConstIterator.h"
#include "itkImageToImageFilter.h"
#include "itkVerifySameGrid.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <limits>
#include <mutex>

namespace fs = std::filesystem;

namespace
{
/** Millimetres between the dots of the finest print. */
constexpr double FinestPrint = 0.02;

/** Finds the reader of a file and checks what can be said without the pixels. */
itk::ImageIOBase::Pointer
FindReader(const fs::path & path)
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
GetFormat(itk::ImageIOBase * io)
{
  FileFormat format;
  format.Dimension = io->GetNumberOfDimensions() <= 2 ? 2 : 3;
  format.Component = io->GetComponentType();
  format.ReadsInParts = io->CanStreamRead();
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

/** Keeps libraries in C, such as the one for TIFF, from writing to stderr while it lives. */
class SilencedStderr
{
#ifdef __GLIBC__ // where stderr is a variable
public:
  SilencedStderr()
  {
    static std::FILE * const nowhere = std::fopen("/dev/null", "w");
    stderr = nowhere ? nowhere : m_Stderr;
  }
  ~SilencedStderr()
  {
    stderr = m_Stderr;
  }
  SilencedStderr(const SilencedStderr &) = delete;
  SilencedStderr &
  operator=(const SilencedStderr &) = delete;

private:
  std::FILE * const m_Stderr{ stderr };
#endif
};

/** What ITK's image libraries say on stderr while it lives; nobody else sees it. */
class CapturedErrors
{
public:
  CapturedErrors()
    : m_Lock(GetMutex())
    , m_Stderr(std::cerr.rdbuf(m_Text.rdbuf()))
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
  static std::mutex &
  GetMutex()
  {
    static std::mutex mutex;
    return mutex;
  }

  std::lock_guard<std::mutex> m_Lock;
  SilencedStderr              m_Silenced;
  std::ostringstream          m_Text;
  std::streambuf * const      m_Stderr;
};

/** Whether the format is one of pictures, whose pixel size is a printer's or a camera's more often than a microscope's.
 */
bool
IsPicture(const fs::path & path)
{
  return HasExtension(path, { ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp" });
}

/** Names the file in what goes wrong, notices files that are cut, and takes a picture's print resolution for no pixel
 * size. */
template <typename TImage>
class FileReader : public itk::ImageFileReader<TImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(FileReader);

  using Self = FileReader;
  using Superclass = itk::ImageFileReader<TImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;

  itkNewMacro(Self);

protected:
  FileReader() = default;
  ~FileReader() override = default;

  void
  GenerateOutputInformation() override
  {
    Superclass::GenerateOutputInformation();
    auto spacing = this->GetOutput()->GetSpacing();
    if (IsPicture(this->GetFileName()) && std::min(spacing[0], spacing[1]) >= FinestPrint)
    {
      spacing[0] = spacing[1] = 1.0;
      this->GetOutput()->SetSpacing(spacing);
    }
  }

  void
  GenerateData() override
  {
    const fs::path       path = this->GetFileName();
    const CapturedErrors errors;
    WorkOnFile(path, [this] { this->Superclass::GenerateData(); });
    if (HasExtension(path, { ".mha", ".mhd" }) && !errors.GetText().empty()) // ITK takes what there is of a cut file
    {
      throw MakeFailure("'", path.string(), "' is damaged: ", GetMessage(Failure(errors.GetText())));
    }
  }
};

/** Leaves out the last channel, which is opacity. */
class OpacityFilter : public itk::ImageToImageFilter<ImageType, ImageType>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(OpacityFilter);

  using Self = OpacityFilter;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;

  itkNewMacro(Self);

protected:
  OpacityFilter() = default;
  ~OpacityFilter() override = default;

  void
  GenerateOutputInformation() override
  {
    this->Superclass::GenerateOutputInformation();
    this->GetOutput()->SetNumberOfComponentsPerPixel(this->GetInput()->GetNumberOfComponentsPerPixel() - 1);
  }

  void
  GenerateData() override
  {
    this->AllocateOutputs();
    const ImageType * const input = this->GetInput();
    ImageType * const       output = this->GetOutput();
    const unsigned int      channels = input->GetNumberOfComponentsPerPixel();
    const RegionType        region = output->GetRequestedRegion();
    for (itk::ImageScanlineConstIterator<ImageType> line(output, region); !line.IsAtEnd(); line.NextLine())
    {
      const float * from = input->GetBufferPointer() + input->ComputeOffset(line.GetIndex()) * channels;
      float *       to = output->GetBufferPointer() + output->ComputeOffset(line.GetIndex()) * (channels - 1);
      for (itk::SizeValueType x = 0; x < region.GetSize(0); ++x, from += channels)
      {
        to = std::copy_n(from, channels - 1, to);
      }
    }
  }
};

/** Whether the last channel is opacity; ITK says that of some formats by the number of channels alone. */
bool
HasOpacity(const itk::ImageIOBase & io)
{
  using Pixel = itk::IOPixelEnum;
  const Pixel pixel = io.GetPixelType();
  return ((pixel == Pixel::RGBA || pixel == Pixel::RGB) && io.GetNumberOfComponents() == 4) ||
         (pixel == Pixel::SCALAR && io.GetNumberOfComponents() == 2);
}

/** Makes labels of values of any kind.
 * \throw Failure that names the file and the value that cannot be a label. */
class LabelFilter : public itk::ImageToImageFilter<itk::Image<double, 3>, LabelImageType>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(LabelFilter);

  using Self = LabelFilter;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;

  itkNewMacro(Self);

  void
  SetPath(const fs::path & path)
  {
    m_Path = path;
  }

protected:
  LabelFilter() = default;
  ~LabelFilter() override = default;

  void
  GenerateData() override
  {
    this->AllocateOutputs();
    constexpr double maximum = std::numeric_limits<LabelImageType::PixelType>::max();
    const RegionType region = this->GetOutput()->GetRequestedRegion();

    itk::ImageRegionConstIterator<InputImageType> from(this->GetInput(), region);
    itk::ImageRegionIterator<LabelImageType>      to(this->GetOutput(), region);
    for (; !from.IsAtEnd(); ++from, ++to)
    {
      const double value = from.Get();
      if (!(value >= 0.0 && value <= maximum && value == std::floor(value)))
      {
        throw MakeFailure("'",
                          m_Path.string(),
                          "' has the value ",
                          value,
                          " at ",
                          from.GetIndex(),
                          "; labels are whole numbers from 0 to ",
                          static_cast<unsigned long>(maximum));
      }
      to.Set(static_cast<unsigned int>(value));
    }
  }

private:
  fs::path m_Path;
};

template <typename TImage>
OpenFile<TImage>
OpenAs(itk::ImageIOBase * io, const fs::path & path)
{
  const auto reader = FileReader<TImage>::New();
  reader->SetImageIO(io);
  reader->SetFileName(path.string());
  WorkOnFile(path, [&] { reader->UpdateOutputInformation(); });
  return { reader->GetOutput(), GetFormat(io), { reader.GetPointer() } };
}

template <typename TImage>
OpenFile<TImage>
ReadWhole(OpenFile<TImage> file)
{
  file.Image->Update();
  file.Image->DisconnectPipeline();
  file.Sources.clear();
  return file;
}

void
VerifyDimensions(const RegionType & image, const fs::path & path)
{
  if (image.GetSize(2) > 1 && HasExtension(path, { ".png", ".jpg", ".jpeg", ".bmp" }))
  {
    throw MakeFailure("'",
                      path.filename().string(),
                      "' cannot hold a volume: the format has two dimensions; choose another, such as .mha or .nrrd");
  }
}

/** Writes what is in memory of an image. */
template <typename TImage>
void
Write(const TImage * image, const fs::path & path)
{
  constexpr unsigned int dimension = TImage::ImageDimension;
  const auto             writer = itk::ImageFileWriter<TImage>::New();
  const auto             whole = image->GetLargestPossibleRegion();
  const auto             part = image->GetBufferedRegion();
  writer->SetInput(image);
  writer->SetFileName(path.string());
  writer->SetUseCompression(part == whole);
  if (part != whole)
  {
    itk::ImageIORegion region(dimension);
    itk::ImageIORegionAdaptor<dimension>::Convert(part, region, whole.GetIndex());
    writer->SetIORegion(region);
  }
  const CapturedErrors errors;
  WorkOnFile(path.filename(), [&] { writer->Update(); });
}

/** The type of an image with as many channels and other pixels. */
template <typename TImage, typename TPixel, unsigned int VDimension>
struct Converted
{
  using Type = itk::Image<TPixel, VDimension>;
};
template <typename TPixel, unsigned int VDimension>
struct Converted<ImageType, TPixel, VDimension>
{
  using Type = itk::VectorImage<TPixel, VDimension>;
};

/** Writes with another pixel type, and two dimensions if that is what is asked for. */
template <typename TOutputPixel, typename TImage>
void
WriteAs(const TImage * image, unsigned int dimension, const fs::path & path)
{
  VerifyDimensions(image->GetLargestPossibleRegion(), path);
  if (dimension == 3)
  {
    const RegionType part = image->GetBufferedRegion();
    const auto       converted = Converted<TImage, TOutputPixel, 3>::Type::New();
    converted->CopyInformation(image);
    converted->SetRequestedRegion(part);
    converted->SetBufferedRegion(part);
    converted->Allocate();
    itk::ImageAlgorithm::Copy(image, converted.GetPointer(), part, part);
    Write(converted.GetPointer(), path);
    return;
  }
  const auto slice = itk::ExtractImageFilter<TImage, typename Converted<TImage, TOutputPixel, 2>::Type>::New();
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
    const RegionType part = image->GetBufferedRegion();
    const auto       reader = itk::ImageFileReader<TImage>::New();
    reader->SetFileName(path.string());
    reader->UpdateOutputInformation();
    reader->GetOutput()->SetRequestedRegion(part);
    reader->Update();
    const auto & written = *image->GetPixelContainer();
    const auto & read = *reader->GetOutput()->GetPixelContainer();
    same = written.Size() == read.Size() && // bytes, since some numbers are not equal to themselves
           std::memcmp(&written[0], &read[0], written.Size() * sizeof(written[0])) == 0;
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
OpenImage(const fs::path & path)
{
  const auto io = FindReader(path);
  auto       file = OpenAs<ImageType>(io, path);
  if (HasOpacity(*io))
  {
    const auto filter = OpacityFilter::New();
    filter->SetInput(file.Image);
    filter->UpdateOutputInformation();
    file.Image = filter->GetOutput();
    file.Sources.push_back(filter.GetPointer());
  }
  return file;
}

LabelFile
OpenLabels(const fs::path & path)
{
  const auto io = FindReader(path);
  io->SetExpandRGBPalette(false);
  WorkOnFile(path, [&] { io->ReadImageInformation(); });
  if (io->GetNumberOfComponents() != 1)
  {
    throw MakeFailure("'", path.string(), "' has ", io->GetNumberOfComponents(), " channels; a label image has one");
  }
  switch (io->GetComponentType())
  {
    case itk::IOComponentEnum::UCHAR:
    case itk::IOComponentEnum::USHORT:
    case itk::IOComponentEnum::UINT:
      return OpenAs<LabelImageType>(io, path);
    default:
      break;
  }
  const auto values = OpenAs<itk::Image<double, 3>>(io, path);
  const auto filter = LabelFilter::New();
  filter->SetInput(values.Image);
  filter->SetPath(path);
  filter->UpdateOutputInformation();
  LabelFile file{ filter->GetOutput(), values.Format, values.Sources };
  file.Sources.push_back(filter.GetPointer());
  return file;
}

ImageFile
ReadImage(const fs::path & path)
{
  return ReadWhole(OpenImage(path));
}

LabelFile
ReadLabels(const fs::path & path)
{
  return ReadWhole(OpenLabels(path));
}

void
VerifySameGrid(const itk::ImageBase<3> * first,
               const fs::path &          firstPath,
               const itk::ImageBase<3> * second,
               const fs::path &          secondPath)
{
  itk::VerifySameGrid<3>(first, firstPath.c_str(), second, secondPath.c_str());
}

std::vector<RegionType>
GetParts(const RegionType & image, const itk::Size<3> & block, const fs::path & path)
{
  VerifyDimensions(image, path);
  const auto io = itk::ImageIOFactory::CreateImageIO(path.string().c_str(), itk::IOFileModeEnum::WriteMode);
  if (image.GetNumberOfPixels() <= PixelsOfPart || io.IsNull() || !io->CanStreamWrite())
  {
    return { image };
  }
  std::vector<RegionType> parts{ image };
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    std::vector<RegionType> divided;
    for (const RegionType & part : parts)
    {
      const itk::SizeValueType length = part.GetSize(axis);
      for (itk::SizeValueType begin = 0; begin < length; begin += block[axis])
      {
        RegionType piece = part;
        piece.SetIndex(axis, part.GetIndex(axis) + static_cast<itk::IndexValueType>(begin));
        piece.SetSize(axis, std::min(block[axis], length - begin));
        divided.push_back(piece);
      }
    }
    parts.swap(divided);
  }
  return parts;
}

itk::Size<3>
GetBlockOfSlices(const RegionType & image, unsigned int axis)
{
  auto block = image.GetSize();
  block[axis] = std::max<itk::SizeValueType>(1, PixelsOfPart / (image.GetNumberOfPixels() / image.GetSize(axis)));
  return block;
}

void
WriteIntegers(const LabelImageType * image, const FileFormat & format, unsigned int maximum, const fs::path & path)
{
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
WriteIntegers(const LabelImageType * image, const FileFormat & format, const fs::path & path)
{
  const itk::ImageBufferRange<const LabelImageType> pixels(*image);
  WriteIntegers(image, format, pixels.empty() ? 0 : *std::max_element(pixels.begin(), pixels.end()), path);
}

void
WriteImage(const ImageType * image, const FileFormat & format, const fs::path & path)
{
  switch (format.Component)
  {
    case itk::IOComponentEnum::UCHAR:
      WriteAs<unsigned char>(image, format.Dimension, path);
      break;
    case itk::IOComponentEnum::USHORT:
      WriteAs<unsigned short>(image, format.Dimension, path);
      break;
    default:
      WriteAs<float>(image, format.Dimension, path);
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
