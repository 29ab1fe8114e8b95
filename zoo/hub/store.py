"""Checkpoints as folders on this machine: read, check and write them, all or nothing.

A checkpoint is a folder with `card.json` and `model.weights.h5`. Weights are numbers in HDF5, as Keras lays them out:
no pickle, no code from a file. Where they are int8, the scales of a weight `0` are beside it as `0_scales`.
`zoo.hub.checkpoint` finds checkpoints by name and builds their models.
"""

import contextlib
import os
import shutil
import tempfile
import warnings
from pathlib import Path

from zoo.errors import BadCheckpoint, BadInput, OutputExists, one_line, quoted
from zoo.hub import card as cards
from zoo.hub import quantization, sums
from zoo.hub.card import Card
from zoo.hub.files import json_of, sha256

WEIGHTS = "model.weights.h5"
SCALES = "_scales"  # what the name of an int8 weight's scales ends in
OPTIMIZER = "optimizer"  # the group of an optimiser's state
DAMAGED = (ValueError, OSError, KeyError, TypeError, RuntimeError, AttributeError, OverflowError)  # what h5py raises


def shipped() -> dict[str, Path]:
    """The checkpoints that came with the package: name -> folder."""
    return {card.parent.name: card.parent for card in sorted(sums.root().glob(f"*/{cards.FILE}"))}


def verify(folder) -> Path:
    """The path of the weights in a checkpoint's folder, after comparing their size and SHA-256 with its card.

    Raises `BadCheckpoint` where they are missing or are not the ones that the card describes.
    """
    folder = Path(folder)
    described = cards.read(folder).weights
    file = described["file"]
    if Path(file).name != file:
        raise BadCheckpoint(f"{folder / cards.FILE} names weights outside its folder: {quoted(file)}")
    path = folder / file
    if sha256(path, described["bytes"]) != described["sha256"]:
        raise BadCheckpoint(f"{path} is not the file its card describes (SHA-256 differs); copy it again or reinstall")
    return path


def shapes(path) -> list[tuple[int, ...]]:
    """The shape of each weight in a weights file, without the optimiser's state.

    Raises `BadCheckpoint` for a damaged file, and for one that isn't plain numbers, all of them in the file itself:
    HDF5 can name other files, and can hold terabytes of zeros in a few bytes.
    """
    import h5py

    found = []

    def check(name, item):
        if isinstance(item, h5py.Group):
            linked = any(not isinstance(item.get(key, getlink=True), h5py.HardLink) for key in item)
            if linked:
                raise ValueError(f"{name} has links")
        elif not isinstance(item, h5py.Dataset) or item.dtype.kind not in "biuf" or item.shape is None:
            raise ValueError(f"{name} is no array of numbers")
        elif item.chunks or item.is_virtual or item.external or item.id.get_storage_size() != item.nbytes:
            raise ValueError(f"{name} is not stored as it is")
        elif len(item.attrs):
            raise ValueError(f"{name} has attributes")
        elif name.split("/")[0] != OPTIMIZER and not name.endswith(SCALES):
            found.append(item.shape)

    try:
        with h5py.File(path, "r") as file:
            check("the file", file)
            file.visititems(check)
    except DAMAGED as error:
        raise BadCheckpoint(f"{path} is no file of weights: {one_line(error)}") from None
    return found


def copy_layers(source, target) -> None:
    """Copy the weights of layers with the same name and shape from one model to another, except for the last layer."""
    import keras

    there = {layer.name: layer for layer in source.layers}
    for layer in target.layers[:-1]:
        if layer.name in there:
            for old, new in zip(there[layer.name].weights, layer.weights, strict=True):
                if old.shape == new.shape:
                    new.assign(keras.ops.copy(old))  # JAX would share the array otherwise


def load_weights(model, path) -> None:
    """Read a weights file into `model`. Raises `BadCheckpoint` where it does not fit."""
    try:
        with warnings.catch_warnings(), _dequantized(path) as readable:
            # Keras only warns of layers that the file has nothing for, and leaves them as they are.
            warnings.simplefilter("error", UserWarning)
            model.load_weights(readable)
    except (*DAMAGED, UserWarning) as error:
        reason = "it has other layers" if isinstance(error, UserWarning) else one_line(error)
        raise BadCheckpoint(f"{path} does not fit {model.name}: {reason}") from None


