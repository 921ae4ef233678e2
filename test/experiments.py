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
"""Conducts a tiny experiment of its own: rows, table, figure, going on after a stop.

Usage: experiments.py EXPERIMENTS. Exit status 77 where one of the libraries is missing.
"""

import csv
import json
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile
import unittest
from xml.etree import ElementTree

try:
    import cv2
    import numpy as np
except ImportError as error:
    print(f"Skipped: {error}")
    sys.exit(77)

SCALE = {
    "phantom": {"size": [64, 64, 8], "training": 2, "test": 1, "test slices": 2},
    "runs": 2,
    "training": "--base-channels 2 --levels 2 --patch-size 16 --spacing 0 --maximum-epochs 1",
    "defaults": {
        "data": "hl60", "volumes": 2, "slices": 2, "poor": 3,
        "perturbation": "", "training": "", "good": "", "candidates": "",
    },
}
EXPERIMENT = {
    "title": "A tiny experiment",
    "cases": [{"perturbation": ["--omission 0.5", "--bias 2"], "slices": [2, 3]}],
    "methods": ["low quality", "upgraded", "threshold"],
    "compare": [["upgraded", "low quality"]],
    "figure": {
        "x": "slices", "x title": "slices", "logarithmic": True,
        "panels": ["perturbation"], "methods": ["low quality", "upgraded"],
    },
}


def dice(folder, reference):
    both = either = 0
    for path in reference.iterdir():
        a, b = (cv2.imread(str(p), cv2.IMREAD_UNCHANGED) != 0 for p in (folder / path.name, path))
        both += np.count_nonzero(a & b)
        either += np.count_nonzero(a) + np.count_nonzero(b)
    return 2 * both / either


