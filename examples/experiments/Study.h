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
#ifndef Study_h
#define Study_h

#include "DataSet.h"

/** One case of an experiment in one run: trains what its methods need, and scores them on the test set.
 *
 * A case is an object with
 * - "data": hl60, granulocyte or combined for phantoms, or the name of a folder of real images
 * - "volumes", "slices": slices with good annotations, and volumes that they are chosen from (Sec. 2.1.1 of the paper)
 * - "poor": slices with poor annotations, chosen evenly from the others; 0 for all of them
 * - "perturbation": of the poor annotations, options of `annotation-upgrade perturb`; or "predictions" for those of a
 *   network that was trained on the good ones
 * - "training": of the upgrade network, options of `annotation-upgrade train-upgrade`; "" for those of "perturbation"
 * - "good": of the good annotations, if they are to be imperfect, options of `annotation-upgrade perturb`
 * - "candidates": "segments" for graph-based segments of the images, "" for those of the data. */
class Study
{
public:
  /** \param training  options of every training */
  Study(const Tool & tool, DataSet data, Json theCase, std::string training, unsigned int run);

  /** Dice over the test set of
   * - "low quality", "upgraded": annotations
   * - "upgraded as published": by a network that was trained for as long, but as in the paper: on the images' own
   *   pixels, intensities divided by the maximum, Dice alone, no average of the weights; with the learning rate of the
   *   others, since that of the paper gets nowhere in minutes
   * - "upgraded + flips": by the upgrade network's average over all flips
   * - "upgraded by two": by the average of two networks, each trained for half the time
   * - "upgraded from coarse to fine": by a network that sees pixels of twice the size, whose result another mends,
   * which was trained on bias 2; each trained for half the time
   * - "upgraded in two rounds": by a network that was trained on the good annotations and on poor ones that another had
   *   upgraded, their connected parts as cells; each trained for half the time
   * - "upgraded, NAME": with the option of training that is on trial under this name
   * - "threshold": the best single threshold
   * - "segment low", "segment high + low", "segment high", "segment high + upgraded": networks by what they learned
   *   from
   * - "segment confident": a network that learned from good and poor annotations together, corrected by
   *   itk::ConfidentLearning; each half of the images is judged by a network trained on the other half. Zhang et al.
   *   move the wrong pixels to 0.8 and 0.2 rather than to 1 and 0.
   * - "segment partial": a network that learned from good annotations and from poor ones whose background was left open
   *   and then labelled by itk::PartialLabeling, with a network that was trained on both without the open pixels. Peng
   *   et al. train one network throughout, with Fisher's criterion as part of its loss. */
  double
  Score(const std::string & method) const;

  /** What the annotations that a method needs cost, in poor annotations. */
  unsigned int
  GetCost(const std::string & method) const;

  const DataSet &
  GetData() const
  {
    return m_Data;
  }

  /** Annotations of the test images. */
  std::filesystem::path
  MakeTestLowQuality() const;
  std::filesystem::path
  MakeTestUpgraded() const;

private:
  std::string
  Get(const char * key) const;

  /** Options for those of a set, none where it has none. */
  Words
  MakeCandidates(const DataPaths & set) const;

  /** The same images with other annotations. */
  static DataPaths
  WithLabels(DataPaths set, const std::filesystem::path & labels);

  std::filesystem::path
  Perturb(const DataPaths & set, const std::string & perturbation) const;
  std::filesystem::path
  MakeLowQuality(const DataPaths & set) const;
  DataPaths
  TestLowQuality() const;

  /** How an upgrade network is trained. */
  struct UpgradeTraining
  {
    std::vector<DataPaths> Sets;
    std::string            Perturbation;
    std::string            Seed;
    Words                  Options{};
    unsigned int           Networks{ 1 }; ///< that share the time
  };
  UpgradeTraining
  Plain() const;
  std::filesystem::path
  Train(const UpgradeTraining & training) const;
  std::filesystem::path
  Upgrade(const DataPaths & set, const std::filesystem::path & model, const Words & more = {}) const;
  double
  ScoreUpgraded(const UpgradeTraining & training, const Words & more = {}) const;
  double
  ScoreByTwo() const;
  double
  ScoreCoarseToFine() const;
  double
  ScoreTwoRounds() const;
  std::filesystem::path
  TrainSegment(const std::vector<DataPaths> & sets, const Words & more = {}) const;
  std::filesystem::path
  Segment(const std::vector<DataPaths> & sets, const DataPaths & images) const;
  std::vector<DataPaths>
  CorrectConfidently(const std::vector<DataPaths> & sets) const;
  DataPaths
  CompletePartially(const DataPaths & set) const;
  double
  ScoreSegmentation(const std::vector<DataPaths> & sets) const;

  const Tool & m_Tool;
  DataSet      m_Data;
  Json         m_Case;
  std::string  m_Training;
  std::string  m_Seed;
  DataPaths    m_Good; ///< slices with good annotations
  DataPaths    m_Poor; ///< slices whose annotations are made poor
  unsigned int m_NumberOfGood;
  unsigned int m_NumberOfPoor;
};

#endif
