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

#include "itkImageAlgorithm.h"
#include "itkImageRegionSplitterSlowDimension.h"
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
BiasPerturbFilter<TLabelImage>::Enlarge(RegionType region, const SizeValueType iterations) const
{
  const RegionType image = this->GetInput()->GetLargestPossibleRegion();
  region.PadByRadius(this->GetRadius(this->GetReach(iterations)));
  return region.Crop(image) ? region : image; // only an image without pixels cannot be cropped to
}

template <typename TLabelImage>
void
BiasPerturbFilter<TLabelImage>::GenerateInputRequestedRegion()
{
  Superclass::GenerateInputRequestedRegion();
  const_cast<TLabelImage *>(this->GetInput())
    ->SetRequestedRegion(this->Enlarge(this->GetOutput()->GetRequestedRegion(), this->GetLargestIterations()));
}

template <typename TLabelImage>
void
BiasPerturbFilter<TLabelImage>::DynamicThreadedGenerateData(const RegionType & region)
{
  if (region.GetNumberOfPixels() == 0)
  {
    return;
  }
  this->VisitAnnotations(region, [this](const RegionType & part, const uint64_t key) {
    VisitPieces(part, [this, key](const RegionType & piece) {
      if (m_PerCell)
      {
        this->PerturbEachCell(piece, PerturbHash(this->GetSeed(), key));
      }
      else
      {
        this->PerturbWhole(piece, this->DrawForAnnotation(key));
      }
    });
  });
}

template <typename TLabelImage>
template <typename TVisitor>
void
BiasPerturbFilter<TLabelImage>::VisitPieces(const RegionType & region, const TVisitor & visitor)
{
  constexpr SizeValueType pixels = SizeValueType{ 1 } << 21;
  constexpr SizeValueType length = 64;
  const auto              splitter = ImageRegionSplitterSlowDimension::New();
  const SizeValueType     slowest = region.GetSize(ImageDimension - 1);
  const SizeValueType     wanted = std::min(region.GetNumberOfPixels() / pixels, slowest / length);
  const unsigned int      number = splitter->GetNumberOfSplits(region, static_cast<unsigned int>(wanted + 1));
  for (unsigned int i = 0; i < number; ++i)
  {
    RegionType piece = region;
    splitter->GetSplit(i, number, piece);
    visitor(piece);
  }
}

