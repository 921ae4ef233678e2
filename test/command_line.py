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
"""Tests of the program annotation-upgrade, through its command line alone.

Usage: command_line.py PATH_OF_THE_PROGRAM [arguments of unittest]
"""

import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib
from pathlib import Path

try:
    import numpy as np
except ImportError:
    print("skipped: NumPy is missing")
    sys.exit(77)

TOOL = None
PATIENCE = float(os.environ.get("ANNOTATION_UPGRADE_TEST_PATIENCE", 1))  # factor of time limits, for slow programs
TINY = (
    "--threads 1 --base-channels 4 --levels 3 --patch-size 32 --maximum-epochs 2 --spacing 0 --precision float32 --quiet"
).split()


def tiny(option, value):
    """TINY with another value of one of its options."""
    place = TINY.index(option) + 1
    return [*TINY[:place], value, *TINY[place + 1 :]]


MHA_TYPES = {
    "MET_UCHAR": np.uint8,
    "MET_SHORT": np.int16,
    "MET_USHORT": np.uint16,
    "MET_UINT": np.uint32,
    "MET_FLOAT": np.float32,
}


def write_mha(path, array, spacing=None, origin=None):
    """Axes of `array` are [z,] y, x; `spacing` and `origin` are x, y[, z]."""
    array = np.asarray(array)
    element = next(name for name, dtype in MHA_TYPES.items() if array.dtype == dtype)
    header = {
        "ObjectType": "Image",
        "NDims": array.ndim,
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "Offset": " ".join(map(str, origin or [0] * array.ndim)),
        "ElementSpacing": " ".join(map(str, spacing or [1] * array.ndim)),
        "DimSize": " ".join(map(str, array.shape[::-1])),
        "ElementType": element,
        "ElementDataFile": "LOCAL",
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{k} = {v}\n" for k, v in header.items()).encode() + array.tobytes())


def read_mha(path):
    """The array, and the header as a dictionary."""
    header = {}
    with open(path, "rb") as file:
        while "ElementDataFile" not in header:
            key, value = file.readline().decode().split(" = ", 1)
            header[key] = value.strip()
        data = file.read()
    if header.get("CompressedData") == "True":
        data = zlib.decompress(data)
    shape = [int(n) for n in header["DimSize"].split()][::-1]
    return np.frombuffer(data, MHA_TYPES[header["ElementType"]]).reshape(shape), header


def write_png(path, array, palette=None):
    """Grey or RGB of 8 or 16 bits, with opacity or without, or indices into a palette."""
    colour = 3 if palette is not None else {1: 0, 2: 4, 3: 2, 4: 6}[array.shape[2] if array.ndim == 3 else 1]
    rows = array.astype(array.dtype.newbyteorder(">")).reshape(array.shape[0], -1)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    path.parent.mkdir(parents=True, exist_ok=True)
    ihdr = struct.pack(">IIBBBBB", array.shape[1], array.shape[0], 8 * array.dtype.itemsize, colour, 0, 0, 0)
    plte = chunk(b"PLTE", bytes(np.asarray(palette, np.uint8).ravel())) if palette is not None else b""
    end = chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", ihdr) + plte + end)


def write_tiff(path, array, spacing):
    """Grey of 8 bits, with a resolution that says so many millimetres."""
    height, width = array.shape
    dots = struct.pack("<II", round(10000 / spacing), 1000)  # per centimetre
    fields = [
        *[(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1)],
        *[(278, 4, height), (279, 4, array.size), (282, 5, 8 + array.size), (283, 5, 8 + array.size), (296, 3, 3)],
    ]
    header = struct.pack("<2sHI", b"II", 42, 8 + array.size + len(dots))
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in fields)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header + array.tobytes() + dots + struct.pack("<H", len(fields)) + entries + bytes(4))


def write_nifti(path, array, spacing, origin):
    """Labels of 8 bits, whose axes are [z,] y, x; `spacing` and `origin` are x, y[, z]."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, array.ndim, *array.shape[::-1], *(7 - array.ndim) * [1])
    struct.pack_into("<2h", header, 70, 2, 8)
    struct.pack_into("<8f", header, 76, 1, *spacing, *(7 - array.ndim) * [1])
    struct.pack_into("<2f", header, 108, 352, 1)
    struct.pack_into("<2h", header, 252, 1, 0)
    # x and y point the other way than in ITK.
    struct.pack_into("<6f", header, 256, 0, 0, 1, -origin[0], -origin[1], *origin[2:], *(3 - array.ndim) * [0])
    header[344:348] = b"n+1\0"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(header) + array.tobytes())


def read_png(path):
    """Grey or RGB pixels."""
    data = path.read_bytes()
    position, stream = 8, b""
    while position < len(data):
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        body = data[position + 8 : position + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
        elif kind == b"IDAT":
            stream += body
        position += 12 + length
    channels = {0: 1, 2: 3}[colour]
    step = channels * depth // 8
    raw = np.frombuffer(zlib.decompress(stream), np.uint8).reshape(height, -1)
    rows = np.zeros((height + 1, width * step + step), np.int64)  # a zero row above, a zero pixel to the left
    for y in range(height):
        method, above, row = raw[y, 0], rows[y], rows[y + 1]
        for i, value in enumerate(raw[y, 1:], step):
            left, up, corner = row[i - step], above[i], above[i - step]
            if method == 4:
                guess = left + up - corner
                predicted = min((left, up, corner), key=lambda v: abs(guess - v))
            else:
                predicted = (0, left, up, (left + up) // 2)[method]
            row[i] = (value + predicted) & 255
    pixels = rows[1:, step:].astype(np.uint8).tobytes()
    result = np.frombuffer(pixels, np.dtype(f">u{depth // 8}")).reshape(height, width, channels)
    return result[:, :, 0] if channels == 1 else result


def read_nrrd(path):
    """Pixels of a gzip-compressed volume."""
    header, data = path.read_bytes().split(b"\n\n", 1)
    fields = dict(line.split(": ", 1) for line in header.decode().splitlines() if ": " in line)
    types = {"unsigned char": np.uint8, "unsigned short": np.uint16, "float": np.float32}
    shape = [int(n) for n in fields["sizes"].split()][::-1]
    return np.frombuffer(zlib.decompress(data, wbits=31), types[fields["type"]]).reshape(shape)


def grid_of_cells(count=16, cell=6, pitch=10, dtype=np.uint8):
    """Square cells 1, 2, ... `count`, which do not touch."""
    per_row = int(np.ceil(np.sqrt(count)))
    labels = np.zeros((per_row * pitch, per_row * pitch), dtype)
    for i in range(count):
        y, x = divmod(i, per_row)
        labels[y * pitch + 2 : y * pitch + 2 + cell, x * pitch + 2 : x * pitch + 2 + cell] = i + 1
    return labels


def dice(a, b):
    return 2 * np.count_nonzero((a != 0) & (b != 0)) / (np.count_nonzero(a) + np.count_nonzero(b))


def run(*arguments, **options):
    command = [TOOL, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300 * PATIENCE, **options)


class ToolTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="annotation-upgrade-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def succeed(self, *arguments, **options):
        result = run(*arguments, **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def refuse(self, *arguments, naming=(), **options):
        """The command must fail with one line that names the things, and leave everything as it was."""
        before = self.tree()
        result = run(*arguments, **options)
        self.assertNotEqual(result.returncode, 0, "it succeeded")
        self.assertGreater(result.returncode, 0, "it crashed")
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 1, result.stderr)
        self.assertTrue(lines[0].startswith(f"annotation-upgrade {arguments[0]}: "), lines[0])
        for thing in [naming] if isinstance(naming, (str, Path)) else naming:
            self.assertIn(str(thing), lines[0])
        self.assertNotRegex(lines[0], r"\(0x[0-9a-f]+\)", "it names an object by its address")
        self.assertEqual(self.tree(), before, "something was left behind")
        return lines[0]

    def interrupt(self, *arguments, kind=signal.SIGINT):
        """The command must stop at a signal that comes when the first of several files is done, and leave nothing."""
        before = self.tree()
        process = subprocess.Popen([TOOL, *map(str, arguments)], stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 120 * PATIENCE
        while not any(self.folder.glob(".annotation-upgrade-*/*")):
            self.assertIsNone(process.poll(), "it was over before the signal")
            self.assertLess(time.monotonic(), deadline, "it writes nothing")
            time.sleep(0.002)
        process.send_signal(kind)
        _, message = process.communicate(timeout=60 * PATIENCE)
        self.assertEqual(process.returncode, 128 + kind, message)
        self.assertEqual(message, f"annotation-upgrade {arguments[0]}: interrupted\n")
        self.assertEqual(self.tree(), before, "something was left behind")

    def unprivileged(self):
        """Options of run() that take away root's right to read and write everything."""
        if os.geteuid() != 0:
            return {}
        self.folder.chmod(0o777)
        options = {"user": 65534}
        try:
            run("--help", **options)
        except PermissionError:
            self.skipTest("the program can be run by root alone")
        return options

    def small_disk(self):
        """A folder with room for 16 kB."""
        disk = self.folder / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], capture_output=True).returncode:
            self.skipTest("a small file system cannot be mounted")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        return disk

    def peak_memory(self, *arguments):
        """Of the command, in MiB."""
        process = subprocess.Popen([TOOL, *map(str, arguments)], stderr=subprocess.PIPE, text=True)
        with process.stderr:
            message = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0, message)
        return usage.ru_maxrss / 1024

    def tree(self):
        return sorted(str(path) for path in self.folder.rglob("*"))

    def labels(self, name="labels", count=3, dtype=np.uint8):
        """A folder of label images a1, a2, a10, ..."""
        for number in [1, 2, 10, 11][:count]:
            write_mha(self.folder / name / f"a{number}.mha", grid_of_cells(16 + number, dtype=dtype))
        return self.folder / name


