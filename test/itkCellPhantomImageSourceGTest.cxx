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
#include "itkCellPhantomImageSource.h"

#include "itkGTest.h"
#include "itkImage.h"
#include "itkImageRegionConstIteratorWithIndex.h"
#include "itkStreamingImageFilter.h"
#include "itkThresholdBaseline.h"

#include <cmath>
#include <limits>
#include <map>

namespace
{
using CellType = itk::CellPhantomEnums::CellType;
constexpr CellType allCellTypes[] = { CellType::HL60, CellType::Granulocyte, CellType::Combined };

template <unsigned int VDimension>
using ImageOf = itk::Image<unsigned short, VDimension>;

template <unsigned int VDimension>
using SourceOf = itk::CellPhantomImageSource<ImageOf<VDimension>, ImageOf<VDimension>>;

template <unsigned int VDimension>
typename SourceOf<VDimension>::Pointer
MakeSource(CellType type, const itk::Size<VDimension> & size, uint64_t seed)
{
  const auto source = SourceOf<VDimension>::New();
  source->SetCellType(type);
  source->SetSize(size);
  source->SetSeed(seed);
  return source;
}

template <unsigned int VDimension>
std::vector<typename ImageOf<VDimension>::Pointer>
GetOutputs(SourceOf<VDimension> * source)
{
  return { source->GetOutput(), source->GetLabels(), source->GetCandidates() };
}

/** The images agree wherever `part` has pixels. */
template <typename TImage>
void
ExpectEqual(const TImage * part, const TImage * whole)
{
  itk::ImageRegionConstIterator<TImage> wholePixel(whole, part->GetBufferedRegion());
  for (itk::ImageRegionConstIteratorWithIndex<TImage> pixel(part, part->GetBufferedRegion()); !pixel.IsAtEnd();
       ++pixel, ++wholePixel)
  {
    ASSERT_EQ(pixel.Get(), wholePixel.Get()) << "at " << pixel.GetIndex();
  }
}

/** Number of pieces, joined through faces, of each label but 0. */
template <typename TImage>
std::map<typename TImage::PixelType, unsigned int>
CountPieces(const TImage * labels)
{
  std::map<typename TImage::PixelType, unsigned int> pieces;
  const auto                                         region = labels->GetLargestPossibleRegion();
  const auto                                         visited = TImage::New();
  visited->SetRegions(region);
  visited->Allocate();
  visited->FillBuffer(0);
  std::vector<typename TImage::IndexType> pending;
  for (itk::ImageRegionConstIteratorWithIndex<TImage> pixel(labels, region); !pixel.IsAtEnd(); ++pixel)
  {
    const auto label = pixel.Get();
    const auto visit = [&](const typename TImage::IndexType & index) {
      if (region.IsInside(index) && labels->GetPixel(index) == label && visited->GetPixel(index) == 0)
      {
        visited->SetPixel(index, 1);
        pending.push_back(index);
      }
    };
    if (label == 0 || visited->GetPixel(pixel.GetIndex()) != 0)
    {
      continue;
    }
    ++pieces[label];
    visit(pixel.GetIndex());
    while (!pending.empty())
    {
      const auto index = pending.back();
      pending.pop_back();
      for (unsigned int i = 0; i < TImage::ImageDimension; ++i)
      {
        for (const int step : { -1, 1 })
        {
          auto neighbor = index;
          neighbor[i] += step;
          visit(neighbor);
        }
      }
    }
  }
  return pieces;
}

/** Labels are 1 .. count, each of one piece. */
template <typename TImage>
void
ExpectConnectedLabels(const TImage * labels, size_t count)
{
  const auto pieces = CountPieces(labels);
  EXPECT_EQ(pieces.size(), count);
  for (const auto & entry : pieces)
  {
    EXPECT_LE(entry.first, count);
    EXPECT_EQ(entry.second, 1u) << "label " << entry.first;
  }
}

template <unsigned int VDimension>
void
ExpectValidLabels(const itk::Size<VDimension> & size, unsigned int seeds, double lastSpacing = 1.0)
{
  itk::Vector<double, VDimension> spacing(1.0);
  spacing[VDimension - 1] = lastSpacing;
  for (const CellType type : allCellTypes)
  {
    for (unsigned int seed = 0; seed < seeds; ++seed)
    {
      SCOPED_TRACE(testing::Message() << type << ", seed " << seed);
      const auto source = MakeSource(type, size, seed);
      source->SetSpacing(spacing);
      source->Update();
      const size_t count = source->GetEffectiveNumberOfCells();
      ExpectConnectedLabels(source->GetLabels(), count);
      ExpectConnectedLabels(source->GetCandidates(), type == CellType::Combined ? count : 0);

      const auto * labels = source->GetLabels()->GetBufferPointer();
      const auto * candidates = source->GetCandidates()->GetBufferPointer();
      for (size_t i = 0; i < source->GetLabels()->GetBufferedRegion().GetNumberOfPixels(); ++i)
      {
        ASSERT_FALSE(labels[i] != 0 && candidates[i] != 0);
      }
    }
  }
}

template <unsigned int VDimension>
void
ExpectIndependentOfDivision(const itk::Size<VDimension> & size)
{
  using ImageType = ImageOf<VDimension>;
  for (const CellType type : allCellTypes)
  {
    SCOPED_TRACE(testing::Message() << type);
    const auto source = MakeSource(type, size, 3);
    source->SetNumberOfWorkUnits(1);
    source->Update();
    const auto whole = GetOutputs<VDimension>(source);

    for (const unsigned int workUnits : { 1, 2, 7 })
    {
      const auto other = MakeSource(type, size, 3);
      other->SetNumberOfWorkUnits(workUnits);
      other->Update();
      for (unsigned int i = 0; i < 3; ++i)
      {
        ExpectEqual<ImageType>(GetOutputs<VDimension>(other)[i], whole[i]);
      }
    }
    for (unsigned int i = 0; i < 3; ++i)
    {
      const auto other = MakeSource(type, size, 3);
      const auto streamer = itk::StreamingImageFilter<ImageType, ImageType>::New();
      streamer->SetInput(GetOutputs<VDimension>(other)[i]);
      streamer->SetNumberOfStreamDivisions(5);
      streamer->Update();
      ASSERT_LT(other->GetOutput()->GetBufferedRegion().GetNumberOfPixels(),
                whole[i]->GetBufferedRegion().GetNumberOfPixels());
      ExpectEqual<ImageType>(streamer->GetOutput(), whole[i]);
    }

    auto region = whole[0]->GetLargestPossibleRegion();
    region.ShrinkByRadius(3);
    for (unsigned int i = 0; i < VDimension; ++i)
    {
      region.SetIndex(i, region.GetIndex(i) + 2);
    }
    const auto other = MakeSource(type, size, 3);
    other->GetOutput()->SetRequestedRegion(region);
    other->Update();
    EXPECT_EQ(other->GetLabels()->GetBufferedRegion(), region);
    for (unsigned int i = 0; i < 3; ++i)
    {
      ExpectEqual<ImageType>(GetOutputs<VDimension>(other)[i], whole[i]);
    }
  }
}

/** Dice, pooled over a set, of the best single threshold for that very set. */
template <unsigned int VDimension>
double
GetBestThresholdDice(CellType type, const itk::Size<VDimension> & size, unsigned int seeds)
{
  itk::ThresholdBaseline<ImageOf<VDimension>, ImageOf<VDimension>> baseline;
  for (unsigned int seed = 0; seed < seeds; ++seed)
  {
    const auto source = MakeSource(type, size, seed);
    source->Update();
    baseline.Add(source->GetOutput(), source->GetLabels());
  }
  baseline.Fit();
  return baseline.GetTrainingOverlap().GetDice();
}

template <typename TSource>
void
ExpectRefused(TSource * source, const std::string & word)
{
  try
  {
    source->Update();
    FAIL() << "expected an exception about " << word;
  }
  catch (const itk::ExceptionObject & error)
  {
    EXPECT_NE(std::string(error.GetDescription()).find(word), std::string::npos) << error.GetDescription();
  }
}
} // namespace

