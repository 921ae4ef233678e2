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
"""Mends the poor annotation of a volume with what is learnt from a well-annotated one. Both keep their place in space.

upgrade_volume.py GOOD_IMAGE GOOD_LABELS IMAGE POOR_LABELS OUTPUT [MINUTES]
"""

import sys

import SimpleITK

from annotation_upgrade import train_upgrade, upgrade

good_image, good_labels, image, poor_labels = (SimpleITK.ReadImage(name) for name in sys.argv[1:5])
output = sys.argv[5]
minutes = float(sys.argv[6]) if len(sys.argv) > 6 else 5


def show(epoch):
    print(f"epoch {epoch.number}: loss {epoch.loss:.3f}, Dice {epoch.dice:.3f}")


# A network of two dimensions takes the volume slice by slice, one of three as a whole: dimension=3.
model = train_upgrade(good_image, good_labels, omission_rate=0.7, maximum_minutes=minutes, on_epoch=show)
model.save("upgrade.unet")
SimpleITK.WriteImage(upgrade(model, image, poor_labels), output)
