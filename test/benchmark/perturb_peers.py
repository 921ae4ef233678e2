#!/usr/bin/env python3
"""Compares the perturbation filters with NumPy, scikit-image, OpenCV and SciPy, and measures how their cost grows.

    test/benchmark/perturb_peers.py --program build/bin/perturbBenchmark --output build/perturb

Prints ratios, and writes OUTPUT.json and OUTPUT.png. Omission and inclusion have two peers: scikit-image's map_array, which
takes labels of any size, and a NumPy table with a place for each label up to the largest, as an expert writes it. Bias is
compared with OpenCV on a binary mask; labels are then kept by np.where, or by the product of labels and mask.
Everything runs on the same images of round cells at random places, the filters and their peers in turns, also slices of
few cells and of many, on one thread; medians over all rounds, of processor time, which other programs on the machine
hardly change. Only the gain of several threads is measured by the clock.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
import cv2  # noqa: E402
import matplotlib  # noqa: E402
import numpy as np  # noqa: E402
from scipy import ndimage  # noqa: E402
from skimage.util import map_array  # noqa: E402

matplotlib.use("Agg")
from matplotlib import pyplot, ticker  # noqa: E402

RATE = 0.7
SLICE = (565, 807)
VOLUME = (100, 200, 200)
DRAWS = [f"{operation} {q}" for operation in ("Erosion", "Dilation") for q in range(1, 7)]


def cells(shape, count, seed, share=0.2):
    """Labels 1 to count: balls that would cover this share of the image if none overlapped."""
    random = np.random.default_rng(seed)
    image = np.zeros(shape, np.uint16)
    ball = np.pi if len(shape) == 2 else np.pi * 4 / 3
    radius = (share * image.size / count / ball) ** (1 / len(shape))
    for label in range(1, count + 1):
        center = [random.integers(size) for size in shape]
        box = tuple(slice(max(0, int(c - radius)), int(c + radius) + 2) for c in center)
        grid = np.ogrid[tuple(slice(b.start, min(b.stop, size)) for b, size in zip(box, shape))]
        image[box][sum((axis - c) ** 2 for axis, c in zip(grid, center)) <= radius**2] = label
    return image


def write_image(path, image):
    header = (
        f"ObjectType = Image\nNDims = {image.ndim}\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
        f"DimSize = {' '.join(map(str, image.shape[::-1]))}\nElementType = MET_USHORT\nElementDataFile = LOCAL\n"
    )
    path.write_bytes(header.encode() + image.astype("<u2").tobytes())


# Run by a small process of its own, since the peak that the system counts for a child begins with its parent's memory.
CHILD = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""


class Bench:
    def __init__(self, program, folder):
        self.program = program
        self.folder = Path(folder)

    def run(self, image, candidates, *names, threads=None, seconds=0.1):
        """Milliseconds for each name, by the clock where a number of threads is given, and the program's peak memory in
        bytes."""
        paths = [self.folder / "labels.mha", self.folder / "candidates.mha"]
        write_image(paths[0], image)
        write_image(paths[1], candidates)
        report = self.folder / "report.json"
        process = subprocess.run(
            [
                *[sys.executable, "-c", CHILD, self.program, *paths],
                f"--benchmark_filter=^({'|'.join(names)})$",
                f"--benchmark_min_time={seconds}",
                f"--benchmark_out={report}",
            ],
            env={**os.environ, "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": str(threads or 1)},
            stdout=subprocess.PIPE,
        )
        if process.returncode != 0:
            raise RuntimeError(f"{self.program} failed")
        key = "real_time" if threads else "cpu_time"
        times = {entry["name"]: entry[key] for entry in json.loads(report.read_text())["benchmarks"]}
        return times, int(process.stdout) * 1024


def timed(work, seconds=0.1):
    """Milliseconds of one call."""
    work()
    calls = 0
    start = time.thread_time()
    while calls == 0 or time.thread_time() - start < seconds:
        work()
        calls += 1
    return (time.thread_time() - start) / calls * 1e3


def omit(image, random):
    labels = np.unique(image)
    labels = labels[labels != 0]
    values = labels.copy()
    values[np.isin(labels, random.choice(labels, round(RATE * len(labels)), replace=False))] = 0
    zero = np.zeros(1, image.dtype)
    return map_array(image, np.concatenate((zero, labels)), np.concatenate((zero, values)))


def labels_of(image):
    """By a table of all labels up to the largest."""
    present = np.flatnonzero(np.bincount(image.ravel()))
    return present[present != 0]


def omit_by_table(image, random):
    labels = labels_of(image)
    table = np.arange(labels[-1] + 1, dtype=image.dtype)
    table[random.choice(labels, round(RATE * len(labels)), replace=False)] = 0
    return table[image]


def include_by_table(image, candidates, random):
    labels = labels_of(candidates)
    chosen = random.choice(labels, round(RATE * len(labels)), replace=False)
    table = np.zeros(labels[-1] + 1, image.dtype)
    table[chosen] = labels_of(image)[-1] + 1 + np.arange(len(chosen), dtype=image.dtype)
    written = table[candidates]
    return np.where(written != 0, written, image)


def include(image, candidates, random):
    used = np.unique(image)
    labels = np.unique(candidates)
    labels = labels[labels != 0]
    chosen = random.choice(labels, round(RATE * len(labels)), replace=False)
    values = np.zeros_like(labels)
    values[np.isin(labels, chosen)] = used[-1] + 1 + np.arange(len(chosen), dtype=image.dtype)
    zero = np.zeros(1, image.dtype)
    written = map_array(candidates, np.concatenate((zero, labels)), np.concatenate((zero, values)))
    return np.where(written != 0, written, image)


def bias_2d(draw, image):
    operation, q = draw.split()
    function = cv2.erode if operation == "Erosion" else cv2.dilate
    return function(image, np.ones((3, 3), np.uint8), iterations=int(q))


def bias_3d(draw, image):
    operation, q = draw.split()
    element = np.ones((3, 3, 3), bool)
    if operation == "Erosion":
        return ndimage.binary_erosion(image != 0, element, int(q), border_value=1)
    return ndimage.binary_dilation(image != 0, element, int(q))


def spread_labels(draw, image):
    """Labels where a mask of this draw may have pixels: their own or, where they are gained, the nearest cell's."""
    if draw.startswith("Erosion"):
        return image
    nearest = ndimage.distance_transform_edt(image == 0, return_distances=False, return_indices=True)
    return image[tuple(nearest)]


