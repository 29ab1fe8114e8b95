"""Checkpoints as functions: arrays or texts in, arrays out, by the names on their cards. What apps use."""

import math
import os
import sys

import numpy as np

from zoo import tasks
from zoo.errors import BadInput, UnknownName, one_line, quoted
from zoo.hub import building, checkpoint
from zoo.runtime import backend
from zoo.runtime.export import as_taken, cached_session

ENGINES = ("onnx", "model")

PART = 256  # examples that are computed at once, at most ...
PART_PIXELS = 2**18  # ... and pixels: what a network computes on the way takes a hundred times their memory
PART_TEXTS = 32  # texts likewise


class Compiled:
    """A Keras model, compiled by its backend, as a function from {input: array} to {output: array}.

    inputs, outputs: their names, in the order in which the model has them.
    """

    def __init__(self, model, inputs, outputs):
        self.model, self.inputs, self.outputs = model, list(inputs), list(outputs)
        model.jit_compile = backend.jit_compile()

    def __call__(self, arrays: dict) -> dict[str, np.ndarray]:
        size = len(next(iter(arrays.values())))
        # Filled up to the next power of two, so that a function is compiled for few sizes only.
        rows = np.minimum(np.arange(1 << (size - 1).bit_length()), size - 1)
        given = {name: arrays[name] if len(rows) == size else arrays[name][rows] for name in self.inputs}
        found = self.model.predict_on_batch(as_taken(self.model, given))
        found = found if isinstance(found, dict) else dict(zip(self.outputs, [found], strict=True))
        return {name: np.asarray(found[name])[:size] for name in self.outputs}


