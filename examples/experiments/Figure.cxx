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

#include "Results.h"
#include "StagedOutput.h"

#include <vtkAxis.h>
#include <vtkChartLegend.h>
#include <vtkChartXY.h>
#include <vtkContext2D.h>
#include <vtkContextScene.h>
#include <vtkDoubleArray.h>
#include <vtkNew.h>
#include <vtkPen.h>
#include <vtkPlotLine.h>
#include <vtkRenderWindow.h>
#include <vtkRenderer.h>
#include <vtkSVGContextDevice2D.h>
#include <vtkStringArray.h>
#include <vtkTable.h>
#include <vtkTextProperty.h>
#include <vtkXMLDataElement.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace
{
constexpr int panelWidth = 460;
constexpr int panelHeight = 400;

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
  const Json                                  methods = description.at("methods");
  const Json                                  none = Json::array();
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
    Curve &           curve = FindOrAdd(panel,
                              isLevel || group.empty() ? method
                                        : methods.size() > 2     ? method + ", " + group
                                                                 : group);
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
AddCurve(vtkChartXY * chart, const std::string & label, const Curve & curve, size_t number, bool logarithmic)
{
  const auto   place = [logarithmic](double x) { return logarithmic ? std::log10(x) : x; };
  const double first = place(curve.ValuesAt.begin()->first);
  const double last = place(curve.ValuesAt.rbegin()->first);
  if (curve.IsLevel)
  {
    std::vector<double> all;
    for (const auto & [x, values] : curve.ValuesAt)
    {
      all.insert(all.end(), values.begin(), values.end());
    }
    const double                           mean = Moments(all).Mean;
    constexpr int                          dashes = 30;
    std::vector<std::pair<double, double>> ends; // in pairs
    for (int end = 0; end < 2 * dashes; ++end)
    {
      ends.emplace_back(first + (last - first) * end / (2 * dashes - 1), mean);
    }
    auto * const line = vtkPlotLine::SafeDownCast(AddLine(chart, ends));
    line->PolyLineOff();
    line->SetColor(90, 90, 90, 255);
    line->SetWidth(1.5f);
    line->GetPen()->SetLineType(vtkPen::DASH_LINE); // for the legend
    line->SetLabel(label);
    return;
  }
  const double                           cap = 0.01 * (last - first);
  std::vector<std::pair<double, double>> points;
  std::vector<std::pair<double, double>> bars; // in pairs
  for (const auto & [x, values] : curve.ValuesAt)
  {
    const Moments moments(values);
    const double  low = std::max(0.0, moments.Mean - moments.Deviation);
    const double  high = std::min(1.0, moments.Mean + moments.Deviation);
    points.emplace_back(place(x), moments.Mean);
    if (moments.Deviation > 0.0)
    {
      bars.insert(bars.end(), { { place(x), low }, { place(x), high } });
      for (const double end : { low, high })
      {
        bars.insert(bars.end(), { { place(x) - cap, end }, { place(x) + cap, end } });
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

void
PrepareAxes(vtkChartXY * chart, const Curves & curves, const Json & description, bool logarithmic)
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
  vtkAxis * const bottom = chart->GetAxis(vtkAxis::BOTTOM);
  vtkAxis * const left = chart->GetAxis(vtkAxis::LEFT);
  bottom->SetTitle(description.at("x title").get<std::string>());
  left->SetTitle("Dice similarity");
  left->SetBehavior(vtkAxis::FIXED);
  left->SetRange(std::max(0.0, std::floor(10.0 * lowest) / 10.0), 1.0);
  if (logarithmic)
  {
    vtkNew<vtkDoubleArray> positions;
    vtkNew<vtkStringArray> labels;
    for (const double x : xs)
    {
      std::ostringstream text;
      text << x;
      positions->InsertNextValue(std::log10(x));
      labels->InsertNextValue(text.str());
    }
    bottom->SetCustomTickPositions(positions, labels);
  }
  for (vtkAxis * axis : { bottom, left })
  {
    axis->GetTitleProperties()->SetFontSize(15);
    axis->GetLabelProperties()->SetFontSize(13);
    axis->GetGridPen()->SetColor(225, 225, 225);
  }
}

/** VTK clips what it transforms by a region that it does not mean to transform. Nothing here needs to be clipped. */
void
RemoveClipping(vtkXMLDataElement * element)
{
  if (element->GetAttribute("transform") != nullptr)
  {
    element->RemoveAttribute("clip-path");
  }
  for (int i = 0; i < element->GetNumberOfNestedElements(); ++i)
  {
    RemoveClipping(element->GetNestedElement(i));
  }
}

/** Charts need no display when they paint into SVG. */
std::string
PaintSVG(vtkContextScene * scene, int width, int height)
{
  vtkNew<vtkRenderer>     renderer;
  vtkNew<vtkRenderWindow> window; // which is never rendered
  window->AddRenderer(renderer);
  window->SetSize(width, height);
  scene->SetRenderer(renderer);
  scene->SetGeometry(width, height);

  const auto add = [](vtkXMLDataElement * parent, const char * name) {
    vtkNew<vtkXMLDataElement> element;
    element->SetName(name);
    if (parent != nullptr)
    {
      parent->AddNestedElement(element);
    }
    return vtkSmartPointer<vtkXMLDataElement>(element);
  };
  const auto        root = add(nullptr, "svg");
  const std::string extent = std::to_string(width) + " " + std::to_string(height);
  root->SetAttribute("xmlns", "http://www.w3.org/2000/svg");
  root->SetAttribute("xmlns:xlink", "http://www.w3.org/1999/xlink");
  root->SetAttribute("viewBox", ("0 0 " + extent).c_str());
  root->SetIntAttribute("width", width);
  root->SetIntAttribute("height", height);
  const auto definitions = add(root, "defs");
  const auto background = add(root, "rect");
  background->SetAttribute("width", "100%");
  background->SetAttribute("height", "100%");
  background->SetAttribute("fill", "white");
  const auto page = add(root, "g");
  page->SetAttribute("fill", "none");

  vtkNew<vtkSVGContextDevice2D> device;
  vtkNew<vtkContext2D>          context;
  device->SetSVGContext(page, definitions);
  device->Begin(renderer);
  context->Begin(device);
  scene->Paint(context);
  context->End();
  device->End();
  device->GenerateDefinitions();
  RemoveClipping(page);
  std::ostringstream text;
  root->PrintXML(text, vtkIndent());
  return text.str();
}
} // namespace

void
DrawFigure(const std::vector<Json> & rows, const Json & description, const std::filesystem::path & path)
{
  const auto              panels = GetPanels(rows, description);
  const bool              logarithmic = description.value("logarithmic", false);
  vtkNew<vtkContextScene> scene;
  for (size_t p = 0; p < panels.size(); ++p)
  {
    const auto & [title, curves] = panels[p];
    vtkNew<vtkChartXY> chart;
    chart->SetAutoSize(false);
    chart->SetSize(vtkRectf(static_cast<float>(p * panelWidth), 0.0f, panelWidth, panelHeight));
    chart->SetTitle(title);
    chart->GetTitleProperties()->SetFontSize(16);
    PrepareAxes(chart, curves, description, logarithmic);
    for (size_t c = 0; c < curves.size(); ++c)
    {
      AddCurve(chart, curves[c].first, curves[c].second, c, logarithmic);
    }
    chart->SetShowLegend(true);
    chart->GetLegend()->SetHorizontalAlignment(vtkChartLegend::RIGHT);
    chart->GetLegend()->SetVerticalAlignment(vtkChartLegend::BOTTOM);
    chart->GetLegend()->SetLabelSize(13);
    scene->AddItem(chart);
  }
  const std::string svg =
    PaintSVG(scene, panelWidth * static_cast<int>(std::max<size_t>(1, panels.size())), panelHeight);
  StagedOutput output(path, false);
  WriteBytes(output.GetPath(), svg.data(), svg.size());
  output.Commit();
}
