"""Arguments that several landmarks check alike. Each check raises `zoo.errors.BadInput` in one line."""

import numbers

import numpy as np

from zoo.errors import BadInput


def check_classes(model: str, classes) -> None:
    """A classifier needs two classes or more."""
    if not isinstance(classes, numbers.Integral) or classes < 2:
        raise BadInput(f"{model} can't tell {classes!r} classes apart; give 2 or more")


def check_images(model: str, input_shape, smallest: int) -> None:
    """Colour pictures (height, width, 3) of at least `smallest` pixels a side; None is any height or width."""
    right = len(input_shape) == 3 and input_shape[2] == 3
    if not right or any(side is not None and side < smallest for side in input_shape[:2]):
        raise BadInput(
            f"{model} can't read pictures of shape {input_shape}; give (height, width, 3), {smallest} or more"
        )


def check_labels(labels, count: int, values) -> np.ndarray:
    """Labels of `count` pictures, whole numbers from 0 on, below `values` of each kind: int32 (count, len(values))."""
    try:
        found = np.asarray(labels)
        right = found.shape == (count, len(values)) and found.dtype.kind in "iu"
    except ValueError:  # rows of different lengths
        right = False
    if not right or (found < 0).any() or (found >= values).any():
        raise BadInput(
            f"labels of {count} pictures are whole numbers of shape {(count, len(values))}, each from 0 to at most "
            f"{', '.join(str(value - 1) for value in values)}; not {str(labels).replace(chr(10), '')!s:.60}"
        )
    return found.astype(np.int32)