class Help(ToolTest):
    def test_every_command_has_the_common_options_and_shows_defaults(self):
        overview = self.succeed("--help").stdout
        commands = ["simulate", "import", "segments", "perturb", "evaluate"]
        if has_networks():
            commands += ["train-upgrade", "upgrade", "train-segment", "segment", "run"]
        for command in commands:
            self.assertIn(command, overview)
            text = self.succeed(command, "--help").stdout
            for option in ["--seed N=1", "--device", "--quiet", "--threads", "--help"]:
                self.assertIn(option, text, command)

    def test_wrong_usage(self):
        for arguments in [[], ["nonsense"], ["perturb"], ["perturb", "--nonsense"]]:
            result = run(*arguments)
            self.assertEqual(result.returncode, 2)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
            self.assertTrue(result.stderr.startswith("annotation-upgrade"), result.stderr)


class Simulate(ToolTest):
    def test_slices(self):
        out = self.folder / "deep" / "out"
        self.succeed("simulate", "--output", out, "--cells", "combined", "--volumes", 2, "--size", 96, 80)
        names = [f"{part}/cells_{i}.png" for part in ["candidates", "images", "labels"] for i in [1, 2]]
        self.assertEqual(sorted(str(p.relative_to(out)) for p in out.rglob("*.png")), names)
        images = [read_png(out / "images" / f"cells_{i}.png") for i in [1, 2]]
        labels = read_png(out / "labels" / "cells_1.png")
        candidates = read_png(out / "candidates" / "cells_1.png")
        self.assertEqual(images[0].shape, (80, 96))
        self.assertFalse(np.array_equal(*images))
        self.assertGreater(labels.max(), 1)
        self.assertGreater(candidates.max(), 1)
        self.assertFalse(np.any((labels > 0) & (candidates > 0)))

    def test_volumes_do_not_depend_on_their_number(self):
        for name, count in [("one", 1), ("two", 2)]:
            self.succeed("simulate", "--output", self.folder / name, "--volumes", count, "--size", 64, 48, 16)
        labels, header = read_mha(self.folder / "one" / "labels" / "cells_1.mha")
        self.assertEqual(header["NDims"], "3")
        self.assertEqual(labels.shape, (16, 48, 64))
        again, _ = read_mha(self.folder / "two" / "labels" / "cells_1.mha")
        np.testing.assert_array_equal(labels, again)
        self.assertFalse((self.folder / "one" / "candidates").exists())

    def test_refusals(self):
        out = self.folder / "out"
        self.refuse("simulate", "--output", out, "--cells", "red", naming=["--cells", "red"])
        self.refuse("simulate", "--output", out, "--size", 0, 64, naming="--size")


