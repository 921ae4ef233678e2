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
"""Perturbing, scoring and simulating: against definitions, and against the command line."""

import inspect
import json

import numpy as np
import pytest
from conftest import cells, make_labels

from annotation_upgrade import Error, evaluate, perturb, seed_for, set_number_of_threads, simulate


@pytest.mark.parametrize("rate", (0.0, 0.25, 0.5, 1.0))
@pytest.mark.parametrize("shape", ((40, 41), (17, 24, 33)))
def test_omission_removes_its_share_of_the_cells(rate, shape):
    labels = make_labels(shape, np.uint16)
    for seed in range(10):
        result = perturb(labels, omission_rate=rate, seed=seed)
        removed = cells(labels) - cells(result)
        assert len(removed) == int(np.floor(rate * len(cells(labels)) + 0.5))
        np.testing.assert_array_equal(result, np.where(np.isin(labels, list(removed)), 0, labels))


def test_inclusion_adds_its_share_of_the_candidates():
    labels, candidates = make_labels((40, 41), np.uint16), make_labels((40, 41), np.uint16, seed=1)
    result = perturb(labels, candidates=candidates, inclusion_rate=0.5, seed=4)
    changed = result != labels
    added = cells(candidates[changed])
    assert len(added) == int(np.floor(0.5 * len(cells(candidates)) + 0.5))
    covered = np.isin(candidates, list(added))
    np.testing.assert_array_equal(result[~covered], labels[~covered])
    assert not cells(result[covered]) & cells(labels)


def test_candidates_may_have_another_type_if_they_fit():
    labels, candidates = make_labels((40, 41)), make_labels((40, 41), seed=1)
    expected = perturb(labels, candidates=candidates, inclusion_rate=0.5)
    np.testing.assert_array_equal(perturb(labels, candidates=candidates.astype(np.int64), inclusion_rate=0.5), expected)
    with pytest.raises(ValueError, match="candidates has labels that do not fit into the uint8 of labels"):
        perturb(labels, candidates=candidates.astype(np.uint16) + 250, inclusion_rate=0.5)


def test_labels_that_the_type_cannot_hold_are_an_error():
    full = np.arange(256, dtype=np.uint8).reshape(16, 16)
    with pytest.raises(Error, match="label"):
        perturb(full, candidates=full, inclusion_rate=1.0)
    wide = perturb(full.astype(np.uint16), candidates=full, inclusion_rate=1.0)
    assert cells(wide) and min(cells(wide)) > 255


@pytest.mark.parametrize("operation", ("erosion", "dilation"))
@pytest.mark.parametrize("shape", ((40, 41), (17, 24, 33)))
def test_bias_moves_borders(operation, shape):
    labels = make_labels(shape)
    result = perturb(labels, bias_iterations=1, bias_operation=operation)
    foreground = np.pad(labels != 0, 1, constant_values=operation == "erosion")
    windows = np.lib.stride_tricks.sliding_window_view(foreground, (3,) * len(shape))
    axes = tuple(range(len(shape), 2 * len(shape)))
    expected = windows.all(axes) if operation == "erosion" else windows.any(axes)
    np.testing.assert_array_equal(result != 0, expected)


@pytest.mark.parametrize(
    "options", (dict(omission_rate=0.5), dict(maximum_iterations=4), dict(salt_and_pepper_probability=0.2))
)
def test_ignored_pixels_stay(options):
    labels = make_labels((40, 41), np.uint16)
    ignored = np.zeros(labels.shape, bool)
    ignored[:, :15] = True
    expected = perturb(np.where(ignored, 0, labels).astype(np.uint16), seed=3, **options)
    result = perturb(np.where(ignored, 999, labels).astype(np.uint16), seed=3, ignore_label=999, **options)
    np.testing.assert_array_equal(result, np.where(ignored, 999, expected))


