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
#include "itkGTest.h"

#include "itkAnnotationSampleSource.h"
#include "itkCommand.h"
#include "itkUNetSegmentFilter.h"
#include "itkUNetTestImages.h"
#include "itkUNetTrainer.h"

#include <cmath>
#include <limits>
#include <set>

namespace
{
template <unsigned int VDimension>
using Source =
  itk::AnnotationSampleSource<itk::Image<unsigned char, VDimension>, itk::Image<unsigned short, VDimension>>;

/** Bright squares of 8 pixels, as labels, on noise; five columns have the source's IgnoreLabel if it uses one. */
template <unsigned int VDimension>
void
AddImages(Source<VDimension> * source, unsigned int images)
{
  using ImageType = itk::Image<unsigned char, VDimension>;
  using LabelImageType = itk::Image<unsigned short, VDimension>;
  for (unsigned int i = 0; i < images; ++i)
  {
    typename ImageType::SizeType size;
    size.Fill(VDimension == 2 ? 40 : 24);
    auto image = itk::MakeNoiseImage<ImageType>(size, i);
    auto labels = LabelImageType::New();
    labels->SetRegions(size);
    labels->Allocate();
    for (itk::ImageRegionIteratorWithIndex<LabelImageType> it(labels, labels->GetLargestPossibleRegion());
         !it.IsAtEnd();
         ++it)
    {
      uint64_t block = i;
      bool     inside = true;
      for (unsigned int axis = 0; axis < VDimension; ++axis)
      {
        block = itk::PerturbHash(block, static_cast<uint64_t>(it.GetIndex()[axis] / 12));
        inside = inside && it.GetIndex()[axis] % 12 < 8;
      }
      inside = inside && block % 3 != 0;
      it.Set(inside ? static_cast<unsigned short>(block % 60000 + 1) : 0);
      if (source->GetUseIgnoreLabel() && it.GetIndex()[0] < 5)
      {
        it.Set(source->GetIgnoreLabel());
      }
      image->SetPixel(it.GetIndex(),
                      static_cast<unsigned char>(image->GetPixel(it.GetIndex()) / 2 + (inside ? 100 : 0)));
    }
    source->AddImage(image, labels);
  }
}

/** Tells which images were drawn, whole and as patches. */
class WatchedSource : public Source<2>
{
public:
  using Self = WatchedSource;
  using Pointer = itk::SmartPointer<Self>;
  itkNewMacro(Self);

  void
  DrawImage(size_t image, uint64_t seed, float * input, float * target) const override
  {
    Drawn.insert(image);
    Source<2>::DrawImage(image, seed, input, target);
  }

  void
  DrawPatch(size_t image, uint64_t seed, const ExtentType & extent, float * input, float * target) const override
  {
    Patches.insert(image);
    Source<2>::DrawPatch(image, seed, extent, input, target);
  }

  mutable std::set<size_t> Drawn;
  mutable std::set<size_t> Patches;
};

/** Images in which nothing is annotated. */
void
AddEmptyImages(Source<2> * source, unsigned int images)
{
  for (unsigned int i = 0; i < images; ++i)
  {
    auto labels = itk::Image<unsigned short, 2>::New();
    labels->SetRegions(itk::Size<2>{ { 40, 40 } });
    labels->Allocate();
    labels->FillBuffer(0);
    source->AddImage(itk::MakeNoiseImage<itk::Image<unsigned char, 2>>({ { 40, 40 } }, 100 + i), labels);
  }
}

/** Asks its trainer to stop as soon as an image is drawn for validation. */
class StoppingSource : public Source<2>
{
public:
  using Self = StoppingSource;
  using Pointer = itk::SmartPointer<Self>;
  itkNewMacro(Self);

  void
  DrawImage(size_t image, uint64_t seed, float * input, float * target) const override
  {
    Trainer->AbortGenerateDataOn();
    Source<2>::DrawImage(image, seed, input, target);
  }

  itk::UNetTrainer * Trainer{ nullptr };
};

/** Whole images are not a number. */
class BlindedSource : public Source<2>
{
public:
  using Self = BlindedSource;
  using Pointer = itk::SmartPointer<Self>;
  itkNewMacro(Self);

