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
#ifndef Progress_h
#define Progress_h

#include "itkProcessObject.h"

#include <chrono>
#include <string>

/** A line on the terminal: what is done, how much of it, and the time that is left. Silent where stderr is no terminal.
 *
 * A job has equal steps, such as one per image; filters that are watched tell how far a step is. A watched filter is
 * aborted when the user interrupts. */
class Progress
{
public:
  Progress(std::string job, size_t numberOfSteps);
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &
  operator=(const Progress &) = delete;

  /** Shows the filter's progress as that of the step at hand, until the filter dies. */
  void
  Watch(itk::ProcessObject * filter);

  /** Part `part` of `count` of the step at hand begins; what is watched tells how far the part is.
   * \throw Interrupt::Exception if the user interrupted. */
  void
  BeginPart(size_t part, size_t count);

  /** Shown at the line's end. */
  void
  SetNote(const std::string & note);

  /** \throw Interrupt::Exception if the user interrupted. */
  void
  FinishStep();

  /** Seconds since the job began. */
  double
  GetSeconds() const;

  static void
  SetQuiet(bool quiet);

  /** One line on stderr that stays; none when quiet. */
  static void
  Say(const std::string & line);

private:
  void
  Show(double shareOfPart);

  using Clock = std::chrono::steady_clock;
  std::string             m_Job;
  std::string             m_Note;
  size_t                  m_NumberOfSteps;
  size_t                  m_Step{ 0 };
  size_t                  m_Part{ 0 };
  size_t                  m_NumberOfParts{ 1 };
  bool                    m_Visible;
  const Clock::time_point m_Start{ Clock::now() };
  Clock::time_point       m_LastShow{};
};

/** 75 as "1:15". */
std::string
FormatTime(double seconds);

#endif
