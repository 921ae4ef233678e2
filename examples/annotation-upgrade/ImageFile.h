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
#ifndef ImageFile_h
#define ImageFile_h

#include "itkImage.h"
#include "itkImageIOBase.h"
#include "itkProcessObject.h"
#include "itkVectorImage.h"

#include <filesystem>
#include <vector>

/** Everything is a volume in here: a 2-D file has one slice, and is written with two dimensions again. */
using ImageType = itk::VectorImage<float, 3>;
using LabelImageType = itk::Image<unsigned int, 3>;
using ProbabilityImageType = itk::Image<float, 3>;
using RegionType = itk::ImageRegion<3>;

/** How a file holds its pixels. */
struct FileFormat
{
  unsigned int         Dimension{ 2 };
  itk::IOComponentEnum Component{ itk::IOComponentEnum::UCHAR };
  bool                 ReadsInParts{ false }; ///< whether a part can be read without the rest
};

/** A file that is open: a pipeline reads the pixels that it asks for, and no others where the format allows that.
 * Failures name the file. */
template <typename TImage>
struct OpenFile
{
  typename TImage::Pointer                 Image;
  FileFormat                               Format;
  std::vector<itk::ProcessObject::Pointer> Sources; ///< of the image, which does not keep them itself
};
using ImageFile = OpenFile<ImageType>;
using LabelFile = OpenFile<LabelImageType>;

/** Opacity is no channel, and a picture's print resolution no spacing: that is 1 then.
 * \throw Failure that names the file. */
ImageFile
OpenImage(const std::filesystem::path & path);

/** Labels are whole, non-negative values; a colour palette counts by index. Spacing is as in OpenImage().
 * \throw Failure that names the file and, once it is read, the value that cannot be a label. */
LabelFile
OpenLabels(const std::filesystem::path & path);

/** The same with all pixels in memory. */
ImageFile
ReadImage(const std::filesystem::path & path);
LabelFile
ReadLabels(const std::filesystem::path & path);

/** \throw ExceptionObject that names both files, with their grids. */
void
VerifySameGrid(const itk::ImageBase<3> *     first,
               const std::filesystem::path & firstPath,
               const itk::ImageBase<3> *     second,
               const std::filesystem::path & secondPath);

/** The largest number of pixels that are made at once of an image that need not be whole. */
constexpr itk::SizeValueType PixelsOfPart = itk::SizeValueType{ 1 } << 24;

/** The parts in which an image is written: blocks of `block` pixels if the format of `path` takes them one by one, else
 * the whole.
 * \throw Failure if the format cannot hold a volume. */
std::vector<RegionType>
GetParts(const RegionType & image, const itk::Size<3> & block, const std::filesystem::path & path);

/** The largest block of whole slices across `axis` that has no more than PixelsOfPart pixels, or one slice. */
itk::Size<3>
GetBlockOfSlices(const RegionType & image, unsigned int axis);

/** Writes what is in memory of an image of labels or grey values, and reads it back. A whole image is compressed, a
 * part is put into the file, which is made if need be. The component type is that of `format`, or the smallest unsigned
 * one that holds `maximum`.
 *
 * \throw Failure if the file's format cannot hold `maximum` or a volume, or if the file is not what was written. */
void
WriteIntegers(const LabelImageType *        image,
              const FileFormat &            format,
              unsigned int                  maximum,
              const std::filesystem::path & path);

/** The same for the maximum of a whole image. */
void
WriteIntegers(const LabelImageType * image, const FileFormat & format, const std::filesystem::path & path);

/** Writes an image of one slice and reads it back: of 8 or 16 bits as `format` says, else in floating point.
 * \throw Failure if the file is not what was written. */
void
WriteImage(const ImageType * image, const FileFormat & format, const std::filesystem::path & path);

/** \throw Failure if the file's format cannot hold fractions or a volume, or if the file is not what was written. */
void
WriteProbability(const ProbabilityImageType * probability, unsigned int dimension, const std::filesystem::path & path);

/** The file name with an extension whose format keeps labels, or probabilities, exactly: JPEG does not, PNG and BMP
 * have no fractions. */
std::filesystem::path
NameForLabels(const std::filesystem::path & name);
std::filesystem::path
NameForProbability(const std::filesystem::path & name);

#endif
