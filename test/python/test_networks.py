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
"""Models, training and applying: against definitions, and against the command line."""

import inspect
import itertools
import os
import signal
import threading
import zipfile

import numpy as np
import pytest
from conftest import TINY, NumPy, make_labels

import annotation_upgrade
from annotation_upgrade import Error, evaluate, perturb, simulate

pytest.importorskip("annotation_upgrade._networks", reason="built without LibTorch", exc_type=ImportError)
from annotation_upgrade import Epoch, UNetModel, segment, train_segment, train_upgrade, upgrade

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def phantom():
    return simulate((64, 48), number_of_cells=5, seed=3)


def make_model(**options):
    return UNetModel(**{**dict(base_channels=4, number_of_levels=3, precision="float32", device="cpu"), **options})


def same(first, second):
    first, second = first.state_dict(), second.state_dict()
    return list(first) == list(second) and all(np.array_equal(first[name], second[name]) for name in first)


def test_a_model_shows_what_it_is():
    model = UNetModel(
        dimension=3, image_channels=3, annotation_input=True, base_channels=2, number_of_levels=2, spacing=2
    )
    assert (model.dimension, model.image_channels, model.annotation_input) == (3, 3, True)
    assert (model.base_channels, model.number_of_levels, model.normalization) == (2, 2, "percentile")
    assert model.spacing == (2, 2, 2) and UNetModel(base_channels=1, spacing=[2, 3]).spacing == (2, 3, 0)
    assert model.training_record is None
    assert "base_channels=2" in repr(model)
    assert UNetModel(annotation_input=True, base_channels=64).number_of_parameters == 14_788_418


def test_model_files(tmp_path):
    model = make_model(normalization="standard", spacing=[1.5, 2.5])
    model.save(tmp_path / "a.unet")
    loaded = UNetModel.load(tmp_path / "a.unet")
    assert same(loaded, model) and loaded.normalization == "standard" and loaded.spacing == (1.5, 2.5, 0)
    (tmp_path / "b.unet").write_bytes(b"nonsense")
    for name, text in (("b.unet", "is not a model file"), ("c.unet", "No such file")):
        with pytest.raises(Error, match=f"{name}.*{text}"):
            UNetModel.load(tmp_path / name)
    with pytest.raises(Error, match="Cannot write"):
        model.save(tmp_path / "missing" / "a.unet")


@pytest.mark.parametrize(
    "options, error, text",
    [
        (dict(dimension=4), Error, "^Dimension is 4; it must be 2 or 3"),
        (dict(number_of_levels=1), Error, "NumberOfLevels is 1"),
        (dict(device="tpu"), Error, 'Device "tpu" is unknown'),
        (dict(normalization="best"), ValueError, "normalization is 'best'; it must be one of \"maximum\""),
        (dict(precision=16), ValueError, "precision is 16"),
        (dict(spacing="auto"), ValueError, "spacing is 'auto'"),
        (dict(spacing=-1), ValueError, "spacing is -1"),
        (dict(base_channels="4"), TypeError, "base_channels is '4'"),
    ],
)
def test_models_that_are_refused(options, error, text):
    with pytest.raises(error, match=text):
        UNetModel(**options)


@pytest.mark.parametrize("dimension", (2, 3))
def test_state_dicts_make_equal_models(dimension):
    model = make_model(dimension=dimension, annotation_input=True)
    other = make_model(dimension=dimension, annotation_input=True, seed=2)
    inputs = np.random.default_rng(0).random((2, 7, 9, 11)[: dimension + 1])
    expected = model.predict(inputs)
    assert expected.shape == inputs.shape[1:] and not np.allclose(other.predict(inputs), expected)
    state = model.state_dict()
    other.load_state_dict(dict(reversed(state.items())))
    np.testing.assert_array_equal(other.predict(inputs), expected)
    assert state["inc.double_conv.1.num_batches_tracked"].shape == ()
    assert state["inc.double_conv.1.num_batches_tracked"].dtype == np.int64

    name = "outc.conv.bias"
    for spoilt in (
        {key: value for key, value in state.items() if key != name},
        {**state, name: state[name][:1]},
        {**state, name: state[name] * np.nan},
    ):
        with pytest.raises(Error, match=name):
            model.load_state_dict(spoilt)
    with pytest.raises(Error, match="else"):
        model.load_state_dict({**state, "else": state[name]})
    np.testing.assert_array_equal(model.predict(inputs), expected)
    with pytest.raises(ValueError, match="inputs has the shape"):
        model.predict(inputs[:1])


