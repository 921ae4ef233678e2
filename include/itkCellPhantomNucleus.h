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
#ifndef itkCellPhantomNucleus_h
#define itkCellPhantomNucleus_h

#include "itkHashedNoise.h"
#include "itkNumericTraits.h"

#include <algorithm>
#include <vector>

namespace itk
{
/** \class CellPhantomNucleus
 * \brief The nucleus of one simulated cell: deformed ellipsoids joined by bridges, flattened against its neighbours.
 *
 * The shape is known in closed form at every point. Each lobe is star-shaped about its centre, consecutive lobes are
 * joined, and every facet leaves all lobe centres on its inner side, so that a nucleus is connected.
 *
 * \sa CellPhantomScene
 * \ingroup AnnotationUpgrade
 */
class CellPhantomNucleus
{
public:
  using PointType = HashedNoise::PointType;

  /** A nucleus about the origin: round, or `lobed`, with two to four lobes. Where `planar`, lobe centres lie in the
   * xy-plane. `radius`: typical radius of a round nucleus in physical units. */
  CellPhantomNucleus(bool lobed, bool planar, double radius, uint64_t key)
    : m_Key(key)
    , m_GrainSize(radius)
  {
    HashedNoise::Stream stream(key);
    const size_t        count = lobed ? 2 + stream.Below(3) : 1;
    m_LobeRadius = radius * (lobed ? stream.Uniform(0.38, 0.48) : stream.Uniform(0.8, 1.15));
    const double dimming = stream.Uniform(0.4, 1.0);
    m_Brightness = dimming * stream.Uniform(0.9, 2.2);

    PointType       center(0.0);
    PointType       step = stream.Direction(planar);
    const PointType bend = stream.Direction(planar);
    PointType       middle(0.0);
    for (size_t i = 0; i < count; ++i)
    {
      m_Lobes.push_back(MakeLobe(center, m_LobeRadius, stream));
      middle += center / static_cast<double>(count);
      center += step * (1.7 * m_LobeRadius);
      step += bend * stream.Uniform(0.5, 1.2);
      step /= step.GetNorm();
    }
    this->MoveBy(-middle);
    m_Center.Fill(0.0);
    for (const Lobe & lobe : m_Lobes)
    {
      m_Reach = std::max(m_Reach, lobe.center.GetNorm() + MaximumStretch * m_LobeRadius);
    }
  }

  void
  MoveBy(const PointType & offset)
  {
    m_Center += offset;
    for (Lobe & lobe : m_Lobes)
    {
      lobe.center += offset;
    }
  }

  /** Cut off what lies beyond the plane `normal` * x = `offset`. */
  void
  AddFacet(const PointType & normal, double offset)
  {
    m_Facets.push_back({ normal, offset });
  }

  const PointType &
  GetCenter() const
  {
    return m_Center;
  }

  double
  GetLobeRadius() const
  {
    return m_LobeRadius;
  }

  /** Radius of a sphere about the centre that holds the nucleus. */
  double
  GetReach() const
  {
    return m_Reach;
  }

  /** Strength of the stain, 0.4 to 2.2. */
  double
  GetBrightness() const
  {
    return m_Brightness;
  }

  /** How far the lobe centres extend from the centre along a direction. */
  double
  GetExtent(const PointType & direction) const
  {
    double extent = NumericTraits<double>::NonpositiveMin();
    for (const Lobe & lobe : m_Lobes)
    {
      extent = std::max(extent, (lobe.center - m_Center) * direction);
    }
    return extent;
  }

  /** Whether all lobe centres lie in the box from the origin to `corner`. */
  bool
  IsCenteredInside(const PointType & corner) const
  {
    for (const Lobe & lobe : m_Lobes)
    {
      for (unsigned int i = 0; i < 3; ++i)
      {
        if (lobe.center[i] < 0.0 || lobe.center[i] > corner[i])
        {
          return false;
        }
      }
    }
    return true;
  }

  /** Distance to the surface, nearly exact close to it: positive inside, negative outside. */
  double
  GetDepth(const PointType & point) const
  {
    double depth = this->GetLobeDepth(m_Lobes[0], point);
    for (size_t i = 1; i < m_Lobes.size(); ++i)
    {
      depth = this->Join(depth, this->GetLobeDepth(m_Lobes[i], point));
      depth = this->Join(depth, this->GetBridgeDepth(m_Lobes[i - 1].center, m_Lobes[i].center, point));
    }
    for (const Facet & facet : m_Facets)
    {
      depth = std::min(depth, facet.offset - facet.normal * point);
    }
    return depth;
  }