TEST(CellPhantomImageSource, Defaults)
{
  const auto source = SourceOf<3>::New();
  EXPECT_STREQ(source->GetNameOfClass(), "CellPhantomImageSource");
  source->Print(std::cout);
  source->UpdateOutputInformation();
  for (const auto & output : GetOutputs<3>(source))
  {
    EXPECT_EQ(output->GetLargestPossibleRegion(), itk::ImageRegion<3>(source->GetSize()));
    EXPECT_EQ(output->GetSpacing(), source->GetSpacing());
    EXPECT_EQ(output->GetBufferedRegion().GetNumberOfPixels(), 0u);
  }
}

TEST(CellPhantomImageSource, SizeOfDefaultCellsFollowsSizeOfImage)
{
  EXPECT_NEAR(MakeSource<2>(CellType::HL60, { { 807, 565 } }, 0)->GetEffectiveCellRadius(), 40.0, 1.0);
  EXPECT_EQ(MakeSource<2>(CellType::HL60, { { 4000, 4000 } }, 0)->GetEffectiveCellRadius(), 40.0);
  EXPECT_EQ(MakeSource<2>(CellType::HL60, { { 64, 64 } }, 0)->GetEffectiveCellRadius(), 6.0);
  EXPECT_GT(MakeSource<2>(CellType::HL60, { { 2000, 2000 } }, 0)->GetEffectiveNumberOfCells(),
            3 * MakeSource<2>(CellType::HL60, { { 1000, 1000 } }, 0)->GetEffectiveNumberOfCells());
  EXPECT_EQ(MakeSource<2>(CellType::HL60, { { 2, 1 } }, 0)->GetEffectiveNumberOfCells(), 1u);
}

