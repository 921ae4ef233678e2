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
"""NumPy arrays and images of SimpleITK and itk: their pixels without a copy where the layout allows, and back."""

import sys
from typing import Any, Callable, NamedTuple, Optional, Sequence, Tuple, TypeVar

import numpy as np

from . import _core

#: numpy.ndarray, SimpleITK.Image or itk.Image
Image = TypeVar("Image")

#: Start index, spacing, origin, direction by rows; along x, y, z
Grid = Tuple[Tuple[int, ...], Tuple[float, ...], Tuple[float, ...], Tuple[float, ...]]


class Volume(NamedTuple):
    """An image as the C++ side takes it; an image of two dimensions is a volume of one slice."""

    name: str
    pixels: np.ndarray  # C-contiguous, (z, y, x) or, of an intensity image, (z, y, x, channel)
    dimension: int
    geometry: Optional[Grid]  # None of an array
    kind: np.dtype  # of the pixels before they were converted
    wrap: Callable[[np.ndarray], Any]  # (z, y, x) -> an image like the given one, in its place

    @property
    def grid(self) -> Grid:
        return self.geometry or _make_grid((0, 0, 0), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), np.eye(3))


def read_labels(image: Any, name: str) -> Volume:
    """Labels with pixels of 8, 16 or 32 bits."""
    volume = _read(image, name, channels=False)
    kind = volume.kind
    if kind.kind not in "iubf":
        raise TypeError(f"{name} has pixels of type {kind}; labels are whole numbers, such as uint8, uint16 or int32")
    pixels = volume.pixels
    if kind.kind == "b":
        pixels = pixels.view(np.uint8)
    elif kind.kind == "f":
        pixels = _whole_numbers(pixels, name)
    elif kind.itemsize > 4:
        lowest, highest = int(pixels.min()), int(pixels.max())
        if lowest < np.iinfo(np.int32).min or highest > np.iinfo(np.uint32 if lowest >= 0 else np.int32).max:
            raise ValueError(f"{name} has labels from {lowest} to {highest}; they must fit into 32 bits: relabel it")
        pixels = pixels.astype(np.uint32 if lowest >= 0 else np.int32)
    return volume._replace(pixels=pixels)


def wrap_labels(pixels: np.ndarray, labels: Volume) -> Any:
    """A label image like `labels`, with pixels of its type."""
    typed = pixels.astype(labels.kind, copy=False)
    if labels.kind.kind == "f" and not np.array_equal(typed, pixels):
        raise ValueError(f"{labels.name} has pixels of type {labels.kind}, which cannot hold the result's labels")
    return labels.wrap(typed)


def read_intensities(image: Any, name: str, channels: bool) -> Volume:
    """Intensities as uint8, uint16 or float32. `channels` says whether the last axis of an array is one of channels."""
    volume = _read(image, name, channels)
    pixels = volume.pixels
    if pixels.dtype.kind not in "iufb":
        raise TypeError(f"{name} has pixels of type {pixels.dtype}; intensities are real numbers")
    if pixels.dtype.kind == "b":
        pixels = pixels.view(np.uint8)
    elif pixels.dtype not in (np.uint8, np.uint16, np.float32):
        pixels = pixels.astype(np.float32)
    if pixels.ndim == 3:
        pixels = pixels[..., np.newaxis]
    return volume._replace(pixels=pixels)


def verify_same_grid(volume: Volume, reference: Volume) -> Grid:
    """The grid of two images that must lie on one. An array has none of its own and takes that of the other."""
    for one in (volume, reference):
        if one.dimension != volume.dimension or one.pixels.shape[:3] != volume.pixels.shape[:3]:
            shapes = [each.pixels.shape[3 - each.dimension : 3] for each in (volume, reference)]
            raise ValueError(
                f"{volume.name} has {shapes[0]} pixels and {reference.name} {shapes[1]}, slowest axis first; "
                "they must be of equal size"
            )
    if volume.geometry is None or reference.geometry is None:
        return (volume if reference.geometry is None else reference).grid
    size = volume.pixels.shape[2::-1]
    _core.verify_same_grid(size, volume.grid, volume.name, reference.grid, reference.name)
    return volume.grid