def test_what_is_added_is_not_ignored():
    labels = np.zeros((20, 20), np.uint8)
    labels[5:9, 5:9], labels[:, 15:] = 1, 2
    result = perturb(labels, salt_and_pepper_probability=0.3, ignore_label=2)
    np.testing.assert_array_equal(result == 2, labels == 2)
    assert np.count_nonzero(result == 3) > 20
    with pytest.raises(ValueError, match="ignore_label is 0"):
        perturb(labels, salt_and_pepper_probability=0.3, ignore_label=0)
    full = np.append(np.arange(256, dtype=np.uint8), np.zeros(144, np.uint8)).reshape(20, 20)
    with pytest.raises(ValueError, match="no label left"):
        perturb(full, salt_and_pepper_probability=1.0, ignore_label=9)


def test_salt_and_pepper_hits_its_share_of_the_pixels():
    labels = np.zeros((200, 300), np.uint8)
    labels[:, 150:] = 1
    result = perturb(labels, salt_and_pepper_probability=0.2, seed=9)
    share = (result != 0)[:, :150].mean(), (result == 0)[:, 150:].mean()
    np.testing.assert_allclose(share, 0.1, atol=0.01)


def test_levels_of_0_are_a_copy(kind):
    labels = make_labels((23, 37))
    np.testing.assert_array_equal(kind.to_array(perturb(kind.make(labels), omission_rate=0)), labels)


def test_results_do_not_depend_on_threads_and_differ_by_seed():
    labels = make_labels((17, 64, 63), np.uint16)
    options = dict(omission_rate=0.3, salt_and_pepper_probability=0.1, maximum_iterations=3, bias_per_cell=True)
    results = []
    for threads in (1, 2, 3):
        set_number_of_threads(threads)
        results.append(perturb(labels, **options, seed=5))
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])
    assert (perturb(labels, **options, seed=6) != results[0]).any()


@pytest.mark.parametrize(
    "options, error, text",
    [
        (dict(omission_rate=1.5), Error, r"^OmissionRate is 1.5; it must lie in \[0, 1\]"),
        (dict(inclusion_rate=0.5), Error, "the candidates are missing"),
        (dict(omission_rate="0.5"), TypeError, "omission_rate is '0.5'; it must be a number"),
        (dict(maximum_iterations=-1), TypeError, "maximum_iterations is -1; it must be a whole number, at least 0"),
        (dict(maximum_iterations=2.5), TypeError, "maximum_iterations is 2.5; it must be a whole number"),
        ({}, ValueError, "no perturbation is chosen; give omission_rate"),
        (dict(seed=3), ValueError, "no perturbation is chosen"),
        (
            dict(omission_rate=0.5, bias_per_cell=True),
            ValueError,
            "bias_per_cell is True, but there is no bias; give maximum_iterations",
        ),
        (
            dict(omission_rate=0.5, maximum_iterations=0, bias_operation="erosion"),
            ValueError,
            "bias_operation is 'erosion', but there is no bias",
        ),
        (dict(bias_iterations=1, bias_per_cell=3), TypeError, "bias_per_cell is 3; it must be True or False"),
        (
            dict(bias_iterations=1, bias_operation="opening"),
            ValueError,
            'bias_operation is .opening.; it must be one of "random" "erosion"',
        ),
        (dict(omission_rate=0.5, seed=2**64), TypeError, "seed is 18446744073709551616"),
        (dict(rate=0.5), TypeError, "rate"),
    ],
)
def test_options_that_are_refused(options, error, text):
    with pytest.raises(error, match=text):
        perturb(make_labels((23, 37)), **options)


def test_numbers_of_numpy_are_options():
    labels = make_labels((23, 37))
    result = perturb(labels, omission_rate=np.float32(0.5), maximum_iterations=np.int64(2), seed=np.uint8(7))
    np.testing.assert_array_equal(result, perturb(labels, omission_rate=0.5, maximum_iterations=2, seed=7))


def test_defaults_are_those_of_cpp_and_are_shown():
    assert inspect.signature(perturb).parameters["bias_operation"].default == "random"
    assert inspect.signature(simulate).parameters["size"].default == (256, 256, 32)


