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
"""What the tests of the Python package share. $ANNOTATION_UPGRADE_TOOL names the program annotation-upgrade."""

import os
import subprocess

import numpy as np
import pytest

annotation_upgrade = pytest.importorskip("annotation_upgrade")

#: Trainings that take seconds, and give the same network whenever they are repeated.
TINY = dict(
    base_channels=4,
    number_of_levels=3,
    patch_size=32,
    patches_per_epoch=16,
    maximum_epochs=2,
    device="cpu",
    precision="float32",
)


def make_labels(shape, dtype=np.uint8, seed=0):
    """Boxes of labels 3, 5, 7, ... on a lattice with gaps, some of them cut off by the border."""
    random = np.random.default_rng(seed)
    labels = np.zeros(shape, dtype)
    edge = 8
    value = 3
    for corner in np.ndindex(*(-(-length // edge) for length in shape)):
        box = tuple(slice(c * edge + random.integers(3), (c + 1) * edge - random.integers(1, 3)) for c in corner)
        labels[box] = value
        value += 2
    return labels


def cells(labels):
    return set(np.unique(labels).tolist()) - {0}


class NumPy:
    name = "NumPy"

    @staticmethod
    def make(array, channels=False, place=False):
        return array

    to_array = staticmethod(np.asarray)


class _Library:
    """Images with a place in space: anisotropic, away from the origin, oblique."""

    @classmethod
    def put(cls, image, dimension):
        angle = 0.3
        direction = np.eye(dimension)
        direction[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        if dimension == 3:
            direction = direction[[2, 0, 1]]
        image.SetSpacing([0.5, 0.75, 3.0][:dimension])
        image.SetOrigin([-7.5, 11.25, 100.0][:dimension])
        cls.set_direction(image, direction)
        return image


class SimpleITK(_Library):
    name = "SimpleITK"

    @classmethod
    def make(cls, array, channels=False, place=True):
        library = pytest.importorskip("SimpleITK")
        image = library.GetImageFromArray(array, isVector=channels)
        return cls.put(image, array.ndim - channels) if place else image

    @staticmethod
    def set_direction(image, direction):
        image.SetDirection(direction.ravel().tolist())

    @staticmethod
    def to_array(image):
        import SimpleITK as library

        assert isinstance(image, library.Image)
        return library.GetArrayFromImage(image)

    @staticmethod
    def grid(image):
        return image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection()


class Itk(_Library):
    name = "itk"

    @classmethod
    def make(cls, array, channels=False, place=True):
        library = pytest.importorskip("itk")
        image = library.image_from_array(np.ascontiguousarray(array), is_vector=channels)
        return cls.put(image, array.ndim - channels) if place else image

    @staticmethod
    def set_direction(image, direction):
        import itk as library

        image.SetDirection(library.matrix_from_array(np.ascontiguousarray(direction)))

    @staticmethod
    def to_array(image):
        import itk as library

        assert isinstance(image, library.Image)
        return library.array_from_image(image)

    @staticmethod
    def grid(image):
        import itk as library

        region = image.GetLargestPossibleRegion()
        direction = library.array_from_matrix(image.GetDirection())
        return (
            tuple(region.GetIndex()),
            tuple(region.GetSize()),
            tuple(image.GetSpacing()),
            tuple(image.GetOrigin()),
            tuple(direction.ravel()),
        )


KINDS = (NumPy, SimpleITK, Itk)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request):
    return request.param


@pytest.fixture(params=(SimpleITK, Itk), ids=lambda kind: kind.name)
def library(request):
    return request.param


@pytest.fixture
def tool():
    """Runs the command line; skipped where there is none."""
    path = os.environ.get("ANNOTATION_UPGRADE_TOOL")
    if not path:
        pytest.skip("$ANNOTATION_UPGRADE_TOOL does not name the program")

    def run(*arguments):
        subprocess.run([path, *map(str, arguments), "--quiet"], check=True, timeout=300)

    return run


@pytest.fixture
def one_thread():
    annotation_upgrade.set_number_of_threads(1)
    yield
    annotation_upgrade.set_number_of_threads(os.cpu_count())
