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
#include "itkGTest.h"

#include "itkUNetTestImages.h"
#include "itkUNetTiles.h"

#include <algorithm>

namespace
{
using Box = itk::UNetTiles::Box;
using Extent = itk::UNetTiles::ExtentType;

std::vector<float>
Noise(size_t count, uint64_t seed)
{
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i)
  {
    values[i] = static_cast<float>(itk::PerturbHash(seed, i) >> 40) / 16777216.0f;
  }
  return values;
}

/** A box of all channels of an image. */
std::vector<float>
Cut(const std::vector<float> & image, const Extent & extent, const Box & box)
{
  const Box          whole{ { { 0, 0, 0 } }, extent };
  const size_t       channels = image.size() / whole.GetNumberOfPixels();
  std::vector<float> part(channels * box.GetNumberOfPixels());
  for (size_t channel = 0; channel < channels; ++channel)
  {
    itk::CopyBox(image.data() + channel * whole.GetNumberOfPixels(),
                 whole,
                 part.data() + channel * box.GetNumberOfPixels(),
                 box,
                 box);
  }
  return part;
}
} // namespace

TEST(UNetTiles, GiveWhatTheWholeImageGives)
{
  for (const unsigned int dimension : { 2u, 3u })
  {
    const auto         model = itk::MakeTestModel(dimension, 1, true, dimension == 2 ? 3 : 2);
    const Extent       extent = dimension == 2 ? Extent{ { 61, 45, 1 } } : Extent{ { 29, 22, 17 } };
    const Box          whole{ { { 0, 0, 0 } }, extent };
    const Box          part{ { { 5, 9, 0 } }, { { 23, 20, dimension == 2 ? size_t{ 1 } : size_t{ 13 } } } };
    const auto         first = Noise(2 * whole.GetNumberOfPixels(), 1);
    const auto         second = Noise(2 * whole.GetNumberOfPixels(), 2);
    std::vector<float> expected[2]{ std::vector<float>(whole.GetNumberOfPixels()),
                                    std::vector<float>(whole.GetNumberOfPixels()) };
    model->Predict(first.data(), extent, expected[0].data());
    model->Predict(second.data(), extent, expected[1].data());
    for (const Box & wanted : { whole, part })
    {
      for (const size_t wish : { size_t{ 0 }, size_t{ 7 }, size_t{ 16 } })
      {
        const size_t         edge = itk::UNetTiles::GetEdge(model, wish);
        const itk::UNetTiles tiles(model, extent, wanted, edge);
        const auto           firstSeen = Cut(first, extent, tiles.GetSeen());
        const auto           secondSeen = Cut(second, extent, tiles.GetSeen());
        std::vector<float>   found[2]{ std::vector<float>(wanted.GetNumberOfPixels()),
                                       std::vector<float>(wanted.GetNumberOfPixels()) };
        std::vector<size_t>  reports;
        tiles.Predict({ firstSeen.data(), secondSeen.data() }, { found[0].data(), found[1].data() }, [&](size_t done) {
          reports.push_back(done);
        });
        EXPECT_EQ(found[0], Cut(expected[0], extent, wanted));
        EXPECT_EQ(found[1], Cut(expected[1], extent, wanted));
        EXPECT_TRUE(std::is_sorted(reports.begin(), reports.end()));
        EXPECT_EQ(reports.back(), 2 * tiles.GetNumberOfTiles());
        EXPECT_EQ(tiles.GetNumberOfTiles() == 1, wish == 0);
      }
    }
  }
}

TEST(UNetTiles, EdgesAreMultiplesOfTheAlignment)
{
  const auto flat = itk::MakeTestModel(2, 1, false, 5);
  EXPECT_EQ(itk::UNetTiles::GetEdge(flat, 0), 1024u);
  EXPECT_EQ(itk::UNetTiles::GetEdge(flat, 1), 16u);
  EXPECT_EQ(itk::UNetTiles::GetEdge(flat, 33), 48u);
  EXPECT_EQ(itk::UNetTiles::GetEdge(itk::MakeTestModel(3, 1, false, 5), 0), 128u);
}

TEST(UNetTiles, HandsOnWhatTheReportThrows)
{
  const auto           model = itk::MakeTestModel(2, 1, false, 3);
  const Box            whole{ { { 0, 0, 0 } }, { { 32, 16, 1 } } };
  const itk::UNetTiles tiles(model, whole.End, whole, 8);
  const auto           input = Noise(whole.GetNumberOfPixels(), 1);
  std::vector<float>   probability(whole.GetNumberOfPixels());
  size_t               reports = 0;
  EXPECT_THROW(tiles.Predict({ input.data() },
                             { probability.data() },
                             [&](size_t) {
                               ++reports;
                               throw itk::ProcessAborted(__FILE__, __LINE__);
                             }),
               itk::ProcessAborted);
  EXPECT_EQ(reports, 1u);
}
