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
"""Networks: what needs LibTorch."""

import json
import os
from numbers import Real
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from ._annotations import Progress, is_nothing_chosen, verify_bias
from ._images import Grid, Image, Volume, as_list, read_intensities, read_labels, verify_same_grid, wrap_labels
from ._torch import load_network

_network = load_network()
_model = _network.defaults["model"]
_trainer = _network.defaults["trainer"]
_source = _network.defaults["source"]
_filter = _network.defaults["filter"]
_device = _network.defaults["device"]

Spacing = Union[float, Sequence[float]]


class UNetModel:
    """A U-Net with everything that is needed to apply it: weights, input, intensities, pixel size.

    Its weights are drawn from `seed`; train_upgrade() and train_segment() make models that can do something.

    Parameters
    ----------
    dimension
        2 or 3. A network of two dimensions works on volumes slice by slice.
    image_channels
        1, or 3 for RGB.
    annotation_input
        Whether an annotation is the last input, as in an upgrade network.
    base_channels
        Channels of the first level; 0 stands for 64 on a GPU and 16 on the CPU.
    number_of_levels
        Resolutions, 2 to 8.
    normalization
        How intensities are scaled: "percentile" (from the 1st to the 99.8th), "maximum", "standard" or "none".
    spacing
        Size of the pixels that the network sees, in the unit of the images' spacing: one number, or one each along x, y
        and z; 0 stands for the images' own.
    device
        "auto" (CUDA if there is one, else the CPU), "cpu", "cuda" or "cuda:1".
    precision
        Numbers to compute with: "auto", "float32" or "bfloat16".
    seed
        Chooses the weights.

    Raises
    ------
    Error
        If the architecture is not possible or the device does not exist.
    """

    def __init__(
        self,
        *,
        dimension: int = _model["dimension"],
        image_channels: int = _model["image_channels"],
        annotation_input: bool = _model["annotation_input"],
        base_channels: int = _model["base_channels"],
        number_of_levels: int = _model["number_of_levels"],
        normalization: str = _model["normalization"],
        spacing: Spacing = 0.0,
        device: str = _device,
        precision: str = _model["precision"],
        seed: int = _trainer["seed"],
    ) -> None:
        options = dict(
            dimension=dimension,
            image_channels=image_channels,
            annotation_input=annotation_input,
            base_channels=base_channels,
            number_of_levels=number_of_levels,
            normalization=normalization,
            precision=precision,
        )
        self._handle = _network.Model.make(options, _read_spacing(spacing), device, seed)

    @classmethod
    def _of(cls, handle: Any) -> "UNetModel":
        model = cls.__new__(cls)
        model._handle = handle
        return model

    @classmethod
    def load(
        cls, path: Union[str, os.PathLike], *, device: str = _device, precision: str = _model["precision"]
    ) -> "UNetModel":
        """Reads a model file and checks it whole.

        Raises
        ------
        Error
            For a file that is missing, damaged, no model, or of a later format, or a device that does not exist.
        """
        model = cls._of(_network.Model.load(os.fspath(path), device))
        model.precision = precision
        return model

    def save(self, path: Union[str, os.PathLike]) -> None:
        """Writes a model file, which the command line and the C++ classes read, too. A failure leaves nothing behind.

        Raises
        ------
        Error
            If it cannot be written.
        """
        self._handle.save(os.fspath(path))

    @property
    def dimension(self) -> int:
        """2 or 3."""
        return self._handle.get()["dimension"]

    @property
    def image_channels(self) -> int:
        """Channels of the images that the network takes."""
        return self._handle.get()["image_channels"]

    @property
    def annotation_input(self) -> bool:
        """Whether this is an upgrade network."""
        return self._handle.get()["annotation_input"]

    @property
    def base_channels(self) -> int:
        """Channels of the first level."""
        return self._handle.get()["base_channels"]

    @property
    def number_of_levels(self) -> int:
        """Resolutions."""
        return self._handle.get()["number_of_levels"]

    @property
    def normalization(self) -> str:
        """How intensities are scaled."""
        return self._handle.get()["normalization"]

    @property
    def spacing(self) -> Tuple[float, float, float]:
        """Size of the pixels that the network sees along x, y and z; 0 stands for the image's own."""
        return tuple(self._handle.spacing)

    @property
    def device(self) -> str:
        """Where the network runs; may be set."""
        return self._handle.device

    @device.setter
    def device(self, device: str) -> None:
        self._handle.device = device

    @property
    def precision(self) -> str:
        """Numbers to compute with; may be set."""
        return self._handle.get()["precision"]

    @precision.setter
    def precision(self, precision: str) -> None:
        self._handle.set(dict(precision=precision))

    @property
    def test_time_augmentation(self) -> bool:
        """Whether predictions are means over all flips of the image, which takes 4 times as long in two dimensions, 8
        times in three, and is a little more accurate. Off at first; may be set; not part of the model file."""
        return self._handle.get()["test_time_augmentation"]

    @test_time_augmentation.setter
    def test_time_augmentation(self, test_time_augmentation: bool) -> None:
        self._handle.set(dict(test_time_augmentation=test_time_augmentation))

    @property
    def number_of_parameters(self) -> int:
        """Weights and biases; the statistics of the batch normalisation do not count."""
        return self._handle.number_of_parameters

    @property
    def training_record(self) -> Optional[Dict[str, Any]]:
        """Settings and history of the training; None of a model that was not trained."""
        text = self._handle.training_record
        return json.loads(text) if text else None

    def state_dict(self) -> Dict[str, np.ndarray]:
        """All weights, under the names that the usual PyTorch U-Net gives them ("inc.double_conv.0.weight").

        `network.load_state_dict({name: torch.from_numpy(array) for name, array in model.state_dict().items()})` makes
        a U-Net in PyTorch equal to this model. See write_state_dict() for files.
        """
        return {
            name: array.astype(np.int64) if name.endswith("num_batches_tracked") else array
            for name, array in self._handle.get_weights().items()
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Takes over the weights of a network of the same architecture: NumPy arrays or PyTorch's tensors by name.

        Raises
        ------
        Error
            If a name is missing or unknown, a shape differs, or a value is not finite; nothing has changed then.
        """
        self._handle.set_weights({name: _to_array(value) for name, value in state_dict.items()})

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Applies the bare network.

        Parameters
        ----------
        inputs
            Of shape (channel, y, x), or (channel, z, y, x) for a network of three dimensions: intensities, already
            scaled, and, for an upgrade network, the foreground of the annotation (0 or 1) as last channel.

        Returns
        -------
        The foreground's probability, float32, without the axis of channels.
        """
        array = np.ascontiguousarray(inputs, dtype=np.float32)
        channels = self.image_channels + self.annotation_input
        if array.ndim != self.dimension + 1 or array.shape[0] != channels or array.size == 0:
            axes = "(channel, y, x)" if self.dimension == 2 else "(channel, z, y, x)"
            raise ValueError(f"inputs has the shape {array.shape}; it must be {axes} with {channels} channels")
        probability = self._handle.predict(array)
        return probability if self.dimension == 3 else probability[0]

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self._handle.get().items())
        return f"UNetModel({values}, spacing={self.spacing}, device={self.device!r})"


