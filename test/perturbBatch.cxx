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
// Perturbs every image of a stack, for perturb_agreement.py: a stack is a MetaImage with one axis more than its images.
//
// perturbBatch PIXEL_TYPE DIMENSION INPUT OUTPUT SLICE_AXIS FILTER [PARAMETER...]
//
// SLICE_AXIS is -1 for whole images. FILTER and its parameters: omission RATE | inclusion RATE CANDIDATES | bias
// OPERATION ITERATIONS PER_CELL, with Random and 0 for draws of at most 6 | salt-and-pepper PROBABILITY. Image i has
// the seed i.

#include "itkBiasPerturbFilter.h"
#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"
#include "itkInclusionPerturbFilter.h"
#include "itkMetaImageIO.h"
#include "itkOmissionPerturbFilter.h"
#include "itkSaltAndPepperPerturbFilter.h"

#include <iostream>
#include <string>

namespace
{
template <typename TLabelImage>
typename itk::PerturbFilterBase<TLabelImage>::Pointer
MakeFilter(const std::vector<std::string> & arguments, TLabelImage * candidates)
{
  if (arguments[0] == "omission")
  {
    auto filter = itk::OmissionPerturbFilter<TLabelImage>::New();
    filter->SetRate(std::stod(arguments.at(1)));
    return filter.GetPointer();
  }
  if (arguments[0] == "inclusion")
  {
    auto filter = itk::InclusionPerturbFilter<TLabelImage>::New();
    filter->SetRate(std::stod(arguments.at(1)));
    filter->SetCandidatesImage(candidates);
    return filter.GetPointer();
  }
  if (arguments[0] == "salt-and-pepper")
  {
    auto filter = itk::SaltAndPepperPerturbFilter<TLabelImage>::New();
    filter->SetProbability(std::stod(arguments.at(1)));
    return filter.GetPointer();
  }
  if (arguments[0] == "bias")
  {
    using Operation = itk::BiasPerturbFilterEnums::Operation;
    auto filter = itk::BiasPerturbFilter<TLabelImage>::New();
    filter->SetOperation(arguments.at(1) == "Erosion"    ? Operation::Erosion
                         : arguments.at(1) == "Dilation" ? Operation::Dilation
                                                         : Operation::Random);
    filter->SetIterations(static_cast<unsigned int>(std::stoul(arguments.at(2))));
    filter->SetPerCell(std::stoi(arguments.at(3)) != 0);
    return filter.GetPointer();
  }
  itkGenericExceptionMacro("There is no filter " << arguments[0]);
}

template <typename TLabelImage>
void
Run(const std::string &              inputName,
    const std::string &              outputName,
    const int                        sliceAxis,
    const std::vector<std::string> & arguments)
{
  constexpr unsigned int Dimension = TLabelImage::ImageDimension;
  using StackType = itk::Image<typename TLabelImage::PixelType, Dimension + 1>;
  const auto read = [](const std::string & name) {
    auto reader = itk::ImageFileReader<StackType>::New();
    reader->SetFileName(name);
    reader->SetImageIO(itk::MetaImageIO::New());
    reader->Update();
    return typename StackType::Pointer(reader->GetOutput());
  };
  const auto stack = read(inputName);
  const auto candidates = arguments[0] == "inclusion" ? read(arguments.at(2)) : nullptr;

  typename TLabelImage::SizeType size;
  for (unsigned int axis = 0; axis < Dimension; ++axis)
  {
    size[axis] = stack->GetLargestPossibleRegion().GetSize(axis);
  }
  const auto pick = [&size](StackType * images, const size_t number) {
    auto image = TLabelImage::New();
    image->SetRegions(size);
    const auto pixels = image->GetLargestPossibleRegion().GetNumberOfPixels();
    image->GetPixelContainer()->SetImportPointer(images->GetBufferPointer() + number * pixels, pixels, false);
    return image;
  };
  for (size_t number = 0; number < stack->GetLargestPossibleRegion().GetSize(Dimension); ++number)
  {
    const auto image = pick(stack, number);
    const auto candidatesImage = candidates ? pick(candidates, number) : nullptr;
    const auto filter = MakeFilter<TLabelImage>(arguments, candidatesImage);
    filter->SetInput(image);
    filter->SetSeed(number);
    filter->SetSliceBySlice(sliceAxis >= 0);
    filter->SetSliceAxis(sliceAxis >= 0 ? sliceAxis : 0);
    filter->Update();
    const auto * const output = filter->GetOutput()->GetBufferPointer();
    std::copy_n(output, image->GetLargestPossibleRegion().GetNumberOfPixels(), image->GetBufferPointer());
  }

  auto writer = itk::ImageFileWriter<StackType>::New();
  writer->SetInput(stack);
  writer->SetFileName(outputName);
  writer->SetImageIO(itk::MetaImageIO::New());
  writer->Update();
}

template <typename TLabel>
void
Run(const std::vector<std::string> & arguments)
{
  const std::vector<std::string> rest(arguments.begin() + 5, arguments.end());
  if (arguments[1] == "2")
  {
    Run<itk::Image<TLabel, 2>>(arguments[2], arguments[3], std::stoi(arguments[4]), rest);
  }
  else
  {
    Run<itk::Image<TLabel, 3>>(arguments[2], arguments[3], std::stoi(arguments[4]), rest);
  }
}
} // namespace

int
main(int argc, char * argv[])
{
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try
  {
    if (arguments.size() < 6)
    {
      itkGenericExceptionMacro(
        "Usage: perturbBatch PIXEL_TYPE DIMENSION INPUT OUTPUT SLICE_AXIS FILTER [PARAMETER...]");
    }
    if (arguments[0] == "uint8")
    {
      Run<uint8_t>(arguments);
    }
    else if (arguments[0] == "uint16")
    {
      Run<uint16_t>(arguments);
    }
    else if (arguments[0] == "int32")
    {
      Run<int32_t>(arguments);
    }
    else
    {
      itkGenericExceptionMacro("There is no pixel type " << arguments[0]);
    }
  }
  catch (const std::exception & error)
  {
    std::cerr << error.what() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
