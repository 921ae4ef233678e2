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
"""What importing costs and loads, and how the package gets along with another LibTorch."""

import os
import shutil
import subprocess
import sys

import pytest

import annotation_upgrade
from annotation_upgrade import _core

needs_torch = pytest.mark.skipif(not _core.torch_library, reason="built without LibTorch")
needs_maps = pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="the system does not tell what is loaded")


def run(code, *paths):
    """Output of a fresh interpreter, without what pytest has loaded."""
    search = os.pathsep.join([*map(str, paths), os.path.dirname(os.path.dirname(annotation_upgrade.__file__))])
    environment = {**os.environ, "PYTHONPATH": search}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout


@needs_maps
def test_importing_and_perturbing_is_quick_and_loads_no_libtorch():
    code = """
import time
import annotation_upgrade, numpy
labels = numpy.arange(512 * 512, dtype=numpy.uint16).reshape(512, 512) // 1000
annotation_upgrade.perturb(labels, omission_rate=0.5)
print(time.process_time())
assert "libtorch" not in open("/proc/self/maps").read()
"""
    assert min(float(run(code)) for _ in range(3)) < 0.5


@needs_torch
@needs_maps
def test_another_libtorch_in_the_process_is_an_error(tmp_path):
    other = tmp_path / "libtorch_cpu.so"
    shutil.copy(_core.__file__, other)
    code = f"""
import ctypes
ctypes.CDLL({str(other)!r})
import annotation_upgrade
annotation_upgrade.perturb
try:
    annotation_upgrade.UNetModel
except ImportError as error:
    print(error)
"""
    text = run(code)
    assert str(other) in text and os.path.realpath(_core.torch_library) in text and "two LibTorch builds" in text


@needs_torch
def test_importing_another_libtorch_later_is_an_error(tmp_path):
    (tmp_path / "torch/lib").mkdir(parents=True)
    (tmp_path / "torch/__init__.py").touch()
    library = tmp_path / "torch/lib/libtorch_cpu.so"
    library.touch()
    code = """
import annotation_upgrade
annotation_upgrade.UNetModel
try:
    import torch
    print("imported")
except ImportError as error:
    print(error)
"""
    assert "two LibTorch builds" in run(code, tmp_path)
    library.unlink()
    library.symlink_to(_core.torch_library)
    assert run(code, tmp_path) == "imported\n"


def test_the_version_is_that_of_the_package():
    from importlib.metadata import version

    assert annotation_upgrade.__version__ == version("annotation_upgrade")