class Epoch(NamedTuple):
    """What `on_epoch` is called with."""

    number: int  #: from 1
    loss: float  #: mean over the steps
    validation_loss: float  #: 1 - dice, plus the mean cross-entropy where the loss has it; the smallest gives the model
    dice: float  #: of all images kept for validation together
    seconds: float  #: that it took


def train_upgrade(
    images: Any,
    labels: Any,
    *,
    candidates: Any = None,
    omission_rate: Optional[float] = None,
    inclusion_rate: Optional[float] = None,
    salt_and_pepper_probability: Optional[float] = None,
    maximum_iterations: Optional[int] = None,
    bias_iterations: int = _source["bias_iterations"],
    bias_operation: str = _source["bias_operation"],
    bias_per_cell: bool = _source["bias_per_cell"],
    ignore_label: Optional[int] = None,
    dimension: int = _model["dimension"],
    slice_axis: int = _filter["slice_axis"],
    base_channels: int = _model["base_channels"],
    number_of_levels: int = _model["number_of_levels"],
    normalization: str = _model["normalization"],
    spacing: Union[str, Spacing] = "auto",
    device: str = _device,
    precision: str = _model["precision"],
    seed: int = _trainer["seed"],
    batch_size: int = _trainer["batch_size"],
    patch_size: int = _trainer["patch_size"],
    patches_per_epoch: int = _trainer["patches_per_epoch"],
    learning_rate: float = _trainer["learning_rate"],
    average_decay: float = _trainer["average_decay"],
    loss: str = _trainer["loss"],
    validation_fraction: float = _trainer["validation_fraction"],
    patience: int = _trainer["patience"],
    maximum_epochs: int = _trainer["maximum_epochs"],
    maximum_minutes: float = _trainer["maximum_minutes"],
    checkpoint_file: Union[str, os.PathLike] = "",
    resume: bool = _trainer["resume"],
    progress: Optional[Progress] = None,
    on_epoch: Optional[Callable[[Epoch], Any]] = None,
) -> UNetModel:
    """Trains a network that mends poor annotations, from good ones that it spoils on purpose.

    Choose the perturbations that look like your poor annotations; see perturb() for what they do. A step that is not
    given is left out; if none is given at all, 70 % of the cells are omitted.

    Parameters
    ----------
    images
        An image or a list of them. An array that has one axis more than its annotation has channels.
    labels
        Their good annotations, on the same grids.
    candidates
        Labels of other objects for each image; needed for inclusion.
    omission_rate, inclusion_rate, salt_and_pepper_probability, maximum_iterations
        As in perturb().
    bias_iterations, bias_operation, bias_per_cell
        As in perturb(); the last two need one of `bias_iterations` and `maximum_iterations`.
    ignore_label
        Pixels with this label count as neither cell nor background.
    dimension
        2 for slices (volumes are cut), 3 for volumes.
    slice_axis
        The axis across which volumes are cut: 0 is x, 1 is y, 2 is z.
    base_channels, number_of_levels, normalization, device, precision
        As in UNetModel.
    spacing
        As in UNetModel; "auto" chooses it so that a typical cell spans some twenty pixels.
    seed
        Chooses all random draws, 0 to 2**32 - 1. On the CPU the same arguments and number of threads give the same
        network, unless `maximum_minutes` ends the training.
    batch_size
        Patches per step.
    patch_size
        Edge of the patches in pixels that the network sees; 0 stands for 256, or 64 in three dimensions.
    patches_per_epoch
        Patches between two validations.
    learning_rate
        Adam's.
    average_decay
        Decay of the moving average of the weights per step, in [0, 1); 0 is no average.
    loss
        "dice" or "dice-cross-entropy".
    validation_fraction
        Share of the images kept for validation, rounded to whole images; where that is none, all images serve both.
    patience
        Epochs without a smaller validation loss after which training ends.
    maximum_epochs, maximum_minutes
        When training ends at the latest; 0 minutes is no limit.
    checkpoint_file
        File that holds the state of the training after every epoch; none by default.
    resume
        Go on from `checkpoint_file` if it exists.
    progress
        Called after every step with the share that is done.
    on_epoch
        Called with an Epoch after every epoch; if it returns False, training ends.

    Returns
    -------
    The model of the best epoch.

    Raises
    ------
    Error
        For settings that are not possible, an image and labels on different grids, annotations without cells, omission
        from masks, whose cells have no labels of their own.
    TypeError, ValueError
        For an argument of a wrong type or shape.
    """
    return _train(annotation_input=True, **locals())


