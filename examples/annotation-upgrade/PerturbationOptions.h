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
#ifndef PerturbationOptions_h
#define PerturbationOptions_h

#include "itkBiasPerturbFilter.h"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>

/** Levels of the perturbations; a step of which nothing is given is left out. */
struct PerturbationOptions
{
  std::optional<double>       Omission;
  std::optional<double>       Inclusion;
  std::optional<double>       SaltAndPepper;
  std::optional<unsigned int> Bias;
  std::optional<unsigned int> BiasIterations;
  std::optional<std::string>  BiasOperation;
  bool                        BiasPerCell{ false };
  std::optional<std::string>  Preset; ///< fills the levels that are not given, once the command line is parsed

  bool
  Omits() const
  {
    return Omission.value_or(0.0) > 0.0;
  }

  bool
  Includes() const
  {
    return Inclusion.value_or(0.0) > 0.0;
  }

  bool
  HasBias() const
  {
    return Bias || BiasIterations || BiasOperation || BiasPerCell;
  }

  bool
  IsEmpty() const
  {
    return !Omission && !Inclusion && !SaltAndPepper && !HasBias();
  }

  /** Omission alone at its filter's default rate, where nothing was asked for. */
  PerturbationOptions
  OrDefault() const;

  /** Hands the levels to a filter or source that has setters for them. */
  template <typename TTarget>
  void
  ApplyTo(TTarget & target) const
  {
    target.SetOmissionRate(Omission.value_or(0.0));
    target.SetInclusionRate(Inclusion.value_or(0.0));
    target.SetSaltAndPepperProbability(SaltAndPepper.value_or(0.0));
    target.SetMaximumIterations(GetMaximumIterations());
    target.SetBiasIterations(BiasIterations.value_or(0));
    target.SetBiasOperation(GetBiasOperation());
    target.SetBiasPerCell(BiasPerCell);
  }

private:
  /** 0 without bias, the filter's default where Bias is not given. */
  unsigned int
  GetMaximumIterations() const;

  itk::BiasPerturbFilterEnums::Operation
  GetBiasOperation() const;
};

/** \param hasDefault  whether the command takes OrDefault() */
void
AddPerturbationOptions(CLI::App & app, PerturbationOptions & options, bool hasDefault);

#endif
