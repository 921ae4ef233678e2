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
"""Computes the tables of Documentation/reproduction.md anew from the rows beside it.

Usage: reproduction.py DOCUMENTATION. Exit status 77 where SciPy is missing."""

import csv
import pathlib
import re
import statistics
import sys
import unittest

try:
    from scipy import stats
except ImportError as error:
    print(f"Skipped: {error}")
    sys.exit(77)

SCORES = {"dice", "cost", "seconds"}


def sections():
    """Text and rows of each section that names a file of rows."""
    text = (DOCUMENTATION / "reproduction.md").read_text(encoding="utf-8")
    for section in re.split(r"^## ", text, flags=re.MULTILINE):
        names = re.findall(r"\(reproduction/([\w-]+)\.csv\)", section)
        if names:
            (name,) = names
            with open(DOCUMENTATION / "reproduction" / f"{name}.csv", newline="") as file:
                yield name, section, list(csv.DictReader(file))


def table(section):
    """Columns and lines of the only table."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\|.*\|$", section, re.MULTILINE)]
    return lines[0], lines[2:]


class Reproduction(unittest.TestCase):
    def test_every_file_of_rows_has_a_section(self):
        self.assertEqual(
            sorted(name for name, _, _ in sections()),
            sorted(path.stem for path in (DOCUMENTATION / "reproduction").glob("*.csv")),
        )

    def test_tables_are_means_and_deviations_of_the_rows(self):
        for name, section, rows in sections():
            methods = list(dict.fromkeys(row["method"] for row in rows))
            columns, lines = table(section)
            keys = columns[: len(columns) - len(methods)]
            self.assertEqual(columns[len(keys) :], methods, name)
            cases = list(dict.fromkeys(tuple(row[key] or "none" for key in keys) for row in rows))
            self.assertEqual([tuple(line[: len(keys)]) for line in lines], cases, name)
            for case, line in zip(cases, lines):
                for method, cell in zip(methods, line[len(keys) :]):
                    values = [
                        float(row["dice"])
                        for row in rows
                        if row["method"] == method and tuple(row[key] or "none" for key in keys) == case
                    ]
                    expected = f"{statistics.mean(values):.3f}" if values else ""
                    if len(values) > 1:
                        expected += f" ± {statistics.stdev(values):.3f}"
                    self.assertEqual(cell, expected, f"{name}: {case}, {method}")

    def test_comparisons(self):
        pattern = r"^(.+) \(mean ([\d.]+)\) against (.+) \(([\d.]+)\), (\d+) pairs: .* p = ([\d.]+)\.$"
        for name, section, rows in sections():
            for first, mean, second, other, pairs, p in re.findall(pattern, section, re.MULTILINE):
                scores = [
                    {
                        tuple(value for key, value in row.items() if key not in SCORES | {"method"}): float(row["dice"])
                        for row in rows
                        if row["method"] == method
                    }
                    for method in (first, second)
                ]
                both = [case for case in scores[0] if case in scores[1]]
                a, b = ([score[case] for case in both] for score in scores)
                self.assertEqual(len(both), int(pairs), name)
                self.assertEqual(f"{statistics.mean(a):.3f}", mean, f"{name}: {first}")
                self.assertEqual(f"{statistics.mean(b):.3f}", other, f"{name}: {second}")
                self.assertEqual(f"{stats.wilcoxon(a, b).pvalue:.4f}", p, f"{name}: {first} against {second}")


if __name__ == "__main__":
    DOCUMENTATION = pathlib.Path(sys.argv.pop(1))
    unittest.main()