def train_segment(
    images: Any,
    labels: Any,
    *,
    ignore_label: Optional[int] = None,
    dimension: int = _model["dimension"],
    slice_axis: int = _filter["slice_axis"],
    base_channels: int = _model["base_channels"],
    number_of_levels: int = _model["number_of_levels"],
    normalization: str = _model["normalization"],
    spacing: Union[str, Spacing] = "auto",
    device: str = _device,
    precision: str = _model["precision"],
    seed: int = _trainer["seed"],
    batch_size: int = _trainer["batch_size"],
    patch_size: int = _trainer["patch_size"],
    patches_per_epoch: int = _trainer["patches_per_epoch"],
    learning_rate: float = _trainer["learning_rate"],
    average_decay: float = _trainer["average_decay"],
    loss: str = _trainer["loss"],
    validation_fraction: float = _trainer["validation_fraction"],
    patience: int = _trainer["patience"],
    maximum_epochs: int = _trainer["maximum_epochs"],
    maximum_minutes: float = _trainer["maximum_minutes"],
    checkpoint_file: Union[str, os.PathLike] = "",
    resume: bool = _trainer["resume"],
    progress: Optional[Progress] = None,
    on_epoch: Optional[Callable[[Epoch], Any]] = None,
) -> UNetModel:
    """Trains a network that segments images. See train_upgrade() for the arguments."""
    return _train(annotation_input=False, **locals())


