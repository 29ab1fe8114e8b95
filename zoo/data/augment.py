"""Changes to training pictures that their labels survive: `transform`s for `zoo.data.batches.Batches`."""

import numpy as np


def shift_and_mirror(x, y, rng, *, shift=4):
    """Each picture shifted by up to `shift` pixels each way, black coming in, and mirrored every other time.

    As He et al. (2015, section 4.2) do on CIFAR-10: padded by 4, a crop of the old size. x uint8 (B, H, W, C) -> same.
    """
    batch, height, width, _ = x.shape
    padded = np.pad(x, ((0, 0), (shift, shift), (shift, shift), (0, 0)))
    top, left = rng.integers(2 * shift + 1, size=(2, batch))
    column = np.where(rng.random((batch, 1)) < 0.5, np.arange(width), np.arange(width)[::-1])  # (B, W)
    rows = top[:, None] + np.arange(height)  # (B, H)
    columns = left[:, None] + column  # (B, W)
    return padded[np.arange(batch)[:, None, None], rows[:, :, None], columns[:, None, :]], y
