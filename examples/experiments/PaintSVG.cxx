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
#include "PaintSVG.h"

#include <vtkContext2D.h>
#include <vtkContextScene.h>
#include <vtkNew.h>
#include <vtkRenderWindow.h>
#include <vtkRenderer.h>
#include <vtkSVGContextDevice2D.h>
#include <vtkSmartPointer.h>
#include <vtkXMLDataElement.h>

#include <sstream>

namespace
{
/** VTK measures the regions by which it clips from the wrong edge of the page, where nothing needs to be clipped, and
 * draws lines without a pen as dashes of no length, which show where they join.
 */
void
RemoveFlaws(vtkXMLDataElement * element)
{
  element->RemoveAttribute("clip-path");
  for (int i = element->GetNumberOfNestedElements(); i-- > 0;)
  {
    vtkXMLDataElement * const nested = element->GetNestedElement(i);
    const char * const        dashes = nested->GetAttribute("stroke-dasharray");
    if (dashes != nullptr && std::string(dashes) == "0,10")
    {
      element->RemoveNestedElement(nested);
    }
    else
    {
      RemoveFlaws(nested);
    }
  }
}
} // namespace

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
  RemoveFlaws(page);
  std::ostringstream text;
  root->PrintXML(text, vtkIndent());
  return text.str();
}
