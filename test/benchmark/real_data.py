#!/usr/bin/env python3
"""Measures annotation-upgrade on real images and prints the tables of Documentation/results.md.

    test/benchmark/real_data.py --data ../shared/data --output build/real-data --minutes 10 [dsb2018 epfl consep]

Data: the folder with dsb2018/, epfl/ and consep/ (images and instance labels). Every table is also written to
OUTPUT/results.json while it grows; what is in there is not measured again. Needs NumPy and OpenCV for CoNSeP, whose
labels it splits by cell type.
"""
import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

PERTURBATIONS = {
    "omission 70 %": ["--omission", "0.7"],
    "inclusion 70 %": ["--inclusion", "0.7"],
    "bias 6": ["--bias", "6"],
}


class Study:
    def __init__(self, arguments):
        self.tool = arguments.tool
        self.minutes = str(arguments.minutes)
        self.options = arguments.options
        self.folder = arguments.output
        self.results_file = self.folder / "results.json"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.results = json.loads(self.results_file.read_text()) if self.results_file.exists() else {}

    def run(self, *words):
        words = [str(word) for word in words]
        print("annotation-upgrade", *words, flush=True)
        subprocess.run([self.tool, *words, "--quiet"], check=True)

    def dice(self, labels, reference):
        report = self.folder / "evaluation.json"
        self.run("evaluate", "--labels", labels, "--reference", reference, "--json", report)
        return json.loads(report.read_text())["dice"]

    def measure(self, *key, work):
        """Does `work`, which returns a number, unless its result is there already."""
        name = " / ".join(key)
        if name not in self.results:
            self.results[name] = work()
            self.results_file.write_text(json.dumps(self.results, indent=2) + "\n")
        print(f"{name}: {self.results[name]:.4f}", flush=True)
        return self.results[name]

    def training(self):
        return ["--max-minutes", self.minutes, *self.options]

    def upgrade(self, name, good, test, perturbation):
        """Dice of the perturbed test annotations, and of the upgraded ones."""
        options = PERTURBATIONS[perturbation]
        work = self.folder / name / perturbation.replace(" ", "-").replace("%", "percent")
        candidates = "--inclusion" in options
        work.mkdir(parents=True, exist_ok=True)

        def before():
            extra = ["--candidates", test["candidates"]] if candidates else []
            self.run("perturb", "--labels", test["labels"], *extra, *options, "--seed", 1, "--output", work / "low-quality")
            return self.dice(work / "low-quality", test["labels"])

        def after():
            extra = ["--candidates", good["candidates"]] if candidates else []
            model = work / "upgrade.unet"
            self.run("train-upgrade", "--images", good["images"], "--labels", good["labels"], *extra, *options,
                     *self.training(), "--output", model)
            self.run("upgrade", "--model", model, "--images", test["images"], "--labels", work / "low-quality",
                     "--output", work / "upgraded")
            return self.dice(work / "upgraded", test["labels"])

        self.measure(name, perturbation, "low-quality annotations", work=before)
        self.measure(name, perturbation, "upgraded annotations", work=after)
        return work / "upgrade.unet"

    def segment(self, name, training, sets, test):
        """Dice of a segmentation network trained on `sets`."""
        work = self.folder / name / training.replace(" ", "-")

        def score():
            data = [word for s in sets for word in ("--images", s["images"], "--labels", s["labels"])]
            self.run("train-segment", *data, *self.training(), "--output", work.with_suffix(".unet"))
            self.run("segment", "--model", work.with_suffix(".unet"), "--images", test["images"], "--output", work)
            return self.dice(work, test["labels"])

        self.measure(name, "segmentation network", training, work=score)


def numbered(folder):
    """Image files in the order of the numbers in their names."""
    return sorted(folder.glob("*.png"), key=lambda path: [int(t) if t.isdigit() else t for t in re.split(r"(\d+)", path.name)])


def link(names, source, target, kinds=("images", "labels")):
    """Folders of links to some of the images of a data set."""
    paths = {}
    for kind in kinds:
        shutil.rmtree(target / kind, ignore_errors=True)
        (target / kind).mkdir(parents=True)
        for name in names:
            (target / kind / name).symlink_to((source / kind / name).resolve())
        paths[kind] = target / kind
    return paths