def test_scores_are_those_of_the_definition():
    random = np.random.default_rng(0)
    found, truth = (random.integers(0, 3, (2, 19, 21)) for _ in range(2))
    score = evaluate(list(found), list(truth))
    positives = np.logical_and(found, truth).sum()
    assert score.true_positives == positives
    assert score.false_positives == np.logical_and(found, truth == 0).sum()
    assert score.false_negatives == np.logical_and(found == 0, truth).sum()
    assert score.dice == pytest.approx(2 * positives / ((found != 0).sum() + (truth != 0).sum()))
    counts = truth != 2
    ignoring = evaluate(list(found), list(truth), ignore_label=2)
    assert ignoring.dice == pytest.approx(
        2 * np.logical_and(found, truth == 1).sum() / ((found != 0)[counts].sum() + (truth == 1).sum())
    )
    assert evaluate(np.zeros((3, 3), int), np.zeros((3, 3), int)).dice == 1
    with pytest.raises(ValueError, match="2 labels and 1 references"):
        evaluate(list(found), truth[0])


def test_scores_of_every_kind(kind):
    labels, truth = make_labels((9, 23, 37)), make_labels((9, 23, 37), np.int16, seed=1)
    assert evaluate(kind.make(labels), kind.make(truth)) == evaluate(labels, truth)


def test_phantoms():
    image, labels, candidates = simulate((60, 50, 7), cell_type="combined", number_of_cells=3, seed=5)
    assert image.shape == labels.shape == candidates.shape == (7, 50, 60)
    assert (image.dtype, labels.dtype, candidates.dtype) == (np.uint16, np.uint32, np.uint32)
    assert cells(labels) == {1, 2, 3} == cells(candidates)
    assert image[labels != 0].mean() > image[(labels == 0) & (candidates == 0)].mean()
    plane = simulate((60, 50), seed=1)
    assert plane.image.shape == (50, 60) and not plane.candidates.any()
    assert (simulate((60, 50), seed=2).image != plane.image).any()
    with pytest.raises(ValueError, match="size is"):
        simulate((60,))
    with pytest.raises(ValueError, match="spacing is"):
        simulate((60, 60), spacing=[1.0])
    with pytest.raises(Error, match="[Rr]adius"):
        simulate((60, 60), cell_radius=0.5)


def test_progress_is_told_and_can_stop():
    labels = make_labels((64, 256, 256), np.uint16)
    told = []
    perturb(labels, omission_rate=0.5, maximum_iterations=2, progress=told.append)
    assert told == sorted(told) and 0 <= told[0] and told[-1] == 1

    class Stop(Exception):
        pass

    def stop(share):
        raise Stop

    for work in (lambda: perturb(labels, omission_rate=0.5, progress=stop), lambda: simulate(progress=stop)):
        with pytest.raises(Stop):
            work()


def test_the_same_as_the_command_line(tool, tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    tool("simulate", "--output", tmp_path, "--cells", "combined", "--volumes", 1, "--size", 60, 50, 9, "--seed", 4)
    image, labels, candidates = (
        sitk.ReadImage(str(tmp_path / folder / "cells_1.mha")) for folder in ("images", "labels", "candidates")
    )
    phantom = simulate((60, 50, 9), cell_type="combined", seed=seed_for(4, "1"))
    for found, expected in zip(phantom, (image, labels, candidates)):
        np.testing.assert_array_equal(found, sitk.GetArrayFromImage(expected))

    options = "--omission 0.5 --inclusion 0.5 --salt-and-pepper 0.02 --bias 3 --slice-by-slice --seed 11".split()
    folders = ("--labels", tmp_path / "labels", "--candidates", tmp_path / "candidates")
    tool("perturb", *folders, "--output", tmp_path / "poor", *options)
    expected = sitk.ReadImage(str(tmp_path / "poor/cells_1.mha"))
    found = perturb(
        labels,
        candidates=candidates,
        omission_rate=0.5,
        inclusion_rate=0.5,
        salt_and_pepper_probability=0.02,
        maximum_iterations=3,
        slice_by_slice=True,
        seed=seed_for(11, "cells_1"),
    )
    np.testing.assert_array_equal(sitk.GetArrayFromImage(found), sitk.GetArrayFromImage(expected))

    report = tmp_path / "scores.json"
    tool("evaluate", "--labels", tmp_path / "poor", "--reference", tmp_path / "labels", "--json", report)
    assert evaluate(found, labels).dice == pytest.approx(json.loads(report.read_text())["dice"], abs=1e-12)
