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
#ifndef Images_h
#define Images_h

#include "itkImage.h"
#include "itkVectorImage.h"

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/tuple.h>

#include <algorithm>
#include <type_traits>

namespace nb = nanobind;

/** Start index, spacing, origin and direction (by rows) along x, y, z. An image of two dimensions uses the first two.
 */
using Grid =
  std::tuple<std::array<itk::IndexValueType, 3>, std::array<double, 3>, std::array<double, 3>, std::array<double, 9>>;

template <typename TImage>
constexpr bool HasChannels =
  std::is_base_of_v<itk::VectorImage<typename TImage::InternalPixelType, TImage::ImageDimension>, TImage>;

/** Pixels in NumPy's order, z (of a volume) first and channels (of a vector image) last; may be read-only. */
template <typename TImage>
using ArrayOf = nb::ndarray<const typename TImage::InternalPixelType,
                            nb::ndim<TImage::ImageDimension + HasChannels<TImage>>,
                            nb::c_contig,
                            nb::device::cpu>;

template <typename TImage>
void
SetGrid(TImage & image, const Grid & grid)
{
  const auto & [index, spacing, origin, direction] = grid;
  constexpr unsigned int dimension = TImage::ImageDimension;

  typename TImage::RegionType    region = image.GetLargestPossibleRegion();
  typename TImage::DirectionType matrix;
  for (unsigned int row = 0; row < dimension; ++row)
  {
    region.SetIndex(row, index[row]);
    for (unsigned int column = 0; column < dimension; ++column)
    {
      matrix(row, column) = direction[3 * row + column];
    }
  }
  image.SetRegions(region);
  image.SetSpacing(spacing.data());
  image.SetOrigin(origin.data());
  image.SetDirection(matrix);
}

/** An image that uses the memory of an array, which has to outlive it. */
template <typename TImage>
typename TImage::Pointer
Import(const ArrayOf<TImage> & array, const Grid & grid)
{
  constexpr unsigned int dimension = TImage::ImageDimension;
  const auto             image = TImage::New();

  typename TImage::SizeType size;
  for (unsigned int axis = 0; axis < dimension; ++axis)
  {
    size[axis] = array.shape(dimension - 1 - axis);
  }
  image->SetRegions(size);
  SetGrid(*image, grid);
  if constexpr (HasChannels<TImage>)
  {
    image->SetNumberOfComponentsPerPixel(static_cast<unsigned int>(array.shape(dimension)));
  }
  using Component = typename TImage::InternalPixelType;
  image->GetPixelContainer()->SetImportPointer(const_cast<Component *>(array.data()), array.size(), false);
  return image;
}

/** An array that uses the memory of a scalar image, and keeps it alive. */
template <typename TImage>
nb::object
Export(TImage * image)
{
  constexpr unsigned int        dimension = TImage::ImageDimension;
  std::array<size_t, dimension> shape;
  for (unsigned int axis = 0; axis < dimension; ++axis)
  {
    shape[axis] = image->GetBufferedRegion().GetSize(dimension - 1 - axis);
  }
  using Pointer = typename TImage::Pointer;
  const nb::capsule owner(new Pointer(image), [](void * pointer) noexcept { delete static_cast<Pointer *>(pointer); });
  return nb::cast(nb::ndarray<nb::numpy, typename TImage::PixelType, nb::ndim<dimension>>(
    image->GetBufferPointer(), dimension, shape.data(), owner));
}

#endif
