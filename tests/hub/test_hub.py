"""Checkpoints: found by name or folder, checked, loaded, saved whole or not at all."""

import json
import os
import re

import keras
import numpy as np
import pytest
from helpers import array, failing, run_zoo

import zoo
from zoo import metrics, tasks
from zoo.errors import BadCheckpoint, BadInput, OutputExists, UnknownName
from zoo.hub import card as cards
from zoo.hub import checkpoint, store
from zoo.hub.card import Card

NAMES = zoo.list()


def a_card(**changes) -> Card:
    fields = {
        "name": "mlp.test",
        "summary": "A test.",
        "architecture": "mlp",
        "arguments": {"input_shape": [4], "hidden": [3], "classes": 2},
        "parameters": 23,
        "task": "classify_images",
        "inputs": {"image": array(4)},
        "outputs": {"logits": array(2)},
        "labels": ["no", "yes"],
        "data": {},
        "metrics": [metrics.row("accuracy", "test", 50, n=2, protocol="none")],
        "training": {},
        "intended_use": "tests",
        "limits": "untrained",
        "licence": "Apache-2.0",
        "commercial_use": True,
    }
    return Card(**(fields | changes))


@pytest.fixture
def saved(tmp_path):
    """A small checkpoint: (model, folder)."""
    model = zoo.MLP(input_shape=(4,), hidden=(3,), classes=2)
    folder = tmp_path / "mlp.test"
    zoo.save(model, folder, a_card())
    return model, folder


def test_a_saved_checkpoint_is_found_by_its_folder_and_loads(saved):
    model, folder = saved
    again = zoo.load(folder)
    x = np.ones((2, 4), "float32")
    np.testing.assert_array_equal(np.asarray(model(x)), np.asarray(again(x)))
    assert zoo.card(str(folder) + "/").labels == ["no", "yes"]


def test_a_tampered_weights_file_is_refused(saved):
    _, folder = saved
    weights = folder / store.WEIGHTS
    damaged = bytearray(weights.read_bytes())
    damaged[-1] ^= 1
    weights.write_bytes(damaged)
    with pytest.raises(BadCheckpoint, match=r"model\.weights\.h5 is not the file its card describes"):
        zoo.load(folder)


def test_missing_weights_and_cards_are_named(saved, tmp_path):
    _, folder = saved
    (folder / store.WEIGHTS).unlink()
    with pytest.raises(BadCheckpoint, match="is missing"):
        zoo.load(folder)
    (folder / cards.FILE).unlink()
    with pytest.raises(BadCheckpoint, match=r"has no card\.json"):
        zoo.load(folder)
    with pytest.raises(BadCheckpoint, match="there is no such folder"):
        zoo.load(tmp_path / "nowhere" / "at-all")


@pytest.mark.parametrize(
    ("field", "value"),
    [("metrics", None), ("metrics", [None]), ("weights", []), ("architecture", []), ("arguments", "x"), ("inputs", 3)],
)
def test_a_field_of_another_type_is_one_line(saved, field, value):
    _, folder = saved
    fields = json.loads((folder / cards.FILE).read_text())
    (folder / cards.FILE).write_text(json.dumps(fields | {field: value}))
    with pytest.raises(BadCheckpoint) as error:
        zoo.load(folder)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 99}', '{"schema": 2}'])
def test_a_damaged_card_is_one_line(saved, text):
    _, folder = saved
    (folder / cards.FILE).write_text(text)
    with pytest.raises(BadCheckpoint) as error:
        zoo.load(folder)
    assert cards.FILE in str(error.value) and "\n" not in str(error.value)


def test_a_card_cannot_name_a_file_elsewhere(saved):
    _, folder = saved
    fields = json.loads((folder / cards.FILE).read_text())
    fields["weights"]["file"] = "../other.h5"
    (folder / cards.FILE).write_text(json.dumps(fields))
    with pytest.raises(BadCheckpoint, match="outside its folder"):
        zoo.load(folder)


def test_a_card_whose_arguments_do_not_fit_is_one_line(saved):
    model, folder = saved
    zoo.save(model, folder, a_card(arguments={"colour": "blue"}), force=True)
    with pytest.raises(BadCheckpoint, match="does not fit mlp"):
        zoo.load(folder)
    for wrong in ([5], [0], "x"):
        zoo.save(model, folder, a_card(arguments={"input_shape": wrong, "hidden": [3], "classes": 2}), force=True)
        with pytest.raises(BadCheckpoint) as error:
            zoo.load(folder)
        assert "\n" not in str(error.value)