  /** Stain at a point of the given depth relative to the average: clumps of chromatin, and dark holes away from the
   * surface. Grain finer than `blur` (physical units) fades. */
  double
  GetTexture(const PointType & point, double depth, double blur) const
  {
    const PointType local = (point - m_Center) / m_GrainSize;
    const double    hole = HashedNoise::Gradient(PerturbHash(m_Key, 1), local * 1.7);
    const double    inner = std::min(std::max(4.0 * depth / m_GrainSize, 0.0), 1.0);
    double          texture = 1.0 - inner * std::min(std::max(2.5 * (hole - 0.12), 0.0), 0.75);
    double          frequency = 2.6;
    double          amplitude = 0.6;
    for (uint64_t octave = 2; octave < 5; ++octave)
    {
      const double wipe = 2.5 * frequency * blur / m_GrainSize;
      texture += amplitude / (1.0 + wipe * wipe) * HashedNoise::Gradient(PerturbHash(m_Key, octave), local * frequency);
      frequency *= 2.1;
      amplitude *= 0.85;
    }
    return std::max(texture, 0.1);
  }

private:
  struct Lobe
  {
    PointType center;
    PointType axes[3]; // rows of the map of the ellipsoid onto the unit ball
    uint64_t  key;
  };

  struct Facet
  {
    PointType normal;
    double    offset;
  };

  static constexpr double MaximumStretch = 1.5;

  static Lobe
  MakeLobe(const PointType & center, double radius, HashedNoise::Stream & stream)
  {
    Lobe            lobe;
    const PointType first = stream.Direction(false);
    PointType       second = stream.Direction(false);
    second -= first * (first * second);
    while (second.GetSquaredNorm() < 0.01)
    {
      second = stream.Direction(false);
      second -= first * (first * second);
    }
    second /= second.GetNorm();
    lobe.center = center;
    lobe.axes[0] = first / (radius * stream.Uniform(0.85, 1.15));
    lobe.axes[1] = second / (radius * stream.Uniform(0.85, 1.15));
    lobe.axes[2] = CrossProduct(first, second) / radius;
    lobe.key = stream.Draw();
    return lobe;
  }

  double
  GetLobeDepth(const Lobe & lobe, const PointType & point) const
  {
    const PointType offset = point - lobe.center;
    PointType       ball;
    for (unsigned int i = 0; i < 3; ++i)
    {
      ball[i] = lobe.axes[i] * offset;
    }
    const double distance = ball.GetNorm();
    if (distance < 0.4)
    {
      return m_LobeRadius * (1.0 - distance);
    }
    ball /= distance;
    const double    surface = distance > MaximumStretch ? 1.0
                                                        : 1.0 + 0.3 * HashedNoise::Gradient(lobe.key, ball * 1.2) +
                                                         0.07 * HashedNoise::Gradient(lobe.key + 1, ball * 2.9);
    const PointType gradient = lobe.axes[0] * ball[0] + lobe.axes[1] * ball[1] + lobe.axes[2] * ball[2];
    return (surface - distance) / gradient.GetNorm();
  }

  double
  GetBridgeDepth(const PointType & begin, const PointType & end, const PointType & point) const
  {
    const PointType along = end - begin;
    const double    position = ((point - begin) * along) / along.GetSquaredNorm();
    const PointType foot = begin + along * std::min(std::max(position, 0.0), 1.0);
    return 0.45 * m_LobeRadius - (point - foot).GetNorm();
  }

  /** Union with a rounded seam. */
  double
  Join(double first, double second) const
  {
    const double width = 0.35 * m_LobeRadius;
    const double overlap = std::max(width - std::abs(first - second), 0.0);
    return std::max(first, second) + overlap * overlap / (4.0 * width);
  }

  uint64_t           m_Key;
  double             m_GrainSize;
  PointType          m_Center{ 0.0 };
  double             m_LobeRadius;
  double             m_Reach{ 0.0 };
  double             m_Brightness;
  std::vector<Lobe>  m_Lobes;
  std::vector<Facet> m_Facets;
};
} // namespace itk

#endif