class Perturb(ToolTest):
    def perturb(self, labels, name, *options):
        self.succeed("perturb", "--labels", labels, "--output", self.folder / name, *options)
        return self.folder / name

    def test_omission_of_a_folder(self):
        labels = self.labels()
        (labels / "notes.txt").write_text("no image")
        out = self.perturb(labels, "out", "--omission", 0.25)
        self.assertEqual(sorted(p.name for p in out.iterdir()), ["a1.mha", "a10.mha", "a2.mha"])
        for path in out.iterdir():
            good, _ = read_mha(labels / path.name)
            poor, _ = read_mha(path)
            kept = set(np.unique(poor)) - {0}
            count = good.max()
            self.assertEqual(len(kept), count - int(0.25 * count + 0.5))
            np.testing.assert_array_equal(poor, np.where(np.isin(good, list(kept)), good, 0))

    def test_seed_and_single_files(self):
        labels = self.labels()
        read = lambda folder: read_mha(folder / "a2.mha")[0]
        first = read(self.perturb(labels, "first", "--omission", 0.5, "--seed", 7))
        np.testing.assert_array_equal(first, read(self.perturb(labels, "again", "--omission", 0.5, "--seed", 7)))
        np.testing.assert_array_equal(
            first, read(self.perturb(labels, "threads", "--omission", 0.5, "--seed", 7, "--threads", 1))
        )
        self.assertFalse(np.array_equal(first, read(self.perturb(labels, "other", "--omission", 0.5, "--seed", 8))))
        single = self.perturb(labels / "a2.mha", "single.mha", "--omission", 0.5, "--seed", 7)
        np.testing.assert_array_equal(first, read_mha(single)[0])

    def test_ignored_pixels_stay(self):
        cells = grid_of_cells()
        known, ignored = cells.copy(), cells.copy()
        known[:, :15] = 0
        ignored[:, :15] = 255
        write_mha(self.folder / "known" / "a.mha", known)
        write_mha(self.folder / "ignored" / "a.mha", ignored)
        dilation = ["--bias", 3, "--bias-operation", "dilation"]
        for number, options in enumerate([["--omission", 0.5], dilation, ["--salt-and-pepper", 0.3]]):
            expected, _ = read_mha(self.perturb(self.folder / "known", f"known{number}", *options) / "a.mha")
            out = self.perturb(self.folder / "ignored", f"ignored{number}", *options, "--ignore-label", 255)
            np.testing.assert_array_equal(read_mha(out / "a.mha")[0], np.where(ignored == 255, 255, expected))
            self.assertFalse(np.array_equal(expected, known))
        # Salt takes the smallest label that is free, which the ignored one is not.
        near = np.where(known > 0, 1, 0).astype(np.uint8)
        near[:, :15] = 2
        write_mha(self.folder / "near.mha", near)
        out = self.perturb(self.folder / "near.mha", "salted.mha", "--salt-and-pepper", 0.3, "--ignore-label", 2)
        salted, _ = read_mha(out)
        np.testing.assert_array_equal(salted == 2, near == 2)
        self.assertGreater(np.count_nonzero(salted == 3), 20)
        self.refuse(
            *["perturb", "--labels", self.folder / "near.mha", "--salt-and-pepper", 0.3, "--ignore-label", 0],
            *["--output", self.folder / "zero.mha"],
            naming=["--ignore-label", "background"],
        )
        ignored[(ignored > 0) & (ignored < 255)] = 1
        write_mha(self.folder / "ignored" / "a.mha", ignored)
        perturb = ["perturb", "--labels", self.folder / "ignored", "--omission", 0.5, "--ignore-label", 255]
        self.refuse(*perturb, "--output", self.folder / "mask", naming=["a.mha", "one label for"])

    def test_images_of_a_set_have_draws_of_their_own(self):
        for i in range(12):
            write_mha(self.folder / "labels" / f"{i}.mha", grid_of_cells())
        out = self.perturb(self.folder / "labels", "out", "--bias", 2)
        areas = {np.count_nonzero(read_mha(out / f"{i}.mha")[0]) for i in range(12)}
        self.assertGreater(len(areas), 2)

    def test_type_spacing_and_origin_stay(self):
        for dtype in [np.uint8, np.int16, np.uint16, np.uint32]:
            path = self.folder / "labels.mha"
            write_mha(path, grid_of_cells(dtype=dtype), spacing=[0.5, 0.25], origin=[3, -4])
            poor, header = read_mha(self.perturb(path, "out.mha", "--omission", 0.5))
            self.assertEqual(poor.dtype, dtype)
            self.assertEqual(header["ElementSpacing"], "0.5 0.25")
            self.assertEqual(header["Offset"], "3 -4")

    def test_omission_refuses_masks(self):
        folder = self.folder / "labels"
        mask = (grid_of_cells() > 0).astype(np.uint8)
        write_mha(folder / "a1.mha", mask)
        write_mha(folder / "a2.mha", mask)
        perturb = ["perturb", "--labels", folder, "--output", self.folder / "out"]
        self.refuse(*perturb, "--omission", 0.5, naming=["a1.mha", "16 parts"])
        self.assertFalse((self.folder / "out").exists())
        self.succeed(*perturb, "--bias", 1, "--omission", 0, "--inclusion", 0)
        write_mha(folder / "a2.mha", grid_of_cells())  # so that a1 is a cell in several parts
        poor = self.perturb(folder, "poor", "--omission", 1)
        self.assertEqual(np.count_nonzero(read_mha(poor / "a1.mha")[0]), 0)

    def test_pixels_beside_their_header(self):
        path = self.folder / "labels.mha"
        write_mha(path, grid_of_cells())
        self.perturb(path, "pairs/a.hdr", "--omission", 0)
        self.assertEqual({p.name for p in (self.folder / "pairs").iterdir()}, {"a.hdr", "a.img"})
        out = self.perturb(self.folder / "pairs", "out", "--omission", 0)
        self.assertEqual((out / "a.img").read_bytes(), (self.folder / "pairs" / "a.img").read_bytes())

    def test_whole_floating_point_labels_are_labels(self):
        write_mha(self.folder / "labels.mha", grid_of_cells().astype(np.float32))
        poor, _ = read_mha(self.perturb(self.folder / "labels.mha", "out.mha", "--omission", 0.5))
        self.assertEqual(poor.dtype, np.uint8)
        self.assertEqual(len(np.unique(poor)), 9)

    def test_png_of_16_bits_and_palettes(self):
        labels = grid_of_cells(dtype=np.uint16) * 1000
        write_png(self.folder / "labels" / "deep.png", labels)
        palette = np.random.default_rng(1).integers(0, 256, (17, 3))
        write_png(self.folder / "labels" / "palette.png", grid_of_cells(), palette)
        out = self.perturb(self.folder / "labels", "out", "--omission", 0.5)
        deep = read_png(out / "deep.png")
        self.assertEqual(len(np.unique(deep)), 9)
        self.assertTrue(np.all(np.isin(deep, labels)))
        indices = read_png(out / "palette.png")
        self.assertEqual(len(np.unique(indices)), 9)
        self.assertTrue(np.all((indices == 0) | (indices == grid_of_cells())))

    def test_inclusion_widens_the_type_where_needed(self):
        write_mha(self.folder / "labels.mha", np.where(grid_of_cells() > 0, 255, 0).astype(np.uint8))
        others = np.zeros((40, 40), np.uint8)
        others[:2, :2] = 255
        write_mha(self.folder / "others.mha", others)
        poor, _ = read_mha(
            self.perturb(
                self.folder / "labels.mha", "out.mha", "--inclusion", 1, "--candidates", self.folder / "others.mha"
            )
        )
        self.assertTrue(np.all((poor > 0) == ((others > 0) | (grid_of_cells() > 0))))
        self.assertEqual(len(np.unique(poor)), 3)

    def test_bias_as_asked_for(self):
        try:
            from scipy import ndimage
        except ImportError:
            self.skipTest("SciPy is missing")
        box = np.ones((3, 3))

        def erode(mask, q):
            return ndimage.binary_erosion(mask, box, q, border_value=1)

        cells = np.kron(np.arange(1, 10).reshape(3, 3), np.ones((9, 9))).astype(np.uint8)
        cells = np.pad(cells, ((0, 12), (10, 0)))  # they touch each other and the border
        path = self.folder / "labels.mha"
        write_mha(path, cells)
        for q in [1, 3]:
            forced = ["--bias-iterations", q, "--bias-operation"]
            poor, _ = read_mha(self.perturb(path, "out.mha", *forced, "dilation"))
            np.testing.assert_array_equal(poor > 0, ndimage.binary_dilation(cells > 0, box, q))
            poor, _ = read_mha(self.perturb(path, "out.mha", *forced, "erosion"))
            np.testing.assert_array_equal(poor, np.where(erode(cells > 0, q), cells, 0))
            poor, _ = read_mha(self.perturb(path, "out.mha", *forced, "erosion", "--bias-per-cell"))
            alone = np.any([erode(cells == label, q) for label in range(1, 10)], axis=0)
            np.testing.assert_array_equal(poor, np.where(alone, cells, 0))

    def test_bias_draws_what_is_not_asked_for(self):
        for i in range(20):
            write_mha(self.folder / "labels" / f"{i}.mha", grid_of_cells(cell=8, pitch=18))

        def widths(*options):
            """Of the cells, by image."""
            out = self.perturb(self.folder / "labels", "out", *options)
            images = [read_mha(out / f"{i}.mha")[0] for i in range(20)]
            return [[int(np.sqrt(np.count_nonzero(poor == cell))) for cell in range(1, 17)] for poor in images]

        annotations = widths("--bias", 2)
        self.assertTrue(all(len(set(cells)) == 1 for cells in annotations), annotations)
        self.assertEqual({cells[0] for cells in annotations}, {4, 6, 10, 12})
        self.assertEqual({width for cells in widths("--bias", 2, "--bias-per-cell") for width in cells}, {4, 6, 10, 12})
        self.assertEqual({cells[0] for cells in widths("--bias", 2, "--bias-operation", "erosion")}, {4, 6})
        self.assertEqual({cells[0] for cells in widths("--bias-iterations", 2)}, {4, 12})
        help_text = " ".join(self.succeed("perturb", "--help").stdout.split())
        default = re.search(r"(\d+) if only other options of bias are given", help_text).group(1)
        self.assertEqual(widths("--bias-per-cell"), widths("--bias-per-cell", "--bias", default))

    def test_preset_fills_what_is_not_given(self):
        labels = self.labels(count=1)
        inclusion = ["--candidates", labels]
        for given, filled in [
            ([], ["--omission", 0.5, "--inclusion", 0.1, "--salt-and-pepper", 0.1, "--bias", 6]),
            (["--omission", 0.9, "--bias-iterations", 2], ["--inclusion", 0.1, "--salt-and-pepper", 0.1]),
        ]:
            preset = self.perturb(labels, "preset", *inclusion, *given, "--perturbation-preset", "predictions")
            levels = self.perturb(labels, "levels", *inclusion, *given, *filled)
            np.testing.assert_array_equal(read_mha(preset / "a1.mha")[0], read_mha(levels / "a1.mha")[0])
        self.refuse(
            *["perturb", "--labels", labels, "--output", self.folder / "out", "--perturbation-preset", "magic"],
            naming="--perturbation-preset",
        )

    def test_slice_by_slice(self):
        volume = np.broadcast_to(grid_of_cells(), (6, 40, 40)).copy()
        write_mha(self.folder / "labels.mha", volume)
        whole, _ = read_mha(self.perturb(self.folder / "labels.mha", "whole.mha", "--omission", 0.5))
        slices, _ = read_mha(
            self.perturb(self.folder / "labels.mha", "slices.mha", "--omission", 0.5, "--slice-by-slice")
        )
        self.assertEqual(len({s.tobytes() for s in whole}), 1)
        self.assertGreater(len({s.tobytes() for s in slices}), 1)
        for s in slices:
            self.assertEqual(len(np.unique(s)), 9)

    def test_replaces_files_and_leaves_others(self):
        labels = self.labels()
        out = self.folder / "out"
        out.mkdir()
        (out / "a1.mha").write_text("old")
        (out / "mine.txt").write_text("mine")
        self.perturb(labels, "out", "--omission", 0.5)
        self.assertEqual(sorted(p.name for p in out.iterdir()), ["a1.mha", "a10.mha", "a2.mha", "mine.txt"])
        read_mha(out / "a1.mha")

    def test_progress_appears_on_terminals_alone(self):
        labels = self.labels()
        arguments = ["perturb", "--labels", labels, "--output", self.folder / "out", "--omission", 0.5]
        self.assertEqual(self.succeed(*arguments).stderr, "")
        for quiet in [False, True]:
            ours, theirs = pty.openpty()
            command = [TOOL, *map(str, arguments), *(["--quiet"] if quiet else [])]
            self.assertEqual(subprocess.run(command, stderr=theirs, timeout=60 * PATIENCE).returncode, 0)
            os.set_blocking(ours, False)
            try:
                text = os.read(ours, 100000).decode()
            except BlockingIOError:
                text = ""
            os.close(theirs)
            os.close(ours)
            self.assertEqual("%" in text, not quiet, text)

    def test_refusals(self):
        labels = self.labels()
        out = self.folder / "out"
        perturb = ["perturb", "--labels", labels, "--output", out]
        self.refuse(*perturb, naming="--omission")
        self.refuse(*perturb, "--omission", 1.5, naming=["--omission", "1.5"])
        self.refuse(*perturb, "--omission", -0.1, naming=["--omission", "-0.1"])
        self.refuse(*perturb, "--salt-and-pepper", 2, naming="--salt-and-pepper")
        self.refuse(*perturb, "--omission", "nan", naming="--omission")
        self.refuse(*perturb, "--bias", 0, naming="--bias")
        self.refuse(*perturb, "--bias-iterations", 0, naming="--bias-iterations")
        self.refuse(*perturb, "--bias-iterations", 2, "--bias", 3, naming=["--bias-iterations", "--bias"])
        self.refuse(*perturb, "--bias-operation", "opening", naming=["--bias-operation", "opening"])
        self.refuse(*perturb, "--inclusion", 0.5, naming=["--inclusion", "--candidates"])
        self.refuse(*perturb, "--inclusion", 0.5, "--candidates", labels / "a1.mha", naming="a2.mha")
        self.refuse(*perturb, "--omission", 0.5, "--slice-by-slice", "--slice-axis", 3, naming="SliceAxis")

        others = self.folder / "others.mha"
        include = ["perturb", "--labels", labels / "a1.mha", "--candidates", others, "--inclusion", 1, "--output", out]
        for text, changed in [
            ("[50, 30", dict(array=grid_of_cells(17)[:30])),
            ("0.5", dict(array=grid_of_cells(17), spacing=[0.5, 0.5])),
            ("2.5", dict(array=grid_of_cells(17), origin=[0, 2.5])),
        ]:
            write_mha(others, **changed)
            self.refuse(*include, naming=[labels / "a1.mha", others, text])

        missing = self.folder / "missing"
        self.refuse("perturb", "--labels", missing, "--output", out, "--bias", 1, naming=missing)
        link = self.folder / "links" / "gone.mha"
        link.parent.mkdir()
        link.symlink_to(missing)
        self.refuse("perturb", "--labels", link.parent, "--output", out, "--bias", 1, naming=link)
        empty = self.folder / "empty"
        empty.mkdir()
        (empty / "notes.txt").write_text("no image")
        self.refuse("perturb", "--labels", empty, "--output", out, "--bias", 1, naming=empty)

    def test_refused_files(self):
        out = self.folder / "out"
        path = self.folder / "bad.mha"

        def refuse(*naming):
            self.refuse("perturb", "--labels", path, "--output", out, "--bias", 1, naming=[path, *naming])

        path.write_text("this is no image")
        refuse()
        write_mha(path, grid_of_cells())
        path.write_bytes(path.read_bytes()[:-500])
        refuse()
        for value in [1.5, -1.0, np.nan, np.inf, 2.0**32]:
            labels = grid_of_cells().astype(np.float32)
            labels[3, 5] = value
            write_mha(path, labels)
            refuse("[5, 3, 0]")
        write_mha(path, -grid_of_cells(dtype=np.int16))
        refuse("-1")
        path = self.folder / "colour.png"
        write_png(path, np.zeros((20, 20, 3), np.uint8))
        refuse("3 channels")

    def test_file_that_must_not_be_read(self):
        path = self.folder / "labels" / "secret.mha"
        write_mha(path, grid_of_cells())
        path.chmod(0)
        self.refuse(
            *["perturb", "--labels", path, "--output", self.folder / "out", "--bias", 1],
            naming=path,
            **self.unprivileged(),
        )

    def test_interrupt(self):
        labels = self.folder / "labels"
        write_mha(labels / "0.mha", grid_of_cells(1600, dtype=np.uint16))
        for i in range(1, 200):
            os.link(labels / "0.mha", labels / f"{i}.mha")
        for kind in [signal.SIGINT, signal.SIGTERM]:
            self.interrupt("perturb", "--labels", labels, "--output", self.folder / "out", "--bias", 3, kind=kind)

    def test_one_bad_file_of_a_set_leaves_no_output(self):
        labels = self.labels()
        (labels / "b.mha").write_text("this is no image")
        self.refuse("perturb", "--labels", labels, "--output", self.folder / "out", "--bias", 1, naming="b.mha")
        existing = self.folder / "existing"
        existing.mkdir()
        self.refuse("perturb", "--labels", labels, "--output", existing, "--bias", 1, naming="b.mha")

    def test_twins(self):
        labels = self.labels()
        write_png(labels / "a1.png", grid_of_cells())
        self.refuse(
            "perturb", "--labels", labels, "--output", self.folder / "out", "--bias", 1, naming=["a1.mha", "a1.png"]
        )

    def test_format_that_cannot_hold_the_labels(self):
        path = self.folder / "labels.mha"
        write_mha(path, grid_of_cells(dtype=np.uint32) * 10000)
        for name in ["out.png", "out.jpg"]:
            message = self.refuse(
                "perturb", "--labels", path, "--output", self.folder / name, "--omission", 0, naming=name
            )
            self.assertIn("160000", message)

    def test_output_that_cannot_be_written(self):
        labels = self.labels()
        (self.folder / "file").write_text("")
        self.refuse("perturb", "--labels", labels, "--output", self.folder / "file", "--bias", 1, naming="file")
        self.refuse("perturb", "--labels", labels, "--output", self.folder / "file" / "out", "--bias", 1, naming="out")
        locked = self.folder / "locked"
        locked.mkdir(mode=0o555)
        for out in [locked, locked / "out"]:
            self.refuse(
                *["perturb", "--labels", labels, "--output", out, "--bias", 1],
                naming="locked",
                **self.unprivileged(),
            )

    def test_full_disk(self):
        disk = self.small_disk()
        noise = np.random.default_rng(1).integers(0, 60000, (100, 100)).astype(np.uint16)
        write_png(self.folder / "labels" / "noise.png", noise)
        write_mha(self.folder / "labels" / "volume.mha", noise)
        for name in ["noise.png", "volume.mha"]:
            for out in [disk / name, disk / "new"]:
                self.refuse(
                    *["perturb", "--labels", self.folder / "labels" / name, "--output", out, "--omission", 0.01],
                    naming=name,
                )


