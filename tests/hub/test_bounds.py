"""Checkpoints that were damaged or made to do harm: refused in one line, before they cost time or memory."""

import hashlib
import json
import os
import shutil

import h5py
import pytest
from helpers import array, card_of, failing

import zoo
from zoo.errors import BadCheckpoint, BadInput, UnknownName
from zoo.hub import building, checkpoint, files, store, sums
from zoo.runtime import export

SIZES = {"vocabulary": 300, "context": 16, "width": 8, "depth": 2, "heads": 2}
MODELS = {
    "mlp": lambda: zoo.MLP(input_shape=(6,), hidden=(5, 4), classes=3),
    "lenet5": lambda: zoo.LeNet5(classes=4),
    "gpt": lambda: zoo.GPT(**SIZES),
    "transformer": lambda: zoo.Transformer(vocabulary=30, width=8, depth=1, heads=2, hidden=8),
    "lstm": lambda: zoo.LSTM(vocabulary=30, embedding=4, units=6),
    "unet": lambda: zoo.UNet(filters=(4, 8), padding="same", input_shape=(32, 32, 1)),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A checkpoint of each model: name -> folder."""
    above = tmp_path_factory.mktemp("checkpoints")
    for name, model in MODELS.items():
        made = model()
        zoo.save(made, above / name, card_of(made))
    return {name: above / name for name in MODELS}


@pytest.fixture
def mlp(saved, tmp_path):
    """A copy of a checkpoint's folder."""
    return shutil.copytree(saved["mlp"], tmp_path / "mlp")


def changed(folder, **fields):
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | fields))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("mlp", {"input_shape": [6], "hidden": [1_000_000, 1_000_000], "classes": 3}),
        ("mlp", {"input_shape": [6], "hidden": [5, 4] + [4] * 90, "classes": 3}),
        ("mlp", {"input_shape": [1_000_000], "hidden": [5, 4], "classes": 3}),
        ("lenet5", {"classes": 4, "input_shape": [10_000, 10_000, 1]}),
        ("gpt", SIZES | {"width": 100_000, "vocabulary": 100_000}),
        ("gpt", SIZES | {"depth": 1_000_000}),
        ("gpt", SIZES | {"context": 1_000_000}),
        ("lstm", {"vocabulary": 30, "embedding": 4, "units": 6, "depth": 1_000_000}),
        ("unet", {"filters": [4, 8] + [16] * 8, "padding": "same", "input_shape": [512, 512, 1]}),
    ],
)
def test_a_model_that_is_larger_than_its_weights_file_is_not_built(saved, tmp_path, name, arguments):
    folder = shutil.copytree(saved[name], tmp_path / name)
    changed(folder, arguments=arguments)
    error = failing(BadCheckpoint, zoo.load, folder)
    assert "has no weight of shape" in error and f"does not fit {name}" in error


def test_more_parameters_than_the_weights_file_has_numbers_are_refused(mlp):
    changed(mlp, parameters=10**9)
    assert "1,000,000,000 parameters are on its card" in failing(BadCheckpoint, zoo.load, mlp)


def test_other_threads_and_later_models_are_built_as_ever(saved):
    with building._no_other_weights([]) as refused, pytest.raises(ValueError, match="no weight of shape"):
        MODELS["mlp"]()
    assert refused[0] == (6, 5)
    assert MODELS["mlp"]().count_params() == 74


def test_the_size_is_compared_before_the_hash(mlp, monkeypatch):
    size = (mlp / store.WEIGHTS).stat().st_size
    with open(mlp / store.WEIGHTS, "r+b") as file:
        file.truncate(10**12)  # a sparse file: a hash of it would take an hour
    assert f"1,000,000,000,000 bytes, not {size:,}" in failing(BadCheckpoint, checkpoint.verify, mlp)


@pytest.mark.parametrize("file", ["card.json", store.WEIGHTS, "tokenizer.json"])
def test_only_regular_files_are_read(mlp, file, tmp_path):
    changed(mlp, tokenizer={"file": "tokenizer.json", "sha256": "", "tokens": 3})
    for make in (os.mkfifo, lambda path: path.symlink_to("/dev/zero"), os.mkdir):
        (mlp / file).unlink(missing_ok=True)
        make(mlp / file)
        error = failing(BadCheckpoint, checkpoint.tokenizer if file == "tokenizer.json" else zoo.load, mlp)
        assert file in error and ("not a regular file" in error or "cannot be read" in error)
        (mlp / file).rmdir() if (mlp / file).is_dir() else (mlp / file).unlink()


def external_link(file, path):
    file["linked"] = h5py.ExternalLink("/etc/passwd", "/")


def soft_link(file, path):
    file["linked"] = h5py.SoftLink("/layers")


def compressed_zeros(file, path):
    file.create_dataset("zeros", shape=(10**11,), chunks=(10**6,), dtype="float32", compression="gzip")


