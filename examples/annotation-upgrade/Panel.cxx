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
#include "Panel.h"

#include "Failure.h"
#include "StagedOutput.h"

#include "itkIntensityNormalization.h"

#include <vtkImageData.h>
#include <vtkImageResize.h>
#include <vtkNew.h>
#include <vtkPNGWriter.h>
#include <vtkTextProperty.h>
#include <vtkTextRenderer.h>
#include <vtkUnsignedCharArray.h>

#include <algorithm>
#include <array>
#include <functional>

namespace fs = std::filesystem;

namespace
{
using Colour = std::array<double, 3>; // 0..255

// Okabe and Ito's colours, which colour-blind eyes tell apart.
constexpr Colour annotated{ { 240, 228, 66 } };
constexpr Colour agreed{ { 0, 158, 115 } };
constexpr Colour added{ { 230, 125, 0 } };
constexpr Colour missed{ { 86, 180, 233 } };

constexpr int tileEdge = 280;
constexpr int gap = 12;
constexpr int textHeight = 34;

/** A slice as a plane of pixels: columns, then rows. */
struct Plane
{
  unsigned int         ColumnAxis;
  unsigned int         RowAxis;
  ImageType::IndexType Start;
  int                  Width;
  int                  Height;

  ImageType::IndexType
  GetIndex(int column, int row) const
  {
    auto index = Start;
    index[ColumnAxis] += column;
    index[RowAxis] += row;
    return index;
  }
};

Plane
GetPlane(const PanelRow & row, itk::IndexValueType position)
{
  const auto & region = row.Truth->GetLargestPossibleRegion();
  Plane        plane;
  plane.ColumnAxis = row.SliceAxis == 0 ? 1 : 0;
  plane.RowAxis = row.SliceAxis == 2 ? 1 : 2;
  plane.Start = region.GetIndex();
  plane.Start[row.SliceAxis] += position;
  plane.Width = static_cast<int>(region.GetSize(plane.ColumnAxis));
  plane.Height = static_cast<int>(region.GetSize(plane.RowAxis));
  return plane;
}

template <typename TVisit>
void
ForEachPixel(const Plane & plane, const TVisit & visit)
{
  for (int row = 0; row < plane.Height; ++row)
  {
    for (int column = 0; column < plane.Width; ++column)
    {
      visit(column, row, plane.GetIndex(column, row));
    }
  }
}

Plane
FindFullestPlane(const PanelRow & row)
{
  const auto count = static_cast<itk::IndexValueType>(row.Truth->GetLargestPossibleRegion().GetSize(row.SliceAxis));
  itk::IndexValueType best = 0;
  size_t              mostCells = 0;
  for (itk::IndexValueType position = 0; position < count; ++position)
  {
    size_t cells = 0;
    ForEachPixel(GetPlane(row, position),
                 [&](int, int, const auto & index) { cells += row.Truth->GetPixel(index) != 0 ? 1 : 0; });
    if (cells > mostCells)
    {
      mostCells = cells;
      best = position;
    }
  }
  return GetPlane(row, best);
}

vtkNew<vtkImageData>
MakeImage(int width, int height)
{
  vtkNew<vtkImageData> image;
  image->SetDimensions(width, height, 1);
  image->AllocateScalars(VTK_UNSIGNED_CHAR, 3);
  return image;
}

/** Row 0 is the upper one here; VTK counts from below. */
unsigned char *
GetPixel(vtkImageData * image, int column, int row)
{
  return static_cast<unsigned char *>(image->GetScalarPointer(column, image->GetDimensions()[1] - 1 - row, 0));
}

void
SetPixel(vtkImageData * image, int column, int row, const Colour & colour)
{
  std::transform(colour.begin(), colour.end(), GetPixel(image, column, row), [](double value) {
    return static_cast<unsigned char>(std::clamp(value + 0.5, 0.0, 255.0));
  });
}

Colour
Mix(const Colour & first, const Colour & second, double shareOfSecond)
{
  Colour mixed;
  for (size_t i = 0; i < 3; ++i)
  {
    mixed[i] = (1.0 - shareOfSecond) * first[i] + shareOfSecond * second[i];
  }
  return mixed;
}

/** The image with its contrast stretched. */
vtkNew<vtkImageData>
DrawImage(const PanelRow & row, const Plane & plane)
{
  const unsigned int channels = row.Image->GetNumberOfComponentsPerPixel();
  const bool         isColour = channels == 3;
  const auto         intensity = [&](const auto & index, unsigned int channel) {
    return row.Image->GetPixel(index)[isColour ? channel : 0];
  };
  std::vector<float> values;
  ForEachPixel(plane, [&](int, int, const auto & index) {
    for (unsigned int channel = 0; channel < (isColour ? 3 : 1); ++channel)
    {
      values.push_back(intensity(index, channel));
    }
  });
  const auto map = itk::ComputeIntensityMap(itk::IntensityNormalization::Percentile, values.data(), values.size());

  auto image = MakeImage(plane.Width, plane.Height);
  ForEachPixel(plane, [&](int column, int rowNumber, const auto & index) {
    Colour colour;
    for (unsigned int channel = 0; channel < 3; ++channel)
    {
      colour[channel] = 255.0 * (intensity(index, channel) - map.Shift) * map.Scale;
    }
    SetPixel(image, column, rowNumber, colour);
  });
  return image;
}

/** The image in dim grey, tinted where `getTint` gives a colour. */
vtkNew<vtkImageData>
DrawTinted(vtkImageData *                                                      image,
           const Plane &                                                       plane,
           const std::function<const Colour *(const ImageType::IndexType &)> & getTint)
{
  auto tinted = MakeImage(plane.Width, plane.Height);
  ForEachPixel(plane, [&](int column, int row, const auto & index) {
    const unsigned char * const pixel = GetPixel(image, column, row);
    const double                grey = (pixel[0] + pixel[1] + pixel[2]) / 3.0;
    const Colour                background{ { 0.7 * grey, 0.7 * grey, 0.7 * grey } };
    const Colour * const        tint = getTint(index);
    SetPixel(tinted, column, row, tint ? Mix(background, *tint, 0.65) : background);
  });
  return tinted;
}

class Canvas
{
public:
  Canvas(int width, int height)
    : m_Image(MakeImage(width, height))
  {
    this->Fill(0, 0, width, height, { { 255, 255, 255 } });
  }