template <typename TLabelImage>
void
BiasPerturbFilter<TLabelImage>::PerturbWhole(const RegionType & region, const Draw & draw)
{
  const TLabelImage * const input = this->GetInput();
  MaskType                  cells(this->Enlarge(region, draw.iterations));
  size_t                    lineNumber = 0;
  PerturbVisitLines(cells.GetRegion(), [&](const typename TLabelImage::IndexType & begin, SizeValueType) {
    cells.SetCells(lineNumber++, input->GetBufferPointer() + input->ComputeOffset(begin));
  });

  const RadiusType radius = this->GetRadius(draw.iterations);
  if (draw.dilate)
  {
    ImageAlgorithm::Copy(input, this->GetOutput(), region, region);
    MaskType gained = cells;
    gained.Dilate(radius);
    gained.Remove(cells);
    const RadiusType reach = this->GetRadius(this->GetReach(draw.iterations));
    this->WriteGained(region, std::move(gained), { { std::move(cells), reach } }, draw.iterations);
  }
  else
  {
    cells.Invert();
    cells.Dilate(radius);
    cells.Invert();
    this->WriteSurviving(region, cells);
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
    if (axis == 0)
    {
      size_t lineNumber = 0;
      PerturbVisitLines(region, [&](const typename TLabelImage::IndexType & begin, SizeValueType) {
        borders.SetEnds(lineNumber++, input->GetBufferPointer() + input->ComputeOffset(begin));
      });
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
    PerturbVisitLines(lower, [&](typename TLabelImage::IndexType begin, SizeValueType) {
      const LabelType * const line = input->GetBufferPointer() + input->ComputeOffset(begin);
      const size_t            lineNumber = borders.GetLineNumber(begin);
      ++begin[axis];
      const LabelType * const next = input->GetBufferPointer() + input->ComputeOffset(begin);
      borders.SetDifferent(lineNumber, line, next);
      borders.SetDifferent(borders.GetLineNumber(begin), line, next);
    });
  }
  return borders;
}

template <typename TLabelImage>
void
BiasPerturbFilter<TLabelImage>::PerturbEachCell(const RegionType & region, const uint64_t annotationSeed)
{
  const TLabelImage * const input = this->GetInput();
  const RegionType          enlarged = this->Enlarge(region, this->GetLargestIterations());

  // The cells, grouped by what happens to them.
  MaskType                     surviving(enlarged);
  std::map<uint32_t, MaskType> shrinking;
  std::map<uint32_t, MaskType> growing;
  LabelType                    lastLabel = 0;
  MaskType *                   lastGroup = nullptr;
  PerturbVisitLines(enlarged, [&](const typename TLabelImage::IndexType & begin, const SizeValueType length) {
    const LabelType * const line = input->GetBufferPointer() + input->ComputeOffset(begin);
    const size_t            lineNumber = surviving.GetLineNumber(begin);
    surviving.SetCells(lineNumber, line);
    const PerturbWord * const cells = surviving.GetLine(lineNumber);
    const auto                addToGroup = [&](const size_t start, const PerturbWord pixels) {
      const LabelType label = line[start];
      if (label != lastLabel)
      {
        const Draw draw = this->DrawForCell(annotationSeed, label);
        auto &     groups = draw.dilate ? growing : shrinking;
        lastGroup = &groups.try_emplace(draw.iterations, enlarged).first->second;
        lastLabel = label;
      }
      lastGroup->GetLine(lineNumber)[start / PerturbWordBits] |= pixels;
    };
    PerturbVisitWords<false>(
      line,
      length,
      [&](const size_t start, const PerturbWord begins) {
        for (PerturbWord left = cells[start / PerturbWordBits]; left != 0;)
        {
          const PerturbWord run = PerturbFirstRun(left, begins);
          addToGroup(start + PerturbLowestBit(left), run);
          left &= ~run;
        }
      },
      [&](const size_t i) {
        if (line[i] != 0)
        {
          addToGroup(i, PerturbWord{ 1 } << i % PerturbWordBits);
        }
      });
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

  this->WriteSurviving(region, surviving);

  MaskType             gained(enlarged);
  std::vector<Sources> sources;
  for (auto & group : growing)
  {
    const RadiusType radius = this->GetRadius(group.first);
    MaskType         grown = group.second;
    grown.Dilate(radius);
    gained |= grown;
    sources.push_back({ std::move(group.second), radius });
  }
  gained.Remove(surviving);
  this->WriteGained(region, std::move(gained), sources, growing.empty() ? 0 : growing.rbegin()->first);
}

template <typename TLabelImage>
void
BiasPerturbFilter<TLabelImage>::WriteSurviving(const RegionType & region, const MaskType & surviving)
{
  using IndexType = typename TLabelImage::IndexType;
  const TLabelImage * const input = this->GetInput();
  TLabelImage * const       output = this->GetOutput();
  const RegionType          enlarged = surviving.GetRegion();
  const auto                first = static_cast<size_t>(region.GetIndex(0) - enlarged.GetIndex(0));
  PerturbVisitLines(region, [&](IndexType begin, const SizeValueType length) {
    LabelType * const to = output->GetBufferPointer() + output->ComputeOffset(begin);
    begin[0] = enlarged.GetIndex(0);
    const LabelType * const from = input->GetBufferPointer() + input->ComputeOffset(begin);
    const auto * const      words = surviving.GetLine(surviving.GetLineNumber(begin));
    // Most words have nothing that survives: one fill of the line is faster than one for each of them.
    std::fill_n(to, length, LabelType{ 0 });
    MaskType::VisitWords(
      words, first, first + length, [=](const size_t start, const PerturbWord word, const size_t count) {
        if (word != 0)
        {
          PerturbReplaceWhere(~word, LabelType{ 0 }, from + start, to + (start - first), count);
        }
      });
  });
}

template <typename TLabelImage>
void
BiasPerturbFilter<TLabelImage>::WriteGained(const RegionType &           region,
                                            MaskType                     gained,
                                            const std::vector<Sources> & growing,
                                            const SizeValueType          iterations)
{
  const TLabelImage * const      input = this->GetInput();
  TLabelImage * const            output = this->GetOutput();
  std::vector<const LabelType *> lines;
  std::vector<OffsetValueType>   offsets;
  PerturbVisitLines(gained.GetRegion(), [&](const typename TLabelImage::IndexType & begin, SizeValueType) {
    lines.push_back(input->GetBufferPointer() + input->ComputeOffset(begin));
    offsets.push_back(output->ComputeOffset(begin));
  });
  uint64_t squaredReach = 0;
  for (const uint64_t radius : this->GetRadius(iterations))
  {
    squaredReach += radius * radius;
  }
  gained.Crop(region);
  NearestLabelsType(lines).Write(gained, growing, squaredReach, output->GetBufferPointer(), offsets);
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
