"""Data augmentation of images: `transform`s for `zoo.data.batches.Batches` that leave labels as they are."""

import cv2
import numpy as np


def shift_and_mirror(x, y, rng, *, shift=4):
    """Random shift by up to `shift` pixels, padded with black, and horizontal flip with probability 1/2.

    As He et al. (2015, section 4.2) do on CIFAR-10: pad by 4, then crop the old size. They pad with the mean colour.
    x uint8 (B, H, W, C) -> same.
    """
    padded = np.pad(x, ((0, 0), (shift, shift), (shift, shift), (0, 0)))
    return crop_and_mirror(padded, y, rng, size=x.shape[1:3])


def crop_and_mirror(x, y, rng, *, size):
    """Random crop and horizontal flip with probability 1/2. size: (h, w). (B, H, W, C) -> (B, h, w, C)"""
    batch, height, width, _ = x.shape
    top, left = rng.integers(height - size[0] + 1, size=batch), rng.integers(width - size[1] + 1, size=batch)
    column = np.where(rng.random((batch, 1)) < 0.5, np.arange(size[1]), np.arange(size[1])[::-1])  # (B, w)
    rows = top[:, None] + np.arange(size[0])  # (B, h)
    columns = left[:, None] + column  # (B, w)
    return x[np.arange(batch)[:, None, None], rows[:, :, None], columns[:, None, :]], y


def cut_out(x, y, rng, *, side):
    """Cutout: a black square of `side` pixels with its centre anywhere, so that at the edge a part of it is outside.

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
    """Random crop, rotation, aspect ratio, horizontal flip, saturation, contrast and brightness of a photograph.

    photo uint8 (H, W, 3) of any size; area: least fraction of it in the crop, before a change of aspect ratio reduces
    it; turn: largest rotation in degrees.
    Returns: uint8 (side, side, 3).
    """
    height, width = photo.shape[:2]
    stretch = np.exp(rng.uniform(-0.2, 0.2))
    scale = np.sqrt(rng.uniform(area, 1.0))
    across, down = width * min(1.0, scale * stretch), height * min(1.0, scale / stretch)
    left, top = rng.uniform(0, width - across), rng.uniform(0, height - down)
    angle = np.deg2rad(rng.uniform(-turn, turn))
    mirror = rng.choice([-1, 1])
    # From a pixel of the result, counted from its centre, to one of the photograph.
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turned @ np.diag([mirror * across / side, down / side])
    middle = np.array([left + across / 2, top + down / 2]) - 0.5
    matrix = np.column_stack([matrix, middle - matrix @ np.full(2, (side - 1) / 2)])
    options = {"flags": cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, "borderMode": cv2.BORDER_REFLECT_101}
    part = cv2.warpAffine(photo, matrix, (side, side), **options).astype(np.float32)
    grey = part.mean(axis=-1, keepdims=True)
    part = grey + (part - grey) * rng.uniform(0.5, 1.5)  # saturation
    light = part.mean()
    part = light + (part - light) * rng.uniform(0.6, 1.4)  # contrast
    return np.clip(part * rng.uniform(0.7, 1.3), 0, 255).astype(np.uint8)  # brightness
