"""Convert a classifier's logits to probabilities and confidence."""

import numpy as np


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis: logits (B, classes) -> float64 (B, classes).

    A single logit is that of the second of two classes: (B, 1) -> (B, 2).
    """
    logits = np.asarray(logits, np.float64)
    if logits.shape[-1] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=-1)
    exp = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exp / exp.sum(axis=-1, keepdims=True)


def confidence(logits: np.ndarray) -> np.ndarray:
    """The maximum logit, (B, classes) -> (B,), compared with a checkpoint's out-of-distribution threshold.

    Unlike the maximum probability it is low where the input is like none of the classes, and high where it is like two.
    """
    return np.asarray(logits, np.float64).max(axis=-1)
