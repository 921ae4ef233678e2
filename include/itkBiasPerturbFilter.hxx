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
#ifndef itkBiasPerturbFilter_hxx
#define itkBiasPerturbFilter_hxx

#include "itkPerturbRandomStream.h"

#include <map>

namespace itk
{
template <typename TLabelImage>
void
BiasPerturbFilter<TLabelImage>::VerifyPreconditions() const
{
  Superclass::VerifyPreconditions();
  if (m_MaximumIterations == 0)
  {
    itkExceptionMacro("MaximumIterations is 0; it must be at least 1.");
  }
}

template <typename TLabelImage>
typename BiasPerturbFilter<TLabelImage>::Draw
BiasPerturbFilter<TLabelImage>::DrawForAnnotation(const uint64_t key) const
{
  PerturbRandomStream stream(this->GetSeed(), key);
  const bool          dilate = stream.DrawInteger(1) == 1;
  const uint32_t      iterations = 1 + stream.DrawInteger(m_MaximumIterations - 1);
  return { m_Operation == OperationEnum::Random ? dilate : m_Operation == OperationEnum::Dilation,
           m_Iterations == 0 ? iterations : m_Iterations };
}

template <typename TLabelImage>
typename BiasPerturbFilter<TLabelImage>::Draw
BiasPerturbFilter<TLabelImage>::DrawForCell(const uint64_t annotationSeed, const LabelType label) const
{
  // Two draws need no twister: the hash is one.
  const uint64_t hash = PerturbHash(annotationSeed, static_cast<uint64_t>(label));
  const bool     dilate = (hash & 1) != 0;
  const auto     iterations = static_cast<uint32_t>(1 + (((hash >> 32) * m_MaximumIterations) >> 32));
  return { m_Operation == OperationEnum::Random ? dilate : m_Operation == OperationEnum::Dilation,
           m_Iterations == 0 ? iterations : m_Iterations };
}

template <typename TLabelImage>
typename BiasPerturbFilter<TLabelImage>::RadiusType
BiasPerturbFilter<TLabelImage>::GetRadius(const SizeValueType pixels) const
{
  RadiusType radius = this->GetInput()->GetLargestPossibleRegion().GetSize();
  for (unsigned int axis = 0; axis < ImageDimension; ++axis)
  {
    radius[axis] = std::min<SizeValueType>(radius[axis], pixels);
  }
  if (this->GetSliceBySlice())
  {
    radius[this->GetSliceAxis()] = 0;
  }
  return radius;
}

template <typename TLabelImage>
SizeValueType
BiasPerturbFilter<TLabelImage>::GetReach(const SizeValueType iterations) const
{
  const unsigned int axes = ImageDimension - (this->GetSliceBySlice() ? 1 : 0);
  return static_cast<SizeValueType>(static_cast<double>(iterations) * std::sqrt(static_cast<double>(axes)));
}

template <typename TLabelImage>
typename BiasPerturbFilter<TLabelImage>::RegionType
BiasPerturbFilter<TLabelImage>::Enlarge(RegionType region) const
{
  const RegionType image = this->GetInput()->GetLargestPossibleRegion();
  region.PadByRadius(this->GetRadius(this->GetReach(std::max(m_MaximumIterations, m_Iterations))));
  return region.Crop(image) ? region : image; // only an image without pixels cannot be cropped to
}

template <typename TLabelImage>
void
BiasPerturbFilter<TLabelImage>::GenerateInputRequestedRegion()
{
  Superclass::GenerateInputRequestedRegion();
  const_cast<TLabelImage *>(this->GetInput())
    ->SetRequestedRegion(this->Enlarge(this->GetOutput()->GetRequestedRegion()));
}

template <typename TLabelImage>
void
BiasPerturbFilter<TLabelImage>::DynamicThreadedGenerateData(const RegionType & region)
{
  this->VisitAnnotations(region, [this](const RegionType & part, const uint64_t key) {
    if (m_PerCell)
    {
      this->PerturbEachCell(part, PerturbHash(this->GetSeed(), key));
    }
    else
    {
      this->PerturbWhole(part, this->DrawForAnnotation(key));
    }
  });
}

template <typename TLabelImage>
void
BiasPerturbFilter<TLabelImage>::PerturbWhole(const RegionType & region, const Draw & draw)
{
  const TLabelImage * const input = this->GetInput();
  MaskType                  source(this->Enlarge(region));
  size_t                    lineNumber = 0;
  Superclass::VisitLines(source.GetRegion(), [&](const typename TLabelImage::IndexType & begin, SizeValueType) {
    const LabelType * const line = input->GetBufferPointer() + input->ComputeOffset(begin);
    if (draw.dilate)
    {
      source.SetWhere(lineNumber++, [line](const size_t i) { return line[i] != 0; });
    }
    else
    {
      source.SetWhere(lineNumber++, [line](const size_t i) { return line[i] == 0; });
    }
  });

  MaskType changed = source;
  changed.Dilate(this->GetRadius(draw.iterations));
  if (draw.dilate)
  {
    const MaskType foreground = source;
    this->Write(region, foreground, { { std::move(source), std::move(changed), this->GetReach(draw.iterations) } });
  }
  else
  {
    changed.Invert();
    this->Write(region, changed, {});
  }
}

template <typename TLabelImage>
typename BiasPerturbFilter<TLabelImage>::MaskType
BiasPerturbFilter<TLabelImage>::FindBorders(const RegionType & region) const
{
  const TLabelImage * const input = this->GetInput();
  const RadiusType          radius = this->GetRadius(1);
  MaskType                  borders(region);
  for (unsigned int axis = 0; axis < ImageDimension; ++axis)
  {
    if (radius[axis] == 0)
    {
      continue;
    }
    // A box differs within itself where a box of one axis less does, or where its middle differs along this axis.
    borders.Dilate(axis, 1);
    RegionType lower = region;
    if (lower.GetSize(axis) < 2)
    {
      continue;
    }
    lower.SetSize(axis, lower.GetSize(axis) - 1);
    Superclass::VisitLines(lower, [&](typename TLabelImage::IndexType begin, const SizeValueType length) {
      const LabelType * const line = input->GetBufferPointer() + input->ComputeOffset(begin);
      const size_t            lineNumber = borders.GetLineNumber(begin);
      ++begin[axis];
      const LabelType * const next = input->GetBufferPointer() + input->ComputeOffset(begin);
      if (axis == 0)
      {
        for (size_t i = 0; i < length; ++i)
        {
          if (line[i] != next[i])
          {
            borders.SetRun(lineNumber, i, i + 2);
          }
        }
      }
      else
      {
        const auto differ = [line, next](const size_t i) { return line[i] != next[i]; };
        borders.SetWhere(lineNumber, differ);
        borders.SetWhere(borders.GetLineNumber(begin), differ);
      }
    });
  }
  return borders;
}

template <typename TLabelImage>
void
BiasPerturbFilter<TLabelImage>::PerturbEachCell(const RegionType & region, const uint64_t annotationSeed)
{
  const TLabelImage * const input = this->GetInput();
  const RegionType          enlarged = this->Enlarge(region);

  // The cells, grouped by what happens to them.
  MaskType                     surviving(enlarged);
  std::map<uint32_t, MaskType> shrinking;
  std::map<uint32_t, MaskType> growing;
  Superclass::VisitLines(enlarged, [&](const typename TLabelImage::IndexType & begin, const SizeValueType length) {
    const LabelType * const line = input->GetBufferPointer() + input->ComputeOffset(begin);
    const size_t            lineNumber = surviving.GetLineNumber(begin);
    for (size_t start = 0; start < length;)
    {
      const LabelType label = line[start];
      size_t          stop = start + 1;
      while (stop < length && line[stop] == label)
      {
        ++stop;
      }
      if (label != 0)
      {
        const Draw draw = this->DrawForCell(annotationSeed, label);
        auto &     groups = draw.dilate ? growing : shrinking;
        groups.try_emplace(draw.iterations, enlarged).first->second.SetRun(lineNumber, start, stop);
        surviving.SetRun(lineNumber, start, stop);
      }
      start = stop;
    }
  });

  if (!shrinking.empty())
  {
    MaskType lost = this->FindBorders(enlarged);
    uint32_t iterations = 1;
    for (const auto & group : shrinking)
    {
      lost.Dilate(this->GetRadius(group.first - iterations));
      iterations = group.first;
      MaskType lostHere = lost;
      lostHere &= group.second;
      surviving.Remove(lostHere);
    }
  }

  std::vector<Growth> growths;
  for (auto & group : growing)
  {
    MaskType after = group.second;
    after.Dilate(this->GetRadius(group.first));
    growths.push_back({ std::move(group.second), std::move(after), group.first });
  }
  this->Write(region, surviving, growths);
}

template <typename TLabelImage>
void
BiasPerturbFilter<TLabelImage>::Write(const RegionType &          region,
                                      const MaskType &            surviving,
                                      const std::vector<Growth> & growths)
{
  using IndexType = typename TLabelImage::IndexType;
  const TLabelImage * const input = this->GetInput();
  TLabelImage * const       output = this->GetOutput();
  const RegionType          enlarged = surviving.GetRegion();

  const auto   first = static_cast<size_t>(region.GetIndex(0) - enlarged.GetIndex(0));
  const size_t last = first + static_cast<size_t>(region.GetSize(0));
  Superclass::VisitLines(region, [&](IndexType begin, SizeValueType) {
    LabelType * const to = output->GetBufferPointer() + output->ComputeOffset(begin) - first;
    begin[0] = enlarged.GetIndex(0);
    const LabelType * const from = input->GetBufferPointer() + input->ComputeOffset(begin);
    size_t                  cleared = first;
    MaskType::VisitRuns(
      surviving.GetLine(surviving.GetLineNumber(begin)), first, last, [&](const size_t start, const size_t stop) {
        std::fill(to + cleared, to + start, LabelType{ 0 });
        std::copy(from + start, from + stop, to + start);
        cleared = stop;
      });
    std::fill(to + cleared, to + last, LabelType{ 0 });
  });
  if (growths.empty())
  {
    return;
  }

  // Labels become small codes in the same order: the label less the smallest one, or its rank where that takes too many
  // bits.
  using NarrowType = PerturbNearestLabels<int32_t, ImageDimension>;
  using WideType = PerturbNearestLabels<int64_t, ImageDimension>;
  SizeValueType largestSquaredDistance = 0;
  for (const auto & growth : growths)
  {
    SizeValueType squaredDistance = 0;
    for (const auto pixels : this->GetRadius(growth.reach))
    {
      squaredDistance += pixels * pixels;
    }
    largestSquaredDistance = std::max(largestSquaredDistance, squaredDistance);
  }
  if (largestSquaredDistance > WideType::LargestSquaredDistance)
  {
    itkExceptionMacro("A dilation by " << std::max(m_MaximumIterations, m_Iterations)
                                       << " pixels is too large; lower MaximumIterations or Iterations.");
  }
  const bool             shortDistance = largestSquaredDistance <= NarrowType::LargestSquaredDistance;
  constexpr bool         narrowLabels = sizeof(LabelType) <= 2;
  std::vector<LabelType> labels;
  if (!narrowLabels || !shortDistance)
  {
    PerturbLabelSet<LabelType> present;
    Superclass::VisitLines(enlarged, [&](const IndexType & begin, const SizeValueType length) {
      present.Insert(input->GetBufferPointer() + input->ComputeOffset(begin), length);
    });
    labels = present.GetSorted();
    if (labels.empty())
    {
      return;
    }
  }
  const LabelType lowest = labels.empty() ? std::numeric_limits<LabelType>::min() : labels.front();
  if (shortDistance &&
      (narrowLabels || static_cast<uint64_t>(labels.back()) - static_cast<uint64_t>(lowest) <= NarrowType::CodeMask))
  {
    this->template WriteGained<NarrowType>(
      region,
      surviving,
      growths,
      [lowest](const LabelType label) { return static_cast<int32_t>(label - lowest); },
      [lowest](const int32_t code) { return static_cast<LabelType>(lowest + static_cast<LabelType>(code)); });
  }
  else
  {
    this->template WriteGained<WideType>(
      region,
      surviving,
      growths,
      [&labels](const LabelType label) -> int64_t {
        return std::lower_bound(labels.begin(), labels.end(), label) - labels.begin();
      },
      [&labels](const int64_t code) { return labels[static_cast<size_t>(code)]; });
  }
}

template <typename TLabelImage>
template <typename TNearestLabels, typename TEncode, typename TDecode>
void
BiasPerturbFilter<TLabelImage>::WriteGained(const RegionType &          region,
                                            const MaskType &            surviving,
                                            const std::vector<Growth> & growths,
                                            const TEncode &             encode,
                                            const TDecode &             decode)
{
  using IndexType = typename TLabelImage::IndexType;
  const TLabelImage * const input = this->GetInput();
  TLabelImage * const       output = this->GetOutput();
  const RegionType          enlarged = surviving.GetRegion();
  const auto                first = static_cast<size_t>(region.GetIndex(0) - enlarged.GetIndex(0));
  const size_t              last = first + static_cast<size_t>(region.GetSize(0));

  std::vector<const LabelType *> lines;
  Superclass::VisitLines(enlarged, [&](const IndexType & begin, SizeValueType) {
    lines.push_back(input->GetBufferPointer() + input->ComputeOffset(begin));
  });
  const auto code = [&](const size_t line, const size_t position) { return encode(lines[line][position]); };

  MaskType gained(enlarged);
  Superclass::VisitLines(
    region, [&](const IndexType & begin, SizeValueType) { gained.SetRun(gained.GetLineNumber(begin), first, last); });
  MaskType gainedByAny(enlarged);
  for (const auto & growth : growths)
  {
    gainedByAny |= growth.after;
  }
  gained &= gainedByAny;
  gained.Remove(surviving);

  TNearestLabels nearest(gained);
  for (const auto & growth : growths)
  {
    MaskType wanted = gained;
    wanted &= growth.after;
    nearest.Add(wanted, growth.before, this->GetRadius(growth.reach), code);
  }
  Superclass::VisitLines(region, [&](const IndexType & begin, SizeValueType) {
    LabelType * const to = output->GetBufferPointer() + output->ComputeOffset(begin) - first;
    const size_t      line = gained.GetLineNumber(begin);
    MaskType::VisitRuns(gained.GetLine(line), first, last, [&](const size_t start, const size_t stop) {
      for (size_t x = start; x < stop; ++x)
      {
        to[x] = decode(nearest.GetCode(line, x));
      }
    });
  });
}

template <typename TLabelImage>
void
BiasPerturbFilter<TLabelImage>::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent << "MaximumIterations: " << m_MaximumIterations << std::endl;
  os << indent << "Iterations: " << m_Iterations << std::endl;
  os << indent << "Operation: " << m_Operation << std::endl;
  os << indent << "PerCell: " << (m_PerCell ? "On" : "Off") << std::endl;
}
} // namespace itk

#endif
