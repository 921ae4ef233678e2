#!/usr/bin/env python3
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
"""Compares the network, its losses and its gradients with a U-Net in plain PyTorch.

Usage: network_agreement.py UNET_REFERENCE. Exit status 77 where PyTorch is missing.
"""

import os
import subprocess
import sys
import tempfile
import unittest

try:
    import torch
    from torch.nn import functional
except ImportError as error:
    print(f"Skipped: {error}")
    sys.exit(77)

from network_reference import UNet

TOLERANCE = 1e-4


# (dimension, input channels, channels of the first level, channels of each level, channels on the way up)
ARCHITECTURES = (
    (2, 2, 64, (64, 128, 256, 512, 512), (256, 128, 64, 64)),  # the paper's
    (2, 4, 6, (6, 12, 12), (6, 6)),
    (2, 3, 5, (5, 5), (5,)),
    (2, 1, 4, (4, 8, 8), (4, 4)),
    (3, 2, 4, (4, 8, 16, 16), (8, 4, 4)),
    (3, 4, 3, (3, 6, 6), (3, 3)),
)


def losses(logits, target):
    """Over the pixels that count alone, in double precision."""
    counts = target >= 0
    foreground = torch.softmax(logits.double(), dim=1)[:, 1][counts]
    wanted = target[counts].double()
    dice = 1 - 2 * (foreground * wanted).sum() / (foreground.sum() + wanted.sum() + 1e-7)
    return {"dice": dice, "dice-cross-entropy": dice + functional.binary_cross_entropy(foreground, wanted)}


def starting_with(reference, prefix):
    return {name[len(prefix) :]: value for name, value in reference.items() if name.startswith(prefix)}


def for_each_architecture(test):
    def run(self):
        for arguments, network, reference in self.cases:
            with self.subTest(architecture=arguments):
                network.load_state_dict(starting_with(reference, "state/"), strict=True)
                test(self, network, reference)

    return run


class NetworkAgreement(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cases = []
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "reference.pt")
            for seed, (dimension, channels, base, down, up) in enumerate(ARCHITECTURES):
                arguments = (dimension, channels, base, len(down), seed)
                subprocess.run([UNET_REFERENCE, path, *map(str, arguments)], check=True)
                reference = torch.load(path)
                network = UNet(dimension, channels, down, up)
                network.load_state_dict(starting_with(reference, "state/"), strict=True)
                cls.cases.append((arguments, network, reference))

    def assert_close(self, actual, expected, what, scale=1.0):
        """Within TOLERANCE, relative to the largest value where that is above `scale`."""
        self.assertEqual(actual.shape, expected.shape, what)
        self.assertTrue(torch.isfinite(actual).all(), what)
        difference = (actual.double() - expected.double()).abs().max().item()
        self.assertLessEqual(difference, TOLERANCE * max(scale, expected.abs().max().item()), what)

    @for_each_architecture
    def test_number_of_parameters(self, network, reference):
        expected = sum(parameter.numel() for parameter in network.parameters())
        self.assertEqual(reference["parameters"].item(), expected)

    def test_number_of_parameters_of_the_paper(self):
        self.assertEqual(self.cases[0][2]["parameters"].item(), 14_788_418)

    @for_each_architecture
    def test_output_with_running_statistics(self, network, reference):
        with torch.no_grad():
            logits = network.eval()(reference["input"])
        self.assertGreater(logits.std().item(), 0.01)
        self.assert_close(reference["logits/evaluation"], logits, "logits")
        self.assert_close(reference["logits/channels last"], logits, "logits, channels last")

    @for_each_architecture
    def test_output_losses_and_gradients_in_training(self, network, reference):
        network.train()
        logits = network(reference["input"])
        self.assert_close(reference["logits/training"], logits, "logits")
        for name, after in starting_with(reference, "after/").items():
            self.assert_close(after, network.state_dict()[name], name)
        for loss, value in losses(logits, reference["target"]).items():
            self.assert_close(reference["loss/" + loss], value, loss)
            network.zero_grad()
            value.backward(retain_graph=True)
            gradients = {name: parameter.grad for name, parameter in network.named_parameters()}
            actual = starting_with(reference, f"gradient/{loss}/")
            self.assertEqual(actual.keys(), gradients.keys())
            # Batch normalisation cancels the bias in front of it: its gradient is rounding alone.
            scale = max(gradient.abs().max().item() for gradient in gradients.values())
            for name, gradient in gradients.items():
                cancelled = name.endswith((".0.bias", ".3.bias"))
                self.assert_close(actual[name], gradient, f"{loss}, {name}", scale if cancelled else 0.0)

    @for_each_architecture
    def test_loss_of_ignored_pixels_is_that_of_nothing(self, _, reference):
        for loss, value in starting_with(reference, "loss-of-ignored/").items():
            self.assertEqual(value.item(), 1.0, loss)

    @for_each_architecture
    def test_prediction_of_any_size(self, network, reference):
        network.load_state_dict(starting_with(reference, "after/"), strict=True)
        network.eval()
        alignment = 2**network.poolings
        for case in ("0", "1", str(alignment - 1)):
            image = reference[f"predict/{case}/input"]
            sizes = image.shape[1:]
            padding = [length for size in reversed(sizes) for length in (0, -size % alignment)]
            with torch.no_grad():
                padded = functional.pad(image[None], padding, mode="replicate")
                probability = torch.softmax(network(padded), dim=1)[0, 1]
            expected = probability[tuple(slice(0, size) for size in sizes)]
            self.assert_close(reference[f"predict/{case}/probability"], expected, f"{tuple(sizes)}")


if __name__ == "__main__":
    UNET_REFERENCE = sys.argv.pop(1)
    unittest.main()
