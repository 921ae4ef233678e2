#!/usr/bin/env python3
"""Does what README.md says: builds its C++ program with its CMakeLists.txt against the installed library, runs its
commands, and compares what the C++ program writes with what the command line wrote.

Networks are made small by options added to the training commands, so that this takes seconds."""

import argparse
import os
import pathlib
import re
import subprocess

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--readme", required=True, type=pathlib.Path)
parser.add_argument("--tool", required=True, type=pathlib.Path, help="the program annotation-upgrade")
parser.add_argument("--work", required=True, type=pathlib.Path, help="folder for everything that is made")
parser.add_argument("configure", nargs="+", help="command that configures a project, without its folders")
arguments = parser.parse_args()

text = arguments.readme.read_text(encoding="utf-8")
SMALL = " --base-channels 4 --levels 3 --patch-size 32 --maximum-epochs 1"


def block(language):
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return found


work = arguments.work
source, build, data = work / "source", work / "build", work / "data"
for folder in (source, data):
    subprocess.run(["cmake", "-E", "rm", "-rf", folder], check=True)
    folder.mkdir(parents=True)

(source / "upgrade.cxx").write_text(block("cpp"))
(source / "CMakeLists.txt").write_text(block("cmake"))
subprocess.run([*arguments.configure, "-S", source, "-B", build], check=True)
subprocess.run(["cmake", "--build", build], check=True)

commands, trainings = re.subn(r"(annotation-upgrade train-\w+)", rf"\1{SMALL}", block("sh"))
assert trainings == 2, "the README trains an upgrade and a segmentation network"
path = f"{arguments.tool.resolve().parent}{os.pathsep}{os.environ['PATH']}"
subprocess.run(["sh", "-exc", commands], cwd=data, env={**os.environ, "PATH": path}, check=True)

image = next((data / "many/images").iterdir()).name
result = data / "upgraded-by-program.png"
subprocess.run([build / "upgrade", data / "upgrade.unet", data / "many/images" / image, data / "many/poor" / image, result], check=True)
import cv2  # after the build, which needs no package of Python's

expected = cv2.imread(str(data / "many/upgraded" / image), cv2.IMREAD_UNCHANGED)
found = cv2.imread(str(result), cv2.IMREAD_UNCHANGED)
assert expected is not None and found is not None
assert expected.shape == found.shape and (expected == found).all(), "program and command line differ"
print("README.md holds")