def zeros_that_are_nowhere(file, path):
    file.create_dataset("zeros", shape=(10**11,), dtype="float32")


def another_file(file, path):
    file.create_dataset("other", shape=(10,), dtype="uint8", external=[("/etc/passwd", 0, 10)])


def a_view(file, path):
    layout = h5py.VirtualLayout(shape=(4,), dtype="float32")
    layout[:] = h5py.VirtualSource(str(path), "layers/dense/vars/1", shape=(4,))
    file.create_virtual_dataset("view", layout)


def texts(file, path):
    file["texts"] = ["a", "b"]


def attributes(file, path):  # HDF5 may read damaged ones for ever
    file["layers/dense/vars/1"].attrs["dtype"] = "bfloat16"


@pytest.mark.parametrize(
    "add", [external_link, soft_link, compressed_zeros, zeros_that_are_nowhere, another_file, a_view, texts, attributes]
)
def test_weights_files_hold_plain_arrays_of_their_own(mlp, add):
    path = mlp / store.WEIGHTS
    with h5py.File(path, "r+") as file:
        add(file, path)
    content = path.read_bytes()
    described = {"file": path.name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    changed(mlp, weights=described | {"dtype": "float32"})
    assert "is no file of weights" in failing(BadCheckpoint, zoo.load, mlp)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"schema": 2, "curves": ' + "[" * 60 + "]" * 60 + "}",
        '{"schema": NaN}',
        '{"schema": 2, "parameters": 1e999}',
        '{"schema": 2, "parameters": ' + "9" * 100 + "}",
        r'{"schema": 2, "name": "\ud800"}',
        r'{"schema": 2, "name": "\u001b[2J"}',
        '{"schema": "' + "x" * 100_000 + '"}',
    ],
    ids=["deep", "deep inside", "NaN", "Infinity", "large", "half a character", "control", "long"],
)
def test_what_cannot_be_printed_or_written_is_refused_in_a_card(mlp, text):
    (mlp / "card.json").write_text(text)
    error = failing(BadCheckpoint, zoo.card, mlp)
    assert "card.json" in error and len(error) < 600


def test_a_card_that_could_not_be_read_is_not_written(tmp_path):
    model = MODELS["mlp"]()
    failing(BadCheckpoint, zoo.save, model, tmp_path / "mlp", card_of(model, limits="\x1b[2J"))
    failing(BadInput, zoo.save, model, tmp_path / ("n" * 200), card_of(model))
    assert not list(tmp_path.iterdir())


def test_a_card_has_a_bound(mlp, monkeypatch):
    with open(mlp / "card.json", "ab") as file:
        file.truncate(10**8)
    assert "more than 10,000,000 bytes" in failing(BadCheckpoint, zoo.card, mlp)


@pytest.mark.parametrize("name", [None, 3, 2.5, b"lenet5.mnist", ["lenet5.mnist"], {}])
def test_what_is_no_name_is_one_line(name):
    assert "give a name" in failing(BadInput, zoo.load, name)


@pytest.mark.parametrize("name", ["n" * 300, "n" * 100_000, "\0", "two\nlines", "\ud800", "~nobody-of-this-name/x", ""])
def test_odd_names_are_one_line(name, monkeypatch):
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda *names: (_ for _ in ()).throw(OSError("offline")))
    for load in (zoo.load, zoo.card, checkpoint.verify, lambda name: zoo.load(f"hf:{name}")):
        assert len(failing(zoo.errors.ZooError, load, name)) < 1000


@pytest.mark.parametrize("classes", [float("nan"), 2.5, "3", 10**12, 1, 0, -1, [3], True])
def test_a_new_head_for_a_number_of_classes_that_cannot_be_is_refused(saved, mlp, classes):
    changed(mlp, labels=["a", "b", "c"])
    assert "classes" in failing(BadInput, lambda: zoo.load(mlp, classes=classes))


# --- the sums of the cards that ship ---------------------------------------------------------------------------------


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A copy of one checkpoint that ships, in a folder that takes the place of the package's."""
    shutil.copytree(checkpoint.find("perceptron.mnist-01"), tmp_path / "perceptron.mnist-01")
    shutil.copy(sums.root() / sums.FILE, tmp_path)
    monkeypatch.setattr(sums, "root", lambda: tmp_path)
    return tmp_path / "perceptron.mnist-01"


def test_the_sums_that_ship_are_those_of_the_cards_that_ship():
    text = (sums.root() / sums.FILE).read_text()
    assert text == sums.text(sums.root())
    assert [line.split("  ")[1] for line in text.splitlines()] == [f"{name}/card.json" for name in zoo.list()]


def test_a_card_that_ships_and_was_changed_is_refused(shipped):
    name = shipped.name
    assert zoo.card(name).name == name
    changed(shipped, licence="do what you like")
    for use in (zoo.card, zoo.load, zoo.verify, checkpoint.tokenizer):
        assert "is not the one that was shipped" in failing(BadCheckpoint, use, name)
        assert "is not the one that was shipped" in failing(BadCheckpoint, use, shipped)