class Files(ToolTest):
    def test_print_resolution_is_no_pixel_size(self):
        cells = grid_of_cells()
        write_mha(self.folder / "truth.mha", cells)
        evaluate = ["evaluate", "--labels", self.folder / "labels.tif", "--reference", self.folder / "truth.mha"]
        for spacing in [0.02, 25.4 / 300, 25.4 / 72]:
            write_tiff(self.folder / "labels.tif", cells, spacing)
            self.succeed(*evaluate)
        write_tiff(self.folder / "labels.tif", cells, 0.01)
        self.refuse(*evaluate, naming=["labels.tif has spacing [0.01", "truth.mha has spacing [1, 1"])

    def test_formats_of_single_precision(self):
        volume = np.stack(3 * [grid_of_cells()])
        place = dict(spacing=[0.1, 0.3, 0.7], origin=[-123.456, 78.91, 1000.123])
        write_mha(self.folder / "a.mha", volume, **place)
        write_nifti(self.folder / "a.nii", volume, **place)
        perturb = ["perturb", "--inclusion", 1, "--output", self.folder / "out.mha"]
        paths = [self.folder / "a.mha", self.folder / "a.nii"]
        for labels, others in [paths, paths[::-1]]:
            self.succeed("evaluate", "--labels", labels, "--reference", others)
            self.succeed(*perturb, "--labels", labels, "--candidates", others)

    def test_differences_are_told_with_all_digits(self):
        write_mha(self.folder / "a.mha", grid_of_cells())
        write_mha(self.folder / "b.mha", grid_of_cells(), spacing=[1, 1.00123456789])
        message = self.refuse(
            *["evaluate", "--labels", self.folder / "b.mha", "--reference", self.folder / "a.mha"],
            naming=["b.mha has spacing [1, 1.00123456789", "a.mha has spacing [1, 1"],
        )
        self.assertNotRegex(message, "origin|size|direction")

    def test_volumes_in_formats_of_two_dimensions(self):
        volume = np.stack([grid_of_cells(), 2 * grid_of_cells()])
        write_mha(self.folder / "labels.mha", volume)
        for name in ["n.png", "n.bmp"]:
            self.refuse(
                *["perturb", "--labels", self.folder / "labels.mha", "--omission", 0.5],
                *["--output", self.folder / name],
                naming=[name, "volume", ".mha"],
            )
        write_mha(self.folder / "slice.mha", volume[:1])
        self.succeed(
            *["perturb", "--labels", self.folder / "slice.mha", "--omission", 0, "--output", self.folder / "n.png"]
        )
        np.testing.assert_array_equal(read_png(self.folder / "n.png"), volume[0])
        self.succeed(
            *["perturb", "--labels", self.folder / "labels.mha", "--omission", 0, "--output", self.folder / "n.tif"]
        )


