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
#ifndef itkUNetModelImpl_h
#define itkUNetModelImpl_h

#include "itkUNetModel.h"
#include "itkUNetPredictor.h"

#include <mutex>

namespace itk
{
/** The device that `name` stands for.
 * \throw ExceptionObject if there is none. */
torch::Device
FindDevice(const std::string & name);

struct UNetModel::Impl
{
  UNetNetwork   Network{ nullptr };
  std::string   DeviceName{ "auto" };
  torch::Device Device{ FindDevice(DeviceName) };

  std::shared_ptr<const UNetPredictor> Predictor; ///< made when it is first wanted
  std::mutex                           PredictorMutex;
};

/** A network of the model's architecture, on its device, with its weights. */
UNetNetwork
CopyNetwork(const UNetModel & model);

/** Whether `precision` means bfloat16 on this device. */
bool
ComputesInBFloat16(UNetPrecision precision, const torch::Device & device);

/** Runs LibTorch code and turns its exceptions into ExceptionObject with `what` in front. */
template <typename TCode>
auto
WithTorchErrors(const std::string & what, TCode code)
{
  try
  {
    return code();
  }
  catch (const c10::Error & error)
  {
    itkGenericExceptionMacro(<< what << ": " << error.what_without_backtrace());
  }
}

/** Writes an archive beside `fileName`, then renames it.
 * \throw ExceptionObject if that is not possible; nothing is left behind. */
void
SaveArchive(torch::serialize::OutputArchive & archive, const std::string & fileName);

/** Opens an archive.
 * \param kind  what the file should be, for messages
 * \param device  where its tensors are to be, wherever they were written
 * \throw ExceptionObject if the file is missing or is no archive. */
torch::serialize::InputArchive
LoadArchive(const std::string & fileName, const std::string & kind, const torch::Device & device);
} // namespace itk

#endif
