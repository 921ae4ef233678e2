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
#ifndef itkHashedNoise_h
#define itkHashedNoise_h

#include "itkPerturbRandomStream.h"
#include "itkVector.h"

#include <cmath>

namespace itk
{
/** \class HashedNoise
 * \brief Random numbers and smooth noise that are functions of a key, so that any part of an image can be made alone.
 *
 * Only exactly rounded operations (+, -, *, /, square root) are used: no table, no state, no std:: distribution.
 *
 * \ingroup AnnotationUpgrade
 */
class HashedNoise
{
public:
  using PointType = Vector<double, 3>;

  /** Uniform on [0, 1). */
  static double
  Uniform(uint64_t hash)
  {
    return static_cast<double>(hash >> 11) * (1.0 / 9007199254740992.0);
  }

  /** Mean 0, variance 1, bell-shaped within +-3.5: the sum of four uniform numbers. */
  static double
  Normal(uint64_t hash)
  {
    const uint64_t sum = (hash & 0xFFFFu) + ((hash >> 16) & 0xFFFFu) + ((hash >> 32) & 0xFFFFu) + (hash >> 48);
    return (static_cast<double>(sum) * (1.0 / 65536.0) - 2.0) * 1.7320508075688772;
  }

  /** Gradient noise (Perlin 2002): smooth, mean 0, within about +-1, features of size 1, independent for each key. */
  static double
  Gradient(uint64_t key, const PointType & point)
  {
    int64_t cell[3];
    double  low[3];
    double  blend[3];
    for (unsigned int i = 0; i < 3; ++i)
    {
      cell[i] = static_cast<int64_t>(std::floor(point[i]));
      const double t = low[i] = point[i] - static_cast<double>(cell[i]);
      blend[i] = t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
    }
    double sum = 0.0;
    for (unsigned int z = 0; z < 2; ++z)
    {
      const uint64_t keyZ = PerturbHash(key, static_cast<uint64_t>(cell[2] + z));
      const double   weightZ = z ? blend[2] : 1.0 - blend[2];
      for (unsigned int y = 0; y < 2; ++y)
      {
        const uint64_t keyY = PerturbHash(keyZ, static_cast<uint64_t>(cell[1] + y));
        const double   weightYZ = (y ? blend[1] : 1.0 - blend[1]) * weightZ;
        for (unsigned int x = 0; x < 2; ++x)
        {
          const uint64_t hash = PerturbHash(keyY, static_cast<uint64_t>(cell[0] + x));
          const double   slope = Slope(hash, low[0] - x, low[1] - y, low[2] - z);
          sum += slope * (x ? blend[0] : 1.0 - blend[0]) * weightYZ;
        }
      }
    }
    return sum;
  }

  /** A stream of numbers that belongs to a key. */
  class Stream
  {
  public:
    explicit Stream(uint64_t key)
      : m_Key(key)
    {}

    /** A key. */
    uint64_t
    Draw()
    {
      return PerturbHash(m_Key, m_Count++);
    }

    /** Uniform on [low, high). */
    double
    Uniform(double low = 0.0, double high = 1.0)
    {
      return low + (high - low) * HashedNoise::Uniform(this->Draw());
    }

    /** A whole number of 0 .. count - 1. */
    size_t
    Below(size_t count)
    {
      return static_cast<size_t>(this->Uniform() * static_cast<double>(count));
    }

    /** Direction, uniform on the sphere, or, where `planar`, on the circle in the xy-plane. */
    PointType
    Direction(bool planar)
    {
      while (true)
      {
        PointType direction;
        direction[0] = this->Uniform(-1.0, 1.0);
        direction[1] = this->Uniform(-1.0, 1.0);
        direction[2] = planar ? 0.0 : this->Uniform(-1.0, 1.0);
        const double squaredNorm = direction.GetSquaredNorm();
        if (squaredNorm <= 1.0 && squaredNorm > 0.01)
        {
          return direction / std::sqrt(squaredNorm);
        }
      }
    }

  private:
    uint64_t m_Key;
    uint64_t m_Count{ 0 };
  };

private:
  /** Product of the offset and one of the twelve edge directions of a cube. */
  static double
  Slope(uint64_t hash, double x, double y, double z)
  {
    const unsigned int edge = static_cast<unsigned int>(hash >> 32) % 12u;
    const double       u = edge < 8 ? x : y;
    const double       v = edge < 4 ? y : z;
    return ((edge & 1u) ? -u : u) + ((edge & 2u) ? -v : v);
  }
};
} // namespace itk

#endif
