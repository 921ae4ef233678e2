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
"""Tests of `annotation-upgrade import` on made-up data sets, which look like the published ones.

Usage: import.py PATH_OF_THE_PROGRAM [arguments of unittest]
"""

import functools
import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import cv2
    import numpy as np
    from scipy import ndimage
    from scipy.io import savemat

    import command_line
    from command_line import ToolTest, read_mha, run, write_mha
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

TYPES = ["neutrophil", "epithelial", "lymphocyte", "plasma", "eosinophil", "connective"]


def write(path, pixels):
    """Of 1 to 4 channels, which are red, green, blue, opacity."""
    path.parent.mkdir(parents=True, exist_ok=True)
    order = [2, 1, 0, 3] if pixels.ndim == 3 else None
    assert cv2.imwrite(str(path), pixels[:, :, order[: pixels.shape[2]]] if order else pixels)


def read(path):
    if path.suffix == ".mha":
        return read_mha(path)[0]
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return pixels[:, :, ::-1] if pixels.ndim == 3 else pixels


def random_cells(random, shape, count):
    """Rectangles 1, 2, ..., of which later ones hide parts of earlier ones."""
    cells = np.zeros(shape, np.int32)
    for cell in range(1, count + 1):
        y, x = random.integers(0, shape)
        height, width = random.integers(3, 12, 2)
        cells[y : y + height, x : x + width] = cell
    return cells


@functools.lru_cache
def has_matio():
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(__file__, Path(folder, "probe.mat"))
        write(Path(folder, "probe.png"), np.zeros((2, 2), np.uint8))
        probe = ["import", "--format", "lizard", "--input", folder, "--output", Path(folder, "out")]
        return "without matio" not in run(*probe).stderr


class ImportTest(ToolTest):
    def setUp(self):
        super().setUp()
        self.input = self.folder / "input"
        self.input.mkdir()
        self.output = self.folder / "output"
        self.random = np.random.default_rng(5)

    def command(self, *options):
        return ["import", "--format", self.FORMAT, "--input", self.input, "--output", self.output, *options]

    def imported(self, *options):
        """Pixels by folder and name, and what the program remarks."""
        shutil.rmtree(self.output, ignore_errors=True)
        remarks = self.succeed(*self.command(*options)).stderr
        return {str(path.relative_to(self.output)): read(path) for path in self.output.rglob("*.*")}, remarks

    def refuse_import(self, *naming, options=()):
        self.refuse(*self.command(*options), naming=naming)

    def assert_same(self, found, expected):
        self.assertEqual(sorted(found), sorted(expected))
        for name, pixels in expected.items():
            self.assertEqual(found[name].dtype, pixels.dtype, name)
            np.testing.assert_array_equal(found[name], pixels, name)

    def image(self, *shape, dtype=np.uint8):
        return self.random.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


