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

#include "itkGTest.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace
{
using Grid = itk::WorkingGrid;
using Box = Grid::Box;
using ExtentType = Grid::ExtentType;
using FactorType = Grid::FactorType;
using BufferType = std::vector<float>;

Box
Whole(const ExtentType & extent)
{
  Box box;
  box.End = extent;
  return box;
}

std::string
Describe(const ExtentType & extent, const FactorType & factor)
{
  std::ostringstream text;
  text << "extent";
  for (const size_t length : extent)
  {
    text << ' ' << length;
  }
  text << ", factor";
  for (const double f : factor)
  {
    text << ' ' << f;
  }
  return text.str();
}

size_t
Offset(const Box & box, const ExtentType & position)
{
  return ((position[2] - box.Begin[2]) * box.GetLength(1) + position[1] - box.Begin[1]) * box.GetLength(0) +
         position[0] - box.Begin[0];
}

/** Calls visitor(position) for each pixel, x fastest. */
template <typename TVisitor>
void
ForEachPixel(const Box & box, const TVisitor & visitor)
{
  ExtentType p;
  for (p[2] = box.Begin[2]; p[2] < box.End[2]; ++p[2])
  {
    for (p[1] = box.Begin[1]; p[1] < box.End[1]; ++p[1])
    {
      for (p[0] = box.Begin[0]; p[0] < box.End[0]; ++p[0])
      {
        visitor(p);
      }
    }
  }
}

BufferType
RandomBuffer(std::mt19937 & random, const Box & box)
{
  BufferType buffer(box.GetNumberOfPixels());
  for (float & value : buffer)
  {
    value = static_cast<float>(random()) / 4.3e9f - 0.3f;
  }
  return buffer;
}

Box
RandomBox(std::mt19937 & random, const ExtentType & extent)
{
  Box box;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    box.Begin[axis] = random() % extent[axis];
    box.End[axis] = box.Begin[axis] + 1 + random() % (extent[axis] - box.Begin[axis]);
  }
  return box;
}

/** The part `box` of a buffer of `from`. */
BufferType
Crop(const BufferType & buffer, const Box & from, const Box & box)
{
  BufferType part;
  ForEachPixel(box, [&](const ExtentType & p) { part.push_back(buffer[Offset(from, p)]); });
  return part;
}

BufferType
ToWorking(const Grid & grid, const BufferType & native)
{
  const Box  to = Whole(grid.GetWorkingExtent());
  BufferType working(to.GetNumberOfPixels(), std::numeric_limits<float>::quiet_NaN());
  grid.ToWorking(native.data(), Whole(grid.GetNativeExtent()), working.data(), to);
  return working;
}

BufferType
ToNative(const Grid & grid, const BufferType & working)
{
  const Box  to = Whole(grid.GetNativeExtent());
  BufferType native(to.GetNumberOfPixels(), std::numeric_limits<float>::quiet_NaN());
  grid.ToNative(working.data(), Whole(grid.GetWorkingExtent()), native.data(), to);
  return native;
}

/** Length of the part of native pixel j that working pixel i covers. */
double
Overlap(size_t i, double factor, size_t j)
{
  return std::max(0.0, std::min((i + 1.0) * factor, j + 1.0) - std::max(i * factor, static_cast<double>(j)));
}

/** The centre of the part of working pixel i that lies in an image of `native` pixels, in native pixels. */
double
Centre(size_t i, double factor, size_t native)
{
  return (i * factor + std::min((i + 1) * factor, static_cast<double>(native))) / 2.0;
}

/** Share of the working pixel i in the value at the centre of native pixel j: a hat from the centre before to the one
 * after, flat beyond the outer centres. */
double
Hat(size_t j, double factor, size_t native, size_t i, size_t working)
{
  const double centre = Centre(i, factor, native);
  const double distance = j + 0.5 - centre;
  const bool   isOuter = distance < 0.0 ? i == 0 : i + 1 == working;
  if (distance == 0.0 || isOuter)
  {
    return 1.0;
  }
  const double neighbour = Centre(distance < 0.0 ? i - 1 : i + 1, factor, native);
  return std::max(0.0, 1.0 - distance / (neighbour - centre));
}

