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
#ifndef DataSet_h
#define DataSet_h

#include "Report.h"
#include "Tool.h"

/** Folders of 2-D images and their annotations, under the same file names. */
struct DataPaths
{
  std::filesystem::path Images;
  std::filesystem::path Labels;
  std::filesystem::path Candidates; ///< empty where there are none
};

/** Slices for training and for the test. */
struct DataSet
{
  DataPaths                             Training;
  std::vector<std::vector<std::string>> Volumes; ///< file names of the training slices of each volume, in order
  DataPaths                             Test;
};

/** The slices with cells of simulated volumes.
 * \param cells  as for `annotation-upgrade simulate`
 * \param phantom  "size" of a volume, number of "training" and "test" volumes, and of "test slices", 0 for all. */
DataSet
SimulateData(const Tool & tool, const std::string & cells, const Json & phantom);

/** Images of a folder that holds train/ and test/ with images/ and labels/ each, or, with classes/ beside images/ and
 * labels/, epithelial cells (class 3) as cells and the others as candidates, the last four tiles for the test. All
 * training images count as slices of one volume.
 * \param patchSize  cuts training images into patches with this edge in pixels, of which those with cells count as
 * slices, without candidates; 0: images stay whole */
DataSet
FindRealData(const Tool & tool, const std::filesystem::path & folder, unsigned int patchSize);

/** A folder with links to some files of a set. */
DataPaths
Select(const DataPaths & set, const std::vector<std::string> & names);

#endif
