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
#ifndef Options_h
#define Options_h

#include <nanobind/nanobind.h>

#include <algorithm>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace nb = nanobind;

/** The settings of a class under the names that Python's users see: the one place where getters, setters and keywords
 * meet. */
template <typename TObject>
class Options
{
public:
  /** A number or a truth value. */
  template <typename TValue, typename TGetBase, typename TSetBase, typename TResult>
  Options &
  Add(const char * name, TValue (TGetBase::*get)() const, TResult (TSetBase::*set)(TValue))
  {
    m_Options.push_back({ name,
                          [get](const TObject & object) { return nb::cast((object.*get)()); },
                          [name, set](TObject & object, nb::handle value) {
                            TValue converted;
                            if (!nb::try_cast(value, converted))
                            {
                              const auto * const kind = std::is_same_v<TValue, bool> ? "True or False"
                                                        : std::is_floating_point_v<TValue>
                                                          ? "a number"
                                                          : "a whole number, at least 0";
                              throw nb::type_error(Describe(name, value, kind).c_str());
                            }
                            (object.*set)(converted);
                          } });
    return *this;
  }

  /** An enumeration whose values have names, in their order. */
  template <typename TEnum, typename TGetBase, typename TSetBase, typename TNames>
  Options &
  Add(const char * name, TEnum (TGetBase::*get)() const, void (TSetBase::*set)(TEnum), const TNames & names)
  {
    const std::vector<std::string> all(names.begin(), names.end());
    m_Options.push_back(
      { name,
        [get, all](const TObject & object) { return nb::cast(all[static_cast<size_t>((object.*get)())]); },
        [name, set, all](TObject & object, nb::handle value) {
          std::string text;
          const bool  isText = nb::try_cast(value, text);
          const auto  found = std::find(all.begin(), all.end(), text);
          if (!isText || found == all.end())
          {
            std::string known = "one of";
            for (const auto & one : all)
            {
              known += " \"" + one + '"';
            }
            throw nb::value_error(Describe(name, value, known).c_str());
          }
          (object.*set)(static_cast<TEnum>(found - all.begin()));
        } });
    return *this;
  }

  /** Values of an object, by name. */
  nb::dict
  Get(const TObject & object) const
  {
    nb::dict values;
    for (const auto & option : m_Options)
    {
      values[option.Name] = option.Get(object);
    }
    return values;
  }

  /** Sets what `values` has. */
  void
  Set(TObject & object, const nb::dict & values) const
  {
    for (const auto & option : m_Options)
    {
      if (values.contains(option.Name))
      {
        option.Set(object, values[option.Name]);
      }
    }
  }

private:
  static std::string
  Describe(const char * name, nb::handle value, const std::string & wanted)
  {
    return std::string(name) + " is " + nb::repr(value).c_str() + "; it must be " + wanted;
  }

  struct Option
  {
    const char *                               Name;
    std::function<nb::object(const TObject &)> Get;
    std::function<void(TObject &, nb::handle)> Set;
  };
  std::vector<Option> m_Options;
};

#endif