TEST(CellPhantomImageSource, LabelsAreConsecutiveConnectedAndDisjoint)
{
  ExpectValidLabels<2>({ { 256, 256 } }, 20);
  ExpectValidLabels<2>({ { 96, 64 } }, 20);
  ExpectValidLabels<2>({ { 200, 80 } }, 20, 2.5);
  ExpectValidLabels<3>({ { 96, 96, 40 } }, 4);
  ExpectValidLabels<3>({ { 48, 48, 80 } }, 2);
  ExpectValidLabels<3>({ { 96, 96, 16 } }, 4, 2.5);
  ExpectValidLabels<3>({ { 128, 128, 1 } }, 4);
}

TEST(CellPhantomImageSource, DoesNotDependOnWorkUnitsAndRequestedRegion)
{
  ExpectIndependentOfDivision<2>({ { 131, 97 } });
  ExpectIndependentOfDivision<3>({ { 61, 47, 33 } });
}

TEST(CellPhantomImageSource, EachSeedGivesAnotherImage)
{
  for (const CellType type : allCellTypes)
  {
    const auto first = MakeSource<2>(type, { { 128, 128 } }, 1);
    const auto second = MakeSource<2>(type, { { 128, 128 } }, uint64_t{ 1 } << 40 | 1);
    first->Update();
    second->Update();
    itk::ForegroundOverlap overlap;
    overlap.Add(first->GetLabels(), second->GetLabels());
    EXPECT_LT(overlap.GetDice(), 0.6) << type;
    size_t equal = 0;
    for (unsigned int i = 0; i < 128 * 128; ++i)
    {
      equal += first->GetOutput()->GetBufferPointer()[i] == second->GetOutput()->GetBufferPointer()[i];
    }
    EXPECT_LT(equal, 128u * 128u / 20u) << type;
  }
}

