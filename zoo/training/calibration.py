"""Calibrate a classifier: its probabilities, and its out-of-distribution threshold on the maximum logit.

Both change the last layer only, and leave the most probable class of every input as it is: `calibrate` for recipes,
`calibrate_on_background` for classifiers that were fine-tuned on a user's data.
"""

import keras
import numpy as np
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from zoo.data.labels import confidence, probabilities

OOD_THRESHOLD = 0.0  # the lowest maximum logit that is in distribution
ACCEPTED = 0.95  # of further examples of its classes a fine-tuned classifier is to accept
SCALES = np.geomspace(0.1, 10, 81)  # of the logits, to choose from
STRENGTH, WEIGHT = 0.1, 2.0  # of what tells the background apart: see `calibrate_on_background`


def calibrate(head, logits, y, threshold) -> None:
    """Scale and shift a classifier's last layer, in place.

    The scale calibrates the probabilities (C. Guo and others, "On Calibration of Modern Neural Networks", 2017), on
    the logits (N, classes) of examples held back and their classes y, probabilities (N, classes). The shift makes
    `OOD_THRESHOLD` of what `threshold` returns, given the best logit of each of them, (N,). The mean of the logits over
    classes, which says nothing, becomes constant.
    """
    kernel, bias = _centred(head)
    logits = logits - logits.mean(axis=1, keepdims=True)
    nll = [-np.mean(np.log((probabilities(scale * logits) * y).sum(axis=-1) + 1e-300)) for scale in SCALES]
    scale = SCALES[np.argmin(nll)]
    head.set_weights([scale * kernel, scale * bias - threshold(confidence(scale * logits)) + OOD_THRESHOLD])


def calibrate_on_background(head, training, held, y, background) -> None:
    """Scale a classifier's last layer, and shift it so that the best logit is lower for a background set, in place.

    The shift is a linear function of the features, the same for all classes, so it changes no probability. It is a
    logistic regression of the training examples against the background, that is, of examples of no class (D. Hendrycks
    and others, "Deep Anomaly Detection with Outlier Exposure", 2019, where the whole network learns to tell them
    apart). Its standard deviation over the training examples is `WEIGHT` times that of the best logit alone. Then
    all logits are shifted so that `ACCEPTED` of further examples should reach `OOD_THRESHOLD`.

    training (N, F), held (H, F), background (M, F): what the layer takes, of the training examples, those held back and
    the background. y int (H,): the classes of those held back.
    """
    kernel, bias = _centred(head)
    scale = temperature(held @ kernel + bias, y)
    kernel, bias = scale * kernel, scale * bias

    regression = make_pipeline(
        StandardScaler(), LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=1000)
    ).fit(np.concatenate([training, background]), np.arange(len(training) + len(background)) < len(training))
    scaler, linear = regression[0], regression[1]
    direction = linear.coef_[0] / scaler.scale_  # (F,)
    spread = np.std(training @ direction)
    direction *= WEIGHT * np.std(confidence(training @ kernel + bias)) / spread if spread else 0.0
    kernel = kernel + direction[:, None]

    head.set_weights([kernel, bias - acceptance_threshold(confidence(held @ kernel + bias)) + OOD_THRESHOLD])


def temperature(logits, y) -> float:
    """The factor for logits (N, classes) with the lowest cross-entropy to the classes y int (N,).

    One more example of each class is assumed for each target (J. Platt, "Probabilistic Outputs for Support Vector
    Machines", 1999), or a few examples that are all classified right would make the probabilities 100 %.
    """
    count, classes = logits.shape
    targets = (np.eye(classes)[y] * count + 1) / (count + classes)
    losses = [-np.mean(np.sum(targets * np.log(probabilities(scale * logits) + 1e-300), axis=1)) for scale in SCALES]
    return float(SCALES[np.argmin(losses)])


def acceptance_threshold(scores) -> float:
    """The score that `ACCEPTED` of further examples should reach, from the scores (N,) of some held back, N > 1.

    A further example is below the k-th lowest of N with probability k / (N + 1) (V. Vovk and others, "Algorithmic
    Learning in a Random World", 2005, split conformal prediction). With fewer than 19 there is no such k: then it is
    the lower end of Student's prediction interval, as for scores of a normal distribution, but no higher than the
    lowest score.
    """
    count = len(scores)
    k = int((1 - ACCEPTED) * (count + 1))
    spread = np.std(scores, ddof=1)
    if k:
        threshold = np.sort(scores)[k - 1]
    else:
        end = np.mean(scores) - stats.t.ppf(ACCEPTED, count - 1) * spread * np.sqrt(1 + 1 / count)
        threshold = min(end, np.min(scores))
    return float(threshold - 1e-3 * spread)  # so that rounding to float32 rejects none at the threshold itself


def _centred(head) -> tuple[np.ndarray, np.ndarray]:
    """Kernel (F, classes) and bias (classes,) of a layer, without the mean over classes, which says nothing."""
    kernel, bias = (keras.ops.convert_to_numpy(weights) for weights in head.weights)
    return kernel - kernel.mean(axis=1, keepdims=True), bias - bias.mean()
