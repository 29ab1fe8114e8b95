"""Sequence models run by ONNX Runtime: what they answer beside the Keras model, for every kind, and what is cached."""

import gc
import itertools
import weakref

import keras
import numpy as np
import onnx
import pytest
from test_tokens import PROMPTS, build

import zoo
from zoo.errors import BadCheckpoint, BadInput
from zoo.generation.tokens import Generator
from zoo.runtime import cache, export, onnx_generator
from zoo.runtime.onnx_generator import exported


@pytest.fixture(autouse=True)
def in_a_cache_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path))


def logits_of(generator, tokens):
    """What it has for the next token after `tokens`, of which all but the first three are read one by one."""
    read, rest = tokens[:, :3], tokens[:, 3:]
    length, pad = 16, np.full(len(tokens), 13, "int32")
    padded = np.concatenate([np.zeros((len(tokens), 13), "int32"), read], axis=1)
    logits, kept = generator._read(padded, pad, capacity=32)
    facts = np.zeros(len(tokens), bool), np.int32(1), np.full((4, len(tokens)), 0.5, "float32")
    for index, token in enumerate(rest.T):
        # Where one token is by far the likeliest, it is the one that is chosen and read.
        sure = 1e3 * np.eye(logits.shape[-1], dtype="float32")[token]
        options = np.float32(1.0), np.float32(1.0), np.array([-1], "int32")
        _, _, logits, kept = generator._extend(sure, kept, np.int32(length + index), pad, *facts, *options, top_k=1)
    return np.asarray(logits)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gpt1", "gpt2"])
@pytest.mark.parametrize(("bits", "least", "most"), [(8, 1e-6, 0.1), (32, 0, 1e-5)])
def test_it_answers_what_the_model_does(name, bits, least, most):
    model = build(name)
    tokens = np.random.RandomState(0).randint(0, 7, (6, 10)).astype("int32")
    generators = Generator(exported(model, bits=bits)), Generator(model)
    found, expected = (logits_of(generator, tokens) for generator in generators)
    off = np.abs(found - expected).max() / np.abs(expected).max()
    assert least <= off < most
    assert np.mean(found.argmax(axis=1) == expected.argmax(axis=1)) == 1


def test_it_generates_like_any_other():
    generator = Generator(exported(build("gpt2"), bits=8), chunk=5)
    pieces = list(generator.stream(PROMPTS, new_tokens=12, seed=4))
    assert [len(piece[0]) for piece in pieces] == [5, 5, 2]
    joined = [list(itertools.chain.from_iterable(rows)) for rows in zip(*pieces, strict=True)]
    assert generator(PROMPTS, new_tokens=12, seed=4) == joined
    whole = generator([[1, 2]], new_tokens=60, temperature=0)[0]  # longer than the room it begins with
    assert len(whole) == 60
    assert generator([[1, 2]], new_tokens=60, temperature=0, stop=[whole[0]]) == [[]]


def test_it_is_made_once_for_these_weights_and_again_where_it_is_damaged():
    model = build("rnn")
    first = Generator(exported(model, bits=8))([[1]], new_tokens=5, seed=1)
    [made] = [cache.folder() / name for name in cache.entries()]
    written = made.stat().st_mtime_ns
    exported(model, bits=8)
    assert made.stat().st_mtime_ns == written
    made.write_bytes(b"no export")
    assert Generator(exported(model, bits=8))([[1]], new_tokens=5, seed=1) == first
    model.trainable_variables[0].assign(0 * model.trainable_variables[0])
    exported(model, bits=8)
    assert len(cache.entries()) == 2


