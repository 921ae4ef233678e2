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
// Defaults of the sanitizers' runtimes, compiled into every program that links AnnotationUpgrade when
// AnnotationUpgrade_SANITIZE is on. Leaks are suppressed only by the name of the library or the
// function that makes them.

extern "C" const char *
__lsan_default_suppressions()
{
  return "leak:libtorch_cpu.so\n"
         "leak:libdnnl.so\n"
         "leak:MET_UncompressStream\n"; // of MetaIO, where a file is cut short
}

// Tests of the program read what it prints.
extern "C" const char *
__lsan_default_options()
{
  return "print_suppressions=0";
}

// Tests measure memory too: little is kept of what was freed.
extern "C" const char *
__asan_default_options()
{
  return "quarantine_size_mb=16";
}

extern "C" const char *
__ubsan_default_options()
{
  return "print_stacktrace=1";
}
