"""Quantisation of weights for storage: float16, or int8 with a scale for each channel. NumPy only.

Symmetric quantisation of weights as in R. Krishnamoorthi, "Quantizing deep convolutional networks for efficient
inference" (2018, https://arxiv.org/abs/1806.08342), section 3: w ~ scale * q, q an integer from -127 to 127, with a
scale for each channel. Only storage is quantised: a loaded model computes in float32.
"""

import numpy as np

DTYPES = ("float32", "float16", "int8")
SMALL = 1000  # kernels with fewer numbers stay float16 in "int8": there is nothing to gain
SHARED = 8  # numbers with one scale in common, at least: with fewer, the scales take up what int8 saves


def quantize(array: np.ndarray, dtype: str) -> tuple[np.ndarray, np.ndarray | None]:
    """The stored form of a weight.

    "float16" and "int8" change float32 kernels, embeddings and what else has two or more dimensions; vectors (biases,
    statistics) stay as they are. "int8" stores kernels of fewer than `SMALL` numbers as float16.

    Returns:
        the stored values; of int8 ones also the scales, float32, of the same number of dimensions, all of size 1 but
        for the axis whose channels have a scale each. None for others.
    """
    if dtype == "float32" or array.ndim < 2 or array.dtype != "float32":
        return array, None
    if dtype == "float16" or array.size < SMALL:
        return array.astype("float16"), None
    # The channels are those that rounding harms least: mostly the last axis of Dense and Conv kernels, the output
    # channels; the first one of embeddings, the tokens; the third one of depthwise kernels (H, W, C, 1).
    axes = [axis for axis in range(array.ndim) if array.size >= SHARED * array.shape[axis]]
    candidates = [_along(array, axis) for axis in axes]
    errors = [np.square(dequantize(*candidate) - array).sum() for candidate in candidates]
    return candidates[int(np.argmin(errors))]


def dequantize(values: np.ndarray, scales: np.ndarray | None) -> np.ndarray:
    """The weight that `quantize` stored, float32 where it was rounded."""
    if scales is not None:
        return values * scales  # float32, and exact: see `_along`
    return values.astype("float32") if values.dtype == "float16" else values


def check_scales(values: np.ndarray, scales: np.ndarray) -> None:
    """Raise `ValueError` where scales are not what `quantize` makes for int8 values."""
    fits = scales.dtype == "float32" and scales.ndim == values.ndim
    fits = fits and sum(size > 1 for size in scales.shape) <= 1
    fits = fits and all(size in (1, full) for size, full in zip(scales.shape, values.shape, strict=True))
    if not fits or not np.isfinite(scales).all() or (scales < 0).any():
        raise ValueError("its scales are damaged")


def _along(array: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """int8 values with one scale for each index of an axis."""
    others = tuple(other for other in range(array.ndim) if other != axis)
    scales = np.abs(array).max(axis=others, keepdims=True) / np.float32(127)
    # Rounded up to 16 binary digits, products with a q of 7 digits are exact in float32. So every machine restores the
    # same numbers, and rounding again changes nothing: what was measured is what is stored.
    scales = ((scales.view("uint32") + np.uint32(0xFF)) & np.uint32(0xFFFFFF00)).view("float32")
    return np.rint(array / np.where(scales == 0, np.float32(1), scales)).astype("int8"), scales
