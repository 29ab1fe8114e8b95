"""What the tests of conditional GANs have in common."""

import numpy as np

from zoo.data.batches import Batches
from zoo.data.latents import drawn


def right_halves(model, *, epochs):
    """Teach a conditional GAN for pictures of 8 x 8 x 1, of 4 latents, which half is bright: 0 right, 1 left.

    Returns the share of 100 samples that are as asked.
    """
    random = np.random.RandomState(0)
    half = np.zeros((8, 8, 1))
    half[:, :4] = 1
    y = random.randint(0, 2, 192)
    kinds = np.where(y[:, None, None, None] == 1, half, 1 - half)
    pictures = np.clip(255 * (0.1 + 0.8 * kinds) + 10 * random.standard_normal(kinds.shape), 0, 255).astype("uint8")
    batches = Batches(pictures, y, batch_size=32, seed=1, transform=drawn(4))
    model.fit(batches.feed(), epochs=epochs, verbose=0, **batches.fit_options())
    asked = np.arange(100) % 2
    made = model.sample(100, labels=asked[:, None], seed=9).astype(float)
    left, right = made[:, :, :4].mean(axis=(1, 2, 3)), made[:, :, 4:].mean(axis=(1, 2, 3))
    return np.mean((left > right) == (asked == 1))
