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
"""Loads the part of the package that needs LibTorch, and keeps a second LibTorch, which would crash the process, out."""

import importlib.machinery
import os
import sys
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import Any, Set

from . import _core

_LIBRARY = os.path.realpath(_core.torch_library)
_ADVICE = (
    f"annotation_upgrade was built with the LibTorch in {_LIBRARY}, and two LibTorch builds in one process crash. "
    "Build it with the LibTorch of this PyTorch: CMAKE_ARGS=-DTorch_DIR=$(python -c 'import torch; "
    "print(torch.utils.cmake_prefix_path)')/Torch pip install --force-reinstall PATH, or use them in two processes"
)


class _Guard(MetaPathFinder):
    """Refuses to import a PyTorch with another LibTorch."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name != "torch":
            return
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is None or spec.origin is None:
            return
        folder = os.path.join(os.path.dirname(spec.origin), "lib")
        for library in ("libtorch_cpu.so", "libtorch_cpu.dylib"):
            library = os.path.join(folder, library)
            if os.path.exists(library) and os.path.realpath(library) != _LIBRARY:
                raise ImportError(f"{spec.origin} cannot be imported any more: {_ADVICE}")


def _loaded_libraries() -> Set[str]:
    """The LibTorch builds in this process, where the system tells."""
    try:
        with open("/proc/self/maps", encoding="utf-8") as maps:
            paths = {line.rstrip("\n").partition("/")[2] for line in maps}
    except OSError:
        return set()
    return {os.path.realpath(f"/{path}") for path in paths if os.path.basename(path).startswith("libtorch_cpu.")}


def load_network() -> ModuleType:
    if not _core.torch_library:
        raise ImportError("annotation_upgrade was built without LibTorch: there are no networks in it")
    others = _loaded_libraries() - {_LIBRARY}
    if others:
        raise ImportError(f"the networks cannot be loaded beside {others.pop()}: {_ADVICE}")
    from . import _network

    sys.meta_path.insert(0, _Guard())
    return _network
