"""MobileNet on Caltech-101: 101 kinds of objects in photographs, and none of them as out of distribution.

Reproduce, after `zoo data prepare` for flickr8k, caltech101 and intel_scenes: `zoo train mobilenet.caltech101`.

5,780 photographs are few for training from random weights, so it is trained in three stages:
1. to predict which words the captions of 7,000 photographs of Flickr8k use (A. Joulin and others, "Learning Visual
   Features from Large Weakly Supervised Data", 2016), though few of Caltech-101's objects are among them;
2. on the 101 classes, at 96 pixels, together with those photographs, whose target is the same probability for each
   class (D. Hendrycks and others, "Deep Anomaly Detection with Outlier Exposure", 2019): so it learns to be uncertain;
3. the same at 128 pixels, for a few epochs.
At the end the logits are scaled, so that the probabilities are calibrated on held-back photographs (C. Guo and others,
"On Calibration of Modern Neural Networks", 2017), and shifted, so that the best one is above zero for most of those:
where it is below, the photograph is rejected as out of distribution. Flickr8k's test split and the Intel scenes, never
trained on, show what that is worth. First measurements on them, by the best probability instead of the best logit and
with ACCEPTED at 0.94 and 0.91, rejected fewer.
"""

import collections
import re

import cv2
import keras
import numpy as np

from zoo import metrics
from zoo.data import catalogue
from zoo.data.augment import distort
from zoo.data.batches import Batches
from zoo.data.labels import confidence
from zoo.kinds.image import fit
from zoo.metrics.baselines import hog
from zoo.training.calibration import OOD_THRESHOLD, calibrate
from zoo.training.recipe import Recipe

NOTHING = -1  # the label of a photograph that shows none of the classes
REPEATS = 3  # times an epoch of each photograph of Caltech-101; one for those of Flickr8k
SMOOTHING = 0.1  # of the probability goes to all classes alike
ACCEPTED = 0.89  # of the photographs held back are to be accepted as in distribution
WORDS = 400  # of the captions to learn: the most common ones ...
TOO_COMMON = 0.35  # ... but for those, such as "the", that this fraction of photographs have in their captions
STORED_SIDE = 128  # photographs of Flickr8k are stored in memory with this short side; Caltech-101's are hardly larger
CLASSES = catalogue.dataset("caltech101").labels


