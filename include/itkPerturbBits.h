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
#ifndef itkPerturbBits_h
#define itkPerturbBits_h

#include <cstddef>
#include <cstdint>
#if defined(__SSE2__) || defined(_M_X64)
#  include <emmintrin.h>
#  define ITK_PERTURB_SSE2
#endif
#if defined(_MSC_VER)
#  include <intrin.h>
#endif

// Words of one bit for each of 64 neighboring pixels, the first pixel in the lowest bit.

namespace itk
{
using PerturbWord = uint64_t;
constexpr size_t PerturbWordBits = 64;

/** Number of the lowest set bit. \pre word != 0. \ingroup AnnotationUpgrade */
inline size_t
PerturbLowestBit(const PerturbWord word)
{
#if defined(_MSC_VER)
  unsigned long position;
  _BitScanForward64(&position, word);
  return position;
#else
  return static_cast<size_t>(__builtin_ctzll(word));
#endif
}

/** Bit i tells whether pixel i of a line equals pixel i of any of the others. Reads 64 pixels of each.
 * \ingroup AnnotationUpgrade */
template <typename TLabel, typename... TOthers>
PerturbWord
PerturbFindEqual(const TLabel * line, const TOthers *... others)
{
  PerturbWord word = 0;
#if defined(ITK_PERTURB_SSE2)
  if constexpr (sizeof(TLabel) <= 4)
  {
    const auto load = [](const TLabel * pixels) { return _mm_loadu_si128(reinterpret_cast<const __m128i *>(pixels)); };
    const auto compare = [load](const __m128i a, const TLabel * other) {
      return sizeof(TLabel) == 1   ? _mm_cmpeq_epi8(a, load(other))
             : sizeof(TLabel) == 2 ? _mm_cmpeq_epi16(a, load(other))
                                   : _mm_cmpeq_epi32(a, load(other));
    };
    const auto compareAll = [&](const size_t start) {
      const __m128i a = load(line + start);
      __m128i       equal = _mm_setzero_si128();
      ((equal = _mm_or_si128(equal, compare(a, others + start))), ...);
      return equal;
    };
    for (size_t start = 0; start < PerturbWordBits; start += 16)
    {
      __m128i equal = compareAll(start);
      if constexpr (sizeof(TLabel) == 2)
      {
        equal = _mm_packs_epi16(equal, compareAll(start + 8));
      }
      else if constexpr (sizeof(TLabel) == 4)
      {
        equal = _mm_packs_epi16(_mm_packs_epi32(equal, compareAll(start + 4)),
                                _mm_packs_epi32(compareAll(start + 8), compareAll(start + 12)));
      }
      word |= static_cast<PerturbWord>(static_cast<uint32_t>(_mm_movemask_epi8(equal))) << start;
    }
    return word;
  }
#endif
  // Comparing into bytes vectorises; the products then gather eight bytes into eight bits each.
  for (size_t start = 0; start < PerturbWordBits; start += 8)
  {
    PerturbWord eight = 0;
    for (size_t i = start; i < start + 8; ++i)
    {
      const bool equal = ((line[i] == others[i]) | ...);
      eight |= static_cast<PerturbWord>(equal ? 1 : 0) << (8 * (i - start));
    }
    word |= ((eight * 0x0102040810204080u) >> 56) << start;
  }
  return word;
}

/** As many background pixels as PerturbFindEqual reads. \ingroup AnnotationUpgrade */
template <typename TLabel>
inline constexpr TLabel PerturbBackground[PerturbWordBits]{};

/** For 64 pixels from `start` on, which of them begin a run: differ from the pixel before and, with VCellsOnly, are no
 * background. Nothing begins with the first pixel of a line. Reads the pixel before too or, at the begin of a line, the
 * one behind.
 * \ingroup AnnotationUpgrade */
template <bool VCellsOnly, typename TLabel>
PerturbWord
PerturbFindBegins(const TLabel * line, const size_t start)
{
  const auto find = [](const TLabel * pixels) {
    return VCellsOnly ? ~PerturbFindEqual(pixels, pixels - 1, PerturbBackground<TLabel>)
                      : ~PerturbFindEqual(pixels, pixels - 1);
  };
  return start == 0 ? find(line + 1) << 1 : find(line + start);
}

#if defined(ITK_PERTURB_SSE2)
/** Registers of pixels: entry e has all bits of pixel i set where bit i of e is. \ingroup AnnotationUpgrade */
template <typename TLabel>
struct PerturbExpandedBits
{
  static constexpr size_t Pixels = sizeof(__m128i) / sizeof(TLabel);
  alignas(sizeof(__m128i)) TLabel entries[size_t{ 1 } << Pixels][Pixels]{};

