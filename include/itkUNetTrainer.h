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
#ifndef itkUNetTrainer_h
#define itkUNetTrainer_h

#include "itkProcessObject.h"
#include "itkTrainingSampleSource.h"
#include "itkUNetModel.h"

namespace itk
{
/** \class UNetTrainerEnums
 * \brief The losses of UNetTrainer.
 * \ingroup AnnotationUpgrade */
class UNetTrainerEnums
{
public:
  /** What training minimises. */
  enum class Loss : uint8_t
  {
    Dice,                ///< 1 - 2 sum(p t) / (sum p + sum t + 1e-7), pooled over the batch (paper, Sec. 2.3)
    DiceAndCrossEntropy, ///< the same plus the mean cross-entropy
  };
};
using TrainingLoss = UNetTrainerEnums::Loss;
constexpr std::array<const char *, 2> TrainingLossNames{ { "dice", "dice-cross-entropy" } };

/** \class UNetTrainer
 * \brief Trains a UNetModel on samples from a TrainingSampleSource.
 *
 * Images are split once into training and validation, whole images, by Seed; only images with foreground validate,
 * where there are any, since those without are best told by a network that finds nothing. An epoch draws
 * PatchesPerEpoch patches from the training images in shuffled order, each perturbed, turned and placed anew from
 * (Seed, epoch, draw), and takes one step of Adam per BatchSize patches. After every epoch the moving average of the
 * weights (EMA) is tried on the whole validation images, whose perturbations were drawn once; the average with the
 * smallest validation loss is what remains in the model. Training ends after Patience epochs without a better one,
 * MaximumEpochs, or MaximumMinutes. It computes on the model's Device and in its Precision.
 *
 * On the CPU two trainings with the same settings, seed and number of threads give identical files, whether or not one
 * of them was stopped on the way and resumed from its checkpoint (MaximumMinutes aside).
 *
 * With images and their good annotations:
 * \code
 *   source->SetOmissionRate(0.7);               // an AnnotationSampleSource
 *   source->AddImage(image, annotation);        // for each image
 *   model->AnnotationInputOn();                 // an upgrade network
 *   model->SetImageChannels(source->GetChannels());
 *   model->SetSpacing(source->EstimateSpacing());
 *   source->Prepare(model);
 *   model->Initialize(1);
 *   trainer->SetModel(model);
 *   trainer->SetSampleSource(source);
 *   trainer->Train();
 *   model->Save("upgrade.unet");
 * \endcode
 *
 * Events: StartEvent, ProgressEvent after every step, IterationEvent after every epoch (see GetHistory()), EndEvent.
 * AbortGenerateDataOn() stops training after the step at work: the best weights so far are put into the model, the
 * checkpoint stays, AbortEvent is sent and ProcessAborted thrown.
 *
 * \ingroup AnnotationUpgrade */
class AnnotationUpgrade_EXPORT UNetTrainer : public ProcessObject
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(UNetTrainer);

  using Self = UNetTrainer;
  using Superclass = ProcessObject;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;

  itkNewMacro(Self);
  itkAnnotationUpgradeNameOfClassMacro(UNetTrainer, ProcessObject);

  /** One line of the history. */
  struct Epoch
  {
    unsigned int Number;         ///< from 1
    double       Loss;           ///< mean over the steps
    double       ValidationLoss; ///< 1 - Dice, plus the mean cross-entropy with DiceAndCrossEntropy; smallest wins
    double       Dice;           ///< of the decided pixels of all validation images together
    double       Seconds;        ///< time that the epoch took, validation included
  };

  /** The model, initialised, which receives the best weights. */
  itkSetObjectMacro(Model, UNetModel);
  itkGetModifiableObjectMacro(Model, UNetModel);

  itkSetConstObjectMacro(SampleSource, TrainingSampleSource);
  itkGetConstObjectMacro(SampleSource, TrainingSampleSource);