def test_what_cannot_be_is_said_in_one_line(monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(BadInput, match="parameters, too many to export"):
        patch.setattr("zoo.runtime.onnx_generator.LARGEST", 1000)
        exported(build("gpt2"), bits=8)
    with pytest.raises(BadInput, match="can't have 4 bits; choose from 8 and 32"):
        exported(build("gpt2"), bits=4)
    assert cache.entries() == {}
    monkeypatch.setattr("zoo.runtime.export.TOLERANCE", -1.0)
    with pytest.raises(BadCheckpoint, match="the ONNX export of rnn is off by"):
        exported(build("rnn"))
    assert cache.entries() == {}


def test_what_the_exporter_leaves_behind_is_collected_while_it_works():
    class Graph:
        def __init__(self):
            self.itself = self  # as tf2onnx's do

    before, left = gc.get_threshold(), []
    with onnx_generator._tidied():
        for _ in range(20):
            graph = Graph()
            left.append(weakref.ref(graph))
            graph = [[] for _ in range(2000)]  # the few objects of the next graph
        alive = sum(each() is not None for each in left)
    assert alive < 5
    assert gc.get_threshold() == before and gc.get_freeze_count() == 0


@pytest.mark.parametrize("bits", [8, 32])
def test_a_cache_is_written_in_place(bits):
    """Or else each token would cost a copy of the whole cache."""
    exported(build("gpt2"), bits=bits)
    [made] = [cache.folder() / name for name in cache.entries()]
    graph = onnx.load(str(made)).graph
    kept = [each.name for each in graph.input if each.name.startswith("cache")]
    assert len(kept) == len(graph.output) - 1 == 4  # keys and values of two blocks
    for name in kept:
        users = [node for node in graph.node if name in node.input and node.op_type != "Shape"]
        # Nothing else reads it, before or after; and what it becomes is an output.
        assert [node.op_type for node in users] == ["ScatterElements"]
        assert users[0].output[0] == graph.output[1 + int(name.removeprefix("cache"))].name


def test_a_chunk_fills_its_own_rows():
    generator = Generator(exported(build("gpt2")))
    _, kept = generator._read(np.ones((2, 16), "int32"), np.zeros(2, "int32"), capacity=32)
    kept = [np.array(each) for each in kept]
    facts = np.zeros(2, "int32"), np.zeros(2, bool), np.int32(3), np.full((4, 2), 0.5, "float32")
    logits, options = np.zeros((2, 9), "float32"), (np.float32(1.0), np.float32(1.0), np.array([-1], "int32"))
    _, _, _, after = generator._extend(logits, kept, np.int32(16), *facts, *options, top_k=1)
    for before, each in zip(kept, after, strict=True):
        assert each is before
        assert each[:, :, :19].any(axis=(0, 1, 3)).all()
        assert not each[:, :, 19:].any()


def test_outputs_are_written_into_plain_arrays_only(tmp_path):
    exported(build("gpt2"))
    [made] = [cache.folder() / name for name in cache.entries()]
    session = export.Session(made)
    shape = build("gpt2").cache(1, 16)[0].shape
    for array in (np.zeros(shape, "float32", order="F"), np.zeros(shape, "float32")):
        array.flags.writeable = False
        with pytest.raises(ValueError, match="in C order that can be written"):
            session.outputs({}, {1: array})


OPTIONS = [{"temperature": 0}, {"temperature": 0.8, "top_p": 0.9}, {"top_k": 3}]


@pytest.mark.parametrize("name", ["lstm", "gpt2"])
def test_in_32_bits_it_makes_what_the_keras_model_makes(name):
    model = build(name)
    generators = Generator(model), Generator(exported(model))
    for options in OPTIONS:  # the second text outgrows the context of GPT
        for new_tokens in (20, 90):
            made = [each(PROMPTS, new_tokens=new_tokens, seed=6, **options) for each in generators]
            assert made[0] == made[1]
    expected, found = (each.scored_beam(PROMPTS, new_tokens=12, stop=0, beams=3) for each in generators)
    assert [tokens for tokens, _ in found] == [tokens for tokens, _ in expected]
    np.testing.assert_allclose([score for _, score in found], [score for _, score in expected], rtol=1e-4)


@pytest.mark.parametrize("name", ["transformer", "seq2seq"])
def test_an_encoder_decoder_makes_what_the_keras_model_makes(name):
    keras.utils.set_random_seed(1)
    if name == "transformer":
        model = zoo.Transformer(vocabulary=9, width=8, depth=2, heads=2, hidden=8, norm_first=True, context=40)
    else:
        model = zoo.Seq2Seq(vocabulary=9, embedding=4, units=6, depth=2)
    random = np.random.RandomState(2)
    for variable in model.trainable_variables:
        variable.assign(variable + 0.4 * random.normal(size=variable.shape))
    sources = [[1, 2, 3], [4], [5, 6, 8, 1, 2, 3, 4]]
    runs = exported(model)
    generators = Generator(model), Generator(runs)
    for options in OPTIONS:
        made = [each([[1]] * 3, new_tokens=20, seed=6, source=sources, **options) for each in generators]
        assert made[0] == made[1]
    beams = {"new_tokens": 12, "stop": 2, "beams": 3, "source": sources}
    made = [each.beam([[1], [1, 3], [1]], **beams) for each in generators]
    assert made[0] == made[1] and any(made[0])
    if name == "transformer":
        source, target = np.array([[1, 2, 3, 0]], "int32"), np.array([[1, 2, 3, 4, 5]], "int32")
        np.testing.assert_allclose(runs.attention(source, target), model.attention(source, target), atol=1e-6)


def test_a_checkpoint_without_an_export_is_the_keras_model(monkeypatch, capfd):
    monkeypatch.setattr("zoo.runtime.onnx_generator._converted", lambda function: 1 / 0)
    assert isinstance(onnx_generator.load("lstm.shakespeare"), zoo.LSTM)
    assert capfd.readouterr().err.splitlines() == [
        "lstm.shakespeare: exporting it to ONNX, once, for fast starts from now on",
        "lstm.shakespeare: without ONNX Runtime, slower: division by zero",
    ]
    assert cache.entries() == {}
    monkeypatch.setenv("KERAS_BACKEND", "jax")  # asked for, so it is what computes
    monkeypatch.setattr("zoo.runtime.onnx_generator.backend.start", lambda: None)
    assert isinstance(onnx_generator.load("lstm.shakespeare"), zoo.LSTM) and not capfd.readouterr().err
