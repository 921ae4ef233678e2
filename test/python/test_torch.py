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
"""Weights to and from PyTorch, in the process of its LibTorch."""

import os
import sys

import numpy as np
import pytest
from conftest import TINY

torch = pytest.importorskip("torch")

import annotation_upgrade
from annotation_upgrade import _core

if not _core.torch_library:
    pytest.skip("built without LibTorch", allow_module_level=True)
from annotation_upgrade import UNetModel, read_state_dict, simulate, train_upgrade, write_state_dict

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from network_reference import UNet

TOLERANCE = 1e-4

# (dimension, input channels, channels of the first level, channels of each level, channels on the way up)
ARCHITECTURES = (
    (2, 2, 64, (64, 128, 256, 512, 512), (256, 128, 64, 64)),  # the paper's
    (2, 3, 5, (5, 5), (5,)),
    (3, 2, 4, (4, 8, 16, 16), (8, 4, 4)),
)


def make_network(architecture, seed):
    """A U-Net of PyTorch as after a training: no weight or statistic is a default."""
    torch.manual_seed(seed)
    dimension, channels, _, down, up = architecture
    network = UNet(dimension, channels, down, up)
    network.train()
    with torch.no_grad():
        for _ in range(3):
            network(torch.randn(2, channels, *(32,) * dimension) + 0.5)
        for parameter in network.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    return network.eval()


def make_model(architecture):
    dimension, channels, base, down, _ = architecture
    return UNetModel(
        dimension=dimension,
        image_channels=channels,
        base_channels=base,
        number_of_levels=len(down),
        device="cpu",
        precision="float32",
    )


def probability(network, inputs):
    with torch.no_grad():
        return torch.softmax(network(torch.from_numpy(inputs)[None]), 1)[0, 1].numpy()


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
@pytest.mark.parametrize("ending", ("pt", "safetensors"))
def test_both_ways(architecture, ending, tmp_path):
    if ending == "safetensors":
        pytest.importorskip("safetensors")
    dimension, channels = architecture[:2]
    inputs = np.random.default_rng(0).random((channels, *(32,) * dimension), dtype=np.float32)

    network, model = make_network(architecture, 1), make_model(architecture)
    expected = probability(network, inputs)
    assert expected.std() > 1e-3
    model.load_state_dict(network.state_dict())
    np.testing.assert_allclose(model.predict(inputs), expected, atol=TOLERANCE)

    file = tmp_path / f"weights.{ending}"
    write_state_dict(model.state_dict(), file)
    other = make_network(architecture, 2)
    assert not np.allclose(probability(other, inputs), expected, atol=TOLERANCE)
    if ending == "pt":
        other.load_state_dict(torch.load(file), strict=True)
    else:
        other.load_state_dict({name: torch.from_numpy(value) for name, value in read_state_dict(file).items()})
    np.testing.assert_allclose(probability(other, inputs), expected, atol=TOLERANCE)

    if ending == "pt":
        torch.save(network.state_dict(), file)
    again = make_model(architecture)
    again.load_state_dict(read_state_dict(file))
    np.testing.assert_allclose(again.predict(inputs), expected, atol=TOLERANCE)


@pytest.mark.usefixtures("one_thread")
def test_a_network_trained_here_runs_in_pytorch():
    image, labels, _ = simulate((64, 48), number_of_cells=5, seed=3)
    model = train_upgrade(image, labels, spacing=0, **TINY)
    network = UNet(2, 2, (4, 8, 8), (4, 4))
    network.load_state_dict({name: torch.from_numpy(array) for name, array in model.state_dict().items()}, strict=True)
    low, high = np.percentile(image, [1, 99.8], method="nearest")
    inputs = np.stack([(image - float(low)) / (high - float(low)), labels != 0]).astype(np.float32)
    found = probability(network.eval(), inputs)
    np.testing.assert_allclose(found, model.predict(inputs), atol=TOLERANCE)
    expected = annotation_upgrade.upgrade(model, image, labels, probability=True)
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)


def test_pytorch_and_the_package_are_in_one_process():
    assert "torch" in sys.modules and "annotation_upgrade._network" in sys.modules
