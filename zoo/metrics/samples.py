"""Evaluate the samples of a generator: how close they are to data, in the feature space of a network.

Distances of the features of our own networks are not comparable with published Fréchet distances, which are of the
features of an Inception network. So the card has beside them those of other real images, and of the same blurred a
little. All are of as many images.
"""

import cv2
import numpy as np

from zoo import metrics
from zoo.metrics import distributions

BLUR = 1.0  # pixels, the deviation of the filter of the blurred control
REAL, BLURRED = "other real images instead", f"other real images, blurred by {BLUR:g} pixel"


def distances(features, real, split, about, *, role="result", protocol="") -> list[dict]:
    """Rows of a card for features of images (N, D), compared with those of real ones (M, D).

    about: how they were measured; protocol: what the images are, where they are no samples.
    """
    facts = {"role": role, "n": len(features), "protocol": f"{protocol}; {about}" if protocol else about}
    precision, recall = distributions.precision_recall(real, features)
    found = {
        "frechet_distance": distributions.frechet_distance(features, real),
        "kernel_distance": distributions.kernel_distance(features, real),
        "precision": precision,
        "recall": recall,
    }
    return [metrics.row(metric, split, value, **facts) for metric, value in found.items()]


def blurred(images):
    """uint8 (N, H, W, C) -> the same."""
    return np.stack([cv2.GaussianBlur(each, (0, 0), BLUR) for each in images]).reshape(images.shape)


def baseline(card, metric, what) -> float:
    """The value of a metric in the baseline row of `REAL` or `BLURRED` images."""
    return next(
        row["value"] for row in card.metrics if row["metric"] == metric and row["protocol"].startswith(f"{what}; ")
    )