def test_unknown_names_come_with_the_nearest():
    with pytest.raises(UnknownName, match=r"did you mean lenet5\.mnist"):
        zoo.load("lenet.mnist")
    with pytest.raises(UnknownName, match="did you mean psnr"):
        metrics.row("psrn", "test", 1, n=1, protocol="")
    with pytest.raises(AttributeError, match="no attribute 'Lenet7'"):
        _ = zoo.Lenet7


def test_an_existing_checkpoint_is_replaced_only_by_force_and_nothing_else_ever(saved, tmp_path):
    model, folder = saved
    with pytest.raises(OutputExists, match="--force"):
        zoo.save(model, folder, a_card())
    zoo.save(model, folder, a_card(summary="Newer."), force=True)
    assert zoo.card(folder).summary == "Newer."
    precious = tmp_path / "photos"
    precious.mkdir()
    (precious / "one.txt").write_text("keep")
    with pytest.raises(BadInput, match="is no checkpoint"):
        zoo.save(model, precious, a_card(), force=True)
    assert (precious / "one.txt").read_text() == "keep"


def test_a_save_that_fails_leaves_the_old_checkpoint_and_no_scraps(saved, monkeypatch):
    model, folder = saved
    before = sorted(os.listdir(folder.parent))

    def broken(path):
        raise RuntimeError("disk on fire")

    monkeypatch.setattr(store, "sha256", broken)
    with pytest.raises(RuntimeError):
        zoo.save(model, folder, a_card(), force=True)
    monkeypatch.undo()
    assert sorted(os.listdir(folder.parent)) == before
    zoo.load(folder)


def test_a_save_that_cannot_move_into_place_puts_the_old_checkpoint_back(saved, monkeypatch):
    model, folder = saved
    rename = os.rename

    def fails_for_the_new(source, target):
        if target == folder and ".mlp.test-old-" not in str(source):
            raise OSError("no")
        rename(source, target)

    monkeypatch.setattr(os, "rename", fails_for_the_new)
    with pytest.raises(BadInput, match="cannot be written"):
        zoo.save(model, folder, a_card(summary="Newer."), force=True)
    monkeypatch.undo()
    assert zoo.card(folder).summary == "A test."
    assert os.listdir(folder.parent) == [folder.name]
    zoo.load(folder)


def test_two_results_for_one_metric_and_split_are_refused():
    row = metrics.row("accuracy", "test", 50, n=2, protocol="none")
    with pytest.raises(BadCheckpoint, match="two results for accuracy on test"):
        a_card(metrics=[row, row]).validate()
    a_card(metrics=[row, row | {"role": "control"}]).validate()


def test_accuracy_counts_the_largest_logit_or_the_sign_of_a_single_one():
    assert metrics.accuracy([[0, 1], [2, 1], [0, 3]], [1, 0, 0]) == pytest.approx(200 / 3)
    assert metrics.accuracy([[0.5], [-0.5], [0.0]], [1, 0, 0]) == 100


def test_psnr_of_a_tenth_is_twenty_decibels():
    assert metrics.psnr(np.full((2, 2), 0.6), np.full((2, 2), 0.5)) == pytest.approx(20)


@pytest.mark.parametrize("name", NAMES)
def test_shipped_checkpoints_are_whole_and_their_cards_complete(name):
    checkpoint.verify(name)
    card = zoo.card(name)
    assert card.name == name
    # The depth or the variant may stand behind: resnet20, efficientnet-lite0.
    assert re.fullmatch(f"{card.architecture}(-[a-z]+)?[0-9]*", name.split(".")[0])
    assert any(row["role"] == "result" for row in card.metrics)
    assert card.training["command"].startswith(f"zoo train {name}")
    model = zoo.load(name)
    assert sum(int(np.prod(v.shape)) for v in model.trainable_variables) == card.parameters
    made = model.output if isinstance(model.output, dict) else {next(iter(card.outputs)): model.output}
    taken = model.input if isinstance(model.input, dict) else dict(zip(card.inputs, model.inputs, strict=True))
    for tensors, described in ((taken, card.inputs), (made, card.outputs)):
        assert {name: (list(t.shape[1:]), t.dtype) for name, t in tensors.items()} == {
            name: (facts["shape"], facts["dtype"]) for name, facts in described.items()
        }
    assert card.labels is None or len(card.labels) == max(2, made["logits"].shape[-1])
    assert card.task in tasks.names()
    assert card.weights["dtype"] == "float32" or 0 < card.weights["tolerance"] < 0.5


