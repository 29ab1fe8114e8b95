"""Calibrate a classifier: its probabilities, and its out-of-distribution threshold on the maximum logit."""

import keras
import numpy as np

from zoo.data.labels import confidence, probabilities

OOD_THRESHOLD = 0.0  # the lowest maximum logit that is in distribution


def calibrate(head, logits, y, threshold) -> None:
    """Scale and shift a classifier's last layer, in place.

    The scale calibrates the probabilities (C. Guo and others, "On Calibration of Modern Neural Networks", 2017), on
    the logits (N, classes) of examples held back and their classes y, probabilities (N, classes). The shift makes
    `OOD_THRESHOLD` of what `threshold` returns, given the best logit of each of them, (N,). The mean of the logits over
    classes, which says nothing, becomes constant.
    """
    kernel, bias = (keras.ops.convert_to_numpy(weights) for weights in head.weights)
    kernel, bias = kernel - kernel.mean(axis=1, keepdims=True), bias - bias.mean()
    logits = logits - logits.mean(axis=1, keepdims=True)
    scales = np.geomspace(0.1, 10, 81)
    nll = [-np.mean(np.log((probabilities(scale * logits) * y).sum(axis=-1) + 1e-300)) for scale in scales]
    scale = scales[np.argmin(nll)]
    head.set_weights([scale * kernel, scale * bias - threshold(confidence(scale * logits)) + OOD_THRESHOLD])
