"""Build the model that a card describes, as far as its weights file holds weights for it.

A card is only text: a damaged or hostile one may ask for a model that needs terabytes, or that takes years to build.
"""

import collections
import contextlib
import math
import threading
from collections.abc import Iterator
from pathlib import Path

from zoo.errors import BadCheckpoint, one_line
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
            return cls(**card.arguments)
        except Exception as error:  # arguments can be wrong in any way that a constructor can fail
            reason = f"{path.name} has no weight of shape {missing[0]}" if missing else one_line(error)
    raise BadCheckpoint(f"card of {card.name} does not fit {card.architecture}: {reason}")


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
