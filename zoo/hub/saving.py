"""`zoo.save`: write a model as a checkpoint, with a card of one's own or one that is made from the model."""

import dataclasses
import json
import os
from pathlib import Path

import numpy as np

from zoo.errors import BadInput, quoted
from zoo.hub import building, checkpoint, registry, store
from zoo.hub.card import Card

IMAGES = ("classify_images", "autoencode_images")  # tasks with one input, an image
GENERATED = ("generate_images", "denoise_images")  # tasks whose output is an image


def save(
    model, folder, card: Card | None = None, *, labels: list[str] | None = None, tokenizer=None, **options
) -> Card:
    """Write a model of the zoo as a checkpoint, all or nothing; `zoo.load(folder)` and apps take it.

        model = zoo.load("mobilenet.caltech101", classes=2)
        ...  # compile and fit
        zoo.save(model, "pets", labels=["cat", "dog"])
        zoo.pipeline("label", checkpoint="pets")("photo.jpg")

    Args:
        card: what the checkpoint is. Without one it is made from the model: of one that `zoo.load` gave, the card of
            that checkpoint with its licence, but without its figures, which training has changed.
        labels: the names of a classifier's classes, for such a card; "0", "1", ... if not given.
        tokenizer: of a model that reads text; that of the checkpoint it was loaded from if not given.
        options: `dtype`, `tolerance`, `files`, `force`, as of `zoo.hub.store.save`.
    Returns:
        the card.
    Raises:
        OutputExists, BadInput, BadCheckpoint: in one line.
    """
    if not isinstance(folder, str | os.PathLike):
        raise BadInput(f"{quoted(folder)} is no folder to save to; give its path, a str")
    if not isinstance(card, Card | None):
        raise BadInput(f"card is {quoted(card)}; give a card, or leave it out, and labels by name: labels=[...]")
    folder = Path(folder)
    if card is not None and labels is not None:
        raise BadInput("the card has the labels; give one of both")
    if card is None:
        store.check_output(folder, options.get("force", False))
        origin = getattr(model, "origin", None)  # set by `zoo.load`: the folder and the card
        if origin is not None and origin[1].tokenizer and tokenizer is None:
            tokenizer = checkpoint.tokenizer(origin[0])
        card = card_of(model, folder.name, labels, None if origin is None else origin[1])
    building.arrays(model, card)  # raises for what zoo.load would refuse
    return store.save(model, folder, card, tokenizer=tokenizer, **options)


def card_of(model, name: str, labels: list[str] | None = None, origin: Card | None = None) -> Card:
    """A card for a model.

    origin: the card of the checkpoint that the model was loaded from, None for a new model.

    Raises `BadInput` for a model that is not the zoo's, and for labels that don't fit it.
    """
    import keras

    about = next((each for each in registry.architectures().values() if each.class_name == type(model).__name__), None)
    if about is None or type(model).__module__ != about.module:
        raise BadInput(
            f"zoo.save writes models of the zoo, not {type(model).__name__}; model.save keeps any Keras model"
        )
    facts = {
        "name": name,
        "arguments": json.loads(json.dumps(model.get_config())),
        "parameters": int(sum(np.prod(variable.shape) for variable in model.trainable_variables)),
        "labels": _labels(model, labels, origin),
        "ood_threshold": None,  # the old one was set for the old weights
        "data": {"name": "own", "url": None, "split": "all", "licence": "not stated", "commercial_use": None},
        "metrics": [],
        "training": {
            "command": "zoo.save",
            "backend": keras.config.backend(),
            "versions": {"keras": keras.__version__},
        },
        "curves": {},
        "tokenizer": {},
        "weights": {},
        "outputs": _outputs(model),
    }
    if origin is not None:
        same = len(origin.outputs) > 1 or "logits" not in origin.outputs
        facts["outputs"] = origin.outputs if same else facts["outputs"]
        limits = f"Not measured since it was saved. {origin.name}: {origin.limits}"
        return dataclasses.replace(origin, summary=f"{origin.name}, trained further.", limits=limits, **facts)
    inputs = _inputs(model)
    return Card(
        summary=f"{about.title}, saved by zoo.save.",
        architecture=about.name,
        task="" if model.task in IMAGES and "image" not in inputs else model.task,  # no image, no task
        inputs=inputs,
        intended_use="Not stated.",
        limits="Not measured.",
        licence="not stated",
        commercial_use=False,  # as long as nobody says so
        **facts,
    )


def _inputs(model) -> dict:
    """The entries of a card's `inputs`."""
    import keras

    tensors = keras.tree.flatten(model.input)
    image = model.task in IMAGES and len(tensors[0].shape) == 4  # a perceptron takes vectors, too
    names = ["image"] if image else [tensor.name for tensor in tensors]
    return {name: _array(tensor, "as the model takes it") for name, tensor in zip(names, tensors, strict=True)}


def _outputs(model) -> dict:
    """The entries of a card's `outputs`."""
    if isinstance(model.output, dict):
        return {name: _array(tensor, "logits") for name, tensor in model.output.items()}
    if model.task in GENERATED:
        black = getattr(model, "black", -1)
        return {"image": _array(model.output, f"an image, {black:g} black to 1 white") | {"range": [black, 1]}}
    return {"logits": _array(model.output, "logits, as the model gives them")}


def _array(tensor, description: str) -> dict:
    return building.array_facts(tensor) | {"description": description}


def _labels(model, labels, origin: Card | None) -> list[str] | None:
    """Names of the classes of a classifier, None for other models."""
    task = model.task if origin is None else origin.task
    if not task.startswith("classify_"):
        if labels is not None:
            raise BadInput(f"{type(model).__name__} has no classes that labels could name here; leave labels out")
        return None
    count = max(2, model.output_shape[-1])
    if labels is None and origin is not None and origin.labels and len(origin.labels) == count:
        return origin.labels
    if labels is None:
        return [str(number) for number in range(count)]
    names = labels.tolist() if isinstance(labels, np.ndarray) else labels
    if not isinstance(names, list | tuple) or len(names) != count or not all(isinstance(each, str) for each in names):
        raise BadInput(f"labels is {quoted(labels)}; give the names of {count} classes, a list of str")
    if not all(each.strip() for each in names) or len(set(names)) < count:
        raise BadInput(f"labels is {quoted(labels)}; give each class a name of its own")
    return list(names)
