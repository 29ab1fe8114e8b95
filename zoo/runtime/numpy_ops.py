"""The functions of `keras.ops` that `zoo.generation.tokens` uses, in NumPy: for models that ONNX Runtime runs.

Names, arguments and dtypes are those of `keras.ops`.
"""

import numpy as np
from numpy import (  # noqa: F401
    all,
    any,
    arange,
    argmax,
    cumsum,
    logical_and,
    logical_not,
    logical_or,
    max,
    maximum,
    minimum,
    power,
    reshape,
    sum,
    take,
    take_along_axis,
)


def convert_to_tensor(x, dtype=None):
    return np.asarray(x, dtype)


def convert_to_numpy(x):
    return np.asarray(x)


def cast(x, dtype):
    return np.asarray(x).astype(dtype, copy=False)


def full(shape, value, dtype="float32"):
    return np.full(shape, value, dtype)


def zeros(shape, dtype="float32"):
    return np.zeros(shape, dtype)


def where(condition, x, y):
    """As Keras does it, of two numbers of Python's it makes float32."""
    found = np.where(condition, x, y)
    return found.astype("float32", copy=False) if found.dtype == "float64" else found


def log_softmax(x, axis=-1):
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))


def softmax(x, axis=-1):
    x = np.exp(x - x.max(axis=axis, keepdims=True))
    return x / x.sum(axis=axis, keepdims=True)


def top_k(x, k):
    """The k largest of the last axis in falling order, and where they are; of equal ones the first is first."""
    if 4 * k < x.shape[-1]:  # a whole sort would take longer
        found = np.sort(np.argpartition(-x, k - 1, axis=-1)[..., :k], axis=-1)
        order = np.argsort(-np.take_along_axis(x, found, axis=-1), axis=-1, kind="stable")
        found = np.take_along_axis(found, order, axis=-1)
    else:
        found = np.argsort(-x, axis=-1, kind="stable")[..., :k]
    return np.take_along_axis(x, found, axis=-1), found


def while_loop(unfinished, body, state):
    while unfinished(*state):
        state = body(*state)
    return state