@pytest.mark.parametrize("name", NAMES)
def test_a_card_says_what_its_recipe_says(name):
    from zoo import recipes

    recipe, card = recipes.find(name), zoo.card(name)
    fields = "summary arguments task labels ood_threshold intended_use limits licence commercial_use"
    for field in fields.split():
        assert getattr(card, field) == json.loads(json.dumps(getattr(recipe, field))), field
    for side in ("inputs", "outputs"):  # shapes and dtypes are the model's, see the test before
        entries, stated = getattr(card, side), getattr(recipe, side)
        assert {
            name: {"shape": e["shape"], "dtype": e["dtype"]} | stated[name] for name, e in entries.items()
        } == entries
        assert set(stated) == set(entries)
    assert card.weights["dtype"] == recipe.weights_dtype


def test_a_predictor_gives_all_outputs_of_a_model_by_name():
    predict, model = zoo.predictor("bert.gutenberg", "model"), zoo.load("bert.gutenberg")
    x = predict.tokenizer.arrays(["it was a [MASK] day", "what do you think?", "yes"])
    found, expected = predict(x), model(x)
    assert set(found) == {"masked", "next"} and found["next"].shape == (3, 2)
    for name, output in expected.items():
        np.testing.assert_allclose(found[name], np.asarray(output), atol=1e-4)
    with pytest.raises(BadInput, match="masked has a length for each text; give arrays of one length"):
        predict(["a text"])


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (np.zeros((2, 5), "int32"), "takes a list of texts, not array"),
        ({"tokens": np.zeros((2, 5), "int32")}, "takes the inputs tokens, segments, not tokens"),
        ({}, "takes the inputs tokens, segments, not none"),
        (
            {"tokens": np.zeros((2, 5), "int32"), "segments": np.zeros((2, 5))},
            r"int32 \(batch, any\) for segments, not",
        ),
        ({"tokens": np.zeros((2, 5), "int32"), "segments": np.zeros((3, 5), "int32")}, "tokens 2, segments 3"),
    ],
)
def test_inputs_that_do_not_fit_are_one_line(x, expected):
    with pytest.raises(BadInput, match=expected):
        zoo.predictor("bert.gutenberg", "model")(x)


def test_every_checkpoint_has_a_recipe_and_fits_the_wheel():
    from zoo import recipes
    from zoo.recipes import find

    assert sorted(NAMES) == sorted(recipes.names())
    for name in recipes.names():
        assert find(name).name == name
    sizes = {name: zoo.card(name).weights["bytes"] for name in NAMES}
    assert max(sizes.values()) < 20e6 and sum(sizes.values()) < 95e6
    # What each line of the zoo may take.
    first = ("perceptron.mnist-01", "mlp.mnist", "lenet5.mnist", "unet.color")
    vision = ("dbn.mnist", "alexnet.cifar10", "resnet20.cifar10", "mobilenet.caltech101")
    assert sum(sizes.get(name, 0) for name in first) < 12e6
    assert sum(sizes.get(name, 0) for name in vision) < 22e6
    assert sizes["efficientnet-lite0.imagenet"] < 10e6
    language = ("lstm.", "gpt.", "transformer.", "bert.")
    assert sum(size for name, size in sizes.items() if name.startswith(language)) < 25e6


def test_the_predictor_gives_what_the_model_gives_for_any_batch():
    predict = zoo.predictor("lenet5.mnist")
    x = np.random.RandomState(0).randint(0, 256, (5, 28, 28, 1)).astype("uint8")
    expected = np.asarray(zoo.load("lenet5.mnist")(x))
    for size in (1, 3, 5):
        answer = predict(x[:size])["logits"]
        assert answer.shape == (size, 10)
        np.testing.assert_allclose(answer, expected[:size], rtol=1e-4, atol=1e-3)
    assert predict.card.name == "lenet5.mnist"


@pytest.mark.parametrize(
    "x",
    [
        np.zeros((28, 28, 1), "uint8"),
        np.zeros((2, 32, 32, 1), "uint8"),
        np.zeros((0, 28, 28, 1), "uint8"),
        np.zeros((2, 28, 28, 1), "float32"),
    ],
)
def test_the_predictor_says_what_it_takes(x):
    with pytest.raises(BadInput, match=r"lenet5.mnist takes uint8 \(batch, 28, 28, 1\)"):
        zoo.predictor("lenet5.mnist")(x)


def test_a_model_of_several_inputs_takes_them_by_name_in_any_order():
    predict = zoo.predictor("transformer.multi30k-de-en", "model")
    tokens = np.array([[5, 6, 7]], "int32")
    found = predict({"target": tokens[:, :2], "source": tokens})
    expected = zoo.load("transformer.multi30k-de-en")({"source": tokens, "target": tokens[:, :2]})
    np.testing.assert_allclose(found["logits"], np.asarray(expected), atol=1e-4)
    with pytest.raises(BadInput, match="has several inputs; give a dict of arrays with the names source, target"):
        predict(tokens)


