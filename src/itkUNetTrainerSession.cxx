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
#include "itkPerturbRandomStream.h"
#include "itkUNetLoss.h"
#include "itkUNetTiles.h"

#include "itksys/SystemTools.hxx"

#include <algorithm>
#include <cmath>
#include <future>
#include <numeric>

namespace itk
{
UNetTrainer::Session::Session(UNetTrainer & trainer)
  : m_Trainer(trainer)
  , m_Source(*trainer.m_SampleSource)
  , m_Model(*trainer.m_Model)
  , m_Device(m_Model.GetImpl().Device)
  , m_BFloat16(ComputesInBFloat16(m_Model.GetPrecision(), m_Device))
  , m_Best(m_Model.GetImpl().Network)
  , m_Master(CopyNetwork(m_Model))
  , m_Worker(m_BFloat16 ? CopyNetwork(m_Model) : m_Master)
  , m_Average(CopyNetwork(m_Model))
  , m_Adam(m_Master->parameters(), torch::optim::AdamOptions(trainer.m_LearningRate))
{
  if (m_BFloat16)
  {
    m_Worker->SetConvolutionType(torch::kBFloat16);
  }
  m_Worker->train();
  m_Average->eval();
  const size_t alignment = m_Model.GetAlignment();
  const size_t edge = trainer.m_PatchSize > 0 ? trainer.m_PatchSize : (m_Model.GetDimension() == 2 ? 256 : 64);
  for (unsigned int axis = 0; axis < m_Model.GetDimension(); ++axis)
  {
    m_PatchExtent[axis] = (edge + alignment - 1) / alignment * alignment;
  }
  if (trainer.m_BatchSize == 1 && m_PatchExtent[0] == alignment)
  {
    itkGenericExceptionMacro("BatchSize is 1 and PatchSize "
                             << m_PatchExtent[0]
                             << ": the last level of the network would see one pixel at a time, which has no variance "
                                "for the batch normalisation. Make either larger.");
  }
  this->SplitImages();
}

/** [images, channels, (z,) y, x], without channels where 0. */
std::vector<int64_t>
UNetTrainer::Session::Shape(const ExtentType & extent, int64_t images, int64_t channels) const
{
  std::vector<int64_t> shape{ images };
  if (channels > 0)
  {
    shape.push_back(channels);
  }
  for (unsigned int axis = m_Model.GetDimension(); axis-- > 0;)
  {
    shape.push_back(static_cast<int64_t>(extent[axis]));
  }
  return shape;
}

/** What decides the outcome; part of the training record and, to tell trainings apart, of the checkpoint. */
nlohmann::json
UNetTrainer::Session::Settings() const
{
  return { { "samples", nlohmann::json::parse(m_Source.GetDescription()) },
           { "seed", m_Trainer.m_Seed },
           { "batch_size", m_Trainer.m_BatchSize },
           { "patch_size", m_PatchExtent[0] },
           { "patches_per_epoch", m_Trainer.m_PatchesPerEpoch },
           { "learning_rate", m_Trainer.m_LearningRate },
           { "average_decay", m_Trainer.m_AverageDecay },
           { "loss", TrainingLossNames[static_cast<size_t>(m_Trainer.m_Loss)] },
           { "precision", m_BFloat16 ? "bfloat16" : "float32" },
           { "validation_fraction", m_Trainer.m_ValidationFraction },
           { "normalization", IntensityNormalizationNames[static_cast<size_t>(m_Model.GetNormalization())] },
           { "spacing", m_Model.GetSpacing() },
           { "parameters", m_Model.GetNumberOfParameters() },
           { "training_images", m_TrainingImages },
           { "validation_images", m_ValidationImages } };
}

void
UNetTrainer::Session::SplitImages()
{
  std::vector<size_t> images(m_Source.GetNumberOfImages());
  std::iota(images.begin(), images.end(), size_t{ 0 });
  images = PerturbRandomStream(m_Trainer.m_Seed, 0).Choose(images, 1.0);
  const auto hasForeground = [this](const size_t image) { return m_Source.HasForeground(image); };
  auto       empty = std::stable_partition(images.begin(), images.end(), hasForeground);
  if (empty == images.begin())
  {
    empty = images.end();
  }
  const auto able = empty - images.begin();
  const auto wanted = std::lround(m_Trainer.m_ValidationFraction * static_cast<double>(able));
  const auto middle = images.begin() + std::min<std::ptrdiff_t>(wanted, able - 1);
  m_TrainingImages.assign(middle, images.end());
  m_ValidationImages.assign(images.begin(), middle > images.begin() ? middle : empty);
  std::sort(m_ValidationImages.begin(), m_ValidationImages.end());
  std::sort(m_TrainingImages.begin(), m_TrainingImages.end());
}

/** One image per draw: shuffled rounds through the training images. */
std::vector<size_t>
UNetTrainer::Session::ImagesOfEpoch(unsigned int epoch) const
{
  PerturbRandomStream stream(PerturbHash(m_Trainer.m_Seed, 1), epoch);
  const size_t        batch = m_Trainer.m_BatchSize;
  const size_t        count = (m_Trainer.m_PatchesPerEpoch + batch - 1) / batch * batch;
  std::vector<size_t> images;
  while (images.size() < count)
  {
    const auto round = stream.Choose(m_TrainingImages, 1.0);
    images.insert(images.end(), round.begin(), round.end());
  }
  images.resize(count);
  return images;
}

auto
UNetTrainer::Session::DrawBatch(unsigned int epoch, size_t firstDraw, const std::vector<size_t> & images) const -> Batch
{
  const size_t   pixels = m_PatchExtent[0] * m_PatchExtent[1] * m_PatchExtent[2];
  const size_t   channels = m_Model.GetNumberOfInputChannels();
  const uint64_t epochSeed = PerturbHash(PerturbHash(m_Trainer.m_Seed, 2), epoch);
  Batch          batch{ std::vector<float>(pixels * channels * m_Trainer.m_BatchSize),
               std::vector<float>(pixels * m_Trainer.m_BatchSize) };
  for (size_t i = 0; i < m_Trainer.m_BatchSize; ++i)
  {
    m_Source.DrawPatch(images[firstDraw + i],
                       PerturbHash(epochSeed, firstDraw + i),
                       m_PatchExtent,
                       batch.Input.data() + i * pixels * channels,
                       batch.Target.data() + i * pixels);
  }
  return batch;
}

double
UNetTrainer::Session::Step(Batch & batch)
{
  const int64_t size = m_Trainer.m_BatchSize;
  const auto    type = m_BFloat16 ? torch::kBFloat16 : torch::kFloat32;
  const auto    x =
    torch::from_blob(batch.Input.data(), this->Shape(m_PatchExtent, size, m_Model.GetNumberOfInputChannels()))
      .to(torch::dtype(type).device(m_Device), false, false, FastFormat(m_Model.GetDimension(), m_Device, type, true));
  const auto target = torch::from_blob(batch.Target.data(), this->Shape(m_PatchExtent, size, 0)).to(m_Device);
  if (m_BFloat16)
  {
    CopyState(m_Worker, m_Master);
  }
  m_Worker->zero_grad();
  const auto loss = SegmentationLoss(m_Worker->forward(x), target, m_Trainer.m_Loss);
  loss.backward();
  if (m_BFloat16)
  {
    const auto from = m_Worker->parameters();
    const auto to = m_Master->parameters();
    for (size_t i = 0; i < to.size(); ++i)
    {
      to[i].mutable_grad() = from[i].grad().to(torch::kFloat32);
    }
    const auto toBuffers = m_Master->buffers();
    const auto fromBuffers = m_Worker->buffers();
    for (size_t i = 0; i < toBuffers.size(); ++i)
    {
      toBuffers[i].copy_(fromBuffers[i]);
    }
  }
  m_Adam.step();
  const auto age = static_cast<double>(m_Steps++);
  UpdateAverage(m_Average, m_Master, std::min(m_Trainer.m_AverageDecay, (1.0 + age) / (4.0 + age)));
  return loss.item<double>();
}

void
UNetTrainer::Session::VerifyNotAborted() const
{
  if (m_Trainer.GetAbortGenerateData())
  {
    throw ProcessAborted(__FILE__, __LINE__);
  }
}

void
UNetTrainer::Session::VerifyFinite(double value, const char * name, unsigned int epoch) const
{
  if (!std::isfinite(value))
  {
    itkGenericExceptionMacro("The " << name << " is not finite in epoch " << epoch
                                    << ". Lower the learning rate, which is " << m_Trainer.m_LearningRate << '.');
  }
}

double
UNetTrainer::Session::TrainEpoch(unsigned int epoch)
{
  const auto   images = this->ImagesOfEpoch(epoch);
  const size_t size = m_Trainer.m_BatchSize;
  const auto   draw = [&](size_t first) {
    return std::async(std::launch::async,
                      [this, epoch, first, &images] { return this->DrawBatch(epoch, first, images); });
  };
  auto   next = draw(0);
  double sum = 0.0;
  size_t steps = 0;
  for (size_t first = 0; first < images.size() && !this->TimeIsUp(); first += size)
  {
    Batch batch = next.get();
    if (first + size < images.size())
    {
      next = draw(first + size);
    }
    const double loss = this->Step(batch);
    this->VerifyFinite(loss, "loss", epoch);
    sum += loss;
    ++steps;
    const double done = epoch - 1 + static_cast<double>(first + size) / static_cast<double>(images.size());
    const double timeDone =
      m_Trainer.m_MaximumMinutes > 0.0 ? this->SecondsSoFar() / (60.0 * m_Trainer.m_MaximumMinutes) : 0.0;
    m_Trainer.UpdateProgress(static_cast<float>(std::min(1.0, std::max(timeDone, done / m_Trainer.m_MaximumEpochs))));
    this->VerifyNotAborted();
  }
  return steps > 0 ? sum / static_cast<double>(steps) : 0.0;
}

/** Of the average, pooled over the validation images. Dice is 1 where nothing is wanted and nothing found. */
auto
UNetTrainer::Session::Validate(unsigned int epoch) -> Validation
{
  torch::NoGradGuard guard;
  double             common = 0.0;
  double             sum = 0.0;
  double             entropy = 0.0;
  size_t             count = 0;
  const uint64_t     seed = PerturbHash(m_Trainer.m_Seed, 3);
  CopyState(m_Best, m_Average);
  const size_t edge = UNetTiles::GetEdge(&m_Model, 0);
  for (const size_t image : m_ValidationImages)
  {
    const UNetTiles::Box whole{ { { 0, 0, 0 } }, m_Source.GetExtent(image) };
    const size_t         pixels = whole.GetNumberOfPixels();
    std::vector<float>   input(pixels * m_Model.GetNumberOfInputChannels());
    std::vector<float>   target(pixels);
    std::vector<float>   probability(pixels);
    m_Source.DrawImage(image, PerturbHash(seed, image), input.data(), target.data());
    UNetTiles(&m_Model, whole.End, whole, edge).Predict({ input.data() }, { probability.data() }, [this](size_t) {
      this->VerifyNotAborted();
    });
    for (size_t i = 0; i < pixels; ++i)
    {
      if (target[i] >= 0.0f)
      {
        const bool found = probability[i] >= 0.5f;
        const bool wanted = target[i] >= 0.5f;
        common += found && wanted;
        sum += found + wanted;
        const double p = probability[i];
        entropy -= target[i] * std::log(std::max(p, 1e-7)) + (1.0 - target[i]) * std::log(std::max(1.0 - p, 1e-7));
        ++count;
      }
    }
  }
  this->VerifyFinite(entropy, "validation loss", epoch);
  const double dice = sum > 0.0 ? 2.0 * common / sum : 1.0;
  const bool   withEntropy = m_Trainer.m_Loss == TrainingLoss::DiceAndCrossEntropy && count > 0;
  return { 1.0 - dice + (withEntropy ? entropy / static_cast<double>(count) : 0.0), dice };
}

void
UNetTrainer::Session::Run()
{
  if (m_Trainer.m_Resume && itksys::SystemTools::FileExists(m_Trainer.m_CheckpointFile))
  {
    this->LoadCheckpoint();
  }
  else
  {
    m_Trainer.m_History.clear();
    m_Trainer.m_BestEpoch = 0;
  }
  auto &      history = m_Trainer.m_History;
  UNetNetwork best = CopyNetwork(m_Model);
  const auto  finish = [&] {
    CopyState(m_Best, best);
    m_Best->eval();
    m_Model.Modified();
  };
  try
  {
    while (history.size() < m_Trainer.m_MaximumEpochs &&
           history.size() < size_t{ m_Trainer.m_BestEpoch } + m_Trainer.m_Patience && !this->TimeIsUp())
    {
      const auto   start = Clock::now();
      const auto   epoch = static_cast<unsigned int>(history.size() + 1);
      const double loss = this->TrainEpoch(epoch);
      const auto   validation = this->Validate(epoch);
      if (m_Trainer.m_BestEpoch == 0 || validation.Loss < history[m_Trainer.m_BestEpoch - 1].ValidationLoss)
      {
        m_Trainer.m_BestEpoch = epoch;
        CopyState(best, m_Average);
      }
      const std::chrono::duration<double> time = Clock::now() - start;
      history.push_back({ epoch, loss, validation.Loss, validation.Dice, time.count() });
      CopyState(m_Best, best);
      m_Model.Modified();
      if (!m_Trainer.m_CheckpointFile.empty())
      {
        this->SaveCheckpoint();
      }
      m_Trainer.InvokeEvent(IterationEvent());
    }
  }
  catch (...)
  {
    finish();
    throw;
  }
  finish();
  nlohmann::json record = this->Settings();
  record["best_epoch"] = m_Trainer.m_BestEpoch;
  record["history"] = nlohmann::json::array();
  for (const auto & epoch : history)
  {
    record["history"].push_back({ { "epoch", epoch.Number },
                                  { "loss", epoch.Loss },
                                  { "validation_loss", epoch.ValidationLoss },
                                  { "dice", epoch.Dice } });
  }
  m_Model.SetTrainingRecord(record.dump());
}
} // namespace itk