class Dsb2018(ImportTest):
    FORMAT = "dsb2018"

    def add(self, name, image, masks):
        """Masks get names in natural order; what the program makes of them is returned."""
        folder = self.input / name
        write(folder / "images" / f"{name}.png", image)
        labels = np.zeros(image.shape[:2], np.uint16)
        for number, mask in enumerate(masks, 1):
            write(folder / "masks" / f"mask{number}.png", 255 * mask.astype(np.uint8))
            labels[mask & (labels == 0)] = number
        return labels

    def add_grey(self, name="grey", shape=(40, 53)):
        grey = self.image(*shape)
        cells = random_cells(self.random, shape, 12)
        rgba = np.dstack([grey, grey, grey, np.full_like(grey, 255)])
        return grey, self.add(name, rgba, [cells == cell for cell in range(1, 13)])

    def test_grey_and_colour(self):
        grey, labels = self.add_grey()
        colour = self.image(31, 44, 4)
        colour[:, :, 3] = 255
        cells = random_cells(self.random, (31, 44), 5)
        expected = {
            "images/grey.png": grey,
            "labels/grey.png": labels,
            "images/colour.png": colour[:, :, :3],
            "labels/colour.png": self.add("colour", colour, [cells == cell for cell in range(1, 6)]),
        }
        (self.input / "notes.csv").write_text("not an image")
        found, remarks = self.imported()
        self.assert_same(found, expected)
        self.assertIn("channels: 1 images have 1, 1 images have 3", remarks)
        self.assertEqual(self.imported("--quiet")[1], "")

    def test_one_channel_of_16_bits(self):
        grey = self.image(20, 30, dtype=np.uint16)
        labels = self.add("deep", grey, [np.pad(np.ones((4, 4), bool), ((3, 13), (5, 21)))])
        found, remarks = self.imported()
        self.assert_same(found, {"images/deep.png": grey, "labels/deep.png": labels})
        self.assertEqual(remarks, "")

    def test_masks_that_overlap(self):
        masks = np.zeros((3, 30, 20), bool)
        masks[0, :9], masks[1, 8:15], masks[2, 14:] = True, True, True
        labels = self.add("one", self.image(30, 20), masks)
        self.assertEqual([np.count_nonzero(labels == i) for i in [1, 2, 3]], [180, 120, 300])
        found, remarks = self.imported()
        np.testing.assert_array_equal(found["labels/one.png"], labels)
        self.assertIn("40 pixels are in several masks", remarks)

    def test_refusals(self):
        self.refuse_import(self.input, "no folders")
        self.add_grey()
        folder = self.input / "grey"
        mask = folder / "masks" / "mask3.png"
        write(mask, np.zeros((40, 52), np.uint8))
        self.refuse_import(mask, folder / "images" / "grey.png", "[52, 40, 1]", "[53, 40, 1]")
        write(mask, np.zeros((40, 53, 3), np.uint8))
        self.refuse_import(mask, "3 channels")
        mask.unlink()
        write(folder / "images" / "other.png", np.zeros((40, 53), np.uint8))
        self.refuse_import(folder / "images", "more than one image")
        (folder / "images" / "other.png").unlink()
        for path in (folder / "masks").iterdir():
            path.unlink()
        self.refuse_import(folder / "masks", "without images")
        (folder / "masks").rmdir()
        self.refuse_import(folder / "masks", "does not exist")
        shutil.rmtree(folder / "images")
        self.refuse_import(folder / "images", "does not exist")
        shutil.rmtree(self.input)
        self.refuse_import(self.input, "is no folder")

    def test_interrupt(self):
        self.add_grey("0")
        for i in range(1, 200):
            shutil.copytree(self.input / "0", self.input / str(i), copy_function=os.link)
        self.interrupt(*self.command())


