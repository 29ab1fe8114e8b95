"""Exports, the cache they are kept in, and the predictor's two engines."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import array, card_of, failing, one_line, run_zoo

import zoo
from zoo import tasks
from zoo.errors import BadCheckpoint, BadInput, OutputExists, UnknownName
from zoo.hub import checkpoint, store
from zoo.kinds.image import write_image
from zoo.runtime import cache, export
from zoo.runtime.predictor import predictor

DIGITS = np.random.RandomState(0).randint(0, 256, (3, 28, 28, 1)).astype("uint8")


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_both_engines_answer_alike_and_the_export_is_made_once(own_cache, capsys):
    first = zoo.predictor("lenet5.mnist")
    assert first.engine == "onnx" and "exporting it to ONNX, once" in capsys.readouterr().err
    assert zoo.predictor("lenet5.mnist").engine == "onnx" and not capsys.readouterr().err
    expected = zoo.predictor("lenet5.mnist", "model")(DIGITS)["logits"]
    np.testing.assert_allclose(first(DIGITS)["logits"], expected, atol=1e-4 * np.abs(expected).max())
    assert [path.parent.name for path in own_cache.rglob("*.onnx")] == ["onnx"]


def test_with_an_export_no_framework_is_imported(own_cache):
    zoo.predictor("lenet5.mnist")
    code = (
        "import sys, numpy, zoo\n"
        "found = zoo.predictor('lenet5.mnist')(numpy.zeros((2, 28, 28, 1), 'uint8'))\n"
        "assert found['logits'].shape == (2, 10)\n"
        "assert not {'tensorflow', 'keras', 'jax', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, env=os.environ)


@pytest.mark.parametrize("app", ["label", "colorize"])
def test_the_second_run_of_an_app_that_needs_only_outputs_imports_no_framework(app, own_cache, tmp_path):
    write_image(tmp_path / "photo.png", np.random.RandomState(0).randint(0, 256, (60, 80, 3)).astype("uint8"))
    arguments = ["zoo", "run", app, "photo.png", "-o", "out.png", "--force"]
    code = (
        f"import sys; sys.argv = {arguments}\n"
        "from zoo.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print({'tensorflow', 'keras', 'jax', 'torch'} & set(sys.modules))"
    )
    for number in range(2):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stderr
        assert (done.stdout.splitlines()[-1] == "set()") == (number == 1)
    code = (
        f"import sys, zoo; zoo.pipeline({app!r})('photo.png');"
        "print({'tensorflow', 'keras', 'jax', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout == "set()\n" and not done.stderr


@pytest.mark.parametrize("given", ["photo.jpg", Path("photo.jpg"), ["a.jpg", "b.jpg"]])
def test_a_predictor_that_is_given_paths_says_what_takes_them(given):
    message = failing(BadInput, zoo.predictor("lenet5.mnist"), given)
    assert "lenet5.mnist takes arrays" in message and "zoo.pipeline" in message


def test_where_an_export_fails_the_model_does_it_and_one_line_says_why(own_cache, monkeypatch, capsys):
    def broken(*arguments):
        raise RuntimeError("no such operator\nand much more")

    monkeypatch.setattr(export, "_write", broken)
    predict = zoo.predictor("lenet5.mnist")
    assert predict.engine == "model" and predict(DIGITS)["logits"].shape == (3, 10)
    assert "slower: no such operator" in capsys.readouterr().err
    with pytest.raises(RuntimeError):
        zoo.predictor("lenet5.mnist", "onnx")
    assert not list(own_cache.rglob("*.onnx*"))


def test_an_export_that_answers_something_else_is_refused(own_cache, monkeypatch):
    monkeypatch.setattr(
        export.Session, "__call__", lambda self, x: {"logits": np.ones((len(x["image"]), 10), "float32")}
    )
    with pytest.raises(BadCheckpoint, match="is off by"):
        zoo.predictor("lenet5.mnist", "onnx")
    assert zoo.predictor("lenet5.mnist").engine == "model"
    assert not list(own_cache.rglob("*.onnx"))


def test_changed_weights_do_not_hide_behind_an_old_export(own_cache, tmp_path):
    folder = tmp_path / "mine"
    shutil.copytree(checkpoint.find("lenet5.mnist"), folder)
    predictor(folder)
    weights = bytearray((folder / store.WEIGHTS).read_bytes())
    weights[-1] ^= 1
    (folder / store.WEIGHTS).write_bytes(weights)
    with pytest.raises(BadCheckpoint, match="SHA-256"):
        predictor(folder)


def test_formats(tmp_path):
    out, _ = run_zoo("export", "lenet5.mnist", "onnx", cwd=tmp_path)
    assert out == "lenet5.mnist.onnx\n"
    expected = zoo.predictor("lenet5.mnist", "model")(DIGITS)["logits"]
    session = export.Session(tmp_path / "lenet5.mnist.onnx")
    found = session({"image": DIGITS})["logits"]
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())

    [image], [logits] = session._session.get_inputs(), session._session.get_outputs()
    assert (image.name, image.shape) == ("image", ["batch", 28, 28, 1])
    assert (logits.name, logits.shape) == ("logits", ["batch", 10])
    card = zoo.card("lenet5.mnist")
    facts = {"name": card.name, "task": card.task, "licence": card.licence, "labels": json.dumps(card.labels)}
    assert session.metadata == facts

    import tensorflow as tf

    export.export("lenet5.mnist", "savedmodel", tmp_path / "saved")
    saved = tf.saved_model.load(str(tmp_path / "saved"))
    found = saved.serve({"image": DIGITS})["logits"].numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())

    export.export("lenet5.mnist", "litert", tmp_path / "lenet.tflite")
    assert (tmp_path / "lenet.tflite").read_bytes()[4:8] == b"TFL3"
    found = export._litert(tmp_path / "lenet.tflite")({"image": DIGITS})["logits"]
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())

    other = zoo.load("lenet5.mnist")
    other.get_layer("F6").bias.assign(other.get_layer("F6").bias + 0.01)
    for format, file in (("onnx", "lenet5.mnist.onnx"), ("savedmodel", "saved"), ("litert", "lenet.tflite")):
        with pytest.raises(BadCheckpoint, match=f"logits of the {format} export of lenet5 is off by"):
            export._compare(export.named(other, card), card, tmp_path / file, format)

    with pytest.raises(OutputExists):
        export.export("lenet5.mnist", "onnx", tmp_path / "lenet5.mnist.onnx")
    with pytest.raises(UnknownName, match="did you mean onnx"):
        export.export("lenet5.mnist", "onxx")
    _, err = run_zoo("export", "lenet5.mnist", "onnx", cwd=tmp_path, expect=2, KERAS_BACKEND="jax")
    assert "--force" in one_line(err)
    _, err = run_zoo("export", "lenet5.mnist", "onnx", "--force", cwd=tmp_path, expect=2, KERAS_BACKEND="jax")
    assert "made from TensorFlow" in one_line(err)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lenet.tflite", "lenet5.mnist.onnx", "saved"]


def test_the_cache_is_shown_and_cleared(own_cache, tmp_path):
    assert cache.entries() == {} and cache.clear() == 0
    (own_cache / "onnx").mkdir(parents=True)
    (own_cache / "onnx" / "a.onnx").write_bytes(bytes(1000))
    found = json.loads(run_zoo("cache", "show", "--json", cwd=tmp_path)[0])
    assert found == {"folder": str(own_cache), "files": {os.path.join("onnx", "a.onnx"): 1000}}
    assert "a.onnx" in run_zoo("cache", "show", cwd=tmp_path)[0]
    assert "freed" in run_zoo("cache", "clear", cwd=tmp_path)[0]
    assert not own_cache.exists()
    (own_cache / "onnx").mkdir(parents=True)
    (own_cache / "of mine.txt").write_text("not the zoo's")
    assert cache.entries() == {} and cache.clear() == 0
    assert [path.name for path in own_cache.iterdir()] == ["of mine.txt"]


def test_force_replaces_exports_and_nothing_else(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.jpg").write_bytes(b"precious")
    for format in ("onnx", "savedmodel", "litert"):
        with pytest.raises(BadInput, match=r"photos is no .* export, so it will not be replaced"):
            export.export("perceptron.mnist-01", format, photos, force=True)
    assert (photos / "a.jpg").read_bytes() == b"precious"
    out = tmp_path / "saved"
    for _ in range(2):
        export.export("perceptron.mnist-01", "savedmodel", out, force=True)
    assert (out / "saved_model.pb").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos", "saved"]


IMAGE = array(28, 28, 1, dtype="uint8")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"task": ""}, "has no task"),
        ({"task": "classify_texts"}, "has an input tokens"),
        ({"inputs": {}}, "has an input image"),
        ({"inputs": {"image": array(6)}}, "has an input image"),
        ({"outputs": {"../x": array(1)}}, "has an output logits"),
        ({"inputs": {"image": IMAGE, "other": IMAGE}}, "its inputs are image uint8 (28, 28, 1), other"),
        ({"inputs": {"image": array(9999, 9999, 1, dtype="uint8")}}, "its inputs are image uint8 (9999, 9999, 1)"),
        ({"outputs": {"logits": array(2)}}, "its outputs are logits float32 (2), the model's logits float32 (1)"),
        ({"architecture": "resnet"}, "does not fit resnet"),
        ({"name": "../x"}, "name is '../x'"),
    ],
)
def test_an_export_of_a_card_that_lies_is_one_line(tmp_path, fields, expected):
    shutil.copytree(checkpoint.find("perceptron.mnist-01"), tmp_path / "lying")
    path = tmp_path / "lying" / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))
    line = failing(BadCheckpoint, export.export, tmp_path / "lying", "onnx", tmp_path / "out.onnx")
    assert expected in line and [each.name for each in tmp_path.iterdir()] == ["lying"]


def test_a_damaged_export_is_made_again_and_one_of_other_code_is_not_taken(own_cache, monkeypatch, tmp_path):
    zoo.predictor("perceptron.mnist-01")
    (file,) = own_cache.rglob("*.onnx")
    file.write_bytes(b"no model")
    assert zoo.predictor("perceptron.mnist-01").engine == "onnx"
    card = zoo.card("perceptron.mnist-01")
    code = tmp_path / "models" / "one.py"
    code.parent.mkdir()
    code.write_text("one = 1")
    monkeypatch.setattr(export, "__file__", str(tmp_path / "runtime" / "export.py"))
    before = export._made_of(card)
    code.write_text("one = 2")
    other_code = export._made_of(card)
    card.inputs["image"]["shape"] = [32, 32, 1]
    assert len({before, other_code, export._made_of(card)}) == 3


def test_large_batches_go_through_in_parts(own_cache):
    predict = zoo.predictor("perceptron.mnist-01", "model")
    many = np.random.RandomState(0).randint(0, 256, (300, 28, 28, 1)).astype("uint8")
    together = predict(many)["logits"]
    assert together.shape == (300, 1)
    np.testing.assert_allclose(together[299:], predict(many[299:])["logits"], rtol=1e-5)


def test_fetched_weights_are_converted_and_kept_and_offline_is_one_line(own_cache, tmp_path, monkeypatch):
    import keras

    from zoo.errors import MissingData
    from zoo.hub.sources import keras_applications

    def offline(*arguments, **options):
        raise Exception("URL fetch failure on https://example.invalid: None -- unreachable")

    monkeypatch.setattr(keras.utils, "get_file", offline)
    with pytest.raises(MissingData, match=r"mobilenet.imagenet is not in the cache .* cannot be fetched: URL fetch"):
        zoo.load("mobilenet.imagenet")
    assert not own_cache.exists() or not list(own_cache.rglob("*.json"))

    keras.utils.set_random_seed(3)
    theirs = keras.applications.MobileNet(weights=None, classifier_activation=None)
    theirs.save(tmp_path / "mobilenet.h5")  # the older format, in which these weights are published
    labels = {str(number): [f"n{number}", f"thing_{number}"] for number in range(1000)}
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    source = keras_applications.SOURCES["mobilenet.imagenet"]
    files = {keras_applications.LABELS: "labels.json", source.url: "mobilenet.h5"}

    def fetched(origin, **options):
        if origin == source.url:
            assert options["file_hash"] == source.md5
        return tmp_path / files[origin]

    monkeypatch.setattr(keras.utils, "get_file", fetched)
    ours = zoo.load("mobilenet.imagenet")
    assert zoo.card("mobilenet.imagenet").labels[7] == "thing 7"
    x = np.random.RandomState(1).randint(0, 256, (1, 224, 224, 3)).astype("uint8")
    expected = np.asarray(theirs(keras.applications.mobilenet.preprocess_input(x.astype("float32"))))
    np.testing.assert_allclose(np.asarray(ours(x)), expected, atol=1e-4 * np.abs(expected).max())
    monkeypatch.setattr(keras.utils, "get_file", offline)
    zoo.load("mobilenet.imagenet")  # from the cache

    (tmp_path / "wrong.weights.h5").write_bytes(b"no weights")
    with pytest.raises(BadCheckpoint, match="is no weights file of ResNet50"):
        keras_applications.convert("resnet50.imagenet", tmp_path / "wrong.weights.h5", tmp_path / "out")
    assert not (tmp_path / "out").exists()


CONDITIONS = {"z": array(5), "labels": array(2, dtype="int32")}
NOISY = {"images": array(8, 8, 3), "timesteps": array(dtype="int32"), "labels": array(1, dtype="int32")}
TOKENS = array(None, dtype="int32")


@pytest.mark.parametrize(
    ("model", "task", "inputs", "outputs"),
    [
        (
            lambda: zoo.DCGAN(input_shape=(8, 8, 1), latents=5, channels=2, conditions=(3, 2)),
            "generate_images",
            CONDITIONS,
            {"image": array(8, 8, 1)},
        ),
        (
            lambda: zoo.DDPM(input_shape=(8, 8, 3), channels=8, multiples=(1, 2), blocks=1, conditions=(3,), patch=2),
            "denoise_images",
            NOISY,
            {"image": array(8, 8, 3)},
        ),
        (
            lambda: zoo.Transformer(vocabulary=9, context=16, width=8, depth=1, heads=2, hidden=8),
            "translate_text",
            {"source": TOKENS, "target": TOKENS},
            {"logits": array(None, 9)},
        ),
        (
            lambda: zoo.BERT(vocabulary=9, context=16, width=8, depth=1, heads=2),
            "model_masked_text",
            {"tokens": TOKENS, "segments": TOKENS},
            {"masked": array(None, 9), "next": array(2)},
        ),
    ],
    ids=["latents and labels", "noise, timesteps and labels", "source and target", "two heads"],
)
def test_all_inputs_and_outputs_are_exported_with_the_names_on_the_card(model, task, inputs, outputs, tmp_path):
    model, random = model(), np.random.RandomState(1)
    model.set_weights([random.uniform(0.1, 0.3, weight.shape) for weight in model.get_weights()])  # none of them 0
    card = zoo.save(model, tmp_path / "saved", card_of(model, task=task, inputs=inputs, outputs=outputs))
    x = tasks.find(task).example(card, 2)
    assert list(x) == list(inputs)
    expected = zoo.predictor(tmp_path / "saved", "model")(x)
    assert set(expected) == set(outputs)
    path = export.export(str(tmp_path / "saved"), "onnx", tmp_path / "made.onnx")
    found = export.Session(path)(x)
    folder = export.export(str(tmp_path / "saved"), "savedmodel", tmp_path / "made")
    again = export._saved_model(folder)(x)
    assert set(found) == set(again) == set(outputs)
    for name, output in expected.items():
        np.testing.assert_allclose(found[name], output, atol=1e-4)
        np.testing.assert_allclose(again[name], output, atol=1e-4)


def test_each_output_is_compared(tmp_path, monkeypatch):
    model = zoo.BERT(vocabulary=9, context=16, width=8, depth=1, heads=2)
    fields = {"inputs": {"tokens": TOKENS, "segments": TOKENS}, "outputs": {"masked": array(None, 9), "next": array(2)}}
    zoo.save(model, tmp_path / "saved", card_of(model, task="model_masked_text", **fields))
    call = export.Session.__call__
    monkeypatch.setattr(
        export.Session, "__call__", lambda self, x: (made := call(self, x)) | {"next": made["next"] + 1}
    )
    with pytest.raises(BadCheckpoint, match="next of the onnx export of bert is off by"):
        export.export(tmp_path / "saved", "onnx", tmp_path / "made.onnx")
