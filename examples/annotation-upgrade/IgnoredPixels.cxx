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
#include "IgnoredPixels.h"

#include "Failure.h"

#include "itkImageRegionConstIterator.h"
#include "itkImageRegionIterator.h"
#include "itkPerturbLabels.h"
#include "itkUnaryGeneratorImageFilter.h"

#include <algorithm>

void
VerifyIgnoreLabel(const IgnoreLabel & ignoreLabel, unsigned int cells)
{
  if (ignoreLabel && (*ignoreLabel == 0 || *ignoreLabel == cells))
  {
    throw MakeFailure("--ignore-label is ",
                      *ignoreLabel,
                      ", which is the value of ",
                      *ignoreLabel == 0 ? "background" : "cells",
                      "; give ignored pixels one of their own");
  }
}

LabelFile
WithoutIgnored(LabelFile labels, const IgnoreLabel & ignoreLabel)
{
  if (ignoreLabel)
  {
    const auto filter = itk::UnaryGeneratorImageFilter<LabelImageType, LabelImageType>::New();
    filter->SetInput(labels.Image);
    filter->SetFunctor([ignored = *ignoreLabel](const LabelImageType::PixelType & label) {
      return label == ignored ? LabelImageType::PixelType{ 0 } : label;
    });
    filter->UpdateOutputInformation();
    labels.Image = filter->GetOutput();
    labels.Sources.push_back(filter.GetPointer());
  }
  return labels;
}

void
RestoreIgnored(LabelImageType * made, LabelImageType * labels, const IgnoreLabel & ignoreLabel)
{
  if (!ignoreLabel)
  {
    return;
  }
  const RegionType part = made->GetBufferedRegion();
  labels->SetRequestedRegion(part);
  labels->Update();
  unsigned int * const begin = made->GetBufferPointer();
  unsigned int * const end = begin + part.GetNumberOfPixels();
  if (std::find(begin, end, *ignoreLabel) != end)
  {
    itk::PerturbLabelSet<unsigned int> used;
    used.Insert(begin, part.GetNumberOfPixels(), part.GetSize(0));
    const RegionType buffered = labels->GetBufferedRegion();
    used.Insert(labels->GetBufferPointer(), buffered.GetNumberOfPixels(), buffered.GetSize(0));
    std::replace(begin, end, *ignoreLabel, itk::PerturbUnusedLabels<unsigned int>(used.GetSorted()).Next());
  }
  itk::ImageRegionIterator<LabelImageType> to(made, part);
  for (itk::ImageRegionConstIterator<LabelImageType> from(labels, part); !from.IsAtEnd(); ++from, ++to)
  {
    if (from.Get() == *ignoreLabel)
    {
      to.Set(*ignoreLabel);
    }
  }
}