  /** Default 1. */
  itkSetMacro(Seed, uint32_t);
  itkGetConstMacro(Seed, uint32_t);
  /** Patches per step, default 4. */
  itkSetMacro(BatchSize, unsigned int);
  itkGetConstMacro(BatchSize, unsigned int);
  /** Edge of the patches in pixels that the network sees, rounded up to a multiple of UNetModel::GetAlignment(); 0
   * (default) takes 256 with a 2-D model and 64 with a 3-D model. */
  itkSetMacro(PatchSize, unsigned int);
  itkGetConstMacro(PatchSize, unsigned int);
  /** Rounded up to a multiple of BatchSize, default 200. */
  itkSetMacro(PatchesPerEpoch, unsigned int);
  itkGetConstMacro(PatchesPerEpoch, unsigned int);
  /** Adam's, default 1e-3. */
  itkSetMacro(LearningRate, double);
  itkGetConstMacro(LearningRate, double);
  /** Decay of the moving average of the weights per step, in [0, 1), default 0.998; 0 turns it off. In step t from 0 it
   * is at most (1 + t) / (4 + t): the average spans about the last third of a training that is shorter than some 1500
   * steps. */
  itkSetMacro(AverageDecay, double);
  itkGetConstMacro(AverageDecay, double);
  /** Default DiceAndCrossEntropy; the paper has Dice alone. */
  itkSetEnumMacro(Loss, TrainingLoss);
  itkGetEnumMacro(Loss, TrainingLoss);
  /** Share of the images with foreground kept for validation, in [0, 1), default 0.2, rounded to whole images. Where
   * that is none, as with one or two by default, all of these serve both: half of the good annotations would be too
   * many to lose. */
  itkSetMacro(ValidationFraction, double);
  itkGetConstMacro(ValidationFraction, double);
  /** Epochs without a smaller validation loss after which training ends, default 10. */
  itkSetMacro(Patience, unsigned int);
  itkGetConstMacro(Patience, unsigned int);
  /** Default 1000. */
  itkSetMacro(MaximumEpochs, unsigned int);
  itkGetConstMacro(MaximumEpochs, unsigned int);
  /** Time that training may take in minutes, earlier parts of a resumed training included; 0 (default) is no limit. */
  itkSetMacro(MaximumMinutes, double);
  itkGetConstMacro(MaximumMinutes, double);

  /** File that holds the state of the training after every epoch; none by default. It is written beside and renamed. */
  itkSetStringMacro(CheckpointFile);
  itkGetStringMacro(CheckpointFile);
  /** Go on from CheckpointFile if it exists. Default off.
   * \throw ExceptionObject if it belongs to a training with other settings. */
  itkSetMacro(Resume, bool);
  itkGetConstMacro(Resume, bool);
  itkBooleanMacro(Resume);

  /** Trains. The same as Update().
   * \throw ExceptionObject for settings that cannot be used, or when the loss or the validation loss is not finite; the
   * best weights so far are in the model then. */
  void
  Train()
  {
    this->Update();
  }
  void
  Update() override;

  const std::vector<Epoch> &
  GetHistory() const
  {
    return m_History;
  }
  /** The epoch with the smallest validation loss so far, from 1; 0 before the first. */
  itkGetConstMacro(BestEpoch, unsigned int);

protected:
  UNetTrainer() = default;
  ~UNetTrainer() override = default;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

private:
  class Session;

  void
  CheckSettings() const;

  UNetModel::Pointer                 m_Model;
  TrainingSampleSource::ConstPointer m_SampleSource;
  uint32_t                           m_Seed{ 1 };
  unsigned int                       m_BatchSize{ 4 };
  unsigned int                       m_PatchSize{ 0 };
  unsigned int                       m_PatchesPerEpoch{ 200 };
  double                             m_LearningRate{ 1e-3 };
  double                             m_AverageDecay{ 0.998 };
  TrainingLoss                       m_Loss{ TrainingLoss::DiceAndCrossEntropy };
  double                             m_ValidationFraction{ 0.2 };
  unsigned int                       m_Patience{ 10 };
  unsigned int                       m_MaximumEpochs{ 1000 };
  double                             m_MaximumMinutes{ 0.0 };
  std::string                        m_CheckpointFile;
  bool                               m_Resume{ false };
  std::vector<Epoch>                 m_History;
  unsigned int                       m_BestEpoch{ 0 };
};
} // namespace itk

#endif
