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
#ifndef itkPerturbLabels_h
#define itkPerturbLabels_h

#include "itkPerturbBits.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <unordered_set>
#include <vector>

namespace itk
{
/** Calls treatWord(start, begins) for the pixels start to start + 63 of a line, in ascending order, with those that
 * begin a run (see PerturbFindBegins(); here the first pixel of the line begins one too, whatever it is), and
 * treatPixel(i) for the pixels at the end of the line that are too few. \ingroup AnnotationUpgrade */
template <bool VCellsOnly, typename TLabel, typename TTreatWord, typename TTreatPixel>
void
PerturbVisitWords(const TLabel *      line,
                  const size_t        length,
                  const TTreatWord &  treatWord,
                  const TTreatPixel & treatPixel)
{
  size_t start = 0;
  if (length > PerturbWordBits)
  {
    treatWord(start, PerturbFindBegins<VCellsOnly>(line, start) | 1);
    for (start = PerturbWordBits; start + PerturbWordBits <= length; start += PerturbWordBits)
    {
      treatWord(start, PerturbFindBegins<VCellsOnly>(line, start));
    }
  }
  for (; start < length; ++start)
  {
    treatPixel(start);
  }
}

/** Tells which of 64 pixels belong to runs that begin with a chosen label. Where cells alone begin runs, what is found
 * of background has no meaning.
 * \param pixels The pixels.
 * \param begins Those that begin a run.
 * \param before What was found for the 64 pixels before them, 0 at first.
 * \param isChosen Gives for a label, or background, whether it is chosen: 0 if not.
 * \ingroup AnnotationUpgrade */
template <typename TLabel, typename TIsChosen>
PerturbWord
PerturbMarkRuns(const TLabel * pixels, PerturbWord begins, const PerturbWord before, const TIsChosen & isChosen)
{
  // As many as most words have are treated whether they are there or not: that is cheaper than to guess wrong.
  constexpr unsigned int usual = 2;
  constexpr PerturbWord  last = PerturbWord{ 1 } << (PerturbWordBits - 1);
  PerturbWord            marked = PerturbWord{ 0 } - (before >> (PerturbWordBits - 1));
  while (begins != 0)
  {
    for (unsigned int i = 0; i < usual; ++i)
    {
      const PerturbWord chosen = isChosen(pixels[PerturbLowestBit(begins | last)]) ? 1 : 0;
      const PerturbWord later = begins & (begins - 1);
      const PerturbWord fromHere = PerturbWord{ 0 } - (begins ^ later);
      marked ^= (marked ^ (PerturbWord{ 0 } - chosen)) & fromHere;
      begins = later;
    }
  }
  return marked;
}

/** Of the marked ones among 64 pixels, not none, the first that lie in a row and in one run.
 * \ingroup AnnotationUpgrade */
inline PerturbWord
PerturbFirstRun(const PerturbWord marked, const PerturbWord begins)
{
  const PerturbWord before = (marked & (PerturbWord{ 0 } - marked)) - 1;
  const PerturbWord later = begins & ~(before << 1 | 1);
  const PerturbWord upToNext = (later & (PerturbWord{ 0 } - later)) - 1;
  return marked & upToNext & ~before;
}

/** \class PerturbLabelSet
 * \brief Collects the labels of lines of pixels: their values other than 0.
 *
 * Labels below 65,536 are marked in a flat table, which grows to the largest of them.
 *
 * \ingroup AnnotationUpgrade
 */
template <typename TLabel>
class PerturbLabelSet
{
public:
  /** Inserts the labels of an image's lines of this many pixels that lie one behind the other, `length` pixels in all.
   * A pixel below one of the same label is passed over. */
  void
  Insert(const TLabel * pixels, const size_t length, const size_t lineLength)
  {
    const size_t first = std::min(length, lineLength);
    PerturbVisitWords<true>(
      pixels,
      first,
      [this, pixels](const size_t start, const PerturbWord begins) { this->InsertWhere(begins, pixels + start); },
      [this, pixels](const size_t i) { this->Insert(pixels[i]); });
    size_t start = first;
    for (; start + PerturbWordBits <= length; start += PerturbWordBits)
    {
      const TLabel * const word = pixels + start;
      this->InsertWhere(~PerturbFindEqual(word, word - 1, word - lineLength, PerturbBackground<TLabel>), word);
    }
    std::for_each(pixels + start, pixels + length, [this](const TLabel label) { this->Insert(label); });
  }