def upgrade(
    model: UNetModel,
    image: Any,
    labels: Image,
    *,
    probability: bool = False,
    threshold: float = _filter["threshold"],
    foreground_value: int = _network.defaults["foreground_value"],
    ignore_label: Optional[int] = None,
    tile_size: int = _filter["tile_size"],
    slice_axis: int = _filter["slice_axis"],
    progress: Optional[Progress] = None,
) -> Image:
    """Mends a poor annotation with a network of train_upgrade().

    Parameters
    ----------
    model
        The network.
    image
        Of as many channels as the network was trained on. They are an array's last axis, which one channel may lack.
    labels
        The poor annotation, on the grid of the image. The network sees its foreground.
    probability
        Whether to return the foreground's probability (float32, 0 to 1) instead of labels.
    threshold
        Probability from which on a pixel is foreground, 0 to 1.
    foreground_value
        Label of the foreground.
    ignore_label
        Value in `labels` of pixels that are neither cell nor background; they keep it in the result.
    tile_size
        Edge of what is computed at once, in pixels that the network sees, which costs memory; 0 chooses. The result
        does not depend on it.
    slice_axis
        The axis across the slices of a volume for a network of two dimensions: 0 is x, 1 is y, 2 is z.
    progress
        Called with the share that is done.

    Returns
    -------
    The mended annotation, an image like `labels`: 0, and `foreground_value` in the cells.

    Raises
    ------
    Error
        If the network does not fit the image, if image and labels lie on different grids, for a value that is not
        finite.
    TypeError, ValueError
        For an argument of a wrong type or shape.
    """
    return _apply(**locals())


def segment(
    model: UNetModel,
    image: Image,
    *,
    probability: bool = False,
    threshold: float = _filter["threshold"],
    foreground_value: int = _network.defaults["foreground_value"],
    tile_size: int = _filter["tile_size"],
    slice_axis: int = _filter["slice_axis"],
    progress: Optional[Progress] = None,
) -> Image:
    """Segments an image with a network of train_segment(). See upgrade() for the arguments.

    An array's last axis of length 1 is that of the channels if there are more axes than the network has dimensions.

    Returns
    -------
    An image like `image` of type uint8: 0, and `foreground_value` in the cells; or the probability.
    """
    return _apply(labels=None, ignore_label=None, **locals())


def _apply(
    model: UNetModel,
    image: Any,
    labels: Any,
    probability: bool,
    foreground_value: int,
    ignore_label: Optional[int],
    slice_axis: int,
    progress: Optional[Progress],
    **options: Any,
) -> Any:
    if not isinstance(model, UNetModel):
        raise TypeError(f"model is of type {type(model).__name__}; give a UNetModel, such as UNetModel.load() returns")
    annotation = None if labels is None else read_labels(labels, "labels")
    has_channels = model.image_channels > 1
    if isinstance(image, np.ndarray) and not has_channels:
        dimension = annotation.dimension if annotation else model.dimension
        has_channels = image.ndim > dimension and (annotation is not None or image.shape[-1] == 1)
    intensities = read_intensities(image, "image", has_channels)
    if model.dimension > intensities.dimension:
        raise ValueError("image has two dimensions; a network of three dimensions needs volumes")
    like, grid, foreground, kind = intensities, intensities.grid, None, np.dtype(np.uint8)
    if annotation:
        like = annotation
        grid = verify_same_grid(like, intensities)
        ignored = like.pixels == ignore_label
        foreground = ((like.pixels != 0) & ~ignored).view(np.uint8)
        kind = like.pixels.dtype
    limits = np.iinfo(kind)
    if not limits.min <= foreground_value <= limits.max or foreground_value == 0:
        raise ValueError(f"foreground_value is {foreground_value}; it must be a value of {kind} other than 0")
    if ignore_label is not None and ignore_label in (0, foreground_value):
        raise ValueError(f"ignore_label is {ignore_label}, the value of background or cells; give ignored pixels their own")
    options["slice_axis"] = slice_axis if like.dimension == 3 else 2
    result = _network.apply(model._handle, intensities.pixels, foreground, grid, probability, options, progress)
    if probability:
        return like.wrap(result)
    marked = np.where(result != 0, kind.type(foreground_value), kind.type(0))
    if annotation is None:
        return like.wrap(marked)
    marked[ignored] = like.pixels[ignored]
    return wrap_labels(marked, like)


