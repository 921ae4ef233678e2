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
"""The whole method on folders: from few good and many poor annotations to a network that segments new images.

segment_folder.py FEW MANY NEW OUTPUT [MINUTES]

FEW and MANY hold the folders images and labels, whose files pair by name without extension; NEW holds images. OUTPUT
gains PNG files of the same names. Each of the two trainings takes at most MINUTES.
"""

import sys
from pathlib import Path

import SimpleITK

from annotation_upgrade import segment, train_segment, train_upgrade, upgrade


def read(folder):
    return {path.stem: SimpleITK.ReadImage(str(path)) for path in sorted(folder.iterdir())}


def read_pairs(folder):
    images, labels = read(folder / "images"), read(folder / "labels")
    for name in images.keys() ^ labels.keys():
        sys.exit(f"{folder}: {name} is not in both of images and labels")
    return list(images.values()), [labels[name] for name in images]


few, many, new, output = map(Path, sys.argv[1:5])
minutes = float(sys.argv[5]) if len(sys.argv) > 5 else 10

few_images, few_labels = read_pairs(few)
mender = train_upgrade(few_images, few_labels, omission_rate=0.7, maximum_minutes=minutes)
many_images, many_labels = read_pairs(many)
mended = [upgrade(mender, image, poor) for image, poor in zip(many_images, many_labels)]
model = train_segment(few_images + many_images, few_labels + mended, maximum_minutes=minutes)

output.mkdir(parents=True, exist_ok=True)
model.save(output / "segment.unet")
for name, image in read(new).items():
    SimpleITK.WriteImage(segment(model, image), str(output / f"{name}.png"))