TEST(CellPhantomImageSource, HonoursCountAndRadius)
{
  for (const CellType type : allCellTypes)
  {
    for (const unsigned int count : { 1, 7, 20 })
    {
      for (const double radius : { 8.0, 16.0 })
      {
        const auto source = MakeSource<2>(type, { { 300, 200 } }, count);
        source->SetNumberOfCells(count);
        source->SetCellRadius(radius);
        source->Update();
        EXPECT_EQ(source->GetEffectiveNumberOfCells(), count);
        EXPECT_EQ(source->GetEffectiveCellRadius(), radius);
        ExpectConnectedLabels(source->GetLabels(), count);
      }
    }
  }
  double area[2] = { 0.0, 0.0 };
  for (const unsigned int i : { 0, 1 })
  {
    const auto source = MakeSource<2>(CellType::HL60, { { 800, 800 } }, 5);
    source->SetNumberOfCells(40);
    source->SetCellRadius(i == 0 ? 15.0 : 30.0);
    source->Update();
    const auto * labels = source->GetLabels()->GetBufferPointer();
    area[i] = static_cast<double>(800 * 800 - std::count(labels, labels + 800 * 800, 0));
    const double expected = 40 * itk::Math::pi * std::pow(source->GetCellRadius(), 2.0);
    EXPECT_GT(area[i], 0.5 * expected);
    EXPECT_LT(area[i], expected);
  }
}

TEST(CellPhantomImageSource, CellsTouch)
{
  const auto source = MakeSource<2>(CellType::HL60, { { 565, 807 } }, 2);
  source->Update();
  const auto * labels = source->GetLabels();
  size_t       contacts = 0;
  for (itk::ImageRegionConstIteratorWithIndex<ImageOf<2>> pixel(labels, labels->GetLargestPossibleRegion());
       !pixel.IsAtEnd();
       ++pixel)
  {
    const auto neighbor = pixel.GetIndex() + itk::Offset<2>{ { 2, 0 } };
    if (labels->GetLargestPossibleRegion().IsInside(neighbor))
    {
      const auto other = labels->GetPixel(neighbor);
      contacts += pixel.Get() != 0 && other != 0 && pixel.Get() != other;
    }
  }
  EXPECT_GT(contacts, 20u);
}

// The geometry is defined in physical space: a volume sampled at half the rate has every second slice of the finer one.
TEST(CellPhantomImageSource, SpacingSamplesTheSameCells)
{
  for (const CellType type : allCellTypes)
  {
    const auto   fine = MakeSource<3>(type, { { 90, 80, 41 } }, 4);
    const auto   coarse = MakeSource<3>(type, { { 90, 80, 21 } }, 4);
    const double spacing[3] = { 1.0, 1.0, 2.0 };
    coarse->SetSpacing(spacing);
    for (const auto & source : { fine, coarse })
    {
      source->SetNumberOfCells(5);
      source->SetCellRadius(13.0);
      source->Update();
    }
    EXPECT_EQ(coarse->GetLabels()->GetSpacing()[2], 2.0);
    for (itk::ImageRegionConstIteratorWithIndex<ImageOf<3>> pixel(coarse->GetLabels(),
                                                                  coarse->GetLabels()->GetLargestPossibleRegion());
         !pixel.IsAtEnd();
         ++pixel)
    {
      auto       index = pixel.GetIndex();
      const auto candidate = coarse->GetCandidates()->GetPixel(index);
      index[2] *= 2;
      ASSERT_EQ(pixel.Get(), fine->GetLabels()->GetPixel(index)) << type << " at " << index;
      ASSERT_EQ(candidate, fine->GetCandidates()->GetPixel(index)) << type << " at " << index;
    }
  }
}

