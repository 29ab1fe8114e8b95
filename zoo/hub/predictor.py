"""The one door through which apps use checkpoints: arrays in, arrays out."""

import sys

import numpy as np

from zoo import backend
from zoo.errors import BadInput, UnknownName
from zoo.hub import checkpoint
from zoo.hub.export import Session, cached_onnx

ENGINES = ("onnx", "model")

PART = 256  # examples that go through at once


def compiled(model):
    """A model as a function from a batch of arrays to a batch of arrays, compiled by its backend."""
    import keras

    if keras.config.backend() == "tensorflow":
        model.jit_compile = False  # XLA is slower than TensorFlow's own convolutions on CPUs
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
                self._predict = Session(cached_onnx(name, self.card))
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

        Batches are filled up to the next power of two, so that a compiled function is made for few sizes only; large
        ones go through in parts. Raises `BadInput` for an array of another shape or type.
        """
        x = np.asarray(x)
        shape, dtype = self.card.input["shape"], self.card.input["dtype"]
        fits = x.ndim == len(shape) + 1 and all(a in (None, b) for a, b in zip(shape, x.shape[1:], strict=False))
        if not fits or not len(x) or x.dtype != dtype:
            wanted = ", ".join("any" if size is None else str(size) for size in shape)
            raise BadInput(f"{self.name} takes {dtype} (batch, {wanted}), not {x.dtype} {x.shape}")
        return np.concatenate([self._part(x[start : start + PART]) for start in range(0, len(x), PART)])

    def _part(self, x):
        size = len(x)
        bucket = 1 << (size - 1).bit_length()
        if bucket > size:
            x = np.concatenate([x, np.repeat(x[-1:], bucket - size, axis=0)])
        return self._predict(x)[:size]


def predictor(name, engine: str | None = None) -> Predictor:
    """A `Predictor` for a checkpoint, by name or folder. Raises `UnknownName` or `BadCheckpoint`."""
    return Predictor(name, engine)
