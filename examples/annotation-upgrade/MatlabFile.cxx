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
#include "MatlabFile.h"

#include "Failure.h"

#ifdef ANNOTATION_UPGRADE_USE_MATIO
#  include <matio.h>

#  include <cmath>
#  include <cstdint>
#  include <limits>
#  include <memory>

namespace fs = std::filesystem;

namespace
{
/** What matio said last; only this tells of compressed data that are cut. */
std::string complaint;

void
KeepComplaint(int, char * message)
{
  complaint = message;
}

/** \throw Failure without the name of the file. */
template <typename TValue>
std::vector<unsigned int>
ReadWholeNumbers(mat_t * file, matvar_t * variable)
{
  constexpr auto      missing = static_cast<TValue>(-1); // stays where a file that is not compressed is cut
  std::vector<TValue> values(variable->dims[0] * variable->dims[1], missing);
  complaint.clear();
  if (!values.empty())
  {
    Mat_VarReadDataLinear(file, variable, values.data(), 0, 1, static_cast<int>(values.size()));
  }
  if (!complaint.empty())
  {
    throw MakeFailure("is damaged: ", complaint);
  }
  std::vector<unsigned int> numbers;
  numbers.reserve(values.size());
  for (const TValue each : values)
  {
    const auto value = static_cast<double>(each);
    if (!(value >= 0.0 && value <= std::numeric_limits<unsigned int>::max() && value == std::floor(value)))
    {
      throw MakeFailure("has the value ", value, "; whole numbers from 0 are expected. Is the file damaged?");
    }
    numbers.push_back(static_cast<unsigned int>(value));
  }
  return numbers;
}

std::vector<unsigned int>
ReadWholeNumbers(mat_t * file, matvar_t * variable)
{
  if (variable->rank == 2 && !variable->isComplex)
  {
    switch (variable->class_type)
    {
      case MAT_C_DOUBLE:
        return ReadWholeNumbers<double>(file, variable);
      case MAT_C_SINGLE:
        return ReadWholeNumbers<float>(file, variable);
      case MAT_C_INT8:
        return ReadWholeNumbers<int8_t>(file, variable);
      case MAT_C_UINT8:
        return ReadWholeNumbers<uint8_t>(file, variable);
      case MAT_C_INT16:
        return ReadWholeNumbers<int16_t>(file, variable);
      case MAT_C_UINT16:
        return ReadWholeNumbers<uint16_t>(file, variable);
      case MAT_C_INT32:
        return ReadWholeNumbers<int32_t>(file, variable);
      case MAT_C_UINT32:
        return ReadWholeNumbers<uint32_t>(file, variable);
      case MAT_C_INT64:
        return ReadWholeNumbers<int64_t>(file, variable);
      case MAT_C_UINT64:
        return ReadWholeNumbers<uint64_t>(file, variable);
      default:
        break;
    }
  }
  throw Failure("is no matrix of numbers");
}
} // namespace

MatlabMatrix
ReadMatlabMatrix(const fs::path & path, const std::string & name)
{
  [[maybe_unused]] static const int                  once = Mat_LogInitFunc("annotation-upgrade", &KeepComplaint);
  const std::unique_ptr<mat_t, decltype(&Mat_Close)> file(Mat_Open(path.string().c_str(), MAT_ACC_RDONLY), &Mat_Close);
  if (!file)
  {
    throw MakeFailure("'", path.string(), "' is no MATLAB file that matio can read");
  }
  const std::unique_ptr<matvar_t, decltype(&Mat_VarFree)> variable(Mat_VarReadInfo(file.get(), name.c_str()),
                                                                   &Mat_VarFree);
  if (!variable)
  {
    throw MakeFailure("'", path.string(), "' has no variable '", name, "'");
  }
  try
  {
    auto values = ReadWholeNumbers(file.get(), variable.get());
    return { variable->dims[0], variable->dims[1], std::move(values) };
  }
  catch (const Failure & failure)
  {
    throw MakeFailure("'", path.string(), "': the variable '", name, "' ", failure.what());
  }
}

#else

MatlabMatrix
ReadMatlabMatrix(const std::filesystem::path & path, const std::string &)
{
  throw MakeFailure("'",
                    path.string(),
                    "' is a MATLAB file, and this program was built without matio, which reads them; install matio "
                    "(Debian's libmatio-dev), then configure and build again");
}

#endif