  void
  DrawImage(size_t image, uint64_t seed, float * input, float * target) const override
  {
    Source<2>::DrawImage(image, seed, input, target);
    input[0] = std::numeric_limits<float>::quiet_NaN();
  }
};

template <unsigned int VDimension = 2>
itk::UNetTrainer::Pointer
MakeTrainer(bool annotation = true, unsigned int seed = 1, unsigned int images = 5)
{
  auto source = Source<VDimension>::New();
  source->SetOmissionRate(0.5);
  AddImages<VDimension>(source, images);
  auto model = itk::MakeTestModel(VDimension, 1, annotation);
  source->Prepare(model);
  auto trainer = itk::UNetTrainer::New();
  trainer->SetModel(model);
  trainer->SetSampleSource(source);
  trainer->SetSeed(seed);
  trainer->SetPatchSize(VDimension == 2 ? 32 : 16);
  trainer->SetPatchesPerEpoch(16);
  trainer->SetMaximumEpochs(4);
  return trainer;
}

std::string
FileOf(const itk::UNetModel * model)
{
  const itk::TestFolder folder;
  model->Save(folder.File("model"));
  return itk::ReadBytes(folder.File("model"));
}
} // namespace

TEST(UNetTrainer, OneSeedGivesOneFile)
{
  for (const auto precision : { itk::UNetPrecision::Float32, itk::UNetPrecision::Auto })
  {
    std::vector<std::string> files;
    for (const unsigned int seed : { 1u, 1u, 2u })
    {
      auto trainer = MakeTrainer(true, seed);
      trainer->GetModel()->SetPrecision(precision);
      trainer->Train();
      files.push_back(FileOf(trainer->GetModel()));
    }
    EXPECT_TRUE(files[0] == files[1]);
    EXPECT_FALSE(files[0] == files[2]);
  }
}

TEST(UNetTrainer, LearnsToSeeCells)
{
  for (const auto precision : { itk::UNetPrecision::Float32, itk::UNetPrecision::BFloat16 })
  {
    for (const auto loss : { itk::TrainingLoss::Dice, itk::TrainingLoss::DiceAndCrossEntropy })
    {
      auto trainer = MakeTrainer(false);
      trainer->GetModel()->SetPrecision(precision);
      trainer->SetLoss(loss);
      trainer->SetMaximumEpochs(24);
      trainer->SetLearningRate(0.01);
      trainer->SetAverageDecay(0.9);
      trainer->Train();
      const auto & history = trainer->GetHistory();
      ASSERT_EQ(history.size(), 24u);
      EXPECT_LT(history.back().Loss, 0.5 * history.front().Loss);
      EXPECT_GT(history[trainer->GetBestEpoch() - 1].Dice, 0.9);
    }
  }
}

TEST(UNetTrainer, LearnsInThreeDimensions)
{
  for (const auto precision : { itk::UNetPrecision::Float32, itk::UNetPrecision::BFloat16 })
  {
    auto trainer = MakeTrainer<3>(true, 1, 3);
    trainer->GetModel()->SetPrecision(precision);
    trainer->SetMaximumEpochs(12);
    trainer->SetLearningRate(0.01);
    trainer->SetAverageDecay(0.9);
    trainer->Train();
    EXPECT_GT(trainer->GetHistory()[trainer->GetBestEpoch() - 1].Dice, 0.8);
  }
}

