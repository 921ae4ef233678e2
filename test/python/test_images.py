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
"""Images in and out: kinds, places, layouts, pixel types, and what is refused."""

import numpy as np
import pytest
from conftest import KINDS, Itk, SimpleITK, cells, make_labels

import annotation_upgrade
from annotation_upgrade import Error, evaluate, perturb
from annotation_upgrade._images import read_intensities, read_labels

DAMAGE = dict(omission_rate=0.4, salt_and_pepper_probability=0.05, maximum_iterations=2, seed=3)
SHAPES = ((23, 37), (9, 23, 37))


@pytest.mark.parametrize("shape", SHAPES)
def test_kind_place_and_type_are_kept(library, shape):
    labels = make_labels(shape, np.int16)
    image = library.make(labels)
    result = perturb(image, **DAMAGE)
    assert type(result) is type(image)
    assert library.grid(result) == library.grid(image)
    array = library.to_array(result)
    assert array.dtype == labels.dtype
    np.testing.assert_array_equal(array, perturb(labels, **DAMAGE))
    np.testing.assert_array_equal(library.to_array(image), labels)


@pytest.mark.parametrize("start", (0, 4))
def test_the_start_index_of_itk_images_is_kept_and_counts_as_in_cpp(start):
    itk = pytest.importorskip("itk")
    labels = make_labels((9, 23, 37))
    image = itk.image_from_array(labels)
    region = image.GetLargestPossibleRegion()
    region.SetIndex([start, start, start])
    image.SetRegions(region)
    result = perturb(image, omission_rate=0.5, slice_by_slice=True)
    assert tuple(result.GetLargestPossibleRegion().GetIndex()) == (start,) * 3
    # The draws of a slice belong to its index.
    shifted = np.concatenate([np.zeros((start, *labels.shape[1:]), np.uint8), labels])
    expected = perturb(shifted, omission_rate=0.5, slice_by_slice=True)[start:]
    np.testing.assert_array_equal(itk.array_from_image(result), expected)


@pytest.mark.parametrize("dtype", (bool, "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", ">u2", "<i4"))
def test_labels_of_every_integer_type(dtype):
    labels = make_labels((23, 37), np.uint8)
    typed = labels.astype(dtype)
    result = perturb(typed, omission_rate=0.5, seed=1)
    assert result.dtype == typed.dtype.newbyteorder("=")
    expected = (
        perturb(labels, omission_rate=0.5, seed=1)
        if typed.dtype != bool
        else perturb(typed.view("u1"), omission_rate=0.5, seed=1)
    )
    np.testing.assert_array_equal(result, expected.astype(dtype))


@pytest.mark.parametrize("dtype", ("i1", "i2", "i4", "i8"))
def test_negative_labels_are_cells(dtype):
    labels = -make_labels((23, 37), np.int16).astype(dtype)
    result = perturb(labels, omission_rate=0.5)
    assert 0 < len(cells(result)) < len(cells(labels))
    assert evaluate(labels, labels != 0).dice == 1


def test_sixty_four_bits_are_kept_where_they_fit():
    top = np.array([[0, 2**32 - 1]], np.int64)
    copy = perturb(top, omission_rate=0)
    np.testing.assert_array_equal(copy, top)
    assert copy.dtype == np.int64
    for labels in (top + 2**32, np.array([[-1, 2**31]])):
        with pytest.raises(ValueError, match="labels has labels from .* 32 bits"):
            perturb(labels, omission_rate=0)


@pytest.mark.parametrize("shape", SHAPES)
def test_layouts_of_memory(shape):
    big = make_labels(tuple(2 * n for n in shape), np.uint16)
    steps = tuple(slice(None, None, step) for step in (2, -2, 2)[: len(shape)])
    for view in (big[steps], np.asfortranarray(big), big.T, big.swapaxes(0, -1)[1:, :-3]):
        expected = perturb(view.copy(order="C"), **DAMAGE)
        np.testing.assert_array_equal(perturb(view, **DAMAGE), expected)


def test_read_only_arrays_and_no_change_of_the_input():
    labels = make_labels((23, 37))
    copy = labels.copy()
    labels.setflags(write=False)
    result = perturb(labels, **DAMAGE)
    np.testing.assert_array_equal(labels, copy)
    assert result.flags.writeable and not np.shares_memory(result, labels)


@pytest.mark.parametrize("dtype", ("u1", "i1", "u2", "i2", "u4", "i4"))
def test_pixels_of_arrays_are_not_copied(dtype):
    labels = make_labels((23, 37), dtype)
    assert np.shares_memory(read_labels(labels, "labels").pixels, labels)
    assert np.shares_memory(read_intensities(labels.astype("f4"), "image", False).pixels, labels) is False
    color = np.zeros((5, 6, 3), np.uint8)
    assert np.shares_memory(read_intensities(color, "image", True).pixels, color)


def test_pixels_of_images_are_not_copied():
    sitk = SimpleITK.make(make_labels((23, 37)))
    import SimpleITK as library

    assert np.shares_memory(read_labels(sitk, "labels").pixels, library.GetArrayViewFromImage(sitk))
    image = Itk.make(make_labels((23, 37)))
    import itk

    assert np.shares_memory(read_labels(image, "labels").pixels, itk.array_view_from_image(image))


