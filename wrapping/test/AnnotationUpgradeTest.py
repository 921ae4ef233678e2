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
"""Every class of the module in ITK's Python, with NumPy for a second opinion. ITK's Python has to be on PYTHONPATH."""

import importlib
import itertools
import os
import pathlib
import re
import tempfile
import unittest

import itk
import numpy as np

WITH_NETWORKS = hasattr(itk, "UNetModel")
LABEL_TYPES = (np.uint8, np.uint16, np.int16)
ENUMS = {"BiasPerturbFilterEnums", "CellPhantomEnums"}
CLASSES = {
    "BiasPerturbFilter",
    "CellPhantomImageSource",
    "ConfidentLearning",
    "ForegroundOverlap",
    "GraphBasedSegmentationImageFilter",
    "InclusionPerturbFilter",
    "OmissionPerturbFilter",
    "PartialLabeling",
    "PerturbAnnotationFilter",
    "PerturbFilterBase",
    "SaltAndPepperPerturbFilter",
    "ThresholdBaseline",
    "WilcoxonSignedRankTest",
}
if WITH_NETWORKS:
    ENUMS |= {"IntensityNormalizationEnums", "UNetModelEnums", "UNetTrainerEnums"}
    CLASSES |= {
        "AnnotationSampleSource",
        "TrainingSampleSource",
        "UNetFilterBase",
        "UNetModel",
        "UNetSegmentFilter",
        "UNetTrainer",
        "UpgradeAnnotationFilter",
    }


def cells(size=(40, 50), dtype=np.uint16):
    """Twenty rectangles in the last two axes, labelled 1 to 20, some of which touch."""
    array = np.zeros(size, dtype)
    for label in range(20):
        row, column = divmod(label, 5)
        array[..., row * 10 + 1 : row * 10 + 8, column * 10 + 1 : column * 10 + 9 + label % 2] = label + 1
    return array


def image_of(array, spacing=None):
    image = itk.image_from_array(np.ascontiguousarray(array))
    if spacing is not None:
        image.SetSpacing(spacing)
    return image


