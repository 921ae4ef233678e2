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
#ifndef Execute_h
#define Execute_h

#include "itkCommand.h"
#include "itkProcessObject.h"

#include <nanobind/nanobind.h>

#include <optional>
#include <regex>

namespace nb = nanobind;

/** Lets ITK's exceptions become annotation_upgrade.Error, with their text less the name and address of the object. */
inline void
RegisterErrors()
{
  nb::register_exception_translator([](const std::exception_ptr & thrown, void *) {
    try
    {
      std::rethrow_exception(thrown);
    }
    catch (const itk::ExceptionObject & error)
    {
      const std::regex  prefix("^(ITK ERROR: )?([A-Za-z0-9_<>:, ]+\\((0x[0-9a-fA-F]+|nullptr)\\): )?");
      const std::string text = std::regex_replace(error.GetDescription(), prefix, "");
      PyErr_SetString(nb::module_::import_("annotation_upgrade._errors").attr("Error").ptr(), text.c_str());
    }
  });
}

/** Runs `work`, which executes `process`, without the interpreter's lock. At its events Python's signals are looked
 * after, so that Ctrl-C works, and the callbacks of the caller are called; an exception from either aborts the process
 * and comes out of here. */
class Execution
{
public:
  Execution(itk::ProcessObject * process, const nb::object & progress)
    : m_Process(process)
  {
    this->At(itk::ProgressEvent(), [this, progress] {
      if (!progress.is_none())
      {
        progress(m_Process->GetProgress());
      }
    });
  }

  ~Execution()
  {
    for (const auto tag : m_Tags)
    {
      m_Process->RemoveObserver(tag);
    }
  }
  Execution(const Execution &) = delete;
  Execution &
  operator=(const Execution &) = delete;

  /** Calls `action`, which uses Python, at an event. */
  template <typename TAction>
  void
  At(const itk::EventObject & event, TAction action)
  {
    m_Tags.push_back(m_Process->AddObserver(event, [this, action](const itk::EventObject &) {
      const nb::gil_scoped_acquire lock;
      if (m_Error)
      {
        return;
      }
      try
      {
        if (PyErr_CheckSignals() != 0)
        {
          throw nb::python_error();
        }
        action();
      }
      catch (nb::python_error & error)
      {
        m_Error.emplace(std::move(error));
        m_Process->AbortGenerateDataOn();
      }
    }));
  }

  template <typename TWork>
  void
  Run(const TWork & work)
  {
    try
    {
      const nb::gil_scoped_release unlocked;
      work();
    }
    catch (...)
    {
      if (!m_Error)
      {
        throw;
      }
    }
    if (m_Error)
    {
      throw nb::python_error(std::move(*m_Error));
    }
  }

  void
  Run()
  {
    this->Run([this] { m_Process->Update(); });
  }

private:
  itk::ProcessObject *            m_Process;
  std::vector<unsigned long>      m_Tags;
  std::optional<nb::python_error> m_Error;
};

#endif
