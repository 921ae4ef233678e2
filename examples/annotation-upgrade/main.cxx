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
#include "Commands.h"
#include "Failure.h"
#include "Interrupt.h"
#ifdef ANNOTATION_UPGRADE_USE_TORCH
#  include "itkUNetModel.h"
#endif

#include <iostream>

namespace
{
std::string
GetCommandName(const CLI::App & app)
{
  const auto commands = app.get_subcommands();
  return app.get_name() + (commands.empty() ? "" : " " + commands.front()->get_name());
}

int
Complain(const CLI::App & app, const std::exception & error, int status)
{
  std::cerr << GetCommandName(app) << ": " << GetMessage(error) << std::endl;
  return status;
}
} // namespace

int
main(int argc, char * argv[])
{
  CLI::App app("Turns cheap, poor cell annotations into good ones.", "annotation-upgrade");
  app.option_defaults()->always_capture_default();
  app.require_subcommand(1);
  app.footer(
    "Images are whatever ITK reads: a file, or a folder, whose images pair with those of another by file name.\n"
    "annotation-upgrade SUBCOMMAND --help tells more.");
  AddSimulate(app);
  AddImport(app);
  AddSegments(app);
  AddPerturb(app);
#ifdef ANNOTATION_UPGRADE_USE_TORCH
  AddTrainUpgrade(app);
  AddUpgrade(app);
  AddTrainSegment(app);
  AddSegment(app);
#endif
  AddEvaluate(app);
#ifdef ANNOTATION_UPGRADE_USE_TORCH
  AddRun(app);
  itk::UNetModel::KeepFreedMemory();
#endif

  Interrupt::Install();
  try
  {
    app.parse(argc, argv);
    return 0;
  }
  catch (const CLI::ParseError & error)
  {
    return error.get_exit_code() == 0 ? app.exit(error) : Complain(app, error, 2);
  }
  catch (const Interrupt::Exception & error)
  {
    return Complain(app, error, 128 + Interrupt::Signal());
  }
  catch (const itk::ProcessAborted &)
  {
    return Complain(app, Interrupt::Exception("interrupted"), 128 + Interrupt::Signal());
  }
  catch (const std::exception & error)
  {
    return Complain(app, error, 1);
  }
}
