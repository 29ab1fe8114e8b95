"""Example inputs of tasks, the same on every machine: exports are compared on them, golden outputs recorded."""

import numpy as np

from zoo.errors import BadCheckpoint

ANY_SIZE = 64  # pixels, where a checkpoint takes images of any size
LENGTH = 12  # tokens
FREQUENCIES = ((1, 2), (2, 1), (3, 2))  # of waves, down and across


def images(shape, count: int) -> np.ndarray:
    """Smooth images: uint8 (count, H, W, C). shape: (H, W, C), None where any size goes."""
    height, width, channels = (ANY_SIZE if side is None else side for side in shape)
    row, column = np.mgrid[:height, :width]
    waves = [
        np.sin(row * down / height * 6 + 1) * np.cos(column * across / width * 6)
        for down, across in (FREQUENCIES[number % len(FREQUENCIES)] for number in range(count))
    ]
    grey = np.rint(127.5 + 127 * np.stack(waves)).astype("uint8")  # (count, H, W)
    return np.repeat(grey[..., None], channels, axis=-1)


def latents(size: int, count: int) -> np.ndarray:
    """float32 (count, size), -1 to 1."""
    row, column = np.mgrid[:count, :size]
    return np.sin(row + column).astype("float32")


def labels(columns: int, count: int) -> np.ndarray:
    """0 and 1 in turn: int32 (count, columns)."""
    return np.repeat(np.arange(count)[:, None] % 2, columns, axis=1).astype("int32")


def tokens(arguments: dict, count: int) -> np.ndarray:
    """int32 (count, T) of the `vocabulary` among a model's arguments, no padding; T fits its `context`, if any."""
    row, column = np.mgrid[:count, : min(LENGTH, arguments.get("context") or LENGTH)]
    if not arguments.get("vocabulary"):
        raise BadCheckpoint("a card whose arguments have no vocabulary; the example of a text needs it")
    return ((5 + row + 7 * column) % arguments["vocabulary"]).astype("int32")