// Computed anew from what the model finds in the images kept for validation, with pixels that hold a share of a cell
// and others that do not count.
TEST(UNetTrainer, ValidationLossIsThatOfTheModel)
{
  for (const auto loss : { itk::TrainingLoss::Dice, itk::TrainingLoss::DiceAndCrossEntropy })
  {
    auto source = WatchedSource::New();
    source->UseIgnoreLabelOn();
    source->SetIgnoreLabel(65535);
    AddImages<2>(source, 4);
    auto model = itk::MakeTestModel(2, 1, false);
    model->SetSpacing({ { 3.0, 3.0, 3.0 } });
    source->Prepare(model);
    auto trainer = itk::UNetTrainer::New();
    trainer->SetModel(model);
    trainer->SetSampleSource(source);
    trainer->SetLoss(loss);
    trainer->SetValidationFraction(0.5);
    trainer->SetPatchSize(16);
    trainer->SetPatchesPerEpoch(16);
    trainer->SetMaximumEpochs(4);
    trainer->Train();
    const auto validation = source->Drawn;
    ASSERT_EQ(validation.size(), 2u);

    double common = 0.0, found = 0.0, wanted = 0.0, entropy = 0.0, count = 0.0, shared = 0.0, ignored = 0.0;
    for (const size_t image : validation)
    {
      const auto         extent = source->GetExtent(image);
      const size_t       pixels = extent[0] * extent[1] * extent[2];
      std::vector<float> input(pixels), target(pixels), probability(pixels);
      source->DrawImage(image, 0, input.data(), target.data());
      model->Predict(input.data(), extent, probability.data());
      for (size_t i = 0; i < pixels; ++i)
      {
        if (target[i] < 0.0f)
        {
          ++ignored;
        }
        else
        {
          common += target[i] >= 0.5f && probability[i] >= 0.5f;
          found += probability[i] >= 0.5f;
          wanted += target[i] >= 0.5f;
          const double p = probability[i];
          entropy -= target[i] * std::log(p) + (1.0 - target[i]) * std::log(1.0 - p);
          ++count;
          shared += target[i] > 0.0f && target[i] < 1.0f;
        }
      }
    }
    EXPECT_GT(shared, 0.0);
    EXPECT_GT(ignored, 0.0);
    const double dice = 2.0 * common / (found + wanted);
    const auto & best = trainer->GetHistory()[trainer->GetBestEpoch() - 1];
    EXPECT_NEAR(best.Dice, dice, 1e-12);
    EXPECT_NEAR(best.ValidationLoss, 1.0 - dice + (loss == itk::TrainingLoss::Dice ? 0.0 : entropy / count), 1e-12);
  }
}

TEST(UNetTrainer, KeepsTheBestWeightsAndStopsWhenPatienceEnds)
{
  auto trainer = MakeTrainer(false);
  trainer->SetMaximumEpochs(200);
  trainer->SetPatience(3);
  trainer->SetLearningRate(0.02);
  std::vector<std::string> best;
  unsigned int             events = 0;
  trainer->AddObserver(itk::IterationEvent(), [&](const itk::EventObject & event) {
    if (itk::IterationEvent().CheckEvent(&event))
    {
      ++events;
      trainer->GetModel()->SetTrainingRecord("");
      best.push_back(FileOf(trainer->GetModel()));
    }
  });
  trainer->Train();
  const auto & history = trainer->GetHistory();
  ASSERT_LT(history.size(), 200u);
  EXPECT_EQ(events, history.size());
  EXPECT_EQ(history.size(), trainer->GetBestEpoch() + 3);
  for (const auto & epoch : history)
  {
    EXPECT_GE(epoch.ValidationLoss, history[trainer->GetBestEpoch() - 1].ValidationLoss);
    EXPECT_GT(epoch.Seconds, 0.0);
  }
  EXPECT_NE(trainer->GetModel()->GetTrainingRecord(), std::string());
  trainer->GetModel()->SetTrainingRecord("");
  EXPECT_TRUE(FileOf(trainer->GetModel()) == best[trainer->GetBestEpoch() - 1]);
}

TEST(UNetTrainer, FiltersSeeTheWeightsOfEachEpoch)
{
  using ImageType = itk::Image<unsigned char, 2>;
  using ProbabilityType = itk::Image<float, 2>;
  auto       trainer = MakeTrainer(false);
  const auto image = itk::MakeNoiseImage<ImageType>({ { 24, 16 } }, 1);
  const auto makePreview = [&] {
    auto preview = itk::UNetSegmentFilter<ImageType, ProbabilityType>::New();
    preview->SetInput(image);
    preview->SetModel(trainer->GetModel());
    return preview;
  };
  const auto                   preview = makePreview();
  std::set<std::vector<float>> seen;
  trainer->AddObserver(itk::IterationEvent(), [&](const itk::EventObject &) {
    preview->Update();
    const auto fresh = makePreview();
    fresh->Update();
    const auto pixels = itk::PixelsOf(preview->GetOutput());
    EXPECT_EQ(pixels, itk::PixelsOf(fresh->GetOutput()));
    seen.insert(pixels);
  });
  trainer->Train();
  EXPECT_GT(seen.size(), 1u);
}

TEST(UNetTrainer, AnyPatienceIsPossible)
{
  auto trainer = MakeTrainer(false);
  trainer->SetMaximumEpochs(3);
  trainer->SetPatience(std::numeric_limits<unsigned int>::max());
  trainer->Train();
  EXPECT_EQ(trainer->GetHistory().size(), 3u);
}

