"""Exports of a checkpoint's model to formats that run without Keras: ONNX, TensorFlow's SavedModel, LiteRT.

Inputs and outputs have the names on the checkpoint's card. An ONNX file also says what it is, by `metadata_props`: its
name, task, licence, and its labels as a JSON list. All outputs are compared with the model's, at two batch
sizes, before an export takes its place.

They are made from the TensorFlow backend: from PyTorch dynamic sizes come out wrong, JAX lacks operations that we use.
"""

import contextlib
import hashlib
import json
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

from zoo import tasks
from zoo.errors import BadCheckpoint, BadInput, MissingPackage, OutputExists, UnknownName, one_line
from zoo.hub import checkpoint
from zoo.runtime import backend, cache

SUFFIXES = {"onnx": ".onnx", "savedmodel": "", "litert": ".tflite"}
TOLERANCE = 1e-4  # largest difference from the model that an export may have, in units of each output's largest value
BATCHES = (1, 3)  # sizes at which they are compared


def export(name, format: str, out=None, *, part: str | None = None, force=False) -> Path:
    """Write a checkpoint's model in another format, once it has been compared with the model.

    Args:
        name: a checkpoint, by name or folder.
        format: "onnx" or "litert", a file, or "savedmodel", a folder.
        out: what to write; NAME with the format's suffix in the current folder when None.
        part: of the model alone, such as "decoder" of an autoencoder; see `zoo.tasks.task.Task.part`.
        force: replace what is there.
    Returns:
        the path written.
    Raises:
        UnknownName, BadCheckpoint, OutputExists, MissingPackage, BadInput: in one line.
    """
    if format not in SUFFIXES:
        raise UnknownName("export format", format, SUFFIXES)
    card = checkpoint.card(name)
    task = tasks.of(card)
    out = Path(out or f"{card.name}{SUFFIXES[format] or '.savedmodel'}")
    _check_output(out, format, force)
    needs_tensorflow()
    backend.start()
    model = checkpoint.load(name)
    if part is not None:
        model, card = getattr(model, part), task.part(card, part)
    model = named(model, card)
    model(task.example(card, 1))  # an export of a model never called can fail
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror}; choose another output") from None
    try:
        beside = folder / f"export{SUFFIXES[format]}"
        _write(model, beside, format)
        if format == "onnx":
            _describe(card, beside)
        _compare(model, card, beside, format)
        if out.is_dir():  # a rename cannot replace a full folder, so the old one steps aside first
            os.rename(out, folder / "old")
        try:
            os.replace(beside, out)
        except BaseException:
            if (folder / "old").exists():
                os.rename(folder / "old", out)
            raise
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror or error}; choose another output") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return out


def needs_tensorflow() -> None:
    """Raises `MissingPackage` on another backend."""
    if backend.configured() != "tensorflow":
        raise MissingPackage(
            f"exports are made from TensorFlow, not {backend.configured()}; set KERAS_BACKEND=tensorflow"
        )


def _check_output(out: Path, format: str, force: bool) -> None:
    """Raises `OutputExists`, or `BadInput` where something other than an export of this format is there."""
    if not out.exists():
        return
    if not force:
        raise OutputExists(out)
    if out.is_dir() != (format == "savedmodel") or (out.is_dir() and not (out / "saved_model.pb").exists()):
        raise BadInput(f"{out} is no {format} export, so it will not be replaced; choose another output")


def named(model, card):
    """The same model with inputs and outputs that are dicts, by the names on its card."""
    import keras

    taken = model.input if isinstance(model.input, dict) else dict(zip(card.inputs, model.inputs, strict=True))
    inputs = {name: keras.Input(taken[name].shape[1:], dtype=taken[name].dtype, name=name) for name in card.inputs}
    answer = model(as_taken(model, inputs))
    outputs = answer if isinstance(answer, dict) else dict(zip(card.outputs, [answer], strict=True))
    return keras.Model(inputs, outputs, name=model.name)


def as_taken(model, arrays: dict):
    """Inputs by name as a Keras model takes them: the same dict, a list or a single array (or what stands for one)."""
    if isinstance(model.input, dict):
        return arrays
    return list(arrays.values()) if isinstance(model.input, list | tuple) else next(iter(arrays.values()))


def _write(model, path: Path, format: str) -> None:
    kind = {"savedmodel": "tf_saved_model"}.get(format, format)
    with contextlib.redirect_stdout(sys.stderr), backend.quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporters' own, about NumPy and TensorFlow
        model.export(str(path), format=kind, verbose=False)


def _describe(card, path: Path) -> None:
    """Write into an ONNX file what it is: a name for the batch's size, and the card's facts as metadata."""
    import onnx

    made = onnx.load(path)
    for array in (*made.graph.input, *made.graph.output):
        array.type.tensor_type.shape.dim[0].dim_param = "batch"
    facts = {"name": card.name, "task": card.task, "licence": card.licence}
    if card.labels:
        facts["labels"] = json.dumps(card.labels, ensure_ascii=False)  # in the order of the logits
    onnx.helper.set_model_props(made, facts)
    onnx.save(made, path)


