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
#ifndef itkVerifySameGrid_h
#define itkVerifySameGrid_h

#include "itkImageBase.h"
#include "itkImageToImageFilterCommon.h"

#include <sstream>

namespace itk
{
/** Verify that the pixels of two images lie in the same places: equal regions, and equal spacing, origin and direction
 * within ITK's global default tolerances (1e-6, relative to the spacing).
 * \throw ExceptionObject that calls the images by the given names.
 * \ingroup AnnotationUpgrade */
template <unsigned int VDimension>
void
VerifySameGrid(const ImageBase<VDimension> * image,
               const char *                  name,
               const ImageBase<VDimension> * reference,
               const char *                  referenceName)
{
  const double tolerance = ImageToImageFilterCommon::GetGlobalDefaultCoordinateTolerance() *
                           reference->GetSpacing().GetVnlVector().min_value();
  const double directionTolerance = ImageToImageFilterCommon::GetGlobalDefaultDirectionTolerance();
  if (image->GetLargestPossibleRegion() != reference->GetLargestPossibleRegion() ||
      !image->GetSpacing().GetVnlVector().is_equal(reference->GetSpacing().GetVnlVector(), tolerance) ||
      !image->GetOrigin().GetVnlVector().is_equal(reference->GetOrigin().GetVnlVector(), tolerance) ||
      !image->GetDirection().GetVnlMatrix().is_equal(reference->GetDirection().GetVnlMatrix(), directionTolerance))
  {
    const auto describe = [](std::ostream & os, const char * imageName, const ImageBase<VDimension> * described) {
      os << imageName << " has size " << described->GetLargestPossibleRegion().GetSize() << ", start index "
         << described->GetLargestPossibleRegion().GetIndex() << ", spacing " << described->GetSpacing() << ", origin "
         << described->GetOrigin() << ", direction";
      for (const double entry : described->GetDirection().GetVnlMatrix().as_ref())
      {
        os << ' ' << entry;
      }
      os << ". ";
    };
    std::ostringstream message;
    describe(message, name, image);
    describe(message, referenceName, reference);
    itkGenericExceptionMacro(<< message.str() << "They must lie on one grid: resample one, or correct its header.");
  }
}
} // namespace itk

#endif