@pytest.mark.parametrize("dimension", (2, 3))
def test_flips_are_averaged(dimension):
    model = make_model(dimension=dimension)
    inputs = np.random.default_rng(0).random((1, 8, 12, 16)[: dimension + 1])
    plain = model.predict(inputs)
    axes = range(-dimension, 0)
    flips = [flip for count in range(dimension + 1) for flip in itertools.combinations(axes, count)]
    mean = np.mean([np.flip(model.predict(np.flip(inputs, flip)), flip) for flip in flips], 0)
    assert not np.allclose(mean, plain, atol=1e-4)
    assert not model.test_time_augmentation
    model.test_time_augmentation = True
    np.testing.assert_allclose(model.predict(inputs), mean, atol=1e-6)
    model.test_time_augmentation = False
    np.testing.assert_array_equal(model.predict(inputs), plain)


def test_a_last_axis_of_one_is_that_of_channels(phantom):
    model = make_model()
    expected = segment(model, phantom.image, probability=True)
    np.testing.assert_array_equal(segment(model, phantom.image[..., np.newaxis], probability=True), expected)
    model = make_model(annotation_input=True)
    expected = upgrade(model, phantom.image, phantom.labels, probability=True)
    result = upgrade(model, phantom.image[..., np.newaxis], phantom.labels, probability=True)
    np.testing.assert_array_equal(result, expected)
    assert segment(make_model(dimension=3), np.zeros((9, 8, 1))).shape == (9, 8, 1)


def test_models_from_a_gpu_need_none(tmp_path):
    model = make_model()
    model.save(tmp_path / "cpu.unet")
    with zipfile.ZipFile(tmp_path / "cpu.unet") as source, zipfile.ZipFile(tmp_path / "cuda.unet", "w") as target:
        moved = 0
        for entry in source.infolist():
            content = source.read(entry)
            moved += content.count(b"X\x03\0\0\0cpu")
            target.writestr(entry, content.replace(b"X\x03\0\0\0cpu", b"X\x06\0\0\0cuda:7"))
    assert moved > 0
    assert same(UNetModel.load(tmp_path / "cuda.unet"), model)


def test_safetensors(tmp_path):
    pytest.importorskip("safetensors")
    model, other = make_model(), make_model(seed=2)
    annotation_upgrade.write_state_dict(model.state_dict(), tmp_path / "a.safetensors")
    other.load_state_dict(annotation_upgrade.read_state_dict(tmp_path / "a.safetensors"))
    assert same(model, other)


def test_training_with_bias_alone(phantom):
    samples = train_upgrade(phantom.image, phantom.labels, bias_iterations=2, **TINY).training_record["samples"]
    assert (samples["omission_rate"], samples["bias_iterations"]) == (0, 2)


def test_training_learns_and_can_be_repeated(phantom):
    epochs = []
    options = {**TINY, "maximum_epochs": 40, "patience": 40, "spacing": 2, "learning_rate": 0.01}
    model = train_upgrade(phantom.image, phantom.labels, omission_rate=0.5, on_epoch=epochs.append, **options)
    assert all(isinstance(epoch, Epoch) for epoch in epochs) and [epoch.number for epoch in epochs] == list(
        range(1, 41)
    )
    assert epochs[-1].loss < epochs[0].loss
    assert model.annotation_input and model.spacing[:2] == (2, 2)
    names = ("loss", "validation_loss", "dice")
    history = model.training_record["history"]
    assert [[entry[name] for name in names] for entry in history] == [
        [getattr(epoch, name) for name in names] for epoch in epochs
    ]
    assert all(epoch.validation_loss > 1 - epoch.dice and epoch.seconds > 0 for epoch in epochs)
    poor = perturb(phantom.labels, omission_rate=0.5, seed=1)
    mended = upgrade(model, phantom.image, poor)
    assert evaluate(mended, phantom.labels).dice > evaluate(poor, phantom.labels).dice
    assert same(model, train_upgrade([phantom.image], (phantom.labels,), omission_rate=0.5, **options))
    assert not same(model, train_upgrade(phantom.image, phantom.labels, omission_rate=0.5, **{**options, "seed": 2}))