struct Case
{
  ExtentType Extent;
  FactorType Factor;
};

/** Images of 1, 2 and 3 dimensions; factors above and below 1, most of them no whole numbers. */
std::vector<Case>
RandomCases(unsigned int count, bool exact = false)
{
  std::mt19937      random(7);
  std::vector<Case> cases;
  for (unsigned int i = 0; i < count; ++i)
  {
    const unsigned int dimension = 1 + i % 3;
    Case               c{ { { 1, 1, 1 } }, { { 1.0, 1.0, 1.0 } } };
    for (unsigned int axis = 0; axis < dimension; ++axis)
    {
      c.Extent[axis] = 1 + random() % (dimension == 3 ? 11 : 25);
      switch (random() % 4)
      {
        case 0:
          c.Factor[axis] = 1.0;
          break;
        case 1:
          c.Factor[axis] = 1.0 + random() % 4;
          break;
        default:
          c.Factor[axis] = exact ? (1 + random() % 40) / 8.0 : 0.3 + static_cast<double>(random()) / 1e9;
      }
    }
    cases.push_back(c);
  }
  return cases;
}
} // namespace

TEST(WorkingGrid, ExtentIsRoundedUp)
{
  const Grid grid({ { 7, 8, 1 } }, { { 2.0, 2.0, 3.0 } });
  EXPECT_EQ(grid.GetNativeExtent(), (ExtentType{ { 7, 8, 1 } }));
  EXPECT_EQ(grid.GetWorkingExtent(), (ExtentType{ { 4, 4, 1 } }));
  EXPECT_EQ(Grid({ { 10, 9, 4 } }, { { 2.5, 2.5, 0.5 } }).GetWorkingExtent(), (ExtentType{ { 4, 4, 8 } }));
}

TEST(WorkingGrid, RoundingAddsNoPixel)
{
  for (size_t native = 1; native < 60; ++native)
  {
    for (size_t working = 1; working < 60; ++working)
    {
      const double factor = static_cast<double>(native) / static_cast<double>(working);
      const Grid   grid({ { native, 1, 1 } }, { { factor, 1.0, 1.0 } });
      EXPECT_EQ(grid.GetWorkingExtent()[0], working) << native << " / " << factor;
    }
  }
}

TEST(WorkingGrid, FactorOneKeepsEveryPixel)
{
  std::mt19937     random(1);
  const ExtentType extent{ { 9, 5, 4 } };
  const Grid       grid(extent, { { 1.0, 1.0, 1.0 } });
  const auto       image = RandomBuffer(random, Whole(extent));
  EXPECT_EQ(grid.GetWorkingExtent(), extent);
  EXPECT_EQ(ToWorking(grid, image), image);
  EXPECT_EQ(ToNative(grid, image), image);
}

TEST(WorkingGrid, WholeFactorGivesMeansOfBlocks)
{
  const Grid       grid({ { 5, 4, 1 } }, { { 2.0, 2.0, 1.0 } });
  const BufferType image{ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 21, 22, 23, 24, 30, 31, 32, 33, 34 };
  const BufferType means{ 4, 6, 7.5, 25.5, 27.5, 29 };
  EXPECT_EQ(ToWorking(grid, image), means);
}