class InputsAreKept(ToolTest):
    """An output that is an input is refused, whatever leads to it, and nothing is changed."""

    def refuse(self, *arguments, **options):
        before = {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        message = super().refuse(*arguments, **options)
        self.assertIn("would be replaced", message)
        self.assertEqual({path: path.read_bytes() for path in before}, before)

    def test_perturb(self):
        labels, others = self.labels(), self.labels("others")
        path = labels / "a1.mha"
        for given, output in [
            (labels, labels),
            (labels, f"{labels}/"),
            (labels, labels / ".." / "labels"),
            (path, path),
            (path, labels),
        ]:
            self.refuse("perturb", "--labels", given, "--omission", 0.5, "--output", output, naming=output)
        link = self.folder / "link"
        link.symlink_to(labels)
        self.refuse("perturb", "--labels", labels, "--omission", 0.5, "--output", link, naming=link)
        include = ["--labels", labels, "--candidates", others, "--inclusion", 0.5]
        self.refuse("perturb", *include, "--output", others, naming=others)
        relative = dict(cwd=self.folder, naming="labels")
        self.refuse("perturb", "--labels", "labels", "--omission", 0.5, "--output", "labels", **relative)
        linked = self.folder / "linked"
        linked.mkdir()
        (linked / "a1.mha").symlink_to(path)
        self.refuse("perturb", "--labels", linked, "--omission", 0.5, "--output", labels, naming=path)

    def test_other_places_are_no_inputs(self):
        labels = self.labels()
        perturb = ["perturb", "--omission", 0.5, "--labels"]
        self.succeed(*perturb, labels, "--output", labels / "poor")
        self.succeed(*perturb, labels / "a1.mha", "--output", labels / "poor.mha")
        self.succeed(*perturb, labels / "a1.mha", "--output", labels / "poor")

    def test_segments(self):
        write_png(self.folder / "images" / "a.png", np.zeros((20, 20), np.uint8))
        images = self.folder / "images"
        self.refuse("segments", "--images", images, "--output", images, naming=images)

    def test_evaluate(self):
        for option in ["--labels", "--reference"]:
            paths = {"--labels": self.labels() / "a1.mha", "--reference": self.labels("good") / "a1.mha"}
            given = [word for pair in paths.items() for word in pair]
            self.refuse("evaluate", *given, "--json", paths[option], naming=paths[option])


class Segments(ToolTest):
    def halves(self, dtype, channels=()):
        image = np.full((30, 40, *channels), 50, dtype)
        image[:, 25:] = 100
        return image

    def segments(self, image, *options):
        write_png(self.folder / "images" / "a.png", image)
        self.succeed("segments", "--images", self.folder / "images", "--output", self.folder / "segments", *options)
        return read_png(self.folder / "segments" / "a.png")

    def test_opacity_is_no_intensity(self):
        random = np.random.default_rng(1)
        for channels in [1, 3]:
            image = random.integers(0, 255, (30, 40, channels + 1), np.uint8)
            opaque = self.segments(image[..., :channels], "--scale", 20)
            self.assertGreater(opaque.max(), 5)
            np.testing.assert_array_equal(self.segments(image, "--scale", 20), opaque)

    def test_flat_halves(self):
        for image in [self.halves(np.uint8), self.halves(np.uint8, (3,))]:
            segments = self.segments(image, "--sigma", 0)
            np.testing.assert_array_equal(segments, 1 + (image.reshape(30, 40, -1)[:, :, 0] == 100))
            self.assertEqual(self.segments(image, "--sigma", 0, "--minimum-size", 451).max(), 1)

    def test_scale_is_for_images_of_255(self):
        step = 50 * 255 / 100 * 750  # times the pixels of the larger half
        for dtype, factor in [(np.uint8, 1), (np.uint16, 300)]:
            image = self.halves(dtype) * dtype(factor)
            self.assertEqual(self.segments(image, "--sigma", 0, "--scale", 0.999 * step).max(), 2)
            self.assertEqual(self.segments(image, "--sigma", 0, "--scale", 1.001 * step).max(), 1)

    def test_are_candidates(self):
        noise = np.random.default_rng(1).integers(0, 255, (60, 60), np.uint8)
        segments = self.segments(noise, "--scale", 100)
        self.assertGreater(segments.max(), 10)
        write_png(self.folder / "labels" / "a.png", np.zeros((60, 60), np.uint8))
        labels, candidates, out = (self.folder / name for name in ["labels", "segments", "out"])
        self.succeed(
            *["perturb", "--labels", labels, "--candidates", candidates, "--inclusion", 0.1, "--output", out]
        )
        included = np.setdiff1d(read_png(out / "a.png"), [0])
        self.assertEqual(len(included), int(0.1 * segments.max() + 0.5))

    def test_refusals(self):
        self.segments(self.halves(np.uint8))
        images = ["segments", "--images", self.folder / "images", "--output", self.folder / "out"]
        self.refuse(*images, "--sigma", -1, naming=["a.png", "Sigma"])
        self.refuse(*images, "--scale", -1, naming=["a.png", "Scale"])


class Evaluate(ToolTest):
    def test_scores(self):
        good, poor = self.labels("good"), self.labels("poor")
        true = test = both = 0
        expected = {}
        for path in poor.iterdir():
            labels, _ = read_mha(path)
            labels = labels.copy()
            labels[labels % 3 == 0] = 0
            labels[:3] = 255
            write_mha(path, labels)
            truth, _ = read_mha(good / path.name)
            expected[path.stem] = dice(labels, truth)
            true, test = true + np.count_nonzero(truth), test + np.count_nonzero(labels)
            both += np.count_nonzero((labels > 0) & (truth > 0))
        file = self.folder / "score.json"
        table = self.succeed("evaluate", "--labels", poor, "--reference", good, "--json", file).stdout
        score = json.loads(file.read_text())
        self.assertAlmostEqual(score["dice"], 2 * both / (true + test), places=12)
        self.assertEqual([image["name"] for image in score["images"]], ["a1", "a2", "a10"])
        for image in score["images"]:
            self.assertAlmostEqual(image["dice"], expected[image["name"]], places=12)
            self.assertRegex(table, rf"(?m)^{image['name']} +{image['dice']:.4f}$")

    def test_ignored_pixels_do_not_count(self):
        truth, labels = grid_of_cells().astype(np.uint16), grid_of_cells().astype(np.uint16)
        truth[:7] = 65000
        labels[:, :9] = 0
        write_mha(self.folder / "truth" / "a.mha", truth)
        write_mha(self.folder / "labels" / "a.mha", labels)
        file = self.folder / "score.json"
        evaluate = ["evaluate", "--labels", self.folder / "labels", "--reference", self.folder / "truth", "--json", file]
        scores = []
        for options in [[], ["--ignore-label", 65000]]:
            self.succeed(*evaluate, *options)
            scores.append(json.loads(file.read_text())["dice"])
        np.testing.assert_allclose(scores, [dice(labels, truth), dice(labels[7:], truth[7:])])
        self.assertNotAlmostEqual(*scores, places=2)

    def test_any_value_is_foreground_and_formats_may_differ(self):
        write_png(self.folder / "mask" / "a.png", np.where(grid_of_cells() > 0, 255, 0).astype(np.uint8))
        write_mha(self.folder / "cells" / "a.mha", grid_of_cells())
        file = self.folder / "score.json"
        self.succeed(
            "evaluate", "--labels", self.folder / "mask", "--reference", self.folder / "cells", "--json", file
        )
        self.assertEqual(json.loads(file.read_text())["dice"], 1.0)

    def test_refusals(self):
        good, poor = self.labels("good"), self.labels("poor")
        file = self.folder / "score.json"
        evaluate = ["evaluate", "--labels", poor, "--reference", good, "--json", file]
        write_mha(poor / "extra.mha", grid_of_cells())
        self.refuse(*evaluate, naming=poor / "extra.mha")
        (poor / "extra.mha").unlink()
        write_mha(good / "extra.mha", grid_of_cells())
        self.refuse(*evaluate, naming=good / "extra.mha")
        (good / "extra.mha").unlink()

        cells, _ = read_mha(good / "a2.mha")
        for values, changed in [
            (["size [50, 40", "size [50, 50"], dict(array=cells[:40])),
            (["spacing [1, 0.5", "spacing [1, 1"], dict(array=cells, spacing=[1, 0.5])),
            (["origin [7, 0", "origin [0, 0"], dict(array=cells, origin=[7, 0])),
        ]:
            write_mha(poor / "a2.mha", **changed)
            self.refuse(*evaluate, naming=[poor / "a2.mha", good / "a2.mha", *values])


class Networks(ToolTest):
    """A tiny data set, and tiny networks that were trained on it."""

    @classmethod
    def setUpClass(cls):
        if not has_networks():
            raise unittest.SkipTest("the program was built without networks")
        cls.shared = Path(tempfile.mkdtemp(prefix="annotation-upgrade-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        cls.images, cls.labels_, cls.candidates = (cls.shared / "data" / n for n in ["images", "labels", "candidates"])
        cls.upgrade_model, cls.segment_model = cls.shared / "upgrade.unet", cls.shared / "segment.unet"
        for command in [
            ["simulate", "--output", cls.shared / "data", "--cells", "combined", "--volumes", 3, "--size", 64, 48],
            ["train-upgrade", *cls.data(), "--omission", 0.5, "--output", cls.upgrade_model, *TINY],
            ["train-segment", *cls.data(), "--output", cls.segment_model, *TINY],
        ]:
            result = run(*command)
            if result.returncode:
                raise AssertionError(result.stderr)

    @classmethod
    def data(cls):
        return ["--images", cls.images, "--labels", cls.labels_]

    def segment(self, *options, images=None, model=None, output="out"):
        self.succeed(
            *["segment", "--model", model or self.segment_model, "--images", images or self.images],
            *["--output", self.folder / output, *options],
        )
        return self.folder / output


class Train(Networks):
    def test_leaves_a_model_and_nothing_else(self):
        names = sorted(p.name for p in self.shared.iterdir())
        self.assertEqual(names, ["data", "segment.unet", "upgrade.unet"])

    def test_same_seed_same_file(self):
        for name, seed in [("first", 1), ("again", 1), ("other", 2)]:
            self.succeed("train-segment", *self.data(), "--output", self.folder / name, *TINY, "--seed", seed)
        self.assertEqual((self.folder / "first").read_bytes(), (self.folder / "again").read_bytes())
        first, other = (
            self.segment("--probability", model=self.folder / name, output=f"{name}-out", images=self.images / "cells_1.png")
            for name in ("first", "other")
        )
        self.assertNotEqual(*((folder / "cells_1.tif").read_bytes() for folder in (first, other)))

    def test_several_sets_and_all_perturbations(self):
        self.succeed(
            *["train-upgrade", *self.data(), "--candidates", self.candidates],
            *["--omission", 0.5, "--inclusion", 0.5, "--salt-and-pepper", 0.1],
            *["--bias", 2, "--bias-operation", "erosion", "--bias-per-cell"],
            *["--output", self.folder / "upgrade.unet", *TINY],
        )
        self.succeed("train-segment", *self.data(), *self.data(), "--output", self.folder / "segment.unet", *TINY)

    def test_ignored_pixels_teach_nothing(self):
        def probabilities(command, value, *options):
            """After training on annotations whose left half has this value."""
            labels, model = self.folder / "labels", self.folder / "model.unet"
            for path in self.labels_.iterdir():
                marked = read_png(path).astype(np.uint16)
                marked[:, :32] = value
                write_png(labels / path.name, marked)
            self.succeed(
                *[command, "--images", self.images, "--labels", labels, "--output", model, *TINY, *options],
                *(["--bias", 2] if command == "train-upgrade" else []),
            )
            name = "cells_1.png"
            inputs = ["--images", self.images / name, *(["--labels", self.labels_ / name] if "up" in command else [])]
            apply = "upgrade" if "up" in command else "segment"
            out = self.folder / "out.mha"
            self.succeed(apply, "--model", model, *inputs, "--output", out, "--probability")
            return read_mha(out)[0].tobytes()

        for command in ["train-segment", "train-upgrade"]:
            ignored = probabilities(command, 700, "--ignore-label", 700)
            self.assertEqual(ignored, probabilities(command, 65000, "--ignore-label", 65000))
            self.assertNotEqual(ignored, probabilities(command, 700), "as a cell")
            self.assertNotEqual(ignored, probabilities(command, 0), "as background")

    def test_preset_gives_way_to_options(self):
        self.succeed(
            *["train-segment", *self.data(), "--output", self.folder / "paper.unet", *TINY, "--preset", "paper"]
        )
        self.assertLess((self.folder / "paper.unet").stat().st_size, 1 << 20)

    def test_volumes_as_slices_and_whole(self):
        self.succeed("simulate", "--output", self.folder / "data", "--volumes", 2, "--size", 48, 40, 16, "--quiet")
        data = ["--images", self.folder / "data" / "images", "--labels", self.folder / "data" / "labels"]
        for dimension in [2, 3]:
            model = self.folder / f"{dimension}.unet"
            self.succeed(
                *["train-segment", *data, "--output", model, *tiny("--patch-size", 16), "--dimension", dimension]
            )
            out = self.segment(model=model, images=self.folder / "data" / "images", output=f"out{dimension}")
            result, header = read_mha(out / "cells_1.mha")
            self.assertEqual(result.shape, (16, 40, 48))
        self.refuse(
            *["train-segment", *self.data(), "--output", self.folder / "out", *TINY, "--dimension", 3],
            naming=["cells_1.png", "volumes"],
        )

    def test_chosen_slices(self):
        """Training on --slices is training on these slices."""
        volumes, cut = self.folder / "volumes", self.folder / "cut"
        self.succeed("simulate", "--output", volumes, "--volumes", 2, "--size", 48, 40, 24, "--quiet")
        labels = [read_mha(volumes / "labels" / f"cells_{v}.mha")[0] for v in [1, 2]]
        for k in range(3):
            v = k % 2
            with_cells = np.flatnonzero(labels[v].any(axis=(1, 2)))
            self.assertGreater(len(with_cells), 5)
            z = with_cells[(2 * k + 1) * len(with_cells) // 6]
            for part in ["images", "labels"]:
                volume = read_mha(volumes / part / f"cells_{v + 1}.mha")[0]
                write_mha(cut / part / f"{v}_{k}.mha", volume[z])
        predictions = []
        for name, data, options in [("chosen", volumes, ["--slices", 3]), ("cut", cut, []), ("all", volumes, [])]:
            model = self.folder / f"{name}.unet"
            data = ["--images", data / "images", "--labels", data / "labels"]
            self.succeed("train-segment", *data, *options, "--output", model, *TINY)
            out = self.segment("--probability", model=model, images=cut / "images" / "0_0.mha", output=f"{name}.mha")
            predictions.append(read_mha(out)[0])
        np.testing.assert_array_equal(predictions[0], predictions[1])
        self.assertFalse(np.array_equal(predictions[0], predictions[2]))

        train = ["train-segment", *self.data(), "--output", self.folder / "out", *TINY]
        for slices in [2, 3]:
            said = self.succeed(*(option for option in train if option != "--quiet"), "--slices", slices).stderr
            self.assertEqual("on the images that it learned from" in said, slices == 2, said)
        self.refuse(*train, "--slices", 4, naming=["--slices 4", "3 slices"])
        volumes = ["--images", volumes / "images", "--labels", volumes / "labels"]
        self.refuse("train-segment", *volumes, "--output", self.folder / "o", *TINY, "--dimension", 3, "--slices", 2)

    def test_interrupted_training_goes_on_to_the_same_weights(self):
        train = ["train-segment", *self.data(), *tiny("--maximum-epochs", 8), "--patience", 8]
        whole, parts = self.folder / "whole.unet", self.folder / "parts.unet"
        checkpoint = self.folder / "parts.unet.checkpoint"
        self.succeed(*train, "--output", whole)

        process = subprocess.Popen(
            [TOOL, *map(str, [*train, "--output", parts])], stderr=subprocess.PIPE, text=True
        )
        deadline = time.monotonic() + 120 * PATIENCE
        while not checkpoint.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=60 * PATIENCE)
        self.assertEqual(process.returncode, 130, message)
        self.assertIn(str(checkpoint), message)
        self.assertEqual(len(message.splitlines()), 1, message)
        self.assertTrue(checkpoint.exists())
        self.assertFalse(parts.exists())

        self.succeed(*train, "--output", parts, "--resume")
        self.assertFalse(checkpoint.exists())
        outputs = [
            self.segment("--probability", model=model, output=model.stem + "-out", images=self.images / "cells_1.png")
            for model in [whole, parts]
        ]
        first, second = [(out / "cells_1.tif").read_bytes() for out in outputs]
        self.assertEqual(first, second)

    def test_what_an_interruption_left_is_not_overwritten(self):
        train = ["train-segment", *self.data(), *TINY, "--output", self.folder / "out"]
        checkpoint = self.folder / "out.checkpoint"
        checkpoint.write_text("hours of work")
        self.refuse(*train, naming=[checkpoint, "--resume", "remove"])
        self.assertEqual(checkpoint.read_text(), "hours of work")

    def test_resume_without_a_checkpoint_says_so(self):
        train = ["train-segment", *self.data(), *TINY, "--output", self.folder / "out", "--resume"]
        train.remove("--quiet")
        self.assertIn(f"no '{self.folder / 'out.checkpoint'}': training begins anew", self.succeed(*train).stderr)

    def test_opacity_teaches_nothing(self):
        names = [f"cells_{i}.png" for i in [1, 2, 3]]
        for channels, seed in [(1, 1), (3, 2)]:
            random = np.random.default_rng(seed)
            models, outputs = [], []
            for kind, extra in [("plain", 0), ("opacity", 1)]:
                folder = self.folder / f"{kind}{channels}"
                for name in names:
                    grey = (read_png(self.images / name) // 32).astype(np.uint8)
                    opacity = random.integers(0, 255, grey.shape, np.uint8)
                    write_png(folder / name, np.stack(channels * [grey] + extra * [opacity], axis=-1))
                model = self.folder / f"{kind}{channels}.unet"
                self.succeed("train-segment", "--images", folder, "--labels", self.labels_, *TINY, "--output", model)
                models.append(model.read_bytes())
                out = self.segment("--probability", model=model, images=folder, output=f"{kind}{channels}-out")
                outputs.append([(out / name).with_suffix(".tif").read_bytes() for name in names])
            self.assertEqual(*models)
            self.assertEqual(*outputs)

    def test_masks_are_sent_to_import(self):
        for path in self.labels_.iterdir():
            write_png(self.folder / "masks" / path.name, (read_png(path) > 0).astype(np.uint8))
        self.refuse(
            *["train-upgrade", "--images", self.images, "--labels", self.folder / "masks", *TINY],
            *["--output", self.folder / "out"],
            naming="annotation-upgrade import --format stack",
        )

    def test_resume_of_another_training_is_refused(self):
        out = self.folder / "out"
        checkpoint = self.folder / "out.checkpoint"
        checkpoint.write_text("this is no checkpoint")
        self.refuse("train-segment", *self.data(), "--output", out, *TINY, "--resume", naming=checkpoint)

    def test_refusals(self):
        out = self.folder / "out.unet"
        train = ["train-segment", "--output", out, *TINY]
        missing = self.folder / "missing"
        self.refuse(*train, "--images", missing, "--labels", self.labels_, naming=missing)
        empty = self.folder / "empty"
        empty.mkdir()
        self.refuse(*train, "--images", self.images, "--labels", empty, naming=empty)
        self.refuse(*train, *self.data(), "--ignore-label", -1, naming=["--ignore-label", "-1"])
        self.refuse(*train, "--images", self.images, "--labels", self.labels_ / "cells_1.png", naming="cells_2.png")
        self.refuse(*train, *self.data(), "--images", self.images, naming=["2 --images", "1 --labels"])
        self.refuse(
            *["train-upgrade", *self.data(), "--inclusion", 0.5, "--output", out, *TINY],
            naming=["--inclusion", "--candidates"],
        )
        self.refuse("train-upgrade", *self.data(), "--omission", 2, "--output", out, *TINY, naming="--omission")
        self.refuse(*train, *self.data(), "--loss", "love", naming=["--loss", "love"])
        self.refuse(*train, *self.data(), "--spacing", "wide", naming=["--spacing", "wide"])
        self.refuse(*train[:3], *tiny("--levels", 1), *self.data(), naming="NumberOfLevels is 1")
        self.refuse(*train[:3], *tiny("--base-channels", -1), *self.data(), naming="--base-channels")
        self.refuse(*train, *self.data(), "--preset", "luxury", naming=["--preset", "luxury"])
        if not Path("/dev/nvidia0").exists():
            self.refuse(*train, *self.data(), "--device", "cuda", naming="cuda")
        self.refuse(*train, *self.data(), "--device", "abacus", naming="abacus")
        (self.folder / "file").write_text("")
        self.refuse(
            *["train-segment", *self.data(), *TINY, "--output", self.folder / "file" / "model.unet"],
            naming="model.unet",
        )

    def test_refused_images(self):
        images, labels = self.folder / "images", self.folder / "labels"
        cells = grid_of_cells()
        write_mha(labels / "a.mha", cells)
        train = ["train-segment", "--images", images, "--labels", labels, "--output", self.folder / "out", *TINY]
        for value in [np.nan, np.inf]:
            image = cells.astype(np.float32)
            image[4, 4] = value
            write_mha(images / "a.mha", image)
            self.refuse(*train, naming="a.mha")
        write_mha(images / "a.mha", cells[:30])
        self.refuse(*train, naming=[images / "a.mha", labels / "a.mha", "[40, 30"])
        write_mha(images / "a.mha", cells, spacing=[0.5, 0.5])
        self.refuse(*train, naming=[images / "a.mha", labels / "a.mha", "0.5"])
        write_mha(images / "a.mha", cells, origin=[2.5, 0])
        self.refuse(*train, naming=[images / "a.mha", labels / "a.mha", "2.5"])
        write_mha(images / "a.mha", cells)
        for nothing in [0, 9]:
            write_mha(labels / "a.mha", np.full_like(cells, nothing))
            self.refuse(*train, "--ignore-label", 9, naming="no cell")
        write_mha(labels / "a.mha", np.where(cells > 0, 0.5, 0).astype(np.float32))
        self.refuse(*train, naming=labels / "a.mha")

    def test_full_disk(self):
        self.refuse(
            *["train-segment", *self.data(), "--output", self.small_disk() / "model.unet", *TINY], naming="model.unet"
        )

    def test_constant_and_small_images_are_fine(self):
        cells = np.zeros((11, 9), np.uint8)
        cells[3:8, 2:7] = 1
        for name in ["a", "b"]:
            write_mha(self.folder / "images" / f"{name}.mha", np.full_like(cells, 0 if name == "a" else 7))
            write_mha(self.folder / "labels" / f"{name}.mha", cells)
        model = self.folder / "model.unet"
        self.succeed(
            *["train-segment", "--images", self.folder / "images", "--labels", self.folder / "labels"],
            *["--output", model, *TINY],
        )
        result, _ = read_mha(self.segment(model=model, images=self.folder / "images") / "a.mha")
        self.assertEqual(result.shape, cells.shape)


class Apply(Networks):
    def upgrade(self, *options, output="out"):
        self.succeed(
            *["upgrade", "--model", self.upgrade_model, *self.data(), "--output", self.folder / output, *options]
        )
        return self.folder / output

    def test_upgrade(self):
        out = self.upgrade()
        self.assertEqual(sorted(p.name for p in out.iterdir()), [f"cells_{i}.png" for i in [1, 2, 3]])
        result = read_png(out / "cells_1.png")
        self.assertEqual(result.dtype.itemsize, 2)  # as the annotations
        self.assertTrue(np.all(result <= 1))
        self.assertEqual(result.shape, (48, 64))

    def test_foreground_value_and_threshold(self):
        plain = read_png(self.upgrade() / "cells_1.png")
        white = read_png(self.upgrade("--foreground-value", 255, output="white") / "cells_1.png")
        np.testing.assert_array_equal(white, 255 * plain)
        everything = read_png(self.upgrade("--threshold", 0, output="all") / "cells_1.png")
        self.assertTrue(np.all(everything == 1))

    def test_probability_decides_the_labels(self):
        volume = np.stack([read_png(self.images / f"cells_{i}.png").astype(np.float32) for i in [1, 2, 3]])
        write_mha(self.folder / "volume.mha", volume, spacing=[1, 1, 4], origin=[1, 2, 3])
        probability, header = read_mha(
            self.segment("--probability", images=self.folder / "volume.mha", output="p.mha")
        )
        self.assertEqual(probability.dtype, np.float32)
        self.assertEqual(header["ElementSpacing"], "1 1 4")
        self.assertEqual(header["Offset"], "1 2 3")
        labels, _ = read_mha(self.segment(images=self.folder / "volume.mha", output="l.mha"))
        np.testing.assert_array_equal(labels, probability >= 0.5)
        tiles, _ = read_mha(self.segment("--tile-size", 16, images=self.folder / "volume.mha", output="t.mha"))
        np.testing.assert_array_equal(labels, tiles)
        for i in range(3):  # a slice of a volume is an image like others
            single = self.segment(images=self.images / f"cells_{i + 1}.png", output=f"{i}.png")
            np.testing.assert_array_equal(read_png(single), labels[i])

    def test_refused_models(self):
        def refuse(command, model, *naming):
            labels = ["--labels", self.labels_] if command == "upgrade" else []
            self.refuse(
                *[command, "--model", model, "--images", self.images, *labels, "--output", self.folder / "out"],
                naming=[model, *naming],
            )

        refuse("segment", self.folder / "missing.unet")
        refuse("upgrade", self.segment_model, "segmentation")
        refuse("segment", self.upgrade_model, "upgrade")
        refuse("segment", self.images / "cells_1.png")
        whole = self.segment_model.read_bytes()
        for length in [0, 10, len(whole) // 2, len(whole) - 1]:
            damaged = self.folder / "damaged.unet"
            damaged.write_bytes(whole[:length])
            refuse("segment", damaged)
        later = self.folder / "later.unet"
        later.write_bytes(re.sub(rb'"version": \d', b'"version": 9', whole, count=1))
        self.assertNotEqual(later.read_bytes(), whole)
        refuse("segment", later, "version 9")

    def test_refused_inputs(self):
        out = self.folder / "out"
        segment = ["segment", "--model", self.segment_model, "--output", out, "--images"]
        colour = self.folder / "colour.png"
        write_png(colour, np.zeros((32, 32, 3), np.uint8))
        self.refuse(*segment, colour, naming=[colour, "3"])
        image = np.ones((32, 32), np.float32)
        for value in [np.nan, np.inf]:
            image[3, 3] = value
            write_mha(self.folder / "bad.mha", image)
            self.refuse(*segment, self.folder / "bad.mha", naming="bad.mha")
        self.refuse(
            *["segment", "--model", self.segment_model, "--images", self.images / "cells_1.png", "--probability"],
            *["--output", self.folder / "out.png"],
            naming="out.png",
        )
        labels = self.folder / "labels"
        shutil.copytree(self.labels_, labels)
        upgrade = ["upgrade", "--model", self.upgrade_model, "--images", self.images, "--labels", labels]
        write_png(labels / "cells_2.png", np.zeros((40, 64), np.uint8))
        self.refuse(*upgrade, "--output", out, naming=[labels / "cells_2.png", self.images / "cells_2.png"])
        (labels / "cells_2.png").unlink()
        for text, changed in [("0.5", dict(spacing=[0.5, 0.5])), ("2.5", dict(origin=[2.5, 0]))]:
            write_mha(labels / "cells_2.mha", np.zeros((48, 64), np.uint8), **changed)
            self.refuse(*upgrade, "--output", out, naming=[labels / "cells_2.mha", self.images / "cells_2.png", text])
        (labels / "cells_2.mha").unlink()
        self.refuse(*upgrade, "--output", out, naming=self.images / "cells_2.png")
        self.refuse(*segment, self.images, "--foreground-value", 0, naming=["--foreground-value", "'0'"])
        if not Path("/dev/nvidia0").exists():
            self.refuse(*segment, self.images, "--device", "cuda", naming="cuda")

    def test_ignored_pixels_of_annotations_stay(self):
        def upgrade(name, left, *options):
            labels = read_png(self.labels_ / "cells_1.png").astype(np.uint16)
            labels[:, :20] = left
            write_png(self.folder / name / "cells_1.png", labels)
            self.succeed(
                *["upgrade", "--model", self.upgrade_model, "--images", self.images / "cells_1.png", *options],
                *["--labels", self.folder / name / "cells_1.png", "--output", self.folder / f"{name}.png"],
            )
            return read_png(self.folder / f"{name}.png")

        threshold = ["--threshold", 0.3]
        expected = upgrade("known", 0, *threshold)
        found = upgrade("ignored", 300, *threshold, "--ignore-label", 300)
        np.testing.assert_array_equal(found[:, :20], 300)
        np.testing.assert_array_equal(found[:, 20:], expected[:, 20:])
        for value, name in [(0, "background"), (1, "cells")]:
            self.refuse(
                *["upgrade", "--model", self.upgrade_model, "--images", self.images, "--labels", self.labels_],
                *["--output", self.folder / "out", "--ignore-label", value],
                naming=["--ignore-label", name],
            )

    def test_units_that_differ(self):
        model = self.folder / "micrometres.unet"
        for name in ["images", "labels"]:
            for i in [1, 2, 3]:
                array = read_png(self.shared / "data" / name / f"cells_{i}.png")
                write_mha(self.folder / name / f"{i}.mha", array.astype(np.uint16), spacing=[0.5, 0.5])
        data = ["--images", self.folder / "images", "--labels", self.folder / "labels"]
        self.succeed("train-segment", *data, *tiny("--spacing", 1), "--output", model)
        segment = ["segment", "--model", model, "--output", self.folder / "out", "--images"]
        for spacing in [0.0005, 500]:
            array, _ = read_mha(self.folder / "images" / "1.mha")
            write_mha(self.folder / "other.mha", array, spacing=[spacing, spacing])
            self.refuse(*segment, self.folder / "other.mha", naming=["other.mha", f"{spacing:g} wide", "network 1"])

    def test_three_dimensional_networks_need_volumes(self):
        volumes, model = self.folder / "volumes", self.folder / "3.unet"
        self.succeed("simulate", "--output", volumes, "--volumes", 2, "--size", 48, 40, 16, "--quiet")
        data = ["--images", volumes / "images", "--labels", volumes / "labels"]
        train = ["train-segment", *data, *tiny("--patch-size", 16), "--dimension", 3, "--output", model]
        self.succeed(*train)
        self.refuse(
            *["segment", "--model", model, "--images", self.images, "--output", self.folder / "out"],
            naming=[self.images / "cells_1.png", "two dimensions", model],
        )

    def test_constant_and_small_images_are_fine(self):
        for shape in [(1, 1), (5, 3), (20, 20)]:
            path, out = self.folder / "constant.mha", self.folder / "out.mha"
            write_mha(path, np.full(shape, 7, np.uint8))
            inputs = ["--images", path, "--labels", path, "--output", out, "--probability"]
            self.succeed("upgrade", "--model", self.upgrade_model, *inputs)
            probability, _ = read_mha(out)
            self.assertEqual(probability.shape, shape)
            self.assertTrue(np.all((probability >= 0) & (probability <= 1)))

    def test_interrupt(self):
        images, labels = self.folder / "images", self.folder / "labels"
        for folder, source in [(images, self.images), (labels, self.labels_)]:
            folder.mkdir()
            for i in range(200):
                shutil.copy(source / "cells_1.png", folder / f"{i}.png")
        self.interrupt(
            *["upgrade", "--model", self.upgrade_model, "--images", images, "--labels", labels],
            *["--output", self.folder / "out"],
        )

    def test_inputs_are_kept(self):
        shutil.copytree(self.shared / "data", self.folder / "data")
        images, labels = (self.folder / "data" / name for name in ["images", "labels"])
        model = shutil.copy(self.upgrade_model, self.folder / "upgrade.unet")
        upgrade = ["upgrade", "--model", model, "--images", images, "--labels", labels]
        single = ["upgrade", "--model", model, "--images", images / "cells_1.png", "--labels", labels / "cells_1.png"]
        segment = ["segment", "--model", self.segment_model, "--images", images]
        train = ["train-segment", *TINY, "--images", images / "cells_1.png", "--labels", labels / "cells_1.png"]
        files = {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        for command, output in [
            (upgrade, images),
            (upgrade, labels),
            (single, images),
            (single, labels / "cells_1.png"),
            (single, model),
            (segment, images),
            (train, images / "cells_1.png"),
            (train, labels / "cells_1.png"),
        ]:
            message = self.refuse(*command, "--output", output, naming=output)
            self.assertIn("would be replaced", message)
        self.assertEqual({path: path.read_bytes() for path in files}, files)

    def test_full_disk(self):
        segment = ["segment", "--model", self.segment_model, "--images", self.images, "--probability"]
        self.refuse(*segment, "--output", self.small_disk() / "out", naming="cells_")


class Run(Networks):
    def test_whole_method(self):
        report, panel, out = self.folder / "report.json", self.folder / "panel.png", self.folder / "out"
        data = [a for p in ["hq", "lq", "test"] for a in [f"--{p}-images", self.images, f"--{p}-labels", self.labels_]]
        table = self.succeed(
            *["run", *data, "--perturb-lq", "--omission", 0.5, "--json", report, "--panel", panel, "--output", out],
            *TINY,
        ).stdout
        scores = json.loads(report.read_text())
        self.assertEqual(set(scores["dice"]), {"low_quality", "upgraded"})
        self.assertEqual(
            set(scores["segmentation"]),
            {"threshold", "low_quality", "high_quality", "high_and_low", "high_and_upgraded"},
        )
        for value in [*scores["dice"].values(), *scores["segmentation"].values()]:
            self.assertTrue(0 <= value <= 1)
            self.assertIn(f"{value:.3f}", table)
        self.assertTrue(all(seconds >= 0 for seconds in scores["seconds"].values()))

        # The parts of the tool agree with what it reports of the whole.
        file = self.folder / "score.json"
        self.succeed("evaluate", "--labels", out / "test/low-quality", "--reference", self.labels_, "--json", file)
        self.assertEqual(json.loads(file.read_text())["dice"], scores["dice"]["low_quality"])
        self.succeed("evaluate", "--labels", out / "test/upgraded", "--reference", self.labels_, "--json", file)
        self.assertEqual(json.loads(file.read_text())["dice"], scores["dice"]["upgraded"])

        picture = read_png(panel)
        self.assertEqual(picture.shape[2], 3)
        self.assertGreater(len(np.unique(picture.reshape(-1, 3), axis=0)), 100)

    def test_data_are_looked_at_first(self):
        """So that nothing is lost when the last set turns out to be wrong."""
        cells, rgb = self.folder / "cells", self.folder / "rgb"
        for i in [1, 2, 3]:
            image = read_png(self.images / f"cells_{i}.png")
            write_png(rgb / f"cells_{i}.png", np.stack(3 * [(image // 32).astype(np.uint8)], axis=-1))
            write_png(cells / f"cells_{i}.png", np.ones((40, 64), np.uint8))
        out = self.folder / "out"

        def refuse(*options, naming, **changed):
            paths = {f"{name}_{kind}": getattr(self, attribute) for name in ["hq", "lq", "test"]
                     for kind, attribute in [("images", "images"), ("labels", "labels_")]}  # fmt: skip
            paths.update(changed)
            data = [word for name, path in paths.items() for word in [f"--{name.replace('_', '-')}", path]]
            self.refuse("run", *data, *TINY, "--output", out, *options, naming=naming)

        refuse(test_images=rgb, naming=[rgb / "cells_1.png", "3 channels", self.images / "cells_1.png"])
        refuse(test_labels=cells, naming=[cells / "cells_1.png", self.images / "cells_1.png", "size [64, 40"])
        (cells / "cells_3.png").unlink()
        refuse(lq_labels=cells, naming=self.images / "cells_3.png")
        refuse(test_images=self.folder / "missing", naming=self.folder / "missing")
        refuse("--dimension", 3, naming=["cells_1.png", "volumes"])
        include = ["--inclusion", 0.5]
        refuse(*include, naming="--hq-candidates")
        include += ["--hq-candidates", self.candidates]
        refuse(*include, naming="--test-candidates")
        refuse(*include, "--perturb-lq", naming="--lq-candidates")
        kept = shutil.copytree(self.labels_, out / "low-quality" / "labels-upgraded")
        refuse(lq_labels=kept, naming=[kept, "would be replaced"])
        refuse("--json", kept / "cells_1.png", hq_labels=kept, naming=[kept, "would be replaced"])

    def test_incomplete_data_is_refused(self):
        self.refuse(
            *["run", "--hq-images", self.images, "--json", self.folder / "report.json"], naming="--hq-labels"
        )


class LargeVolumes(Networks):
    """Volumes of just more pixels than the program makes at once."""

    SIZE = (256, 257, 256)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.volumes = cls.shared / "volumes"
        coarse = [*tiny("--spacing", "4"), "--omission", 0.5]
        coarse[coarse.index("--patch-size") + 1] = 16
        coarse[coarse.index("--maximum-epochs") + 1] = 1
        for command in [
            ["simulate", "--output", cls.volumes, "--bits", 8, "--size", *cls.SIZE],
            ["train-upgrade", *cls.data(), *coarse, "--output", cls.shared / "2.unet"],
            *[["simulate", "--output", cls.shared / "small", "--volumes", 2, "--size", 64, 48, 32]],
            *[["train-upgrade", *cls.data("small"), *coarse, "--dimension", 3, "--output", cls.shared / "3.unet"]],
        ]:
            result = run(*command)
            if result.returncode:
                raise AssertionError(result.stderr)
        cls.image = cls.volumes / "images" / "cells_1.mha"
        cls.poor = cls.volumes / "labels" / "cells_1.mha"

    @classmethod
    def data(cls, name="data"):
        return ["--images", cls.shared / name / "images", "--labels", cls.shared / name / "labels"]

    def upgrade(self, model, output, *options, image=None, labels=None):
        return [
            *["upgrade", "--model", model, "--images", image or self.image, "--labels", labels or self.poor],
            *["--output", self.folder / output, "--threads", 2, "--precision", "float32", *options],
        ]

    def test_simulated_part_by_part(self):
        image, header = read_mha(self.image)
        labels, _ = read_mha(self.poor)
        self.assertNotEqual(header.get("CompressedData"), "True")
        self.assertEqual((image.dtype, labels.dtype), (np.uint8, np.uint16))
        self.assertEqual(image.shape, self.SIZE[::-1])
        self.assertEqual(labels.shape, self.SIZE[::-1])
        for first in range(0, 256, 64):
            slices, cells = image[first : first + 64], labels[first : first + 64] > 0
            self.assertGreater(np.mean(slices[cells]), 1.5 * np.mean(slices[~cells]))

    def upgrade_both_ways(self, model, *options):
        """In parts, and at once, as a format that is not read in parts needs it."""
        self.succeed(*self.upgrade(model, "parts.mha", *options))
        self.succeed(*self.upgrade(model, "whole.nrrd", *options))
        parts, header = read_mha(self.folder / "parts.mha")
        self.assertNotEqual(header.get("CompressedData"), "True")
        whole = read_nrrd(self.folder / "whole.nrrd")
        self.assertEqual(parts.dtype, whole.dtype)
        return parts, whole

    def test_parts_equal_the_whole(self):
        for model, *tiles in [["2.unet"], ["3.unet", "--tile-size", 32]]:
            parts, whole = self.upgrade_both_ways(self.shared / model, "--probability", *tiles)
            np.testing.assert_allclose(parts, whole, atol=1e-6)  # LibTorch's last bits
            # A threshold that last bits do not reach, with pixels enough on both sides.
            values = np.unique(whole)
            values = values[len(values) // 4 : -len(values) // 4]
            widest = np.argmax(np.diff(values))
            self.assertGreater(values[widest + 1] - values[widest], 4e-7)
            threshold = (values[widest] + values[widest + 1]) / 2
            parts, whole = self.upgrade_both_ways(self.shared / model, "--threshold", f"{threshold:.9f}", *tiles)
            self.assertEqual(len(np.unique(parts)), 2)
            np.testing.assert_array_equal(parts, whole)

    def test_slices_across_another_axis(self):
        options = ["--slice-axis", 1, "--probability"]
        self.succeed(*self.upgrade(self.shared / "2.unet", "parts.mha", *options))
        parts, _ = read_mha(self.folder / "parts.mha")
        image, _ = read_mha(self.image)
        labels, _ = read_mha(self.poor)
        for y in [0, 130, 256]:
            write_mha(self.folder / "slice.mha", image[:, y])
            write_mha(self.folder / "labels.mha", labels[:, y])
            self.succeed(
                *self.upgrade(
                    *[self.shared / "2.unet", "alone.mha", "--probability"],
                    **dict(image=self.folder / "slice.mha", labels=self.folder / "labels.mha"),
                )
            )
            np.testing.assert_array_equal(parts[:, y], read_mha(self.folder / "alone.mha")[0])

    def repeated(self, count):
        """Files of so many times as many slices."""
        for name, path in [("image", self.image), ("labels", self.poor)]:
            array, _ = read_mha(path)
            write_mha(self.folder / f"{name}.mha", np.concatenate(count * [array]))
        return dict(image=self.folder / "image.mha", labels=self.folder / "labels.mha")

    def test_memory_does_not_grow_with_the_volume(self):
        large = self.repeated(4)
        for model in ["2.unet", "3.unet"]:
            once = self.peak_memory(*self.upgrade(self.shared / model, "once.mha"))
            much = self.peak_memory(*self.upgrade(self.shared / model, "much.mha", **large))
            # Margins are wider inside; three volumes more of pixels alone are 200 read, 200 of labels, and 200 made.
            self.assertLess(much, once + 150)

    def test_bad_pixels_are_noticed(self):
        labels, _ = read_mha(self.poor)
        labels = labels.astype(np.float32)
        labels[250, 200, 100] = 0.5
        write_mha(self.folder / "labels.mha", labels)
        bad = dict(labels=self.folder / "labels.mha")
        for model in ["2.unet", "3.unet"]:
            self.refuse(*self.upgrade(self.shared / model, "out.mha", **bad), naming=["labels.mha", "[100, 200, 250]"])
        image = self.folder / "image.mha"
        image.write_bytes(self.image.read_bytes()[:-1000])
        for model in ["2.unet", "3.unet"]:
            self.refuse(*self.upgrade(self.shared / model, "out.mha", image=image), naming=["image.mha", "damaged"])

    def test_full_disk(self):
        disk = self.small_disk()
        self.refuse(*self.upgrade(self.shared / "2.unet", disk / "out.mha", "--threshold", 0), naming="out.mha")

    def test_interrupt(self):
        twice = self.repeated(2)
        for model in ["2.unet", "3.unet"]:
            self.interrupt(*self.upgrade(self.shared / model, "out.mha", **twice))


class LargeSets(Networks):
    """Sets of images beyond the memory that they may take."""

    def train(self, data, output, *options):
        return ["train-upgrade", *data, *tiny("--patch-size", 16), "--output", self.folder / output, *options]

    def upgraded(self, model):
        out = self.folder / f"{model}-out"
        self.succeed(
            *["upgrade", "--probability", "--model", self.folder / model, *self.data()],
            *["--output", out],
        )
        return [(out / f"cells_{i}.tif").read_bytes() for i in [1, 2, 3]]

    def test_images_that_are_read_again_teach_the_same(self):
        self.succeed(*self.train(self.data(), "kept.unet"))
        self.succeed(*self.train(self.data(), "read.unet", "--memory", 0))
        self.assertEqual(self.upgraded("kept.unet"), self.upgraded("read.unet"))

    def test_slices_of_volumes_too(self):
        self.succeed("simulate", "--output", self.folder / "data", "--volumes", 2, "--size", 48, 40, 16, "--quiet")
        for path in self.folder.glob("data/*/*.mha"):
            write_mha(path, read_mha(path)[0])  # not compressed
        data = ["--images", self.folder / "data" / "images", "--labels", self.folder / "data" / "labels"]
        for options in [["--dimension", 2], ["--dimension", 2, "--slice-axis", 0], ["--dimension", 3]]:
            self.succeed(*self.train(data, "kept.unet", *options))
            self.succeed(*self.train(data, "read.unet", *options, "--memory", 0))
            kept, read = ((self.folder / f"{name}.unet").read_bytes() for name in ["kept", "read"])
            self.assertEqual(kept, read)

    def test_memory_does_not_grow_with_the_set(self):
        image = np.random.default_rng(1).integers(0, 255, (512, 512), np.uint8)
        labels = np.kron(grid_of_cells(4), np.ones((25, 25), np.uint8))[:512, :512]
        labels = np.pad(labels, ((0, 512 - labels.shape[0]), (0, 512 - labels.shape[1])))
        write_mha(self.folder / "image.mha", image)
        write_mha(self.folder / "labels.mha", labels)
        peaks = []
        for count in [5, 50]:
            for name in ["image", "labels"]:
                (self.folder / f"{name}{count}").mkdir()
                for i in range(count):
                    os.link(self.folder / f"{name}.mha", self.folder / f"{name}{count}" / f"{i}.mha")
            data = ["--images", self.folder / f"image{count}", "--labels", self.folder / f"labels{count}"]
            peaks.append(self.peak_memory(*self.train(data, f"{count}.unet", "--memory", 0)))
        self.assertLess(peaks[1], peaks[0] + 50)  # 45 kept images take 150


def has_networks():
    return "train-upgrade" in run("--help").stdout


if __name__ == "__main__":
    TOOL = os.path.abspath(sys.argv.pop(1))
    unittest.main()
