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
"""Perturbing, scoring and simulating annotations: what needs no LibTorch."""

from typing import Any, Callable, Mapping, NamedTuple, Optional, Sequence

import numpy as np

from . import _core
from ._images import Image, as_list, read_labels, verify_same_grid, wrap_labels

Progress = Callable[[float], Any]

_perturb = _core.perturb_defaults
_simulate = _core.simulate_defaults
_LEVELS = ("omission_rate", "inclusion_rate", "salt_and_pepper_probability", "maximum_iterations")


def perturb(
    labels: Image,
    *,
    candidates: Optional[Image] = None,
    omission_rate: Optional[float] = None,
    inclusion_rate: Optional[float] = None,
    salt_and_pepper_probability: Optional[float] = None,
    maximum_iterations: Optional[int] = None,
    bias_iterations: int = _perturb["bias_iterations"],
    bias_operation: str = _perturb["bias_operation"],
    bias_per_cell: bool = _perturb["bias_per_cell"],
    ignore_label: Optional[int] = None,
    slice_by_slice: bool = _perturb["slice_by_slice"],
    slice_axis: int = _perturb["slice_axis"],
    seed: int = _perturb["seed"],
    progress: Optional[Progress] = None,
) -> Image:
    """Spoils an annotation on purpose: omission, inclusion, salt and pepper, and bias, in this order.

    A step that is not given is left out, as is one whose level is 0. The result depends on the arguments alone, not on
    the number of threads.

    Parameters
    ----------
    labels
        The annotation, of whole numbers that fit into 32 bits. It is not changed.
    candidates
        Labels of other objects that may be included by mistake, on the grid of `labels`; needed for inclusion.
    omission_rate
        Share of the cells, that is labels, to remove, 0 to 1. A mask counts as one cell.
    inclusion_rate
        Share of the candidates to add, 0 to 1.
    salt_and_pepper_probability
        Probability of a pixel to turn into noise, half background and half foreground, 0 to 1.
    maximum_iterations
        Bias: up to how many pixels cells shrink or grow; 0 is no bias.
    bias_iterations
        By how many pixels, instead of a draw of up to `maximum_iterations`; 0 draws.
    bias_operation
        "random" (drawn), "erosion" or "dilation"; it needs one of `bias_iterations` and `maximum_iterations`.
    bias_per_cell
        Whether each cell has draws of its own; it needs the same.
    ignore_label
        Value of pixels that are neither cell nor background; they stay as they are.
    slice_by_slice
        Whether each slice of a volume is an annotation of its own, with draws of its own.
    slice_axis
        The axis across the slices: 0 is x, 1 is y, 2 is z.
    seed
        Chooses the random draws, 0 to 2**64 - 1. See seed_for() for the images of a set.
    progress
        Called with the share that is done.

    Returns
    -------
    The spoilt annotation, with pixels of the type that `labels` has.

    Raises
    ------
    Error
        For a rate outside 0 to 1, candidates that are missing or lie elsewhere, new labels that the pixel type cannot
        hold.
    TypeError, ValueError
        For an argument of a wrong type or shape, no perturbation at all, or options of bias without bias.
    """
    annotation = read_labels(labels, "labels")
    grid = annotation.grid
    others = None
    if candidates is not None:
        read = read_labels(candidates, "candidates")
        grid = verify_same_grid(read, annotation)
        others = _convert(read.pixels, annotation.pixels.dtype)
    options = dict(
        omission_rate=omission_rate,
        inclusion_rate=inclusion_rate,
        salt_and_pepper_probability=salt_and_pepper_probability,
        maximum_iterations=maximum_iterations,
        bias_iterations=bias_iterations,
        bias_operation=bias_operation,
        bias_per_cell=bias_per_cell,
        slice_by_slice=slice_by_slice,
        slice_axis=slice_axis if annotation.dimension == 3 else 2,
        seed=seed,
    )
    if is_nothing_chosen(options):
        raise ValueError(f"no perturbation is chosen; give {', '.join(_LEVELS)} or bias_iterations")
    verify_bias(options)
    given = {name: value for name, value in options.items() if value is not None}
    pixels = annotation.pixels
    if ignore_label is None:
        return wrap_labels(_core.perturb(pixels, grid, others, given, progress), annotation)
    if ignore_label == 0:
        raise ValueError("ignore_label is 0, which is background; give ignored pixels a value of their own")
    ignored = pixels == ignore_label
    perturbed = _core.perturb(np.where(ignored, pixels.dtype.type(0), pixels), grid, others, given, progress)
    added = (perturbed == ignore_label) & ~ignored  # by inclusion or salt, to which this label was free
    if added.any():
        used = np.union1d(np.append(perturbed, ignore_label), pixels)
        unused = np.setdiff1d(np.arange(1, used.size + 2), used)[0]
        if unused > np.iinfo(pixels.dtype).max:
            raise ValueError(f"labels has pixels of type {annotation.kind}, which has no label left for what is added")
        perturbed[added] = unused
    return wrap_labels(np.where(ignored, pixels, perturbed), annotation)