def dsb2018(study, data):
    names = sorted(path.name for path in (data / "train" / "images").glob("*.png"))
    sets = study.folder / "dsb2018" / "sets"
    good = link(names[:20], data / "train", sets / "good")
    many = link(names[20:120], data / "train", sets / "many")
    test = link(sorted(path.name for path in (data / "test" / "images").glob("*.png")), data / "test", sets / "test")
    model = study.upgrade("dsb2018", good, test, "omission 70 %")
    study.segment("dsb2018", "20 good", [good], test)
    study.upgrade("dsb2018", good, test, "bias 6")
    poor = {"images": many["images"], "labels": sets / "many" / "low-quality"}
    upgraded = {"images": many["images"], "labels": sets / "many" / "upgraded"}
    study.run("perturb", "--labels", many["labels"], *PERTURBATIONS["omission 70 %"], "--seed", 2, "--output", poor["labels"])
    study.run("upgrade", "--model", model, "--images", many["images"], "--labels", poor["labels"], "--output", upgraded["labels"])
    study.segment("dsb2018", "20 good and 100 upgraded", [good, upgraded], test)
    study.segment("dsb2018", "100 low-quality", [poor], test)
    study.segment("dsb2018", "20 good and 100 low-quality", [good, poor], test)


def epfl(study, data):
    sets = study.folder / "epfl" / "sets"
    good = link([path.name for path in numbered(data / "train" / "images")[::4]], data / "train", sets / "good")
    test = link([path.name for path in numbered(data / "test" / "images")], data / "test", sets / "test")
    study.upgrade("epfl", good, test, "omission 70 %")
    study.upgrade("epfl", good, test, "bias 6")


def split_by_type(data, target, wanted):
    """Label images of the cells of one type, and of all others, of the tiles that have any; each cell is of the type of most of its pixels."""
    import cv2
    import numpy as np

    names = []
    for kind in ("images", "labels", "candidates"):
        shutil.rmtree(target / kind, ignore_errors=True)
        (target / kind).mkdir(parents=True)
    for path in numbered(data / "labels"):
        labels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        types = cv2.imread(str(data / "classes" / path.name), cv2.IMREAD_UNCHANGED)
        votes = np.zeros((int(labels.max()) + 1, 256), int)
        np.add.at(votes, (labels.ravel(), types.ravel()), 1)
        is_wanted = votes.argmax(axis=1) == wanted
        is_wanted[0] = False
        if is_wanted.any():
            names.append(path.name)
            cv2.imwrite(str(target / "labels" / path.name), np.where(is_wanted[labels], labels, 0).astype(np.uint16))
            cv2.imwrite(str(target / "candidates" / path.name), np.where(is_wanted[labels], 0, labels).astype(np.uint16))
            (target / "images" / path.name).symlink_to((data / "images" / path.name).resolve())
    return names


def consep(study, data):
    sets = study.folder / "consep" / "sets"
    epithelial = 3
    names = split_by_type(data, sets / "all", epithelial)
    kinds = ("images", "labels", "candidates")
    good = link(names[:3], sets / "all", sets / "good", kinds)
    test = link(names[3:7], sets / "all", sets / "test", kinds)
    for perturbation in PERTURBATIONS:
        study.upgrade("consep", good, test, perturbation)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = Path(__file__).resolve().parents[2]
    parser.add_argument("--tool", type=Path, default=root / "build/bin/annotation-upgrade")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--output", type=Path, default=root / "build/real-data")
    parser.add_argument("--minutes", type=float, default=10, help="training time of every network (default 10)")
    parser.add_argument("sets", nargs="*", default=["dsb2018", "epfl", "consep"])
    arguments, arguments.options = parser.parse_known_args()
    study = Study(arguments)
    for name in arguments.sets:
        if not (arguments.data / name).is_dir():
            sys.exit(f"{arguments.data / name} is missing")
        {"dsb2018": dsb2018, "epfl": epfl, "consep": consep}[name](study, arguments.data / name)
    for name, value in study.results.items():
        print(f"| {name.replace(' / ', ' | ')} | {value:.3f} |")


if __name__ == "__main__":
    main()
