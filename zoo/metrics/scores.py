"""Scores of predictions against the truth, as cards have them."""

import numpy as np


def accuracy(logits, labels) -> float:
    """Accuracy in percent. logits (N, classes), or (N, 1) for two classes, decided by the sign; labels (N,) ints.

    A logit of exactly 0 counts as class 0, as in the perceptron's step.
    """
    logits = np.asarray(logits)
    predicted = logits[:, 0] > 0 if logits.shape[-1] == 1 else logits.argmax(-1)
    return 100.0 * float(np.mean(predicted == np.asarray(labels)))


def mean_class_accuracy(logits, labels) -> float:
    """Accuracy in percent of each class that occurs, mean over those classes. logits (N, classes), labels (N,) ints."""
    labels, right = np.asarray(labels), np.asarray(logits).argmax(-1) == labels
    return 100.0 * float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))


def auroc(known, unknown) -> float:
    """Area under the receiver operating characteristic: how often one of `known` is above one of `unknown`, a tie
    counting half. Both (N,) floats."""
    known, unknown = np.sort(known), np.asarray(unknown)
    below, not_above = (np.searchsorted(known, unknown, side=side) for side in ("left", "right"))
    return float(1 - np.mean((below + not_above) / 2) / len(known))


def psnr(image, true) -> float:
    """Peak signal-to-noise ratio in dB of two float images in 0 ... 1 of the same shape."""
    return float(-10 * np.log10(np.mean(np.square(image - true))))
