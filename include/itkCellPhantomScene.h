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
#ifndef itkCellPhantomScene_h
#define itkCellPhantomScene_h

#include "itkCellPhantomNucleus.h"
#include "itkMacro.h"

#include <ostream>

namespace itk
{
/** \class CellPhantomEnums
 * \brief Enumerations of the cell phantom.
 * \ingroup AnnotationUpgrade
 */
class CellPhantomEnums
{
public:
  /** \class CellType
   * \brief HL60: round nuclei. Granulocyte: nuclei of two to four lobes. Combined: both; the round ones are the
   * targets. \ingroup AnnotationUpgrade
   */
  enum class CellType : uint8_t
  {
    HL60,
    Granulocyte,
    Combined
  };
};

/** Print the name of a cell type. */
inline std::ostream &
operator<<(std::ostream & os, CellPhantomEnums::CellType type)
{
  constexpr const char * names[] = { "HL60", "Granulocyte", "Combined" };
  return os << "itk::CellPhantomEnums::CellType::" << names[static_cast<unsigned int>(type)];
}

/** \class CellPhantomScene
 * \brief Where the simulated cells lie and how they are lit, in continuous physical space.
 *
 * The scene fills the box from the origin to `corner`; a box of no depth is a slice. Below and above a box that is
 * thinner than a cell lie more cells, out of focus, as around a slice taken from a volume. About half of the cells
 * touch another one.
 *
 * \sa CellPhantomImageSource
 * \ingroup AnnotationUpgrade
 */
class CellPhantomScene
{
public:
  using PointType = HashedNoise::PointType;
  using CellType = CellPhantomEnums::CellType;

  enum class Role : uint8_t
  {
    Target,
    Candidate,
    OutOfFocus
  };

  struct Cell
  {
    CellPhantomNucleus nucleus;
    Role               role;
    size_t             label;
  };

  /** Place `count` targets (and as many candidates in a combined scene) of the given typical `radius`.
   * \throw ExceptionObject if they do not fit. */
  CellPhantomScene(CellType type, const PointType & corner, double radius, size_t count, uint64_t seed)
    : m_Corner(corner)
    , m_Radius(radius)
    , m_Key(PerturbHash(seed, 0))
  {
    HashedNoise::Stream stream(PerturbHash(m_Key, 1));
    const double        light = stream.Uniform(0.5, 0.75);
    m_LightDirection = stream.Direction(true) * light;
    const double focusRange = std::max(corner[2], 3.0 * radius);
    m_FocusStart = stream.Uniform(0.0, focusRange - corner[2]) / focusRange;
    m_FocusSlope = 1.0 / focusRange;

    const bool combined = type == CellType::Combined;
    for (size_t label = 1; label <= count; ++label)
    {
      this->Place(type == CellType::Granulocyte, Role::Target, label, count, stream);
      if (combined)
      {
        this->Place(true, Role::Candidate, label, count, stream);
      }
    }
    this->FlattenContacts();
    if (this->IsThin())
    {
      for (size_t i = 0; i < count; ++i)
      {
        this->PlaceOutOfFocus(type == CellType::Granulocyte || (combined && i % 2 == 1), stream);
      }
    }
  }

  const std::vector<Cell> &
  GetCells() const
  {
    return m_Cells;
  }

  /** Standard deviation of the point spread in physical units; grows with z. */
  double
  GetBlur(double z) const
  {
    return m_Radius * (0.025 + 0.085 * (m_FocusStart + m_FocusSlope * z));
  }

  /** Illumination, between 0.2 and 1.4. */
  double
  GetLight(const PointType & point) const
  {
    double light = 0.85;
    for (unsigned int i = 0; i < 2; ++i)
    {
      const double position = m_Corner[i] > 0.0 ? point[i] / m_Corner[i] - 0.5 : 0.0;
      light += position * m_LightDirection[i] - 0.2 * position * position;
    }
    return light;
  }

  /** Light from the medium: cloudy, 0.05 to 0.4. */
  double
  GetBackground(const PointType & point) const
  {
    const double cloud = HashedNoise::Gradient(PerturbHash(m_Key, 2), point / (3.5 * m_Radius));
    return 0.05 + 0.5 * std::max(cloud + 0.25, 0.0);
  }

private:
  bool
  IsThin() const
  {
    return m_Corner[2] < 2.0 * m_Radius;
  }

