"""The one door through which apps use checkpoints: arrays or texts in, arrays out."""

import math
import sys

import numpy as np

from zoo.data.tokens import Tokenizer
from zoo.errors import BadInput, UnknownName
from zoo.hub import checkpoint, store
from zoo.runtime import backend
from zoo.runtime.export import cached_session

ENGINES = ("onnx", "model")

PART = 256  # examples that go through at once, at most ...
PART_PIXELS = 2**20  # ... and pixels: what a network makes on the way takes a hundred times their memory
PART_TEXTS = 32  # sentences likewise


class Compiled:
    """A model as a function from a batch of arrays to a batch of arrays, compiled by its backend.

    With a tokeniser, a list of str is a batch, too.
    """

    def __init__(self, model, tokenizer: Tokenizer | None = None):
        self.model, self.tokenizer = model, tokenizer
        model.jit_compile = backend.jit_compile()

    def __call__(self, x):
        if self.tokenizer and isinstance(x, list):
            return read(self, self.tokenizer, x)
        answer = self.model.predict_on_batch(x)
        if isinstance(answer, dict):
            return {name: np.asarray(part) for name, part in answer.items()}
        return np.asarray(answer)


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
        self.tokenizer = checkpoint.tokenizer(name)
        exported = backend.configured() == "tensorflow" and not self.card.output.get("heads")
        self.engine = engine or ("onnx" if exported else "model")
        checkpoint.verify(name)  # changed weights must not hide behind an old export
        if self.engine == "onnx":
            try:
                self._predict = cached_session(name, self.card)
            except Exception as error:  # whatever an exporter or a runtime fails of, the model is there
                if engine == "onnx":
                    raise
                print(f"{self.card.name}: without ONNX Runtime, slower: {store.one_line(error)}", file=sys.stderr)
                self.engine = "model"
        if self.engine == "model":
            backend.start()
            self._predict = Compiled(checkpoint.load(name), self.tokenizer)

    def __call__(self, x) -> np.ndarray:
        """Run a batch: x (B, ...) as the card's `input` says -> (B, ...) as its `output` says.

        A checkpoint that reads sentences takes a list of str. Large batches go through in parts. Raises `BadInput` for
        an array of another shape or type, and for a checkpoint with several outputs.
        """
        if heads := self.card.output.get("heads"):
            raise BadInput(
                f"{self.name} has several outputs ({', '.join(heads)}); call zoo.load({self.name!r}) instead"
            )
        if self.card.input.get("kind") == "sentences":
            if not isinstance(x, list) or not x or not all(isinstance(sentence, str) for sentence in x):
                raise BadInput(f"{self.name} takes a list of texts, not {x!r:.60}")
            return read(self._predict, self.tokenizer, x)
        x = np.asarray(x)
        shape, dtype = self.card.takes()
        fits = x.ndim == len(shape) + 1 and all(a in (None, b) for a, b in zip(shape, x.shape[1:], strict=False))
        if not fits or not len(x) or x.dtype != dtype:
            wanted = ", ".join("any" if size is None else str(size) for size in shape)
            raise BadInput(f"{self.name} takes {dtype} (batch, {wanted}), not {x.dtype} {x.shape}")
        part = max(1, min(PART, PART_PIXELS // math.prod(x.shape[1:3])))
        return np.concatenate([self._part(x[start : start + part]) for start in range(0, len(x), part)])

    @property
    def model(self):
        """The Keras model, which is there with the engine "model" only."""
        return self._predict.model

    def _part(self, x):
        if self.engine == "onnx":
            return self._predict(x)
        # Filled up to the next power of two, so that a compiled function is made for few sizes only.
        size = len(x)
        bucket = 1 << (size - 1).bit_length()
        if bucket > size:
            x = np.concatenate([x, np.repeat(x[-1:], bucket - size, axis=0)])
        return self._predict(x)[:size]


def read(predict, tokenizer: Tokenizer, sentences: list[str]) -> np.ndarray:
    """Answers of a function of `Tokenizer.arrays` for sentences of any lengths, (B, ...)."""
    # Those of about one length go through together.
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
    parts = [order[start : start + PART_TEXTS] for start in range(0, len(order), PART_TEXTS)]
    answers = [predict(tokenizer.arrays(sentences[i] for i in part)) for part in parts]
    return np.concatenate(answers)[np.argsort(order)]


def predictor(name, engine: str | None = None) -> Predictor:
    """A `Predictor` for a checkpoint, by name or folder. Raises `UnknownName` or `BadCheckpoint`."""
    return Predictor(name, engine)