  void
  Fill(int left, int top, int width, int height, const Colour & colour)
  {
    for (int row = 0; row < height; ++row)
    {
      for (int column = 0; column < width; ++column)
      {
        SetPixel(m_Image, left + column, top + row, colour);
      }
    }
  }

  void
  Paste(vtkImageData * image, int left, int top, int width, int height)
  {
    vtkNew<vtkImageResize> resize;
    resize->SetInputData(image);
    resize->SetOutputDimensions(width, height, 1);
    resize->SetInterpolate(image->GetDimensions()[0] > width);
    resize->Update();
    for (int row = 0; row < height; ++row)
    {
      for (int column = 0; column < width; ++column)
      {
        std::copy_n(GetPixel(resize->GetOutput(), column, row), 3, GetPixel(m_Image, left + column, top + row));
      }
    }
  }

  /** Black text whose middle is at the given height. */
  void
  Write(const std::string & text, int left, int middle)
  {
    vtkNew<vtkTextProperty> property;
    property->SetFontFamilyToArial();
    property->SetFontSize(12);
    property->SetColor(0.0, 0.0, 0.0);
    vtkNew<vtkImageData> rendered;
    std::array<int, 2>   size{ { 0, 0 } };
    if (!vtkTextRenderer::GetInstance()->RenderString(property, text, rendered, size.data(), 96))
    {
      throw MakeFailure("VTK cannot draw the text '", text, "'");
    }
    const std::array<int, 2> start{ { rendered->GetExtent()[0], rendered->GetExtent()[2] } };
    for (int row = 0; row < size[1]; ++row)
    {
      for (int column = 0; column < size[0]; ++column)
      {
        const auto * const pixel =
          static_cast<unsigned char *>(rendered->GetScalarPointer(start[0] + column, start[1] + size[1] - 1 - row, 0));
        const double grey = 255.0 - pixel[3];
        if (pixel[3] > 0)
        {
          SetPixel(m_Image, left + column, middle - size[1] / 2 + row, { { grey, grey, grey } });
        }
      }
    }
  }