  void
  Place(bool lobed, Role role, size_t label, size_t count, HashedNoise::Stream & stream)
  {
    constexpr unsigned int maximumAttempts = 2000;
    for (unsigned int attempt = 0; attempt < maximumAttempts; ++attempt)
    {
      // The slice through a round nucleus misses its middle more or less.
      const double section = this->IsThin() && !lobed ? stream.Uniform(0.75, 1.0) : 1.0;
      Cell         cell{ CellPhantomNucleus(lobed, this->IsThin(), m_Radius * section, stream.Draw()), role, label };
      if (!m_Cells.empty() && stream.Uniform() < 0.5)
      {
        this->MoveBeside(cell.nucleus, m_Cells[stream.Below(m_Cells.size())].nucleus, stream);
      }
      else
      {
        PointType center;
        for (unsigned int i = 0; i < 3; ++i)
        {
          const double margin = std::min(0.5 * m_Corner[i], (i < 2 ? 0.5 : 1.0) * m_Radius);
          center[i] = stream.Uniform(margin, m_Corner[i] - margin);
        }
        cell.nucleus.MoveBy(center);
      }
      if (this->Fits(cell.nucleus))
      {
        m_Cells.push_back(cell);
        return;
      }
    }
    itkGenericExceptionMacro("Only " << label - 1 << " of " << count << " cells of radius " << m_Radius << " fit into "
                                     << m_Corner << ". Ask for fewer cells, a smaller radius or a larger image.");
  }

  void
  PlaceOutOfFocus(bool lobed, HashedNoise::Stream & stream)
  {
    CellPhantomNucleus nucleus(lobed, true, m_Radius, stream.Draw());
    const double       distance = nucleus.GetLobeRadius() * stream.Uniform(1.2, 2.4);
    PointType          center;
    center[0] = stream.Uniform(0.0, m_Corner[0]);
    center[1] = stream.Uniform(0.0, m_Corner[1]);
    center[2] = stream.Uniform() < 0.5 ? -distance : m_Corner[2] + distance;
    nucleus.MoveBy(center);
    m_Cells.push_back({ nucleus, Role::OutOfFocus, 0 });
  }

  /** Room between the outermost lobe centres of two nuclei along the line through their centres. */
  static double
  GetRoom(const CellPhantomNucleus & first, const CellPhantomNucleus & second, PointType & direction)
  {
    direction = second.GetCenter() - first.GetCenter();
    const double distance = direction.GetNorm();
    direction /= distance;
    return distance - first.GetExtent(direction) - second.GetExtent(-direction);
  }

  void
  MoveBeside(CellPhantomNucleus & nucleus, const CellPhantomNucleus & neighbor, HashedNoise::Stream & stream) const
  {
    const PointType direction = stream.Direction(this->IsThin());
    const double    room = stream.Uniform(0.82, 1.0) * (nucleus.GetLobeRadius() + neighbor.GetLobeRadius());
    nucleus.MoveBy(neighbor.GetCenter() +
                   direction * (neighbor.GetExtent(direction) + room + nucleus.GetExtent(-direction)));
  }

  bool
  Fits(const CellPhantomNucleus & nucleus) const
  {
    return nucleus.IsCenteredInside(m_Corner) &&
           std::all_of(m_Cells.begin(), m_Cells.end(), [&nucleus](const Cell & other) {
             PointType direction;
             return GetRoom(other.nucleus, nucleus, direction) >=
                    0.8 * (other.nucleus.GetLobeRadius() + nucleus.GetLobeRadius());
           });
  }

  void
  FlattenContacts()
  {
    const double slit = 0.015 * m_Radius;
    for (size_t i = 0; i < m_Cells.size(); ++i)
    {
      CellPhantomNucleus & first = m_Cells[i].nucleus;
      for (size_t j = 0; j < i; ++j)
      {
        CellPhantomNucleus & second = m_Cells[j].nucleus;
        PointType            direction;
        const double         room = GetRoom(first, second, direction);
        if ((second.GetCenter() - first.GetCenter()).GetNorm() < first.GetReach() + second.GetReach())
        {
          const double share = first.GetLobeRadius() / (first.GetLobeRadius() + second.GetLobeRadius());
          const double offset = direction * first.GetCenter() + first.GetExtent(direction) + share * room;
          first.AddFacet(direction, offset - slit);
          second.AddFacet(-direction, -offset - slit);
        }
      }
    }
  }

  PointType         m_Corner;
  double            m_Radius;
  uint64_t          m_Key;
  PointType         m_LightDirection;
  double            m_FocusStart;
  double            m_FocusSlope;
  std::vector<Cell> m_Cells;
};
} // namespace itk

#endif
