"""The recipes of the language line: what they learn from, what they measure, and that they train."""

import functools

import keras
import numpy as np
import pytest

import zoo
from zoo.data import tokens
from zoo.hub import checkpoint
from zoo.recipes import bert_clinc150, bert_gutenberg, training
from zoo.recipes.bert_gutenberg import BERTGutenberg, stretches, with_gaps
from zoo.recipes.language_model import numbers, surprises
from zoo.recipes.lstm_shakespeare import LSTMShakespeare
from zoo.recipes.multi30k import Multi30k
from zoo.recipes.sentences import Sentences

TEXT = "".join(f"Line {i} of a play.\nIt says {i % 7} to the {i % 3}rd.\n\n" for i in range(60))


class Logits:
    """A language model of 11 tokens whose answer depends on all tokens before, and on how many those are."""

    def __call__(self, x):
        seen = np.cumsum(x * np.arange(1, x.shape[1] + 1), axis=1)[..., None]
        return np.sin(seen * np.arange(1, 12))


@pytest.mark.parametrize("size", [5, 8, 9, 20, 37, 38, 39])
def test_each_token_is_asked_for_once_with_half_a_window_before_it(size):
    sequence = np.random.RandomState(size).randint(0, 11, size)
    found = surprises(Logits(), sequence, 8)
    assert found.shape == (size - 1,)
    for place in range(1, size):  # by itself: the window that it is the latter half of, or the first, or the last
        ends = [min(8, size - 1), *range(12, size - 1, 4), size - 1]
        end = next(end for end in ends if place <= end)
        start = max(0, end - 8)
        window = sequence[start:place]
        assert len(window) >= min(place, 4)
        logits = Logits()(window[None])[0, -1]
        expected = np.log(np.exp(logits).sum()) - logits[sequence[place]]
        assert found[place - 1] == pytest.approx(expected)


class TinyLM(LSTMShakespeare):
    name = "lstm.test"
    context, epochs, batch_size = 16, 2, 4
    targets = {"nll": 1.0}

    @property
    def arguments(self):
        return {"vocabulary": self.tokenizer(None).size, "embedding": 4, "units": 8}

    def examples(self, split, data_dir=None, folder=None):
        return [TEXT]


def test_a_language_model_is_trained_measured_and_kept_with_its_tokeniser(tmp_path):
    out = tmp_path / "lstm.test"
    card = training.train(TinyLM(), out, runs=tmp_path / "runs")
    [row] = card.metrics
    assert row["metric"] == "nll" and row["unit"] == "nats/char" and row["n"] == len(TEXT) - 1
    assert 1.5 < row["value"] < np.log(card.tokenizer["tokens"])
    assert card.training["missed"] == {"nll": 1.0}  # lower is better
    predict = zoo.predictor(out, "model")
    [again], _ = TinyLM().evaluate(predict, [TEXT], "validation")
    assert again["value"] == pytest.approx(row["value"], abs=1e-3)
    assert predict.tokenizer.text(numbers(predict.tokenizer, [TEXT])) == TEXT

    (out / "tokenizer.json").write_bytes((out / "tokenizer.json").read_bytes() + b" ")
    with pytest.raises(zoo.errors.BadCheckpoint, match="SHA-256 differs"):
        checkpoint.tokenizer(out)


# --- translation ------------------------------------------------------------------------------------------------------


class TinyTranslator(Multi30k):
    """Words into the same words, in other letters."""

    name = "transformer.test"
    source, target = "en", "de"
    epochs, batch_size = 1, 16
    arguments = {"vocabulary": 300, "width": 16, "depth": 1, "heads": 2, "hidden": 16, "context": 64}

    def tokenizer(self, data_dir):
        return tokens.byte_pairs([TEXT], 300)

    def examples(self, split, data_dir=None, folder=None):
        lines = [line for line in TEXT.split("\n") if line]
        return lines, [line.upper() for line in lines]


def test_a_translator_learns_from_pairs(tmp_path):
    recipe = TinyTranslator()
    batches, (x, y) = recipe.training_data(None)
    tokenizer = recipe.tokenizer(None)
    x, y = batches[0]
    for source, target, label in zip(x["source"], x["target"], y, strict=True):
        assert label[label > 0][-1] == source[source > 0][-1] == tokenizer.number(tokens.END)
        assert target[0] == tokenizer.number(tokens.START)
        np.testing.assert_array_equal(target[target > 0][1:], label[label > 0][:-1])
        assert tokenizer.text(source[source > 0]).upper() == tokenizer.text(label[label > 0])
    card = training.train(recipe, tmp_path / "transformer.test", runs=tmp_path / "runs")
    [row] = card.metrics
    assert row["metric"] == "bleu" and 0 <= row["value"] <= 100 and "nrefs:1|case:mixed" in row["protocol"]
    assert recipe.summary == "A small Transformer translates English descriptions into German."


# --- BERT -------------------------------------------------------------------------------------------------------------


@functools.cache
def pieces():
    return tokens.word_pieces([TEXT], 120, 32)


