"""What the recipes of networks that make digits have in common: samples against data, as LeNet-5 sees them."""

import keras
import numpy as np

from zoo import metrics
from zoo.data.batches import Batches
from zoo.data.latents import drawn
from zoo.errors import BadInput
from zoo.hub import checkpoint
from zoo.metrics import samples
from zoo.training.families.mnist import MNIST

JUDGE, LAYER = "lenet5.mnist", "F6"
LATENTS = 100  # of both GANs
ALIKE = "its samples, each digit as often as in the data"
FEWEST = 100
COUNT = 5000  # samples, and pictures to compare them with, where there are as many


class DigitGenerator(MNIST):
    """A GAN on MNIST; a subclass has the network."""

    monitor = None  # no figure says which epoch is best: the last one
    validation = 500
    weights_dtype = "int8"
    labels = None
    told = False  # whether the network is told which digit to make
    loss = "nonsaturating"
    input = {
        "kind": "latents",
        "shape": [LATENTS],
        "dtype": "float32",
        "description": "numbers from a Gaussian of which a picture is made",
    }
    limits = "It makes MNIST's digits and nothing else; some are none."

    @property
    def transform(self):
        return drawn(LATENTS)

    def training_data(self, data_dir):
        x, y = self.examples(self.trained_split, data_dir)
        y = y if self.told else None
        rng = np.random.default_rng(self.seed)
        order = rng.permutation(len(x))
        held, kept = order[: self.validation], order[self.validation :]
        labels = None if y is None else y[kept]
        batches = Batches(x[kept], labels, batch_size=self.batch_size, seed=self.seed, transform=self.transform)
        return batches, self.transform(x[held], None if y is None else y[held], rng)

    def compile(self, model, steps, **options):
        model.compile(self.optimizer(steps), loss=self.loss, **options)

    def finish(self, model, validation):
        """Statistics of batch normalisation are those of the last weights; of the averaged ones they are made here."""
        z, *told = keras.tree.flatten(validation[0])
        if any(isinstance(layer, keras.layers.BatchNormalization) for layer in model.layers):
            for number in range(100):
                fresh = np.random.default_rng([self.seed, number]).standard_normal(z.shape, dtype="float32")
                model([fresh, *told] if told else fresh, training=True)

    def evaluate(self, predict, examples, split):
        asked = np.arange(COUNT) % 10 if self.told else None
        made = predict.model.sample(COUNT, seed=self.seed, **({"labels": asked[:, None]} if self.told else {}))
        return judged(made, *examples, self.split_name(split), asked), {}


def seen(pictures):
    """What the judge sees in digits, and which it takes them for: uint8 (N, 28, 28, 1) -> (N, 84), (N,)."""
    judge = checkpoint.load(JUDGE)
    both = keras.Model(judge.input, [judge.get_layer(LAYER).output, judge.output])
    features, logits = both.predict(pictures, batch_size=500, verbose=0)
    return features, logits.argmax(axis=1)


def resampled(read, labels) -> np.ndarray:
    """Numbers of samples, some more than once, of which each digit is read as often as it is among labels; none, if one
    of the digits is never read."""
    places = [np.flatnonzero(read == digit) for digit in range(10)]
    if not all(map(len, places)):
        return np.array([], int)
    rng, wanted = np.random.default_rng(0), np.bincount(labels, minlength=10)
    return np.concatenate([rng.choice(own, count) for own, count in zip(places, wanted, strict=True)])


def judged(made, real, labels, split, asked=None) -> list[dict]:
    """Rows of a card for digits that were made: how close they are to real ones, and whether they are as asked.

    made: uint8 (`COUNT`, 28, 28, 1). real, labels: pictures and their digits; every other one, the first included, is
    to compare with, the rest are a baseline. Raises `BadInput` for fewer than `FEWEST`.
    """
    if len(real) < FEWEST:
        raise BadInput(f"{len(real)} pictures are too few to compare with; give {FEWEST} or more")
    count = min(COUNT, len(real) // 2)
    one, other, labels = real[: 2 * count : 2], real[1 : 2 * count : 2], labels[1 : 2 * count : 2]
    (features, read), (one, _), (spoilt, _), (other, other_read) = map(seen, (made, one, samples.blurred(other), other))
    about = f"in the space of {JUDGE}'s {LAYER}, against {count:,} pictures of the {split} split"
    rows = samples.distances(features[:count], one, split, about)
    # How often it makes which digit weighs heavily in these distances, so once without that.
    if asked is None and len(alike := resampled(read, labels)):
        rows += samples.distances(features[alike], one, split, about, role="baseline", protocol=ALIKE)
    rows += samples.distances(other, one, split, about, role="baseline", protocol=samples.REAL)
    rows += samples.distances(spoilt, one, split, about, role="baseline", protocol=samples.BLURRED)

    def share(metric, values, protocol, role="result"):
        rows.append(metrics.row(metric, split, 100 * np.mean(values), n=len(values), role=role, protocol=protocol))

    rarest = np.bincount(read, minlength=10).argmin()
    share("rarest_class_fraction", read == rarest, f"share of the digit that {JUDGE} reads least")
    if asked is not None:
        shuffled = np.random.default_rng(0).permutation(labels)
        share("accuracy", read == asked, f"share of the samples that {JUDGE} reads as asked, of each digit as many")
        share("accuracy", other_read == labels, f"{samples.REAL}, as they are labelled", "baseline")
        share("accuracy", other_read == shuffled, f"{samples.REAL}, their labels shuffled", "baseline")
    return rows
