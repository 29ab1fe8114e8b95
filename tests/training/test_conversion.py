"""Conversion of published weights: compared with the original, measured, and saved with their origin."""

import json

import keras
import numpy as np
import pytest

import zoo
from zoo import metrics
from zoo.data.imagenet import NAMES
from zoo.errors import BadCheckpoint, BadInput, MissingPackage
from zoo.kinds.image import fit
from zoo.recipes.efficientnet_lite0_imagenet import COUNTERPARTS, EfficientNetLite0ImageNet
from zoo.training.conversion import Conversion, convert
from zoo_apps.photographs import photograph

IMAGES = np.random.RandomState(0).randint(0, 256, (8, 28, 28, 1)).astype("uint8")


class Converted(Conversion):
    """Takes the weights of another model of the same architecture."""

    name = "mlp.converted"
    summary = "An MLP with the weights of another."
    task = "classify_images"
    labels = list("0123456789")
    inputs = {"image": {"description": "a digit"}}
    outputs = {"logits": {"description": "one logit a digit"}}
    weights_dtype = "float16"
    data = {"name": "digits", "url": "", "split": "train", "licence": "MIT", "commercial_use": True}
    source = {"package": "digits", "version": "1.0"}
    published = [metrics.row("accuracy", "digits-test", 98.0, role="published", n=100, protocol="as published")]
    intended_use, limits, licence, commercial_use = "Tests.", "Random.", "MIT", True

    def __init__(self):
        keras.utils.set_random_seed(0)
        self.theirs = zoo.MLP()

    def load(self, model):
        model.set_weights(self.theirs.get_weights())

    def compared_on(self, data_dir):
        return IMAGES

    def original(self, x):
        return keras.ops.convert_to_numpy(self.theirs(x))

    def examples(self, split, data_dir=None, folder=None):
        return IMAGES, np.arange(8)

    def evaluate(self, predict, examples, split):
        return [metrics.row("accuracy", split, 10.0, n=8, protocol="made up")], {}


def test_converted_weights_are_saved_with_their_origin_and_what_was_compared(tmp_path):
    recipe = Converted()
    card = convert(recipe, tmp_path / "out")
    compared = card.training["compared"]
    assert compared["examples"] == 8 and compared["largest_difference"] < 1e-5
    assert compared["same_prediction_as_shipped"] == 1.0
    assert card.inputs["image"] == {"shape": [28, 28, 1], "dtype": "uint8", "description": "a digit"}
    written = json.loads((tmp_path / "out" / "card.json").read_text())
    assert written["training"]["converted_from"] == recipe.source
    assert [row["role"] for row in written["metrics"]] == ["result", "published"]
    model = zoo.load(tmp_path / "out")
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(model(IMAGES)), recipe.original(IMAGES), atol=card.weights["tolerance"]
    )


def test_outputs_unlike_the_original_are_refused_and_nothing_is_written(tmp_path):
    class Wrong(Converted):
        def original(self, x):
            return super().original(x) + 0.01

    with pytest.raises(BadCheckpoint, match=r"outputs differ from the original's by 0\.01"):
        convert(Wrong(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_conversion_has_no_epochs(tmp_path):
    with pytest.raises(BadInput, match="is converted, not trained"):
        convert(Converted(), tmp_path / "out", epochs=3)


def test_what_the_conversion_of_lite0_needs_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingPackage, match="torch is missing; pip install torch"):
        EfficientNetLite0ImageNet().load(None)


def test_counterparts_are_classes_of_imagenet():
    assert len(NAMES) == len(set(NAMES)) == 1000
    assert {name for names in COUNTERPARTS.values() for name in names} <= set(NAMES)


def test_lite0_names_photographs():
    photographs = [
        fit(photograph(file, "photo").inputs["photo"], (224, 224, 3)) for file in ("chelsea.png", "coffee.png")
    ]
    logits = zoo.predictor("efficientnet-lite0.imagenet")(np.stack(photographs))["logits"]
    assert [NAMES[best] for best in logits.argmax(-1)] == ["Egyptian cat", "espresso"]
