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
#ifndef Interrupt_h
#define Interrupt_h

#include <stdexcept>

/** Ctrl-C and its relatives: the signal is noted, the work at hand ends in good order, a second signal kills. */
namespace Interrupt
{
class Exception : public std::runtime_error
{
public:
  using std::runtime_error::runtime_error;
};

/** Notes SIGINT, SIGTERM and SIGHUP from now on. */
void
Install();

/** The signal that came, 0 without one. */
int
Signal();

/** \throw Exception once a signal came. */
void
Check();
} // namespace Interrupt

#endif