def test_no_perturbation_stands_for_omission(phantom):
    model = train_upgrade(phantom.image, phantom.labels, **TINY)
    assert same(model, train_upgrade(phantom.image, phantom.labels, omission_rate=0.7, **TINY))
    assert not same(model, train_upgrade(phantom.image, phantom.labels, maximum_iterations=2, **TINY))


def test_ignored_pixels_do_not_count(phantom):
    sure = phantom.labels.astype(np.int16)
    sure[:20] = -1
    other = phantom.image.copy()
    model = train_segment(other, sure, ignore_label=-1, **TINY, spacing=0)
    sure[:20] = 9
    assert not same(model, train_segment(other, sure, **TINY, spacing=0))
    assert same(model, train_segment(other, sure, ignore_label=9, **TINY, spacing=0))


def test_ignored_pixels_stay_and_the_network_does_not_see_them(phantom):
    model = make_model(annotation_input=True)
    ignored, background = phantom.labels.astype(np.int16), phantom.labels.astype(np.int16)
    ignored[:20], background[:20] = -1, 0
    result = upgrade(model, phantom.image, ignored, threshold=0.0, ignore_label=-1)
    np.testing.assert_array_equal(result, np.where(ignored == -1, -1, 1))
    expected = upgrade(model, phantom.image, background, probability=True)
    np.testing.assert_array_equal(upgrade(model, phantom.image, ignored, probability=True, ignore_label=-1), expected)
    assert not np.array_equal(upgrade(model, phantom.image, ignored, probability=True), expected)
    for value in (0, 1):
        with pytest.raises(ValueError, match=f"ignore_label is {value}"):
            upgrade(model, phantom.image, ignored, ignore_label=value)


@pytest.mark.parametrize("dimension", (2, 3))
def test_results_of_every_kind(kind, dimension):
    size = (64, 48, 16)
    image, labels, _ = simulate(size, number_of_cells=5, seed=3)
    options = {**TINY, "dimension": dimension, "patch_size": 16, "spacing": 0}
    model = make_model(dimension=dimension, annotation_input=True)
    mended = upgrade(model, kind.make(image), kind.make(labels), threshold=0.4)
    np.testing.assert_array_equal(kind.to_array(mended), upgrade(model, image, labels, threshold=0.4))
    assert kind.to_array(mended).dtype == labels.dtype and type(mended) is type(kind.make(labels))
    plain = make_model(dimension=dimension)
    probability = kind.to_array(segment(plain, kind.make(image), probability=True))
    assert probability.dtype == np.float32
    marked = segment(plain, kind.make(image), threshold=0.5, foreground_value=255)
    assert kind.to_array(marked).dtype == np.uint8
    np.testing.assert_array_equal(kind.to_array(marked), np.where(probability >= 0.5, 255, 0))
    if kind is not NumPy:
        assert kind.grid(mended) == kind.grid(marked) == kind.grid(kind.make(image))
        trained = train_segment(kind.make(image, place=False), kind.make(labels, place=False), **options)
        assert same(trained, train_segment(image, labels, **options))


@pytest.mark.parametrize("axis", (0, 1, 2))
def test_slices_lie_across_the_axis(axis):
    image, labels, _ = simulate((24, 28, 32), number_of_cells=2, seed=1)
    position = 2 - axis
    model = make_model(annotation_input=True)
    result = upgrade(model, image, labels, slice_axis=axis, probability=True)
    for k in (0, 5):
        expected = upgrade(model, image.take(k, position), labels.take(k, position), probability=True)
        np.testing.assert_allclose(result.take(k, position), expected, atol=1e-6)
    slices = [image.take(k, position) for k in range(image.shape[position])]
    their_labels = [labels.take(k, position) for k in range(image.shape[position])]
    trained = train_segment(image, labels, slice_axis=axis, **TINY, spacing=0)
    assert same(trained, train_segment(slices, their_labels, **TINY, spacing=0))


@pytest.mark.parametrize("dtype", (bool, "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8", ">f4"))
def test_intensities_of_every_type(dtype):
    image = np.random.default_rng(0).integers(0, 2 if dtype == bool else 127, (20, 22)).astype(dtype)
    model = make_model()
    found = segment(model, image[::-1, ::2], probability=True)
    np.testing.assert_array_equal(found, segment(model, image[::-1, ::2].astype(np.float32), probability=True))


