"""A small generative adversarial net in plain Keras 3: digits that nobody wrote.

Everything that makes a GAN is on this page: a generator, a discriminator, and one loss of which each of them gets the
gradient of its own part, so that `fit` trains both in one step. `zoo/models/gan.py` is the same with the paper's
networks.

    python examples/minigan.py  # a minute on two cores; Fréchet distance 0.80, of training images 0.35

The sheet, digits.png, has training images above and generated ones below. The data are scikit-learn's `load_digits`,
1,797 images of 8 x 8 pixels that come with the package: nothing is downloaded. The (squared) Fréchet distance compares
mean and covariance of the pixels of 2,000 generated images with those of a test split, a quarter of the data. That of
the training images is what a generator can hope for. Seed and backend (TensorFlow here) fix the figures.
Source: I. Goodfellow and others, "Generative Adversarial Nets" (2014).
"""

import argparse
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

LATENTS = 32  # numbers that an image is generated from
PIXELS = 64


class MiniGAN(keras.Model):
    """Real images float32 (B, 64), values -1 ... 1 -> as many generated ones, of fresh noise."""

    def __init__(self, seed: int):
        super().__init__()
        self.generator = keras.Sequential(
            [
                keras.Input((LATENTS,)),
                layers.Dense(256, activation="relu"),
                layers.Dense(256, activation="relu"),
                layers.Dense(PIXELS, activation="tanh"),
            ]
        )
        self.discriminator = keras.Sequential(
            [
                keras.Input((PIXELS,)),
                layers.Dense(128, activation="leaky_relu"),  # larger ones soon know the training images by heart
                layers.Dense(128, activation="leaky_relu"),
                layers.Dense(1),  # the logit of being real
            ]
        )
        self.seed = keras.random.SeedGenerator(seed)
        self.discriminator_loss = keras.metrics.Mean(name="discriminator_loss")
        self.generator_loss = keras.metrics.Mean(name="generator_loss")

    def call(self, images):
        return self.generator(keras.random.normal((ops.shape(images)[0], LATENTS), seed=self.seed))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """x: real images, y_pred: generated ones. The sum of two losses, each with a gradient for its own network."""
        weights = [ops.copy(weight) for weight in self.discriminator.trainable_variables]
        constants = [ops.stop_gradient(weight) for weight in weights]

        def logits(weights, images):
            return self.discriminator.stateless_call(weights, [], images)[0]

        # The discriminator's loss, -log D(x) - log(1 - D(G(z))): generated images are constants.
        real, fake = logits(weights, x), logits(weights, ops.stop_gradient(y_pred))
        discriminator_loss = ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))
        # The generator's loss, -log D(G(z)): the discriminator's weights are constants, the gradient passes through.
        generator_loss = ops.mean(ops.softplus(-logits(constants, y_pred)))
        self.discriminator_loss.update_state(discriminator_loss)
        self.generator_loss.update_state(generator_loss)
        return discriminator_loss + generator_loss

    def sample(self, count: int, seed: int) -> np.ndarray:
        """`count` generated images, float32 (count, 64), values -1 ... 1. The same seed gives the same images."""
        z = np.random.default_rng(seed).standard_normal((count, LATENTS), dtype="float32")
        return ops.convert_to_numpy(self.generator(z))


def digits():
    """Images of the training split and of the test split, float32 (N, 64), values -1 ... 1."""
    data = load_digits()
    x = (data.data / 8 - 1).astype("float32")  # 0 ... 16 in the file
    return train_test_split(x, test_size=0.25, random_state=0, stratify=data.target)


def train(epochs: int, seed: int):
    """A trained model, and the log of `fit`."""
    keras.utils.set_random_seed(seed)
    x, _ = digits()
    model = MiniGAN(seed)
    # `fit` leaves averages of the weights (EMA): those of a single step follow the other network back and forth.
    model.compile(keras.optimizers.Adam(1e-3, beta_1=0.5, use_ema=True, ema_momentum=0.999))
    return model, model.fit(x, batch_size=64, epochs=epochs, verbose=0).history


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Fréchet distance of two sets of vectors, each taken as a normal distribution: (N, D), (M, D) -> a number >= 0."""
    a_cov, b_cov = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = np.sqrt(np.linalg.eigvals(a_cov @ b_cov).astype("complex")).real.sum()  # trace of (A B)^(1/2)
    return float(np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(a_cov) + np.trace(b_cov) - 2 * root)


def sheet(path: Path, real: np.ndarray, generated: np.ndarray):
    """A PNG, black on white: five rows of twenty real images, then as many generated ones. A pixel is eight wide."""
    images = np.concatenate([real[:100], generated[:100]]).reshape(10, 20, 8, 8)
    cells = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=-1)  # (10, 20, 10, 10)
    rows = cells.swapaxes(1, 2).reshape(100, 200)
    rows[50] = 1  # a line between the two
    keras.utils.save_img(path, 127.5 - 127.5 * np.kron(rows, np.ones((8, 8)))[..., None], scale=False)


def main(arguments: list[str] | None = None):
    parser = argparse.ArgumentParser(description="Train a small GAN on 8 x 8 digits and draw what it generates.")
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, default=Path("digits.png"), help="the sheet (digits.png)")
    options = parser.parse_args(arguments)
    model, history = train(options.epochs, options.seed)
    x, test = digits()
    for name in ("discriminator_loss", "generator_loss"):
        print(f"{name}: {history[name][0]:.2f} in the first epoch, {history[name][-1]:.2f} in the last")
    print(f"Fréchet distance to the test split: {frechet(model.sample(2000, options.seed), test):.2f} generated,")
    print(f"  {frechet(x, test):.2f} training images")
    sheet(options.output, x, model.sample(100, options.seed))
    print(options.output)


if __name__ == "__main__":
    main()