def _train(
    images: Any,
    labels: Any,
    annotation_input: bool,
    dimension: int,
    slice_axis: int,
    spacing: Union[str, Spacing],
    device: str,
    checkpoint_file: Union[str, os.PathLike],
    ignore_label: Optional[int],
    progress: Optional[Progress],
    on_epoch: Optional[Callable[[Epoch], Any]],
    candidates: Any = None,
    **options: Any,
) -> UNetModel:
    if dimension not in (2, 3):
        raise ValueError(f"dimension is {dimension!r}; it must be 2 for slices or 3 for volumes")
    if slice_axis not in (0, 1, 2):
        raise ValueError(f"slice_axis is {slice_axis!r}; it must be 0, 1 or 2")
    samples: List[Tuple[Any, ...]] = []
    for volume, annotation, others, grid in _read_sets(images, labels, candidates):
        if dimension == 3 and volume.dimension == 2:
            raise ValueError(f"{volume.name} has two dimensions; a network of three dimensions needs volumes")
        arrays = [
            volume.pixels.astype(np.float32, copy=False),
            annotation.pixels.astype(np.uint32, copy=False),
            None if others is None else others.pixels.astype(np.uint32, copy=False),
        ]
        if dimension == 3:
            samples.append((*arrays, grid))
        else:
            samples += _cut(arrays, grid, slice_axis if volume.dimension == 3 else 2)

    model_options = {name: options[name] for name in _model if name in options}
    model_options.update(dimension=dimension, image_channels=samples[0][0].shape[-1], annotation_input=annotation_input)
    source_options = {name: options[name] for name in _source if options.get(name) is not None}
    if annotation_input:
        verify_bias(options)
        if is_nothing_chosen(options):
            source_options["omission_rate"] = _network.defaults["omission_rate"]
    if ignore_label is not None:
        source_options.update(use_ignore_label=True, ignore_label=ignore_label % 2**32)
    train = _network.train_2d if dimension == 2 else _network.train_3d
    return UNetModel._of(
        train(
            samples,
            model_options,
            None if isinstance(spacing, str) and spacing == "auto" else _read_spacing(spacing),
            device,
            source_options,
            {name: options[name] for name in _trainer},
            os.fspath(checkpoint_file),
            progress,
            on_epoch and (lambda *values: on_epoch(Epoch(*values))),
        )
    )


def _read_sets(images: Any, labels: Any, candidates: Any) -> List[Tuple[Volume, Volume, Optional[Volume], Grid]]:
    many, truths = as_list(images), as_list(labels)
    others = [None] * len(many) if candidates is None else as_list(candidates)
    if not many or not len(many) == len(truths) == len(others):
        raise ValueError(
            f"there are {len(many)} images, {len(truths)} labels and {len(others)} candidates; "
            "give as many of one as of the other, at least one"
        )
    sets = []
    for i, (image, truth, other) in enumerate(zip(many, truths, others)):
        annotation = read_labels(truth, f"labels[{i}]")
        has_channels = not isinstance(image, np.ndarray) or image.ndim > annotation.dimension
        volume = read_intensities(image, f"images[{i}]", has_channels)
        grid = verify_same_grid(annotation, volume)
        candidate = None
        if other is not None:
            candidate = read_labels(other, f"candidates[{i}]")
            grid = verify_same_grid(candidate, volume._replace(geometry=grid))
        sets.append((volume, annotation, candidate, grid))
    return sets


def _cut(arrays: Sequence[Optional[np.ndarray]], grid: Grid, axis: int) -> List[Tuple[Any, ...]]:
    """The slices along an axis, in ITK's order, of a volume, its labels and its candidates."""
    _, spacing, _, _ = grid
    kept = [spacing[other] for other in range(3) if other != axis]
    slice_grid = ((0, 0, 0), (*kept, 1.0), (0.0, 0.0, 0.0), tuple(np.eye(3).ravel()))
    position = 2 - axis
    return [
        (*(None if array is None else np.ascontiguousarray(array.take(k, position)) for array in arrays), slice_grid)
        for k in range(arrays[0].shape[position])
    ]


def _read_spacing(spacing: Any) -> Tuple[float, ...]:
    values = [spacing] * 3 if isinstance(spacing, Real) else spacing
    if len(values) in (2, 3) and all(isinstance(value, Real) and value >= 0 for value in values):
        return (*map(float, values), 0.0)[:3]
    raise ValueError(f"spacing is {spacing!r}; give a size, one along each axis, or 0 for the images' own")


def _to_array(value: Any) -> np.ndarray:
    if hasattr(value, "detach"):  # a tensor of PyTorch
        value = value.detach().cpu().numpy()
    return np.asarray(value, dtype=np.float32, order="C")
