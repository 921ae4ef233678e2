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

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <unordered_set>
#include <vector>

namespace itk
{
/** Cuts a line of pixels into short blocks and calls either uniform(start, length), where all pixels of the block have
 * the value of its first, or mixed(start, length). Cells and background are large against a block, so most blocks are
 * uniform and cost one vectorised comparison.
 * \ingroup AnnotationUpgrade */
template <typename TLabel, typename TUniform, typename TMixed>
void
PerturbVisitBlocks(const TLabel * line, const size_t length, const TUniform & uniform, const TMixed & mixed)
{
  constexpr size_t blockLength = 16;
  size_t           start = 0;
  for (; start + blockLength <= length; start += blockLength)
  {
    TLabel difference = 0;
    for (size_t i = 0; i < blockLength; ++i)
    {
      difference |= line[start + i] ^ line[start];
    }
    if (difference == 0)
    {
      uniform(start, blockLength);
    }
    else
    {
      mixed(start, blockLength);
    }
  }
  if (start < length)
  {
    mixed(start, length - start);
  }
}

/** \class PerturbLabelSet
 * \brief Collects the labels of lines of pixels: their values other than 0.
 *
 * The 65,536 most common labels (all of 8 and 16 bit types, 0 to 65,535 of wider ones) are marked in a flat table.
 *
 * \ingroup AnnotationUpgrade
 */
template <typename TLabel>
class PerturbLabelSet
{
public:
  void
  Insert(const TLabel * line, const size_t length)
  {
    uint8_t * const seen = m_Seen.data();
    TLabel          last = 0;
    const auto      insert = [this, seen, &last](const TLabel label) {
      const auto slot = static_cast<UnsignedType>(label);
      if (slot < TableLength)
      {
        seen[slot] = 1;
      }
      else if (label != last)
      {
        m_Others.insert(label);
        last = label;
      }
    };
    PerturbVisitBlocks(
      line,
      length,
      [&](size_t start, size_t) { insert(line[start]); },
      [&](size_t start, size_t count) { std::for_each(line + start, line + start + count, insert); });
  }

  /** The labels in ascending order. */
  std::vector<TLabel>
  GetSorted() const
  {
    std::vector<TLabel> labels(m_Others.begin(), m_Others.end());
    for (size_t start = 0; start < m_Seen.size(); start += sizeof(uint64_t))
    {
      uint64_t eight;
      std::memcpy(&eight, m_Seen.data() + start, sizeof(eight));
      for (size_t slot = start; eight != 0 && slot < start + sizeof(eight); ++slot)
      {
        if (slot != 0 && m_Seen[slot] != 0)
        {
          labels.push_back(static_cast<TLabel>(slot));
        }
      }
    }
    std::sort(labels.begin(), labels.end());
    return labels;
  }

private:
  using UnsignedType = std::make_unsigned_t<TLabel>;
  static constexpr uint64_t TableLength = sizeof(TLabel) == 1 ? 256 : 65536;

  std::vector<uint8_t>       m_Seen = std::vector<uint8_t>(TableLength);
  std::unordered_set<TLabel> m_Others;
};

/** \class PerturbLabelTable
 * \brief Gives a value to each label of an image, and to background; at first 0.
 *
 * A flat table where smallest and largest label lie close together, binary search otherwise.
 *
 * \ingroup AnnotationUpgrade
 */
template <typename TLabel>
class PerturbLabelTable
{
public:
  /** \param labels All labels that will be looked up, in ascending order. */
  explicit PerturbLabelTable(std::vector<TLabel> labels)
    : m_Labels(std::move(labels))
  {
    m_Labels.insert(std::lower_bound(m_Labels.begin(), m_Labels.end(), TLabel{ 0 }), TLabel{ 0 });
    const auto range = static_cast<UnsignedType>(this->GetOffset(m_Labels.back()));
    m_Flat = range < 65536;
    m_Values.resize(m_Flat ? size_t{ range } + 1 : m_Labels.size());
  }

  void
  Set(const TLabel label, const TLabel value)
  {
    m_Values[this->GetSlot(label)] = value;
  }

  /** Calls visitor(position, value) for each pixel of a line. */
  template <typename TVisitor>
  void
  Look(const TLabel * line, const size_t begin, const size_t end, const TVisitor & visitor) const
  {
    const TLabel * const values = m_Values.data();
    if (m_Flat)
    {
      for (size_t i = begin; i < end; ++i)
      {
        visitor(i, values[this->GetOffset(line[i])]);
      }
      return;
    }
    TLabel label = line[begin];
    TLabel value = this->Get(label);
    for (size_t i = begin; i < end; ++i)
    {
      if (line[i] != label)
      {
        label = line[i];
        value = this->Get(label);
      }
      visitor(i, value);
    }
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
