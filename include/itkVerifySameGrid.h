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

#include <iomanip>
#include <limits>
#include <sstream>

namespace itk
{
/** Verify that the pixels of two images lie in the same places: equal regions, spacing and origin equal to 1/1000 of
 * the spacing, and directions whose entries are, since many a file format keeps single precision.
 * \throw ExceptionObject that calls the images by the given names, and tells what differs.
 * \ingroup AnnotationUpgrade */
template <unsigned int VDimension>
void
VerifySameGrid(const ImageBase<VDimension> * image,
               const char *                  name,
               const ImageBase<VDimension> * reference,
               const char *                  referenceName)
{
  constexpr double   tolerance = 1e-3;
  const double       distance = tolerance * reference->GetSpacing().GetVnlVector().min_value();
  std::ostringstream differences;
  differences << std::setprecision(std::numeric_limits<double>::max_digits10);
  const auto compare = [&](const char * what, bool same, const auto & get) {
    if (!same)
    {
      differences << name << " has " << what << ' ' << get(*image) << ", " << referenceName << " has " << what << ' '
                  << get(*reference) << ". ";
    }
  };
  using Image = ImageBase<VDimension>;
  const auto & region = image->GetLargestPossibleRegion();
  const auto & referenceRegion = reference->GetLargestPossibleRegion();
  compare("size", region.GetSize() == referenceRegion.GetSize(), [](const Image & one) {
    return one.GetLargestPossibleRegion().GetSize();
  });
  compare("start index", region.GetIndex() == referenceRegion.GetIndex(), [](const Image & one) {
    return one.GetLargestPossibleRegion().GetIndex();
  });
  compare("spacing",
          image->GetSpacing().GetVnlVector().is_equal(reference->GetSpacing().GetVnlVector(), distance),
          [](const Image & one) { return one.GetSpacing(); });
  compare("origin",
          image->GetOrigin().GetVnlVector().is_equal(reference->GetOrigin().GetVnlVector(), distance),
          [](const Image & one) { return one.GetOrigin(); });
  compare("direction",
          image->GetDirection().GetVnlMatrix().is_equal(reference->GetDirection().GetVnlMatrix(), tolerance),
          [](const Image & one) {
            return vnl_vector<double>(one.GetDirection().GetVnlMatrix().data_block(), VDimension * VDimension);
          });
  if (!differences.str().empty())
  {
    itkGenericExceptionMacro(<< differences.str() << "They must lie on one grid: resample one, or correct its header.");
  }
}
} // namespace itk

#endif