@pytest.mark.parametrize("shape", ((20, 22), (5, 20, 22)))
def test_colour(kind, shape):
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (*shape, 3), dtype=np.uint8)
    labels = make_labels(shape)
    model = train_segment(image, labels, **TINY, spacing=0)
    assert model.image_channels == 3
    expected = segment(model, image, probability=True)
    assert expected.shape == shape
    found = segment(model, kind.make(image, channels=True), probability=True)
    np.testing.assert_array_equal(kind.to_array(found), expected)
    assert not np.array_equal(segment(model, image[..., ::-1], probability=True), expected)
    if kind is not NumPy:
        made = train_segment(kind.make(image, channels=True, place=False), labels, **TINY, spacing=0)
        assert same(made, model)


def test_foreground_values(phantom):
    model = make_model(annotation_input=True)
    labels = phantom.labels.astype(np.int16)
    result = upgrade(model, phantom.image, labels, threshold=0.0, foreground_value=-7)
    assert result.dtype == np.int16 and (result == -7).all()
    assert upgrade(model, phantom.image, labels != 0, threshold=0.0).dtype == bool
    for value in (0, 40_000):
        with pytest.raises(ValueError, match=f"foreground_value is {value}"):
            upgrade(model, phantom.image, labels, foreground_value=value)


@pytest.mark.parametrize(
    "work, error, text",
    [
        (lambda image, labels: upgrade("a.unet", image, labels), TypeError, "model is of type str; give a UNetModel"),
        (lambda image, labels: upgrade(make_model(), image, labels), Error, "segmentation network"),
        (lambda image, labels: segment(make_model(annotation_input=True), image), Error, "upgrade network"),
        (lambda image, labels: segment(make_model(dimension=3), image), ValueError, "image has two dimensions"),
        (lambda image, labels: segment(make_model(), image, threshold=2), Error, "Threshold is 2"),
        (lambda image, labels: segment(make_model(), image.astype(complex)), TypeError, "image has pixels of type"),
        (lambda image, labels: segment(make_model(), image * np.nan), Error, "nan"),
        (
            lambda image, labels: segment(make_model(image_channels=3), image),
            ValueError,
            r"image has the shape \(48, 64\)",
        ),
        (
            lambda image, labels: train_segment(image, labels, dimension=3),
            ValueError,
            r"images\[0\] has two dimensions",
        ),
        (lambda image, labels: train_segment(image, labels, dimension=4), ValueError, "dimension is 4"),
        (
            lambda image, labels: train_segment(image, labels[1:]),
            ValueError,
            r"labels\[0\] has \(47, 64\) pixels and images",
        ),
        (lambda image, labels: train_segment([image], []), ValueError, "1 images, 0 labels"),
        (lambda image, labels: train_segment([], []), ValueError, "at least one"),
        (
            lambda image, labels: train_segment([image, 1], [labels, labels]),
            TypeError,
            r"images\[1\] is of type builtins.int",
        ),
        (lambda image, labels: train_segment(image, labels * 0, **TINY), Error, "no cell"),
        (lambda image, labels: train_segment(image, labels, learning_rate=-1), Error, "LearningRate is -1"),
        (lambda image, labels: train_segment(image, labels, loss="mse"), ValueError, "loss is 'mse'"),
        (lambda image, labels: train_segment(image, labels, spacing="small"), ValueError, "spacing is 'small'"),
        (lambda image, labels: train_upgrade(image, labels, inclusion_rate=0.5), Error, "candidates"),
        (
            lambda image, labels: train_upgrade(image, labels, omission_rate=0.5, bias_operation="erosion"),
            ValueError,
            "bias_operation is 'erosion', but there is no bias",
        ),
        (lambda image, labels: train_upgrade(image, labels, omission_rate=2.0, **TINY), Error, "Rate is 2"),
        (lambda image, labels: train_segment(image, labels, seed=-1), TypeError, "seed is -1"),
    ],
)
def test_what_is_refused(phantom, work, error, text):
    with pytest.raises(error, match=text):
        work(phantom.image, phantom.labels)


def test_places_that_differ_are_named(library, phantom):
    here = library.make(phantom.image)
    there = library.make(phantom.labels, place=False)
    with pytest.raises(Error, match=r"labels\[0\] has spacing .*images\[0\] has spacing"):
        train_segment(here, there, **TINY)
    with pytest.raises(Error, match="labels has spacing .*image has spacing"):
        upgrade(make_model(annotation_input=True), here, there)


