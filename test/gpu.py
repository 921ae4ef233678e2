#!/usr/bin/env python3
"""Runs every test and benchmark that needs a GPU and writes one JSON file.

    test/gpu.py --build build --output build/gpu.json

BUILD is a build folder of a LibTorch with CUDA, with -DAnnotationUpgrade_BUILD_BENCHMARKS=ON. The benchmark compares
with the torch package of this Python. Ends within nine minutes. What is done is written after every step, so that a step
that fails or is cut short costs no other.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
END = time.monotonic() + 530
BENCHMARKS = {
    "one slice": ["--size", "1024", "768"],
    "8 slices at once": ["--size", "1024", "1024", "--images", "8", "--jobs", "prediction"],
    "16 small slices at once": ["--size", "256", "192", "--images", "16", "--jobs", "prediction"],
}


def run(command, seconds):
    """Why the command did not end well in so many seconds, or nothing. What it has started ends with it."""
    seconds = min(seconds, END - time.monotonic())
    if seconds <= 0:
        return "not begun: time was up"
    process = subprocess.Popen(command, start_new_session=True)
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return f"took more than {seconds:.0f} s"
    return f"ended with status {status}" if status != 0 else ""


def run_test(driver, name):
    """A process for each test: an error of CUDA is the end of all that its process does there."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        problem = run([driver, f"--gtest_filter={name}", f"--gtest_output=json:{report}"], 120)
        if not report.exists():
            return problem
        test = json.loads(report.read_text())["testsuites"][0]["testsuite"][0]
        if "failures" in test:
            return "\n".join(failure["failure"] for failure in test["failures"])
        return "skipped" if test["result"] == "SKIPPED" else "passed"


def run_benchmark(program, options):
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.json"
        command = [sys.executable, ROOT / "benchmark" / "network_peers.py", "--device", "cuda:0", "--repeats", "30",
                   "--warm-up", "0.5", "--program", program, "--output", figures, *options]
        problem = run(command, 200)
        result = json.loads(figures.read_text()) if figures.exists() else {}
        return {**result, "problem": problem} if problem else result


def names_of(driver):
    lines = subprocess.run([driver, "--gtest_list_tests", "--gtest_filter=UNetCuda.*"], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.splitlines()
    return [f"UNetCuda.{line.strip()}" for line in lines if line.startswith("  ")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    driver = arguments.build / "bin" / "AnnotationUpgradeNetworkGTestDriver"
    report = {"tests": {}, "benchmarks": {}}

    def write():
        arguments.output.write_text(json.dumps(report, indent=2) + "\n")

    for name in names_of(driver):
        report["tests"][name] = run_test(driver, name)
        write()
    if set(report["tests"].values()) == {"skipped"}:
        sys.exit("There is no GPU that LibTorch can use: every test was skipped.")
    for name, options in BENCHMARKS.items():
        report["benchmarks"][name] = run_benchmark(arguments.build / "bin" / "networkBenchmark", options)
        write()
    failed = [name for name, result in report["tests"].items() if result not in ("passed", "skipped")]
    failed += [name for name, result in report["benchmarks"].items() if "problem" in result]
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
