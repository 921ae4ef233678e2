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
"""Turns cheap, poor annotations of cells into good ones.

An annotation, or label image, has whole numbers: 0 is background, each other value one cell. Images and annotations are
given as numpy.ndarray, SimpleITK.Image or itk.Image, in two or three dimensions, and results are of the same kind, with
the same spacing, origin and direction.

Arrays have their axes in NumPy's order, (y, x) or (z, y, x), with channels, as of colour images, last. They have no
spacing of their own: it is that of the image that they are given with, else 1. Options that name an axis or give a
value per axis have ITK's order: 0 is x, 1 is y, 2 is z.

What the C++ library refuses raises Error; wrong types and shapes raise TypeError and ValueError. Long work tells its
`progress`, a function of the share that is done, from 0 to 1; an exception that it raises stops the work, and so does
Ctrl-C.

What needs LibTorch (UNetModel, train_upgrade, upgrade, train_segment, segment) loads it on first use.
"""

from typing import TYPE_CHECKING, Any, List

from ._annotations import ForegroundOverlap, Phantom, evaluate, perturb, seed_for, set_number_of_threads, simulate
from ._core import version as __version__
from ._errors import Error

if TYPE_CHECKING:
    from ._networks import Epoch, UNetModel, segment, train_segment, train_upgrade, upgrade
    from ._state_dict import read_state_dict, write_state_dict

_LAZY = {
    "Epoch": "_networks",
    "UNetModel": "_networks",
    "segment": "_networks",
    "train_segment": "_networks",
    "train_upgrade": "_networks",
    "upgrade": "_networks",
    "read_state_dict": "_state_dict",
    "write_state_dict": "_state_dict",
}

__all__ = [
    "Epoch",
    "Error",
    "ForegroundOverlap",
    "Phantom",
    "UNetModel",
    "evaluate",
    "perturb",
    "read_state_dict",
    "seed_for",
    "segment",
    "set_number_of_threads",
    "simulate",
    "train_segment",
    "train_upgrade",
    "upgrade",
    "write_state_dict",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from importlib import import_module

    return getattr(import_module(f".{_LAZY[name]}", __name__), name)


def __dir__() -> List[str]:
    return sorted({*globals(), *__all__})