def is_nothing_chosen(options: Mapping[str, Any]) -> bool:
    """Whether no level of a perturbation is given."""
    return not options["bias_iterations"] and all(options[level] is None for level in _LEVELS)


def verify_bias(options: Mapping[str, Any]) -> None:
    """Refuses options of bias without bias, which would do nothing."""
    if not (options["bias_iterations"] or options["maximum_iterations"]):
        for name in ("bias_operation", "bias_per_cell"):
            if options[name] != _perturb[name]:
                raise ValueError(f"{name} is {options[name]!r}, but there is no bias; give maximum_iterations, too")


class ForegroundOverlap(NamedTuple):
    """Agreement of the foreground of annotations with their reference, over all pixels of all images."""

    dice: float  #: 2TP / (2TP + FP + FN), 0 to 1; 1 where neither has any foreground
    true_positives: int  #: pixels
    false_positives: int  #: pixels
    false_negatives: int  #: pixels


def evaluate(labels: Any, references: Any, *, ignore_label: Optional[int] = None) -> ForegroundOverlap:
    """Scores annotations against the truth: every label but 0 is foreground.

    Parameters
    ----------
    labels
        An annotation, or a list of them.
    references
        The truth for each, on the same grid.
    ignore_label
        Pixels with this label in a reference do not count.

    Raises
    ------
    Error
        If an annotation and its reference lie on different grids.
    TypeError, ValueError
        For an argument of a wrong type or shape.
    """
    many, truths = as_list(labels), as_list(references)
    if len(many) != len(truths):
        raise ValueError(
            f"there are {len(many)} labels and {len(truths)} references; give as many of one as of the other"
        )
    counts = np.zeros(3, dtype=np.int64)
    for i, (one, truth) in enumerate(zip(many, truths)):
        volume = read_labels(one, f"labels[{i}]")
        reference = read_labels(truth, f"references[{i}]")
        grid = verify_same_grid(volume, reference)
        wanted = (reference.pixels != 0).view(np.uint8)
        if ignore_label is not None:
            wanted[reference.pixels == ignore_label] = 2
        counts += _core.count_overlap((volume.pixels != 0).view(np.uint8), wanted, grid)
    numbers = [int(count) for count in counts]
    return ForegroundOverlap(_core.dice(*numbers), *numbers)


class Phantom(NamedTuple):
    """A simulated micrograph; arrays of shape (y, x) or (z, y, x)."""

    image: np.ndarray  #: intensities, uint16
    labels: np.ndarray  #: the cells, uint32
    candidates: np.ndarray  #: cells of the other type in a combined phantom, else 0; uint32


def simulate(
    size: Sequence[int] = _simulate["size"],
    *,
    cell_type: str = _simulate["cell_type"],
    number_of_cells: int = _simulate["number_of_cells"],
    cell_radius: float = _simulate["cell_radius"],
    spacing: Optional[Sequence[float]] = None,
    seed: int = _simulate["seed"],
    progress: Optional[Progress] = None,
) -> Phantom:
    """Simulates a micrograph of cell nuclei with exact annotations.

    Parameters
    ----------
    size
        Pixels along x, y and, of a volume, z.
    cell_type
        "hl60" (round), "granulocyte" (lobed), or "combined" (the former, with the latter as candidates).
    number_of_cells
        0 stands for a number in proportion to the size.
    cell_radius
        Typical radius in the unit of `spacing`; 0 stands for one that suits the size.
    spacing
        Distance of neighbouring pixels along x, y and z; 1 by default.
    seed
        Each gives another image, 0 to 2**64 - 1.
    progress
        Called with the share that is done.

    Raises
    ------
    Error
        If the cells do not fit, or would be too small to have a shape.
    """
    if len(size) not in (2, 3):
        raise ValueError(f"size is {size!r}; give the pixels along x and y, and along z for a volume")
    distances = [1.0] * len(size) if spacing is None else spacing
    if len(distances) != len(size):
        raise ValueError(
            f"spacing is {spacing!r}; give one number per axis, as many as size has, which are {len(size)}"
        )
    options = dict(cell_type=cell_type, number_of_cells=number_of_cells, cell_radius=cell_radius, seed=seed)
    return Phantom(*_core.simulate(tuple(size), tuple(distances), options, progress))


def seed_for(seed: int, name: str) -> int:
    """A seed for each image of a set, chosen by its name, so that their draws are independent.

    The command line seeds so, with the name of the file without its extension.
    """
    return _core.seed_for(seed, name)


def set_number_of_threads(threads: int) -> None:
    """Sets how many processor threads all functions use, at least 1; by default as many as there are processors."""
    _core.set_number_of_threads(threads)


def _convert(pixels: np.ndarray, kind: np.dtype) -> np.ndarray:
    """Labels of another type. Those of candidates, too, have to fit into the pixels of the result."""
    converted = pixels.astype(kind, copy=False)
    if converted is not pixels and not np.array_equal(converted, pixels):
        raise ValueError(f"candidates has labels that do not fit into the {kind} of labels; convert labels")
    return converted
