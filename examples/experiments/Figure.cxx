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
#include "Figure.h"

#include "PaintSVG.h"
#include "Results.h"
#include "StagedOutput.h"

#include <vtkAxis.h>
#include <vtkChartLegend.h>
#include <vtkChartXY.h>
#include <vtkContextScene.h>
#include <vtkDoubleArray.h>
#include <vtkNew.h>
#include <vtkPen.h>
#include <vtkPlotLine.h>
#include <vtkStringArray.h>
#include <vtkTable.h>
#include <vtkTextProperty.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace
{
// In pixels.
constexpr int panelWidth = 460;
constexpr int panelHeight = 400;
constexpr int leftOfAxes = 70;
constexpr int belowAxes = 60;
constexpr int axisWidth = 375;
constexpr int axisHeight = 300;
constexpr int legendRow = 19;

/** Places of values along an axis. Charts draw in pixels: VTK stretches the lines of what has another unit, with their
 * width, and writes coordinates with six digits.
 */
struct Scale
{
  double              First;
  double              Last;
  int                 Length;
  int                 Margin;
  bool                Logarithmic;
  std::vector<double> Ticks;

  double
  GetPlace(double value) const
  {
    const auto   at = [this](double v) { return Logarithmic ? std::log10(v) : v; };
    const double share = First < Last ? (at(value) - at(First)) / (at(Last) - at(First)) : 0.5;
    return Margin + share * (Length - 2 * Margin);
  }
};

struct Scales
{
  Scale X;
  Scale Y;
};

struct Curve
{
  bool                                  IsLevel{ false }; ///< a dashed line at the mean of everything
  std::map<double, std::vector<double>> ValuesAt;
};

/** By label, in the order of appearance. */
using Curves = std::vector<std::pair<std::string, Curve>>;

template <typename TEntries>
auto &
FindOrAdd(TEntries & entries, const std::string & name)
{
  const auto entry =
    std::find_if(entries.begin(), entries.end(), [&name](const auto & known) { return known.first == name; });
  if (entry != entries.end())
  {
    return entry->second;
  }
  entries.emplace_back(name, typename TEntries::value_type::second_type{});
  return entries.back().second;
}

double
ToNumber(const Json & value)
{
  if (value.is_number())
  {
    return value.get<double>();
  }
  const std::string    text = value.get<std::string>();
  const std::regex     number("[0-9]+(\\.[0-9]+)?");
  std::sregex_iterator match(text.begin(), text.end(), number);
  double               last = 0.0;
  for (; match != std::sregex_iterator(); ++match)
  {
    last = std::stod(match->str());
  }
  return last;
}

/** "hl60, --bias 6" */
std::string
Describe(const Json & row, const Json & keys)
{
  std::string text;
  for (const Json & key : keys)
  {
    const Json & value = row.at(key.get<std::string>());
    text += (text.empty() ? "" : ", ") + (value.is_number() ? key.get<std::string>() + " " : "") + ToText(value);
  }
  return text;
}

std::vector<std::pair<std::string, Curves>>
GetPanels(const std::vector<Json> & rows, const Json & description)
{
  const Json methods = description.at("methods");
  const Json none = Json::array();
  const bool hasSeveral =
    std::count_if(methods.begin(), methods.end(), [](const Json & method) { return method != "low quality"; }) > 1;
  std::vector<std::pair<std::string, Curves>> panels;
  for (const Json & row : rows)
  {
    if (std::find(methods.begin(), methods.end(), row.at("method")) == methods.end())
    {
      continue;
    }
    Curves &          panel = FindOrAdd(panels, Describe(row, description.value("panels", none)));
    const std::string method = row.at("method");
    const std::string group = Describe(row, description.value("curves", none));
    const bool        isLevel = method == "low quality";
    const std::string label = isLevel || group.empty() ? method : hasSeveral ? method + ", " + group : group;
    Curve &           curve = FindOrAdd(panel, label);
    curve.IsLevel = isLevel;
    curve.ValuesAt[ToNumber(row.at(description.at("x").get<std::string>()))].push_back(row.at("dice"));
  }
  return panels;
}

vtkPlot *
AddLine(vtkChartXY * chart, const std::vector<std::pair<double, double>> & points)
{
  vtkNew<vtkTable> table;
  for (const char * name : { "x", "y" })
  {
    vtkNew<vtkDoubleArray> column;
    column->SetName(name);
    table->AddColumn(column);
  }
  table->SetNumberOfRows(static_cast<vtkIdType>(points.size()));
  for (size_t i = 0; i < points.size(); ++i)
  {
    table->SetValue(static_cast<vtkIdType>(i), 0, points[i].first);
    table->SetValue(static_cast<vtkIdType>(i), 1, points[i].second);
  }
  vtkPlot * const plot = chart->AddPlot(vtkChart::LINE);
  plot->SetInputData(table, 0, 1);
  return plot;
}

/** The look of a curve: colours that colour-blind readers tell apart (Okabe and Ito), and marks for print without
 * colour.
 */
void
Style(vtkPlot * plot, size_t number)
{
  constexpr unsigned char colors[][3]{ { 0, 114, 178 },  { 213, 94, 0 },  { 0, 158, 115 }, { 204, 121, 167 },
                                       { 86, 180, 233 }, { 230, 159, 0 }, { 0, 0, 0 } };
  const auto &            color = colors[number % std::size(colors)];
  plot->SetColor(color[0], color[1], color[2], 255);
  plot->SetWidth(2.0f);
}

void
AddCurve(vtkChartXY * chart, const std::string & label, const Curve & curve, size_t number, const Scales & scales)
{
  if (curve.IsLevel)
  {
    std::vector<double> all;
    for (const auto & [x, values] : curve.ValuesAt)
    {
      all.insert(all.end(), values.begin(), values.end());
    }
    const double    y = scales.Y.GetPlace(Moments(all).Mean);
    vtkPlot * const line = AddLine(chart, { { 0.0, y }, { scales.X.Length, y } });
    line->GetPen()->SetLineType(vtkPen::DASH_LINE);
    line->SetColor(90, 90, 90, 255);
    line->SetWidth(1.5f);
    line->SetLabel(label);
    return;
  }
  constexpr double                       cap = 4.0;
  std::vector<std::pair<double, double>> points;
  std::vector<std::pair<double, double>> bars; // in pairs
  for (const auto & [value, values] : curve.ValuesAt)
  {
    const Moments moments(values);
    const double  x = scales.X.GetPlace(value);
    const double  low = scales.Y.GetPlace(std::max(0.0, moments.Mean - moments.Deviation));
    const double  high = scales.Y.GetPlace(std::min(1.0, moments.Mean + moments.Deviation));
    points.emplace_back(x, scales.Y.GetPlace(moments.Mean));
    if (moments.Deviation > 0.0)
    {
      bars.insert(bars.end(), { { x, low }, { x, high } });
      for (const double end : { low, high })
      {
        bars.insert(bars.end(), { { x - cap, end }, { x + cap, end } });
      }
    }
  }
  if (!bars.empty())
  {
    auto * const plot = vtkPlotLine::SafeDownCast(AddLine(chart, bars));
    Style(plot, number);
    plot->SetWidth(1.0f);
    plot->PolyLineOff();
    plot->LegendVisibilityOff();
  }
  constexpr int marks[]{
    vtkPlotPoints::CIRCLE, vtkPlotPoints::SQUARE, vtkPlotPoints::DIAMOND, vtkPlotPoints::CROSS, vtkPlotPoints::PLUS
  };
  auto * const plot = vtkPlotLine::SafeDownCast(AddLine(chart, points));
  Style(plot, number);
  plot->SetMarkerStyle(marks[number % std::size(marks)]);
  plot->SetMarkerSize(8.0f);
  plot->SetLabel(label);
}

/** Multiples of 1, 2 or 5 times a power of ten, at most eight. */
std::vector<double>
GetRoundTicks(double first, double last)
{
  double power = 1e-3;
  double step = power;
  for (size_t i = 1; (last - first) / step > 7.0; ++i)
  {
    constexpr double factors[]{ 1.0, 2.0, 5.0 };
    power *= i % std::size(factors) == 0 ? 10.0 : 1.0;
    step = power * factors[i % std::size(factors)];
  }
  constexpr double    tolerance = 1e-6;
  std::vector<double> ticks;
  const long          end = std::lround(std::floor(last / step + tolerance));
  for (long count = std::lround(std::ceil(first / step - tolerance)); count <= end; ++count)
  {
    ticks.push_back(static_cast<double>(count) * step);
  }
  return ticks;
}

Scales
GetScales(const Curves & curves, bool logarithmic)
{
  double           lowest = 1.0;
  std::set<double> xs;
  for (const auto & [label, curve] : curves)
  {
    for (const auto & [x, values] : curve.ValuesAt)
    {
      const Moments moments(values);
      lowest = std::min(lowest, moments.Mean - moments.Deviation);
      xs.insert(x);
    }
  }
  constexpr int margin = 15;
  lowest = std::max(0.0, std::floor(20.0 * lowest) / 20.0);
  const double first = *xs.begin();
  const double last = *xs.rbegin();
  return { { first,
             last,
             axisWidth,
             margin,
             logarithmic,
             logarithmic ? std::vector<double>(xs.begin(), xs.end()) : GetRoundTicks(first, last) },
           { lowest, 1.0, axisHeight, 0, false, GetRoundTicks(lowest, 1.0) } };
}

void
PrepareAxis(vtkAxis * axis, const std::string & title, const Scale & scale)
{
  axis->SetTitle(title);
  axis->SetBehavior(vtkAxis::FIXED);
  axis->SetRange(0.0, scale.Length);
  vtkNew<vtkDoubleArray> positions;
  vtkNew<vtkStringArray> labels;
  for (const double tick : scale.Ticks)
  {
    std::ostringstream text;
    text << tick;
    positions->InsertNextValue(scale.GetPlace(tick));
    labels->InsertNextValue(text.str());
  }
  axis->SetCustomTickPositions(positions, labels);
  axis->GetTitleProperties()->SetFontSize(15);
  axis->GetLabelProperties()->SetFontSize(13);
  axis->GetGridPen()->SetColor(225, 225, 225);
}
} // namespace

