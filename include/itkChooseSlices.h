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
#ifndef itkChooseSlices_h
#define itkChooseSlices_h

#include "itkIntTypes.h"
#include "itkMacro.h"

#include <vector>

namespace itk
{
/** A slice of one of several volumes, both counted from 0.
 * \ingroup AnnotationUpgrade */
struct ChosenSlice
{
  SizeValueType Volume;
  SizeValueType Slice;
};

/** Choose the slices to annotate well, far from each other (Vadineanu et al., J. Imaging 2024, 10(7), 172, Sec. 2.1.1):
 * every volume is cut into as many equal sections as slices are wanted, K, and slice k, from 0, is the middle of
 * section k of volume k mod V, where V is the number of volumes. Where the middle lies between two slices it is the
 * later one.
 *
 * \param numberOfSlices  of each volume; leave out slices without cells before
 * \param count  how many slices to choose, K
 * \throw ExceptionObject if a volume has too few slices, so that one would be chosen twice.
 * \ingroup AnnotationUpgrade */
inline std::vector<ChosenSlice>
ChooseSlices(const std::vector<SizeValueType> & numberOfSlices, SizeValueType count)
{
  const SizeValueType      volumes = numberOfSlices.size();
  std::vector<ChosenSlice> chosen;
  if (volumes == 0 && count > 0)
  {
    itkGenericExceptionMacro("There is no volume to choose " << count << " slices from.");
  }
  for (SizeValueType k = 0; k < count; ++k)
  {
    const SizeValueType volume = k % volumes;
    const SizeValueType slice = (2 * k + 1) * numberOfSlices[volume] / (2 * count);
    if (numberOfSlices[volume] == 0 || (k >= volumes && chosen[k - volumes].Slice == slice))
    {
      itkGenericExceptionMacro("Volume " << volume << " has " << numberOfSlices[volume]
                                         << " slices, too few for its share of " << count << " slices from " << volumes
                                         << " volumes. Choose fewer slices, or leave out this volume.");
    }
    chosen.push_back({ volume, slice });
  }
  return chosen;
}
} // namespace itk

#endif
