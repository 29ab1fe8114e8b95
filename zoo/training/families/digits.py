"""Base class of the recipes of digit generators: samples are compared with data in the feature space of LeNet-5."""

import keras
import numpy as np

from zoo import metrics
from zoo.data.batches import Batches
from zoo.data.latents import latent_transform
from zoo.errors import BadInput
from zoo.hub import checkpoint
from zoo.metrics import samples
from zoo.training.families.mnist import MNIST

CLASSIFIER, LAYER = "lenet5.mnist", "F6"
LATENTS = 100  # of both GANs
RESAMPLED = "its samples, resampled to the frequency of each digit in the data"
FEWEST = 100
COUNT = 5000  # samples, and images to compare them with, where there are as many


class DigitGenerator(MNIST):
    """A GAN on MNIST; a subclass has the network."""

    task = "generate_images"
    validation = 500
    weights_dtype = "float16"
    labels = None
    conditional = False  # whether the network is conditioned on the digit
    loss = "nonsaturating"
    inputs = {"z": {"description": "latents from a Gaussian"}}
    limits = "It generates MNIST's digits and nothing else; some samples are no digit."

    @property
    def transform(self):
        return latent_transform(LATENTS)

    def training_data(self, data_dir):
        x, y = self.examples(self.trained_split, data_dir)
        y = y if self.conditional else None
        rng = np.random.default_rng(self.seed)
        order = rng.permutation(len(x))
        held, rest = order[: self.validation], order[self.validation :]
        labels = None if y is None else y[rest]
        batches = Batches(x[rest], labels, batch_size=self.batch_size, seed=self.seed, transform=self.transform)
        return batches, self.transform(x[held], None if y is None else y[held], rng)

    def compile(self, model, steps, **options):
        model.compile(self.optimizer(steps), loss=self.loss, **options)

    def finish(self, model, validation):
        """Statistics of batch normalisation are those of the last weights; of the averaged ones they are made here."""
        z, *labels = keras.tree.flatten(validation[0])
        if any(isinstance(layer, keras.layers.BatchNormalization) for layer in model.layers):
            for number in range(100):
                fresh = np.random.default_rng([self.seed, number]).standard_normal(z.shape, dtype="float32")
                model([fresh, *labels] if labels else fresh, training=True)

    def evaluate(self, predict, examples, split):
        asked = np.arange(COUNT) % 10 if self.conditional else None
        made = predict.model.sample(COUNT, seed=self.seed, **({"labels": asked[:, None]} if self.conditional else {}))
        return compared(made, *examples, self.split_name(split), asked), {}


def features_of(images):
    """Features of images and the digits that `CLASSIFIER` predicts: uint8 (N, 28, 28, 1) -> (N, 84), (N,)."""
    classifier = checkpoint.load(CLASSIFIER)
    both = keras.Model(classifier.input, [classifier.get_layer(LAYER).output, classifier.output])
    features, logits = both.predict(images, batch_size=500, verbose=0)
    return features, logits.argmax(axis=1)


def resampled(read, labels) -> np.ndarray:
    """Indices of samples, some more than once, among which each digit is recognised as often as it is among labels;
    none, if one of the digits is never recognised."""
    samples = [np.flatnonzero(read == digit) for digit in range(10)]
    if not all(len(own) for own in samples):
        return np.array([], int)
    rng, wanted = np.random.default_rng(0), np.bincount(labels, minlength=10)
    return np.concatenate([rng.choice(own, count) for own, count in zip(samples, wanted, strict=True)])


def compared(made, real, labels, split, asked=None) -> list[dict]:
    """Rows of a card for generated digits: how close they are to real ones, and whether they match their labels.

    made: uint8 (`COUNT`, 28, 28, 1). real, labels: images and their digits; every other one, the first included, is to
    compare with, the rest are a baseline. Raises `BadInput` for fewer than `FEWEST`.
    """
    if len(real) < FEWEST:
        raise BadInput(f"{len(real)} images are too few to compare with; give {FEWEST} or more")
    count = min(COUNT, len(real) // 2)
    one, other, labels = real[: 2 * count : 2], real[1 : 2 * count : 2], labels[1 : 2 * count : 2]
    sets = (made, one, samples.blurred(other), other)
    (features, read), (one, _), (blurred, _), (other, other_read) = map(features_of, sets)
    about = f"features of {CLASSIFIER}'s layer {LAYER}, against {count:,} images of the {split} split"
    rows = samples.distances(features[:count], one, split, about)
    # How often each digit is generated weighs heavily in these distances, so once without that.
    if asked is None and len(alike := resampled(read, labels)):
        rows += samples.distances(features[alike], one, split, about, role="baseline", protocol=RESAMPLED)
    rows += samples.distances(other, one, split, about, role="baseline", protocol=samples.REAL)
    rows += samples.distances(blurred, one, split, about, role="baseline", protocol=samples.BLURRED)

    def fraction(metric, values, protocol, role="result"):
        rows.append(metrics.row(metric, split, 100 * np.mean(values), n=len(values), role=role, protocol=protocol))

    rarest = np.bincount(read, minlength=10).argmin()
    fraction("rarest_class_fraction", read == rarest, f"the digit that {CLASSIFIER} recognises least often")
    if asked is not None:
        shuffled = np.random.default_rng(0).permutation(labels)
        about = f"fraction of the samples that {CLASSIFIER} classifies as the digit asked for, as many of each"
        fraction("accuracy", read == asked, about)
        fraction("accuracy", other_read == labels, f"{samples.REAL}, with their own labels", "baseline")
        fraction("accuracy", other_read == shuffled, f"{samples.REAL}, their labels shuffled", "baseline")
    return rows