def colour_of(array):
    pixels = np.stack([array, array, array // 2], axis=-1).astype(np.uint8)
    return itk.image_from_array(pixels, ttype=itk.Image[itk.RGBPixel[itk.UC], array.ndim])


def labels_of(array):
    return set(np.unique(array)) - {0}


def dice_of(test, reference):
    test, reference = test != 0, reference != 0
    return 2 * (test & reference).sum() / (test.sum() + reference.sum())


class Wrapping(unittest.TestCase):
    def test_all_classes(self):
        config = importlib.import_module("itk.Configuration.AnnotationUpgradeConfig")
        self.assertEqual({template[0] for template in config.templates}, CLASSES | ENUMS)
        for name in CLASSES | ENUMS:
            self.assertTrue(hasattr(itk, name), name)

    def test_pixel_types_and_dimensions(self):
        for dimension in (2, 3):
            for pixel in (itk.UC, itk.US, itk.SS):
                labels = itk.Image[pixel, dimension]
                self.assertIn((labels,), itk.OmissionPerturbFilter.keys())
                self.assertIn((labels,), itk.BiasPerturbFilter.keys())
                for image in (itk.UC, itk.US, itk.F, itk.RGBPixel[itk.UC]):
                    key = (itk.Image[image, dimension], labels)
                    self.assertIn(key, itk.ThresholdBaseline.keys())
                    if WITH_NETWORKS:
                        self.assertIn(key, itk.AnnotationSampleSource.keys())
                        self.assertIn(key, itk.UNetSegmentFilter.keys())
                        self.assertIn((*key, labels), itk.UpgradeAnnotationFilter.keys())


class Perturb(unittest.TestCase):
    def test_omission_counts(self):
        for dtype in LABEL_TYPES:
            for size in ((40, 50), (3, 40, 50)):
                before = cells(size, dtype)
                after = itk.array_from_image(itk.omission_perturb_filter(image_of(before), rate=0.7, seed=1))
                self.assertEqual(after.dtype, dtype)
                self.assertEqual(len(labels_of(after)), 6)
                np.testing.assert_array_equal(after, np.where(np.isin(before, list(labels_of(after))), before, 0))

    def test_omission_slice_by_slice(self):
        before = cells((4, 40, 50))
        after = itk.array_from_image(itk.omission_perturb_filter(image_of(before), rate=0.25, slice_by_slice=True))
        kept = [labels_of(plane) for plane in after]
        self.assertEqual([len(labels) for labels in kept], [15] * 4)
        self.assertNotEqual(kept, [kept[0]] * 4)

    def test_object_interface(self):
        image = image_of(cells(), spacing=[0.5, 0.25])
        omission = itk.OmissionPerturbFilter[type(image)].New()
        self.assertIsInstance(omission, itk.PerturbFilterBase[type(image)])
        self.assertEqual((omission.GetRate(), omission.GetSeed(), omission.GetSliceAxis()), (0.7, 0, 1))
        omission.SetInput(image)
        omission.SetRate(0.5)
        omission.SetSeed(2**40)
        omission.Update()
        after = omission.GetOutput()
        self.assertEqual(tuple(after.GetSpacing()), (0.5, 0.25))
        self.assertEqual(len(labels_of(itk.array_from_image(after))), 10)
        again = itk.omission_perturb_filter(image, rate=0.5, seed=2**40)
        np.testing.assert_array_equal(itk.array_from_image(after), itk.array_from_image(again))

    def test_numpy_arrays(self):
        after = itk.omission_perturb_filter(cells(), rate=0.9)
        self.assertIsInstance(after, np.ndarray)
        self.assertEqual(len(labels_of(after)), 2)

    def test_inclusion(self):
        before = cells()
        before[:, 25:] = 0
        candidates = np.where(cells() > 0, cells() + 100, 0).astype(np.uint16)
        after = itk.array_from_image(
            itk.inclusion_perturb_filter(
                image_of(before), candidates_image=image_of(candidates), rate=0.45, seed=3
            )
        )
        included = {label for label in labels_of(after) if label > 100}
        self.assertEqual(len(included), 9)
        np.testing.assert_array_equal(after, np.where(np.isin(candidates, list(included)), candidates, before))

    def test_bias(self):
        before = cells()
        for iterations in (1, 3):
            width = 2 * iterations + 1
            grown = np.lib.stride_tricks.sliding_window_view(np.pad(before, iterations), (width, width))
            eroded = np.lib.stride_tricks.sliding_window_view(
                np.pad(before, iterations, constant_values=1), (width, width)
            )
            expected = {
                itk.BiasPerturbFilterEnums.Operation_Dilation: grown.any(axis=(2, 3)),
                itk.BiasPerturbFilterEnums.Operation_Erosion: eroded.all(axis=(2, 3)),
            }
            for operation, foreground in expected.items():
                after = itk.array_from_image(
                    itk.bias_perturb_filter(image_of(before), iterations=iterations, operation=operation)
                )
                np.testing.assert_array_equal(after != 0, foreground)
                np.testing.assert_array_equal(after, np.where(foreground, self.nearest(before), 0))

    @staticmethod
    def nearest(labels):
        """The label of the nearest pixel of a cell, the smallest of several."""
        best = np.full(labels.shape, np.iinfo(np.int64).max)
        rows, columns = np.indices(labels.shape)
        for row, column in np.argwhere(labels):
            distance = (rows - row) ** 2 + (columns - column) ** 2
            best = np.minimum(best, distance * 1000 + int(labels[row, column]))
        return best % 1000

    def test_salt_and_pepper(self):
        before = cells((3, 40, 50), np.int16)
        after = itk.array_from_image(itk.salt_and_pepper_perturb_filter(image_of(before), probability=0.4, seed=5))
        self.assertEqual(set(np.unique(after[before == 0])), {0, 21})
        self.assertTrue(((after == before) | (after == 0))[before != 0].all())
        for share in ((after[before == 0] == 21).mean(), (after[before != 0] == 0).mean()):
            self.assertAlmostEqual(share, 0.2, delta=0.05)

    def test_chain(self):
        image = image_of(cells())
        same = itk.perturb_annotation_filter(image, seed=4)
        np.testing.assert_array_equal(itk.array_from_image(same), cells())
        dilation = itk.BiasPerturbFilterEnums.Operation_Dilation
        chained = itk.perturb_annotation_filter(
            image, maximum_iterations=2, bias_iterations=2, bias_operation=dilation
        )
        alone = itk.bias_perturb_filter(image, iterations=2, operation=dilation)
        np.testing.assert_array_equal(itk.array_from_image(chained), itk.array_from_image(alone))
        omitted = itk.array_from_image(itk.perturb_annotation_filter(image, omission_rate=0.5))
        self.assertEqual(len(labels_of(omitted)), 10)
        candidates = image_of(np.where(cells() > 10, 200, 0).astype(np.uint16))
        both = itk.perturb_annotation_filter(image, candidates_image=candidates, omission_rate=1.0, inclusion_rate=1.0)
        np.testing.assert_array_equal(itk.array_from_image(both), itk.array_from_image(candidates))

    def test_errors(self):
        with self.assertRaisesRegex(RuntimeError, "1.5"):
            itk.omission_perturb_filter(image_of(cells()), rate=1.5)
        with self.assertRaisesRegex(RuntimeError, "(?i)candidates"):
            itk.inclusion_perturb_filter(image_of(cells()), rate=0.5)
        with self.assertRaises(TypeError):
            itk.omission_perturb_filter(image_of(cells()), rate="all")
        with self.assertRaises(Exception):
            itk.omission_perturb_filter(image_of(cells().astype(np.float32)))


class Simulate(unittest.TestCase):
    def test_phantom(self):
        for size in ([96, 80], [64, 64, 16]):
            image_type, label_type = itk.Image[itk.US, len(size)], itk.Image[itk.UC, len(size)]
            source = itk.CellPhantomImageSource[image_type, label_type].New(size=size, number_of_cells=4, seed=7)
            source.SetCellType(itk.CellPhantomEnums.CellType_Combined)
            source.Update()
            image = itk.array_from_image(source.GetOutput())
            labels = itk.array_from_image(source.GetLabels())
            candidates = itk.array_from_image(source.GetCandidates())
            self.assertEqual(image.shape, tuple(reversed(size)))
            self.assertEqual(labels_of(labels), {1, 2, 3, 4})
            self.assertEqual(labels_of(candidates), {1, 2, 3, 4})
            self.assertFalse((labels.astype(bool) & candidates.astype(bool)).any())
            self.assertGreater(image[labels > 0].mean(), 1.5 * image[(labels == 0) & (candidates == 0)].mean())

    def test_functional(self):
        types = (itk.Image[itk.F, 2], itk.Image[itk.US, 2])
        image, labels, candidates = itk.cell_phantom_image_source(ttype=types, size=[64, 64], number_of_cells=3)
        self.assertEqual(type(image), types[0])
        self.assertEqual(labels_of(itk.array_from_image(labels)), {1, 2, 3})
        self.assertFalse(itk.array_from_image(candidates).any())

    def test_errors(self):
        source = itk.CellPhantomImageSource[itk.Image[itk.US, 2], itk.Image[itk.UC, 2]].New(size=[64, 0])
        with self.assertRaises(RuntimeError):
            source.Update()


class Segments(unittest.TestCase):
    def test_quadrants(self):
        flat = np.zeros((20, 24), np.uint8)
        flat[:10, 12:], flat[10:, :12], flat[10:, 12:] = 60, 120, 180
        expected = np.zeros(flat.shape, int)
        expected[:10, 12:], expected[10:, :12], expected[10:, 12:] = 1, 2, 3
        volume = np.stack([flat] * 3)
        images = [image_of(flat), image_of(flat.astype(np.float32)), colour_of(flat), image_of(volume)]
        for image in images:
            segments = itk.graph_based_segmentation_image_filter(image, sigma=0, scale=10)
            array = itk.array_from_image(segments)
            np.testing.assert_array_equal(array - 1, np.broadcast_to(expected, array.shape))

    def test_object_interface(self):
        types = (itk.Image[itk.UC, 2], itk.Image[itk.US, 2])
        segmentation = itk.GraphBasedSegmentationImageFilter[types].New(image_of(cells(dtype=np.uint8)), sigma=0.0)
        segmentation.SetScale(0)
        segmentation.SetMinimumSize(1)
        segmentation.Update()
        self.assertEqual(segmentation.GetNumberOfSegments(), 21)


class Measure(unittest.TestCase):
    def test_overlap(self):
        reference = cells(dtype=np.uint8)
        for shape in ((40, 50), (2, 40, 50)):
            test = np.broadcast_to(np.roll(reference, 2), shape).astype(np.int16)
            truth = np.broadcast_to(reference, shape)
            overlap = itk.ForegroundOverlap()
            overlap.Add(image_of(test), image_of(truth))
            self.assertEqual(overlap.GetTruePositives(), ((test != 0) & (truth != 0)).sum())
            self.assertEqual(overlap.GetFalsePositives(), ((test != 0) & (truth == 0)).sum())
            self.assertEqual(overlap.GetFalseNegatives(), ((test == 0) & (truth != 0)).sum())
            self.assertAlmostEqual(overlap.GetDice(), dice_of(test, truth))
            ignoring = itk.ForegroundOverlap()
            ignoring.Add(image_of(test), image_of(truth), 5)
            self.assertAlmostEqual(ignoring.GetDice(), dice_of(test[truth != 5], truth[truth != 5]))
            before = overlap.GetTruePositives()
            overlap += ignoring
            self.assertEqual(overlap.GetTruePositives(), before + ignoring.GetTruePositives())
        with self.assertRaisesRegex(RuntimeError, "(?i)size"):
            overlap.Add(image_of(reference), image_of(reference[1:]))

    def test_threshold(self):
        random = np.random.default_rng(0)
        labels = cells(dtype=np.uint8)
        values = ((labels > 0) * 60 + random.integers(20, 140, labels.shape)).astype(np.uint8)
        baseline = itk.ThresholdBaseline[itk.Image[itk.UC, 2], itk.Image[itk.UC, 2]]()
        baseline.Add(image_of(values), image_of(labels))
        baseline.Fit()
        scores = [dice_of(values >= percent / 100 * values.max(), labels) for percent in range(101)]
        self.assertTrue(baseline.GetForegroundIsBright())
        self.assertAlmostEqual(baseline.GetThreshold(), np.argmax(scores) / 100 * values.max())
        self.assertAlmostEqual(baseline.GetTrainingOverlap().GetDice(), max(scores))
        self.assertAlmostEqual(baseline.Evaluate(image_of(values), image_of(labels)).GetDice(), max(scores))
        colour = itk.ThresholdBaseline[itk.Image[itk.RGBPixel[itk.UC], 2], itk.Image[itk.UC, 2]]()
        colour.Add(colour_of(cells() * 10), image_of(labels))
        colour.Fit()
        self.assertEqual(colour.GetTrainingOverlap().GetDice(), 1.0)
        with self.assertRaises(RuntimeError):
            itk.ThresholdBaseline[itk.Image[itk.UC, 2], itk.Image[itk.UC, 2]]().Fit()

    def test_signed_rank(self):
        first, second = [0.9, 0.8, 0.7, 0.95, 0.6, 0.85], [0.85, 0.7, 0.72, 0.7, 0.45, 0.82]
        test = itk.WilcoxonSignedRankTest(first, second)
        differences = np.subtract(first, second)
        ranks = np.argsort(np.argsort(np.abs(differences))) + 1
        statistic = min(ranks[differences > 0].sum(), ranks[differences < 0].sum())
        sums = [ranks[list(signs)].sum() for signs in itertools.product([False, True], repeat=6)]
        self.assertEqual((test.GetNumberOfPairs(), test.GetStatistic()), (6, statistic))
        self.assertAlmostEqual(test.GetPValue(), 2 * np.mean(np.array(sums) <= statistic))
        with self.assertRaisesRegex(RuntimeError, "one pair"):
            itk.WilcoxonSignedRankTest([1.0], [])

    def test_confident_learning(self):
        truth = (cells() > 0).astype(np.uint8)
        random = np.random.default_rng(1)
        noisy = np.where(random.random(truth.shape) < 0.1, 1 - truth, truth).astype(np.uint8)
        probability = np.where(truth, 0.95, 0.05) + random.uniform(-0.04, 0.04, truth.shape)
        probability = probability.astype(np.float32)
        learning = itk.ConfidentLearning()
        learning.Add(image_of(probability), image_of(noisy))
        learning.Fit()
        for given in (0, 1):
            self.assertEqual(learning.GetNumberOfWrong(given), ((noisy == given) & (truth != given)).sum())
        corrected = image_of(noisy)
        learning.Correct(image_of(probability), corrected)
        np.testing.assert_array_equal(itk.array_from_image(corrected), truth)
        with self.assertRaisesRegex(RuntimeError, "from 0 to 1"):
            learning.Add(image_of(probability + 1), image_of(noisy))

    def test_partial_labeling(self):
        truth = (cells() > 0).astype(np.uint8)
        random = np.random.default_rng(2)
        features = random.normal(size=(*truth.shape, 3)) + truth[..., None] * [1.0, -1.0, 0.0]
        features = features.astype(np.float32)
        partial = np.where(random.random(truth.shape) < 0.5, 9, truth).astype(np.uint8)
        known = [features[partial == j].astype(float) for j in (0, 1)]
        variance = sum(((values - values.mean(0)) ** 2).sum(0) for values in known) / (partial != 9).sum()
        distances = [((features - values.mean(0)) ** 2 / variance).sum(-1) for values in known]
        expected = np.where(partial == 9, distances[1] < distances[0], partial)
        for dimension in (2, 3):
            stack = [features, partial] if dimension == 2 else [features[None], partial[None]]
            image = itk.image_from_array(np.ascontiguousarray(stack[0]), ttype=itk.VectorImage[itk.F, dimension])
            labels = image_of(stack[1])
            labeling = itk.PartialLabeling[type(labels)](9)
            labeling.Add(image, labels)
            labeling.Fit()
            labeling.Complete(image, labels)
            np.testing.assert_array_equal(np.squeeze(itk.array_from_image(labels)), expected)
        with self.assertRaisesRegex(RuntimeError, "annotated as background"):
            itk.PartialLabeling[itk.Image[itk.UC, 2]](9).Fit()


def small_model(**settings):
    model = itk.UNetModel.New(base_channels=4, number_of_levels=3, **settings)
    model.Initialize(3)
    return model


def phantoms(dimension=2, count=3):
    image_type, label_type = itk.Image[itk.US, dimension], itk.Image[itk.UC, dimension]
    size = [96, 96] if dimension == 2 else [40, 40, 16]
    for seed in range(count):
        source = itk.CellPhantomImageSource[image_type, label_type].New(size=size, seed=seed)
        source.Update()
        yield source.GetOutput(), source.GetLabels()


def weights_of(model):
    return {weight.Name: np.reshape(weight.Values, weight.Shape) for weight in model.GetWeights()}


@unittest.skipUnless(WITH_NETWORKS, "the module was built without networks")
class Networks(unittest.TestCase):
    def test_settings(self):
        model = itk.UNetModel.New()
        for name in ("Maximum", "Percentile", "Standard", "None"):
            value = getattr(itk.IntensityNormalizationEnums, "Normalization_" + name)
            model.SetNormalization(value)
            self.assertEqual(model.GetNormalization(), value)
        model.SetPrecision(itk.UNetModelEnums.Precision_Float32)
        self.assertEqual(model.GetPrecision(), itk.UNetModelEnums.Precision_Float32)
        model.SetSpacing([0.5, 0.5, 2.0])
        self.assertEqual(tuple(model.GetSpacing()), (0.5, 0.5, 2.0))
        self.assertEqual(tuple(model.GetFactor([0.25, 0.5, 1.0])), (2.0, 1.0, 1.0))
        trainer = itk.UNetTrainer.New(loss=itk.UNetTrainerEnums.Loss_Dice)
        self.assertEqual(trainer.GetLoss(), itk.UNetTrainerEnums.Loss_Dice)

    def test_weights(self):
        model = small_model()
        weights = weights_of(model)
        self.assertEqual(weights["inc.double_conv.0.weight"].shape, (4, 1, 3, 3))
        running = ("running_mean", "running_var", "num_batches_tracked")
        counted = sum(values.size for name, values in weights.items() if not name.endswith(running))
        self.assertEqual(model.GetNumberOfParameters(), counted)
        other = itk.UNetModel.New(base_channels=4, number_of_levels=3)
        other.Initialize(2)
        other.SetWeights(model.GetWeights())
        for name, values in weights_of(other).items():
            np.testing.assert_array_equal(values, weights[name])
        changed = list(model.GetWeights())
        changed[0].Values = [float("nan")] * weights[changed[0].Name].size
        with self.assertRaises(RuntimeError):
            model.SetWeights(changed)

    def test_file(self):
        model = small_model(annotation_input=True, spacing=[2.0, 2.0, 0.0])
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.unet")
            model.Save(path)
            loaded = itk.UNetModel.Load(path)
            with self.assertRaisesRegex(RuntimeError, "missing.unet"):
                itk.UNetModel.Load(os.path.join(folder, "missing.unet"))
        self.assertTrue(loaded.GetAnnotationInput())
        self.assertEqual(tuple(loaded.GetSpacing()), (2.0, 2.0, 0.0))
        weights = weights_of(model)
        for name, values in weights_of(loaded).items():
            np.testing.assert_array_equal(values, weights[name])

    def source_for(self, model, dimension=2, **settings):
        images = list(phantoms(dimension))
        source = itk.AnnotationSampleSource[type(images[0][0]), type(images[0][1])].New(**settings)
        self.assertIsInstance(source, itk.TrainingSampleSource)
        for image, labels in images:
            source.AddImage(image, labels)
        model.SetSpacing(source.EstimateSpacing())
        source.Prepare(model)
        self.assertEqual(source.GetNumberOfImages(), len(images))
        return source

    def train(self, **settings):
        model = small_model(annotation_input=True, device="cpu", precision=itk.UNetModelEnums.Precision_Float32)
        source = self.source_for(model, omission_rate=0.7, maximum_iterations=2)
        self.assertIn("0.7", source.GetDescription())
        trainer = itk.UNetTrainer.New(model=model, sample_source=source, patch_size=32, patches_per_epoch=24)
        trainer.SetMaximumEpochs(4)
        epochs = []
        trainer.AddObserver(itk.IterationEvent(), lambda: epochs.append(trainer.GetHistory()[-1].ValidationLoss))
        trainer.Train()
        history = list(trainer.GetHistory())
        self.assertEqual([epoch.Number for epoch in history], [1, 2, 3, 4])
        self.assertEqual([epoch.ValidationLoss for epoch in history], epochs)
        self.assertLess(history[-1].Loss, history[0].Loss)
        self.assertEqual(trainer.GetBestEpoch(), 1 + int(np.argmin(epochs)))
        return model

    def test_training(self):
        model, again = self.train(), self.train()
        initial = weights_of(small_model(annotation_input=True))
        for (name, values), repeated in zip(weights_of(model).items(), weights_of(again).values()):
            np.testing.assert_array_equal(values, repeated)
            if name.endswith("conv.0.weight"):
                self.assertTrue((values != initial[name]).any(), name)
        image, labels = next(phantoms())
        poor = itk.omission_perturb_filter(labels, rate=0.5, seed=3)
        types = (type(image), type(labels), type(labels))
        mended = itk.upgrade_annotation_filter(image, ttype=types, annotation_image=poor, model=model)
        self.assertEqual(type(mended), type(labels))
        self.check_threshold(itk.UpgradeAnnotationFilter, types, image, model, annotation_image=poor)

    def test_functional_training(self):
        model = small_model(device="cpu")
        source = self.source_for(model)
        trained = itk.u_net_trainer(
            model=model, sample_source=source, patch_size=32, patches_per_epoch=4, maximum_epochs=1, seed=5
        )
        self.assertEqual(trained, model)
        before = weights_of(small_model())
        self.assertTrue(any((values != before[name]).any() for name, values in weights_of(model).items()))

    def check_threshold(self, filters, types, image, model, **inputs):
        """Labels are where the probability reaches the threshold."""
        real = itk.Image[itk.F, image.GetImageDimension()]
        probabilities = filters[(*types[:-1], real)].New(image, model=model, **inputs)
        self.assertIsInstance(probabilities, itk.UNetFilterBase[types[0], real])
        probabilities.Update()
        probability = itk.array_from_image(probabilities.GetOutput())
        self.assertTrue(((probability >= 0) & (probability <= 1)).all())
        threshold = float(np.median(probability))
        labels = filters[types].New(image, model=model, threshold=threshold, foreground_value=7, **inputs)
        labels.Update()
        self.assertEqual(tuple(labels.GetOutput().GetSpacing()), tuple(image.GetSpacing()))
        array = itk.array_from_image(labels.GetOutput())
        np.testing.assert_array_equal(array, np.where(probability >= np.float32(threshold), 7, 0))
        self.assertEqual(set(np.unique(array)), {0, 7})

    def test_segment(self):
        image, _ = next(phantoms())
        image.SetSpacing([0.5, 0.5])
        plain = itk.array_from_image(image)
        model = small_model()
        for pixels in (plain, plain.astype(np.float32), (plain // 32).astype(np.uint8)):
            same = image_of(pixels, [0.5, 0.5])
            self.check_threshold(itk.UNetSegmentFilter, (type(same), itk.Image[itk.UC, 2]), same, model)
        segmented = itk.u_net_segment_filter(image, model=model)
        self.assertEqual(type(segmented), type(image))

    def test_segment_colour(self):
        image = colour_of(itk.array_from_image(next(phantoms())[0]) // 32)
        model = small_model(image_channels=3)
        self.check_threshold(itk.UNetSegmentFilter, (type(image), itk.Image[itk.US, 2]), image, model)
        self.assertEqual(type(itk.u_net_segment_filter(image, model=model)), itk.Image[itk.UC, 2])

    def test_volumes(self):
        volume, labels = next(phantoms(3, 1))
        for dimension in (2, 3):
            model = small_model(dimension=dimension)
            self.check_threshold(itk.UNetSegmentFilter, (type(volume), type(labels)), volume, model)
        upgrade = small_model(dimension=3, annotation_input=True)
        types = (type(volume), type(labels), type(labels))
        self.check_threshold(itk.UpgradeAnnotationFilter, types, volume, upgrade, annotation_image=labels)
        self.source_for(upgrade, dimension=3)

    def test_errors(self):
        image, labels = next(phantoms())
        with self.assertRaisesRegex(RuntimeError, "(?i)model"):
            itk.u_net_segment_filter(image)
        with self.assertRaisesRegex(RuntimeError, "(?i)channels"):
            itk.u_net_segment_filter(image, model=small_model(image_channels=3))
        upgrade = itk.UpgradeAnnotationFilter[type(image), type(labels), type(labels)].New(image)
        upgrade.SetModel(small_model(annotation_input=True))
        with self.assertRaisesRegex(RuntimeError, "AnnotationImage"):
            upgrade.Update()
        source = itk.AnnotationSampleSource[type(image), type(labels)].New()
        with self.assertRaisesRegex(RuntimeError, "AddImage"):
            source.Prepare(small_model())
        with self.assertRaises(RuntimeError):
            itk.UNetTrainer.New().Train()
        with self.assertRaises(TypeError):
            itk.UNetTrainer.New().SetModel("model.unet")


@unittest.skipUnless(WITH_NETWORKS, "built without LibTorch")
class Documentation(unittest.TestCase):
    def test_readme(self):
        page = pathlib.Path(__file__).resolve().parents[1].joinpath("README.md").read_text(encoding="utf-8")
        [block] = re.findall(r"^```python\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
        self.assertIn("maximum_minutes=5", block)
        block = block.replace("maximum_minutes=5", "maximum_epochs=1, patches_per_epoch=4")
        names = {"labels": image_of(cells()), "image": image_of(cells().astype(np.float32))}
        exec(compile(block, "README.md", "exec"), names)
        self.assertEqual(names["mended"].GetLargestPossibleRegion(), names["labels"].GetLargestPossibleRegion())
        self.assertLessEqual(labels_of(itk.array_from_image(names["mended"])), {1})


if __name__ == "__main__":
    unittest.main()
