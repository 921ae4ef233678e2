#!/usr/bin/env python3
# Copyright NumFOCUS
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     https://www.apache.org/licenses/LICENSE-2.0.txt
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
"""Installs the Python package with pip in a virtual environment of its own and runs its tests there, then those that
need PyTorch with the interpreter that runs this, which may have it.

Exit status 77 where the packages of PyPI cannot be had. The environment and the build are kept for the next time.
"""

import argparse
import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--work", required=True, type=Path, help="folder of the environment and the build")
parser.add_argument("--tool", help="the program annotation-upgrade, to compare with")
parser.add_argument("defines", nargs="*", metavar="NAME=VALUE", help="CMake variables")
arguments = parser.parse_args()

source = Path(__file__).resolve().parents[2]
project = tomllib.loads((source / "pyproject.toml").read_text())
environment = arguments.work / "environment"
python = environment / "bin/python"
if not python.exists():
    venv.create(environment, with_pip=True)


def pip(*options):
    return subprocess.run(
        [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *options]
    ).returncode


requirements = [*project["build-system"]["requires"], *project["project"]["optional-dependencies"]["test"]]
if pip("--retries", "1", *requirements, *project["project"]["dependencies"]) != 0:
    print("Skipped: pip cannot install", *requirements)
    sys.exit(77)
# Without a build environment of its own, whose place would change, so that the build and ccache find what they have.
settings = [f"--config-settings=cmake.define.{define}" for define in arguments.defines]
settings.append(f"--config-settings=build-dir={arguments.work / 'build'}")
if pip("--no-build-isolation", "--check-build-dependencies", "--no-deps", "--force-reinstall", *settings, source) != 0:
    sys.exit(1)

variables = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
if arguments.tool:
    variables["ANNOTATION_UPGRADE_TOOL"] = arguments.tool
tests = Path(__file__).parent
options = ["-q", "-p", "no:cacheprovider", "-rs", "--durations=5"]
status = subprocess.run([python, "-m", "pytest", *options, tests], env=variables).returncode

# The packages of the interpreter come first: NumPy has to be the one that its PyTorch was built with.
packages = next((environment / "lib").glob("python*/site-packages"))
code = f"import sys; sys.path.append({str(packages)!r}); import pytest; sys.exit(pytest.main(sys.argv[1:]))"
with_torch = subprocess.run([sys.executable, "-c", code, *options, tests / "test_torch.py"], env=variables).returncode
sys.exit(status or (with_torch if with_torch != 5 else 0))  # 5: no tests, as there is no PyTorch