TEST(CellPhantomImageSource, OneThresholdIsNotEnough)
{
  EXPECT_LT(GetBestThresholdDice<2>(CellType::HL60, { { 256, 256 } }, 12), 0.85);
  EXPECT_LT(GetBestThresholdDice<2>(CellType::Granulocyte, { { 256, 256 } }, 12), 0.8);
  EXPECT_LT(GetBestThresholdDice<2>(CellType::Combined, { { 256, 256 } }, 12), 0.7);
  EXPECT_LT(GetBestThresholdDice<2>(CellType::Combined, { { 807, 565 } }, 2), 0.7);
  EXPECT_LT(GetBestThresholdDice<3>(CellType::HL60, { { 128, 128, 32 } }, 3), 0.85);
  EXPECT_LT(GetBestThresholdDice<3>(CellType::Granulocyte, { { 128, 128, 32 } }, 3), 0.8);
  EXPECT_LT(GetBestThresholdDice<3>(CellType::Combined, { { 128, 128, 32 } }, 3), 0.8);
}

// What makes the task feasible: nuclei are brighter than what surrounds them closely.
TEST(CellPhantomImageSource, NucleiStandOutFromTheirSurroundings)
{
  for (const CellType type : { CellType::HL60, CellType::Granulocyte })
  {
    size_t cells = 0;
    size_t visible = 0;
    for (unsigned int seed = 0; seed < 10; ++seed)
    {
      const auto source = MakeSource<2>(type, { { 256, 256 } }, seed);
      source->Update();
      const auto *                                       labels = source->GetLabels();
      const itk::ImageRegion<2>                          region = labels->GetLargestPossibleRegion();
      std::map<unsigned short, std::array<double, 4>>    sums; // inside: sum, count; outside: sum, count
      itk::ImageRegionConstIteratorWithIndex<ImageOf<2>> pixel(labels, region);
      for (; !pixel.IsAtEnd(); ++pixel)
      {
        constexpr int margin = 5;
        const auto    index = pixel.GetIndex();
        const double  intensity = source->GetOutput()->GetPixel(index);
        if (pixel.Get() != 0)
        {
          sums[pixel.Get()][0] += intensity;
          sums[pixel.Get()][1] += 1.0;
          continue;
        }
        for (const auto & offset :
             { itk::Offset<2>{ { margin, 0 } }, { { -margin, 0 } }, { { 0, margin } }, { { 0, -margin } } })
        {
          if (region.IsInside(index + offset) && labels->GetPixel(index + offset) != 0)
          {
            sums[labels->GetPixel(index + offset)][2] += intensity;
            sums[labels->GetPixel(index + offset)][3] += 1.0;
          }
        }
      }
      for (const auto & entry : sums)
      {
        ++cells;
        visible += entry.second[0] / entry.second[1] > 1.2 * entry.second[2] / entry.second[3];
      }
    }
    EXPECT_GT(visible, 0.95 * cells) << type << ": " << visible << " of " << cells;
  }
}

TEST(CellPhantomImageSource, RefusesBadParameters)
{
  const auto make = [] { return MakeSource<2>(CellType::HL60, { { 128, 128 } }, 0); };
  {
    const auto source = make();
    source->SetSize({ { 128, 0 } });
    ExpectRefused(source.GetPointer(), "Size");
  }
  for (const double bad :
       { 0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity() })
  {
    const auto   source = make();
    const double spacing[2] = { 1.0, bad };
    source->SetSpacing(spacing);
    ExpectRefused(source.GetPointer(), "Spacing");
  }
  for (const double bad :
       { -1.0, 5.9, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity() })
  {
    const auto source = make();
    source->SetCellRadius(bad);
    ExpectRefused(source.GetPointer(), "CellRadius");
  }
  {
    const auto source = make();
    source->SetNumberOfCells(5000);
    ExpectRefused(source.GetPointer(), "of 5000 cells");
  }
  {
    using ByteImageType = itk::Image<unsigned char, 2>;
    const auto source = itk::CellPhantomImageSource<ByteImageType, ByteImageType>::New();
    source->SetNumberOfCells(256);
    ExpectRefused(source.GetPointer(), "NumberOfCells");
  }
}

