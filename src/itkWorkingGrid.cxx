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
#include "itkWorkingGrid.h"

#include <algorithm>
#include <cmath>

namespace itk
{
namespace
{
/** Weighted sum of the consecutive inputs from First on. */
struct Stencil
{
  size_t             First;
  std::vector<float> Weights;
};

/** The inputs that make the mean over working pixel `i` of an axis of `native` pixels. */
Stencil
MeanStencil(size_t i, double factor, size_t native)
{
  const double begin = static_cast<double>(i) * factor;
  const double end = std::min(begin + factor, static_cast<double>(native));
  Stencil      stencil;
  stencil.First = std::min(static_cast<size_t>(begin), native - 1);
  for (size_t j = stencil.First; j < native && static_cast<double>(j) < end; ++j)
  {
    const double covered = std::min(end, static_cast<double>(j + 1)) - std::max(begin, static_cast<double>(j));
    stencil.Weights.push_back(static_cast<float>(covered / (end - begin)));
  }
  return stencil;
}

/** The inputs that make the value at the centre of native pixel `i` from an axis of `working` pixels. */
Stencil
LinearStencil(size_t i, double factor, size_t native, size_t working)
{
  const double centre = static_cast<double>(i) + 0.5;
  const double last = static_cast<double>(working - 1);
  const double lastCentre = (last * factor + static_cast<double>(native)) / 2.0; // the image's end cuts that pixel
  const double lastButOneCentre = (last - 0.5) * factor;
  double       position = centre / factor - 0.5;
  if (centre > lastButOneCentre)
  {
    position = last - (lastCentre - centre) / (lastCentre - lastButOneCentre);
  }
  position = std::clamp(position, 0.0, last);
  const auto first = static_cast<size_t>(position);
  const auto weight = static_cast<float>(position - static_cast<double>(first));
  if (weight == 0.0f)
  {
    return { first, { 1.0f } };
  }
  return { first, { 1.0f - weight, weight } };
}

using Box = WorkingGrid::Box;

/** From one axis of the box `from` to the pixels that the stencils make. */
void
ResampleAxis(const float *                input,
             const Box &                  from,
             float *                      output,
             const std::vector<Stencil> & stencils,
             unsigned int                 axis)
{
  size_t inner = 1;
  for (unsigned int i = 0; i < axis; ++i)
  {
    inner *= from.GetLength(i);
  }
  const size_t length = from.GetLength(axis);
  const size_t outer = from.GetNumberOfPixels() / inner / length;
  for (size_t o = 0; o < outer; ++o)
  {
    const float * const slab = input + (o * length - from.Begin[axis]) * inner;
    for (const Stencil & stencil : stencils)
    {
      // Pieces that stay in the cache while they are summed.
      constexpr size_t piece = 2048;
      for (size_t begin = 0; begin < inner; begin += piece)
      {
        const size_t  count = std::min(piece, inner - begin);
        const float * source = slab + stencil.First * inner + begin;
        std::fill_n(output + begin, count, 0.0f);
        for (const float weight : stencil.Weights)
        {
          for (size_t k = 0; k < count; ++k)
          {
            output[begin + k] += weight * source[k];
          }
          source += inner;
        }
      }
      output += inner;
    }
  }
}

/** Resamples axis by axis in the given order, leaving out the axes whose factor is 1. */
template <typename TMakeStencil>
void
Resample(const float *                       input,
         const Box &                         from,
         float *                             output,
         const Box &                         to,
         const WorkingGrid::FactorType &     factor,
         const std::array<unsigned int, 3> & order,
         TMakeStencil                        makeStencil)
{
  std::vector<float> current;
  Box                box = from;
  for (const unsigned int axis : order)
  {
    if (box.Begin[axis] == to.Begin[axis] && box.End[axis] == to.End[axis] && factor[axis] == 1.0)
    {
      continue;
    }
    std::vector<Stencil> stencils;
    for (size_t i = to.Begin[axis]; i < to.End[axis]; ++i)
    {
      stencils.push_back(makeStencil(i, axis));
    }
    Box next = box;
    next.Begin[axis] = to.Begin[axis];
    next.End[axis] = to.End[axis];
    std::vector<float> resampled(next.GetNumberOfPixels());
    ResampleAxis(current.empty() ? input : current.data(), box, resampled.data(), stencils, axis);
    current.swap(resampled);
    box = next;
  }
  const float * result = current.empty() ? input : current.data();
  std::copy(result, result + to.GetNumberOfPixels(), output);
}
} // namespace

WorkingGrid::WorkingGrid(const ExtentType & native, const FactorType & factor)
  : m_Native(native)
  , m_Factor(factor)
{
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    // A length that rounding lifts just above a whole number is that number.
    m_Working[axis] =
      std::max<size_t>(1, static_cast<size_t>(std::ceil(static_cast<double>(native[axis]) / factor[axis] - 1e-6)));
  }
}

WorkingGrid::Box
WorkingGrid::NativeBoxOf(const Box & working) const
{
  Box native;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    native.Begin[axis] = MeanStencil(working.Begin[axis], m_Factor[axis], m_Native[axis]).First;
    const Stencil last = MeanStencil(working.End[axis] - 1, m_Factor[axis], m_Native[axis]);
    native.End[axis] = last.First + last.Weights.size();
  }
  return native;
}

WorkingGrid::Box
WorkingGrid::WorkingBoxOf(const Box & native) const
{
  Box working;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    working.Begin[axis] = LinearStencil(native.Begin[axis], m_Factor[axis], m_Native[axis], m_Working[axis]).First;
    const Stencil last = LinearStencil(native.End[axis] - 1, m_Factor[axis], m_Native[axis], m_Working[axis]);
    working.End[axis] = last.First + last.Weights.size();
  }
  return working;
}

void
WorkingGrid::ToWorking(const float * input, const Box & from, float * output, const Box & to) const
{
  // Most pixels go with the axis along which they lie farthest apart.
  Resample(input, from, output, to, m_Factor, { { 2, 1, 0 } }, [this](size_t i, unsigned int axis) {
    return MeanStencil(i, m_Factor[axis], m_Native[axis]);
  });
}

void
WorkingGrid::ToNative(const float * input, const Box & from, float * output, const Box & to) const
{
  // What lies outside along the slowest axis is not needed, and most pixels come with it.
  const unsigned int slowest = from.GetLength(2) > 1 ? 2 : 1;
  const Box          needed = this->WorkingBoxOf(to);
  Box                part = from;
  part.Begin[slowest] = needed.Begin[slowest];
  part.End[slowest] = needed.End[slowest];
  const size_t offset =
    (part.Begin[slowest] - from.Begin[slowest]) * (from.GetNumberOfPixels() / from.GetLength(slowest));
  Resample(input + offset, part, output, to, m_Factor, { { 0, 1, 2 } }, [this](size_t i, unsigned int axis) {
    return LinearStencil(i, m_Factor[axis], m_Native[axis], m_Working[axis]);
  });
}

void
CopyBox(const float * input, const Box & from, float * output, const Box & to, const Box & box)
{
  const auto row = [](const Box & outer, size_t x, size_t y, size_t z) {
    return ((z - outer.Begin[2]) * outer.GetLength(1) + y - outer.Begin[1]) * outer.GetLength(0) + x - outer.Begin[0];
  };
  for (size_t z = box.Begin[2]; z < box.End[2]; ++z)
  {
    for (size_t y = box.Begin[1]; y < box.End[1]; ++y)
    {
      std::copy_n(input + row(from, box.Begin[0], y, z), box.GetLength(0), output + row(to, box.Begin[0], y, z));
    }
  }
}
} // namespace itk
