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
"""Compares the perturbation filters with NumPy, SciPy and OpenCV on random label images.

Usage: perturb_agreement.py PERTURB_BATCH. Exit status 77 where one of the libraries is missing.
"""

import os
import subprocess
import sys
import tempfile
import unittest

try:
    import cv2
    import numpy as np
    from scipy import ndimage
except ImportError as error:
    print(f"Skipped: {error}")
    sys.exit(77)

METAIMAGE_TYPES = {"uint8": "MET_UCHAR", "uint16": "MET_USHORT", "int32": "MET_INT"}
CONTENTS = ("empty", "one", "border", "gaps", "mask", "many")


def write_stack(path, stack):
    header = (
        f"ObjectType = Image\nNDims = {stack.ndim}\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
        f"DimSize = {' '.join(map(str, stack.shape[::-1]))}\n"
        f"ElementType = {METAIMAGE_TYPES[stack.dtype.name]}\nElementDataFile = LOCAL\n"
    )
    with open(path, "wb") as file:
        file.write(header.encode())
        file.write(stack.astype(stack.dtype.newbyteorder("<")).tobytes())


def read_stack(path, like):
    with open(path, "rb") as file:
        content = file.read()
    pixels = content[content.index(b"ElementDataFile = LOCAL\n") + len(b"ElementDataFile = LOCAL\n") :]
    return np.frombuffer(pixels, like.dtype.newbyteorder("<")).reshape(like.shape)


def perturb(stack, *arguments, slice_axis=-1, candidates=None):
    """Perturbs each image of a stack. slice_axis counts as ITK does: x is 0."""
    with tempfile.TemporaryDirectory() as folder:
        names = [os.path.join(folder, name) for name in ("in.mha", "out.mha", "candidates.mha")]
        write_stack(names[0], stack)
        arguments = [str(argument) for argument in arguments]
        if candidates is not None:
            write_stack(names[2], candidates)
            arguments.append(names[2])
        subprocess.run(
            [PERTURB_BATCH, stack.dtype.name, str(stack.ndim - 1), *names[:2], str(slice_axis), *arguments], check=True
        )
        return read_stack(names[1], stack)


def random_image(random, shape, dtype, content):
    image = np.zeros(shape, dtype)
    limits = np.iinfo(dtype)
    grid = np.indices(shape)
    for cell in range(1, {"empty": 0, "one": 1, "many": 25}.get(content, 6) + 1):
        label = cell
        if content == "gaps":
            label = limits.max - 7 * cell if cell % 2 == 0 else max(limits.min, -1000) + 5 * cell
        elif content == "mask":
            label = 255
        corner = [random.choice((0, size - 1)) for size in shape]
        center = corner if content == "border" else [random.integers(size) for size in shape]
        radii = random.uniform(0.5, 9.0, len(shape))
        ellipsoid = sum(((axis - c) / r) ** 2 for axis, c, r in zip(grid, center, radii)) <= 1
        image[ellipsoid] = label
    return image


def random_stacks(seed):
    """Stacks of every kind of content, pixel type and dimension; 270 images."""
    random = np.random.default_rng(seed)
    for dtype in METAIMAGE_TYPES:
        for shape in ((37, 81), (64, 128), (9, 14, 23)):
            yield np.stack([random_image(random, shape, dtype, CONTENTS[i % len(CONTENTS)]) for i in range(30)])


def annotations(stack, slice_axis):
    """Index expressions of the annotations in a stack: images, or slices of images."""
    for number in range(len(stack)):
        if slice_axis < 0:
            yield (number,)
        else:
            axis = stack.ndim - 1 - slice_axis
            for position in range(stack.shape[axis]):
                yield (number,) + (slice(None),) * (axis - 1) + (position,)


def labels_of(image):
    labels = np.unique(image)
    return labels[labels != 0]


def share(rate, count):
    return int(np.floor(rate * count + 0.5))


def binary_operation(foreground, operation, iterations):
    """OpenCV in 2-D, SciPy otherwise; neither erodes or dilates from outside the image."""
    if foreground.ndim == 2:
        function = cv2.erode if operation == "Erosion" else cv2.dilate
        return function(foreground.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=iterations).astype(bool)
    element = np.ones((3,) * foreground.ndim, bool)
    if operation == "Erosion":
        return ndimage.binary_erosion(foreground, element, iterations, border_value=1)
    return ndimage.binary_dilation(foreground, element, iterations)


def nearest_labels(image):
    """For each pixel the label of the nearest cell, the smallest of those at the same Euclidean distance."""
    labels = labels_of(image)
    if len(labels) == 0:
        return image
    squared = [np.rint(ndimage.distance_transform_edt(image != label) ** 2) for label in labels]
    return labels[np.argmin(squared, axis=0)]


