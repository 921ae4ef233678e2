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
#ifndef itkUNetTiles_h
#define itkUNetTiles_h

#include "itkUNetModel.h"
#include "itkWorkingGrid.h"

#include <functional>
#include <vector>

namespace itk
{
/** \class UNetTiles
 * \brief Applies a network to images of one extent tile by tile, with the result of the whole image at once.
 *
 * Tiles begin at multiples of UNetModel::GetAlignment() and are seen with a margin of UNetModel::GetMargin(), cut where
 * the image, filled up to the alignment, ends. All boxes are on the grid that the network sees.
 *
 * \ingroup AnnotationUpgrade */
class AnnotationUpgrade_EXPORT UNetTiles
{
public:
  using Box = WorkingGrid::Box;
  using ExtentType = WorkingGrid::ExtentType;

  /** \param model   with weights; the network is applied as it is at each Predict()
   *  \param extent  of the images
   *  \param wanted  the part of them whose probability is wanted
   *  \param edge    of a tile, see GetEdge() */
  UNetTiles(const UNetModel * model, const ExtentType & extent, const Box & wanted, size_t edge);

  /** The edge of a tile in pixels, a multiple of the alignment, that is at least `wish`; of a wish of 0, 1024 with a
   * 2-D model and 128 with a 3-D model. */
  static size_t
  GetEdge(const UNetModel * model, size_t wish);

  const Box &
  GetWanted() const
  {
    return m_Wanted;
  }

  /** What is needed of an image. */
  const Box &
  GetSeen() const
  {
    return m_Seen;
  }

  size_t
  GetNumberOfTiles() const
  {
    return m_Tiles.size();
  }

  /** How many images are best given to Predict() at once: 1 where one has several tiles. */
  size_t
  GetBatchSize() const;

  /** \param inputs         images, each of them all channels on GetSeen(), planar, intensities already scaled
   *  \param probabilities  receive the foreground's probability on GetWanted(), for each image
   *  \param report         is called with the number of tiles done, of all images, each time that some are
   *  \throw ExceptionObject if the network fails, and whatever report throws */
  void
  Predict(const std::vector<const float *> &  inputs,
          const std::vector<float *> &        probabilities,
          const std::function<void(size_t)> & report) const;

private:
  struct Tile
  {
    Box Core; ///< what it gives
    Box Seen; ///< what the network sees of it
  };

  UNetModel::ConstPointer m_Model;
  Box                     m_Wanted;
  Box                     m_Seen;
  std::vector<Tile>       m_Tiles;
};
} // namespace itk

#endif
