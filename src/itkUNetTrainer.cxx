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
#include "itkUNetTrainer.h"
#include "itkMultiThreaderBase.h"
#include "itkUNetTrainerSession.h"

#include <cmath>

namespace itk
{
void
UNetTrainer::CheckSettings() const
{
  if (!m_Model || !m_Model->IsInitialized())
  {
    itkExceptionMacro("There is no model to train: set one and call its Initialize().");
  }
  if (!m_SampleSource || m_SampleSource->GetNumberOfImages() == 0)
  {
    itkExceptionMacro("There are no images to train on: set a SampleSource with at least one image.");
  }
  m_SampleSource->VerifyModel(m_Model);
  if (m_BatchSize == 0 || m_PatchesPerEpoch == 0 || m_MaximumEpochs == 0 || m_Patience == 0)
  {
    itkExceptionMacro("BatchSize (" << m_BatchSize << "), PatchesPerEpoch (" << m_PatchesPerEpoch
                                    << "), MaximumEpochs (" << m_MaximumEpochs << ") and Patience (" << m_Patience
                                    << ") must be at least 1.");
  }
  if (!(m_LearningRate > 0.0) || !std::isfinite(m_LearningRate))
  {
    itkExceptionMacro("LearningRate is " << m_LearningRate << "; it must be a positive number.");
  }
  if (!(m_AverageDecay >= 0.0 && m_AverageDecay < 1.0) || !(m_ValidationFraction >= 0.0 && m_ValidationFraction < 1.0))
  {
    itkExceptionMacro("AverageDecay is " << m_AverageDecay << " and ValidationFraction " << m_ValidationFraction
                                         << "; both must be in [0, 1).");
  }
  if (!(m_MaximumMinutes >= 0.0))
  {
    itkExceptionMacro("MaximumMinutes is " << m_MaximumMinutes << "; it must be positive, or 0 for no limit.");
  }
  if (m_Resume && m_CheckpointFile.empty())
  {
    itkExceptionMacro("Resume is on but CheckpointFile is empty: name the checkpoint to go on from.");
  }
}

void
UNetTrainer::Update()
{
  this->CheckSettings();
  UNetModel::SetNumberOfThreads(
    std::min<unsigned int>(this->GetNumberOfWorkUnits(), this->GetMultiThreader()->GetMaximumNumberOfThreads()));
  this->AbortGenerateDataOff();
  this->InvokeEvent(StartEvent());
  this->UpdateProgress(0.0f);
  try
  {
    WithTorchErrors("Training failed", [this] { Session(*this).Run(); });
  }
  catch (const ProcessAborted &)
  {
    this->InvokeEvent(AbortEvent());
    throw;
  }
  this->UpdateProgress(1.0f);
  this->InvokeEvent(EndEvent());
}

void
UNetTrainer::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  itkPrintSelfObjectMacro(Model);
  itkPrintSelfObjectMacro(SampleSource);
  os << indent << "Seed: " << m_Seed << std::endl;
  os << indent << "BatchSize: " << m_BatchSize << std::endl;
  os << indent << "PatchSize: " << m_PatchSize << std::endl;
  os << indent << "PatchesPerEpoch: " << m_PatchesPerEpoch << std::endl;
  os << indent << "LearningRate: " << m_LearningRate << std::endl;
  os << indent << "AverageDecay: " << m_AverageDecay << std::endl;
  os << indent << "Loss: " << TrainingLossNames[static_cast<size_t>(m_Loss)] << std::endl;
  os << indent << "ValidationFraction: " << m_ValidationFraction << std::endl;
  os << indent << "Patience: " << m_Patience << std::endl;
  os << indent << "MaximumEpochs: " << m_MaximumEpochs << std::endl;
  os << indent << "MaximumMinutes: " << m_MaximumMinutes << std::endl;
  os << indent << "CheckpointFile: " << m_CheckpointFile << std::endl;
  os << indent << "Resume: " << (m_Resume ? "On" : "Off") << std::endl;
  os << indent << "BestEpoch: " << m_BestEpoch << std::endl;
}
} // namespace itk
