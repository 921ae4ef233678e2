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
#ifndef Figure_h
#define Figure_h

#include "Report.h"

#include <string>
#include <vector>

/** Draws rows of results as curves with error bars, mean and standard deviation over the runs.
 *
 * \param description  an object with
 * - "x": the key of the rows that goes along the axis; of a text its last number counts, 0 if there is none
 * - "x title"
 * - "logarithmic": whether that axis is; optional
 * - "panels": keys whose values have a chart each, side by side; optional
 * - "curves": keys whose values have a curve each, beside the method; optional
 * - "methods": those that are drawn. "low quality" is a dashed line at its mean.
 * \param path  an SVG file */
void
DrawFigure(const std::vector<Json> & rows, const Json & description, const std::filesystem::path & path);

#endif