class PerturbAgreement(unittest.TestCase):
    def test_omission(self):
        for round, stack in enumerate(random_stacks(1)):
            for slice_axis in range(-1, stack.ndim - 1):
                rate = (0.0, 0.3, 0.5, 0.7, 1.0)[round % 5]
                output = perturb(stack, "omission", rate, slice_axis=slice_axis)
                for where in annotations(stack, slice_axis):
                    before, after = labels_of(stack[where]), labels_of(output[where])
                    self.assertEqual(len(after), len(before) - share(rate, len(before)))
                    kept = np.isin(stack[where], after)
                    np.testing.assert_array_equal(output[where], np.where(kept, stack[where], 0))

    def test_inclusion(self):
        random = np.random.default_rng(2)
        for round, stack in enumerate(random_stacks(3)):
            candidates = np.stack(
                [random_image(random, stack.shape[1:], stack.dtype, random.choice(CONTENTS)) for _ in stack]
            )
            for slice_axis in range(-1, stack.ndim - 1):
                rate = (0.0, 0.3, 0.5, 0.7, 1.0)[round % 5]
                output = perturb(stack, "inclusion", rate, slice_axis=slice_axis, candidates=candidates)
                for where in annotations(stack, slice_axis):
                    before, candidate, after = stack[where], candidates[where], output[where]
                    image_labels = labels_of(stack[where[0]])
                    expected = before.copy()
                    included = 0
                    for label in labels_of(candidate):
                        cell = candidate == label
                        if np.any(after[cell] != before[cell]):
                            included += 1
                            value = after[cell][0] if label in image_labels else label
                            expected[cell] = value
                            if label in image_labels:
                                self.assertNotIn(value, image_labels)
                                self.assertNotIn(value, labels_of(candidates[where[0]]))
                    np.testing.assert_array_equal(after, expected)
                    self.assertEqual(included, share(rate, len(labels_of(candidate))))

    def test_bias(self):
        for round, stack in enumerate(random_stacks(4)):
            for operation in ("Erosion", "Dilation"):
                for iterations in (1, 2 + round):
                    for slice_axis in range(-1, stack.ndim - 1) if stack.ndim == 4 else (-1,):
                        output = perturb(stack, "bias", operation, iterations, 0, slice_axis=slice_axis)
                        for where in annotations(stack, slice_axis):
                            foreground = binary_operation(stack[where] != 0, operation, iterations)
                            expected = np.where(foreground, nearest_labels(stack[where]), 0)
                            np.testing.assert_array_equal(output[where], expected)

    def test_bias_of_each_cell(self):
        for round, stack in enumerate(random_stacks(5)):
            iterations = 1 + round % 4
            for operation in ("Erosion", "Dilation"):
                output = perturb(stack, "bias", operation, iterations, 1)
                for image, result in zip(stack, output):
                    foreground = np.zeros(image.shape, bool)
                    for label in labels_of(image):
                        cell = binary_operation(image == label, operation, iterations)
                        foreground |= cell
                        self.assertTrue(np.all(cell[result == label]))
                        survivors = cell & (image == label)
                        self.assertTrue(np.all(result[survivors] == label))
                    np.testing.assert_array_equal(result != 0, foreground)

    def test_bias_draws_operation_and_iterations(self):
        possible = {}
        for stack in random_stacks(6):
            output = perturb(stack, "bias", "Random", 0, 0)
            for seed, (image, result) in enumerate(zip(stack, output)):
                matching = {
                    (operation, iterations)
                    for operation in ("Erosion", "Dilation")
                    for iterations in range(1, 7)
                    if np.array_equal(binary_operation(image != 0, operation, iterations), result != 0)
                }
                possible[seed] = possible.get(seed, matching) & matching
                self.assertTrue(possible[seed], f"no draw explains all outputs of seed {seed}")
        draws = {draw for matching in possible.values() if len(matching) == 1 for draw in matching}
        self.assertGreater(len(draws), 6)

    def test_salt_and_pepper(self):
        for stack in random_stacks(7):
            output = perturb(stack, "salt-and-pepper", 0.2)
            for image, result in zip(stack, output):
                changed = result != image
                self.assertTrue(np.all(result[changed & (image != 0)] == 0))
                salt = np.unique(result[changed & (image == 0)])
                self.assertLessEqual(len(salt), 1)
                self.assertFalse(np.isin(salt, image).any())
            hit = np.count_nonzero(output != stack)
            self.assertLess(abs(hit - 0.1 * stack.size), 5 * np.sqrt(0.09 * stack.size))


if __name__ == "__main__":
    PERTURB_BATCH = sys.argv.pop(1)
    unittest.main()
