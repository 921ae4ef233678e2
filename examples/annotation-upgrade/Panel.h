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
#ifndef Panel_h
#define Panel_h

#include "ImageFile.h"

#include <filesystem>
#include <vector>

/** One row of the panel: a slice of each, all of the same size. */
struct PanelRow
{
  ImageType::ConstPointer      Image;
  LabelImageType::ConstPointer Truth;
  LabelImageType::ConstPointer LowQuality;
  LabelImageType::ConstPointer Upgraded;
  unsigned int                 SliceAxis{ 2 };
};

/** Draws a PNG file with image, truth, poor and upgraded annotation, and what the latter has right and wrong. Of a
 * volume it shows the slice with the most cells. */
void
WritePanel(const std::vector<PanelRow> & rows, const std::filesystem::path & path);

#endif
