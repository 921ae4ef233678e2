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
#include "Progress.h"

#include "Interrupt.h"

#include <cmath>
#include <cstdio>
#include <iostream>
#include <unistd.h>

namespace
{
bool isQuiet = false;

/** stderr, whoever listens to what libraries say on std::cerr at the time. */
std::ostream terminal(std::cerr.rdbuf());
} // namespace

std::string
FormatTime(double seconds)
{
  const long whole = std::lround(seconds);
  char       text[32];
  std::snprintf(text, sizeof(text), "%ld:%02ld", whole / 60, whole % 60);
  return text;
}

Progress::Progress(std::string job, size_t numberOfSteps)
  : m_Job(std::move(job))
  , m_NumberOfSteps(numberOfSteps)
  , m_Visible(!isQuiet && isatty(STDERR_FILENO) != 0)
{}

Progress::~Progress()
{
  if (m_Visible)
  {
    terminal << "\r\033[K" << std::flush;
  }
}

void
Progress::Watch(itk::ProcessObject * filter)
{
  filter->AddObserver(itk::ProgressEvent(), [this, filter](const itk::EventObject &) {
    if (Interrupt::Signal() != 0)
    {
      filter->AbortGenerateDataOn();
    }
    this->Show(filter->GetProgress());
  });
}

void
Progress::SetNote(const std::string & note)
{
  m_Note = note;
}

void
Progress::BeginPart(size_t part, size_t count)
{
  Interrupt::Check();
  m_Part = part;
  m_NumberOfParts = count;
  this->Show(0.0);
}

void
Progress::FinishStep()
{
  Interrupt::Check();
  ++m_Step;
  m_Part = 0;
  m_NumberOfParts = 1;
  this->Show(0.0);
}

double
Progress::GetSeconds() const
{
  return std::chrono::duration<double>(Clock::now() - m_Start).count();
}

void
Progress::SetQuiet(bool quiet)
{
  isQuiet = quiet;
}

void
Progress::Say(const std::string & line)
{
  if (!isQuiet)
  {
    terminal << line << std::endl;
  }
}

void
Progress::Show(double shareOfPart)
{
  const auto now = Clock::now();
  if (!m_Visible || now - m_LastShow < std::chrono::milliseconds(100))
  {
    return;
  }
  m_LastShow = now;
  const double shareOfStep = (static_cast<double>(m_Part) + shareOfPart) / static_cast<double>(m_NumberOfParts);
  const double share = (static_cast<double>(m_Step) + shareOfStep) / static_cast<double>(m_NumberOfSteps);
  const double seconds = this->GetSeconds();
  terminal << "\r\033[K" << m_Job << ": " << std::lround(100.0 * share) << " %";
  if (seconds > 2.0 && share > 0.0 && share < 1.0)
  {
    terminal << ", " << FormatTime(seconds * (1.0 - share) / share) << " left";
  }
  terminal << (m_Note.empty() ? "" : ", ") << m_Note << std::flush;
}
