#!/usr/bin/env python3
#==========================================================================
#
#   Copyright NumFOCUS
#
#   Licensed under the Apache License, Version 2.0 (the "License");
#   you may not use this file except in compliance with the License.
#   You may obtain a copy of the License at
#
#          https://www.apache.org/licenses/LICENSE-2.0.txt
#
#   Unless required by applicable law or agreed to in writing, software
#   distributed under the License is distributed on an "AS IS" BASIS,
#   WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
#   See the License for the specific language governing permissions and
#   limitations under the License.
#
#==========================================================================
"""Tests on real images: nuclei in fluorescence, nuclei in histology, mitochondria in electron microscopy.

Usage: real_images.py PATH_OF_THE_PROGRAM [arguments of unittest]
They lie in $ANNOTATION_UPGRADE_DATA, whose folders examples/experiments/README.md describes. Exit status 77 where there
are none.
"""

import os
import sys
import unittest
from pathlib import Path

try:
    import cv2
    import numpy as np

    import command_line
    from command_line import ToolTest, read_mha
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

DATA = Path(os.environ.get("ANNOTATION_UPGRADE_DATA", ""))


def read(path):
    return read_mha(path)[0] if path.suffix == ".mha" else cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def labels_of(pixels):
    return np.setdiff1d(pixels, [0])


def share(rate, count):
    return int(np.floor(rate * count + 0.5))


class RealImages(ToolTest):
    def link(self, name, files):
        """A folder of a few files."""
        (self.folder / name).mkdir()
        for file in files:
            (self.folder / name / file.name).symlink_to(file)
        return self.folder / name

    def perturb(self, labels, *options):
        """Pairs of pixels, before and after."""
        output = self.folder / "poor"
        self.succeed("perturb", "--labels", labels, "--output", output, *options)
        names = sorted(path.name for path in labels.iterdir())
        self.assertEqual(sorted(path.name for path in output.iterdir()), names)
        return [(read(labels / name), read(output / name)) for name in names]

    def test_omission_of_nuclei(self):
        for before, after in self.perturb(DATA / "dsb2018/test/labels", "--omission", 0.7):
            kept = labels_of(after)
            self.assertEqual(len(kept), len(labels_of(before)) - share(0.7, len(labels_of(before))))
            np.testing.assert_array_equal(after, np.where(np.isin(before, kept), before, 0))

    def test_bias_of_mitochondria(self):
        square = np.ones((3, 3), np.uint8)
        for operation, expected in [("erosion", cv2.erode), ("dilation", cv2.dilate)]:
            bias = ["--bias-iterations", 6, "--bias-operation", operation]
            for before, after in self.perturb(DATA / "epfl/test/labels", *bias):
                foreground = expected((before != 0).astype(np.uint8), square, iterations=6)
                np.testing.assert_array_equal(after != 0, foreground != 0)
                self.assertTrue(set(labels_of(after)) <= set(labels_of(before)))

    def test_inclusion_of_segments_of_tissue(self):
        images = self.link("images", sorted((DATA / "consep/images").iterdir())[:2])
        labels = self.link("labels", [DATA / "consep/labels" / path.name for path in images.iterdir()])
        segments = self.folder / "segments"
        self.succeed("segments", "--images", images, "--output", segments)
        pairs = self.perturb(labels, "--inclusion", 0.5, "--candidates", segments)
        for (before, after), path in zip(pairs, sorted(segments.iterdir())):
            candidates = read(path)
            changed = after != before
            included = labels_of(candidates[changed])
            self.assertTrue(changed.any())
            self.assertLessEqual(len(included), share(0.5, len(labels_of(candidates))))
            np.testing.assert_array_equal(after[~np.isin(candidates, included)], before[~np.isin(candidates, included)])

    def test_a_volume_of_slices(self):
        slices = sorted((DATA / "epfl/test/images").iterdir())[:6]
        images = self.link("images", slices)
        labels = self.link("labels", [DATA / "epfl/test/labels" / path.name for path in slices])
        output = self.folder / "stack"
        self.succeed("import", "--format", "stack", "--input", images, "--labels", labels, "--output", output)
        for kind, folder in [("images", images), ("labels", labels)]:
            found = np.stack([read(path) for path in sorted((output / kind).iterdir())])
            np.testing.assert_array_equal(found, np.stack([read(path) for path in sorted(folder.iterdir())]))

    def test_upgraded_nuclei_are_closer_to_the_truth(self):
        if not command_line.has_networks():
            self.skipTest("built without LibTorch")

        def some(part, count):
            files = sorted((DATA / "dsb2018" / part / "images").iterdir())
            files = [file for file in files if read(file).shape == (256, 256)][:count]
            images = self.link(f"{part}-images", files)
            return images, self.link(f"{part}-labels", [file.parents[1] / "labels" / file.name for file in files])

        images, labels = some("train", 12)
        model = self.folder / "upgrade.unet"
        self.succeed("train-upgrade", "--images", images, "--labels", labels, "--omission", 0.7, "--output", model,
                     "--base-channels", 8, "--patch-size", 128, "--maximum-epochs", 6)  # fmt: skip
        images, labels = some("test", 12)
        poor, upgraded = self.folder / "poor", self.folder / "upgraded"
        self.perturb(labels, "--omission", 0.7)
        self.succeed("upgrade", "--model", model, "--images", images, "--labels", poor, "--output", upgraded)

        def dice(folder):
            pairs = [(read(folder / path.name) != 0, read(path) != 0) for path in labels.iterdir()]
            return 2 * sum((a & b).sum() for a, b in pairs) / sum(a.sum() + b.sum() for a, b in pairs)

        self.assertLess(dice(poor), 0.6)
        self.assertGreater(dice(upgraded), 0.8)


if __name__ == "__main__":
    if not (DATA / "dsb2018").is_dir():
        print("skipped: no images in the folder that ANNOTATION_UPGRADE_DATA names")
        sys.exit(77)
    command_line.TOOL = os.path.abspath(sys.argv.pop(1))
    unittest.main()
