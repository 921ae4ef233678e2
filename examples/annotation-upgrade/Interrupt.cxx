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
#include "Interrupt.h"

#include <csignal>
#include <initializer_list>

namespace Interrupt
{
namespace
{
volatile std::sig_atomic_t signalThatCame = 0;

extern "C" void
NoteSignal(int signal)
{
  signalThatCame = signal;
  std::signal(signal, SIG_DFL);
}
} // namespace

void
Install()
{
  for (const int signal : { SIGINT, SIGTERM, SIGHUP })
  {
    if (std::signal(signal, NoteSignal) == SIG_IGN)
    {
      std::signal(signal, SIG_IGN); // as nohup asked for
    }
  }
}

int
Signal()
{
  return signalThatCame;
}

void
Check()
{
  if (signalThatCame != 0)
  {
    throw Exception("interrupted");
  }
}
} // namespace Interrupt