def as_list(images: Any) -> Sequence[Any]:
    """One image, or a list or tuple of them, as a list."""
    return images if isinstance(images, (list, tuple)) else [images]


def _read(image: Any, name: str, channels: bool) -> Volume:
    if isinstance(image, np.ndarray):
        pixels, geometry, dimension, wrap = np.asarray(image), None, image.ndim - channels, lambda array: array
        layout = "(y, x, channel) or (z, y, x, channel)" if channels else "(y, x) or (z, y, x)"
    elif all(hasattr(image, method) for method in ("GetSpacing", "GetOrigin", "GetDirection")):
        pixels, geometry, dimension, wrap = _open(image, name)
        layout = "two or three dimensions"
        has_channels = pixels.ndim > dimension
        if has_channels and not channels:
            raise ValueError(f"{name} has {pixels.shape[-1]} channels; an image of one channel is needed")
    else:
        kind = type(image)
        raise TypeError(
            f"{name} is of type {kind.__module__}.{kind.__qualname__}; "
            "give a numpy.ndarray, a SimpleITK.Image or an itk.Image"
        )
    if dimension not in (2, 3):
        raise ValueError(f"{name} has the shape {pixels.shape}; it must have {layout}")
    if pixels.size == 0:
        raise ValueError(f"{name} has the shape {pixels.shape}: there are no pixels in it")
    pixels = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("="))
    if dimension == 2:
        return Volume(name, pixels[np.newaxis], 2, geometry, pixels.dtype, lambda array: wrap(array[0]))
    return Volume(name, pixels, 3, geometry, pixels.dtype, wrap)


def _whole_numbers(pixels: np.ndarray, name: str) -> np.ndarray:
    wrong = pixels[~((pixels >= 0) & (pixels < 2.0**32) & (pixels == np.floor(pixels)))]
    if wrong.size:
        raise ValueError(f"{name} has the value {wrong[0]}; labels are whole numbers from 0 to {2**32 - 1}")
    return pixels.astype(np.uint32)


def _open(image: Any, name: str) -> Tuple[np.ndarray, Grid, int, Callable[[np.ndarray], Any]]:
    """A view of the pixels of an image of SimpleITK or itk, its grid, its dimension, and the way back."""
    library = sys.modules[type(image).__module__.partition(".")[0]]
    if hasattr(library, "array_view_from_image"):
        dimension = image.GetImageDimension()
        region = image.GetLargestPossibleRegion()
        if image.GetBufferedRegion() != region:
            raise ValueError(f"{name} does not hold all of its pixels: call its Update()")
        index = tuple(region.GetIndex())
        direction = library.array_from_matrix(image.GetDirection())
        pixels = np.asarray(library.array_view_from_image(image))
        if "RGBA" in type(image).__name__:
            pixels = pixels[..., :3]  # opacity is no intensity

        def wrap(array: np.ndarray) -> Any:
            result = library.image_view_from_array(array)
            result.CopyInformation(image)
            result.SetRegions(region)
            return result

    elif hasattr(library, "GetArrayViewFromImage"):
        dimension = image.GetDimension()
        index = (0,) * dimension
        direction = image.GetDirection()
        pixels = library.GetArrayViewFromImage(image)

        def wrap(array: np.ndarray) -> Any:
            result = library.GetImageFromArray(array, isVector=False)
            result.CopyInformation(image)
            return result

    else:
        raise TypeError(f"{name} is an image of {library.__name__}, whose pixels cannot be had as an array")
    if dimension not in (2, 3):
        raise ValueError(f"{name} has {dimension} dimensions; it must have two or three")
    return pixels, _make_grid(index, image.GetSpacing(), image.GetOrigin(), direction), dimension, wrap


def _make_grid(index: Sequence[int], spacing: Sequence[float], origin: Sequence[float], direction: Any) -> Grid:
    dimension = len(index)
    padding = 3 - dimension
    matrix = np.eye(3)
    matrix[:dimension, :dimension] = np.reshape(direction, (dimension, dimension))
    return (
        (*map(int, index), *(0,) * padding),
        (*map(float, spacing), *(1.0,) * padding),
        (*map(float, origin), *(0.0,) * padding),
        tuple(matrix.ravel()),
    )
