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
#include "train.h"

#include "Commands.h"
#include "Failure.h"
#include "ImageFile.h"
#include "ImageSet.h"
#include "Interrupt.h"
#include "Progress.h"
#include "Report.h"
#include "SliceChoice.h"
#include "StagedOutput.h"

#include "itkAnnotationSampleSource.h"
#include "itkExtractImageFilter.h"

#include <algorithm>
#include <iomanip>
#include <optional>

namespace fs = std::filesystem;

namespace
{
struct TrainingSet
{
  ImageSet                Images;
  ImageSet                Labels;
  std::optional<ImageSet> Candidates;
};

std::vector<TrainingSet>
FindSets(const TrainJob & job)
{
  if (job.Labels.size() != job.Images.size() || (!job.Candidates.empty() && job.Candidates.size() != job.Images.size()))
  {
    throw MakeFailure("there are ",
                      job.Images.size(),
                      " --images, ",
                      job.Labels.size(),
                      " --labels and ",
                      job.Candidates.size(),
                      " --candidates; give as many of one as of the other");
  }
  if (job.Perturbation.Includes() && job.Candidates.empty())
  {
    throw Failure("--inclusion needs --candidates, the label images of the objects to add");
  }
  std::vector<TrainingSet> sets;
  for (size_t s = 0; s < job.Images.size(); ++s)
  {
    TrainingSet set{ ImageSet(job.Images[s]), ImageSet(job.Labels[s]), {} };
    VerifyPaired(set.Images, set.Labels);
    if (!job.Candidates.empty())
    {
      set.Candidates.emplace(job.Candidates[s]);
      VerifyPaired(set.Images, *set.Candidates);
    }
    sets.push_back(std::move(set));
  }
  return sets;
}

template <typename TSlice, typename TVolume>
typename TSlice::ConstPointer
GetSlice(const TVolume * volume, unsigned int axis, itk::IndexValueType position)
{
  auto region = volume->GetLargestPossibleRegion();
  region.SetSize(axis, 0);
  region.SetIndex(axis, position);
  const auto extract = itk::ExtractImageFilter<TVolume, TSlice>::New();
  extract->SetInput(volume);
  extract->SetExtractionRegion(region);
  extract->SetDirectionCollapseToIdentity();
  extract->Update();
  return extract->GetOutput();
}

using SliceSamples = itk::AnnotationSampleSource<itk::VectorImage<float, 2>, itk::Image<unsigned int, 2>>;
using VolumeSamples = itk::AnnotationSampleSource<ImageType, LabelImageType>;

/** Where an image and what belongs to it are. */
struct Paths
{
  fs::path                Image;
  fs::path                Labels;
  std::optional<fs::path> Candidates;
};

struct Files
{
  explicit Files(const Paths & paths)
    : Image(OpenImage(paths.Image))
    , Labels(OpenLabels(paths.Labels))
  {
    VerifySameGrid(Image.Image, paths.Image, Labels.Image, paths.Labels);
    if (paths.Candidates)
    {
      Candidates = OpenLabels(*paths.Candidates);
      VerifySameGrid(Image.Image, paths.Image, Candidates->Image, *paths.Candidates);
    }
  }

  /** Whether a slice can be read without the others. */
  bool
  ReadSlices() const
  {
    const auto reads = [](const FileFormat & format) { return format.Dimension == 2 || format.ReadsInParts; };
    return reads(Image.Format) && reads(Labels.Format) && (!Candidates || reads(Candidates->Format));
  }

  void
  Read(const RegionType & region) const
  {
    const auto read = [&region](auto & image) {
      image.SetRequestedRegion(region);
      image.Update();
    };
    read(*Image.Image);
    read(*Labels.Image);
    if (Candidates)
    {
      read(*Candidates->Image);
    }
  }

  SliceSamples::AnnotatedImage
  GetSlices(unsigned int axis, itk::IndexValueType position) const
  {
    using SliceType = itk::VectorImage<float, 2>;
    using LabelSliceType = itk::Image<unsigned int, 2>;
    return { GetSlice<SliceType>(Image.Image.GetPointer(), axis, position),
             GetSlice<LabelSliceType>(Labels.Image.GetPointer(), axis, position),
             Candidates ? GetSlice<LabelSliceType>(Candidates->Image.GetPointer(), axis, position) : nullptr };
  }

