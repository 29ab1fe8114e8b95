"""Checkpoints by name: find them, read their cards, build and load their models.

A name is that of a checkpoint in the package, of a folder, of public ImageNet weights, or "hf:" and that of a GPT-2 or
BERT. `zoo.hub.store` reads and writes the folders; `zoo.hub.sources` fetches weights that others published.
"""

import builtins
import hashlib
import os
from pathlib import Path

from zoo.data.tokens import Tokenizer
from zoo.errors import BadCheckpoint, BadInput, UnknownName, quoted
from zoo.hub import building, files, store
from zoo.hub import card as cards
from zoo.hub.card import Card
from zoo.hub.registry import architecture
from zoo.hub.sources import huggingface, keras_applications
from zoo.nn.checks import check_classes

MOST = 10**8  # bytes of a tokeniser


def list() -> builtins.list[str]:
    """Names of the checkpoints that came with the package."""
    return builtins.list(store.shipped())


def find(name) -> Path:
    """The folder of a checkpoint, given by its name or by the folder itself.

    Public ImageNet weights (`zoo.hub.sources.keras_applications`) are fetched when they are first asked for.
    Raises `UnknownName` with the nearest names, `BadCheckpoint` for a folder that is none, `MissingData` for weights
    that cannot be fetched, `BadInput` for what is no name.
    """
    if not isinstance(name, str | os.PathLike) or not os.fspath(name):
        raise BadInput(f"{quoted(name)} is no checkpoint; give a name, such as 'lenet5.mnist', or a folder")
    known = store.shipped()
    if str(name) in known:
        return known[str(name)]
    folder = Path(name)
    if os.path.isdir(folder):  # Path's own raises an error for a name that is too long
        return folder
    if len(folder.parts) > 1 or str(name).endswith("/"):
        raise BadCheckpoint(f"{quoted(folder)} is no checkpoint: there is no such folder")
    if str(name) in keras_applications.SOURCES:
        return keras_applications.find(str(name))
    raise UnknownName("checkpoint", str(name), {**known, **keras_applications.SOURCES})


def card(name) -> Card:
    """The card of a checkpoint, by name or folder. Costs no framework import."""
    return cards.read(find(name))


def verify(name) -> Path:
    """The path of a checkpoint's weights, by name or folder, after comparing them with its card.

    Raises `BadCheckpoint` where they are missing or are not the ones that the card describes.
    """
    return store.verify(find(name))


def load(name, *, classes: int | None = None):
    """Build a checkpoint's model and read its weights.

    Args:
        name: a checkpoint's name, or a folder that `save`, `zoo train` or `zoo finetune` wrote; or "hf:" and a folder
            or name of a GPT-2 or BERT in the format of Hugging Face's `transformers`.
        classes: give a classifier a new output layer, of random weights, for this many classes.
    Returns:
        a `keras.Model` in float32, ready to call, to `fit` or to take apart.
    Raises:
        UnknownName, BadCheckpoint, BadInput: in one line.
    """
    if isinstance(name, str) and name.startswith(huggingface.PREFIX):
        return huggingface.load(name.removeprefix(huggingface.PREFIX), classes=classes)
    described = card(name)
    path = verify(name)
    model = building.build(described, path)
    store.load_weights(model, path)
    model = model if classes is None else _new_head(model, described, classes)
    model.origin = path.parent, described  # for `zoo.save`
    return model


def _new_head(model, card: Card, classes: int):
    """The same model with a new output layer, and other layers whose shape depends on `classes`, of random weights."""
    if "classes" not in model.get_config() or not (card.labels or model.get_config()["classes"] is None):
        raise BadInput(f"{card.name} has no classes to exchange: it is no classifier with an output a class")
    check_classes(card.name, classes)
    other = architecture(card.architecture).cls(**model.get_config() | {"classes": classes})
    store.copy_layers(model, other)
    return other


def tokenizer(name):
    """The tokeniser of a checkpoint that reads text, a `zoo.data.tokens.Tokenizer`; None where it has none.

    Raises `BadCheckpoint` where it is missing or is not the one that the card describes.
    """
    folder, described = find(name), card(name).tokenizer
    if not described:
        return None
    path = folder / Tokenizer.FILE
    content = files.read(path, MOST)
    if hashlib.sha256(content).hexdigest() != described["sha256"]:
        raise BadCheckpoint(f"{path} is not the file its card describes (SHA-256 differs); copy it again or reinstall")
    found = Tokenizer.of(content, path)
    if found.size != described["tokens"]:
        raise BadCheckpoint(f"{path} has {found.size:,} tokens, {described['tokens']:,} are on its card")
    return found
