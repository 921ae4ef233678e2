/*=========================================================================
 *
 *  Copyright NumFOCUS
 *
 *  Licensed under the Apache License, Version 2.0 (the "License");
 *  you may not use this file except in compliance with the License.
 *  You may obtain a copy of the License at
 *
 *         https://www.apache.org/licenses/LICENSE-2.0.txt
 *
 *  Unless required by applicable law or agreed to in writing, software
 *  distributed under the License is distributed on an "AS IS" BASIS,
 *  WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 *  See the License for the specific language governing permissions and
 *  limitations under the License.
 *
 *=========================================================================*/
#ifndef itkWilcoxonSignedRankTest_h
#define itkWilcoxonSignedRankTest_h

#include "itkIntTypes.h"
#include "itkMacro.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace itk
{
/** \class WilcoxonSignedRankTest
 * \brief Whether paired scores of two methods differ: Wilcoxon's signed-rank test, two-sided and exact.
 *
 * The differences first - second are ranked by size, and W+ and W- are the sums of the ranks of the positive and the
 * negative ones. If both methods were equal, every difference would have either sign with probability 1/2. The p-value
 * is the probability, computed over all choices of signs rather than approximated, of sums at least as unequal as those
 * found.
 *
 * - Pairs without difference are left out, as Wilcoxon did. If nothing remains, the p-value is 1.
 * - Differences of equal size share the mean of their ranks, and the p-value is that of the ranks shared in this way.
 *   They are equal only if the numbers are: round scores before, where that is meant.
 *
 * With n differing pairs the p-value is at least 2^(1-n): from five pairs nothing below 0.0625 can follow. Time grows
 * with n^3; thousand pairs take about a second.
 *
 * \ingroup AnnotationUpgrade */
class WilcoxonSignedRankTest
{
public:
  /** \throw ExceptionObject if the numbers of scores differ, or if a difference is not finite. */
  WilcoxonSignedRankTest(const std::vector<double> & first, const std::vector<double> & second)
  {
    if (first.size() != second.size())
    {
      itkGenericExceptionMacro("There are " << first.size() << " scores of the first method and " << second.size()
                                            << " of the second. Give one pair for each run.");
    }
    std::vector<double> differences;
    for (size_t i = 0; i < first.size(); ++i)
    {
      const double difference = first[i] - second[i];
      if (!std::isfinite(difference))
      {
        itkGenericExceptionMacro("Pair " << i << " is " << first[i] << " and " << second[i]
                                         << ". Leave out pairs that are not finite.");
      }
      if (difference != 0.0)
      {
        differences.push_back(difference);
      }
    }
    std::sort(differences.begin(), differences.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
    m_NumberOfPairs = differences.size();
    this->Compute(differences);
  }

  /** Pairs that differ. */
  SizeValueType
  GetNumberOfPairs() const
  {
    return m_NumberOfPairs;
  }

  /** The smaller of W+ and W-. */
  double
  GetStatistic() const
  {
    return m_Statistic;
  }

  /** Probability of such a statistic, or a smaller one, if the methods were equal. */
  double
  GetPValue() const
  {
    return m_PValue;
  }

private:
  /** \param differences  in the order of their sizes, none of them 0 */
  void
  Compute(const std::vector<double> & differences)
  {
    // Twice the rank is an integer: the ranks i to j - 1, from 0, share (i + j + 1) / 2.
    std::vector<SizeValueType> twiceRanks;
    SizeValueType              twicePositive = 0;
    for (size_t i = 0, j = 0; i < differences.size(); i = j)
    {
      for (; j < differences.size() && std::abs(differences[j]) == std::abs(differences[i]); ++j)
      {}
      for (size_t k = i; k < j; ++k)
      {
        twiceRanks.push_back(i + j + 1);
        twicePositive += differences[k] > 0.0 ? i + j + 1 : 0;
      }
    }
    const SizeValueType twiceTotal = differences.size() * (differences.size() + 1);
    const SizeValueType twiceSmaller = std::min(twicePositive, twiceTotal - twicePositive);
    m_Statistic = 0.5 * static_cast<double>(twiceSmaller);

    // Probability of each value of 2 W+ up to the statistic, one difference after the other.
    std::vector<double> probability(twiceSmaller + 1, 0.0);
    probability[0] = 1.0;
    for (const SizeValueType twiceRank : twiceRanks)
    {
      for (SizeValueType sum = probability.size(); sum-- > 0;)
      {
        probability[sum] = 0.5 * (probability[sum] + (sum >= twiceRank ? probability[sum - twiceRank] : 0.0));
      }
    }
    const double tail = std::accumulate(probability.begin(), probability.end(), 0.0);
    m_PValue = std::min(1.0, 2.0 * tail);
  }

  SizeValueType m_NumberOfPairs{ 0 };
  double        m_Statistic{ 0.0 };
  double        m_PValue{ 1.0 };
};
} // namespace itk

#endif
