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
// Times the perturbation filters on given images with Google Benchmark.
//
//     perturbBenchmark LABELS.mha [CANDIDATES.mha] [--benchmark_filter=omission --benchmark_format=json ...]
//
// Images of 16-bit labels, 2-D or 3-D. ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS=1 restricts ITK to one thread.

#include "itkBiasPerturbFilter.h"
#include "itkImageFileReader.h"
#include "itkInclusionPerturbFilter.h"
#include "itkMetaImageIO.h"
#include "itkOmissionPerturbFilter.h"
#include "itkSaltAndPepperPerturbFilter.h"

#include <benchmark/benchmark.h>

#include <iostream>
#include <string>

namespace
{
template <typename TFilter>
void
Register(const std::string & name, itk::SmartPointer<TFilter> filter)
{
  benchmark::RegisterBenchmark(name.c_str(), [filter](benchmark::State & state) {
    filter->Update(); // the first time takes longer: the memory of the output is new
    for ([[maybe_unused]] const auto unused : state)
    {
      filter->Modified();
      filter->Update();
    }
  })->Unit(benchmark::kMillisecond);
}

template <unsigned int VDimension>
void
RegisterAll(const std::vector<std::string> & names)
{
  using ImageType = itk::Image<uint16_t, VDimension>;
  using BiasType = itk::BiasPerturbFilter<ImageType>;
  std::vector<typename ImageType::Pointer> images;
  for (const auto & name : names)
  {
    auto reader = itk::ImageFileReader<ImageType>::New();
    reader->SetFileName(name);
    reader->SetImageIO(itk::MetaImageIO::New());
    reader->Update();
    images.push_back(reader->GetOutput());
    images.back()->DisconnectPipeline();
  }
  const auto make = [&images](auto filter) {
    filter->SetInput(images[0]);
    return filter;
  };

  benchmark::RegisterBenchmark("copy", [image = images[0]](benchmark::State & state) {
    const size_t          pixels = image->GetBufferedRegion().GetNumberOfPixels();
    std::vector<uint16_t> copy(pixels);
    for ([[maybe_unused]] const auto unused : state)
    {
      std::copy_n(image->GetBufferPointer(), pixels, copy.data());
      benchmark::ClobberMemory();
    }
  })->Unit(benchmark::kMillisecond);
  Register("omission", make(itk::OmissionPerturbFilter<ImageType>::New()));
  if (images.size() > 1)
  {
    auto inclusion = make(itk::InclusionPerturbFilter<ImageType>::New());
    inclusion->SetCandidatesImage(images[1]);
    Register("inclusion", inclusion);
  }
  Register("salt and pepper", make(itk::SaltAndPepperPerturbFilter<ImageType>::New()));
  for (const auto operation : { BiasType::OperationEnum::Erosion, BiasType::OperationEnum::Dilation })
  {
    for (unsigned int iterations = 1; iterations <= 6; ++iterations)
    {
      auto bias = make(BiasType::New());
      bias->SetOperation(operation);
      bias->SetIterations(iterations);
      std::ostringstream name;
      name << operation << ' ' << iterations;
      Register(name.str(), bias);
    }
  }
  auto perCell = make(BiasType::New());
  perCell->PerCellOn();
  Register("bias per cell", perCell);
}
} // namespace

int
main(int argc, char * argv[])
{
  benchmark::Initialize(&argc, argv);
  try
  {
    const std::vector<std::string> names(argv + 1, argv + argc);
    if (names.empty() || names.size() > 2)
    {
      itkGenericExceptionMacro("Usage: perturbBenchmark LABELS.mha [CANDIDATES.mha] [--benchmark_...]");
    }
    auto metaImage = itk::MetaImageIO::New();
    metaImage->SetFileName(names[0]);
    metaImage->ReadImageInformation();
    metaImage->GetNumberOfDimensions() == 2 ? RegisterAll<2>(names) : RegisterAll<3>(names);
  }
  catch (const std::exception & error)
  {
    std::cerr << error.what() << std::endl;
    return EXIT_FAILURE;
  }
  benchmark::RunSpecifiedBenchmarks();
  return EXIT_SUCCESS;
}