TEST(WorkingGrid, MeansAgreeWithTheirDefinition)
{
  std::mt19937 random(2);
  for (const auto & [extent, factor] : RandomCases(300))
  {
    const Grid grid(extent, factor);
    const Box  native = Whole(extent);
    const auto image = RandomBuffer(random, native);
    const auto working = ToWorking(grid, image);
    size_t     number = 0;
    double     worst = 0.0;
    ForEachPixel(Whole(grid.GetWorkingExtent()), [&, &f = factor](const ExtentType & w) {
      double sum = 0.0;
      double weights = 0.0;
      ForEachPixel(native, [&](const ExtentType & n) {
        const double weight = Overlap(w[0], f[0], n[0]) * Overlap(w[1], f[1], n[1]) * Overlap(w[2], f[2], n[2]);
        sum += weight * image[Offset(native, n)];
        weights += weight;
      });
      worst = std::max(worst, std::abs(working[number++] - sum / weights));
    });
    EXPECT_LT(worst, 2e-6) << Describe(extent, factor);
  }
}

TEST(WorkingGrid, InterpolationAgreesWithItsDefinition)
{
  std::mt19937 random(3);
  for (const auto & [extent, factor] : RandomCases(300))
  {
    const Grid       grid(extent, factor);
    const ExtentType length = grid.GetWorkingExtent();
    const Box        from = Whole(length);
    const auto       working = RandomBuffer(random, from);
    const auto       native = ToNative(grid, working);
    size_t           number = 0;
    double           worst = 0.0;
    ForEachPixel(Whole(extent), [&, &e = extent, &f = factor](const ExtentType & n) {
      double sum = 0.0;
      ForEachPixel(from, [&](const ExtentType & w) {
        double weight = 1.0;
        for (unsigned int axis = 0; axis < 3; ++axis)
        {
          weight *= Hat(n[axis], f[axis], e[axis], w[axis], length[axis]);
        }
        sum += weight * working[Offset(from, w)];
      });
      worst = std::max(worst, std::abs(native[number++] - sum));
    });
    EXPECT_LT(worst, 2e-6) << Describe(extent, factor);
  }
}

TEST(WorkingGrid, ConstantsStay)
{
  for (const auto & [extent, factor] : RandomCases(300))
  {
    const Grid grid(extent, factor);
    const auto working = ToWorking(grid, BufferType(Whole(extent).GetNumberOfPixels(), 0.7f));
    for (const float value : working)
    {
      EXPECT_NEAR(value, 0.7f, 1e-6f) << Describe(extent, factor);
    }
    for (const float value : ToNative(grid, working))
    {
      EXPECT_NEAR(value, 0.7f, 1e-6f) << Describe(extent, factor);
    }
  }
}

TEST(WorkingGrid, ThereAndBackKeepsRampsWithoutAShift)
{
  size_t cut = 0;
  for (const auto & [native, factor] : RandomCases(300))
  {
    // The mean over whole pixels is the ramp at their centre, also where the image's end cuts the last working pixel.
    const ExtentType extent = native;
    FactorType       whole = factor;
    for (double & f : whole)
    {
      f = std::ceil(f);
    }
    const Grid grid(extent, whole);
    BufferType ramp;
    ForEachPixel(Whole(extent), [&](const ExtentType & p) { ramp.push_back(0.3f * p[0] - 0.2f * p[1] + 0.1f * p[2]); });
    const auto back = ToNative(grid, ToWorking(grid, ramp));
    size_t     number = 0;
    ForEachPixel(Whole(extent), [&](const ExtentType & p) {
      bool inside = true;
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        const size_t last = grid.GetWorkingExtent()[axis] - 1;
        inside = inside && p[axis] + 0.5 >= Centre(0, whole[axis], extent[axis]) &&
                 p[axis] + 0.5 <= Centre(last, whole[axis], extent[axis]);
        cut += inside && p[axis] >= last * whole[axis] && extent[axis] % static_cast<size_t>(whole[axis]) != 0;
      }
      if (inside)
      {
        EXPECT_NEAR(back[number], ramp[number], 1e-5f) << Describe(extent, whole);
      }
      ++number;
    });
  }
  EXPECT_GT(cut, 100u);
}