  constexpr PerturbExpandedBits()
  {
    for (size_t entry = 0; entry < size_t{ 1 } << Pixels; ++entry)
    {
      for (size_t i = 0; i < Pixels; ++i)
      {
        entries[entry][i] = static_cast<TLabel>((entry >> i & 1) != 0 ? ~TLabel{ 0 } : TLabel{ 0 });
      }
    }
  }
};

/** A register of pixels: all bits of pixel i are 1 where bit i of the word is set. \ingroup AnnotationUpgrade */
template <typename TLabel>
__m128i
PerturbExpandBits(const PerturbWord word)
{
  static_assert(sizeof(TLabel) <= 4);
  if constexpr (sizeof(TLabel) == 1)
  {
    constexpr PerturbWord everyByte = 0x0101010101010101u;
    const __m128i         bits = _mm_set_epi64x(static_cast<int64_t>((word >> 8 & 0xff) * everyByte),
                                        static_cast<int64_t>((word & 0xff) * everyByte));
    const __m128i         each = _mm_set1_epi64x(static_cast<int64_t>(0x8040201008040201u));
    return _mm_cmpeq_epi8(_mm_and_si128(bits, each), each);
  }
  else
  {
    static constexpr PerturbExpandedBits<TLabel> expanded;
    const auto * const                           entry = expanded.entries[word % (PerturbWord{ 1 } << expanded.Pixels)];
    return _mm_load_si128(reinterpret_cast<const __m128i *>(entry));
  }
}
#endif

/** Copies at most 64 pixels, perhaps to where they are, but writes a value where their bit is set.
 * \ingroup AnnotationUpgrade */
template <typename TLabel>
void
PerturbReplaceWhere(PerturbWord    word,
                    const TLabel   value,
                    const TLabel * from,
                    TLabel *       to,
                    size_t         count = PerturbWordBits)
{
#if defined(ITK_PERTURB_SSE2)
  if constexpr (sizeof(TLabel) <= 4)
  {
    constexpr size_t pixels = sizeof(__m128i) / sizeof(TLabel);
    const __m128i    values = sizeof(TLabel) == 1   ? _mm_set1_epi8(static_cast<char>(value))
                              : sizeof(TLabel) == 2 ? _mm_set1_epi16(static_cast<int16_t>(value))
                                                    : _mm_set1_epi32(static_cast<int32_t>(value));
    for (; count >= pixels; count -= pixels)
    {
      const __m128i where = PerturbExpandBits<TLabel>(word);
      const __m128i all = _mm_loadu_si128(reinterpret_cast<const __m128i *>(from));
      _mm_storeu_si128(reinterpret_cast<__m128i *>(to),
                       _mm_or_si128(_mm_andnot_si128(where, all), _mm_and_si128(where, values)));
      word >>= pixels;
      from += pixels;
      to += pixels;
    }
  }
#endif
  for (size_t i = 0; i < count; ++i)
  {
    to[i] = (word >> i & 1) != 0 ? value : from[i];
  }
}
} // namespace itk

#undef ITK_PERTURB_SSE2

#endif