def test_stretches_hold_a_text_in_its_order():
    found = stretches([TEXT], pieces(), np.random.default_rng(0))
    assert max((each >= 0).sum() for each in found) <= max(bert_gutenberg.LENGTHS) - 3
    whole = np.concatenate(found)
    assert (whole == -1).sum() == 120 - len(found)  # between all sentences but the last and first of two stretches
    assert pieces().text(whole[whole >= 0]) == " ".join(TEXT.split()).lower()


def test_gaps_are_what_the_paper_says():
    rng = np.random.default_rng(0)
    found = 40 * stretches([TEXT], pieces(), rng)
    x, y = with_gaps(found, None, rng, tokenizer=pieces())
    cls, sep, mask = (pieces().number(token) for token in (tokens.CLS, tokens.SEP, tokens.MASK))
    assert (x["tokens"][:, 0] == cls).all() and ((x["tokens"] == sep).sum(axis=1) == 2).all()
    assert x["tokens"].shape == x["segments"].shape == y["masked"].shape
    for row, segments in zip(x["tokens"], x["segments"], strict=True):
        first, last = np.flatnonzero(row == sep)
        np.testing.assert_array_equal(segments, (np.arange(len(row)) > first) & (np.arange(len(row)) <= last))
    asked = y["masked"] >= 0
    assert not asked[x["tokens"] == sep].any() and not asked[x["tokens"] == cls].any()
    usual = (x["tokens"] > sep).sum()
    assert asked.sum() / usual == pytest.approx(0.15, abs=0.01)
    assert (x["tokens"][asked] == mask).mean() == pytest.approx(0.8, abs=0.02)
    assert (x["tokens"][asked] == y["masked"][asked]).mean() == pytest.approx(0.1, abs=0.02)
    assert y["next"].mean() == pytest.approx(0.5, abs=0.05)


class TinyBERT(BERTGutenberg):
    name = "bert.test"
    epochs, batch_size = 1, 16
    arguments = {"vocabulary": 120, "context": 128, "width": 16, "depth": 1, "heads": 2}

    def tokenizer(self, data_dir):
        return tokens.word_pieces([TEXT], 120, 128)

    def _texts(self, held, data_dir):
        return 4 * [TEXT]


class TinyClasses(Sentences):
    name = "bert.test-classes"
    classes, epochs, validation, peak = 2, 20, 10, 1e-2
    targets = {"accuracy": 90.0}
    output = {"kind": "logits", "shape": [2], "dtype": "float32"}
    labels = ["odd", "even"]
    protocol, dataset = "all", "clinc150"
    summary = intended_use = limits = licence = "tests"
    commercial_use = True

    def examples(self, split, data_dir=None, folder=None):
        words = ("line", "play")
        return [f"It says {words[i % 2]} {i % 7}." for i in range(100)], np.arange(100) % 2


def test_a_bert_is_pre_trained_and_fine_tuned(tmp_path):
    card = training.train(TinyBERT(), tmp_path / "base", runs=tmp_path / "runs")
    assert [(row["metric"], row["unit"]) for row in card.metrics] == [("nll", "nats/token"), ("accuracy", "%")]
    recipe = TinyClasses()
    recipe.init = str(tmp_path / "base")
    card = training.train(recipe, tmp_path / "bert.test-classes", runs=tmp_path / "runs")
    assert card.training["missed"] == {}
    predict = zoo.predictor(tmp_path / "bert.test-classes")  # with ONNX Runtime on TensorFlow
    texts, y = recipe.examples("test")
    assert 100 * np.mean(predict(texts).argmax(axis=1) == y) == card.result("accuracy")["value"]
    for wrong in ("one text", [], [1]):
        with pytest.raises(zoo.errors.BadInput, match="list of texts"):
            predict(wrong)
    model = zoo.load(tmp_path / "base", classes=3)
    assert model.output.shape == (None, 3)
    base = zoo.load(tmp_path / "base")
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(model.get_layer("block1").weights[0]),
        keras.ops.convert_to_numpy(base.get_layer("block1").weights[0]),
    )


def test_what_is_out_of_scope_is_measured_apart():
    recipe = bert_clinc150.RECIPE
    y = np.array([3, 4, 5, -1, -1])
    logits = np.full((5, 150), -5.0)
    logits[0, 3], logits[1, 4], logits[2, 9], logits[3, 0], logits[4, 0] = 2, -1, 3, -2, 1
    rows, curves = recipe.evaluate(lambda texts: logits, (["?"] * 5, y), "test")
    found = {row["metric"]: (row["value"], row["n"]) for row in rows}
    # One is right; one would be, but is taken to be out of scope; one is wrong.
    assert found["accuracy"] == (pytest.approx(100 / 3, abs=1e-3), 3) and found["oos_recall"] == (50.0, 2)
    assert found["auroc"][0] == pytest.approx(5 / 6, abs=1e-3)
    assert all(point["accuracy"] <= 66.67 for point in curves["scope"])
    targets = recipe.targets_of(np.array([1, -1]))
    assert (
        targets.dtype == np.float32
        and targets[0].argmax() == 1
        and targets[1].tolist() == pytest.approx([1 / 150] * 150)
    )
