#!/usr/bin/env python3
"""Measures memory and time of annotation-upgrade on a volume that is larger than the memory it uses, and on half of it.

    test/benchmark/memory.py --tool build/bin/annotation-upgrade --folder /tmp/memory --json build/memory.json

Simulates the volume, trains two small networks (2-D and 3-D) on small phantoms, upgrades the volume and its first half
with both, and trains on sets of few and of many images. The default size takes 22 GB of disk, which are freed in the end.
"""
import argparse
import json
import os
import shutil
import subprocess
import time
from pathlib import Path


def run(tool, *words):
    """Runs a command; its seconds, those of all processors, and the most memory that it had, in MiB."""
    words = [str(word) for word in words]
    print("annotation-upgrade", *words, flush=True)
    start = time.monotonic()
    process = subprocess.Popen([tool, *words, "--quiet"])
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    if status != 0:
        raise SystemExit(f"failed: {' '.join(words)}")
    work = usage.ru_utime + usage.ru_stime
    print(f"    {seconds:.1f} s, {work:.1f} s of processors, {usage.ru_maxrss / 1024:.0f} MiB", flush=True)
    return {"seconds": round(seconds, 2), "processor_seconds": round(work, 2), "mebibytes": round(usage.ru_maxrss / 1024)}


def forget(folder):
    """Has the system read a folder's files from the disk again, as the larger of two volumes would be anyway."""
    os.sync()
    for path in folder.glob("*/*"):
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def first_half(source, target):
    """Copies the first half of the slices of an uncompressed .mha file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(source, "rb") as file, open(target, "wb") as half:
        header = b""
        while not header.endswith(b"ElementDataFile = LOCAL\n"):
            header += file.readline()
        left = (source.stat().st_size - len(header)) // 2
        sizes = next(line for line in header.splitlines() if line.startswith(b"DimSize"))
        x, y, z = map(int, sizes.split(b"=")[1].split())
        half.write(header.replace(sizes, b"DimSize = %d %d %d" % (x, y, z // 2)))
        while left > 0:
            block = file.read(min(left, 1 << 24))
            half.write(block)
            left -= len(block)


def measure(options):
    folder, tool = options.folder, options.tool
    result = {"size": options.size}
    whole, half = folder / "whole", folder / "half"
    result["simulate"] = run(tool, "simulate", "--output", whole, "--bits", 8, "--size", *options.size)
    for part in ["images", "labels"]:
        first_half(whole / part / "cells_1.mha", half / part / "cells_1.mha")

    network = ["--base-channels", 4, "--levels", 3, "--spacing", 4, "--patch-size", 32]
    for dimension, size in [(2, [768, 768]), (3, [256, 256, 256])]:
        small = folder / f"small{dimension}"
        model = folder / f"{dimension}.unet"
        run(tool, "simulate", "--output", small, "--volumes", 4, "--bits", 8, "--size", *size)
        run(
            *[tool, "train-upgrade", "--images", small / "images", "--labels", small / "labels"],
            *[*network, "--maximum-epochs", 2, "--dimension", dimension, "--output", model],
        )
        times = {}
        for name, data in [("half", half), ("whole", whole)]:
            forget(data)
            times[name] = run(
                *[tool, "upgrade", "--model", model, "--images", data / "images" / "cells_1.mha"],
                *["--labels", data / "labels" / "cells_1.mha", "--output", folder / "out.mha"],
            )
            (folder / "out.mha").unlink()
        times["ratio"] = {name: round(value / times["half"][name], 3) for name, value in times["whole"].items()}
        result[f"upgrade_{dimension}d"] = times

    images = folder / "images"
    run(tool, "simulate", "--output", images / "1", "--size", 1024, 1024)
    result["train"] = {}
    for memory in [0, 100000]:
        for count in [10, 100]:
            data = folder / f"set{count}"
            for part in ["images", "labels"]:
                (data / part).mkdir(parents=True, exist_ok=True)
                for i in range(count):
                    link = data / part / f"{i}.png"
                    if not link.exists():
                        os.link(images / "1" / part / "cells_1.png", link)
            result["train"][f"{count} images, {'read again' if memory == 0 else 'kept'}"] = run(
                *[tool, "train-upgrade", "--images", data / "images", "--labels", data / "labels", *network],
                *["--maximum-epochs", 1, "--memory", memory, "--output", folder / "set.unet"],
            )
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", type=Path, default="build/bin/annotation-upgrade")
    parser.add_argument("--folder", type=Path, required=True, help="is made, and removed in the end")
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--size", type=int, nargs=3, default=[1065, 2048, 1536], metavar=("X", "Y", "Z"))
    options = parser.parse_args()
    options.folder.mkdir(parents=True)
    try:
        result = measure(options)
    finally:
        shutil.rmtree(options.folder)
    options.json.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