def save(
    model,
    folder,
    card: Card,
    *,
    dtype: str = "float32",
    tolerance: float | None = None,
    tokenizer=None,
    files: dict | None = None,
    force=False,
) -> Card:
    """Write `model` and `card` as a checkpoint, all or nothing.

    Args:
        dtype: "float32"; "float16", in which kernels take half the size, or "int8", a quarter: see
            `zoo.hub.quantization`. Vectors (biases, statistics) stay float32.
        tolerance: what rounding to `dtype` changes at most in the model's outputs, as measured by the caller; kept in
            the card.
        tokenizer: a `zoo.data.tokens.Tokenizer`, where the model reads text.
        files: more files for the folder, name -> bytes.
        force: replace a checkpoint that is there already.
    Returns:
        the card with its `weights` filled in.
    Raises:
        OutputExists, BadInput: in one line.
    """
    if dtype not in quantization.DTYPES:
        raise BadInput(f"weights can't be stored as {quoted(dtype)}; choose one of {', '.join(quantization.DTYPES)}")
    folder = Path(folder)
    check_output(folder, force)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        path = beside / WEIGHTS
        model.save_weights(path)
        clean(path, dtype)
        card.weights = {
            "file": WEIGHTS,
            "sha256": sha256(path),
            "bytes": path.stat().st_size,
            "dtype": dtype,
            "tolerance": 0.0 if dtype == "float32" else tolerance,
        }
        if tokenizer is not None:
            path = beside / tokenizer.FILE
            path.write_bytes(tokenizer.to_bytes())
            card.tokenizer = {"file": path.name, "sha256": sha256(path), "tokens": tokenizer.size}
        card.validate()
        text = card.to_json().encode("utf-8", "surrogatepass")
        json_of(text, folder / cards.FILE)  # refuses what reading would refuse
        (beside / cards.FILE).write_bytes(text)
        for name, content in (files or {}).items():
            (beside / name).write_bytes(content)
        beside.chmod(0o755)  # mkdtemp's folders are private
        if folder.exists():  # a rename cannot replace a full folder, so the old one steps aside first
            aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
            os.rename(folder, aside / folder.name)
            try:
                os.rename(beside, folder)
            except BaseException:
                os.rename(aside / folder.name, folder)
                aside.rmdir()
                raise
            shutil.rmtree(aside)
        else:
            os.rename(beside, folder)
        sums.update(folder)
    except OSError as error:
        raise BadInput(f"{folder} cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return card


def check_output(folder, force: bool) -> None:
    """Make sure that a checkpoint can be written to `folder`, before the work that makes it.

    Raises `OutputExists`, or `BadInput` where something else is there or nothing can be written.
    """
    folder = Path(folder)
    if not folder.name or folder.name.startswith("."):
        raise BadInput(f"{folder} is no name for a checkpoint; choose one that doesn't begin with a dot")
    if len(folder.name) > cards.LONGEST:
        raise BadInput(f"{quoted(folder)} is too long a name; choose one of {cards.LONGEST} characters at most")
    try:
        folder.name.encode()  # a checkpoint's name is written in its card
    except UnicodeEncodeError:
        raise BadInput(f"{folder.name!a} is no name for a checkpoint, as it isn't UTF-8; choose another") from None
    if folder.exists() and not force:
        raise OutputExists(folder)
    if folder.exists() and not (folder / cards.FILE).exists():
        raise BadInput(f"{folder} is no checkpoint, so it will not be replaced; choose another output")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        os.rmdir(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise BadInput(f"{folder} cannot be written: {error.strerror}; choose another output") from None


def round_weights(model, dtype: str) -> None:
    """Round a model's weights, in place, to what `save` stores of them as `dtype`: saved and loaded they are equal to
    the last bit."""
    import keras

    for variable in model.weights:
        weight = keras.ops.convert_to_numpy(variable)
        variable.assign(quantization.dequantize(*quantization.quantize(weight, dtype)))


def clean(path, dtype: str) -> None:
    """Rewrite a weights file that Keras wrote, without the optimiser's state, and its weights as `dtype`."""

    def stored(name, weight):
        values, scales = quantization.quantize(weight[()], dtype)
        return {name: values} if scales is None else {name: values, name + SCALES: scales}

    rewritten = path.with_suffix(".rewritten")
    _rewrite(path, rewritten, stored, attributes=True)
    os.replace(rewritten, path)


@contextlib.contextmanager
def _dequantized(path):
    """A weights file that Keras reads: this one or, where it has int8 weights, a temporary one with their values.

    Raises `ValueError` for int8 weights whose scales are missing or damaged.
    """
    import h5py

    def restored(name, weight):
        if name.endswith(SCALES) and name.removesuffix(SCALES) in weight.file:
            return {}
        if weight.dtype != "int8":
            return {name: weight[()]}
        if not isinstance(weight.file.get(name + SCALES), h5py.Dataset):
            raise ValueError(f"{name} has no scales")
        values, scales = weight[()], weight.file[name + SCALES][()]
        try:
            quantization.check_scales(values, scales)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        return {name: quantization.dequantize(values, scales)}

    with h5py.File(path, "r") as file:
        dtypes = []
        file.visititems(lambda name, item: dtypes.append(getattr(item, "dtype", None)))
    if "int8" not in dtypes:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="zoo-weights-") as folder:
        readable = Path(folder) / WEIGHTS
        _rewrite(path, readable, restored, attributes=False)
        yield readable


def _rewrite(path, rewritten, change, *, attributes: bool) -> None:
    """Copy a weights file without the optimiser's state. change(name, weight) gives what the copy has instead of a
    weight (`h5py.Dataset`): names and arrays. attributes: copy the groups', too, which are names of layers. Loading
    needs none, and in a damaged file HDF5 may read them for ever."""
    import h5py

    with h5py.File(path, "r") as old, h5py.File(rewritten, "w") as new:

        def copy(name, item):
            if name.split("/")[0] == OPTIMIZER:
                return
            if isinstance(item, h5py.Group):
                group = new.require_group(name)
                if attributes:
                    group.attrs.update(item.attrs)
                return
            for key, array in change(name, item).items():
                new.create_dataset(key, data=array)

        old.visititems(copy)