def test_a_card_that_ships_but_is_not_listed_is_refused(shipped):
    (shipped.parent / sums.FILE).write_text("")
    assert "is not the one that was shipped" in failing(BadCheckpoint, zoo.card, shipped.name)
    (shipped.parent / sums.FILE).unlink()
    assert f"{sums.FILE} is missing" in failing(BadCheckpoint, zoo.card, shipped.name)


def test_what_writes_a_card_beside_the_sums_writes_its_sum(shipped):
    model = zoo.load(shipped.name)
    before = (shipped.parent / sums.FILE).read_text().splitlines()
    card = zoo.card(shipped.name)
    card.limits = "Other limits."
    zoo.save(model, shipped, card, force=True)
    assert zoo.card(shipped.name).limits == "Other limits."
    after = (shipped.parent / sums.FILE).read_text().splitlines()
    assert len(before) == len(after) and len(set(before) - set(after)) == 1
    zoo.save(model, shipped.parent / "new", card)
    assert sum("new/card.json" in line for line in (shipped.parent / sums.FILE).read_text().splitlines()) == 1


def test_checkpoints_elsewhere_have_no_sums(mlp):
    changed(mlp, limits="Others.")
    assert zoo.card(mlp).limits == "Others."
    assert not (mlp.parent / sums.FILE).exists()


def test_unknown_architectures_are_one_line(mlp):
    changed(mlp, architecture="n" * 10_000)
    assert len(failing(UnknownName, zoo.load, mlp)) < 1000


def test_a_file_is_read_up_to_a_bound(tmp_path):
    (tmp_path / "file").write_bytes(b"12345")
    assert files.read(tmp_path / "file", 5) == b"12345"
    assert "more than 4 bytes" in failing(BadCheckpoint, files.read, tmp_path / "file", 4)


CASES = [
    ({"inputs": {}}, "its inputs are none, the model's input float32 (6)"),
    ({"outputs": {}}, "its outputs are none, the model's "),
    ({"inputs": {"x": array(7)}}, "its inputs are x float32 (7), the model's x float32 (6)"),
    ({"inputs": {"x": array(6, dtype="uint8")}}, "its inputs are x uint8 (6)"),
    ({"inputs": {"x": array(6), "y": array(6)}}, "its inputs are x float32 (6), y float32 (6)"),
    ({"outputs": {"logits": array(None)}}, "its outputs are logits float32 (any)"),
    ({"inputs": {"image": array(-1, 28, 1)}}, "inputs.image.shape is [-1, 28, 1]"),
    ({"inputs": {"image": array(10**6, 10**6, 3)}}, "inputs.image.shape is [1000000, 1000000, 3]"),
    ({"inputs": {"image": array(*[1] * 9)}}, "inputs.image.shape is [1, 1,"),
]


@pytest.mark.parametrize(("fields", "line"), CASES)
def test_a_card_whose_inputs_or_outputs_are_not_the_models_is_refused(mlp, fields, line):
    changed(mlp, **fields)
    assert line in failing(BadCheckpoint, zoo.load, mlp)


def test_inputs_of_a_model_that_has_names_for_them_go_by_these(saved, tmp_path):
    folder = shutil.copytree(saved["transformer"], tmp_path / "transformer")
    card = json.loads((folder / "card.json").read_text())
    changed(folder, inputs=dict(reversed(card["inputs"].items())))
    zoo.load(folder)
    changed(folder, inputs=dict(zip(("source", "goal"), card["inputs"].values(), strict=True)))
    assert "its inputs are source int32 (any), goal" in failing(BadCheckpoint, zoo.load, folder)


def test_a_model_of_vectors_is_saved_without_the_task_of_images(tmp_path):
    card = zoo.save(zoo.Perceptron(input_shape=(2,)), tmp_path / "perc")
    assert card.task == "" and list(card.inputs) == ["retina"] and card.labels == ["0", "1"]
    zoo.load(tmp_path / "perc")
    assert failing(BadCheckpoint, zoo.predictor, tmp_path / "perc") == "this checkpoint has no task; zoo.load reads it"


@pytest.mark.parametrize(
    ("name", "fields", "line"),
    [
        ("mlp", {}, "which has an input image, uint8 with 3 axes and the batch's; zoo.load reads it"),
        ("lenet5", {"outputs": {"scores": array(4)}}, "which has an output logits; zoo.load reads it"),
    ],
)
def test_a_card_that_does_not_fit_its_task_is_refused_by_what_works_with_tasks(saved, tmp_path, name, fields, line):
    folder = shutil.copytree(saved[name], tmp_path / name)
    changed(folder, **fields)
    zoo.load(folder)
    assert line in failing(BadCheckpoint, zoo.predictor, folder)
    assert line in failing(BadCheckpoint, export.export, folder, "onnx", tmp_path / "made.onnx")