def keep_by_where(draw, image, mask):
    return np.where(mask, spread_labels(draw, image), 0)


def keep_by_product(draw, image, mask):
    return spread_labels(draw, image) * mask


def medians(rounds):
    return {name: statistics.median(times[name] for times in rounds) for name in rounds[0]}


def time_slice(bench, count, random):
    """One round: milliseconds of the filters, and of each kind of peer, for so many cells."""
    image = cells(SLICE, count, seed=1)
    candidates = cells(SLICE, count // 2, seed=2, share=0.1)
    mask = (image != 0).astype(np.uint8)
    peers = {draw: timed(lambda: bias_2d(draw, (image != 0).astype(np.uint8)), 0.03) for draw in DRAWS}
    peers["omission"] = timed(lambda: omit(image, random))
    peers["inclusion"] = timed(lambda: include(image, candidates, random))
    return {
        "filters": bench.run(image, candidates, "copy", "omission", "inclusion", "salt and pepper", *DRAWS)[0],
        "peers": peers,
        "peers with a table": {
            "omission": timed(lambda: omit_by_table(image, random)),
            "inclusion": timed(lambda: include_by_table(image, candidates, random)),
        },
        **{
            f"peers that keep labels by {how}": {
                draw: timed(lambda: keep(draw, image, bias_2d(draw, (image != 0).astype(np.uint8))), 0.03)
                for draw in DRAWS
            }
            for how, keep in (("np.where", keep_by_where), ("a product", keep_by_product))
        },
        "OpenCV's call alone": {draw: timed(lambda: bias_2d(draw, mask), 0.03) for draw in DRAWS},
    }


def compare_slices(bench, rounds):
    counts = (20, 2000)
    random = np.random.default_rng(3)
    timings = [{count: time_slice(bench, count, random) for count in counts} for _ in range(rounds)]
    results = {}
    for count in counts:
        result = {side: medians([timing[count][side] for timing in timings]) for side in timings[0][count]}
        for times in result.values():
            if DRAWS[0] in times:
                times["bias 6"] = statistics.median(times[draw] for draw in DRAWS)
        results[f"{count} cells"] = result
        ours, peers, tables, where, product, bare = result.values()
        print(f"slice of {SLICE[1]}x{SLICE[0]}, {count} cells; copy {ours['copy']:.3f} ms")
        for name in ("omission", "inclusion", "bias 6", "Erosion 6", "Dilation 6"):
            line = f"  {name}: {ours[name]:.3f} ms, peer {peers[name]:.3f} ms, {peers[name] / ours[name]:.1f} times"
            if name in bare:
                for how, kept in (("np.where", where), ("a product", product)):
                    line += f"; that keeps labels by {how} {kept[name]:.3f} ms, {kept[name] / ours[name]:.1f} times"
                line += f"; {ours[name] / bare[name]:.1f} times OpenCV's call alone"
            else:
                line += f"; with a table {tables[name]:.3f} ms, {tables[name] / ours[name]:.1f} times"
                line += f"; {ours[name] / ours['copy']:.1f} copies"
            print(line, flush=True)
        print(f"  salt and pepper: {ours['salt and pepper']:.3f} ms")
    results["growth with cells"] = {}
    for name in ("omission", "inclusion"):
        few, many = ([timing[count]["filters"][name] for timing in timings] for count in counts)
        growth = statistics.median(b / a for a, b in zip(few, many))
        results["growth with cells"][name] = growth
        print(f"{name} of {counts[1]} cells takes {growth:.2f} times as long as of {counts[0]}")
    return results


def compare_volumes(bench, rounds):
    results = {}
    draws = ("Erosion 6", "Dilation 6")
    for count in (20, 200):
        image = cells(VOLUME, count, seed=1)
        ours, peers, kept = [], [], []
        for _ in range(rounds):
            ours.append(bench.run(image, image, *draws)[0])
            peers.append({draw: timed(lambda: bias_3d(draw, image), 0.0) for draw in draws})
            kept.append({draw: timed(lambda: keep_by_product(draw, image, bias_3d(draw, image)), 0.0) for draw in draws})
        ours, peers, kept = medians(ours), medians(peers), medians(kept)
        results[f"{count} cells"] = {"filters": ours, "peers": peers, "peers that keep labels": kept}
        for draw in draws:
            print(
                f"volume of 200x200x100, {count} cells, {draw}: {ours[draw]:.1f} ms, SciPy {peers[draw]:.1f} ms, "
                f"{peers[draw] / ours[draw]:.1f} times as fast; that keeps labels {kept[draw]:.1f} ms, "
                f"{kept[draw] / ours[draw]:.1f} times",
                flush=True,
            )
    return results


def scaling(bench, rounds):
    names = ("copy", "omission", "inclusion", "salt and pepper", "Erosion 6", "Dilation 6", "bias per cell")
    results = {}

    def measure(series, position, image, candidates, threads=None):
        runs = [bench.run(image, candidates, *names, threads=threads, seconds=0.03) for _ in range(rounds)]
        entry = {"at": position, "pixels": image.size, "milliseconds": medians([times for times, _ in runs])}
        entry["peak bytes"] = statistics.median(memory for _, memory in runs)
        results.setdefault(series, []).append(entry)
        print(series, position, {name: round(ms, 3) for name, ms in entry["milliseconds"].items()}, flush=True)

    for edge in (256, 512, 1024, 2048, 4096):
        count = edge**2 // 23000 + 1
        image, candidates = cells((edge, edge), count, 1), cells((edge, edge), count, 2, 0.1)
        measure("pixels of a slice", edge**2, image, candidates)
    for count in (2, 20, 200, 2000, 20000):
        measure("cells in a slice", count, cells(SLICE, count, 1), cells(SLICE, count, 2, 0.1))
    for depth in (25, 50, 100, 200):
        shape = (depth, 200, 200)
        measure("pixels of a volume", depth * 40000, cells(shape, depth // 5, 1), cells(shape, depth // 5, 2, 0.1))
    image, candidates = cells((4096, 4096), 700, 1), cells((4096, 4096), 700, 2, 0.1)
    for threads in range(1, len(os.sched_getaffinity(0)) + 1):
        measure("threads", threads, image, candidates, threads)
    return results


def plot(path, results):
    figure, axes = pyplot.subplots(1, len(results) + 1, figsize=(4 * len(results) + 4, 4))
    for axis, (series, entries) in zip(axes, results.items()):
        for name in entries[0]["milliseconds"]:
            axis.loglog([e["at"] for e in entries], [e["milliseconds"][name] for e in entries], "o-", label=name)
        axis.set_xlabel(series)
        axis.set_ylabel("ms")
        axis.xaxis.set_minor_formatter(ticker.NullFormatter())
        if series == "threads":
            axis.set_xticks([e["at"] for e in entries], [e["at"] for e in entries])
    for series in ("pixels of a slice", "pixels of a volume"):
        axes[-1].semilogx(
            [e["at"] for e in results[series]], [e["peak bytes"] / 2**20 for e in results[series]], "o-", label=series
        )
    axes[-1].set_xlabel("pixels")
    axes[-1].set_ylim(bottom=0)
    axes[-1].set_ylabel("peak memory, MiB")
    axes[0].legend(fontsize="small")
    axes[-1].legend(fontsize="small")
    figure.tight_layout()
    figure.savefig(path, dpi=100)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="perturbBenchmark")
    parser.add_argument("--output", type=Path, required=True, help="name of the results, without extension")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(arguments.program, folder)
        results = {
            "slices": compare_slices(bench, arguments.rounds),
            "volumes": compare_volumes(bench, arguments.rounds),
            "scaling": scaling(bench, arguments.rounds),
        }
    arguments.output.with_suffix(".json").write_text(json.dumps(results, indent=2) + "\n")
    plot(arguments.output.with_suffix(".png"), results["scaling"])


if __name__ == "__main__":
    main()
