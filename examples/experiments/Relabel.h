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
#ifndef Relabel_h
#define Relabel_h

#include "DataSet.h"

/** A set with noisy annotations, and the folder with the foreground's probabilities from a network that was not trained
 * on it. */
struct Prediction
{
  DataPaths             Set;
  std::filesystem::path Probabilities;
};

/** The sets with annotations that itk::ConfidentLearning corrected over all of them. */
std::vector<DataPaths>
Relabel(const std::vector<Prediction> & predictions);

/** Labels where the mean of several folders of probabilities is 0.5 or more, in the format of `labels`. */
std::filesystem::path
AverageOf(const std::vector<std::filesystem::path> & probabilities, const std::filesystem::path & labels);

#endif
