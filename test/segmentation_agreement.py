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
"""Compares itk::GraphBasedSegmentationImageFilter with scikit-image's felzenszwalb.

Usage: segmentation_agreement.py SEGMENT_IMAGE. Exit status 77 where one of the libraries is missing.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import warnings

try:
    import numpy as np
    from scipy import ndimage
    from skimage.segmentation import felzenszwalb
except ImportError as error:
    print(f"Skipped: {error}")
    sys.exit(77)


def segment(image, scale, sigma, minimum_size):
    """Segments of the filter under test. The image has rows, columns and channels."""
    with tempfile.TemporaryDirectory() as folder:
        names = [os.path.join(folder, name) for name in ("in.mha", "out.mha")]
        with open(names[0], "wb") as file:
            file.write(
                "ObjectType = Image\nNDims = 2\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
                f"DimSize = {image.shape[1]} {image.shape[0]}\nElementNumberOfChannels = {image.shape[2]}\n"
                "ElementType = MET_DOUBLE\nElementDataFile = LOCAL\n".encode()
            )
            file.write(image.astype("<f8").tobytes())
        subprocess.run([SEGMENT_IMAGE, *names, repr(scale), repr(sigma), str(minimum_size)], check=True)
        content = pathlib.Path(names[1]).read_bytes()
    pixels = content[content.index(b"ElementDataFile = LOCAL\n") + len(b"ElementDataFile = LOCAL\n") :]
    return np.frombuffer(pixels, "<i4").reshape(image.shape[:2])


def reference(image, scale, sigma, minimum_size):
    """scikit-image's segments. It divides the scale by 255, and does not scale intensities that are real numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # more than three channels are unusual
        return felzenszwalb(image.astype(float), 255 * scale, sigma, minimum_size, channel_axis=-1)


def renumber(segments):
    """Numbers from 1 in the order of first pixels."""
    _, first, inverse = np.unique(segments, return_index=True, return_inverse=True)
    return (1 + np.argsort(np.argsort(first))[inverse]).reshape(segments.shape)


def smooth(image, sigma):
    """scikit-image mirrors at the border instead."""
    return ndimage.gaussian_filter(image, (sigma, sigma, 0), mode="nearest")


def real_images(seed):
    """Blobs with noise, of which hardly two distances are equal; 1 to 4 channels."""
    random = np.random.default_rng(seed)
    for number in range(24):
        shape = (random.integers(1, 90), random.integers(1, 90), 1 + number % 4)
        blobs = ndimage.gaussian_filter(random.uniform(0, 255, shape), [number % 6, number % 6, 0])
        yield 255 * (blobs - blobs.min()) / np.ptp(blobs) + random.uniform(0, 20, shape)


class SegmentationAgreement(unittest.TestCase):
    def test_same_segments(self):
        for image in real_images(1):
            for scale in (0.5, 30.0, 300.0):
                for minimum_size in (1, 20):
                    expected = renumber(reference(image, scale, 0, minimum_size))
                    np.testing.assert_array_equal(segment(image, scale, 0.0, minimum_size), expected)

    def test_same_segments_of_smoothed_images(self):
        for number, image in enumerate(real_images(2)):
            sigma = (0.5, 0.8, 1.0, 2.5)[number % 4]
            expected = renumber(reference(smooth(image, sigma), 100.0, 0, 10))
            np.testing.assert_array_equal(segment(image, 100.0, sigma, 10), expected)


if __name__ == "__main__":
    SEGMENT_IMAGE = sys.argv.pop(1)
    unittest.main()
