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
// annotation_upgrade._network: what needs LibTorch. Python's side, with the documentation, is _networks.py.

#include "Execute.h"
#include "Images.h"
#include "PerturbationOptions.h"

#include "itkAnnotationSampleSource.h"
#include "itkOmissionPerturbFilter.h"
#include "itkUNetSegmentFilter.h"
#include "itkUNetTrainer.h"
#include "itkUpgradeAnnotationFilter.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace
{
template <typename TComponent>
using IntensityImage = itk::VectorImage<TComponent, 3>;
using MaskImage = itk::Image<uint8_t, 3>;

/** Python's handle on a model. */
struct Model
{
  itk::UNetModel::Pointer Pointer;
};

const auto &
ModelOptions()
{
  using Type = itk::UNetModel;
  static const auto options =
    Options<Type>()
      .Add("dimension", &Type::GetDimension, &Type::SetDimension)
      .Add("image_channels", &Type::GetImageChannels, &Type::SetImageChannels)
      .Add("annotation_input", &Type::GetAnnotationInput, &Type::SetAnnotationInput)
      .Add("base_channels", &Type::GetBaseChannels, &Type::SetBaseChannels)
      .Add("number_of_levels", &Type::GetNumberOfLevels, &Type::SetNumberOfLevels)
      .Add("normalization", &Type::GetNormalization, &Type::SetNormalization, itk::IntensityNormalizationNames)
      .Add("precision", &Type::GetPrecision, &Type::SetPrecision, itk::UNetPrecisionNames)
      .Add("test_time_augmentation", &Type::GetTestTimeAugmentation, &Type::SetTestTimeAugmentation);
  return options;
}

const auto &
TrainerOptions()
{
  using Type = itk::UNetTrainer;
  static const auto options = Options<Type>()
                                .Add("seed", &Type::GetSeed, &Type::SetSeed)
                                .Add("batch_size", &Type::GetBatchSize, &Type::SetBatchSize)
                                .Add("patch_size", &Type::GetPatchSize, &Type::SetPatchSize)
                                .Add("patches_per_epoch", &Type::GetPatchesPerEpoch, &Type::SetPatchesPerEpoch)
                                .Add("learning_rate", &Type::GetLearningRate, &Type::SetLearningRate)
                                .Add("average_decay", &Type::GetAverageDecay, &Type::SetAverageDecay)
                                .Add("loss", &Type::GetLoss, &Type::SetLoss, itk::TrainingLossNames)
                                .Add("validation_fraction", &Type::GetValidationFraction, &Type::SetValidationFraction)
                                .Add("patience", &Type::GetPatience, &Type::SetPatience)
                                .Add("maximum_epochs", &Type::GetMaximumEpochs, &Type::SetMaximumEpochs)
                                .Add("maximum_minutes", &Type::GetMaximumMinutes, &Type::SetMaximumMinutes)
                                .Add("resume", &Type::GetResume, &Type::SetResume);
  return options;
}

template <typename TFilter>
const auto &
FilterOptions()
{
  static const auto options = Options<TFilter>()
                                .Add("tile_size", &TFilter::GetTileSize, &TFilter::SetTileSize)
                                .Add("slice_axis", &TFilter::GetSliceAxis, &TFilter::SetSliceAxis)
                                .Add("threshold", &TFilter::GetThreshold, &TFilter::SetThreshold);
  return options;
}

template <typename TSource>
const auto &
SourceOptions()
{
  static const auto options = PerturbationOptions<TSource>()
                                .Add("use_ignore_label", &TSource::GetUseIgnoreLabel, &TSource::SetUseIgnoreLabel)
                                .Add("ignore_label", &TSource::GetIgnoreLabel, &TSource::SetIgnoreLabel);
  return options;
}

/** A model without weights yet. */
itk::UNetModel::Pointer
MakeModel(const nb::dict &                                   options,
          const std::optional<itk::UNetModel::SpacingType> & spacing,
          const std::string &                                device)
{
  const auto model = itk::UNetModel::New();
  ModelOptions().Set(*model, options);
  model->SetDevice(device);
  if (spacing)
  {
    model->SetSpacing(*spacing);
  }
  return model;
}

template <typename TFilter>
nb::object
Execute(TFilter & filter, const nb::dict & options, const nb::object & progress)
{
  FilterOptions<TFilter>().Set(filter, options);
  Execution(&filter, progress).Run();
  return Export(filter.GetOutput());
}

template <typename TComponent, typename TOutputImage>
nb::object
ApplyTo(const Model &                               model,
        const ArrayOf<IntensityImage<TComponent>> & image,
        const std::optional<ArrayOf<MaskImage>> &   labels,
        const Grid &                                grid,
        const nb::dict &                            options,
        const nb::object &                          progress)
{
  using Image = IntensityImage<TComponent>;
  const auto input = Import<Image>(image, grid);
  if (!labels)
  {
    const auto filter = itk::UNetSegmentFilter<Image, TOutputImage>::New();
    filter->SetModel(model.Pointer);
    filter->SetInput(input);
    return Execute(*filter, options, progress);
  }
  const auto filter = itk::UpgradeAnnotationFilter<Image, MaskImage, TOutputImage>::New();
  filter->SetModel(model.Pointer);
  filter->SetInput(input);
  filter->SetAnnotationImage(Import<MaskImage>(*labels, grid));
  return Execute(*filter, options, progress);
}

/** The foreground, 1, or its probability. */
template <typename TComponent>
nb::object
Apply(const Model &                               model,
      const ArrayOf<IntensityImage<TComponent>> & image,
      const std::optional<ArrayOf<MaskImage>> &   labels,
      const Grid &                                grid,
      bool                                        probability,
      const nb::dict &                            options,
      const nb::object &                          progress)
{
  return probability ? ApplyTo<TComponent, itk::Image<float, 3>>(model, image, labels, grid, options, progress)
                     : ApplyTo<TComponent, MaskImage>(model, image, labels, grid, options, progress);
}

template <typename TComponent>
void
DefineApply(nb::module_ & module)
{
  module.def("apply",
             &Apply<TComponent>,
             nb::arg("model"),
             nb::arg("image").noconvert(),
             nb::arg("labels").none(),
             nb::arg("grid"),
             nb::arg("probability"),
             nb::arg("options"),
             nb::arg("progress").none());
}

/** An image, its labels and, or not, its candidates; slices for a 2-D network. Their memory has to outlive the source.
 */
template <unsigned int VDimension>
using SampleOf = std::tuple<ArrayOf<itk::VectorImage<float, VDimension>>,
                            ArrayOf<itk::Image<uint32_t, VDimension>>,
                            std::optional<ArrayOf<itk::Image<uint32_t, VDimension>>>,
                            Grid>;

/** Trains a network whose architecture `modelOptions` holds, without `spacing` at pixels of a size that fits the cells.
 */
template <unsigned int VDimension>
Model
Train(const std::vector<SampleOf<VDimension>> &          samples,
      const nb::dict &                                   modelOptions,
      const std::optional<itk::UNetModel::SpacingType> & spacing,
      const std::string &                                device,
      const nb::dict &                                   sourceOptions,
      const nb::dict &                                   trainerOptions,
      const std::string &                                checkpointFile,
      const nb::object &                                 progress,
      const nb::object &                                 onEpoch)
{
  using Image = itk::VectorImage<float, VDimension>;
  using Labels = itk::Image<uint32_t, VDimension>;
  using Source = itk::AnnotationSampleSource<Image, Labels>;
  const auto source = Source::New();
  SourceOptions<Source>().Set(*source, sourceOptions);
  const auto trainer = itk::UNetTrainer::New();
  TrainerOptions().Set(*trainer, trainerOptions);
  const auto model = MakeModel(modelOptions, spacing, device);
  {
    const nb::gil_scoped_release unlocked;
    for (const auto & [image, labels, candidates, grid] : samples)
    {
      source->AddImage(Import<Image>(image, grid),
                       Import<Labels>(labels, grid),
                       candidates ? Import<Labels>(*candidates, grid).GetPointer() : nullptr);
    }
    if (!spacing)
    {
      model->SetSpacing(source->EstimateSpacing());
    }
    source->Prepare(model);
    model->Initialize(trainer->GetSeed());
  }
  trainer->SetModel(model);
  trainer->SetSampleSource(source);
  trainer->SetCheckpointFile(checkpointFile);

  Execution execution(trainer, progress);
  execution.At(itk::IterationEvent(), [&trainer, &onEpoch] {
    const auto & epoch = trainer->GetHistory().back();
    if (!onEpoch.is_none() &&
        onEpoch(epoch.Number, epoch.Loss, epoch.ValidationLoss, epoch.Dice, epoch.Seconds).is(nb::handle(Py_False)))
    {
      trainer->SetMaximumEpochs(epoch.Number);
    }
  });
  execution.Run();
  return { model };
}

template <unsigned int VDimension>
void
DefineTrain(nb::module_ & module, const char * name)
{
  module.def(name,
             &Train<VDimension>,
             nb::arg("samples"),
             nb::arg("model_options"),
             nb::arg("spacing").none(),
             nb::arg("device"),
             nb::arg("source_options"),
             nb::arg("trainer_options"),
             nb::arg("checkpoint_file"),
             nb::arg("progress").none(),
             nb::arg("on_epoch").none());
}

/** Name and array of each weight. */
nb::dict
GetWeights(const Model & model)
{
  using Weight = itk::UNetModel::Weight;
  nb::dict dictionary;
  for (auto & weight : model.Pointer->GetWeights())
  {
    const auto        kept = new Weight(std::move(weight));
    const nb::capsule owner(kept, [](void * pointer) noexcept { delete static_cast<Weight *>(pointer); });
    dictionary[kept->Name.c_str()] =
      nb::ndarray<nb::numpy, float>(kept->Values.data(), kept->Shape.size(), kept->Shape.data(), owner);
  }
  return dictionary;
}

void
SetWeights(const Model & model, const nb::dict & dictionary)
{
  using Array = nb::ndarray<const float, nb::c_contig, nb::device::cpu>;
  std::vector<itk::UNetModel::Weight> weights;
  for (const auto & [name, value] : dictionary)
  {
    const auto          array = nb::cast<Array>(value);
    std::vector<size_t> shape(array.ndim());
    for (size_t axis = 0; axis < shape.size(); ++axis)
    {
      shape[axis] = array.shape(axis);
    }
    weights.push_back({ nb::cast<std::string>(name), shape, { array.data(), array.data() + array.size() } });
  }
  model.Pointer->SetWeights(weights);
}

/** [channel, (z,) y, x] -> [(z,) y, x] */
nb::object
Predict(const Model & model, const nb::ndarray<const float, nb::c_contig, nb::device::cpu> & input)
{
  using Image = itk::Image<float, 3>;
  const size_t    dimension = model.Pointer->GetDimension();
  Image::SizeType size;
  size.Fill(1);
  for (size_t axis = 0; axis < dimension; ++axis)
  {
    size[axis] = input.shape(dimension - axis);
  }
  const auto probability = Image::New();
  probability->SetRegions(size);
  probability->Allocate();
  {
    const nb::gil_scoped_release unlocked;
    itk::UNetModel::SetNumberOfThreads(itk::MultiThreaderBase::GetGlobalDefaultNumberOfThreads());
    model.Pointer->Predict(input.data(), { { size[0], size[1], size[2] } }, probability->GetBufferPointer());
  }
  return Export(probability.GetPointer());
}

nb::dict
Defaults()
{
  using Filter = itk::UNetSegmentFilter<IntensityImage<float>, MaskImage>;
  const auto model = itk::UNetModel::New();
  const auto filter = Filter::New();
  nb::dict   defaults;
  defaults["model"] = ModelOptions().Get(*model);
  defaults["trainer"] = TrainerOptions().Get(*itk::UNetTrainer::New());
  defaults["filter"] = FilterOptions<Filter>().Get(*filter);
  defaults["source"] =
    SourceOptions<itk::AnnotationSampleSource<itk::VectorImage<float, 2>, itk::Image<uint32_t, 2>>>().Get(
      *itk::AnnotationSampleSource<itk::VectorImage<float, 2>, itk::Image<uint32_t, 2>>::New());
  defaults["foreground_value"] = filter->GetForegroundValue();
  defaults["device"] = model->GetDevice();
  defaults["omission_rate"] = itk::OmissionPerturbFilter<MaskImage>::New()->GetRate();
  return defaults;
}
} // namespace

