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
/** How many pixels are searched for begins of runs before these are treated. \ingroup AnnotationUpgrade */
constexpr size_t PerturbBlockLength = 16 * PerturbWordBits;

/** Positions of the pixels that begin a run, see PerturbFindBegins(), from start to stop - 1, which are whole words of
 * one block. Returns how many there are. Writes, and overwrites, one position more. \ingroup AnnotationUpgrade */
template <bool VCellsOnly, typename TLabel>
size_t
PerturbCollectBegins(const TLabel * line, const size_t start, const size_t stop, size_t * const positions)
{
  // As many as most words have are written whether they are there or not: that is cheaper than to guess wrong.
  constexpr unsigned int usual = 3;
  constexpr PerturbWord  last = PerturbWord{ 1 } << (PerturbWordBits - 1);
  size_t                 count = 0;
  for (size_t first = start; first < stop; first += PerturbWordBits)
  {
    for (PerturbWord begins = PerturbFindBegins<VCellsOnly>(line, first); begins != 0;)
    {
      for (unsigned int i = 0; i < usual; ++i)
      {
        positions[count] = first + PerturbLowestBit(begins | last);
        count += begins != 0;
        begins &= begins - 1;
      }
    }
  }
  return count;
}

/** Cuts a line of pixels into runs that begin with the label which all their pixels have, or all but background with
 * VCellsOnly, which gives fewer runs. Calls treatRun(begin, end) for them in ascending order; treatRun may treat up to
 * PerturbChunkLength - 1 pixels beyond the end as well, wrongly, since their own run comes later. Calls treatPixel(i)
 * for the pixels at the end of the line that are too few for this.
 * \ingroup AnnotationUpgrade */
constexpr size_t PerturbChunkLength = 16;
template <bool VCellsOnly, typename TLabel, typename TTreatRun, typename TTreatPixel>
void
PerturbVisitRuns(const TLabel * line, const size_t length, const TTreatRun treatRun, const TTreatPixel treatPixel)
{
  size_t begins[PerturbBlockLength + 2];
  size_t start = 0;
  while (start + PerturbWordBits + PerturbChunkLength <= length)
  {
    const size_t words = (length - PerturbChunkLength - start) / PerturbWordBits;
    const size_t stop = start + std::min(PerturbBlockLength, words * PerturbWordBits);
    begins[0] = start;
    const size_t count = 1 + PerturbCollectBegins<VCellsOnly>(line, start, stop, begins + 1);
    begins[count] = stop;
    // What the block begins with may be a begin that was found as well.
    for (size_t i = begins[1] == start ? 1 : 0; i < count; ++i)
    {
      treatRun(begins[i], begins[i + 1]);
    }
    start = stop;
  }
  for (; start < length; ++start)
  {
    treatPixel(start);
  }
}

/** Writes (from & mask) | value into the pixels begin to end - 1, and into up to PerturbChunkLength - 1 beyond.
 * \ingroup AnnotationUpgrade */
template <typename TLabel>
void
PerturbBlend(const TLabel * __restrict from,
             const TLabel mask,
             const TLabel value,
             TLabel * __restrict to,
             size_t       begin,
             const size_t end)
{
  do
  {
    for (size_t i = 0; i < PerturbChunkLength; ++i)
    {
      to[begin + i] = static_cast<TLabel>((from[begin + i] & mask) | value);
    }
    begin += PerturbChunkLength;
  } while (begin < end);
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
  /** \pre length > 0. */
  void
  Insert(const TLabel * line, const size_t length)
  {
    size_t begins[PerturbBlockLength + 1];
    size_t start = 0;
    while (start + PerturbWordBits < length)
    {
      const size_t words = (length - 1 - start) / PerturbWordBits;
      const size_t stop = start + std::min(PerturbBlockLength, words * PerturbWordBits);
      const size_t count = PerturbCollectBegins<true>(line, start, stop, begins);
      for (size_t i = 0; i < count; ++i)
      {
        this->Insert(line[begins[i]]);
      }
      start = stop;
    }
    this->Insert(line[0]);
    std::for_each(line + start, line + length, [this](const TLabel label) { this->Insert(label); });
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
  Insert(const TLabel label)
  {
    const auto slot = static_cast<UnsignedType>(label);
    if (slot >= m_Seen.size())
    {
      if (slot > std::numeric_limits<uint16_t>::max())
      {
        m_Others.insert(label);
        return;
      }
      m_Seen.resize(std::max<size_t>(2 * m_Seen.size(), size_t{ slot } + 1));
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
    const auto range = static_cast<UnsignedType>(this->GetOffset(m_Labels.back()));
    m_Flat = range < 65536;
    m_Values.resize(m_Flat ? size_t{ range } + 1 : m_Labels.size(), value);
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

private:
  using UnsignedType = std::make_unsigned_t<TLabel>;

  UnsignedType
  GetOffset(const TLabel label) const
  {
    return static_cast<UnsignedType>(static_cast<UnsignedType>(label) - static_cast<UnsignedType>(m_Labels.front()));
  }

  size_t
  GetSlot(const TLabel label) const
  {
    return m_Flat ? this->GetOffset(label)
                  : static_cast<size_t>(std::lower_bound(m_Labels.begin(), m_Labels.end(), label) - m_Labels.begin());
  }

  bool                m_Flat;
  std::vector<TLabel> m_Labels;
  std::vector<TLabel> m_Values;
};

/** The smallest label above `previous`, which is at least 0, that is not among the used ones, given in ascending order;
 * 0 where the type has none.
 * \ingroup AnnotationUpgrade */
template <typename TLabel>
TLabel
PerturbNextUnusedLabel(const std::vector<TLabel> & used, const TLabel previous)
{
  auto next = std::upper_bound(used.begin(), used.end(), previous);
  for (TLabel label = previous; label != std::numeric_limits<TLabel>::max();)
  {
    ++label;
    if (next == used.end() || *next != label)
    {
      return label;
    }
    ++next;
  }
  return 0;
}
} // namespace itk

#endif