  /** The labels in ascending order. */
  std::vector<TLabel>
  GetSorted() const
  {
    std::vector<TLabel> labels(m_Others.begin(), m_Others.end());
    for (size_t slot = 1; slot < m_Seen.size(); ++slot)
    {
      if (m_Seen[slot] != 0)
      {
        labels.push_back(static_cast<TLabel>(slot));
      }
    }
    if (!std::is_sorted(labels.begin(), labels.end()))
    {
      std::sort(labels.begin(), labels.end());
    }
    return labels;
  }

private:
  using UnsignedType = std::make_unsigned_t<TLabel>;

  void
  InsertWhere(PerturbWord word, const TLabel * pixels)
  {
    for (; word != 0; word &= word - 1)
    {
      this->Insert(pixels[PerturbLowestBit(word)]);
    }
  }

  void
  Insert(const TLabel label)
  {
    constexpr size_t mostSlots = 65536;
    const auto       slot = static_cast<UnsignedType>(label);
    if (slot >= m_Seen.size())
    {
      if (slot >= mostSlots)
      {
        m_Others.insert(label);
        return;
      }
      m_Seen.resize(std::min(mostSlots, std::max<size_t>(2 * m_Seen.size(), static_cast<size_t>(slot) + 1)));
    }
    m_Seen[slot] = 1;
  }

  std::vector<uint8_t>       m_Seen = std::vector<uint8_t>(1);
  std::unordered_set<TLabel> m_Others;
};

/** \class PerturbLabelTable
 * \brief Gives a value to each label of an image, and to background.
 *
 * A flat table where smallest and largest label lie close together, binary search otherwise.
 *
 * \ingroup AnnotationUpgrade
 */
template <typename TLabel>
class PerturbLabelTable
{
public:
  /** \param labels All labels that will be looked up, in ascending order.
   * \param value The value of each label, and of background, until it is set. */
  PerturbLabelTable(std::vector<TLabel> labels, const TLabel value)
    : m_Labels(std::move(labels))
  {
    m_Labels.insert(std::lower_bound(m_Labels.begin(), m_Labels.end(), TLabel{ 0 }), TLabel{ 0 });
    const auto range = GetOffset(m_Labels.back(), m_Labels.front());
    m_Flat = range < 65536;
    m_Values.resize(m_Flat ? static_cast<size_t>(range) + 1 : m_Labels.size(), value);
  }

  void
  Set(const TLabel label, const TLabel value)
  {
    m_Values[this->GetSlot(label)] = value;
  }

  TLabel
  Get(const TLabel label) const
  {
    return m_Values[this->GetSlot(label)];
  }

  /** Calls use(get), where get(label) is Get(label), but faster for many labels. */
  template <typename TUse>
  void
  WithLookup(const TUse & use) const
  {
    if (m_Flat)
    {
      use([values = m_Values.data(), smallest = m_Labels.front()](const TLabel label) {
        return values[GetOffset(label, smallest)];
      });
    }
    else
    {
      use([this](const TLabel label) { return this->Get(label); });
    }
  }

private:
  using UnsignedType = std::make_unsigned_t<TLabel>;

  static UnsignedType
  GetOffset(const TLabel label, const TLabel smallest)
  {
    return static_cast<UnsignedType>(static_cast<UnsignedType>(label) - static_cast<UnsignedType>(smallest));
  }

  size_t
  GetSlot(const TLabel label) const
  {
    return m_Flat ? GetOffset(label, m_Labels.front())
                  : static_cast<size_t>(std::lower_bound(m_Labels.begin(), m_Labels.end(), label) - m_Labels.begin());
  }

  bool                m_Flat;
  std::vector<TLabel> m_Labels;
  std::vector<TLabel> m_Values;
};

/** \class PerturbUnusedLabels
 * \brief Gives the labels above 0 that an image does not use, in ascending order.
 *
 * \ingroup AnnotationUpgrade
 */
template <typename TLabel>
class PerturbUnusedLabels
{
public:
  /** \param used The labels that the image uses, in ascending order. */
  explicit PerturbUnusedLabels(std::vector<TLabel> used)
    : m_Used(std::move(used))
    , m_NextUsed(std::upper_bound(m_Used.begin(), m_Used.end(), TLabel{ 0 }) - m_Used.begin())
  {}

  /** The first one or the one after the last given; 0 where the type has none left. */
  TLabel
  Next()
  {
    while (m_Last != std::numeric_limits<TLabel>::max())
    {
      ++m_Last;
      if (m_NextUsed == m_Used.size() || m_Used[m_NextUsed] != m_Last)
      {
        return m_Last;
      }
      ++m_NextUsed;
    }
    return 0;
  }

private:
  std::vector<TLabel> m_Used;
  size_t              m_NextUsed;
  TLabel              m_Last{ 0 };
};
} // namespace itk

#endif
