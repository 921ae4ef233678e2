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
#ifndef itkWorkingGrid_h
#define itkWorkingGrid_h

#include "AnnotationUpgradeExport.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace itk
{
/** \class WorkingGrid
 * \brief The grid of pixels that a network sees, and the way to it and back.
 *
 * Buffers are planar: channel slowest, x fastest. Extents are in ITK's order (x, y, z); 2-D images have extent 1 along
 * z. A working pixel i covers the interval [i * factor, (i + 1) * factor) of native pixels, cut at the image's end; its
 * value is the mean over that interval. On the way back, values are interpolated linearly between the centres of
 * working pixels. Every value depends on its own neighbourhood alone, so a part of the grid has the values of the
 * whole.
 *
 * \ingroup AnnotationUpgrade */
class AnnotationUpgrade_EXPORT WorkingGrid
{
public:
  using ExtentType = std::array<size_t, 3>;
  using FactorType = std::array<double, 3>;

  /** A box [Begin, End) on either grid. */
  struct Box
  {
    ExtentType Begin{ { 0, 0, 0 } };
    ExtentType End{ { 0, 0, 0 } };

    size_t
    GetLength(unsigned int axis) const
    {
      return End[axis] - Begin[axis];
    }
    ExtentType
    GetExtent() const
    {
      return { { GetLength(0), GetLength(1), GetLength(2) } };
    }
    size_t
    GetNumberOfPixels() const
    {
      return GetLength(0) * GetLength(1) * GetLength(2);
    }
  };

  /** \param native  extent of the image in pixels
   *  \param factor  size of a working pixel in native pixels, per axis, > 0; 1 keeps the grid */
  WorkingGrid(const ExtentType & native, const FactorType & factor);

  const ExtentType &
  GetNativeExtent() const
  {
    return m_Native;
  }
  /** ceil(native / factor) */
  const ExtentType &
  GetWorkingExtent() const
  {
    return m_Working;
  }

  /** The native pixels that determine a box of working pixels. */
  Box
  NativeBoxOf(const Box & working) const;

  /** The working pixels that determine a box of native pixels. */
  Box
  WorkingBoxOf(const Box & native) const;

  /** Means over working pixels.
   * \param input   one channel of the native box `from`, which holds NativeBoxOf(to)
   * \param output  one channel of the working box `to` */
  void
  ToWorking(const float * input, const Box & from, float * output, const Box & to) const;

  /** Linear interpolation.
   * \param input   one channel of the working box `from`, which holds WorkingBoxOf(to)
   * \param output  one channel of the native box `to` */
  void
  ToNative(const float * input, const Box & from, float * output, const Box & to) const;

private:
  ExtentType m_Native;
  ExtentType m_Working;
  FactorType m_Factor;
};

/** Copies the part `box` from a buffer of box `from` to a buffer of box `to`; both hold it.
 * \ingroup AnnotationUpgrade */
AnnotationUpgrade_EXPORT void
CopyBox(const float *            input,
        const WorkingGrid::Box & from,
        float *                  output,
        const WorkingGrid::Box & to,
        const WorkingGrid::Box & box);
} // namespace itk

#endif
