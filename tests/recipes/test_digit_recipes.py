"""How generated digits are measured: with real ones, whose figures are known, instead."""

import numpy as np
import pytest
from helpers import shared_data

from zoo.data import catalogue
from zoo.metrics import METRICS, samples
from zoo.training.families import digits


@pytest.fixture(scope="module")
def mnist():
    """Test pictures with their labels, and as many of training."""
    data = str(shared_data() / "tfds")
    return [catalogue.load("mnist", split, data) for split in ("test", "train")]


def found(rows):
    """{(metric, role, what was measured): value}"""
    assert {row["metric"] for row in rows} <= set(METRICS)
    return {(row["metric"], row["role"], row["protocol"].split(";")[0]): row["value"] for row in rows}


def test_real_digits_are_as_close_as_can_be_and_blurred_ones_are_not(mnist, monkeypatch):
    monkeypatch.setattr(digits, "COUNT", 1000)
    (real, labels), (others, asked) = mnist
    values = found(digits.compared(others[:1000], real, labels, "test", asked[:1000]))
    apart = {what: value for (metric, _, what), value in values.items() if metric == "frechet_distance"}
    own = next(what for what in apart if what.startswith("features of"))
    assert apart[own] == pytest.approx(apart[samples.REAL], abs=0.2) and apart[samples.BLURRED] > apart[samples.REAL]
    [(accuracy, read), (_, labelled), (_, shuffled)] = (
        ((metric, what), value) for (metric, _, what), value in values.items() if metric == "accuracy"
    )
    assert accuracy[0] == "accuracy" and min(read, labelled) > 97 and 5 < shuffled < 15
    for metric in ("precision", "recall"):
        assert values[metric, "result", own] > 0.8
    assert values["rarest_class_fraction", "result", f"the digit that {digits.CLASSIFIER} recognises least often"] > 7


def test_samples_are_drawn_again_as_the_data_have_them():
    read, labels = np.repeat(np.arange(10), np.arange(1, 11)), np.repeat(np.arange(10), 3)
    chosen = digits.resampled(read, labels)
    np.testing.assert_array_equal(read[chosen], labels)
    assert len(digits.resampled(read[read != 4], labels)) == 0


def test_a_single_digit_is_no_variety(mnist, monkeypatch):
    monkeypatch.setattr(digits, "COUNT", 500)
    (real, labels), (others, asked) = mnist
    ones = others[asked == 1][:500]
    values = found(digits.compared(ones, real, labels, "test"))
    by = {metric: value for (metric, role, _), value in values.items() if role == "result"}
    assert by["rarest_class_fraction"] == 0 and by["recall"] <= 0.3 and by["precision"] > 0.5
    assert by["frechet_distance"] > 10 * values["frechet_distance", "baseline", samples.REAL]
    assert "accuracy" not in by  # of what isn't conditioned on the digit


def test_blurring_keeps_shape_and_light():
    pictures = np.random.RandomState(1).randint(0, 256, (3, 12, 10, 1)).astype("uint8")
    found = samples.blurred(pictures)
    assert found.shape == pictures.shape and found.dtype == np.uint8
    assert abs(found.mean() - pictures.mean()) < 5 and found.std() < 0.5 * pictures.std()