TEST(UNetTrainer, KeepsAShareOfTheImagesForValidation)
{
  const auto numbers = [](double fraction, unsigned int images) {
    auto source = WatchedSource::New();
    AddImages<2>(source, images);
    auto trainer = MakeTrainer(false);
    source->Prepare(trainer->GetModel());
    trainer->SetSampleSource(source);
    trainer->SetValidationFraction(fraction);
    trainer->SetPatchesPerEpoch(8);
    trainer->SetMaximumEpochs(1);
    trainer->Train();
    return std::make_pair(source->Drawn.size(), source->Patches.size());
  };
  using Numbers = std::pair<size_t, size_t>; // for validation, for training
  EXPECT_EQ(numbers(0.2, 1), Numbers(1, 1));
  EXPECT_EQ(numbers(0.2, 2), Numbers(2, 2));
  EXPECT_EQ(numbers(0.2, 3), Numbers(1, 2));
  EXPECT_EQ(numbers(0.2, 8), Numbers(2, 6));
  EXPECT_EQ(numbers(0.5, 2), Numbers(1, 1));
  EXPECT_EQ(numbers(0.9, 4), Numbers(3, 1));
  EXPECT_EQ(numbers(0.0, 5), Numbers(5, 5));
}

TEST(UNetTrainer, ValidatesOnImagesWithForeground)
{
  const auto train = [](unsigned int seed, unsigned int empty, unsigned int images) {
    auto source = WatchedSource::New();
    AddEmptyImages(source, empty);
    AddImages<2>(source, images);
    auto trainer = MakeTrainer(false, seed);
    source->Prepare(trainer->GetModel());
    trainer->SetSampleSource(source);
    trainer->SetMaximumEpochs(1);
    trainer->Train();
    return source;
  };
  for (unsigned int seed = 1; seed <= 8; ++seed)
  {
    const auto source = train(seed, 6, 4);
    ASSERT_EQ(source->Drawn.size(), 1u);
    EXPECT_GE(*source->Drawn.begin(), 6u);
    EXPECT_EQ(source->Patches.size(), 9u);
    EXPECT_EQ(source->Patches.count(*source->Drawn.begin()), 0u);
  }
  // The only ones with cells are needed for both.
  const auto source = train(1, 4, 2);
  EXPECT_EQ(source->Drawn, std::set<size_t>({ 4, 5 }));
  EXPECT_EQ(source->Patches.size(), 6u);
}

TEST(UNetTrainer, CanBeStoppedWhileItValidates)
{
  auto source = StoppingSource::New();
  AddImages<2>(source, 4);
  auto trainer = MakeTrainer(false);
  source->Prepare(trainer->GetModel());
  source->Trainer = trainer;
  trainer->SetSampleSource(source);
  EXPECT_THROW(trainer->Train(), itk::ProcessAborted);
  EXPECT_TRUE(trainer->GetHistory().empty());
}

TEST(UNetTrainer, RefusesSamplesForAnotherModel)
{
  const auto refusal = [](auto change) {
    auto trainer = MakeTrainer();
    change(*trainer);
    return itk::MessageOf([&] { trainer->Train(); });
  };
  const std::string other = "prepared for a model of other";
  EXPECT_NE(refusal([](auto & t) { t.SetModel(itk::MakeTestModel(2, 1, false)); }).find(other), std::string::npos);
  EXPECT_NE(refusal([](auto & t) { t.SetModel(itk::MakeTestModel(2, 3, true)); }).find(other), std::string::npos);
  EXPECT_NE(refusal([](auto & t) { t.SetModel(itk::MakeTestModel(3, 1, true)); }).find(other), std::string::npos);
  EXPECT_NE(refusal([](auto & t) { t.GetModel()->SetSpacing({ { 2.0, 2.0, 2.0 } }); }).find(other), std::string::npos);
  EXPECT_NE(refusal([](auto & t) { t.GetModel()->SetNormalization(itk::IntensityNormalization::Maximum); }).find(other),
            std::string::npos);
  EXPECT_EQ(refusal([](auto & t) { t.SetModel(itk::MakeTestModel(2, 1, true)); }), "");
}

