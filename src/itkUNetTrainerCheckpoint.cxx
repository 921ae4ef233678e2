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
#include "itkUNetTrainerSession.h"

namespace itk
{
void
UNetTrainer::Session::SaveCheckpoint() const
{
  nlohmann::json history = nlohmann::json::array();
  for (const auto & epoch : m_Trainer.m_History)
  {
    history.push_back({ epoch.Number, epoch.Loss, epoch.ValidationLoss, epoch.Dice, epoch.Seconds });
  }
  const nlohmann::json            progress{ { "history", history },
                                 { "best_epoch", m_Trainer.m_BestEpoch },
                                 { "steps", m_Steps },
                                 { "seconds", this->SecondsSoFar() } };
  torch::serialize::OutputArchive archive, master, average, best, adam;
  m_Master->save(master);
  m_Average->save(average);
  m_Best->save(best);
  m_Adam.save(adam);
  archive.write("settings", c10::IValue(this->Settings().dump()));
  archive.write("progress", c10::IValue(progress.dump()));
  archive.write("master", master);
  archive.write("average", average);
  archive.write("best", best);
  archive.write("adam", adam);
  SaveArchive(archive, m_Trainer.m_CheckpointFile);
}

void
UNetTrainer::Session::LoadCheckpoint()
{
  const std::string & fileName = m_Trainer.m_CheckpointFile;
  auto                archive = LoadArchive(fileName, "checkpoint of a training", m_Device);
  try
  {
    c10::IValue settings, progress;
    archive.read("settings", settings);
    archive.read("progress", progress);
    if (settings.toStringRef() != this->Settings().dump())
    {
      itkGenericExceptionMacro("The checkpoint \"" << fileName << "\" belongs to a training with other settings ("
                                                   << settings.toStringRef() << ") than this one ("
                                                   << this->Settings().dump()
                                                   << "). Give the same settings, or start anew without resuming.");
    }
    const auto load = [&archive](const char * key, auto & module) {
      torch::serialize::InputArchive part;
      archive.read(key, part);
      module.load(part);
    };
    const auto         state = nlohmann::json::parse(progress.toStringRef());
    std::vector<Epoch> history;
    for (const auto & epoch : state.at("history"))
    {
      history.push_back({ epoch.at(0), epoch.at(1), epoch.at(2), epoch.at(3), epoch.at(4) });
    }
    const unsigned int bestEpoch = state.at("best_epoch");
    state.at("steps").get_to(m_Steps);
    state.at("seconds").get_to(m_EarlierSeconds);
    load("master", *m_Master);
    load("average", *m_Average);
    load("adam", m_Adam);
    load("best", *m_Best); // the user's model: last
    m_Trainer.m_History = std::move(history);
    m_Trainer.m_BestEpoch = bestEpoch;
  }
  catch (const ExceptionObject &)
  {
    throw;
  }
  catch (const c10::OutOfMemoryError &)
  {
    throw; // the file is good
  }
  catch (const std::exception &)
  {
    itkGenericExceptionMacro(
      "\"" << fileName << "\" is not a checkpoint of a training, or it is damaged. Delete it and start anew.");
  }
}
} // namespace itk