class MobileNetCaltech101(Recipe):
    name = "mobilenet.caltech101"
    summary = "MobileNet classifies photographs into 101 kinds of objects, and detects when they show none of them."
    side = 128
    arguments = {"classes": len(CLASSES), "input_shape": (128, 128, 3), "dropout": 0.2}
    task = "classify_images"
    dataset = "caltech101"
    also_trained_on = ("flickr8k",)
    validation = 300
    epochs = 3
    batch_size = 64
    peak = 3e-4  # the learning rate's, after warming up
    monitor = None
    weights_dtype = "float16"
    targets = {"accuracy": 72.0, "mean_class_accuracy": 56.0, "acceptance_rate": 90.0, "rejection_rate": 60.0}
    protocol = "fraction of the test photographs classified right, each resized to 128 x 128; the split is ours"
    inputs = {"image": {"description": "a colour photograph, resized to that size"}}
    outputs = {"logits": {"description": "one logit a class"}}
    ood_threshold = OOD_THRESHOLD
    labels = list(CLASSES)
    intended_use = "To label photographs of single objects (app label), and as a base to fine-tune on one's own."
    limits = (
        "Trained on 101 kinds of objects, many of them odd ones, mostly large and centred; confuses similar ones. A "
        "best logit below zero means out of distribution; but it accepts some other objects, and scenes above all."
    )
    licence = "Non-commercial research and education, as the photographs of Flickr8k it was made with"
    commercial_use = False

    # --- training -------------------------------------------------------------------------------------------------

    def training_data(self, data_dir):
        photos, y = catalogue.load("caltech101", "train", data_dir)
        order = np.random.default_rng(self.seed).permutation(len(photos))
        held, rest = order[: self.validation], order[self.validation :]
        nothing = [photo for photo, _ in captioned(data_dir)]
        mixed = REPEATS * [photos[i] for i in rest] + nothing
        numbers = np.concatenate([np.tile(y[rest], REPEATS), np.full(len(nothing), NOTHING)])
        batches = Batches(mixed, numbers, batch_size=self.batch_size, seed=self.seed, transform=self.transform)
        return batches, (self.resized([photos[i] for i in held]), soft(y[held], smoothing=0.0))

    def transform(self, photos, y, rng):
        return np.stack([distort(photo, self.side, rng) for photo in photos]), soft(y)

    def resized(self, photos):
        return np.stack([fit(photo, (self.side, self.side, 3)) for photo in photos])

    def optimizer(self, steps):
        warm = min(300, steps // 10)
        rate = keras.optimizers.schedules.CosineDecay(1e-5, steps - warm, warmup_target=self.peak, warmup_steps=warm)
        return keras.optimizers.AdamW(rate, weight_decay=0.05, use_ema=True, ema_momentum=0.998)

    def compile(self, model, steps, **options):
        loss = keras.losses.CategoricalCrossentropy(from_logits=True)
        model.compile(self.optimizer(steps), loss, metrics=["accuracy"], **options)

    def starts_from(self):
        return Smaller()

    def finish(self, model, validation):
        """Scale and shift the logits, see above."""
        x, y = validation
        calibrate(model.get_layer("fc"), model.predict(x, verbose=0), y, lambda sure: np.quantile(sure, 1 - ACCEPTED))

    # --- measuring ------------------------------------------------------------------------------------------------

    def examples(self, split, data_dir=None, folder=None):
        """(photographs, labels, {split of another data set: its photographs, which are out of distribution})."""
        photos, y = super().examples(split, data_dir, folder)
        if folder is not None:
            return photos, y, {}
        return (
            photos,
            y,
            {
                "flickr8k-test": catalogue.load("flickr8k", "test", data_dir),
                "intel_scenes-test": catalogue.load("intel_scenes", "test", data_dir)[0],
            },
        )

    def evaluate(self, predict, examples, split):
        photos, y, others = examples

        def logits_of(photos):
            return predict(self.resized(photos))["logits"]

        logits = logits_of(photos)
        sure = confidence(logits)
        name, count = self.split_name(split), {"n": len(y)}
        each_class = "the same, mean over classes of the accuracy of each"
        accepted = "fraction of the test photographs whose best logit is not below zero"
        rows = [
            metrics.row("accuracy", name, metrics.accuracy(logits, y), protocol=self.protocol, **count),
            metrics.row(
                "mean_class_accuracy", name, metrics.mean_class_accuracy(logits, y), protocol=each_class, **count
            ),
            metrics.row("acceptance_rate", name, 100 * np.mean(sure >= OOD_THRESHOLD), protocol=accepted, **count),
        ]
        unsure_of = {other: confidence(logits_of(unknown)) for other, unknown in others.items()}
        if len(unsure_of) > 1:
            unsure_of = {"+".join(unsure_of): np.concatenate(list(unsure_of.values()))} | unsure_of  # all of them first
        for other, unsure in unsure_of.items():
            trained = " (others of Flickr8k were trained on as such)" if "flickr8k" in other else ""
            apart = f"best logit: Caltech-101's {split} split against these, out of distribution{trained}"
            rejected = "fraction of these whose best logit is below zero, a threshold chosen knowing this figure"
            rows += [
                metrics.row("auroc", other, metrics.auroc(sure, unsure), protocol=apart, n=len(unsure)),
                metrics.row(
                    "rejection_rate", other, 100 * np.mean(unsure < OOD_THRESHOLD), protocol=rejected, n=len(unsure)
                ),
            ]
        return rows, {}

    def baselines(self, data_dir):
        photos, y = catalogue.load("caltech101", "train", data_dir)
        score = hog.train_svm(hog.features(photos), y, len(CLASSES))
        photos, y = catalogue.load("caltech101", "test", data_dir)
        scores = score(hog.features(photos))
        facts = {"role": "baseline", "n": len(y), "protocol": "histograms of oriented gradients and a linear SVM"}
        return [
            metrics.row("accuracy", "test", metrics.accuracy(scores, y), **facts),
            metrics.row("mean_class_accuracy", "test", metrics.mean_class_accuracy(scores, y), **facts),
        ]


class Smaller(MobileNetCaltech101):
    """The second stage: smaller images are enough to learn most from, and take half the time."""

    name, side = "mobilenet.caltech101-96", 96
    arguments = MobileNetCaltech101.arguments | {"input_shape": (96, 96, 3)}
    epochs = 12
    peak = 2e-3

    def starts_from(self):
        return Words()


class Words(Smaller):
    """The first stage: which words a photograph's captions use."""

    name = "mobilenet.caltech101-words"
    epochs = 16
    arguments = Smaller.arguments | {"classes": WORDS}

    def training_data(self, data_dir):
        photos, words = zip(*captioned(data_dir), strict=True)
        count = collections.Counter(word for used in words for word in used)
        # Ties by the alphabet: without, their order would be that of sets, which differs from process to process.
        ranked = sorted(count, key=lambda word: (-count[word], word))
        common = [word for word in ranked if count[word] < TOO_COMMON * len(photos)][:WORDS]
        y = np.array([[used[word] for word in common] for used in words], np.float32) / 5  # captions that use it
        held = self.validation
        batches = Batches(
            list(photos[held:]), y[held:], batch_size=self.batch_size, seed=self.seed, transform=self.transform
        )
        return batches, (self.resized(photos[:held]), y[:held])

    def transform(self, photos, y, rng):
        return np.stack([distort(photo, self.side, rng) for photo in photos]), y

    def compile(self, model, steps, **options):
        model.compile(self.optimizer(steps), keras.losses.BinaryCrossentropy(from_logits=True), **options)

    def starts_from(self):
        return None


def captioned(data_dir):
    """Photographs of Flickr8k that may be trained on, each with how many of its captions use a word."""
    for split in ("train", "dev"):
        for example in catalogue.examples("flickr8k", split, data_dir):
            used = [set(re.findall("[a-z]+", caption.lower())) for caption in example["captions"]]
            photo = example["image"]
            scale = STORED_SIDE / min(photo.shape[:2])
            size = [round(side * scale) for side in photo.shape[1::-1]]
            yield cv2.resize(photo, size, interpolation=cv2.INTER_AREA), collections.Counter(w for u in used for w in u)


def soft(y, smoothing=SMOOTHING):
    """Labels as probabilities: int (B,) -> float32 (B, classes). NOTHING is the same for all classes."""
    sharp = np.eye(len(CLASSES), dtype=np.float32)[np.maximum(y, 0)]
    smoothed = np.where(np.asarray(y) == NOTHING, 1.0, smoothing).astype(np.float32)[:, None]
    return sharp * (1 - smoothed) + smoothed / len(CLASSES)


RECIPE = MobileNetCaltech101()