TEST(UNetTrainer, SmallestValidationLossDecidesEvenAgainstDice)
{
  unsigned int differ = 0;
  for (unsigned int seed = 1; seed <= 16; ++seed)
  {
    auto trainer = MakeTrainer(false, seed);
    trainer->SetMaximumEpochs(8);
    trainer->SetLearningRate(0.02);
    trainer->Train();
    const auto & history = trainer->GetHistory();
    const auto & best = history[trainer->GetBestEpoch() - 1];
    for (const auto & epoch : history)
    {
      EXPECT_GE(epoch.ValidationLoss, best.ValidationLoss);
      differ += epoch.Dice > best.Dice;
    }
  }
  EXPECT_GT(differ, 0u);
}

TEST(UNetTrainer, RefusesToGoOnFromWhatIsNotFinite)
{
  for (const auto loss : { itk::TrainingLoss::Dice, itk::TrainingLoss::DiceAndCrossEntropy })
  {
    auto source = BlindedSource::New();
    AddImages<2>(source, 4);
    auto trainer = MakeTrainer(false);
    source->Prepare(trainer->GetModel());
    trainer->SetSampleSource(source);
    trainer->SetLoss(loss);
    EXPECT_NE(itk::MessageOf([&] { trainer->Train(); }).find("The validation loss is not finite in epoch 1. Lower"),
              std::string::npos);
    EXPECT_TRUE(trainer->GetHistory().empty());
  }
}

// Killed after any epoch, or in the middle of one, a training goes on to the same weights.
TEST(UNetTrainer, ResumesToTheSameWeights)
{
  for (const auto precision : { itk::UNetPrecision::Float32, itk::UNetPrecision::BFloat16 })
  {
    auto whole = MakeTrainer();
    whole->GetModel()->SetPrecision(precision);
    whole->Train();
    const std::string expected = FileOf(whole->GetModel());

    for (const unsigned int steps : { 2u, 6u, 11u })
    {
      const itk::TestFolder folder;
      auto                  first = MakeTrainer();
      first->GetModel()->SetPrecision(precision);
      first->SetCheckpointFile(folder.File("checkpoint"));
      unsigned int done = 0;
      first->AddObserver(itk::ProgressEvent(), [&](const itk::EventObject &) {
        if (done++ == steps)
        {
          first->AbortGenerateDataOn();
        }
      });
      bool aborted = false;
      first->AddObserver(itk::AbortEvent(), [&](const itk::EventObject &) { aborted = true; });
      EXPECT_THROW(first->Train(), itk::ProcessAborted);
      EXPECT_TRUE(aborted);
      EXPECT_EQ(folder.GetNumberOfFiles(), steps > 4 ? 1u : 0u);
      EXPECT_LT(first->GetHistory().size(), 4u);

      auto second = MakeTrainer();
      second->GetModel()->SetPrecision(precision);
      second->SetCheckpointFile(folder.File("checkpoint"));
      second->ResumeOn();
      second->Train();
      EXPECT_TRUE(FileOf(second->GetModel()) == expected) << steps;
      ASSERT_EQ(second->GetHistory().size(), whole->GetHistory().size());
      for (size_t i = 0; i < 4; ++i)
      {
        EXPECT_EQ(second->GetHistory()[i].Loss, whole->GetHistory()[i].Loss);
        EXPECT_EQ(second->GetHistory()[i].ValidationLoss, whole->GetHistory()[i].ValidationLoss);
        EXPECT_EQ(second->GetHistory()[i].Dice, whole->GetHistory()[i].Dice);
      }
    }
  }
}

TEST(UNetTrainer, RefusesForeignCheckpoints)
{
  const itk::TestFolder folder;
  const std::string     file = folder.File("checkpoint");
  auto                  first = MakeTrainer();
  first->SetCheckpointFile(file);
  first->SetMaximumEpochs(1);
  first->Train();
  const std::string bytes = itk::ReadBytes(file);

  const auto refusal = [&](auto change) {
    auto trainer = MakeTrainer();
    trainer->SetCheckpointFile(file);
    trainer->ResumeOn();
    change(*trainer);
    return itk::MessageOf([&] { trainer->Train(); });
  };
  EXPECT_EQ(refusal([](auto & trainer) { trainer.SetMaximumEpochs(2); }), "");
  itk::WriteBytes(file, bytes);
  EXPECT_NE(refusal([](auto & trainer) { trainer.SetLearningRate(0.5); }).find("other settings"), std::string::npos);
  EXPECT_NE(refusal([](auto & trainer) { trainer.SetSeed(2); }).find("other settings"), std::string::npos);
  const auto ignore = [](auto & trainer) {
    auto source = Source<2>::New();
    source->SetOmissionRate(0.5);
    source->UseIgnoreLabelOn();
    source->SetIgnoreLabel(65535);
    AddImages<2>(source, 5);
    source->Prepare(trainer.GetModel());
    trainer.SetSampleSource(source);
  };
  EXPECT_NE(refusal(ignore).find("\"ignore_label\":65535"), std::string::npos);
  itk::WriteBytes(file, bytes.substr(0, bytes.size() / 2));
  EXPECT_NE(refusal([](auto &) {}).find(file + "\" is not a checkpoint"), std::string::npos);
  itk::WriteBytes(file, FileOf(itk::MakeTestModel(2, 1, true)));
  EXPECT_NE(refusal([](auto &) {}).find(file + "\" is not a checkpoint"), std::string::npos);
}

