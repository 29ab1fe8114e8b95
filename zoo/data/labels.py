"""From a classifier's logits to what a person reads: probabilities, and whether anything is known at all."""

import numpy as np


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis: logits (B, classes) -> float64 (B, classes).

    One logit says yes or no: (B, 1) -> (B, 2).
    """
    logits = np.asarray(logits, np.float64)
    if logits.shape[-1] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=-1)
    exp = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exp / exp.sum(axis=-1, keepdims=True)


def confidence(logits: np.ndarray) -> np.ndarray:
    """The best logit: (B, classes) -> (B,). Unlike the best probability it tells "one of two" from "none of them"."""
    return np.asarray(logits, np.float64).max(axis=-1)
