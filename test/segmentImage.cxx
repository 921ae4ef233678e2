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
// Divides a MetaImage into segments, for segmentation_agreement.py.
//
// segmentImage INPUT OUTPUT SCALE SIGMA MINIMUM_SIZE

#include "itkGraphBasedSegmentationImageFilter.h"
#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"
#include "itkMetaImageIO.h"
#include "itkVectorImage.h"

#include <iostream>
#include <string>

int
main(int argc, char * argv[])
{
  using ImageType = itk::VectorImage<double, 2>;
  using SegmentsType = itk::Image<int, 2>;
  try
  {
    if (argc != 6)
    {
      itkGenericExceptionMacro("Usage: segmentImage INPUT OUTPUT SCALE SIGMA MINIMUM_SIZE");
    }
    const auto reader = itk::ImageFileReader<ImageType>::New();
    reader->SetFileName(argv[1]);
    reader->SetImageIO(itk::MetaImageIO::New());
    const auto filter = itk::GraphBasedSegmentationImageFilter<ImageType, SegmentsType>::New();
    filter->SetInput(reader->GetOutput());
    filter->SetScale(std::stod(argv[3]));
    filter->SetSigma(std::stod(argv[4]));
    filter->SetMinimumSize(std::stoul(argv[5]));
    const auto writer = itk::ImageFileWriter<SegmentsType>::New();
    writer->SetInput(filter->GetOutput());
    writer->SetFileName(argv[2]);
    writer->SetImageIO(itk::MetaImageIO::New());
    writer->Update();
  }
  catch (const std::exception & error)
  {
    std::cerr << error.what() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