TEST(WorkingGrid, PartsEqualTheWholeBitForBit)
{
  std::mt19937 random(4);
  for (const auto & [extent, factor] : RandomCases(600))
  {
    const Grid grid(extent, factor);
    const Box  native = Whole(extent);
    const Box  working = Whole(grid.GetWorkingExtent());
    const auto image = RandomBuffer(random, native);
    const auto means = ToWorking(grid, image);
    const auto back = ToNative(grid, means);

    const Box  workingPart = RandomBox(random, working.End);
    const Box  neededNative = grid.NativeBoxOf(workingPart);
    BufferType part(workingPart.GetNumberOfPixels());
    grid.ToWorking(Crop(image, native, neededNative).data(), neededNative, part.data(), workingPart);
    EXPECT_EQ(part, Crop(means, working, workingPart)) << Describe(extent, factor);

    const Box nativePart = RandomBox(random, native.End);
    const Box neededWorking = grid.WorkingBoxOf(nativePart);
    part.resize(nativePart.GetNumberOfPixels());
    grid.ToNative(Crop(means, working, neededWorking).data(), neededWorking, part.data(), nativePart);
    EXPECT_EQ(part, Crop(back, native, nativePart)) << Describe(extent, factor);

    // From more than what is needed.
    part.resize(workingPart.GetNumberOfPixels());
    grid.ToWorking(image.data(), native, part.data(), workingPart);
    EXPECT_EQ(part, Crop(means, working, workingPart)) << Describe(extent, factor);
  }
}

TEST(WorkingGrid, NeededBoxesAreTheSmallest)
{
  std::mt19937 random(5);
  for (const auto & [extent, factor] : RandomCases(300, true))
  {
    const Grid       grid(extent, factor);
    const ExtentType length = grid.GetWorkingExtent();
    const Box        working = RandomBox(random, length);
    const Box        native = RandomBox(random, extent);
    const Box        neededNative = grid.NativeBoxOf(working);
    const Box        neededWorking = grid.WorkingBoxOf(native);
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      std::vector<size_t> used;
      for (size_t j = 0; j < extent[axis]; ++j)
      {
        for (size_t i = working.Begin[axis]; i < working.End[axis]; ++i)
        {
          if (Overlap(i, factor[axis], j) > 0.0)
          {
            used.push_back(j);
          }
        }
      }
      EXPECT_EQ(neededNative.Begin[axis], used.front()) << Describe(extent, factor);
      EXPECT_EQ(neededNative.End[axis], used.back() + 1) << Describe(extent, factor);

      used.clear();
      for (size_t i = 0; i < length[axis]; ++i)
      {
        for (size_t j = native.Begin[axis]; j < native.End[axis]; ++j)
        {
          if (Hat(j, factor[axis], extent[axis], i, length[axis]) > 1e-9)
          {
            used.push_back(i);
          }
        }
      }
      EXPECT_EQ(neededWorking.Begin[axis], used.front()) << Describe(extent, factor);
      EXPECT_EQ(neededWorking.End[axis], used.back() + 1) << Describe(extent, factor);
    }
  }
}

TEST(WorkingGrid, CopyBoxCopiesTheBoxAlone)
{
  std::mt19937 random(6);
  for (unsigned int round = 0; round < 300; ++round)
  {
    const ExtentType extent{ { 1 + random() % 9, 1 + random() % 7, 1 + random() % 5 } };
    const Box        from = RandomBox(random, extent);
    const Box        to = RandomBox(random, extent);
    Box              common;
    bool             meet = true;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      common.Begin[axis] = std::max(from.Begin[axis], to.Begin[axis]);
      common.End[axis] = std::min(from.End[axis], to.End[axis]);
      meet = meet && common.Begin[axis] < common.End[axis];
    }
    if (!meet)
    {
      continue;
    }
    const auto input = RandomBuffer(random, from);
    const auto before = RandomBuffer(random, to);
    auto       expected = before;
    auto       output = before;
    ForEachPixel(common, [&](const ExtentType & p) { expected[Offset(to, p)] = input[Offset(from, p)]; });
    itk::CopyBox(input.data(), from, output.data(), to, common);
    EXPECT_EQ(output, expected);
  }
}
