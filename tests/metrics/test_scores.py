"""Scores and baselines, against values that are known."""

import numpy as np
import pytest

from zoo.metrics import wilson_interval
from zoo.metrics.baselines.centroids import nearest_centroid


@pytest.mark.parametrize(
    ("percent", "n", "low", "high"),
    [(80, 10, 49.0, 94.3), (0, 10, 0.0, 27.8), (100, 36, 90.4, 100.0), (50, 1000, 46.9, 53.1)],
)
def test_wilsons_interval_is_that_of_the_tables(percent, n, low, high):
    assert wilson_interval(percent, n) == pytest.approx((low, high), abs=0.05)


def test_the_nearest_centroid_is_that_of_the_direction_not_the_length():
    x, y = np.array([[1.0, 0], [9, 1], [0, 1], [1, 8]]), np.array([0, 0, 1, 1])
    scores = nearest_centroid(x, y)(np.array([[100.0, 30], [0.1, 0.4], [0, 0]]))
    assert scores.shape == (3, 2) and scores.argmax(axis=1)[:2].tolist() == [0, 1]
    means = np.stack([(x[y == c] / np.linalg.norm(x[y == c], axis=1, keepdims=True)).mean(axis=0) for c in (0, 1)])
    unit = np.array([100.0, 30]) / np.hypot(100, 30)
    np.testing.assert_allclose(scores[0], -np.sum((unit - means) ** 2, axis=1))
