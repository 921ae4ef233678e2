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

#include "itkAnnotationCells.h"
#include "itkPerturbTestImages.h"

#include "itkImage.h"

#include <tuple>

namespace
{
using perturbtest::NewImage;

template <unsigned int VDimension>
using LabelImage = itk::Image<uint16_t, VDimension>;

using Cells = std::vector<std::tuple<size_t, double, double, double>>;

template <unsigned int VDimension>
Cells
Sorted(const itk::AnnotationCells<LabelImage<VDimension>> & found)
{
  Cells cells;
  for (const auto & cell : found.Get())
  {
    cells.emplace_back(cell.Pixels, cell.Sum[0], cell.Sum[1], cell.Sum[2]);
  }
  std::sort(cells.begin(), cells.end());
  return cells;
}

/** Connected parts of `label` by flooding from pixel to pixel. */
template <unsigned int VDimension>
Cells
Flood(LabelImage<VDimension> * image, uint16_t label)
{
  const auto region = image->GetLargestPossibleRegion();
  Cells      cells;
  for (itk::ImageRegionIteratorWithIndex<LabelImage<VDimension>> it(image, region); !it.IsAtEnd(); ++it)
  {
    if (it.Get() != label)
    {
      continue;
    }
    size_t                              pixels = 0;
    std::array<double, 3>               sum{ { 0.0, 0.0, 0.0 } };
    std::vector<itk::Index<VDimension>> todo{ it.GetIndex() };
    it.Set(0);
    while (!todo.empty())
    {
      const auto index = todo.back();
      todo.pop_back();
      ++pixels;
      for (unsigned int axis = 0; axis < VDimension; ++axis)
      {
        sum[axis] += static_cast<double>(index[axis] - region.GetIndex(axis));
        for (const int step : { -1, 1 })
        {
          auto next = index;
          next[axis] += step;
          if (region.IsInside(next) && image->GetPixel(next) == label)
          {
            image->SetPixel(next, 0);
            todo.push_back(next);
          }
        }
      }
    }
    cells.emplace_back(pixels, sum[0], sum[1], sum[2]);
  }
  std::sort(cells.begin(), cells.end());
  return cells;
}

template <unsigned int VDimension>
void
VerifyPartsOfRandomMasks(const itk::Size<VDimension> & size)
{
  itk::Index<VDimension> start;
  start.Fill(-3);
  for (unsigned int seed = 0; seed < 60; ++seed)
  {
    std::mt19937 random(seed);
    const auto   image = NewImage<LabelImage<VDimension>>({ start, size });
    for (itk::ImageRegionIteratorWithIndex<LabelImage<VDimension>> it(image, image->GetLargestPossibleRegion());
         !it.IsAtEnd();
         ++it)
    {
      const auto draw = random() % 100;
      it.Set(draw < 20 + seed ? 255 : (draw > 95 ? 9 : 0)); // from dust to a labyrinth, with ignored pixels
    }
    const itk::AnnotationCells<LabelImage<VDimension>> cells(image, 9);
    EXPECT_FALSE(cells.AreLabelled());
    EXPECT_EQ(Sorted<VDimension>(cells), Flood<VDimension>(image, 255)) << seed;
  }
}
} // namespace

TEST(AnnotationCells, OneLabelStandsForEachOfItsConnectedParts)
{
  VerifyPartsOfRandomMasks<2>({ { 23, 31 } });
  VerifyPartsOfRandomMasks<2>({ { 1, 40 } });
  VerifyPartsOfRandomMasks<3>({ { 11, 9, 7 } });
}

TEST(AnnotationCells, OfSeveralLabelsEachIsACell)
{
  const auto image = NewImage<LabelImage<2>>(LabelImage<2>::RegionType({ { 5, 7 } }, { { 6, 4 } }));
  image->SetPixel({ { 5, 7 } }, 3);
  image->SetPixel({ { 10, 10 } }, 3);
  image->SetPixel({ { 7, 8 } }, 40000);
  image->SetPixel({ { 8, 8 } }, 40000);
  image->SetPixel({ { 9, 9 } }, 1);
  const itk::AnnotationCells<LabelImage<2>> cells(image, 1);
  EXPECT_TRUE(cells.AreLabelled());
  EXPECT_EQ(Sorted<2>(cells), (Cells{ { 2, 5.0, 2.0, 0.0 }, { 2, 5.0, 3.0, 0.0 } }));

  // Without the second label the first one's two pixels are two cells.
  const itk::AnnotationCells<LabelImage<2>> some(image, 40000);
  EXPECT_TRUE(some.AreLabelled());
  image->SetPixel({ { 9, 9 } }, 0);
  const itk::AnnotationCells<LabelImage<2>> one(image, 40000);
  EXPECT_FALSE(one.AreLabelled());
  EXPECT_EQ(Sorted<2>(one), (Cells{ { 1, 0.0, 0.0, 0.0 }, { 1, 5.0, 3.0, 0.0 } }));
}

TEST(AnnotationCells, NoneInAnEmptyAnnotation)
{
  const auto image = NewImage<LabelImage<2>>(LabelImage<2>::RegionType(LabelImage<2>::SizeType{ { 6, 4 } }));
  EXPECT_TRUE(itk::AnnotationCells<LabelImage<2>>(image, std::nullopt).Get().empty());
}
