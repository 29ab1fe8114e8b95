"""The one door through which apps use checkpoints: arrays in, arrays out."""

import math
import sys

import numpy as np

from zoo import backend
from zoo.errors import BadInput, UnknownName
from zoo.hub import checkpoint
from zoo.hub.export import cached_session

ENGINES = ("onnx", "model")

PART = 256  # examples that go through at once, at most ...
PART_PIXELS = 2**20  # ... and pixels: what a network makes on the way takes a hundred times their memory


def compiled(model):
    """A model as a function from a batch of arrays to a batch of arrays, compiled by its backend."""
    model.jit_compile = backend.jit_compile()
    return lambda x: np.asarray(model.predict_on_batch(x))


class Predictor:
    """A checkpoint as a function. Keeps its model in memory; make it once and call it often.

    engine: "onnx", ONNX Runtime on an export kept in the cache, which starts without importing a framework; "model",
    the Keras model compiled by its backend; None, the first where it works, which is with TensorFlow, else the second.
    """

    def __init__(self, name, engine: str | None = None):
        if engine not in (None, *ENGINES):
            raise UnknownName("engine", engine, ENGINES)
        self.name = str(name)
        self.card = checkpoint.card(name)
        self.engine = engine or ("onnx" if backend.configured() == "tensorflow" else "model")
        checkpoint.verify(name)  # changed weights must not hide behind an old export
        if self.engine == "onnx":
            try:
                self._predict = cached_session(name, self.card)
            except Exception as error:  # whatever an exporter or a runtime fails of, the model is there
                if engine == "onnx":
                    raise
                print(f"{self.card.name}: without ONNX Runtime, slower: {checkpoint.one_line(error)}", file=sys.stderr)
                self.engine = "model"
        if self.engine == "model":
            backend.start()
            self._predict = compiled(checkpoint.load(name))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Run a batch: x (B, ...) as the card's `input` says -> (B, ...) as its `output` says.

        Large batches go through in parts. Raises `BadInput` for an array of another shape or type.
        """
        x = np.asarray(x)
        shape, dtype = self.card.takes()
        fits = x.ndim == len(shape) + 1 and all(a in (None, b) for a, b in zip(shape, x.shape[1:], strict=False))
        if not fits or not len(x) or x.dtype != dtype:
            wanted = ", ".join("any" if size is None else str(size) for size in shape)
            raise BadInput(f"{self.name} takes {dtype} (batch, {wanted}), not {x.dtype} {x.shape}")
        part = max(1, min(PART, PART_PIXELS // math.prod(x.shape[1:3])))
        return np.concatenate([self._part(x[start : start + part]) for start in range(0, len(x), part)])

    def _part(self, x):
        if self.engine == "onnx":
            return self._predict(x)
        # Filled up to the next power of two, so that a compiled function is made for few sizes only.
        size = len(x)
        bucket = 1 << (size - 1).bit_length()
        if bucket > size:
            x = np.concatenate([x, np.repeat(x[-1:], bucket - size, axis=0)])
        return self._predict(x)[:size]


def predictor(name, engine: str | None = None) -> Predictor:
    """A `Predictor` for a checkpoint, by name or folder. Raises `UnknownName` or `BadCheckpoint`."""
    return Predictor(name, engine)
