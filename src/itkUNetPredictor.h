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
#ifndef itkUNetPredictor_h
#define itkUNetPredictor_h

#include "itkUNetModel.h"
#include "itkUNetNetwork.h"

namespace itk
{
/** The network of a model as it was at one moment, made ready to predict fast, on each of the devices that share the
 * work. */
class UNetPredictor
{
public:
  explicit UNetPredictor(const UNetModel & model);

  /** Whether the model has changed since in something that matters here. */
  bool
  IsOutdated(const UNetModel & model) const;

  size_t
  GetNumberOfDevices() const
  {
    return m_Copies.size();
  }

  /** See UNetModel::Predict().
   * \param flips  whether to average over all flips */
  void
  Predict(const float * input, const std::array<size_t, 3> & extent, float * probability, size_t images, bool flips)
    const;

private:
  struct Copy
  {
    torch::Device Device;
    UNetNetwork   Network;
  };

  /** Moves a copy to its device; whether it works there. Other programs may have filled a device, and LibTorch may have
   * no code for it. */
  bool
  MoveAndTry(Copy copy) const;

  void
  PredictOn(const Copy &                  copy,
            const float *                 input,
            const std::array<size_t, 3> & extent,
            float *                       probability,
            size_t                        images,
            bool                          flips) const;

  unsigned int        m_Dimension;
  int64_t             m_Channels;
  int64_t             m_Alignment;
  torch::Dtype        m_Type;
  torch::MemoryFormat m_Format;
  std::vector<Copy>   m_Copies;
  uint64_t            m_Version;
};
} // namespace itk

#endif
