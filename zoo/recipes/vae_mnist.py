"""A variational autoencoder on MNIST: the paper's network with 20 latents.

Reproduce: `zoo train vae.mnist`. Figures of the ELBO compare only on binarized images: each pixel is drawn with
its grey level for a probability, anew in each epoch, and once for the test (R. Salakhutdinov, I. Murray, "On the
Quantitative Analysis of Deep Belief Networks", 2008). Instead of the paper's Adagrad Adam with a falling rate, and
averaged weights.
"""

import keras
import numpy as np

from zoo import metrics
from zoo.data.batches import Batches
from zoo.training.families import digits
from zoo.training.families.mnist import MNIST

SAMPLES = 500  # of each image, for its likelihood


def black_and_white(x, y, rng):
    """Each pixel white with its grey level for a probability: uint8 (B, H, W, C) -> 0 or 255. Labels go."""
    return (255 * (rng.random(x.shape, dtype=np.float32) * 255 < x)).astype(np.uint8)


class VAEMNIST(MNIST):
    name = "vae.mnist"
    task = "autoencode_images"
    summary = "A variational autoencoder encodes a digit as twenty latents, and decodes any latents into a digit."
    arguments = {"latents": 20}
    epochs = 120
    batch_size = 100
    steps_per_execution = 16
    weights_dtype = "float16"
    targets = {"elbo": -97.5}
    protocol = "L of eq. 10, one sample of each of the 10,000 test images, binarized once"
    inputs = {"image": {"description": "a grey or black and white image of a digit, centred as in MNIST"}}
    outputs = {"logits": {"description": "of each pixel being white in the reconstruction"}}
    labels = None
    intended_use = "To see what latents are: interpolation between digits, random digits (`VAE.sample`, app digits)."
    limits = "Its digits are a little blurred; some samples are no digit. Trained on MNIST's digits and nothing else."

    def training_data(self, data_dir):
        x, _ = self.examples(self.trained_split, data_dir)
        rng = np.random.default_rng(self.seed)
        order = rng.permutation(len(x))
        held, rest = x[order[: self.validation]], x[order[self.validation :]]
        batches = Batches(rest, batch_size=self.batch_size, seed=self.seed, transform=transform)
        held = black_and_white(held, None, rng)
        return batches, (held, held)

    def optimizer(self, steps):
        rate = keras.optimizers.schedules.CosineDecay(1e-3, steps, alpha=0.01)
        return keras.optimizers.Adam(rate, use_ema=True, ema_momentum=0.999)

    def compile(self, model, steps, **options):
        model.compile(self.optimizer(steps), **options)

    def evaluate(self, predict, examples, split):
        x = black_and_white(examples[0], None, np.random.default_rng(self.seed))
        parts = [x[start : start + 1000] for start in range(0, len(x), 1000)]
        elbo = np.concatenate([predict.model.elbo(part, seed=number) for number, part in enumerate(parts)])
        likelihood = [
            predict.model.log_likelihood(part, samples=SAMPLES, seed=1000 * number) for number, part in enumerate(parts)
        ]
        name, weighted = self.split_name(split), f"importance-weighted, {SAMPLES} samples an image; the same images"
        return [
            metrics.row("elbo", name, elbo.mean(), n=len(x), protocol=self.protocol),
            metrics.row("log_likelihood", name, np.concatenate(likelihood).mean(), n=len(x), protocol=weighted),
            *digits.compared(predict.model.sample(digits.COUNT, seed=self.seed), *examples, name),
        ], {}


def transform(x, y, rng):
    images = black_and_white(x, y, rng)
    return images, images  # Keras wants something to compare with


RECIPE = VAEMNIST()
