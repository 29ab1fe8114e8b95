"""Recipes that convert published weights rather than train: read them, compare with the original, measure, save."""

import sys
import time

import keras
import numpy as np

from zoo.errors import BadCheckpoint, BadInput
from zoo.hub import building, store
from zoo.hub.card import Card
from zoo.hub.registry import architecture
from zoo.runtime.predictor import of_model
from zoo.training import loop
from zoo.training.provenance import hardware, versions
from zoo.training.recipe import Recipe

LARGEST_DIFFERENCE = 1e-3  # of an output of ours from the original's, both computed in float32


class Conversion(Recipe):
    """A subclass says where the weights come from, how they map to our layers, and how to run the original."""

    data: dict  # what the weights were trained on, as in the card
    source: dict  # package, version, url, authors, licence of the weights
    published: list = []  # rows of the card that others measured

    def load(self, model) -> None:
        """Set a model's weights. Raises `zoo.errors.MissingPackage` where what holds them isn't installed."""
        raise NotImplementedError

    def compared_on(self, data_dir) -> np.ndarray:
        """Inputs on which our outputs are compared with the original's, as the model takes them."""
        raise NotImplementedError

    def original(self, x: np.ndarray) -> np.ndarray:
        """What the original gives for these inputs, before any rounding of its weights: logits (B, classes)."""
        raise NotImplementedError


def convert(recipe: Conversion, out, *, data_dir=None, init=None, epochs=None, force=False) -> Card:
    """Convert the weights of a recipe and write the checkpoint to the folder `out`.

    Raises:
        BadInput: for `init` or `epochs`, since nothing is trained.
        BadCheckpoint: where our outputs are not the original's.
        MissingPackage, MissingData, OutputExists: in one line.
    """
    if init is not None or epochs is not None:
        raise BadInput(f"{recipe.name} is converted, not trained; leave --init and --epochs out")
    store.check_output(out, force)
    started = time.monotonic()
    model = architecture(recipe.architecture).cls(**recipe.arguments)
    building.arrays(model, recipe)  # raises now for what would fail after the work
    recipe.load(model)
    x = recipe.compared_on(data_dir)
    theirs, ours = recipe.original(x), model.predict(x, verbose=0)
    difference = float(np.abs(theirs - ours).max())
    if not difference <= LARGEST_DIFFERENCE:
        raise BadCheckpoint(f"{recipe.name}: outputs differ from the original's by {difference:.2g}")
    tolerance = loop.rounded(model, recipe.weights_dtype, x)
    same = np.mean(model.predict(x, verbose=0).argmax(-1) == theirs.argmax(-1))
    compared = {
        "examples": len(x),
        "largest_difference": float(f"{difference:.1e}"),
        "same_prediction_as_shipped": float(round(same, 4)),
    }
    examples = recipe.examples(recipe.eval_split, data_dir)
    rows, curves = recipe.evaluate(of_model(model, recipe), examples, recipe.eval_split)
    training = {
        "command": f"zoo train {recipe.name}",
        "converted_from": recipe.source,
        "compared": compared,
        "backend": keras.config.backend(),
        "hardware": hardware(),
        "wall_time_s": round(time.monotonic() - started),
        "versions": versions(),
    }
    rows += recipe.published
    card = loop.card_of(recipe, model, data=recipe.data, metrics=rows, curves=curves, training=training)
    card.training["missed"] = loop.missed(recipe, card)
    store.save(model, out, card, dtype=recipe.weights_dtype, tolerance=tolerance, force=force)
    print(
        f"{recipe.name}: outputs differ from the original's by {difference:.1e} at most; with weights as shipped "
        f"{same:.0%} of {len(x)} predictions are the same",
        file=sys.stderr,
    )
    return card
