"""Build the model that a card describes, as far as its weights file holds weights for it.

A card is only text: a damaged or hostile one may ask for a model that needs terabytes, or that takes years to build.
"""

import collections
import contextlib
import math
import threading
from collections.abc import Iterator
from pathlib import Path

from zoo.errors import BadCheckpoint, one_line, shorten
from zoo.hub import store
from zoo.hub.card import Card
from zoo.hub.registry import architecture

_one_at_a_time = threading.RLock()


def build(card: Card, path: Path):
    """A model with the card's architecture and arguments, of random weights.

    Stops at the first weight that the file `path` doesn't hold, before that weight takes memory: Keras' layers make all
    of theirs in `add_weight`. Raises `BadCheckpoint` then, and where the arguments don't fit the architecture.
    """
    shapes = store.shapes(path)
    there = sum(math.prod(shape) for shape in shapes)
    if card.parameters > there:
        raise BadCheckpoint(f"{path} holds {there:,} numbers, {card.parameters:,} parameters are on its card")
    cls = architecture(card.architecture).cls
    with _no_other_weights(shapes) as missing:
        try:
            model = cls(**card.arguments)
        except Exception as error:  # arguments can be wrong in any way that a constructor can fail
            reason = f"{path.name} has no weight of shape {missing[0]}" if missing else one_line(error)
            raise BadCheckpoint(f"card of {card.name} does not fit {card.architecture}: {reason}") from None
    arrays(model, card)  # raises where the card states others
    return model


def arrays(model, card) -> tuple[dict, dict]:
    """The `inputs` and `outputs` of a model's card: shapes and dtypes are the model's, the rest is what `card` says.

    card: a card, or a recipe, whose entries need no shape and no dtype. It names the arrays, unless the model has dicts
    of them.

    Raises `BadCheckpoint` where it names other arrays than the model has, or states other shapes or dtypes.
    """
    sides = []
    for side, tensors in (("inputs", model.input), ("outputs", model.output)):
        stated = getattr(card, side)
        has = _model_facts(tensors, stated)
        entries = {name: has.get(name, {}) | facts for name, facts in stated.items()}
        if has != {name: {key: facts.get(key) for key in ("shape", "dtype")} for name, facts in entries.items()}:
            raise BadCheckpoint(
                f"card of {card.name} does not fit its model: its {side} are {_in_words(entries)}, "
                f"the model's {_in_words(has)}"
            )
        sides.append(entries)
    return tuple(sides)


def _model_facts(tensors, names) -> dict:
    """Shape and dtype of each of a model's inputs or outputs. `names` are those of the card."""
    if isinstance(tensors, dict):
        return {name: array_facts(tensor) for name, tensor in tensors.items()}
    tensors = tensors if isinstance(tensors, list | tuple) else [tensors]
    names = names if len(names) == len(tensors) else [tensor.name for tensor in tensors]
    return {name: array_facts(tensor) for name, tensor in zip(names, tensors, strict=True)}


def array_facts(tensor) -> dict:
    """The shape without the batch and the dtype of a model's input or output, as a card has them. Numbers are float32
    there, whatever the precision that this session computes in."""
    dtype = "float32" if "float" in tensor.dtype else tensor.dtype
    return {"shape": list(tensor.shape[1:]), "dtype": dtype}


def _in_words(entries: dict) -> str:
    words = []
    for name, facts in entries.items():
        sizes = ", ".join("any" if size is None else str(size) for size in facts.get("shape", []))
        words.append(f"{name} {facts.get('dtype', '')} ({sizes})" if facts.keys() & {"shape", "dtype"} else name)
    return shorten(", ".join(words) or "none")


@contextlib.contextmanager
def _no_other_weights(shapes: list[tuple[int, ...]]) -> Iterator[list[tuple]]:
    """Layers that this thread makes have weights of these shapes only. Gives the list of the shapes that were refused:
    Keras may change the error on its way."""
    import keras

    left, refused, thread = collections.Counter(shapes), [], threading.get_ident()

    def checked(self, *args, shape=None, **kwargs):
        asked = args[0] if args else shape
        asked = (asked,) if isinstance(asked, int) else tuple(asked or ())
        if threading.get_ident() == thread:
            if left[asked] < 1:
                refused.append(asked)
                raise ValueError(f"no weight of shape {asked}")
            left[asked] -= 1
        return add_weight(self, *args, shape=shape, **kwargs)

    with _one_at_a_time:
        add_weight = keras.Layer.add_weight
        keras.Layer.add_weight = checked
        try:
            yield refused
        finally:
            keras.Layer.add_weight = add_weight
