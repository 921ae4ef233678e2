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
"""Mends the annotations of a TIFF stack of which a few slices were annotated with care, as NumPy arrays.

upgrade_stack.py IMAGES.tif LABELS.tif OUTPUT.tif MINUTES GOOD_SLICE [GOOD_SLICE...]
"""

import sys

import numpy
import SimpleITK

from annotation_upgrade import train_upgrade, upgrade

images, labels = (SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(name)) for name in sys.argv[1:3])
minutes = float(sys.argv[4])
good = [int(number) for number in sys.argv[5:]]

# Lists of slices: each is an image of its own.
model = train_upgrade([images[k] for k in good], [labels[k] for k in good], omission_rate=0.7, maximum_minutes=minutes)
mended = labels.copy()
for k in set(range(len(images))) - set(good):
    mended[k] = upgrade(model, images[k], labels[k])
changed = numpy.count_nonzero((mended != 0) != (labels != 0))
print(f"{changed} pixels of {labels.size} were changed")
SimpleITK.WriteImage(SimpleITK.GetImageFromArray(mended), sys.argv[3])