class Lizard(ImportTest):
    FORMAT = "lizard"

    def setUp(self):
        super().setUp()
        if not has_matio():
            self.add("one")
            self.refuse_import("one.mat", "libmatio-dev")
            self.skipTest("matio is missing")

    def add(self, name, shape=(60, 47), part=1, **variables):
        """An image with labels as published, but for some variables; cells, their identifiers, and their types."""
        image = self.image(*shape, 3)
        cells = 7 * random_cells(self.random, shape, 20)
        ids = self.random.permutation(np.unique(cells[cells > 0]))
        types = self.random.integers(1, 7, len(ids))
        write(self.input / f"Lizard_Images{part}" / f"{name}.png", image)
        labels = self.input / "Lizard_Labels" / "Labels" / f"{name}.mat"
        labels.parent.mkdir(parents=True, exist_ok=True)
        content = {"inst_map": cells, "id": ids[:, None], "class": types[:, None], "centroid": self.random.random((5, 2))}
        content = {name: value for name, value in {**content, **variables}.items() if value is not None}
        savemat(labels, content, do_compression=part == 1)
        return image, cells.astype(np.uint16), ids, types

    def expect(self, name, image, cells, ids, types, target):
        is_target = np.isin(cells, ids[types == 1 + TYPES.index(target)])
        return {
            f"images/{name}.png": image,
            f"labels/{name}.png": np.where(is_target, cells, 0).astype(np.uint16),
            f"candidates/{name}.png": np.where(is_target, 0, cells).astype(np.uint16),
        }

    def test_every_type(self):
        a, b = self.add("consep_1"), self.add("glas_2", (38, 71), 2)
        (self.input / "Lizard_Labels" / "info.csv").write_text("Filename,Source,Split")
        for target in TYPES:
            expected = {**self.expect("consep_1", *a, target), **self.expect("glas_2", *b, target)}
            self.assert_same(self.imported("--target", target)[0], expected)
        default = {**self.expect("consep_1", *a, "epithelial"), **self.expect("glas_2", *b, "epithelial")}
        self.assert_same(self.imported()[0], default)

    def test_numbers_of_any_type(self):
        for dtype in [np.uint8, np.int16, np.uint32, np.int64, np.float64]:
            cells = random_cells(self.random, (60, 47), 9)
            ids = np.arange(1, 10)
            types = ids % 6 + 1
            numbers = {"inst_map": cells.astype(dtype), "id": ids.astype(dtype), "class": types.astype(dtype)}
            image = self.add("one", **numbers)[0]
            expected = self.expect("one", image, cells.astype(np.uint16), ids, types, "epithelial")
            self.assert_same(self.imported()[0], expected)

    def test_no_cells(self):
        empty = np.zeros((0, 0))
        image = self.add("empty", inst_map=np.zeros((60, 47), np.int32), **{"id": empty, "class": empty})[0]
        nothing = np.zeros((60, 47), np.uint16)
        expected = {"images/empty.png": image, "labels/empty.png": nothing, "candidates/empty.png": nothing}
        self.assert_same(self.imported()[0], expected)

    def test_others_take_it(self):
        self.add("one")
        self.add("two", (90, 80))
        self.imported("--patch-size", 50)
        labels, candidates = self.output / "labels", self.output / "candidates"
        chain = ["--labels", labels, "--candidates", candidates, "--inclusion", 1]
        self.succeed("perturb", *chain, "--output", self.folder / "poor")
        for path in labels.iterdir():
            cells = (read(path) > 0) | (read(candidates / path.name) > 0)
            np.testing.assert_array_equal(read(self.folder / "poor" / path.name) > 0, cells)

    def test_patches(self):
        a, b = self.add("a", (100, 83)), self.add("b", (30, 64))
        for size, overlap in [(37, 8), (50, 17), (64, 60), (83, 0), (200, 100)]:
            expected = {}
            for name, image in [("a", a), ("b", b)]:
                height, width = image[0].shape[:2]
                covered = np.zeros((height, width), int)
                for y in {min(y, max(0, height - size)) for y in range(0, height, size - overlap)}:
                    for x in {min(x, max(0, width - size)) for x in range(0, width, size - overlap)}:
                        place = slice(y, y + size), slice(x, x + size)
                        covered[place] += 1
                        self.assertEqual(covered[place].shape, (min(size, height), min(size, width)))
                        for path, pixels in self.expect(name, *image, "epithelial").items():
                            expected[path.replace(".png", f"_{y}_{x}.png")] = pixels[place]
                self.assertTrue(np.all(covered))
            self.assert_same(self.imported("--patch-size", size, "--overlap", overlap)[0], expected)

    def test_refused_options(self):
        self.add("one")
        refuse = lambda naming, *options: self.refuse_import(*naming, options=options)
        refuse(["--target", "liver"], "--target", "liver")
        refuse(["--overlap 50", "--patch-size 50"], "--patch-size", 50, "--overlap", 50)
        refuse(["--overlap 50", "--patch-size 0"], "--overlap", 50)
        refuse(["--patch-size", "-5"], "--patch-size", -5)
        refuse(["--patch-size", "big"], "--patch-size", "big")
        refuse(["--overlap", "-1"], "--patch-size", 50, "--overlap", -1)
        refuse(["--labels", "stack"], "--labels", self.input)
        (self.output / "images").mkdir(parents=True)
        refuse([self.output, "exists already"])
        shutil.rmtree(self.output)
        self.output.write_text("mine")
        refuse([self.output, "exists already"])

    def test_refused_files(self):
        self.refuse_import(self.input, ".png")
        _, cells, ids, types = self.add("one")
        labels = self.input / "Lizard_Labels" / "Labels"
        image = self.input / "Lizard_Images1" / "one.png"

        def refuse(*naming, **variables):
            self.add("one", **variables)
            self.refuse_import(labels / "one.mat", *naming)

        for variable in ["inst_map", "id", "class"]:
            refuse(f"'{variable}'", "no variable", **{variable: None})
            refuse(f"'{variable}'", "no matrix of numbers", **{variable: "text"})
        refuse("0.5", "'inst_map'", inst_map=np.full((60, 47), 0.5))
        refuse("-3", "'id'", id=[-3])
        refuse("no matrix", "'inst_map'", inst_map=np.zeros((60, 47, 2)))
        refuse("no matrix", "'inst_map'", inst_map=np.zeros((60, 47), complex))
        refuse("3 values in 'id'", "2 in 'class'", **{"id": [1, 2, 3], "class": [1, 2]})
        known = {"inst_map": cells.astype(np.int32), "id": ids, "class": types}
        missing = {"id": ids[1:], "class": types[1:]}
        refuse(f"label {ids[0]} ", "'inst_map'", "'id'", **{**known, **missing})
        refuse("class 7", f"label {ids[3]}", **{**known, "class": np.where(ids == ids[3], 7, types)})
        refuse("class 0", f"label {ids[3]}", **{**known, "class": np.where(ids == ids[3], 0, types)})
        refuse(image, "60 x 47", "47 x 60", inst_map=known["inst_map"].T)

        (labels / "one.mat").write_text("no such file")
        self.refuse_import(labels / "one.mat", "no MATLAB file")
        content = {"id": ids, "class": types, "inst_map": cells.astype(np.int32)}
        for compressed in [False, True]:
            savemat(labels / "one.mat", content, do_compression=compressed)
            whole = (labels / "one.mat").read_bytes()
            for size in [60, 130, len(whole) // 2, len(whole) - 40]:
                (labels / "one.mat").write_bytes(whole[:size])
                self.refuse_import(labels / "one.mat")

        self.add("one")
        write(self.input / "Overlay" / "one.png", np.zeros((60, 47, 3), np.uint8))
        self.refuse_import("Overlay/one.png", "Lizard_Images1/one.png")
        shutil.rmtree(self.input / "Overlay")
        self.add("two", part=2)
        (labels / "one.mat").unlink()
        self.refuse_import(image, "one.mat")
        self.add("one")
        shutil.rmtree(self.input / "Lizard_Images2")
        self.refuse_import(labels / "two.mat", "two.png")
        shutil.rmtree(labels)
        self.refuse_import(self.input, ".mat")


class Stack(ImportTest):
    FORMAT = "stack"

    def write_pages(self, name, volume):
        path = self.folder / name
        assert cv2.imwritemulti(str(path), list(volume))
        return path

    def test_binary_pages(self):
        image = self.image(12, 40, 33)
        mask = ndimage.gaussian_filter(self.random.random((12, 40, 33)), 2) > 0.5
        mask[3], mask[4] = False, True
        self.input = self.write_pages("training.tif", image)
        labels = self.write_pages("groundtruth.tif", 255 * mask.astype(np.uint8))
        expected = {}
        for z in range(12):
            expected[f"images/training_{z:02}.png"] = image[z]
            expected[f"labels/training_{z:02}.png"] = ndimage.label(mask[z])[0].astype(np.uint16)
        self.assertGreater(max(pixels.max() for name, pixels in expected.items() if "labels" in name), 3)
        self.assert_same(self.imported("--labels", labels)[0], expected)

    def test_instances_stay(self):
        image = self.image(3, 50, 40, dtype=np.uint16)
        cells = np.stack([random_cells(self.random, (50, 40), 9 * i) for i in range(3)]).astype(np.uint16)
        self.input = self.write_pages("volume.tif", image)
        labels = self.write_pages("labels.tif", cells)
        expected = {f"images/volume_{z}.png": image[z] for z in range(3)}
        expected.update({f"labels/volume_{z}.png": cells[z] for z in range(3)})
        self.assert_same(self.imported("--labels", labels)[0], expected)
        patches, _ = self.imported("--labels", labels, "--patch-size", 30)
        self.assertEqual(len(patches), 2 * 3 * 4)
        np.testing.assert_array_equal(patches["labels/volume_2_20_10.png"], cells[2, 20:, 10:])

    def test_folders_of_numbered_slices(self):
        expected = {}
        for number in [2, 10, 1, 100]:
            image, mask = self.image(20, 30), self.random.random((20, 30)) > 0.6
            write(self.input / f"im{number}.png", image)
            write(self.folder / "masks" / f"seg_{number:03}.tif", 255 * mask.astype(np.uint8))
            expected[f"images/im{number}.png"] = image
            expected[f"labels/im{number}.png"] = ndimage.label(mask)[0].astype(np.uint16)
        labels = ["--labels", self.folder / "masks"]
        self.assert_same(self.imported(*labels)[0], expected)

        shutil.rmtree(self.output)
        (self.folder / "masks" / "seg_010.tif").rename(self.folder / "masks" / "seg_011.tif")
        self.refuse_import(self.input / "im10.png", self.folder / "masks" / "seg_011.tif", options=labels)
        (self.folder / "masks" / "seg_100.tif").unlink()
        (self.folder / "masks" / "seg_011.tif").rename(self.folder / "masks" / "seg_010.tif")
        self.refuse_import(self.input / "im100.png", "no partner", options=labels)
        (self.input / "im100.png").unlink()
        (self.input / "im10.png").unlink()
        self.refuse_import(self.folder / "masks" / "seg_010.tif", "no partner", options=labels)

    def test_what_png_cannot_hold(self):
        self.input = self.folder / "image.mha"
        labels = self.folder / "labels.mha"
        image = self.random.random((2, 8, 9)).astype(np.float32)
        cells = self.random.integers(0, 3, (2, 8, 9)).astype(np.uint16)
        write_mha(self.input, image, spacing=[0.5, 0.25, 2])
        write_mha(labels, cells, spacing=[0.5, 0.25, 2])
        expected = {f"images/image_{z}.mha": image[z] for z in range(2)}
        expected.update({f"labels/image_{z}.mha": cells[z] for z in range(2)})
        self.assert_same(self.imported("--labels", labels)[0], expected)
        self.assertEqual(read_mha(self.output / "labels" / "image_1.mha")[1]["ElementSpacing"], "0.5 0.25")

        write_mha(labels, 70000 * cells.astype(np.uint32), spacing=[0.5, 0.25, 2])
        found, _ = self.imported("--labels", labels)
        np.testing.assert_array_equal(found["labels/image_1.mha"], 70000 * cells[1].astype(np.uint32))

    def test_refusals(self):
        self.input = self.write_pages("image.tif", self.image(3, 20, 30))
        self.refuse_import("--labels")
        for shape in [(3, 30, 20), (2, 20, 30)]:
            labels = self.write_pages("labels.tif", np.zeros(shape, np.uint8))
            self.refuse_import(self.input, labels, "size", options=["--labels", labels])
        write(labels, np.zeros((20, 30, 3), np.uint8))
        self.refuse_import(labels, "3 channels", options=["--labels", labels])
        missing = self.folder / "missing.tif"
        self.refuse_import(missing, options=["--labels", missing])
        self.input = missing
        self.refuse_import(missing, options=["--labels", labels])

    def test_unknown_format(self):
        command = ["import", "--input", self.input, "--output", self.output]
        self.refuse(*command, "--format", "cityscapes", naming=["--format", "cityscapes", "lizard"])
        self.refuse(*command, naming="--format")


if __name__ == "__main__":
    command_line.TOOL = os.path.abspath(sys.argv.pop(1))
    unittest.main()
