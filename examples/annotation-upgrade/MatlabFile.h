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
#ifndef MatlabFile_h
#define MatlabFile_h

#include <filesystem>
#include <string>
#include <vector>

/** A matrix of whole numbers from 0, column after column. */
struct MatlabMatrix
{
  size_t                    Rows;
  size_t                    Columns;
  std::vector<unsigned int> Values;
};

/** Reads a variable of a MATLAB file.
 * \throw Failure that names the file and the variable, or says that this build cannot read such files. */
MatlabMatrix
ReadMatlabMatrix(const std::filesystem::path & path, const std::string & variable);

#endif