class Predictor:
    """A model for a task as a function from a batch of inputs to outputs.

        predict({"image": x})["logits"]
        predict(x)["logits"]  # where there is one input
        predict(["a text", "another"])["logits"]  # of texts, where the task reads those

    card: the card of a checkpoint, or its recipe. run: an engine, a function from {input: array} to {output: array}.
    arrays: (inputs, outputs), as on a card; those of `card` if not given. A recipe has them without shapes.
    """

    def __init__(self, card, run, tokenizer=None, arrays=None):
        self.card, self.tokenizer, self._run = card, tokenizer, run
        self._inputs, self._outputs = arrays or (card.inputs, card.outputs)
        self.task = tasks.find(card.task)
        self.engine = "model" if isinstance(run, Compiled) else "onnx"

    def __call__(self, x) -> dict[str, np.ndarray]:
        """Run a batch of any size: arrays (B, ...) as the card's `inputs` say -> arrays (B, ...) as its `outputs` say.

        Large batches are computed in parts. Raises `BadInput` for arrays of other names, shapes or dtypes.
        """
        if _names_files(x) and not (self.task.reads_text and isinstance(x, list)):
            wanted = "a list of texts" if self.task.reads_text else "arrays as its card describes them"
            raise BadInput(f"{self.card.name} takes {wanted}, not {quoted(x)}; zoo.pipeline has apps that take files")
        if self.task.reads_text and not isinstance(x, dict):
            return self._read(x)
        arrays = x if isinstance(x, dict) else self._by_name(x)
        arrays = {name: np.asarray(array) for name, array in arrays.items()}
        self._check(arrays)
        size = len(next(iter(arrays.values())))
        part = max(1, min(PART, *(PART_PIXELS // math.prod(array.shape[1:3]) for array in arrays.values())))
        return joined(
            [self._run({name: array[at : at + part] for name, array in arrays.items()}) for at in range(0, size, part)]
        )

    @property
    def model(self):
        """The Keras model; only the engine "model" has one."""
        return self._run.model

    def _by_name(self, x) -> dict:
        if len(self._inputs) > 1:
            names = ", ".join(self._inputs)
            raise BadInput(f"{self.card.name} has several inputs; give a dict of arrays with the names {names}")
        return dict.fromkeys(self._inputs, x)

    def _check(self, arrays: dict) -> None:
        if set(arrays) != set(self._inputs):
            wanted = ", ".join(self._inputs)
            raise BadInput(f"{self.card.name} takes the inputs {wanted}, not {', '.join(map(str, arrays)) or 'none'}")
        for name, facts in self._inputs.items():
            x, shape, dtype = arrays[name], facts["shape"], facts["dtype"]
            fits = x.ndim == len(shape) + 1 and all(a in (None, b) for a, b in zip(shape, x.shape[1:], strict=False))
            if not fits or not x.size or x.dtype != dtype:
                sizes = ", ".join(["batch", *("any" if size is None else str(size) for size in shape)])
                of = f" for {name}" if len(self._inputs) > 1 else ""
                raise BadInput(f"{self.card.name} takes {dtype} ({sizes}){of}, not {x.dtype} {x.shape}")
        if len({len(array) for array in arrays.values()}) > 1:
            sizes = ", ".join(f"{name} {len(array)}" for name, array in arrays.items())
            raise BadInput(f"{self.card.name} takes inputs of one batch size, not {sizes}")

    def _read(self, texts: list[str]) -> dict[str, np.ndarray]:
        """Outputs for texts of any lengths; they must have one shape each."""
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            raise BadInput(f"{self.card.name} takes a list of texts, not {quoted(texts)}")
        if ragged := [name for name, facts in self._outputs.items() if None in facts["shape"]]:
            raise BadInput(f"{self.card.name}'s {ragged[0]} has a length for each text; give arrays of one length")
        # Those of about one length are computed together.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        parts = [[texts[i] for i in order[at : at + PART_TEXTS]] for at in range(0, len(order), PART_TEXTS)]
        found = joined([self._run(self.task.arrays(part, self.tokenizer)) for part in parts])
        return {name: array[np.argsort(order)] for name, array in found.items()}


def _names_files(x) -> bool:
    """Whether x are paths, or may be meant for some."""
    first = x[0] if isinstance(x, list | tuple) and x else x
    return isinstance(first, str | bytes | os.PathLike)


def joined(parts: list[dict]) -> dict[str, np.ndarray]:
    """Outputs of parts of a batch as those of the whole."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def of_model(model, card, tokenizer=None) -> Predictor:
    """A `Predictor` of a Keras model. card: that of its checkpoint, or its recipe.

    Raises `BadCheckpoint` where the model has other inputs or outputs than the card states."""
    inputs, outputs = building.arrays(model, card)
    return Predictor(card, Compiled(model, inputs, outputs), tokenizer, (inputs, outputs))


def predictor(name, engine: str | None = None, *, part: str | None = None) -> Predictor:
    """A `Predictor` for a checkpoint, by name or folder. Keeps its model in memory: make it once and call it often.

    Args:
        engine: "onnx", ONNX Runtime on an export kept in the cache, which starts without importing a framework;
            "model", the Keras model compiled by its backend; None, the first where it works, which is with TensorFlow,
            else the second.
        part: of the model alone, such as "decoder" of an autoencoder; see `zoo.tasks.task.Task.part`.
    Raises:
        UnknownName, BadCheckpoint, BadInput: in one line.
    """
    if engine not in (None, *ENGINES):
        raise UnknownName("engine", engine, ENGINES)
    card, tokenizer = checkpoint.card(name), checkpoint.tokenizer(name)
    task = tasks.of(card)
    card = card if part is None else task.part(card, part)
    checkpoint.verify(name)  # changed weights must not hide behind an old export
    if engine == "onnx" or (engine is None and backend.configured() == "tensorflow"):
        try:
            return Predictor(card, cached_session(name, card, part), tokenizer)
        except Exception as error:  # whatever an exporter or a runtime fails of, the model is there
            if engine == "onnx":
                raise
            print(f"{card.name}: without ONNX Runtime, slower: {one_line(error)}", file=sys.stderr)
    backend.start()
    model = checkpoint.load(name)
    return of_model(model if part is None else getattr(model, part), card, tokenizer)
