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
#ifndef itkUNetTrainerSession_h
#define itkUNetTrainerSession_h

#include "itkUNetModelImpl.h"
#include "itkUNetTrainer.h"

#include <nlohmann/json.hpp>

#include <chrono>

namespace itk
{
/** One run of Train(): what lives from its start to its end. */
class UNetTrainer::Session
{
public:
  explicit Session(UNetTrainer & trainer);

  void
  Run();

private:
  using Clock = std::chrono::steady_clock;
  using ExtentType = TrainingSampleSource::ExtentType;

  struct Batch
  {
    std::vector<float> Input;
    std::vector<float> Target;
  };
  struct Validation
  {
    double Loss;
    double Dice;
  };

  std::vector<int64_t>
  Shape(const ExtentType & extent, int64_t images, int64_t channels) const;
  nlohmann::json
  Settings() const;
  void
  SplitImages();
  std::vector<size_t>
  ImagesOfEpoch(unsigned int epoch) const;
  Batch
  DrawBatch(unsigned int epoch, size_t firstDraw, const std::vector<size_t> & images) const;
  double
  Step(Batch & batch);
  double
  TrainEpoch(unsigned int epoch);
  void
  VerifyNotAborted() const;
  void
  VerifyFinite(double value, const char * name, unsigned int epoch) const;
  Validation
  Validate(unsigned int epoch);
  void
  SaveCheckpoint() const;
  void
  LoadCheckpoint();
  double
  SecondsSoFar() const
  {
    return m_EarlierSeconds + std::chrono::duration<double>(Clock::now() - m_Start).count();
  }
  bool
  TimeIsUp() const
  {
    return m_Trainer.m_MaximumMinutes > 0.0 && this->SecondsSoFar() >= 60.0 * m_Trainer.m_MaximumMinutes;
  }

  UNetTrainer &                m_Trainer;
  const TrainingSampleSource & m_Source;
  UNetModel &                  m_Model;
  torch::Device                m_Device;
  bool                         m_BFloat16;
  ExtentType                   m_PatchExtent{ { 1, 1, 1 } };

  UNetNetwork        m_Best;    ///< the model's own network
  UNetNetwork        m_Master;  ///< the weights that Adam works on
  UNetNetwork        m_Worker;  ///< the network that computes; the master itself in float32
  UNetNetwork        m_Average; ///< moving average of the master
  torch::optim::Adam m_Adam;

  std::vector<size_t> m_TrainingImages;
  std::vector<size_t> m_ValidationImages;
  size_t              m_Steps{ 0 };
  double              m_EarlierSeconds{ 0.0 };
  Clock::time_point   m_Start{ Clock::now() };
};
} // namespace itk

#endif