TEST(CellPhantomImageSource, GoesOnAfterARefusal)
{
  const auto source = MakeSource<2>(CellType::HL60, { { 128, 128 } }, 0);
  source->SetCellRadius(1.0);
  EXPECT_THROW(source->Update(), itk::ExceptionObject);
  source->SetCellRadius(0.0);
  EXPECT_NO_THROW(source->Update());
  ExpectConnectedLabels(source->GetLabels(), source->GetEffectiveNumberOfCells());
}

TEST(CellPhantomImageSource, NarrowPixelTypesSaturate)
{
  using ByteImageType = itk::Image<unsigned char, 2>;
  const auto narrow = itk::CellPhantomImageSource<ByteImageType, ImageOf<2>>::New();
  const auto wide = SourceOf<2>::New();
  narrow->Update();
  wide->Update();
  for (size_t i = 0; i < wide->GetOutput()->GetBufferedRegion().GetNumberOfPixels(); ++i)
  {
    ASSERT_EQ(narrow->GetOutput()->GetBufferPointer()[i],
              std::min<unsigned short>(wide->GetOutput()->GetBufferPointer()[i], 255));
  }
}

TEST(HashedNoise, NumbersAreUniformAndNormal)
{
  constexpr size_t count = 200000;
  double           uniformMoments[2] = { 0.0, 0.0 };
  double           normalMoments[2] = { 0.0, 0.0 };
  double           product = 0.0;
  for (uint64_t i = 0; i < count; ++i)
  {
    const double uniform = itk::HashedNoise::Uniform(itk::PerturbHash(1, i));
    const double normal = itk::HashedNoise::Normal(itk::PerturbHash(2, i));
    ASSERT_GE(uniform, 0.0);
    ASSERT_LT(uniform, 1.0);
    uniformMoments[0] += uniform / count;
    uniformMoments[1] += uniform * uniform / count;
    normalMoments[0] += normal / count;
    normalMoments[1] += normal * normal / count;
    product += normal * itk::HashedNoise::Normal(itk::PerturbHash(2, i + 1)) / count;
  }
  const double tolerance = 5.0 / std::sqrt(static_cast<double>(count)); // five standard errors of a unit variance
  EXPECT_NEAR(uniformMoments[0], 0.5, tolerance);
  EXPECT_NEAR(uniformMoments[1], 1.0 / 3.0, tolerance);
  EXPECT_NEAR(normalMoments[0], 0.0, tolerance);
  EXPECT_NEAR(normalMoments[1], 1.0, 1.5 * tolerance);
  EXPECT_NEAR(product, 0.0, tolerance);
}

TEST(HashedNoise, GradientNoiseIsSmoothBoundedAndZeroOnTheLattice)
{
  itk::HashedNoise::Stream stream(7);
  double                   mean = 0.0;
  constexpr unsigned int   count = 20000;
  for (unsigned int i = 0; i < count; ++i)
  {
    itk::HashedNoise::PointType point;
    for (double & coordinate : point)
    {
      coordinate = stream.Uniform(-50.0, 50.0);
    }
    const double value = itk::HashedNoise::Gradient(3, point);
    EXPECT_LE(std::abs(value), 1.5);
    mean += value / count;
    for (unsigned int j = 0; j < 3; ++j)
    {
      auto neighbor = point;
      neighbor[j] += 1e-4;
      EXPECT_NEAR(itk::HashedNoise::Gradient(3, neighbor), value, 1e-3);
    }
    for (double & coordinate : point)
    {
      coordinate = std::floor(coordinate);
    }
    EXPECT_EQ(itk::HashedNoise::Gradient(3, point), 0.0);
  }
  EXPECT_NEAR(mean, 0.0, 0.01);
}
