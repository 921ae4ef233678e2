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
#ifndef itkTrainingSampleSource_h
#define itkTrainingSampleSource_h

#include "AnnotationUpgradeExport.h"
#include "itkAnnotationUpgradeMacro.h"
#include "itkObject.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace itk
{
class UNetModel;

/** \class TrainingSampleSource
 * \brief Where UNetTrainer gets its samples from: plain float buffers, so that images and networks stay apart.
 *
 * Extents are in ITK's order (x, y, z), with extent 1 along z in 2-D, on the grid that the network sees. `input` is
 * planar (channel slowest, x fastest). `target` is one channel: the share of foreground in 0..1, or a negative number
 * where the pixel is to be ignored.
 *
 * All methods are called from several threads at once and depend on their arguments alone.
 *
 * \ingroup AnnotationUpgrade */
class AnnotationUpgrade_EXPORT TrainingSampleSource : public Object
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(TrainingSampleSource);

  using Self = TrainingSampleSource;
  using Superclass = Object;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;
  using ExtentType = std::array<size_t, 3>;

  itkAnnotationUpgradeNameOfClassMacro(TrainingSampleSource, Object);

  virtual size_t
  GetNumberOfImages() const = 0;

  virtual ExtentType
  GetExtent(size_t image) const = 0;

  /** Whether an image has foreground that counts. Only such an image can tell a good network from one that finds
   * nothing. */
  virtual bool
  HasForeground(size_t image) const = 0;

  /** \throw ExceptionObject unless the samples are what `model` takes. */
  virtual void
  VerifyModel(const UNetModel * model) const = 0;

  /** A patch of `extent` at a random place of an image, randomly perturbed, turned and changed in intensity. */
  virtual void
  DrawPatch(size_t image, uint64_t seed, const ExtentType & extent, float * input, float * target) const = 0;

  /** A whole image, perturbed as `seed` says, otherwise unchanged. */
  virtual void
  DrawImage(size_t image, uint64_t seed, float * input, float * target) const = 0;

  /** Settings that the samples depend on, as JSON text; part of the training record. */
  virtual std::string
  GetDescription() const = 0;

protected:
  TrainingSampleSource() = default;
  ~TrainingSampleSource() override = default;
};
} // namespace itk

#endif
