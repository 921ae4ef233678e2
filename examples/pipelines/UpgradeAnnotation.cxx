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

// Mends the annotation of a volume of any size: it is read, upgraded and written in parts (formats such as MetaImage
// allow that), and tells how far it is.
//
//     UpgradeAnnotation MODEL IMAGE LABELS OUTPUT PARTS

#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"
#include "itkUpgradeAnnotationFilter.h"

#include <cstdlib>
#include <iostream>
#include <string>

int
main(int argc, char * argv[])
{
  if (argc != 6)
  {
    std::cerr << "Usage: UpgradeAnnotation MODEL IMAGE LABELS OUTPUT PARTS" << std::endl;
    return EXIT_FAILURE;
  }
  try
  {
    using ImageType = itk::Image<unsigned short, 3>;
    using LabelImageType = itk::Image<unsigned short, 3>;
    using OutputImageType = itk::Image<unsigned char, 3>;
    auto image = itk::ImageFileReader<ImageType>::New();
    image->SetFileName(argv[2]);
    auto labels = itk::ImageFileReader<LabelImageType>::New();
    labels->SetFileName(argv[3]);

    const auto model = itk::UNetModel::Load(argv[1]);
    auto filter = itk::UpgradeAnnotationFilter<ImageType, LabelImageType, OutputImageType>::New();
    filter->SetModel(model);
    filter->SetInput(image->GetOutput());
    filter->SetAnnotationImage(labels->GetOutput());

    auto writer = itk::ImageFileWriter<OutputImageType>::New();
    writer->SetInput(filter->GetOutput());
    writer->SetFileName(argv[4]);
    writer->SetNumberOfStreamDivisions(static_cast<unsigned int>(std::stoul(argv[5])));
    writer->AddObserver(itk::ProgressEvent(), [&writer](const itk::EventObject &) {
      std::cerr << '\r' << static_cast<int>(100.0f * writer->GetProgress()) << " % " << std::flush;
    });
    writer->Update();
    std::cerr << std::endl;
  }
  catch (const std::exception & error)
  {
    std::cerr << error.what() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
