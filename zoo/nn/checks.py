"""Checks of arguments that several models share. Each raises `zoo.errors.BadInput` with one line."""

import collections.abc
import math
import numbers
import types
import typing

import numpy as np

from zoo.errors import BadInput, quoted

LARGEST = 10**6  # of whole numbers that a constructor takes
MOST = 10**8  # of values in an input
CLASSES = 10**5
ENTRIES = 100  # of a sequence that a constructor takes


def check_arguments(model: str, annotations: dict[str, object], arguments: dict[str, object]) -> None:
    """Raise unless the arguments of a constructor are of the types that it is annotated with.

    Whole numbers are from 0 to `LARGEST`, others from -`LARGEST`, and sequences have `ENTRIES` entries at most.
    """
    for name, value in arguments.items():
        if name in annotations and not _is(value, annotations[name]):
            words = _words(annotations[name])
            raise BadInput(f"{model} can't have {name} {quoted(value)}; give {words}, numbers up to {LARGEST:,}")


def _is(value, annotation) -> bool:
    """Whether a value is of an annotated type."""
    of, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if of in (types.UnionType, typing.Union):
        return any(_is(value, part) for part in parts)
    if of in (tuple, collections.abc.Sequence):
        if not isinstance(value, list | tuple) or len(value) > ENTRIES:
            return False
        any_length = of is not tuple or parts[-1] is ...
        each = parts[:1] * len(value) if any_length else parts
        return len(value) == len(each) and all(map(_is, value, each))
    if annotation is int:
        return isinstance(value, numbers.Integral) and not isinstance(value, bool) and 0 <= value <= LARGEST
    if annotation is float:
        return isinstance(value, numbers.Real) and not isinstance(value, bool) and -LARGEST <= value <= LARGEST
    return isinstance(value, annotation)


def _words(annotation) -> str:
    """An annotated type in words."""
    of, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if of in (types.UnionType, typing.Union):
        return " or ".join(map(_words, parts))
    if of in (tuple, collections.abc.Sequence):
        any_length = of is not tuple or parts[-1] is ...
        return f"({_words(parts[0])}, ...)" if any_length else f"({', '.join(map(_words, parts))})"
    words = {int: "a whole number", float: "a number", str: "a text", bool: "True or False"}
    return words.get(annotation) or ("None" if annotation is types.NoneType else annotation.__name__)


def check_classes(model: str, classes: int) -> None:
    """Raise unless `classes` is a whole number from 2 to `CLASSES`."""
    if not isinstance(classes, numbers.Integral) or not 2 <= classes <= CLASSES:
        raise BadInput(f"{model} can't tell {quoted(classes)} classes apart; give 2 or more, {CLASSES:,} at most")


def check_shape(model: str, input_shape) -> None:
    """Raise unless each size of `input_shape` is 1 or more, and all together are `MOST` values or fewer."""
    if not input_shape or min(input_shape) < 1 or math.prod(input_shape) > MOST:
        raise BadInput(
            f"{model} can't read inputs of shape {quoted(tuple(input_shape))}; give sizes of 1 or more, "
            f"{MOST:,} values at most"
        )


def check_images(model: str, input_shape, smallest: int, channels: tuple[int, ...] = (3,)) -> None:
    """Raise unless `input_shape` is (height, width, one of `channels`) of at least `smallest` pixels a side; None is
    any height or width.
    """
    valid = len(input_shape) == 3 and input_shape[2] in channels
    if not valid or any(side is not None and side < smallest for side in input_shape[:2]):
        colours = " or ".join(map(str, channels))
        raise BadInput(
            f"{model} can't read images of shape {input_shape}; give (height, width, {colours}), {smallest} pixels or "
            "more"
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
