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
"""Compares itk::WilcoxonSignedRankTest with SciPy.

Usage: statistics_agreement.py SIGNED_RANK. Exit status 77 where one of the libraries is missing.
"""

import subprocess
import sys
import unittest

try:
    import numpy as np
    from scipy import stats
except ImportError as error:
    print(f"Skipped: {error}")
    sys.exit(77)


def signed_rank(tests):
    """Statistic and p-value of each test, which is an array of pairs."""
    text = "\n".join(f"{len(pairs)} " + " ".join(map(repr, pairs.ravel().tolist())) for pairs in tests)
    output = subprocess.run([SIGNED_RANK], input=text, text=True, capture_output=True, check=True).stdout
    return [tuple(map(float, line.split())) for line in output.splitlines()]


class StatisticsAgreement(unittest.TestCase):
    def test_without_ties(self):
        random = np.random.default_rng(1)
        tests = [random.normal((0, shift), 1, (n, 2)) for n in range(1, 51) for shift in (0.0, 0.3, 1.0)]
        for pairs, (statistic, p) in zip(tests, signed_rank(tests)):
            expected = stats.wilcoxon(*pairs.T, mode="exact")
            self.assertEqual(statistic, expected.statistic)
            np.testing.assert_allclose(p, expected.pvalue, rtol=1e-12)

    def test_equal_pairs_are_left_out(self):
        random = np.random.default_rng(2)
        for n in range(1, 20):
            pairs = random.normal(0, 1, (n, 2))
            equal = np.repeat(random.normal(0, 1, (3, 1)), 2, axis=1)
            results = signed_rank([pairs, random.permutation(np.concatenate([pairs, equal]))])
            self.assertEqual(results[0], results[1])
            self.assertEqual(results[1][1], stats.wilcoxon(*pairs.T, mode="exact").pvalue)

    def test_ties(self):
        """SciPy's exact test has no ties; its permutation test counts all choices of signs."""
        random = np.random.default_rng(3)
        tests = [random.integers(0, 4, (n, 2)).astype(float) for n in range(2, 13) for _ in range(4)]
        for pairs, (statistic, p) in zip(tests, signed_rank(tests)):
            differences = pairs[:, 0] - pairs[:, 1]
            differences = differences[differences != 0]
            if len(differences) < 2:
                self.assertEqual(p, 1)
                continue
            ranks = stats.rankdata(np.abs(differences))
            self.assertEqual(statistic, min(ranks[differences > 0].sum(), ranks[differences < 0].sum()))
            expected = stats.permutation_test(
                (np.sign(differences) * ranks,),
                lambda sample, axis: np.sum(sample, axis=axis),
                permutation_type="samples",
                vectorized=True,
                n_resamples=np.inf,
            )
            np.testing.assert_allclose(p, expected.pvalue, rtol=1e-12)

    def test_many_pairs(self):
        """The normal approximation holds there."""
        random = np.random.default_rng(4)
        tests = [random.normal((0, 0.1), 1, (400, 2)) for _ in range(3)]
        for pairs, (_, p) in zip(tests, signed_rank(tests)):
            expected = stats.wilcoxon(*pairs.T, mode="approx").pvalue
            self.assertLess(abs(p - expected), 0.002)


if __name__ == "__main__":
    SIGNED_RANK = sys.argv.pop(1)
    unittest.main()