NB_MODULE(_network, module)
{
  RegisterErrors();
  module.attr("defaults") = Defaults();

  nb::class_<Model>(module, "Model")
    .def_static("make",
                [](const nb::dict &                                   options,
                   const std::optional<itk::UNetModel::SpacingType> & spacing,
                   const std::string &                                device,
                   uint32_t                                           seed) {
                  const auto model = MakeModel(options, spacing, device);
                  model->Initialize(seed);
                  return Model{ model };
                })
    .def_static("load",
                [](const std::string & fileName, const std::string & device) {
                  return Model{ itk::UNetModel::Load(fileName, device) };
                })
    .def("save", [](const Model & model, const std::string & fileName) { model.Pointer->Save(fileName); })
    .def("get", [](const Model & model) { return ModelOptions().Get(*model.Pointer); })
    .def("set", [](const Model & model, const nb::dict & options) { ModelOptions().Set(*model.Pointer, options); })
    .def_prop_rw(
      "device",
      [](const Model & model) { return model.Pointer->GetDevice(); },
      [](const Model & model, const std::string & device) { model.Pointer->SetDevice(device); })
    .def_prop_ro("spacing", [](const Model & model) { return model.Pointer->GetSpacing(); })
    .def_prop_ro("training_record", [](const Model & model) { return std::string(model.Pointer->GetTrainingRecord()); })
    .def_prop_ro("number_of_parameters", [](const Model & model) { return model.Pointer->GetNumberOfParameters(); })
    .def("get_weights", &GetWeights)
    .def("set_weights", &SetWeights)
    .def("predict", &Predict);

  DefineApply<uint8_t>(module);
  DefineApply<uint16_t>(module);
  DefineApply<float>(module);
  DefineTrain<2>(module, "train_2d");
  DefineTrain<3>(module, "train_3d");
}
