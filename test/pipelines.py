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
"""Tests of examples/pipelines.

Usage: pipelines.py PATH_OF_ANNOTATION_UPGRADE FOLDER_OF_THE_PIPELINES [arguments of unittest]
"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import numpy as np
    from scipy import ndimage

    from command_line import read_mha, read_png, write_mha
except ImportError as error:
    print("skipped:", error)
    sys.exit(77)

TOOL, PIPELINES = Path(sys.argv.pop(1)), Path(sys.argv.pop(1))
has_networks = (PIPELINES / "UpgradeAnnotation").exists()


def run(*words):
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def read(path):
    return read_png(path) if path.suffix == ".png" else read_mha(path)[0]


def pipeline(name, *words):
    run(PIPELINES / name, *words)


class Pipelines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.temporary.name)
        run(TOOL, "simulate", "--output", cls.folder / "slices", "--volumes", 3, "--size", 96, 80)
        run(TOOL, "simulate", "--output", cls.folder / "volumes", "--volumes", 1, "--size", 96, 80, 6)
        cls.image, cls.labels = (sorted((cls.folder / "slices" / kind).iterdir())[0] for kind in ("images", "labels"))
        cls.volume, cls.cells = (next((cls.folder / "volumes" / kind).iterdir()) for kind in ("images", "labels"))
        cls.output = cls.folder / "output.mha"

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def train(self, command, *extra):
        model = self.folder / f"{command}.unet"
        if not model.exists():
            run(TOOL, command, "--images", self.folder / "slices/images", "--labels", self.folder / "slices/labels", *extra,
                *"--base-channels 4 --levels 3 --patch-size 64 --maximum-epochs 20 --precision float32 --quiet".split(),
                "--output", model)  # fmt: skip
        return model

    def test_omission(self):
        stack = self.folder / "stack.mha"
        write_mha(stack, np.stack([read(self.labels).astype(np.uint16)] * 4))
        pipeline("OmissionPerturb", stack, self.output, 0.5, 3)
        draws = set()
        for before, after in zip(read(stack), read(self.output)):
            labels, kept = np.unique(before[before > 0]), np.unique(after[after > 0])
            np.testing.assert_array_equal(after, np.where(np.isin(before, kept), before, 0))
            self.assertEqual(len(labels) - len(kept), int(0.5 * len(labels) + 0.5))
            draws.add(tuple(kept))
        self.assertGreater(len(draws), 1, "every slice has the same draw")

    def test_inclusion(self):
        pipeline("InclusionPerturb", self.image, self.labels, self.output, 1, 3)
        before, after = read(self.labels), read(self.output)
        np.testing.assert_array_equal(after[before > 0], before[before > 0])
        self.assertTrue((after > 0).all(), "with a rate of 1 every pixel is in a cell or in a segment")
        pipeline("InclusionPerturb", self.image, self.labels, self.folder / "output.png", 1, 3)
        np.testing.assert_array_equal(read(self.folder / "output.png"), after)
        pipeline("InclusionPerturb", self.image, self.labels, self.output, 0, 3)
        np.testing.assert_array_equal(read(self.output), before)

    def test_bias(self):
        pipeline("BiasPerturb", self.labels, self.output, 2, 3)
        before, outlines = read(self.labels), read(self.output)
        self.assertTrue(set(np.unique(outlines)) <= set(np.unique(before)))
        pipeline("BiasPerturb", self.labels, self.folder / "another.mha", 2, 4)
        self.assertTrue(outlines.any() and (read(self.folder / "another.mha") != outlines).any())
        square = np.ones((3, 3), bool)
        for label in np.unique(outlines[outlines > 0]):
            alone = before == label
            largest = ndimage.binary_dilation(alone, square, 2)
            smallest = ndimage.binary_erosion(alone, square, 3, border_value=1)
            outline = outlines == label
            self.assertFalse((outline & ~largest).any() or (outline & smallest).any(), label)

    @unittest.skipUnless(has_networks, "built without LibTorch")
    def test_train(self):
        files = [sorted((self.folder / "slices" / kind).iterdir()) for kind in ("images", "labels")]
        pipeline("TrainUpgrade", self.folder / "own.unet", 0.6, 1, *(file for pair in zip(*files) for file in pair))
        run(TOOL, "train-upgrade", "--images", self.folder / "slices/images", "--labels", self.folder / "slices/labels",
            "--omission", 0.6, "--maximum-epochs", 1, "--output", self.folder / "expected.unet")  # fmt: skip
        own, expected = ((self.folder / f"{name}.unet").read_bytes() for name in ("own", "expected"))
        self.assertEqual(own, expected)

    @unittest.skipUnless(has_networks, "built without LibTorch")
    def test_upgrade(self):
        model = self.train("train-upgrade", "--omission", 0.5)
        run(TOOL, "upgrade", "--model", model, "--images", self.volume, "--labels", self.cells,
            "--output", self.folder / "expected")  # fmt: skip
        expected = read(next((self.folder / "expected").iterdir()))
        self.assertTrue(expected.any() and not expected.all())
        for parts in (1, 4):
            pipeline("UpgradeAnnotation", model, self.volume, self.cells, self.output, parts)
            np.testing.assert_array_equal(read(self.output) != 0, expected != 0)

    @unittest.skipUnless(has_networks, "built without LibTorch")
    def test_segment(self):
        model = self.train("train-segment")
        run(TOOL, "segment", "--model", model, "--images", self.image,
            "--output", self.folder / "segmented")  # fmt: skip
        mask = read(next((self.folder / "segmented").iterdir())) != 0
        parts, count = ndimage.label(mask)
        sizes = ndimage.sum_labels(mask, parts, range(1, count + 1))
        pipeline("UNetSegment", model, self.image, self.output, 0.5, 9)
        cells = read(self.output)
        np.testing.assert_array_equal(cells != 0, np.isin(parts, 1 + np.flatnonzero(sizes >= 9)))
        self.assertEqual(sorted(np.bincount(cells[cells > 0])[1:]), sorted(sizes[sizes >= 9]))
        self.assertEqual(list(np.bincount(cells[cells > 0])[1:]), sorted(sizes[sizes >= 9], reverse=True))

    def test_messages(self):
        networks = ("TrainUpgrade", "UpgradeAnnotation", "UNetSegment") if has_networks else ()
        for name in ("OmissionPerturb", "InclusionPerturb", "BiasPerturb", *networks):
            result = subprocess.run([PIPELINES / name], capture_output=True, text=True)
            self.assertEqual((result.returncode, result.stderr.split()[:2]), (1, ["Usage:", name]))


if __name__ == "__main__":
    unittest.main()
