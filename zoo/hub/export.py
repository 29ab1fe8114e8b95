"""Exports of a checkpoint's model to formats that run without Keras: ONNX, TensorFlow's SavedModel, LiteRT.

They are made from the TensorFlow backend: from PyTorch dynamic sizes come out wrong, JAX lacks operations that we use.
"""

import contextlib
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

from zoo import backend
from zoo.errors import BadCheckpoint, BadInput, MissingPackage, OutputExists, UnknownName
from zoo.hub import cache, checkpoint

SUFFIXES = {"onnx": ".onnx", "savedmodel": "", "litert": ".tflite"}
TOLERANCE = 1e-4  # largest difference from the model that an export may have, in units of the largest output
BATCHES = (1, 3)  # sizes at which they are compared
ANY_SIZE = 64  # pixels to compare at, where a checkpoint takes any size


def export(name, format: str, out=None, *, force=False) -> Path:
    """Write a checkpoint's model in another format, after comparing it with the model (ONNX).

    Args:
        name: a checkpoint, by name or folder.
        format: "onnx" or "litert", a file, or "savedmodel", a folder.
        out: what to write; NAME with the format's suffix in the current folder when None.
        force: replace what is there.
    Returns:
        the path written.
    Raises:
        UnknownName, BadCheckpoint, OutputExists, MissingPackage, BadInput: in one line.
    """
    if format not in SUFFIXES:
        raise UnknownName("export format", format, SUFFIXES)
    card = checkpoint.card(name)
    out = Path(out or f"{card.name}{SUFFIXES[format] or '.savedmodel'}")
    if out.exists() and not force:
        raise OutputExists(out)
    if backend.configured() != "tensorflow":
        raise MissingPackage(
            f"exports are made from TensorFlow, not {backend.configured()}; set KERAS_BACKEND=tensorflow"
        )
    backend.start()
    model = checkpoint.load(name)
    shape = card.input["shape"]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror}; choose another output") from None
    try:
        beside = folder / f"export{SUFFIXES[format]}"
        _write(model, shape, card.input["dtype"], beside, format)
        if format == "onnx":
            _compare(model, shape, card.input["dtype"], beside)
        if out.is_dir():
            shutil.rmtree(out)
        os.replace(beside, out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return out


def _write(model, shape, dtype, path: Path, format: str) -> None:
    import keras

    model(np.zeros((1, *(size or ANY_SIZE for size in shape)), dtype))  # an export of a model never called can fail
    signature = [keras.InputSpec(shape=(None, *shape), dtype=dtype)]
    kind = {"savedmodel": "tf_saved_model"}.get(format, format)
    with contextlib.redirect_stdout(sys.stderr), backend.quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporters' own, about NumPy and TensorFlow
        model.export(str(path), format=kind, input_signature=signature, verbose=False)


def _compare(model, shape, dtype, path: Path) -> None:
    """Raises `BadCheckpoint` where an ONNX file answers something else than the model."""
    session = Session(path)
    rng = np.random.RandomState(0)
    for batch in BATCHES:
        x = rng.randint(0, 256, (batch, *(size or ANY_SIZE for size in shape))).astype(dtype)
        expected = np.asarray(model(x))
        error = np.abs(session(x) - expected).max() / np.abs(expected).max()
        if not error <= TOLERANCE:
            raise BadCheckpoint(f"the ONNX export of {model.name} is off by {error:.1e} at a batch of {batch}")


def cached_onnx(name, card) -> Path:
    """The ONNX export of a checkpoint in the cache, keyed by its weights' hash; made when it isn't there.

    Raises what `export` raises.
    """
    path = cache.folder() / "onnx" / f"{card.name}-{card.weights['sha256'][:16]}.onnx"
    if not path.exists():
        print(f"{card.name}: exporting it to ONNX, once, for fast starts from now on", file=sys.stderr)
        export(name, "onnx", path)
    return path


class Session:
    """An ONNX file as a function from a batch of arrays to a batch of arrays. Imports ONNX Runtime and nothing more."""

    def __init__(self, path):
        try:
            import onnxruntime
        except ImportError:
            raise MissingPackage("onnxruntime is missing; pip install onnxruntime") from None
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self._session.run(None, {self._input: np.asarray(x)})[0]