void
DrawFigure(const std::vector<Json> & rows, const Json & description, const std::filesystem::path & path)
{
  const auto panels = GetPanels(rows, description);
  size_t     legendRows = 0;
  for (const auto & [title, curves] : panels)
  {
    legendRows = std::max(legendRows, curves.size());
  }
  const int               legendHeight = legendRow * static_cast<int>(legendRows);
  vtkNew<vtkContextScene> scene;
  for (size_t p = 0; p < panels.size(); ++p)
  {
    const auto & [title, curves] = panels[p];
    const float        left = static_cast<float>(p * panelWidth + leftOfAxes);
    vtkNew<vtkChartXY> chart;
    chart->SetLayoutStrategy(vtkChart::AXES_TO_RECT);
    chart->SetSize(vtkRectf(left, legendHeight + belowAxes, axisWidth, axisHeight));
    chart->SetTitle(title);
    chart->GetTitleProperties()->SetFontSize(16);
    const Scales scales = GetScales(curves, description.value("logarithmic", false));
    PrepareAxis(chart->GetAxis(vtkAxis::BOTTOM), description.at("x title"), scales.X);
    PrepareAxis(chart->GetAxis(vtkAxis::LEFT), "Dice similarity", scales.Y);
    for (size_t c = 0; c < curves.size(); ++c)
    {
      AddCurve(chart, curves[c].first, curves[c].second, c, scales);
    }
    chart->SetShowLegend(true);
    vtkChartLegend * const legend = chart->GetLegend();
    legend->SetHorizontalAlignment(vtkChartLegend::CUSTOM);
    legend->SetVerticalAlignment(vtkChartLegend::CUSTOM);
    legend->SetPoint(vtkVector2f(left, 0.0f)); // the lower left corner
    legend->SetLabelSize(13);
    legend->GetPen()->SetLineType(vtkPen::NO_PEN);
    scene->AddItem(chart);
  }
  const std::string svg =
    PaintSVG(scene, panelWidth * static_cast<int>(std::max<size_t>(1, panels.size())), panelHeight + legendHeight);
  StagedOutput output(path, false);
  WriteBytes(output.GetPath(), svg.data(), svg.size());
  output.Commit();
}
