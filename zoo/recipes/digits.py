"""What the recipes of networks that make digits have in common: samples against data, as LeNet-5 sees them."""

import keras
import numpy as np

from zoo.data.batches import Batches
from zoo.data.latents import drawn
from zoo.hub import checkpoint, distributions, metrics
from zoo.recipes.mnist import MNIST

JUDGE, LAYER = "lenet5.mnist", "F6"
COUNT = 5000  # samples, and pictures to compare them with
MEASURED_IN = f"in the space of {JUDGE}'s {LAYER}, {COUNT:,} samples against {COUNT:,} test pictures"


class Forger(MNIST):
    """A GAN on MNIST; a subclass has the network."""

    monitor = None  # no figure says which epoch is best: the last one
    validation = 500
    half = True
    labels = None
    told = False  # whether the network is told which digit to make
    loss = "nonsaturating"
    input = {
        "kind": "latents",
        "shape": [100],
        "dtype": "float32",
        "description": "numbers from a Gaussian of which a picture is made",
    }
    limits = "It makes MNIST's digits and nothing else; some are none."

    @property
    def transform(self):
        return drawn(self.input["shape"][0])

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
        asked = np.arange(COUNT) % 10
        model = predict.model
        made = model.sample(COUNT, labels=asked[:, None], seed=self.seed) if self.told else model.sample(COUNT)
        return judged(made, examples[0], self.split_name(split), asked if self.told else None), {}


def seen(pictures):
    """What the judge sees in digits, and which it takes them for: uint8 (N, 28, 28, 1) -> (N, 84), (N,)."""
    judge = checkpoint.load(JUDGE)
    both = keras.Model(judge.input, [judge.get_layer(LAYER).output, judge.output])
    features, logits = both.predict(pictures, batch_size=500, verbose=0)
    return features, logits.argmax(axis=1)


def judged(made, real, split, asked=None) -> list[dict]:
    """Rows of a card for digits that were made: their distance from the real ones, and whether they are as asked.

    made, real: uint8 (N, 28, 28, 1), of the real ones twice `COUNT`: two halves, whose distance is the baseline.
    """
    features, read = seen(made)
    real, _ = seen(real[: 2 * COUNT])
    one, other = real[:COUNT], real[COUNT:]
    precision, recall = distributions.precision_recall(one, features)
    shares = np.bincount(read, minlength=10) / len(read)
    apart, real_apart = (distributions.frechet_distance(each, one) for each in (features, other))
    rows = [
        metrics.row("frechet_distance", split, apart, n=COUNT, protocol=MEASURED_IN),
        metrics.row("precision", split, precision, n=COUNT, protocol=MEASURED_IN),
        metrics.row("recall", split, recall, n=COUNT, protocol=MEASURED_IN),
        metrics.row(
            "rarest_share", split, 100 * shares.min(), n=COUNT, protocol=f"share of the digit that {JUDGE} reads least"
        ),
        metrics.row(
            "frechet_distance",
            split,
            real_apart,
            role="baseline",
            n=COUNT,
            protocol="other real pictures in their place",
        ),
    ]
    if asked is not None:
        value = 100 * np.mean(read == asked)
        rows.append(
            metrics.row("accuracy", split, value, n=COUNT, protocol=f"share of the samples that {JUDGE} reads as asked")
        )
    return rows
