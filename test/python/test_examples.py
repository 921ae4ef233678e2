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
"""The scripts of examples/, and every Python line of README.md and Documentation/."""

import functools
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import TINY

import annotation_upgrade
from annotation_upgrade import perturb, simulate

sitk = pytest.importorskip("SimpleITK")
pytest.importorskip("annotation_upgrade._networks", reason="built without LibTorch", exc_type=ImportError)
ROOT = Path(__file__).resolve().parents[2]
MINUTES = "0.02"


def run(name, *arguments, folder):
    script = ROOT / "examples" / name
    command = [sys.executable, str(script), *map(str, arguments)]
    return subprocess.run(command, cwd=folder, check=True, timeout=300, stdout=subprocess.PIPE, text=True).stdout


def write(array, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(sitk.GetImageFromArray(array), str(path))


def read(path):
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def test_every_script_is_tested():
    scripts = {path.name for path in (ROOT / "examples").glob("*.py")}
    assert scripts == {"perturb_and_look.py", "upgrade_volume.py", "upgrade_stack.py", "segment_folder.py"}


def test_perturb_and_look(tmp_path):
    run("perturb_and_look.py", tmp_path / "simulated", folder=tmp_path)
    volume = simulate((64, 64, 8), cell_type="combined", seed=1)
    files = [tmp_path / f"{kind}.mha" for kind in ("labels", "candidates")]
    for file, pixels in zip(files, (volume.labels, volume.candidates)):
        write(pixels.astype(np.uint16), file)
    run("perturb_and_look.py", tmp_path / "given", files[0], folder=tmp_path)
    run("perturb_and_look.py", tmp_path / "both", *files, folder=tmp_path)
    for folder, count in (("simulated", 7), ("given", 6), ("both", 7)):
        pictures = {path.name: read(path) for path in (tmp_path / folder).iterdir()}
        assert len(pictures) == count
        assert all((picture != pictures["good.png"]).any() for name, picture in pictures.items() if name != "good.png")


def test_upgrade_volume(tmp_path):
    for name, seed in (("good", 1), ("other", 2)):
        phantom = simulate((64, 64, 8), seed=seed)
        write(phantom.image, tmp_path / f"{name}.mha")
        labels = sitk.GetImageFromArray(phantom.labels.astype(np.uint16))
        sitk.WriteImage(
            labels if name == "good" else perturb(labels, omission_rate=0.7), str(tmp_path / f"{name}-labels.mha")
        )
    run(
        "upgrade_volume.py",
        "good.mha",
        "good-labels.mha",
        "other.mha",
        "other-labels.mha",
        "out.nrrd",
        MINUTES,
        folder=tmp_path,
    )
    assert read(tmp_path / "out.nrrd").shape == (8, 64, 64)
    assert annotation_upgrade.UNetModel.load(tmp_path / "upgrade.unet").annotation_input


def test_upgrade_stack(tmp_path):
    phantom = simulate((64, 64, 6), seed=1)
    labels = phantom.labels.astype(np.uint8)
    poor = perturb(labels, omission_rate=0.5, slice_by_slice=True)
    poor[[1, 4]] = labels[[1, 4]]
    write(phantom.image, tmp_path / "images.tif")
    write(poor, tmp_path / "labels.tif")
    said = run("upgrade_stack.py", "images.tif", "labels.tif", "out.tif", MINUTES, 1, 4, folder=tmp_path)
    mended = read(tmp_path / "out.tif")
    changed = np.count_nonzero((mended != 0) != (poor != 0))
    assert said == f"{changed} pixels of {poor.size} were changed\n"
    np.testing.assert_array_equal(mended[[1, 4]], labels[[1, 4]])
    assert mended.shape == labels.shape and (mended != poor).any()


def test_segment_folder(tmp_path):
    for folder, count in (("few", 2), ("many", 2), ("new", 1)):
        for i in range(count):
            phantom = simulate((64, 48), seed=annotation_upgrade.seed_for(i, folder))
            image = phantom.image if folder != "new" else (phantom.image // 20).clip(0, 255).astype(np.uint8)
            write(image, tmp_path / folder / "images" / (f"{i}.png" if folder != "new" else f"{i}.jpg"))
            labels = phantom.labels.astype(np.uint8)
            write(
                labels if folder == "few" else perturb(labels, omission_rate=0.7),
                tmp_path / folder / "labels" / f"{i}.png",
            )
    arguments = ("segment_folder.py", "few", "many", "new/images", "out", MINUTES)
    run(*arguments, folder=tmp_path)
    assert read(tmp_path / "out/0.png").shape == (48, 64)
    (tmp_path / "many/labels/1.png").rename(tmp_path / "many/labels/2.png")
    with pytest.raises(subprocess.CalledProcessError):
        run(*arguments, folder=tmp_path)


def run_blocks(blocks, source, monkeypatch):
    """Runs blocks of code one after another, with small networks; returns the names that they define."""
    for name in ("train_upgrade", "train_segment"):
        monkeypatch.setattr(
            annotation_upgrade, name, functools.partial(getattr(annotation_upgrade, name), **TINY), raising=False
        )
    names = {}
    for block in blocks:
        exec(compile(block, str(source), "exec"), names)
    return names


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "Documentation").glob("**/*.md"))], ids=lambda page: page.name
)
def test_python_in_the_documentation(page, tmp_path, monkeypatch):
    """Blocks of a page run one after another, as a reader would."""
    blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    if not blocks:
        pytest.skip("no Python in it")
    monkeypatch.chdir(tmp_path)
    run_blocks(blocks, page, monkeypatch)


def test_tutorial(monkeypatch):
    pytest.importorskip("matplotlib").use("Agg")
    notebook = ROOT / "examples" / "tutorial.ipynb"
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    names = run_blocks(["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"], notebook, monkeypatch)
    assert set(names["scores"]) == set(names["sets"]) and names["history"]
