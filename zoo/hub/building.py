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
    check_arrays(model, card)
    return model


def check_arrays(model, card: Card) -> None:
    """Raise `BadCheckpoint` unless the card's inputs and outputs are the model's, in shape and dtype.

    The names are those of a model that has dicts of them; others have what the card calls it.
    """
    for side, arrays in (("inputs", model.input), ("outputs", model.output)):
        stated = getattr(card, side)
        has = _model_facts(arrays, stated)
        if has != {name: {key: facts[key] for key in ("shape", "dtype")} for name, facts in stated.items()}:
            raise BadCheckpoint(
                f"card of {card.name} does not fit {card.architecture}: its {side} are {_in_words(stated)}, "
                f"the model's {_in_words(has)}"
            )


def with_shapes_of_model(stated: dict, arrays) -> dict:
    """A card's inputs or outputs with the shapes and dtypes that the model has: a vocabulary, for example, follows from
    the data. `arrays` are `model.input` or `model.output`; names that the model doesn't have stay as they are."""
    has = _model_facts(arrays, stated)
    return {name: facts | has.get(name, {}) for name, facts in stated.items()}


def _model_facts(arrays, stated: dict) -> dict:
    """Shape and dtype of each of a model's inputs or outputs, by the names that they have in the card."""
    if isinstance(arrays, dict):
        return {name: array_facts(tensor) for name, tensor in arrays.items()}
    arrays = arrays if isinstance(arrays, list | tuple) else [arrays]
    names = stated if len(stated) == len(arrays) else [tensor.name for tensor in arrays]
    return {name: array_facts(tensor) for name, tensor in zip(names, arrays, strict=True)}


def array_facts(tensor) -> dict:
    """The shape without the batch and the dtype of a model's input or output, as a card has them. Numbers are float32
    there, whatever the precision that this session computes in."""
    dtype = "float32" if "float" in tensor.dtype else tensor.dtype
    return {"shape": list(tensor.shape[1:]), "dtype": dtype}


def _in_words(arrays: dict) -> str:
    sizes = {name: ", ".join("any" if size is None else str(size) for size in a["shape"]) for name, a in arrays.items()}
    return shorten(", ".join(f"{name} {a['dtype']} ({sizes[name]})" for name, a in arrays.items()) or "none")


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
