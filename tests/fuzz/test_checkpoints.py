"""Damaged and hostile checkpoints: cards, weights, tokenisers, and folders in the format of Hugging Face.

All of them end in a checkpoint that works or in one line, soon, and in memory that the files justify. See `harness.py`
for more inputs than CI tries.
"""

import contextlib
import hashlib
import io
import json
import shutil

import numpy as np
import pytest
from harness import changed_bytes, changed_json, flipped_bit, inputs, survives
from helpers import card_of
from safetensors.numpy import save_file

import zoo
from zoo.cli.checkpoints import show
from zoo.data.tokens import byte_pairs, word_pieces
from zoo.errors import BadCheckpoint
from zoo.hub import checkpoint, store, sums

TEXTS = ["The quick brown fox jumps over the lazy dog.", "Pack my box with five dozen liquor jugs!", "déjà vu"]
SIZES = {"vocabulary": 300, "context": 16, "width": 8, "depth": 2, "heads": 2}
MODELS = {
    "perceptron": lambda: zoo.Perceptron(input_shape=(5,)),
    "mlp": lambda: zoo.MLP(input_shape=(6,), hidden=(5, 4), classes=3),
    "lenet5": lambda: zoo.LeNet5(classes=4),
    "gpt": lambda: zoo.GPT(**SIZES),
    "bert": lambda: zoo.BERT(**SIZES, classes=3),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A checkpoint of each model: name -> folder."""
    above = tmp_path_factory.mktemp("checkpoints")
    tokenizers = {"gpt": byte_pairs(TEXTS, 300), "bert": word_pieces(TEXTS, 300, 16)}
    for name, model in MODELS.items():
        made = model()
        dtype = "int8" if name == "lenet5" else "float32"
        zoo.save(made, above / name, card_of(made, labels=["a", "b", "c"]), dtype=dtype, tokenizer=tokenizers.get(name))
        zoo.load(above / name)  # what is imported and compiled once counts for no input
    return {name: above / name for name in MODELS}


def read(path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def fitting(folder, file, content: bytes) -> None:
    """Write one of a checkpoint's files, and a card that describes it."""
    (folder / file).write_bytes(content)
    card = read(folder / "card.json")
    part = "weights" if file == store.WEIGHTS else "tokenizer"
    card[part] |= {"sha256": hashlib.sha256(content).hexdigest()}
    if part == "weights":
        card[part]["bytes"] = len(content)
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")


def shown(name) -> None:
    """`zoo show`, as a table and as JSON."""
    for as_json in (False, True):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            show(str(name), as_json)
        out.getvalue().encode()  # a terminal can print it


def test_damaged_cards_are_shown_or_refused(folders, tmp_path):
    original = folders["bert"] / "card.json"
    outcomes = set()
    for random, name in inputs("card", 200):
        if random.random() < 0.7:
            text = changed_json(random, read(original)).encode("utf-8", "surrogatepass")
        else:
            text = changed_bytes(random, original.read_bytes())
        (tmp_path / "card.json").write_bytes(text)
        outcomes.add(survives(lambda: shown(tmp_path), name))
    assert outcomes == {True, False}


@pytest.mark.parametrize("model", MODELS)
def test_cards_with_other_arguments_build_nothing_that_the_weights_file_does_not_hold(folders, tmp_path, model):
    folder = shutil.copytree(folders[model], tmp_path / model)
    card = read(folder / "card.json")
    outcomes = {survives(lambda: zoo.load(folder), model)}  # unchanged: few other arguments fit the weights
    for random, name in inputs(f"arguments of {model}", 12):
        arguments = changed_json(random, card["arguments"])
        text = json.dumps(card | {"arguments": "those"}).replace('"those"', arguments)
        (folder / "card.json").write_text(text, encoding="utf-8")
        outcomes.add(survives(lambda: zoo.load(folder), name))
    assert outcomes == {True, False}


@pytest.mark.parametrize("model", ["lenet5", "gpt"])
def test_cards_with_other_inputs_and_outputs_make_predictors_that_work_or_are_refused(folders, tmp_path, model):
    folder = shutil.copytree(folders[model], tmp_path / model)
    card = read(folder / "card.json") | {"task": {"lenet5": "classify_images", "gpt": "generate_text"}[model]}
    fields = ("task", "inputs", "outputs", "labels")

    def use():
        predict = zoo.predictor(folder, "model")
        predict(predict.task.example(predict.card, 1))

    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    outcomes = {survives(use, model)}  # unchanged: few other cards are right
    for random, name in inputs(f"inputs and outputs of {model}", 25):
        text = changed_json(random, {field: card[field] for field in fields})
        rest = json.dumps({field: value for field, value in card.items() if field not in fields})
        (folder / "card.json").write_text(f"{rest[:-1]}, {text[1:]}", encoding="utf-8", errors="surrogatepass")
        outcomes.add(survives(use, name))
    assert outcomes == {True, False}


@pytest.mark.parametrize("model", ["lenet5", "gpt"])
def test_damaged_weights_whose_hash_fits_are_loaded_or_refused(folders, tmp_path, model):
    folder = shutil.copytree(folders[model], tmp_path / model)
    original = (folder / store.WEIGHTS).read_bytes()
    outcomes = set()
    for random, name in inputs(f"weights of {model}", 25):
        fitting(folder, store.WEIGHTS, changed_bytes(random, original))
        outcomes.add(survives(lambda: zoo.load(folder), name))
    assert outcomes == {True, False}


@pytest.mark.parametrize("model", ["gpt", "bert"])
def test_damaged_tokenisers_whose_hash_fits_work_or_are_refused(folders, tmp_path, model):
    folder = shutil.copytree(folders[model], tmp_path / model)
    original = (folder / "tokenizer.json").read_bytes()

    def use():
        tokenizer = checkpoint.tokenizer(folder)
        tokenizer.arrays(TEXTS)
        tokenizer.text(range(tokenizer.size))

    outcomes = set()
    for random, name in inputs(f"tokeniser of {model}", 60):
        if random.random() < 0.7:
            content = changed_json(random, json.loads(original)).encode("utf-8", "surrogatepass")
        else:
            content = changed_bytes(random, original)
        fitting(folder, "tokenizer.json", content)
        outcomes.add(survives(use, name))
    assert outcomes == {True, False}


def gpt2_tensors() -> dict[str, np.ndarray]:
    """A GPT-2 of two blocks, as `transformers` names and lays out its tensors."""
    shapes = {"wte.weight": (30, 8), "wpe.weight": (16, 8), "ln_f.weight": (8,), "ln_f.bias": (8,)}
    for block in ("h.0", "h.1"):
        for norm in ("ln_1", "ln_2"):
            shapes |= {f"{block}.{norm}.weight": (8,), f"{block}.{norm}.bias": (8,)}
        for layer, units in (("attn.c_attn", (8, 24)), ("attn.c_proj", (8, 8)), ("mlp.c_fc", (8, 32))):
            shapes |= {f"{block}.{layer}.weight": units, f"{block}.{layer}.bias": units[1:]}
        shapes |= {f"{block}.mlp.c_proj.weight": (32, 8), f"{block}.mlp.c_proj.bias": (8,)}
    return {name: np.full(shape, 0.1, "float32") for name, shape in shapes.items()}


def bert_tensors() -> dict[str, np.ndarray]:
    """A BERT of two blocks that classifies texts, likewise."""
    shapes = {f"bert.embeddings.{part}_embeddings.weight": (size, 8) for part, size in PARTS.items()}
    layers = {"bert.pooler.dense": (8, 8), "classifier": (3, 8)}
    norms = ["bert.embeddings.LayerNorm"]
    for block in ("bert.encoder.layer.0", "bert.encoder.layer.1"):
        layers |= {f"{block}.attention.self.{each}": (8, 8) for each in ("query", "key", "value")}
        layers |= {f"{block}.attention.output.dense": (8, 8)}
        layers |= {f"{block}.intermediate.dense": (32, 8), f"{block}.output.dense": (8, 32)}
        norms += [f"{block}.attention.output.LayerNorm", f"{block}.output.LayerNorm"]
    for layer, shape in layers.items():
        shapes |= {f"{layer}.weight": shape, f"{layer}.bias": shape[:1]}
    for norm in norms:
        shapes |= {f"{norm}.weight": (8,), f"{norm}.bias": (8,)}
    return {name: np.full(shape, 0.1, "float32") for name, shape in shapes.items()}


PARTS = {"word": 30, "position": 16, "token_type": 2}
PUBLISHED = {
    "gpt2": (gpt2_tensors, {"vocab_size": 30, "n_positions": 16, "n_embd": 8, "n_layer": 2, "n_head": 2}),
    "bert": (
        bert_tensors,
        {
            "vocab_size": 30,
            "max_position_embeddings": 16,
            "hidden_size": 8,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 32,
            "architectures": ["BertForSequenceClassification"],
        },
    ),
}
INDEX = {"metadata": {"total_size": 1}, "weight_map": {"wte.weight": "part.safetensors"}}


@pytest.mark.parametrize("kind", PUBLISHED)
def test_damaged_folders_of_hugging_face_are_read_or_refused(kind, tmp_path):
    tensors, config = PUBLISHED[kind]
    config = {"model_type": kind, **config}
    save_file(tensors(), tmp_path / "model.safetensors")
    save_file(tensors(), tmp_path / "part.safetensors")
    files = {
        "config.json": json.dumps(config).encode(),
        "model.safetensors": (tmp_path / "model.safetensors").read_bytes(),
        "model.safetensors.index.json": json.dumps(INDEX).encode(),
    }
    (tmp_path / "config.json").write_bytes(files["config.json"])
    zoo.load(f"hf:{tmp_path}")
    outcomes = set()
    for random, name in inputs(f"hf {kind}", 45):
        for file, content in files.items():
            (tmp_path / file).write_bytes(content)
        file = random.choice([*files, "config.json"])
        if file == "config.json":
            content = changed_json(random, config).encode("utf-8", "surrogatepass")
        elif file == "model.safetensors":
            content = changed_bytes(random, files[file])
        else:
            (tmp_path / "model.safetensors").unlink()
            content = changed_json(random, INDEX).encode("utf-8", "surrogatepass")
        (tmp_path / file).write_bytes(content)
        outcomes.add(survives(lambda: zoo.load(f"hf:{tmp_path}"), name))
    assert outcomes == {True, False}


def test_a_flipped_bit_of_a_shipped_checkpoint_never_passes(tmp_path, monkeypatch):
    names = ("perceptron.mnist-01", "lenet5.mnist", "gpt.shakespeare", "bert.rt-polarity")
    for name in names:
        shutil.copytree(checkpoint.find(name), tmp_path / name)
    shutil.copy(sums.root() / sums.FILE, tmp_path)
    monkeypatch.setattr(sums, "root", lambda: tmp_path)

    def check(name):
        checkpoint.verify(name)
        checkpoint.tokenizer(name)

    for name in names:
        check(name)
    files = sorted(path for path in tmp_path.glob("*/*") if path.is_file())
    passed = []
    for random, name in inputs("flipped bit", 100):
        path = random.choice(files)
        content = path.read_bytes()
        path.write_bytes(flipped_bit(random, content))
        try:
            check(path.parent.name)
            passed.append(f"{name}: {path}")
        except BadCheckpoint as error:
            assert path.name in str(error)
        path.write_bytes(content)
    assert not passed
