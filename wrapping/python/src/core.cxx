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
// annotation_upgrade._core: what works without LibTorch. Python's side, with the documentation, is _annotations.py.

#include "Execute.h"
#include "Images.h"
#include "PerturbationOptions.h"

#include "itkCellPhantomImageSource.h"
#include "itkForegroundOverlap.h"
#include "itkMultiThreaderBase.h"
#include "itkPerturbAnnotationFilter.h"
#include "itkPerturbRandomStream.h"
#include "itkVerifySameGrid.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

namespace
{
template <typename TLabel>
using LabelImage = itk::Image<TLabel, 3>;

template <typename TLabel>
const auto &
PerturbOptions()
{
  using Filter = itk::PerturbAnnotationFilter<LabelImage<TLabel>>;
  static const auto options = PerturbationOptions<Filter>()
                                .Add("slice_by_slice", &Filter::GetSliceBySlice, &Filter::SetSliceBySlice)
                                .Add("slice_axis", &Filter::GetSliceAxis, &Filter::SetSliceAxis)
                                .Add("seed", &Filter::GetSeed, &Filter::SetSeed);
  return options;
}

template <typename TLabel>
nb::object
Perturb(const ArrayOf<LabelImage<TLabel>> &                labels,
        const Grid &                                       grid,
        const std::optional<ArrayOf<LabelImage<TLabel>>> & candidates,
        const nb::dict &                                   options,
        const nb::object &                                 progress)
{
  using Filter = itk::PerturbAnnotationFilter<LabelImage<TLabel>>;
  const auto filter = Filter::New();
  PerturbOptions<TLabel>().Set(*filter, options);
  filter->SetInput(Import<LabelImage<TLabel>>(labels, grid));
  if (candidates)
  {
    filter->SetCandidatesImage(Import<LabelImage<TLabel>>(*candidates, grid));
  }
  Execution(filter, progress).Run();
  return Export(filter->GetOutput());
}

template <typename TLabel>
void
DefinePerturb(nb::module_ & module)
{
  module.def("perturb",
             &Perturb<TLabel>,
             nb::arg("labels").noconvert(),
             nb::arg("grid"),
             nb::arg("candidates").noconvert().none(),
             nb::arg("options"),
             nb::arg("progress").none());
}

void
VerifySameGrid(const std::array<size_t, 3> & size,
               const Grid &                  grid,
               const std::string &           name,
               const Grid &                  referenceGrid,
               const std::string &           referenceName)
{
  const auto make = [&size](const Grid & from) {
    const auto                       image = itk::Image<uint8_t, 3>::New();
    itk::Image<uint8_t, 3>::SizeType extent;
    std::copy(size.begin(), size.end(), extent.begin());
    image->SetRegions(extent);
    SetGrid(*image, from);
    return image;
  };
  itk::VerifySameGrid<3>(make(grid), name.c_str(), make(referenceGrid), referenceName.c_str());
}

/** Pixels of the reference: 0 background, 1 foreground, 2 to be ignored.
 * \return true positives, false positives, false negatives */
auto
CountOverlap(const ArrayOf<LabelImage<uint8_t>> & labels,
             const ArrayOf<LabelImage<uint8_t>> & reference,
             const Grid &                         grid)
{
  const auto             test = Import<LabelImage<uint8_t>>(labels, grid);
  const auto             truth = Import<LabelImage<uint8_t>>(reference, grid);
  itk::ForegroundOverlap overlap;
  {
    const nb::gil_scoped_release unlocked;
    overlap.Add(test.GetPointer(), truth.GetPointer(), uint8_t{ 2 });
  }
  return std::make_tuple(overlap.GetTruePositives(), overlap.GetFalsePositives(), overlap.GetFalseNegatives());
}

template <unsigned int VDimension>
using PhantomSource = itk::CellPhantomImageSource<itk::Image<uint16_t, VDimension>, itk::Image<uint32_t, VDimension>>;

template <unsigned int VDimension>
const auto &
PhantomOptions()
{
  using Source = PhantomSource<VDimension>;
  constexpr std::array<const char *, 3> cellTypes{ { "hl60", "granulocyte", "combined" } };
  static const auto                     options = Options<Source>()
                                .Add("cell_type", &Source::GetCellType, &Source::SetCellType, cellTypes)
                                .Add("number_of_cells", &Source::GetNumberOfCells, &Source::SetNumberOfCells)
                                .Add("cell_radius", &Source::GetCellRadius, &Source::SetCellRadius)
                                .Add("seed", &Source::GetSeed, &Source::SetSeed);
  return options;
}

template <unsigned int VDimension>
auto
Simulate(const std::array<size_t, VDimension> & size,
         const std::array<double, VDimension> & spacing,
         const nb::dict &                       options,
         const nb::object &                     progress)
{
  using Source = PhantomSource<VDimension>;
  const auto source = Source::New();
  PhantomOptions<VDimension>().Set(*source, options);
  typename Source::SizeType extent;
  std::copy(size.begin(), size.end(), extent.begin());
  source->SetSize(extent);
  source->SetSpacing(typename Source::SpacingType(spacing.data()));
  Execution(source, progress).Run();
  return nb::make_tuple(Export(source->GetOutput()), Export(source->GetLabels()), Export(source->GetCandidates()));
}

template <unsigned int VDimension>
void
DefineSimulate(nb::module_ & module)
{
  module.def("simulate",
             &Simulate<VDimension>,
             nb::arg("size"),
             nb::arg("spacing"),
             nb::arg("options"),
             nb::arg("progress").none());
}

nb::dict
PhantomDefaults()
{
  const auto source = PhantomSource<3>::New();
  auto       defaults = PhantomOptions<3>().Get(*source);
  defaults["size"] = nb::make_tuple(source->GetSize()[0], source->GetSize()[1], source->GetSize()[2]);
  return defaults;
}

void
SetNumberOfThreads(unsigned int threads)
{
  itk::MultiThreaderBase::SetGlobalMaximumNumberOfThreads(threads);
  itk::MultiThreaderBase::SetGlobalDefaultNumberOfThreads(threads);
}

uint64_t
SeedFor(uint64_t seed, const std::string & name)
{
  for (const unsigned char c : name)
  {
    seed = itk::PerturbHash(seed, c);
  }
  return seed;
}
} // namespace

NB_MODULE(_core, module)
{
  RegisterErrors();
  module.attr("version") = ANNOTATION_UPGRADE_VERSION;
  module.attr("torch_library") = ANNOTATION_UPGRADE_TORCH_LIBRARY;

  module.attr("perturb_defaults") =
    PerturbOptions<uint8_t>().Get(*itk::PerturbAnnotationFilter<LabelImage<uint8_t>>::New());
  DefinePerturb<uint8_t>(module);
  DefinePerturb<int8_t>(module);
  DefinePerturb<uint16_t>(module);
  DefinePerturb<int16_t>(module);
  DefinePerturb<uint32_t>(module);
  DefinePerturb<int32_t>(module);

  module.def("verify_same_grid", &VerifySameGrid);
  module.def("count_overlap", &CountOverlap);
  module.def("dice", [](size_t truePositives, size_t falsePositives, size_t falseNegatives) {
    return itk::ForegroundOverlap(truePositives, falsePositives, falseNegatives).GetDice();
  });

  module.attr("simulate_defaults") = PhantomDefaults();
  DefineSimulate<2>(module);
  DefineSimulate<3>(module);

  module.def("set_number_of_threads", &SetNumberOfThreads);
  module.def("seed_for", &SeedFor);
}
