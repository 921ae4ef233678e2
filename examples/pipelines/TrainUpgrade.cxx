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

// Trains an upgrade network on images with good annotations, one label per cell, which it spoils by omission.
//
//     TrainUpgrade MODEL RATE EPOCHS IMAGE LABELS [IMAGE LABELS]...

#include "itkAnnotationSampleSource.h"
#include "itkImageFileReader.h"
#include "itkUNetTrainer.h"

#include <cstdlib>
#include <iostream>
#include <string>

int
main(int argc, char * argv[])
{
  if (argc < 6 || argc % 2 != 0)
  {
    std::cerr << "Usage: TrainUpgrade MODEL RATE EPOCHS IMAGE LABELS [IMAGE LABELS]..." << std::endl;
    return EXIT_FAILURE;
  }
  try
  {
    using ImageType = itk::Image<unsigned short, 2>;
    using LabelImageType = itk::Image<unsigned short, 2>;
    const auto source = itk::AnnotationSampleSource<ImageType, LabelImageType>::New();
    source->SetOmissionRate(std::stod(argv[2]));
    for (int i = 4; i < argc; i += 2)
    {
      source->AddImage(itk::ReadImage<ImageType>(argv[i]), itk::ReadImage<LabelImageType>(argv[i + 1]));
    }

    const auto model = itk::UNetModel::New();
    model->AnnotationInputOn();
    model->SetImageChannels(source->GetChannels());
    model->SetSpacing(source->EstimateSpacing());
    source->Prepare(model);
    model->Initialize(1);

    const auto trainer = itk::UNetTrainer::New();
    trainer->SetModel(model);
    trainer->SetSampleSource(source);
    trainer->SetMaximumEpochs(static_cast<unsigned int>(std::stoul(argv[3])));
    trainer->AddObserver(itk::IterationEvent(), [&trainer](const itk::EventObject &) {
      const auto & epoch = trainer->GetHistory().back();
      std::cerr << "epoch " << epoch.Number << ": validation Dice " << epoch.Dice << std::endl;
    });
    trainer->Train();
    model->Save(argv[1]);
  }
  catch (const std::exception & error)
  {
    std::cerr << error.what() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
