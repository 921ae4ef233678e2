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
#ifndef IgnoredPixels_h
#define IgnoredPixels_h

#include "ImageFile.h"

#include <optional>

/** Pixels of annotations that count as neither cell nor background, which have a label of their own: they are
 * background to what works on annotations, and have their label again in what it makes. */
using IgnoreLabel = std::optional<unsigned int>;

/** \throw Failure if the label is that of background or of a cell. */
void
VerifyIgnoreLabel(const IgnoreLabel & ignoreLabel, unsigned int cells);

/** The labels, part by part where they are read so, with background in place of the ignored pixels. */
LabelFile
WithoutIgnored(LabelFile labels, const IgnoreLabel & ignoreLabel);

/** Gives the pixels of `made`, as much of it as is in memory, the label to ignore where `labels` have it, and cells
 * that were added with this label another that neither has. */
void
RestoreIgnored(LabelImageType * made, LabelImageType * labels, const IgnoreLabel & ignoreLabel);

#endif
