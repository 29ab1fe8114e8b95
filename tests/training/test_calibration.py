"""Calibration of a fine-tuned classifier: its probabilities, and what it rejects."""

import keras
import numpy as np
import pytest

from zoo.data import background
from zoo.data.labels import confidence, probabilities
from zoo.training.calibration import (
    ACCEPTED,
    OOD_THRESHOLD,
    acceptance_threshold,
    calibrate_on_background,
    temperature,
)


def classes(rng, count):
    """Features (count, 6) of two classes that lie apart in the first, and their classes."""
    y = rng.integers(0, 2, count)
    return rng.normal(size=(count, 6)) + np.where(y[:, None] == 1, 4, -4) * np.eye(6)[0], y


def strangers(rng, count):
    """Features of no class: as far apart in the first, but elsewhere in the second."""
    return classes(rng, count)[0] + 5 * np.eye(6)[1]


@pytest.mark.parametrize("held", [40, 8])
def test_what_the_best_logit_does_not_tell_apart_the_background_does(held):
    rng = np.random.default_rng(1)
    head = keras.layers.Dense(2)
    head.build((None, 6))
    kernel = np.zeros((6, 2), np.float32)
    kernel[0] = -1, 1
    head.set_weights([kernel, np.full(2, 3, np.float32)])
    (x, y), (training, _), (test, test_y) = classes(rng, held), classes(rng, 100), classes(rng, 1000)
    strange = strangers(rng, 1000)
    before = test @ kernel
    bar = np.quantile(confidence(before), 1 - ACCEPTED)
    assert np.mean(confidence(strange @ kernel) < bar) < 0.1

    calibrate_on_background(head, training, x, y, strangers(rng, 50))
    after, other = (keras.ops.convert_to_numpy(head(features)) for features in (test, strange))
    np.testing.assert_array_equal(after.argmax(axis=1), before.argmax(axis=1))
    assert np.mean(confidence(after) >= OOD_THRESHOLD) > 0.85
    assert np.mean(confidence(other) < OOD_THRESHOLD) > 0.9
    # One factor for all logits, and a shift that is the same for all classes.
    ratio = (after[:, 1] - after[:, 0]) / (before[:, 1] - before[:, 0])
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-3)
    right = np.mean(after.argmax(axis=1) == test_y)
    assert np.mean(probabilities(after).max(axis=1)) == pytest.approx(right, abs=0.12)


@pytest.mark.parametrize("count", [7, 18, 19, 100])
def test_the_threshold_accepts_as_many_of_further_examples_as_it_should(count):
    rng = np.random.default_rng(0)
    further = rng.normal(size=10_000)
    accepted = [np.mean(further >= acceptance_threshold(rng.normal(size=count))) for _ in range(300)]
    assert np.mean(accepted) == pytest.approx(ACCEPTED, abs=0.02)


def test_a_threshold_rejects_no_example_that_it_was_chosen_on_by_rounding():
    scores = np.float32([3.1, 3.1, 3.1])
    assert np.mean(scores >= acceptance_threshold(scores)) == 1
    scores = np.arange(19) / 7
    assert acceptance_threshold(scores) == pytest.approx(0, abs=1e-2) and acceptance_threshold(scores) < 0


def test_few_examples_that_are_all_right_do_not_make_it_certain():
    y = np.array([0, 1, 2, 0, 1, 2])
    logits = 4.0 * np.eye(3)[y]
    sure = probabilities(temperature(logits, y) * logits).max(axis=1)
    assert sure.min() > 0.6 and sure.max() < 0.9
    many = np.tile(y, 1000)
    logits = 4.0 * np.eye(3)[many]
    assert probabilities(temperature(logits, many) * logits).max(axis=1).min() > 0.99


def test_the_background_comes_with_the_packages_and_is_the_same_each_time():
    crops = background.photographs((32, 32, 3), seed=1)
    assert len(crops) == 21 and all(each.shape == (20, 32, 32, 3) and each.dtype == np.uint8 for each in crops)
    again, other = background.photographs((32, 32, 3), seed=1), background.photographs((32, 32, 3), seed=2)
    np.testing.assert_array_equal(crops, again)
    assert not np.array_equal(crops, other)
    assert background.photographs((28, 28, 1), seed=1)[0].shape == (20, 28, 28, 1)
    texts = background.texts()
    assert len(texts) == len(set(texts)) == 200 and all(len(text) > 10 for text in texts)