  void
  Save(const fs::path & path)
  {
    vtkNew<vtkPNGWriter> writer;
    writer->SetInputData(m_Image);
    writer->WriteToMemoryOn();
    writer->Write();
    StagedOutput                 output(path, false);
    vtkUnsignedCharArray * const bytes = writer->GetResult();
    WriteBytes(output.GetPath(),
               reinterpret_cast<const char *>(bytes->GetPointer(0)),
               static_cast<size_t>(bytes->GetNumberOfValues()));
    output.Commit();
  }

private:
  vtkNew<vtkImageData> m_Image;
};

std::array<int, 2>
GetTileSize(const Plane & plane)
{
  const double scale = static_cast<double>(tileEdge) / std::max(plane.Width, plane.Height);
  return { { std::max(1, static_cast<int>(plane.Width * scale)),
             std::max(1, static_cast<int>(plane.Height * scale)) } };
}

void
DrawRow(Canvas & canvas, const PanelRow & row, const Plane & plane, int top)
{
  const auto foreground = [](const LabelImageType * labels) {
    return [labels](const ImageType::IndexType & index) { return labels->GetPixel(index) != 0 ? &annotated : nullptr; };
  };
  const auto difference = [&row](const ImageType::IndexType & index) -> const Colour * {
    const bool truth = row.Truth->GetPixel(index) != 0;
    const bool upgraded = row.Upgraded->GetPixel(index) != 0;
    return truth ? (upgraded ? &agreed : &missed) : upgraded ? &added : nullptr;
  };
  const auto size = GetTileSize(plane);
  int        left = gap;
  const auto paste = [&](vtkImageData * image) {
    canvas.Paste(image, left, top, size[0], size[1]);
    left += tileEdge + gap;
  };
  const auto image = DrawImage(row, plane);
  paste(image);
  paste(DrawTinted(image, plane, foreground(row.Truth)));
  paste(DrawTinted(image, plane, foreground(row.LowQuality)));
  paste(DrawTinted(image, plane, foreground(row.Upgraded)));
  paste(DrawTinted(image, plane, difference));
}
} // namespace

void
WritePanel(const std::vector<PanelRow> & rows, const fs::path & path)
{
  const std::vector<const char *> titles{ "Image", "Truth", "Low quality", "Upgraded", "Upgraded against truth" };
  std::vector<Plane>              planes;
  int                             height = 2 * textHeight;
  for (const auto & row : rows)
  {
    planes.push_back(FindFullestPlane(row));
    height += GetTileSize(planes.back())[1] + gap;
  }
  Canvas canvas(gap + static_cast<int>(titles.size()) * (tileEdge + gap), height);

  int left = gap;
  for (const auto & title : titles)
  {
    canvas.Write(title, left, textHeight / 2);
    left += tileEdge + gap;
  }
  int top = textHeight;
  for (size_t r = 0; r < rows.size(); ++r)
  {
    DrawRow(canvas, rows[r], planes[r], top);
    top += GetTileSize(planes[r])[1] + gap;
  }
  left = gap;
  const std::vector<std::pair<const char *, Colour>> legend{
    { "annotated", annotated }, { "right", agreed }, { "wrongly added", added }, { "missed", missed }
  };
  for (const auto & [text, colour] : legend)
  {
    canvas.Fill(left, top + 2, 20, 16, colour);
    canvas.Write(text, left + 28, top + 10);
    left += 170;
  }
  canvas.Save(path);
}
