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
"""Spoils an annotation in several ways, and writes a picture of each: which one looks like your poor annotations?

perturb_and_look.py FOLDER [LABELS [CANDIDATES]]: without LABELS, of simulated cells. CANDIDATES are labels of other objects.
"""

import sys
from pathlib import Path

import SimpleITK

import annotation_upgrade

folder = Path(sys.argv[1])
if len(sys.argv) > 2:
    given = [SimpleITK.ReadImage(path) for path in sys.argv[2:4]]
else:
    phantom = annotation_upgrade.simulate((256, 256), cell_type="combined")
    given = [SimpleITK.GetImageFromArray(array) for array in (phantom.labels, phantom.candidates)]
labels = given[0]

WAYS = {
    "good": dict(omission_rate=0),
    "cells_missing": dict(omission_rate=0.7),
    "too_tight": dict(maximum_iterations=6, bias_operation="erosion", bias_iterations=3),
    "too_wide": dict(maximum_iterations=6, bias_operation="dilation", bias_iterations=3),
    "cell_by_cell": dict(maximum_iterations=6, bias_per_cell=True),
    "all_at_once": dict(omission_rate=0.3, maximum_iterations=4, salt_and_pepper_probability=0.01),
}
if len(given) > 1:
    WAYS["other_objects"] = dict(inclusion_rate=0.7, candidates=given[1])
folder.mkdir(parents=True, exist_ok=True)
for name, options in WAYS.items():
    spoilt = annotation_upgrade.perturb(labels, **options, seed=1)
    score = annotation_upgrade.evaluate(spoilt, labels)
    print(f"{name:16} Dice {score.dice:.3f}")
    if spoilt.GetDimension() == 3:
        spoilt = spoilt[:, :, spoilt.GetDepth() // 2]
    SimpleITK.WriteImage(SimpleITK.LabelToRGB(spoilt), str(folder / f"{name}.png"))
