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
#include "itkUNetTiles.h"

#include <algorithm>

namespace itk
{
UNetTiles::UNetTiles(const UNetModel * model, const ExtentType & extent, const Box & wanted, const size_t edge)
  : m_Model(model)
  , m_Wanted(wanted)
{
  const unsigned int dimension = model->GetDimension();
  const size_t       alignment = model->GetAlignment();
  const size_t       margin = model->GetMargin();
  const auto         alignDown = [alignment](size_t position) { return position / alignment * alignment; };
  ExtentType         count{ { 1, 1, 1 } };
  for (unsigned int i = 0; i < dimension; ++i)
  {
    count[i] = (wanted.End[i] - alignDown(wanted.Begin[i]) + edge - 1) / edge;
  }
  for (size_t t = 0; t < count[0] * count[1] * count[2]; ++t)
  {
    const ExtentType position{ { t % count[0], t / count[0] % count[1], t / count[0] / count[1] } };
    Tile             tile{ wanted, { { { 0, 0, 0 } }, extent } };
    for (unsigned int i = 0; i < dimension; ++i)
    {
      const size_t begin = alignDown(wanted.Begin[i]) + position[i] * edge;
      tile.Core.Begin[i] = std::max(wanted.Begin[i], begin);
      tile.Core.End[i] = std::min(wanted.End[i], begin + edge);
      tile.Seen.Begin[i] = begin - std::min(begin, margin);
      tile.Seen.End[i] = std::min(extent[i], alignDown(tile.Core.End[i] + alignment - 1) + margin);
    }
    m_Tiles.push_back(tile);
  }
  m_Seen = { m_Tiles.front().Seen.Begin, m_Tiles.back().Seen.End };
}

size_t
UNetTiles::GetEdge(const UNetModel * model, const size_t wish)
{
  const size_t alignment = model->GetAlignment();
  const size_t edge = wish > 0 ? wish : (model->GetDimension() == 2 ? 1024 : 128);
  return (edge + alignment - 1) / alignment * alignment;
}

size_t
UNetTiles::GetBatchSize() const
{
  return m_Tiles.size() > 1 ? 1 : m_Model->GetBatchSize(m_Tiles.front().Seen.GetExtent());
}

void
UNetTiles::Predict(const std::vector<const float *> &  inputs,
                   const std::vector<float *> &        probabilities,
                   const std::function<void(size_t)> & report) const
{
  const size_t       pixels = m_Seen.GetNumberOfPixels();
  const unsigned int channels = m_Model->GetNumberOfInputChannels();
  const size_t       total = inputs.size() * m_Tiles.size();
  const auto         tileOf = [this](const size_t i) -> const Tile & { return m_Tiles[i % m_Tiles.size()]; };
  for (size_t done = 0; done < total;)
  {
    const auto   extent = tileOf(done).Seen.GetExtent();
    const size_t seenPixels = tileOf(done).Seen.GetNumberOfPixels();
    const size_t limit = std::min(total, done + m_Model->GetBatchSize(extent));
    size_t       end = done + 1;
    while (end < limit && tileOf(end).Seen.GetExtent() == extent)
    {
      ++end;
    }

    std::vector<float> seen(seenPixels * channels * (end - done));
    std::vector<float> seenProbability(seenPixels * (end - done));
    float *            plane = seen.data();
    for (size_t i = done; i < end; ++i)
    {
      const Box & box = tileOf(i).Seen;
      for (unsigned int channel = 0; channel < channels; ++channel, plane += seenPixels)
      {
        CopyBox(inputs[i / m_Tiles.size()] + channel * pixels, m_Seen, plane, box, box);
      }
    }
    m_Model->Predict(seen.data(), extent, seenProbability.data(), end - done);
    for (size_t i = done; i < end; ++i)
    {
      CopyBox(seenProbability.data() + (i - done) * seenPixels,
              tileOf(i).Seen,
              probabilities[i / m_Tiles.size()],
              m_Wanted,
              tileOf(i).Core);
    }
    done = end;
    report(done);
  }
}
} // namespace itk