def test_a_trained_models_checkpoint_holds_no_optimiser(saved, tmp_path):
    model, folder = saved
    model.compile("adam")
    model.train_on_batch(np.ones((2, 4), "float32"), np.array([0, 1]))
    zoo.save(model, tmp_path / "trained", a_card())
    assert (tmp_path / "trained" / store.WEIGHTS).stat().st_size == (folder / store.WEIGHTS).stat().st_size
    x = np.ones((2, 4), "float32")
    np.testing.assert_array_equal(np.asarray(model(x)), np.asarray(zoo.load(tmp_path / "trained")(x)))


@pytest.mark.parametrize(
    "change",
    [
        {"weights": {}},
        {"labels": [1, 2]},
        {"inputs": {"image": {"shape": 5, "dtype": "uint8", "description": ""}}},
        {"inputs": {"image": array("x")}},
        {"outputs": {"logits": {"shape": [2]}}},
        {"outputs": {"image": array(2, range="dark")}},
        {"task": None},
        {"ood_threshold": "x"},
        {"metrics": [{"metric": "accuracy", "role": "result", "value": 1.0}]},
        {"metrics": [metrics.row("accuracy", "test", 50, n=2, protocol="none") | {"paper": "x"}]},
        {"training": {"wall_time_s": "x"}},
        {"training": {"missed": [1]}},
        {"data": {"name": 3}},
    ],
)
def test_a_card_with_nonsense_in_it_is_named(change, saved):
    _, folder = saved
    path = folder / cards.FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(BadCheckpoint, match=str(path)):
        zoo.card(folder)


def test_a_model_is_saved_without_a_card_and_apps_take_it(tmp_path):
    model = zoo.LeNet5(classes=2)
    card = zoo.save(model, tmp_path / "mine", labels=["round", "straight"])
    assert card == zoo.card(tmp_path / "mine") and card.name == "mine" and card.task == "classify_images"
    predict = zoo.predictor(tmp_path / "mine", "model")
    x = np.zeros((2, 28, 28, 1), np.uint8)
    [first, _] = predict.task.decode(predict.card, predict(x))
    assert first["label"] in ("round", "straight")
    assert zoo.save(model, tmp_path / "numbered").labels == ["0", "1"]
    assert zoo.save(model, tmp_path / "array", labels=np.array(["round", "straight"])).labels == card.labels
    out, _ = run_zoo("show", tmp_path / "mine", cwd=tmp_path)
    assert "round, straight" in out and "None" not in out


def test_a_model_that_was_loaded_keeps_the_facts_of_its_checkpoint(tmp_path):
    before = zoo.card("lenet5.mnist")
    card = zoo.save(zoo.load("lenet5.mnist"), tmp_path / "further")
    assert card.labels == before.labels and card.licence == before.licence and card.inputs == before.inputs
    assert card.commercial_use == before.commercial_use and not card.metrics and "lenet5.mnist" in card.limits
    assert zoo.save(zoo.load("lenet5.mnist", classes=3), tmp_path / "three").labels == ["0", "1", "2"]


def test_a_model_of_texts_keeps_its_tokeniser(tmp_path):
    zoo.save(zoo.load("bert.rt-polarity"), tmp_path / "further")
    assert zoo.predictor(tmp_path / "further", "model")(["A warm and funny film."])["logits"].shape == (1, 2)


def test_what_cannot_be_saved_without_a_card_is_one_line(tmp_path):
    lenet = zoo.LeNet5(classes=2)
    line = failing(BadInput, lambda: zoo.save(lenet, tmp_path / "mine", labels=["one"]))
    assert line == "labels is ['one']; give the names of 2 classes, a list of str"
    failing(BadInput, lambda: zoo.save(lenet, tmp_path / "mine", a_card(), labels=["one", "two"]))
    failing(BadInput, lambda: zoo.save(zoo.VAE(), tmp_path / "mine", labels=["one", "two"]))
    for labels in (["one", "one"], ["one", ""], ["one", " "]):
        line = failing(BadInput, lambda labels=labels: zoo.save(lenet, tmp_path / "mine", labels=labels))
        assert line == f"labels is {labels}; give each class a name of its own"
    for card in (["one", "two"], "x"):
        assert "labels=[...]" in failing(BadInput, zoo.save, lenet, tmp_path / "mine", card)
    assert failing(BadInput, zoo.save, lenet, None) == "None is no folder to save to; give its path, a str"
    assert "does not fit" in failing(BadCheckpoint, zoo.save, lenet, tmp_path / "mine", a_card())
    dense = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    assert "models of the zoo, not Sequential" in failing(BadInput, lambda: zoo.save(dense, tmp_path / "mine"))
    assert not (tmp_path / "mine").exists()
