"""The recipe of mobilenet.caltech101: its labels, its words, its threshold, what it measures; and its baseline."""

import keras
import numpy as np
import pytest

from zoo.data import catalogue
from zoo.data.labels import confidence, probabilities
from zoo.metrics.baselines import hog
from zoo.recipes import mobilenet_caltech101 as recipe


def test_labels_are_smoothed_and_nothing_is_all_classes_alike():
    y = recipe.soft(np.array([3, recipe.NOTHING]))
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-5)
    assert y[0].argmax() == 3 and y[0, 3] == pytest.approx(1 - recipe.SMOOTHING * 100 / 101)
    np.testing.assert_allclose(y[1], 1 / 101)


def photographs(count, height=30, width=40):
    return [np.full((height, width, 3), 3 * number, np.uint8) for number in range(count)]


def test_words_are_those_of_the_captions_but_for_the_commonest(monkeypatch):
    captions = [["A dog runs", "the dog, a stick"] + 3 * ["a dog"], 5 * ["a red boat"], 5 * ["a boat"], 5 * ["a cat"]]
    examples = [{"image": p, "captions": c} for p, c in zip(photographs(4), captions, strict=True)]
    monkeypatch.setattr(catalogue, "examples", lambda name, split, data_dir: examples if split == "train" else [])
    monkeypatch.setattr(recipe, "TOO_COMMON", 0.6)
    part = recipe.Words()
    part.validation = 1
    batches, (x, y) = part.training_data(None)
    assert x.shape == (1, 96, 96, 3) and x.dtype == np.uint8
    # boat is in two of the photographs, the others in one each: by the alphabet. In four of four, so left out: a.
    known = ["boat", "cat", "dog", "red", "runs", "stick", "the"]
    assert dict(zip(known, y[0], strict=True)) == pytest.approx(
        {"boat": 0, "cat": 0, "dog": 1, "red": 0, "runs": 0.2, "stick": 0.2, "the": 0.2}
    )
    x, y = batches[0]
    assert x.shape == (3, 96, 96, 3) and y.shape == (3, 7)


def test_logits_are_shifted_until_enough_is_known_and_scaled_until_probabilities_are_right():
    inputs = keras.Input((101,))
    model = keras.Model(inputs, keras.layers.Dense(101, name="fc", kernel_initializer="identity")(inputs))
    random = np.random.RandomState(0)
    x = random.normal(size=(400, 101)).astype("float32")
    y = np.eye(101)[[random.choice(101, p=row) for row in probabilities(4.0 * x)]]  # right with logits times four
    recipe.RECIPE.finish(model, (x, y))
    logits = model.predict(x, verbose=0)
    assert np.mean(confidence(logits) >= recipe.OOD_THRESHOLD) == pytest.approx(recipe.ACCEPTED, abs=0.01)
    np.testing.assert_allclose(probabilities(logits), probabilities(4.0 * x), atol=0.1)


def test_what_is_measured():
    """A made-up network that is sure of bright pictures and right about them."""

    def predict(x):
        logits = np.full((len(x), 101), -1.0)
        bright = x.mean(axis=(1, 2, 3)) > 100
        logits[bright, 7] = 20
        return {"logits": logits}

    bright, dark = np.full((40, 50, 3), 200, np.uint8), np.full((40, 50, 3), 20, np.uint8)
    examples = [bright, bright, dark, dark], np.array([7, 7, 7, 5]), {"flickr8k-test": [dark, dark, bright]}
    rows, _ = recipe.RECIPE.evaluate(predict, examples, "test")
    found = {(row["metric"], row["split"]): row["value"] for row in rows}
    assert found == {
        ("accuracy", "test"): 50,
        ("mean_class_accuracy", "test"): pytest.approx(100 / 3, abs=0.01),
        ("acceptance_rate", "test"): 50,
        ("auroc", "flickr8k-test"): pytest.approx((2 * (2 + 2 * 0.5) + 2 * 0.5) / 12, abs=1e-4),
        ("rejection_rate", "flickr8k-test"): pytest.approx(200 / 3, abs=0.01),
    }
    others = {"flickr8k-test": [dark, dark, bright], "intel_scenes-test": [dark]}
    rows, _ = recipe.RECIPE.evaluate(predict, (*examples[:2], others), "test")
    together = next(row for row in rows if row["metric"] == "rejection_rate")  # which the recipe's target is of
    assert (together["split"], together["n"], together["value"]) == ("flickr8k-test+intel_scenes-test", 4, 75)


def test_the_baseline_tells_stripes_from_stripes():
    rng = np.random.default_rng(0)
    across = np.tile((np.arange(96) // 6 % 2 * 200).astype(np.uint8)[:, None, None], (1, 96, 3))
    photos = [np.roll(across if n % 2 else across.swapaxes(0, 1), rng.integers(12), axis=(0, 1)) for n in range(24)]
    y = np.arange(24) % 2
    x = hog.features(photos)
    assert x.shape == (24, 4356)
    assert (hog.train_svm(x[:12], y[:12], 2)(x[12:]).argmax(axis=1) == y[12:]).all()
