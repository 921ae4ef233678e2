#!/usr/bin/env python3
"""Runs every test and benchmark that needs a GPU and writes one JSON file.

    test/gpu.py --build build --output build/gpu.json

BUILD is a build folder of a LibTorch with CUDA, with -DAnnotationUpgrade_BUILD_BENCHMARKS=ON. The benchmark compares
with the torch package of this Python. Takes about five minutes.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    root = Path(__file__).resolve().parent
    report = {}
    with tempfile.TemporaryDirectory() as folder:
        tests = Path(folder) / "tests.json"
        driver = arguments.build / "bin" / "AnnotationUpgradeNetworkGTestDriver"
        subprocess.run([driver, "--gtest_filter=UNetCuda.*", f"--gtest_output=json:{tests}"])
        suites = json.loads(tests.read_text())["testsuites"]
        report["tests"] = {
            test["name"]: "failed" if "failures" in test else "skipped" if test["result"] == "SKIPPED" else "passed"
            for suite in suites for test in suite["testsuite"]
        }
        if set(report["tests"].values()) == {"skipped"}:
            sys.exit("There is no GPU that LibTorch can use: every test was skipped.")
        for name, options in {
            "one slice": ["--size", "1024", "768"],
            "a batch of tiles": ["--size", "1024", "1024", "--images", "8"],
            "small slices": ["--size", "256", "192", "--images", "16"],
        }.items():
            figures = Path(folder) / "figures.json"
            subprocess.run([sys.executable, root / "benchmark" / "network_peers.py", "--device", "cuda:0", "--repeats", "10",
                            "--program", arguments.build / "bin" / "networkBenchmark", "--output", figures, *options],
                           check=True)
            report[name] = json.loads(figures.read_text())
    arguments.output.write_text(json.dumps(report, indent=2) + "\n")
    if "failed" in report["tests"].values():
        sys.exit("A test failed.")


if __name__ == "__main__":
    main()
