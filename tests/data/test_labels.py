"""Logits to probabilities, and the metrics of a classifier that may say it knows nothing."""

import numpy as np
import pytest

from zoo import metrics
from zoo.data.labels import confidence, probabilities


def test_probabilities_are_the_softmax():
    logits = np.array([[0.0, np.log(3.0)], [1000.0, 0.0]])
    np.testing.assert_allclose(probabilities(logits), [[0.25, 0.75], [1, 0]], atol=1e-12)
    np.testing.assert_allclose(confidence(logits), [np.log(3), 1000])


def test_one_logit_says_yes_or_no():
    np.testing.assert_allclose(probabilities(np.array([[np.log(3.0)]])), [[0.25, 0.75]])


def test_mean_class_accuracy_counts_rare_classes_as_much():
    logits = np.eye(3)[[0, 0, 0, 0, 1]]
    assert metrics.mean_class_accuracy(logits, [0, 0, 0, 2, 1]) == pytest.approx(100 * (1 + 1 + 0) / 3)


def test_auroc_is_the_share_of_pairs_in_the_right_order():
    rng = np.random.default_rng(0)
    known, unknown = rng.integers(0, 6, 50), rng.integers(0, 5, 40)
    pairs = (known[:, None] > unknown) + 0.5 * (known[:, None] == unknown)
    assert metrics.auroc(known, unknown) == pytest.approx(pairs.mean())
    assert metrics.auroc([3, 4], [1, 2]) == 1 and metrics.auroc([1], [2]) == 0