def _compare(model, card, path: Path, format: str) -> None:
    """Raises `BadCheckpoint` where an export gives something else than the model, in any of its outputs."""
    run = {"onnx": Session, "savedmodel": _saved_model, "litert": _litert}[format](path)
    for batch in BATCHES:
        x = tasks.find(card.task).example(card, batch)
        expected = {name: np.asarray(array) for name, array in model(x).items()}
        try:
            found = run(x)
        except (RuntimeError, ValueError) as failure:  # LiteRT lacks operations that it only finds out when it runs
            reason = one_line(failure)
            raise BadCheckpoint(f"the {format} export of {model.name} does not run: {reason}") from None
        for name, array in expected.items():
            error = np.abs(found[name] - array).max() / max(np.abs(array).max(), 1e-9)
            if not error <= TOLERANCE:
                raise BadCheckpoint(
                    f"{name} of the {format} export of {model.name} is off by {error:.1e} at a batch of {batch}"
                )


def _saved_model(path: Path):
    """A SavedModel as a function from {input: array} to {output: array}."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    return lambda arrays: {name: value.numpy() for name, value in loaded.serve(arrays).items()}


def _litert(path: Path):
    """A LiteRT file likewise."""
    import tensorflow as tf

    with backend.quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that its interpreter is to move to a package of its own
        run = tf.lite.Interpreter(str(path)).get_signature_runner()
    return lambda arrays: run(**arrays)


class Session:
    """An ONNX file as a function from {input: array} to {output: array}. Imports ONNX Runtime and nothing more.

    spins: whether threads of new sessions run empty while they wait for the next operation. That answers a single call
        sooner; a server of many calls, whose threads need the processors, answers twice as many without.
    """

    spins = True

    def __init__(self, path):
        try:
            import onnxruntime
        except ImportError:
            raise MissingPackage("onnxruntime is missing; pip install onnxruntime") from None
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", str(int(self.spins)))
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._outputs = [made.name for made in self._session.get_outputs()]

    @property
    def metadata(self) -> dict[str, str]:
        """What its maker wrote into the file beside the graph."""
        return self._session.get_modelmeta().custom_metadata_map

    def __call__(self, arrays: dict) -> dict[str, np.ndarray]:
        return dict(zip(self._outputs, self.outputs(arrays), strict=True))

    def outputs(self, arrays: dict, into: dict | None = None) -> list[np.ndarray]:
        """All outputs, of {the name of an input in the file: array}.

        into: {the number of an output: the array that it is written into}. That may be one of the inputs, if the file
            has what changes a part of it; no more than this part is written then. Raises ValueError for one that is
            not in C order or cannot be written.
        """
        if not into:
            return self._session.run(None, arrays)
        if not all(array.flags.c_contiguous and array.flags.writeable for array in into.values()):
            raise ValueError("what outputs are written into must be arrays in C order that can be written")
        from onnxruntime import OrtValue

        binding = self._session.io_binding()
        for name, array in arrays.items():
            binding.bind_cpu_input(name, array)
        for number, output in enumerate(self._session.get_outputs()):
            if number in into:
                binding.bind_ortvalue_output(output.name, OrtValue.ortvalue_from_numpy(into[number]))
            else:
                binding.bind_output(output.name)
        self._session.run_with_iobinding(binding)
        found = enumerate(binding.get_outputs())
        return [into[number] if number in into else value.numpy() for number, value in found]


def cached_session(name, card, part: str | None = None) -> Session:
    """The ONNX export of a checkpoint, or of a part of it, from the cache; made when it isn't there or is damaged.

    card: the checkpoint's, or the part's.

    Raises what `export` raises.
    """
    path = cache.folder() / "onnx" / f"{card.name}-{_made_of(card)[:16]}.onnx"

    def make():
        print(f"{card.name}: exporting it to ONNX, once, for fast starts from now on", file=sys.stderr)
        export(name, "onnx", path, part=part)

    return load_or_make_session(path, make)


def load_or_make_session(path: Path, make) -> Session:
    """The ONNX file at `path`, in the cache; `make()` writes it where it isn't there or is damaged."""
    if path.exists():
        try:
            return Session(path)
        except MissingPackage:
            raise
        except Exception:  # ONNX Runtime has a dozen kinds for a file that is none
            path.unlink(missing_ok=True)  # another process may have found it, too
    make()
    return Session(path)


def _made_of(card) -> str:
    """A digest of all that an export follows from: weights, arguments, inputs and outputs, and the models' files."""
    facts = [card.weights["sha256"], card.architecture, card.arguments, card.inputs, card.outputs]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode() + sources()).hexdigest()


def sources() -> bytes:
    """The files that models are made of, one after the other."""
    root = Path(__file__).parent.parent
    folders = (root / name for name in ("generation", "models", "nn"))
    return b"".join(file.read_bytes() for folder in folders for file in sorted(folder.glob("*.py")))
