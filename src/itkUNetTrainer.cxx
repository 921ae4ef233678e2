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
#include "itkPerturbRandomStream.h"
#include "itkUNetLoss.h"
#include "itkUNetModelImpl.h"

#include "itksys/SystemTools.hxx"

#include <nlohmann/json.hpp>

#include <chrono>
#include <future>
#include <numeric>

namespace itk
{
namespace
{
using Clock = std::chrono::steady_clock;

double
SecondsSince(Clock::time_point start)
{
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/** Whether the processor multiplies bfloat16 numbers itself. */
bool
ComputesInBFloat16(const torch::Device & device)
{
  if (device.is_cuda())
  {
    return true;
  }
#if defined(__x86_64__) && defined(__GNUC__) && __GNUC__ >= 10
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

void
CopyState(UNetNetwork & to, const UNetNetwork & from)
{
  torch::NoGradGuard guard;
  const auto         toParameters = to->parameters();
  const auto         fromParameters = from->parameters();
  for (size_t i = 0; i < toParameters.size(); ++i)
  {
    toParameters[i].detach().copy_(fromParameters[i]);
  }
  const auto toBuffers = to->buffers();
  const auto fromBuffers = from->buffers();
  for (size_t i = 0; i < toBuffers.size(); ++i)
  {
    toBuffers[i].copy_(fromBuffers[i]);
  }
}

/** average = decay * average + (1 - decay) * current. */
void
UpdateAverage(UNetNetwork & average, const UNetNetwork & current, double decay)
{
  torch::NoGradGuard guard;
  const auto         update = [decay](const std::vector<torch::Tensor> & to, const std::vector<torch::Tensor> & from) {
    for (size_t i = 0; i < to.size(); ++i)
    {
      if (to[i].is_floating_point())
      {
        to[i].detach().lerp_(from[i].detach(), 1.0 - decay);
      }
      else
      {
        to[i].copy_(from[i]);
      }
    }
  };
  update(average->parameters(), current->parameters());
  update(average->buffers(), current->buffers());
}

struct Batch
{
  std::vector<float> Input;
  std::vector<float> Target;
};
} // namespace

/** One run of Train(): what lives from its start to its end. */
class UNetTrainer::Session
{
public:
  explicit Session(UNetTrainer & trainer);

  void
  Run();

private:
  using ExtentType = TrainingSampleSource::ExtentType;

  UNetNetwork
  NewNetwork() const;
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
  double
  Validate();
  void
  SaveCheckpoint() const;
  void
  LoadCheckpoint();
  double
  SecondsSoFar() const
  {
    return m_EarlierSeconds + SecondsSince(m_Start);
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

UNetTrainer::Session::Session(UNetTrainer & trainer)
  : m_Trainer(trainer)
  , m_Source(*trainer.m_SampleSource)
  , m_Model(*trainer.m_Model)
  , m_Device(m_Model.GetImpl().Device)
  , m_BFloat16(trainer.m_Precision == TrainingPrecision::BFloat16 ||
               (trainer.m_Precision == TrainingPrecision::Auto && ComputesInBFloat16(m_Device)))
  , m_Best(m_Model.GetImpl().Network)
  , m_Master(NewNetwork())
  , m_Worker(m_BFloat16 ? NewNetwork() : m_Master)
  , m_Average(NewNetwork())
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
  this->SplitImages();
}

UNetNetwork
UNetTrainer::Session::NewNetwork() const
{
  UNetNetwork network(
    m_Model.GetDimension(), m_Model.GetNumberOfInputChannels(), m_Model.GetBaseChannels(), m_Model.GetNumberOfLevels());
  network->to(m_Device);
  CopyState(network, m_Best);
  return network;
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
  if (images.size() == 1)
  {
    m_TrainingImages = m_ValidationImages = images;
    return;
  }
  const auto   wanted = std::lround(m_Trainer.m_ValidationFraction * static_cast<double>(images.size()));
  const size_t count = std::min(images.size() - 1, std::max<size_t>(1, static_cast<size_t>(wanted)));
  m_ValidationImages.assign(images.begin(), images.begin() + static_cast<std::ptrdiff_t>(count));
  m_TrainingImages.assign(images.begin() + static_cast<std::ptrdiff_t>(count), images.end());
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

Batch
UNetTrainer::Session::DrawBatch(unsigned int epoch, size_t firstDraw, const std::vector<size_t> & images) const
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
  const auto    x =
    torch::from_blob(batch.Input.data(), this->Shape(m_PatchExtent, size, m_Model.GetNumberOfInputChannels()))
      .to(m_Device, m_BFloat16 ? torch::kBFloat16 : torch::kFloat32)
      .contiguous(FastFormat(m_Model.GetDimension()));
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
  UpdateAverage(m_Average, m_Master, std::min(m_Trainer.m_AverageDecay, (1.0 + age) / (10.0 + age)));
  return loss.item<double>();
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
    if (!std::isfinite(loss))
    {
      itkGenericExceptionMacro("The loss is not finite in epoch " << epoch << ". Lower the learning rate, which is "
                                                                  << m_Trainer.m_LearningRate << '.');
    }
    sum += loss;
    ++steps;
    const double done = epoch - 1 + static_cast<double>(first + size) / static_cast<double>(images.size());
    const double timeDone =
      m_Trainer.m_MaximumMinutes > 0.0 ? this->SecondsSoFar() / (60.0 * m_Trainer.m_MaximumMinutes) : 0.0;
    m_Trainer.UpdateProgress(static_cast<float>(std::min(1.0, std::max(timeDone, done / m_Trainer.m_MaximumEpochs))));
    if (m_Trainer.GetAbortGenerateData())
    {
      throw ProcessAborted(__FILE__, __LINE__);
    }
  }
  return steps > 0 ? sum / static_cast<double>(steps) : 0.0;
}

/** Dice of the average, pooled over the validation images; 1 where nothing is wanted and nothing found. */
double
UNetTrainer::Session::Validate()
{
  torch::NoGradGuard guard;
  double             common = 0.0;
  double             sum = 0.0;
  const uint64_t     seed = PerturbHash(m_Trainer.m_Seed, 3);
  CopyState(m_Best, m_Average);
  for (const size_t image : m_ValidationImages)
  {
    const auto         extent = m_Source.GetExtent(image);
    const size_t       pixels = extent[0] * extent[1] * extent[2];
    std::vector<float> input(pixels * m_Model.GetNumberOfInputChannels());
    std::vector<float> target(pixels);
    std::vector<float> probability(pixels);
    m_Source.DrawImage(image, PerturbHash(seed, image), input.data(), target.data());
    m_Model.Predict(input.data(), extent, probability.data());
    for (size_t i = 0; i < pixels; ++i)
    {
      if (target[i] >= 0.0f)
      {
        const bool found = probability[i] >= 0.5f;
        const bool wanted = target[i] >= 0.5f;
        common += found && wanted;
        sum += found + wanted;
      }
    }
  }
  return sum > 0.0 ? 2.0 * common / sum : 1.0;
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
  UNetNetwork best = this->NewNetwork();
  const auto  finish = [&] {
    CopyState(m_Best, best);
    m_Best->eval();
  };
  try
  {
    while (history.size() < m_Trainer.m_MaximumEpochs &&
           history.size() < m_Trainer.m_BestEpoch + m_Trainer.m_Patience && !this->TimeIsUp())
    {
      const auto   start = Clock::now();
      const auto   epoch = static_cast<unsigned int>(history.size() + 1);
      const double loss = this->TrainEpoch(epoch);
      const double score = this->Validate();
      if (m_Trainer.m_BestEpoch == 0 || score > history[m_Trainer.m_BestEpoch - 1].Score)
      {
        m_Trainer.m_BestEpoch = epoch;
        CopyState(best, m_Average);
      }
      history.push_back({ epoch, loss, score, SecondsSince(start) });
      CopyState(m_Best, best);
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
    record["history"].push_back({ { "epoch", epoch.Number }, { "loss", epoch.Loss }, { "score", epoch.Score } });
  }
  m_Model.SetTrainingRecord(record.dump());
}

void
UNetTrainer::Session::SaveCheckpoint() const
{
  nlohmann::json history = nlohmann::json::array();
  for (const auto & epoch : m_Trainer.m_History)
  {
    history.push_back({ epoch.Number, epoch.Loss, epoch.Score, epoch.Seconds });
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
  auto                archive = LoadArchive(fileName, "checkpoint of a training");
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
    load("master", *m_Master);
    load("average", *m_Average);
    load("best", *m_Best);
    load("adam", m_Adam);
    const auto state = nlohmann::json::parse(progress.toStringRef());
    m_Trainer.m_History.clear();
    for (const auto & epoch : state.at("history"))
    {
      m_Trainer.m_History.push_back({ epoch.at(0), epoch.at(1), epoch.at(2), epoch.at(3) });
    }
    state.at("best_epoch").get_to(m_Trainer.m_BestEpoch);
    state.at("steps").get_to(m_Steps);
    state.at("seconds").get_to(m_EarlierSeconds);
  }
  catch (const ExceptionObject &)
  {
    throw;
  }
  catch (const std::exception &)
  {
    itkGenericExceptionMacro(
      "\"" << fileName << "\" is not a checkpoint of a training, or it is damaged. Delete it and start anew.");
  }
}

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
  os << indent << "Precision: " << TrainingPrecisionNames[static_cast<size_t>(m_Precision)] << std::endl;
  os << indent << "ValidationFraction: " << m_ValidationFraction << std::endl;
  os << indent << "Patience: " << m_Patience << std::endl;
  os << indent << "MaximumEpochs: " << m_MaximumEpochs << std::endl;
  os << indent << "MaximumMinutes: " << m_MaximumMinutes << std::endl;
  os << indent << "CheckpointFile: " << m_CheckpointFile << std::endl;
  os << indent << "Resume: " << (m_Resume ? "On" : "Off") << std::endl;
  os << indent << "BestEpoch: " << m_BestEpoch << std::endl;
}
} // namespace itk