@pytest.mark.parametrize("axis", (0, 1, 2))
def test_axes_have_the_order_of_itk(axis):
    """Two cells run along an axis: slices across it, and no others, hold both, and lose one each."""
    position = 2 - axis
    labels = np.zeros((12, 13, 14), np.uint8)
    moved = np.moveaxis(labels, position, 0)
    moved[:, 2:5, 2:5] = 1
    moved[:, 7:10, 7:10] = 2
    result = perturb(labels, omission_rate=0.5, slice_by_slice=True, slice_axis=axis, seed=2)
    left = [cells(one) for one in np.moveaxis(result, position, 0)]
    assert all(len(one) == 1 for one in left) and set.union(*left) == {1, 2}


@pytest.mark.parametrize(
    "labels, error, text",
    [
        (
            [[1, 2]],
            TypeError,
            "labels is of type builtins.list; give a numpy.ndarray, a SimpleITK.Image or an itk.Image",
        ),
        (None, TypeError, "labels is of type"),
        (np.full((3, 4), 0.5), ValueError, "labels has the value 0.5; labels are whole numbers"),
        (np.full((3, 4), np.nan), ValueError, "labels has the value nan"),
        (np.full((3, 4), -1.0), ValueError, "labels has the value -1"),
        (np.full((3, 4), 2.0**32, np.float32), ValueError, "labels has the value 4294967"),
        (np.ones((3, 4), complex), TypeError, "labels has pixels of type complex128"),
        (np.array([["a"]]), TypeError, "labels has pixels of type"),
        (np.ones(3, np.uint8), ValueError, r"labels has the shape \(3,\); it must have \(y, x\) or \(z, y, x\)"),
        (np.ones((2, 2, 2, 2), np.uint8), ValueError, r"labels has the shape \(2, 2, 2, 2\)"),
        (np.ones((0, 4), np.uint8), ValueError, "there are no pixels"),
    ],
)
def test_labels_that_are_refused(labels, error, text):
    with pytest.raises(error, match=text):
        perturb(labels, omission_rate=0)


@pytest.mark.parametrize("dtype", (np.float32, np.float64))
def test_whole_floating_point_labels_are_labels(kind, dtype):
    labels = make_labels((23, 37))
    result = kind.to_array(perturb(kind.make(labels.astype(dtype)), **DAMAGE))
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, perturb(labels, **DAMAGE))


def test_labels_that_floating_point_cannot_hold_are_an_error():
    candidates = np.zeros((4, 4), np.uint32)
    candidates[0] = 2**24 + 1
    with pytest.raises(ValueError, match="float32, which cannot hold"):
        perturb(np.zeros((4, 4), np.float32), candidates=candidates, inclusion_rate=1)


def test_opacity_of_itk_images_is_no_intensity():
    itk = pytest.importorskip("itk")
    pixels = np.random.default_rng(1).integers(0, 255, (5, 6, 4), np.uint8)
    image = itk.image_from_array(pixels, ttype=itk.Image[itk.RGBAPixel[itk.UC], 2])
    np.testing.assert_array_equal(read_intensities(image, "image", True).pixels[0], pixels[..., :3])


def test_images_with_channels_are_no_labels(library):
    with pytest.raises(ValueError, match="labels has 3 channels"):
        perturb(library.make(np.zeros((4, 5, 3), np.uint8), channels=True), omission_rate=0)


def test_images_of_four_dimensions_are_refused():
    sitk = pytest.importorskip("SimpleITK")
    with pytest.raises(ValueError, match="labels has 4 dimensions"):
        perturb(sitk.Image([3, 3, 3, 3], sitk.sitkUInt8), omission_rate=0)


def test_sizes_that_differ_are_named(kind):
    labels = make_labels((23, 37))
    with pytest.raises(ValueError, match=r"candidates has \(23, 36\) pixels and labels \(23, 37\)"):
        perturb(kind.make(labels), candidates=kind.make(labels[:, :-1]), inclusion_rate=0.5)
    with pytest.raises(ValueError, match=r"references\[0\]"):
        evaluate(kind.make(labels), kind.make(labels[np.newaxis]))


def test_places_that_differ_are_named(library):
    labels = make_labels((23, 37))
    here, there = library.make(labels), library.make(labels, place=False)
    with pytest.raises(Error, match="candidates has spacing .* labels has spacing .* one grid"):
        perturb(here, candidates=there, inclusion_rate=0.5)


@pytest.mark.parametrize("other", KINDS, ids=lambda kind: kind.name)
def test_arrays_take_the_place_of_their_partner(kind, other):
    if kind is other:
        pytest.skip("nothing to mix")
    labels, candidates = make_labels((23, 37)), make_labels((23, 37), seed=1)
    place = not {kind, other} == {SimpleITK, Itk}
    result = perturb(kind.make(labels, place=place), candidates=other.make(candidates, place=place), inclusion_rate=0.5)
    expected = perturb(labels, candidates=candidates, inclusion_rate=0.5)
    np.testing.assert_array_equal(kind.to_array(result), expected)


def test_public_names_are_documented():
    for name in annotation_upgrade.__all__:
        assert name in dir(annotation_upgrade)
    for name in ("perturb", "evaluate", "simulate", "seed_for", "set_number_of_threads"):
        assert getattr(annotation_upgrade, name).__doc__
    with pytest.raises(AttributeError, match="no attribute nonsense"):
        annotation_upgrade.nonsense