def test_callbacks_can_stop(phantom):
    told = []
    train_segment(phantom.image, phantom.labels, progress=told.append, **TINY)
    assert told == sorted(told) and told[-1] == 1 and len(told) > 8
    numbers = []
    model = train_segment(
        phantom.image,
        phantom.labels,
        **{**TINY, "maximum_epochs": 1000, "patience": 1000},
        on_epoch=lambda epoch: numbers.append(epoch.number) or epoch.number < 3,
    )
    assert numbers == [1, 2, 3] and len(model.training_record["history"]) == 3

    def stop(*_):
        raise KeyError("enough")

    for work in (
        lambda: train_segment(phantom.image, phantom.labels, progress=stop, **TINY),
        lambda: train_segment(phantom.image, phantom.labels, on_epoch=stop, **TINY),
        lambda: segment(make_model(), phantom.image, tile_size=8, progress=stop),
    ):
        with pytest.raises(KeyError, match="enough"):
            work()


def test_ctrl_c_stops_and_other_threads_run(phantom):
    endless = {**TINY, "maximum_epochs": 100_000, "patience": 100_000}
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        train_segment(phantom.image, phantom.labels, **endless)
    timer.join()


def test_an_interrupted_training_is_resumed(phantom, tmp_path):
    whole = train_segment(phantom.image, phantom.labels, **TINY)
    options = {**TINY, "checkpoint_file": tmp_path / "state"}

    def stop(epoch):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_segment(phantom.image, phantom.labels, on_epoch=stop, **options)
    numbers = []
    resumed = train_segment(
        phantom.image, phantom.labels, on_epoch=lambda epoch: numbers.append(epoch.number), resume=True, **options
    )
    assert numbers == [2] and same(resumed, whole)


def test_the_same_as_the_command_line(tool, tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    tool("simulate", "--output", tmp_path, "--cells", "combined", "--volumes", 3, "--size", 64, 48, "--seed", 4)
    names = [f"cells_{i}.png" for i in (1, 2, 3)]
    images, labels, candidates = (
        [sitk.ReadImage(str(tmp_path / folder / name)) for name in names]
        for folder in ("images", "labels", "candidates")
    )
    settings = (
        "--seed 5 --threads 1 --device cpu --precision float32 --base-channels 4 --levels 3 --patch-size 32 --maximum-epochs 2 "
        "--omission 0.5 --inclusion 0.25 --bias 2"
    )
    folders = [part for name in ("images", "labels", "candidates") for part in (f"--{name}", tmp_path / name)]
    tool("train-upgrade", *folders, "--output", tmp_path / "a.unet", *settings.split())
    options = {key: value for key, value in TINY.items() if key != "patches_per_epoch"}
    perturbation = dict(omission_rate=0.5, inclusion_rate=0.25, maximum_iterations=2)
    model = train_upgrade(images, labels, candidates=candidates, seed=5, **perturbation, **options)
    expected = UNetModel.load(tmp_path / "a.unet", device="cpu", precision="float32")
    assert same(model, expected) and model.spacing == expected.spacing
    assert model.training_record == expected.training_record

    for extra in ((), ("--probability",)):
        output = tmp_path / f"upgraded{len(extra)}"
        where = ("--images", tmp_path / "images", "--labels", tmp_path / "labels", "--output", output)
        tool(
            "upgrade",
            "--model",
            tmp_path / "a.unet",
            *where,
            "--threads",
            1,
            "--device",
            "cpu",
            "--precision",
            "float32",
            *extra,
        )
        for image, label, name in zip(images, labels, sorted(output.iterdir())):
            found = upgrade(model, image, label, probability=bool(extra))
            np.testing.assert_array_equal(
                sitk.GetArrayFromImage(found), sitk.GetArrayFromImage(sitk.ReadImage(str(name)))
            )


def test_defaults_are_those_of_cpp_and_are_shown():
    parameters = inspect.signature(train_upgrade).parameters
    assert parameters["batch_size"].default == 4 and parameters["loss"].default == "dice-cross-entropy"
    shared = inspect.signature(train_segment).parameters
    assert all(shared[name].default == parameters[name].default for name in shared)
    for name in annotation_upgrade.__all__:
        assert getattr(annotation_upgrade, name).__doc__