TEST(UNetTrainer, StopsInTime)
{
  auto trainer = MakeTrainer(false);
  trainer->SetMaximumEpochs(100000);
  trainer->SetPatience(100000);
  trainer->SetMaximumMinutes(0.02);
  trainer->Train();
  double seconds = 0.0;
  for (const auto & epoch : trainer->GetHistory())
  {
    seconds += epoch.Seconds;
  }
  EXPECT_GE(trainer->GetHistory().size(), 1u);
  EXPECT_GT(seconds, 1.0);
  EXPECT_LT(trainer->GetHistory().size(), 100000u);
}

TEST(UNetTrainer, ReportsProgress)
{
  auto               trainer = MakeTrainer();
  std::vector<float> progress;
  trainer->AddObserver(itk::ProgressEvent(),
                       [&](const itk::EventObject &) { progress.push_back(trainer->GetProgress()); });
  trainer->Train();
  ASSERT_EQ(progress.size(), 1u + 4 * 4 + 1);
  for (size_t i = 1; i + 1 < progress.size(); ++i)
  {
    EXPECT_NEAR(progress[i], static_cast<float>(i) / 16.0f, 1e-6f);
  }
}

TEST(UNetTrainer, RefusesBadSettings)
{
  const auto refusal = [](auto change) {
    auto trainer = MakeTrainer();
    change(*trainer);
    return itk::MessageOf([&] { trainer->Train(); });
  };
  EXPECT_NE(refusal([](auto & t) { t.SetModel(nullptr); }).find("no model"), std::string::npos);
  EXPECT_NE(refusal([](auto & t) { t.SetModel(itk::UNetModel::New()); }).find("no model"), std::string::npos);
  EXPECT_NE(refusal([](auto & t) { t.SetSampleSource(nullptr); }).find("no images"), std::string::npos);
  EXPECT_NE(refusal([](auto & t) { t.SetBatchSize(0); }).find("BatchSize (0)"), std::string::npos);
  const auto onePixel = [](auto & t) {
    t.SetBatchSize(1);
    t.SetPatchSize(3); // rounded up to 4, what the poolings of 3 levels make one pixel of
  };
  EXPECT_NE(refusal(onePixel).find("BatchSize is 1 and PatchSize 4"), std::string::npos);
  EXPECT_NE(refusal([](auto & t) { t.SetPatience(0); }).find("Patience (0)"), std::string::npos);
  EXPECT_NE(refusal([](auto & t) { t.SetLearningRate(-1.0); }).find("LearningRate is -1"), std::string::npos);
  EXPECT_NE(refusal([](auto & t) { t.SetLearningRate(std::nan("")); }).find("LearningRate is nan"), std::string::npos);
  EXPECT_NE(refusal([](auto & t) { t.SetAverageDecay(1.0); }).find("AverageDecay is 1"), std::string::npos);
  EXPECT_NE(refusal([](auto & t) { t.SetValidationFraction(1.0); }).find("ValidationFraction 1"), std::string::npos);
  EXPECT_NE(refusal([](auto & t) { t.SetMaximumMinutes(-1.0); }).find("MaximumMinutes is -1"), std::string::npos);
  EXPECT_NE(refusal([](auto & t) { t.ResumeOn(); }).find("CheckpointFile"), std::string::npos);
  EXPECT_NE(refusal([](auto & t) { t.SetCheckpointFile("/nowhere/at/all"); }).find("/nowhere/at/all"),
            std::string::npos);
}
