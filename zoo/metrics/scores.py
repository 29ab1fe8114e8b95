"""Scores of predictions against the truth, as cards have them."""

import numpy as np


def accuracy(logits, labels) -> float:
    """Accuracy in percent. logits (N, classes), or (N, 1) for two classes, decided by the sign; labels (N,) ints.

    A logit of exactly 0 counts as class 0, as in the perceptron's step.
    """
    logits = np.asarray(logits)
    predicted = logits[:, 0] > 0 if logits.shape[-1] == 1 else logits.argmax(-1)
    return 100.0 * float(np.mean(predicted == np.asarray(labels)))


def wilson_interval(percent: float, n: int) -> tuple[float, float]:
    """95 % confidence interval, in percent, of a fraction measured on n examples.

    E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference" (1927): it holds for few
    examples too, and for fractions of 0 and 100 %.
    """
    p, z = percent / 100, 1.96
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return 100 * float(middle - half), 100 * float(middle + half)


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