class Experiments(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "scale-tiny.json").write_text(json.dumps(SCALE))
        self.output = self.folder / "output"

    def conduct(self, experiment, *options, name="tiny"):
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps(experiment))
        return subprocess.run(
            [EXPERIMENTS, file, "--scale", "tiny", "--output", self.output, "--threads", "1", *options],
            capture_output=True,
            text=True,
        )

    def rows(self, name="tiny"):
        return json.loads((self.output / f"{name}.json").read_text())["rows"]

    def commands(self):
        return (self.output / "commands.txt").read_text().splitlines()

    def test_rows_and_table(self):
        process = self.conduct(EXPERIMENT)
        self.assertEqual(process.returncode, 0, process.stderr)
        rows = self.rows()
        self.assertEqual(len(rows), 2 * 2 * 2 * 3)
        with open(self.output / "tiny.csv", newline="") as file:
            for row, line in zip(rows, csv.DictReader(file), strict=True):
                self.assertEqual({key: str(value) for key, value in row.items()}, line)

        def scores(**wanted):
            return [row["dice"] for row in rows if wanted.items() <= row.items()]

        table = (self.output / "tiny.md").read_text()
        for perturbation in ("--omission 0.5", "--bias 2"):
            for slices in (2, 3):
                cells = [str(slices), perturbation]
                for method in ("low quality", "upgraded", "threshold"):
                    values = scores(perturbation=perturbation, slices=slices, method=method)
                    self.assertEqual(len(values), 2)
                    cells.append(f"{statistics.mean(values):.3f} ± {statistics.stdev(values):.3f}")
                self.assertIn(f"| {' | '.join(cells)} |", table)
        self.assertIn("8 pairs", table)

        # What was scored, scored again.
        labels = {line.split(" ")[3] for line in self.commands() if line.startswith("annotation-upgrade perturb ")}
        self.assertEqual(len(labels), 1)
        made = {
            line.split("--seed ")[1][0]: line.split("--output ")[1]
            for line in self.commands()
            if line.startswith("annotation-upgrade perturb ") and "--omission" in line
        }
        for run in (1, 2):
            expected = dice(self.output / made[str(run)], self.output / labels.copy().pop())
            for value in scores(perturbation="--omission 0.5", run=run, method="low quality"):
                self.assertAlmostEqual(value, expected, places=12)

    def test_figure_shows_the_means(self):
        self.assertEqual(self.conduct(EXPERIMENT).returncode, 0)
        rows = self.rows()
        svg = "{http://www.w3.org/2000/svg}"
        groups = ElementTree.parse(self.output / "tiny.svg").getroot().iter(f"{svg}g")
        panels = [group for group in groups if "matrix" in group.get("transform", "")]
        self.assertEqual(len(panels), 2)
        for panel, perturbation in zip(panels, ("--omission 0.5", "--bias 2")):
            a, b, c, d, _, shift = map(float, panel.get("transform")[len("matrix(") : -1].split(","))
            self.assertEqual((a, b, c, d), (1, 0, 0, 1))  # so that no line is stretched
            dice = {
                (method, slices): [
                    row["dice"]
                    for row in rows
                    if (row["method"], row["slices"], row["perturbation"]) == (method, slices, perturbation)
                ]
                for method in ("low quality", "upgraded")
                for slices in (2, 3)
            }
            lowest = min(statistics.mean(values) - statistics.stdev(values) for values in dice.values())
            lowest = max(0, math.floor(20 * lowest) / 20)

            def drawn(color):
                line = panel.find(f".//{svg}polyline[@stroke='{color}']")
                return [tuple(map(float, point.split(","))) for point in line.get("points").split()]

            def height(mean):
                return 40 + 300 * (1 - mean) / (1 - lowest) - shift

            level = height(statistics.mean(dice["low quality", 2] + dice["low quality", 3]))
            curve = [height(statistics.mean(dice["upgraded", slices])) for slices in (2, 3)]
            for points, expected in (
                (drawn("#5a5a5a"), [(0, level), (375, level)]),
                (drawn("#d55e00"), [(15, curve[0]), (360, curve[1])]),
            ):
                np.testing.assert_allclose(points, expected, atol=0.01)

    def test_goes_on_after_a_stop(self):
        experiment = {**EXPERIMENT, "cases": [{"perturbation": "--bias 2"}]}
        self.assertEqual(self.conduct(experiment).returncode, 0)
        rows, commands = self.rows(), self.commands()
        models = {path: path.stat().st_mtime_ns for path in (self.output / "made").iterdir()}
        stopped = json.loads((self.output / "tiny.json").read_text())
        del stopped["rows"][2:]
        (self.output / "tiny.json").write_text(json.dumps(stopped))
        process = self.conduct(experiment)
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertIn("1/4", process.stderr)
        self.assertEqual([{**row, "seconds": 0} for row in self.rows()], [{**row, "seconds": 0} for row in rows])
        self.assertEqual(self.commands(), commands)
        self.assertEqual({path: path.stat().st_mtime_ns for path in (self.output / "made").iterdir()}, models)

        # Another experiment shares what it has in common with the first.
        self.assertEqual(self.conduct(experiment, name="other").returncode, 0)
        self.assertEqual(self.commands(), commands)

        changed = self.conduct({**experiment, "runs": 1})
        self.assertEqual(changed.returncode, 1)
        self.assertIn("other settings", changed.stderr)

    def test_rivals(self):
        methods = ["segment partial", "segment confident"]
        process = self.conduct({**EXPERIMENT, "cases": [{"perturbation": "--omission 0.5"}], "runs": 1,
                                "methods": methods, "compare": [methods], "figure": None})
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertEqual([row["method"] for row in self.rows()], methods)
        made = {kind: list((self.output / "made").glob(f"{kind}-*")) for kind in ("open", "completed", "confident")}
        self.assertEqual({kind: len(folders) for kind, folders in made.items()}, dict.fromkeys(made, 1))
        [training] = [line for line in self.commands() if "--ignore-label" in line]
        self.assertIn(str(made["open"][0].relative_to(self.output)), training)

        # What was annotated stays, what was left open is labelled, not all of it alike.
        opened, completed = ([cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in sorted(made[kind][0].iterdir())]
                             for kind in ("open", "completed"))
        is_open = np.stack(opened) == 65535
        self.assertEqual(is_open.shape, (3, 64, 64))
        self.assertTrue(np.any(~is_open))
        self.assertFalse(np.any(np.stack(opened) == 0))
        self.assertTrue(np.array_equal(np.stack(completed)[~is_open], np.stack(opened)[~is_open]))
        self.assertEqual(set(np.stack(completed)[is_open]), {0, 1})

    def test_real_images_in_patches(self):
        images = np.random.default_rng(1).integers(0, 256, (3, 64, 96, 3), np.uint8)
        labels = np.zeros((3, 64, 96), np.uint16)
        labels[:, 4:20, 4:20] = 1
        labels[:, 40:60, 70:90] = 2
        labels[1, 4:20, 40:50] = 3
        for i, part in enumerate(("train", "train", "test")):
            for kind, image in (("images", images[i]), ("labels", labels[i])):
                folder = self.folder / "data" / "nuclei" / part / kind
                folder.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(folder / f"slice_{i}.png"), image)
        process = self.conduct(
            {**EXPERIMENT, "cases": [{"data": "nuclei", "volumes": 1, "slices": 4, "poor": 1, "perturbation": "--bias 2"}],
             "methods": ["upgraded"], "compare": [], "figure": None, "runs": 1, "patch size": 32},
            "--data", self.folder / "data",
        )
        self.assertEqual(process.returncode, 0, process.stderr)
        [training] = [line.split(" ") for line in self.commands() if " train-upgrade " in line]
        [few] = [self.output / training[i + 1] for i, word in enumerate(training) if word == "--images"]
        with_cells = {
            f"slice_{i}_{y}_{x}.png": images[i, y : y + 32, x : x + 32]
            for i, y, x in [(0, 0, 0), (0, 32, 64), (1, 0, 0), (1, 0, 32), (1, 32, 64)]
        }
        chosen = {path.name: cv2.imread(str(path)) for path in few.iterdir()}
        self.assertEqual(len(chosen), 4)
        for name, patch in chosen.items():
            np.testing.assert_array_equal(patch, with_cells[name])

    def test_shipped_experiments_are_complete(self):
        folder = pathlib.Path(__file__).resolve().parents[1] / "examples" / "experiments"
        scales = [json.loads((folder / f"scale-{scale}.json").read_text()) for scale in ("small", "paper")]
        self.assertEqual(*(set(scale["defaults"]) for scale in scales))
        keys = set(scales[0]["defaults"]) | {"methods"}
        files = [path for path in folder.glob("*.json") if not path.stem.startswith("scale-")]
        self.assertGreaterEqual(len(files), 2)
        for path in files:
            experiment = json.loads(path.read_text())
            for case in experiment["cases"]:
                self.assertLessEqual(set(case), keys, path)
            figure = experiment.get("figure")
            if figure:
                named = {figure["x"], *figure.get("panels", []), *figure.get("curves", [])}
                self.assertLessEqual(named, keys | {"cost"}, path)

    def test_says_what_is_wrong(self):
        process = self.conduct({**EXPERIMENT, "methods": ["magic"]})
        self.assertEqual(process.returncode, 1)
        self.assertIn("there is no method 'magic'", process.stderr)
        process = self.conduct({"cases": []})
        self.assertEqual(process.returncode, 1)
        self.assertIn('no "title"', process.stderr)


if __name__ == "__main__":
    EXPERIMENTS = sys.argv.pop(1)
    unittest.main()
