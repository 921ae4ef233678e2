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
#ifndef PartialLabels_h
#define PartialLabels_h

#include "DataSet.h"

/** Value of the pixels that an annotation leaves open, for --ignore-label. */
constexpr unsigned int OpenLabel = 65535;

/** The set with annotations that leave open what is no cell in them. */
DataPaths
OpenBackground(const DataPaths & set);

/** The set with annotations whose open pixels are labelled by itk::PartialLabeling.
 * \param annotated  a set that leaves nothing open, to learn from together with this one
 * \param model  a segmentation network, whose features before its last layer are compared */
DataPaths
CompleteLabels(const Tool &                  tool,
               const DataPaths &             annotated,
               const DataPaths &             open,
               const std::filesystem::path & model);

#endif
