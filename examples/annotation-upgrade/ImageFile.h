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
#include "itkVectorImage.h"

#include <filesystem>

/** Everything is a volume in here: a 2-D file has one slice, and is written with two dimensions again. */
using ImageType = itk::VectorImage<float, 3>;
using LabelImageType = itk::Image<unsigned int, 3>;
using ProbabilityImageType = itk::Image<float, 3>;

/** How a file held its pixels. */
struct FileFormat
{
  unsigned int         Dimension{ 2 };
  itk::IOComponentEnum Component{ itk::IOComponentEnum::UCHAR };
};

struct ImageFile
{
  ImageType::Pointer Image;
  FileFormat         Format;
};

struct LabelFile
{
  LabelImageType::Pointer Image;
  FileFormat              Format;
};

/** \throw Failure that names the file. */
ImageFile
ReadImage(const std::filesystem::path & path);

/** Reads whole, non-negative values; a colour palette counts by index.
 * \throw Failure that names the file, and the value that cannot be a label. */
LabelFile
ReadLabels(const std::filesystem::path & path);

/** \throw ExceptionObject that names both files, with their grids. */
void
VerifySameGrid(const itk::ImageBase<3> *     first,
               const std::filesystem::path & firstPath,
               const itk::ImageBase<3> *     second,
               const std::filesystem::path & secondPath);

/** Writes labels or grey values with the component type of `format`, or the smallest unsigned one that holds them, and
 * reads back.
 * \throw Failure if the file's format cannot hold the values, or if the file is not what was written. */
void
WriteIntegers(const LabelImageType * image, const FileFormat & format, const std::filesystem::path & path);

void
WriteProbability(const ProbabilityImageType * probability, unsigned int dimension, const std::filesystem::path & path);

/** The file name with an extension whose format keeps labels, or probabilities, exactly: JPEG does not, PNG and BMP
 * have no fractions. */
std::filesystem::path
NameForLabels(const std::filesystem::path & name);
std::filesystem::path
NameForProbability(const std::filesystem::path & name);

#endif
