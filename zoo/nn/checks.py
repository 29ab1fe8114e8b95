"""Checks of arguments that several models share. Each raises `zoo.errors.BadInput` with one line."""

import numbers

import numpy as np

from zoo.errors import BadInput


def check_classes(model: str, classes: int) -> None:
    """Raise unless `classes` is a whole number of 2 or more."""
    if not isinstance(classes, numbers.Integral) or classes < 2:
        raise BadInput(f"{model} can't tell {classes!r} classes apart; give 2 or more")


def check_images(model: str, input_shape, smallest: int) -> None:
    """Raise unless `input_shape` is (height, width, 3) of at least `smallest` pixels a side; None is any height or
    width.
    """
    valid = len(input_shape) == 3 and input_shape[2] == 3
    if not valid or any(side is not None and side < smallest for side in input_shape[:2]):
        raise BadInput(
            f"{model} can't read images of shape {input_shape}; give (height, width, 3), {smallest} pixels or more"
        )


def check_labels(labels, count: int, values) -> np.ndarray:
    """Labels of `count` images: whole numbers from 0 on, column j below values[j] -> int32 (count, len(values))."""
    try:
        array = np.asarray(labels)
        valid = array.shape == (count, len(values)) and array.dtype.kind in "iu"
    except ValueError:  # rows of different lengths
        valid = False
    if not valid or (array < 0).any() or (array >= values).any():
        raise BadInput(
            f"labels of {count} images are whole numbers of shape {(count, len(values))}, each from 0 to at most "
            f"{', '.join(str(value - 1) for value in values)}; not {str(labels).replace(chr(10), '')!s:.60}"
        )
    return array.astype(np.int32)
