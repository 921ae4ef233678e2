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
#ifndef itkPerturbRandomStream_h
#define itkPerturbRandomStream_h

#include "itkMersenneTwisterRandomVariateGenerator.h"
#include "itkIntTypes.h"

#include <cmath>
#include <utility>
#include <vector>

namespace itk
{
/** The step from one state of SplitMix64 to the next (Steele, Lea and Flood, "Fast splittable pseudorandom number
 * generators", OOPSLA 2014).
 * \ingroup AnnotationUpgrade */
constexpr uint64_t PerturbGoldenGamma = 0x9E3779B97F4A7C15u;

/** The draw of 64 well-mixed bits that belongs to a state of SplitMix64. Equal on every platform.
 * \ingroup AnnotationUpgrade */
inline uint64_t
PerturbMix(uint64_t state)
{
  state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9u;
  state = (state ^ (state >> 27)) * 0x94D049BB133111EBu;
  return state ^ (state >> 31);
}

/** Hashes a seed and a key (a label, a slice, a step of a chain).
 * \ingroup AnnotationUpgrade */
inline uint64_t
PerturbHash(const uint64_t seed, const uint64_t key)
{
  return PerturbMix(PerturbMix(seed + PerturbGoldenGamma) + PerturbGoldenGamma * (key + 1));
}

/** \class PerturbRandomStream
 * \brief One reproducible stream of random draws, chosen by a seed and a key.
 *
 * ITK's Mersenne twister, seeded with a hash of both. Streams of different keys are independent; none depends on, or is
 * shared with, another generator of the process.
 *
 * \ingroup AnnotationUpgrade
 */
class PerturbRandomStream
{
public:
  PerturbRandomStream(const uint64_t seed, const uint64_t key)
  {
    m_Generator->SetSeed(static_cast<uint32_t>(PerturbHash(seed, key) >> 32));
  }

  /** A whole number, uniform on 0..maximum. */
  uint32_t
  DrawInteger(const uint32_t maximum)
  {
    return m_Generator->GetIntegerVariate(maximum);
  }

  /** Chooses round(rate * size) of the elements without replacement; halves are rounded up. Every subset of that size
   * is equally likely. \pre 0 <= rate <= 1. */
  template <typename TElement>
  std::vector<TElement>
  Choose(std::vector<TElement> elements, const double rate)
  {
    const auto count = static_cast<size_t>(std::floor(rate * static_cast<double>(elements.size()) + 0.5));
    for (size_t i = 0; i < count; ++i)
    {
      std::swap(elements[i], elements[i + this->DrawInteger(static_cast<uint32_t>(elements.size() - 1 - i))]);
    }
    elements.resize(count);
    return elements;
  }

private:
  using GeneratorType = Statistics::MersenneTwisterRandomVariateGenerator;
  GeneratorType::Pointer m_Generator{ GeneratorType::New() };
};
} // namespace itk

#endif
