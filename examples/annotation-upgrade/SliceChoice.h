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
#ifndef SliceChoice_h
#define SliceChoice_h

#include "ImageSet.h"

#include <set>
#include <utility>

/** Slices, each by its file of labels and its position from 0. */
using SliceChoice = std::set<std::pair<std::filesystem::path, long>>;

/** Chooses slices far from each other (itk::ChooseSlices) among those with cells. A file with several slices is a
 * volume; the files of a set with one slice each are a volume together.
 *
 * \param labels  the annotations
 * \param axis  across the slices of volumes
 * \param count  how many slices
 * \throw Failure if there are too few of them. */
SliceChoice
ChooseSlices(const std::vector<ImageSet> & labels, unsigned int axis, size_t count);

#endif
