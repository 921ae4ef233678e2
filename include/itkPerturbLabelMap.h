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
#ifndef itkPerturbLabelMap_h
#define itkPerturbLabelMap_h

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <unordered_map>
#include <vector>

namespace itk
{
/** \class PerturbLabelMap
 * \brief Gives labels a value; a label that was given none has the value 0.
 *
 * The 65,536 most common labels (all labels of 8 and 16 bit types, 0 to 65,535 of wider ones) lie in a flat table that
 * is no longer than the largest of them needs; other labels lie in a hash table.
 *
 * \ingroup AnnotationUpgrade
 */
template <typename TLabel>
class PerturbLabelMap
{
public:
  using LabelType = TLabel;

  TLabel
  Get(const TLabel label) const
  {
    const size_t slot = GetSlot(label);
    if (slot < m_Table.size())
    {
      return m_Table[slot];
    }
    if (slot < TableLimit || m_Others.empty())
    {
      return 0;
    }
    const auto found = m_Others.find(label);
    return found == m_Others.end() ? TLabel{ 0 } : found->second;
  }

  void
  Set(const TLabel label, const TLabel value)
  {
    const size_t slot = GetSlot(label);
    if (slot >= TableLimit)
    {
      m_Others[label] = value;
      return;
    }
    if (slot >= m_Table.size())
    {
      m_Table.resize(std::min(TableLimit, std::max<size_t>(256, 2 * slot)));
    }
    m_Table[slot] = value;
  }

private:
  static constexpr size_t TableLimit = 65536;

  /** Small non-negative labels come first; for narrow signed types the negative ones follow. */
  static size_t
  GetSlot(const TLabel label)
  {
    if constexpr (sizeof(TLabel) == 1)
    {
      return static_cast<uint8_t>(label);
    }
    else if constexpr (sizeof(TLabel) == 2)
    {
      return static_cast<uint16_t>(label);
    }
    else
    {
      return static_cast<uint64_t>(label) < TableLimit ? static_cast<size_t>(label) : TableLimit;
    }
  }

  std::vector<TLabel>                m_Table;
  std::unordered_map<TLabel, TLabel> m_Others;
};

/** \class PerturbLabelSet
 * \brief The labels of an image or of a part of it: its values other than 0.
 * \ingroup AnnotationUpgrade
 */
template <typename TLabel>
class PerturbLabelSet
{
public:
  void
  Insert(const TLabel label)
  {
    if (label != 0 && m_Seen.Get(label) == 0)
    {
      m_Seen.Set(label, 1);
      m_Labels.push_back(label);
    }
  }

  void
  Insert(const PerturbLabelSet & other)
  {
    for (const TLabel label : other.m_Labels)
    {
      this->Insert(label);
    }
  }

  /** Inserts the labels of a line of pixels. */
  void
  Insert(const TLabel * line, size_t length);

  bool
  Contains(const TLabel label) const
  {
    return m_Seen.Get(label) != 0;
  }

  std::vector<TLabel>
  GetSorted() const
  {
    auto labels = m_Labels;
    std::sort(labels.begin(), labels.end());
    return labels;
  }

  /** Inserts the smallest positive value that is not in the set and returns it, or returns 0 where the type has none left. */
  TLabel
  InsertUnused()
  {
    while (m_NextUnused != 0 && this->Contains(m_NextUnused))
    {
      m_NextUnused = m_NextUnused == std::numeric_limits<TLabel>::max() ? TLabel{ 0 } : static_cast<TLabel>(m_NextUnused + 1);
    }
    this->Insert(m_NextUnused);
    return m_NextUnused;
  }

private:
  PerturbLabelMap<TLabel> m_Seen;
  std::vector<TLabel>     m_Labels;
  TLabel                  m_NextUnused{ 1 };
};

/** Cuts a line of pixels into short blocks and calls either uniform(start, length), where all pixels of the block have
 * the value of its first, or mixed(start, length). Cells and background are large against a block, so most are uniform
 * and cost one vectorised comparison.
 * \ingroup AnnotationUpgrade */
template <typename TLabel, typename TUniform, typename TMixed>
void
PerturbVisitBlocks(const TLabel * line, const size_t length, const TUniform & uniform, const TMixed & mixed)
{
  constexpr size_t blockLength = 64 / sizeof(TLabel);
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

template <typename TLabel>
void
PerturbLabelSet<TLabel>::Insert(const TLabel * line, const size_t length)
{
  TLabel     last = 0;
  const auto insert = [&](const TLabel label) {
    if (label != last)
    {
      last = label;
      this->Insert(label);
    }
  };
  PerturbVisitBlocks(
    line,
    length,
    [&](size_t start, size_t) { insert(line[start]); },
    [&](size_t start, size_t count) { std::for_each(line + start, line + start + count, insert); });
}
} // namespace itk

#endif