  ImageFile                Image;
  LabelFile                Labels;
  std::optional<LabelFile> Candidates;
};

/** Adds slice by slice what is read some slices at a time. Where slices can be read one by one, they need not stay in
 * memory. */
void
AddFiles(SliceSamples & source, const Paths & paths, unsigned int volumeAxis, const std::optional<SliceChoice> & choice)
{
  const Files        files(paths);
  const unsigned int axis = files.Image.Format.Dimension == 2 ? 2 : volumeAxis;
  const RegionType   whole = files.Image.Image->GetLargestPossibleRegion();
  const auto         count = static_cast<itk::IndexValueType>(whole.GetSize(axis));
  const auto         together = static_cast<itk::IndexValueType>(GetBlockOfSlices(whole, axis)[axis]);
  for (itk::IndexValueType k = 0; k < count; ++k)
  {
    if (k % together == 0)
    {
      RegionType block = whole;
      block.SetIndex(axis, k);
      block.SetSize(axis, static_cast<itk::SizeValueType>(std::min(together, count - k)));
      files.Read(block);
    }
    if (choice && choice->count({ paths.Labels, k }) == 0)
    {
      continue;
    }
    SliceSamples::ReadType readAgain;
    if (files.ReadSlices())
    {
      readAgain = [paths, axis, k] { return Files(paths).GetSlices(axis, k); };
    }
    const auto slices = files.GetSlices(axis, k);
    WorkOnFile(paths.Image, [&] { source.AddImage(slices.Image, slices.Annotation, slices.Candidates, readAgain); });
  }
}

void
AddFiles(VolumeSamples & source, const Paths & paths, unsigned int, const std::optional<SliceChoice> & choice)
{
  if (choice)
  {
    throw Failure("--slices chooses slices; a network of --dimension 3 needs volumes");
  }
  const auto read = [paths] {
    const Files files(paths);
    files.Read(files.Image.Image->GetLargestPossibleRegion());
    return VolumeSamples::AnnotatedImage{ files.Image.Image.GetPointer(),
                                          files.Labels.Image.GetPointer(),
                                          files.Candidates ? files.Candidates->Image.GetPointer() : nullptr };
  };
  if (OpenImage(paths.Image).Format.Dimension == 2)
  {
    throw MakeFailure("'", paths.Image.string(), "' has two dimensions; a network of --dimension 3 needs volumes");
  }
  const auto volumes = read();
  WorkOnFile(paths.Image, [&] { source.AddImage(volumes.Image, volumes.Annotation, volumes.Candidates, read); });
}

template <typename TSource>
void
AddSets(TSource & source, const std::vector<TrainingSet> & sets, unsigned int axis, size_t slices)
{
  std::optional<SliceChoice> choice;
  if (slices > 0)
  {
    std::vector<ImageSet> labels;
    for (const auto & set : sets)
    {
      labels.push_back(set.Labels);
    }
    choice = ChooseSlices(labels, axis, slices);
  }
  size_t count = 0;
  for (const auto & set : sets)
  {
    count += set.Images.GetSize();
  }
  Progress progress("read", count);
  for (const auto & set : sets)
  {
    for (size_t i = 0; i < set.Images.GetSize(); ++i)
    {
      Paths paths{ set.Images[i].Path, set.Labels[i].Path, {} };
      if (set.Candidates)
      {
        paths.Candidates = (*set.Candidates)[i].Path;
      }
      AddFiles(source, paths, axis, choice);
      progress.FinishStep();
    }
  }
}

double
GetDiceOfBestEpoch(const itk::UNetTrainer & trainer)
{
  const auto best = trainer.GetBestEpoch();
  return best == 0 ? 0.0 : trainer.GetHistory()[best - 1].Dice;
}

std::string
DescribeLastEpoch(const itk::UNetTrainer & trainer)
{
  const auto &       epoch = trainer.GetHistory().back();
  std::ostringstream text;
  text << std::fixed << std::setprecision(3) << "epoch " << epoch.Number << ", loss " << epoch.Loss
       << ", validation loss " << epoch.ValidationLoss << ", Dice " << epoch.Dice << ", best epoch "
       << trainer.GetBestEpoch() << " with Dice " << GetDiceOfBestEpoch(trainer);
  return text.str();
}

void
RunTrainer(itk::UNetTrainer & trainer, const TrainJob & job)
{
  Progress progress("train", 1);
  progress.Watch(&trainer);
  trainer.AddObserver(itk::IterationEvent(),
                      [&](const itk::EventObject &) { progress.SetNote(DescribeLastEpoch(trainer)); });
  try
  {
    trainer.Train();
  }
  catch (const itk::ProcessAborted &)
  {
    const std::string checkpoint = trainer.GetCheckpointFile();
    if (!job.OffersResume)
    {
      throw;
    }
    throw Interrupt::Exception(fs::exists(checkpoint)
                                 ? "interrupted; with --resume it goes on from '" + checkpoint + "'"
                                 : "interrupted before the end of the first epoch");
  }
  std::ostringstream text;
  text << std::fixed << std::setprecision(4) << job.Output.filename().string() << ": " << trainer.GetHistory().size()
       << " epochs in " << FormatTime(progress.GetSeconds()) << ", best is epoch " << trainer.GetBestEpoch()
       << " with a validation Dice of " << GetDiceOfBestEpoch(trainer);
  const Json   record = Json::parse(trainer.GetModel()->GetTrainingRecord());
  const Json & learned = record.at("training_images");
  if (std::count(learned.begin(), learned.end(), record.at("validation_images").front()) > 0)
  {
    text << " on the images that it learned from";
  }
  Progress::Say(text.str());
}

void
VerifyCheckpoint(const TrainJob & job, const fs::path & checkpoint)
{
  const bool isThere = fs::exists(checkpoint);
  if (isThere && job.OffersResume && !job.Resume)
  {
    throw MakeFailure("'",
                      checkpoint.string(),
                      "' is left of a training that was interrupted; give --resume to go on with it, or remove it to "
                      "begin anew");
  }
  if (!isThere && job.Resume)
  {
    Progress::Say("There is no '" + checkpoint.string() + "': training begins anew.");
  }
}

template <typename TSource>
void
TrainOn(const TrainJob & job)
{
  const auto sets = FindSets(job);
  for (const auto & set : sets)
  {
    VerifyKept(set.Images.GetPaths(), { job.Output });
    VerifyKept(set.Labels.GetPaths(), { job.Output });
    if (set.Candidates)
    {
      VerifyKept(set.Candidates->GetPaths(), { job.Output });
    }
  }
  const auto checkpoint = job.Output.string() + ".checkpoint";
  VerifyCheckpoint(job, checkpoint);
  StagedOutput(job.Output, false); // can the model be written, when training is over?

  const auto source = TSource::New();
  const auto model = itk::UNetModel::New();
  job.Training.ApplyTo(*model);
  ApplyTo(*model, job.Common);
  model->SetAnnotationInput(job.AnnotationInput);
  if (job.IgnoreLabel)
  {
    source->UseIgnoreLabelOn();
    source->SetIgnoreLabel(*job.IgnoreLabel);
  }
  source->SetMaximumMemory(job.Memory);
  AddSets(*source, sets, job.Training.SliceAxis, job.Slices);
  model->SetImageChannels(source->GetChannels());
  if (job.AnnotationInput)
  {
    job.Perturbation.OrDefault().ApplyTo(*source);
  }
  if (job.Training.HasAutomaticSpacing())
  {
    model->SetSpacing(source->EstimateSpacing());
  }
  source->Prepare(model);
  model->Initialize(job.Common.Seed);

  const auto trainer = itk::UNetTrainer::New();
  job.Training.ApplyTo(*trainer);
  trainer->SetModel(model);
  trainer->SetSampleSource(source);
  trainer->SetSeed(job.Common.Seed);
  trainer->SetCheckpointFile(checkpoint);
  trainer->SetResume(job.Resume);
  fs::create_directories(fs::absolute(job.Output).parent_path());
  RunTrainer(*trainer, job);
  model->Save(job.Output.string());
  fs::remove(checkpoint);
}

CLI::App *
AddTrain(CLI::App & app, const char * name, const char * description, const std::shared_ptr<TrainJob> & job)
{
  auto * const command = app.add_subcommand(name, description);
  command->add_option("--images", job->Images, "Image, or folder of them; may be repeated with --labels")
    ->required()
    ->default_str("")
    ->type_name("PATH");
  command->add_option("--labels", job->Labels, "Their annotations, under the same file names")
    ->required()
    ->default_str("")
    ->type_name("PATH");
  command
    ->add_option(
      "--ignore-label", job->IgnoreLabel, "Value in --labels of pixels that count as neither cell nor background")
    ->type_name("N");
  command
    ->add_option("--slices",
                 job->Slices,
                 "Train on N slices alone, far from each other, of those with cells: of each volume cut into N equal "
                 "sections the middle of one, of the next volume the middle of the next. The 2-D files of a folder "
                 "count as slices of a volume. 0: all slices")
    ->type_name("N");
  command
    ->add_option("--output", job->Output, "Model file to write; while training runs, its state is in MODEL.checkpoint")
    ->required()
    ->type_name("MODEL");
  command->add_flag("--resume", job->Resume, "Go on from MODEL.checkpoint, if there is one, after an interruption")
    ->group("Training");
  command
    ->add_option("--memory",
                 job->Memory,
                 "MiB of images to keep in memory; the others are read whenever they are needed, which takes longer")
    ->type_name("N")
    ->group("Training");
  AddTrainingOptions(*command, job->Training);
  AddCommonOptions(*command, job->Common);
  job->OffersResume = true;
  command->callback([command, job] {
    ApplyPreset(*command, job->Training.Preset);
    Apply(job->Common);
    Train(*job);
  });
  return command;
}
} // namespace

TrainJob::TrainJob()
  : Memory(SliceSamples::New()->GetMaximumMemory())
{}

void
Train(const TrainJob & job)
{
  if (job.Training.Dimension == 2)
  {
    TrainOn<SliceSamples>(job);
  }
  else
  {
    TrainOn<VolumeSamples>(job);
  }
}

void
AddTrainUpgrade(CLI::App & app)
{
  auto job = std::make_shared<TrainJob>();
  job->AnnotationInput = true;
  auto * const command =
    AddTrain(app,
             "train-upgrade",
             "Trains a network that mends poor annotations, from good ones that it spoils on purpose",
             job);
  command->add_option("--candidates", job->Candidates, "Label images of other objects, for --inclusion")
    ->default_str("")
    ->type_name("PATH");
  AddPerturbationOptions(*command, job->Perturbation, true);
}

void
AddTrainSegment(CLI::App & app)
{
  auto job = std::make_shared<TrainJob>();
  AddTrain(app, "train-segment", "Trains a network that segments images", job);
}
