"""Changes to training pictures that their labels survive: `transform`s for `zoo.data.batches.Batches`."""

import cv2
import numpy as np


def shift_and_mirror(x, y, rng, *, shift=4):
    """Each picture shifted by up to `shift` pixels each way, black coming in, and mirrored every other time.

    As He et al. (2015, section 4.2) do on CIFAR-10, but that with them the mean colour comes in: padded by 4, a crop of
    the old size. x uint8 (B, H, W, C) -> same.
    """
    padded = np.pad(x, ((0, 0), (shift, shift), (shift, shift), (0, 0)))
    return crop_and_mirror(padded, y, rng, size=x.shape[1:3])


def crop_and_mirror(x, y, rng, *, size):
    """A part of each picture, anywhere in it, mirrored every other time. size: (h, w). (B, H, W, C) -> (B, h, w, C)"""
    batch, height, width, _ = x.shape
    top, left = rng.integers(height - size[0] + 1, size=batch), rng.integers(width - size[1] + 1, size=batch)
    column = np.where(rng.random((batch, 1)) < 0.5, np.arange(size[1]), np.arange(size[1])[::-1])  # (B, w)
    rows = top[:, None] + np.arange(size[0])  # (B, h)
    columns = left[:, None] + column  # (B, w)
    return x[np.arange(batch)[:, None, None], rows[:, :, None], columns[:, None, :]], y


def cut_out(x, y, rng, *, side):
    """Each picture with a black square of `side` pixels, whose middle is anywhere: at the edge it is a part of one.

    T. DeVries, G. W. Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout" (2017),
    https://arxiv.org/abs/1708.04552. x uint8 (B, H, W, C) -> same.
    """
    batch, height, width, _ = x.shape

    def inside(length):  # (B, length)
        first = rng.integers(length, size=(batch, 1)) - side // 2
        return (np.arange(length) >= first) & (np.arange(length) < first + side)

    hole = inside(height)[:, :, None] & inside(width)[:, None]  # (B, H, W)
    return np.where(hole[..., None], np.uint8(0), x), y


def distort(photo, side, rng, *, area=0.3, turn=12.0):
    """A random part of a photograph, turned, stretched, mirrored, and in another light.

    photo uint8 (H, W, 3) of any size; area: the least share of it that is seen, but for what stretching cuts off;
    turn: degrees at most, each way.
    Returns: uint8 (side, side, 3).
    """
    height, width = photo.shape[:2]
    stretch = np.exp(rng.uniform(-0.2, 0.2))
    share = np.sqrt(rng.uniform(area, 1.0))
    across, down = width * min(1.0, share * stretch), height * min(1.0, share / stretch)
    left, top = rng.uniform(0, width - across), rng.uniform(0, height - down)
    angle = np.deg2rad(rng.uniform(-turn, turn))
    mirror = rng.choice([-1, 1])
    # From a pixel of the answer, counted from its middle, to one of the photograph.
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turned @ np.diag([mirror * across / side, down / side])
    middle = np.array([left + across / 2, top + down / 2]) - 0.5
    matrix = np.column_stack([matrix, middle - matrix @ np.full(2, (side - 1) / 2)])
    options = {"flags": cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, "borderMode": cv2.BORDER_REFLECT_101}
    part = cv2.warpAffine(photo, matrix, (side, side), **options).astype(np.float32)
    grey = part.mean(axis=-1, keepdims=True)
    part = grey + (part - grey) * rng.uniform(0.5, 1.5)  # colourful or pale
    light = part.mean()
    part = light + (part - light) * rng.uniform(0.6, 1.4)  # in contrast or flat
    return np.clip(part * rng.uniform(0.7, 1.3), 0, 255).astype(np.uint8)  # bright or dark
