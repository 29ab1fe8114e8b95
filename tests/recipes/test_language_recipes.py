"""The recipes of the language line: what they learn from, what they measure, and that they train."""

import functools

import keras
import numpy as np
import pytest

import zoo
from zoo.data import catalogue, tokens
from zoo.data.labels import confidence, probabilities
from zoo.hub import checkpoint
from zoo.metrics.baselines import tfidf
from zoo.recipes import bert_clinc150, bert_rt_polarity
from zoo.recipes.bert_gutenberg import BERTGutenberg
from zoo.recipes.lstm_shakespeare import LSTMShakespeare
from zoo.tasks import model_masked_text
from zoo.tasks.generate_text import token_nll, token_sequence
from zoo.tasks.model_masked_text import mask_tokens, passages
from zoo.training import digest, distillation, loop
from zoo.training.calibration import OOD_THRESHOLD, calibrate
from zoo.training.distillation import Changes
from zoo.training.families import sentences
from zoo.training.families.multi30k import Multi30k
from zoo.training.families.sentences import Sentences

TEXT = "".join(f"Line {i} of a play.\nIt says {i % 7} to the {i % 3}rd.\n\n" for i in range(60))


class Logits:
    """A language model of 11 tokens whose answer depends on all tokens before, and on how many those are."""

    def __call__(self, x):
        seen = np.cumsum(x * np.arange(1, x.shape[1] + 1), axis=1)[..., None]
        return {"logits": np.sin(seen * np.arange(1, 12))}


@pytest.mark.parametrize("size", [5, 8, 9, 20, 37, 38, 39])
def test_each_token_is_asked_for_once_with_half_a_window_before_it(size):
    sequence = np.random.RandomState(size).randint(0, 11, size)
    found = token_nll(Logits(), sequence, 8)
    assert found.shape == (size - 1,)
    for place in range(1, size):  # by itself: the window that it is the latter half of, or the first, or the last
        ends = [min(8, size - 1), *range(12, size - 1, 4), size - 1]
        end = next(end for end in ends if place <= end)
        start = max(0, end - 8)
        window = sequence[start:place]
        assert len(window) >= min(place, 4)
        logits = Logits()(window[None])["logits"][0, -1]
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
    card = loop.train(TinyLM(), out, runs=tmp_path / "runs")
    [row] = card.metrics
    assert row["metric"] == "nll" and row["unit"] == "nats/char" and row["n"] == len(TEXT) - 1
    assert 1.5 < row["value"] < np.log(card.tokenizer["tokens"])
    assert card.training["missed"] == {"nll": 1.0}  # lower is better
    assert card.outputs["logits"]["shape"] == [None, card.tokenizer["tokens"]]  # as many as the text has characters
    predict = zoo.predictor(out, "model")
    [again], _ = TinyLM().evaluate(predict, [TEXT], "validation")
    assert again["value"] == pytest.approx(row["value"], abs=1e-3)
    assert predict.tokenizer.text(token_sequence(predict.tokenizer, [TEXT])) == TEXT

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
    card = loop.train(recipe, tmp_path / "transformer.test", runs=tmp_path / "runs")
    [row] = card.metrics
    assert row["metric"] == "bleu" and 0 <= row["value"] <= 100 and "nrefs:1|case:mixed" in row["protocol"]
    assert recipe.summary == "A small Transformer translates English descriptions into German."


# --- BERT -------------------------------------------------------------------------------------------------------------


@functools.cache
def pieces():
    return tokens.word_pieces([TEXT], 120, 32)


def test_passages_hold_a_text_in_its_order():
    found = passages([TEXT], pieces(), np.random.default_rng(0))
    assert max((each >= 0).sum() for each in found) <= max(model_masked_text.LENGTHS) - 3
    whole = np.concatenate(found)
    assert (whole == -1).sum() == 120 - len(found)  # between all sentences but the last and first of two passages
    assert pieces().text(whole[whole >= 0]) == " ".join(TEXT.split()).lower()


def test_tokens_are_masked_as_the_paper_says():
    rng = np.random.default_rng(0)
    found = 40 * passages([TEXT], pieces(), rng)
    x, y = mask_tokens(found, None, rng, tokenizer=pieces())
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
    classes, epochs, validation, peak, batch_size = 2, 20, 10, 1e-2, 16
    own_arguments = {"vocabulary": 90, "depth": 1}
    changed = 2
    targets = {"accuracy": 90.0}
    outputs = {"logits": {"description": "of a test"}}
    labels = ["odd", "even"]
    protocol, dataset = "all", "clinc150"
    summary = intended_use = limits = licence = "tests"
    commercial_use = True

    def examples(self, split, data_dir=None, folder=None):
        tfidf = ("line", "play")
        return [f"It says {tfidf[i % 2]} {i % 7}." for i in range(100)], np.arange(100) % 2

    def teacher(self, texts, y):
        return lambda texts: np.eye(2)[[int("play" in text) for text in texts]]


def test_a_bert_is_pre_trained_and_fine_tuned(tmp_path):
    card = loop.train(TinyBERT(), tmp_path / "base", runs=tmp_path / "runs")
    assert [(row["metric"], row["unit"]) for row in card.metrics] == [("nll", "nats/token"), ("accuracy", "%")]
    recipe = TinyClasses()
    recipe.init = str(tmp_path / "base")
    card = loop.train(recipe, tmp_path / "bert.test-classes", runs=tmp_path / "runs")
    assert card.training["missed"] == {}
    predict = zoo.predictor(tmp_path / "bert.test-classes")  # with ONNX Runtime on TensorFlow
    texts, y = recipe.examples("test")
    assert 100 * np.mean(predict(texts)["logits"].argmax(axis=1) == y) == card.result("accuracy")["value"]
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


def test_distillation_has_labelled_sentences_and_changed_ones():
    texts, y = TinyClasses().examples("train")
    targets, asked = np.eye(2)[y], []

    def teacher(texts):
        asked.append(len(texts))
        return np.full((len(texts), 2), [0.1, 0.9])

    found, probable = distillation.distilled(texts, y, targets, teacher, repeated=3, changed=60, exchanged=0.1, seed=1)
    assert found[:300] == 3 * texts and len(found) == len(probable) == 300 + 6000 and probable.dtype == np.float32
    assert max(asked) == distillation.PART
    own = distillation.LABEL_WEIGHT * targets + (1 - distillation.LABEL_WEIGHT) * np.array([0.1, 0.9])
    np.testing.assert_allclose(probable[:300], np.tile(own, (3, 1)), atol=1e-6)
    np.testing.assert_allclose(probable[300:], np.full((6000, 2), [0.1, 0.9]), atol=1e-6)
    again, _ = distillation.distilled(texts, y, targets, teacher, repeated=3, changed=60, exchanged=0.1, seed=1)
    assert again == found and len(set(found[300:])) > 1000


def test_as_many_tokens_are_masked_as_asked_for_and_no_special_ones(monkeypatch):
    recipe = TinyClasses()
    monkeypatch.setattr(recipe, "_learned_tokenizer", lambda seed, data_dir: pieces())
    recipe.masking = 0.3
    batches, _ = recipe.training_data(None)
    found = np.concatenate([batches[number][0]["tokens"].ravel() for number in range(len(batches))])
    special = [tokens.PAD, tokens.UNKNOWN, tokens.CLS, tokens.SEP, tokens.MASK]
    *_, cls, _, mask = numbers_ = [pieces().number(token) for token in special]
    assert (found == mask).sum() / (found >= mask).sum() == pytest.approx(0.3, abs=0.05)
    recipe.masking = 1.0
    found = recipe.training_data(None)[0][0][0]["tokens"]
    assert (found[:, 0] == cls).all() and set(np.unique(found)) <= set(numbers_)


class OurRequests:
    """Instead of the data set's requests a few of our own, and one block of the network instead of all."""

    own_arguments = {"depth": 1}
    epochs, classes, labels = 1, 2, ["timer", "weather"]
    outputs = {"logits": {"description": "of a test"}}
    targets = {}

    def examples(self, split, data_dir=None, folder=None):
        lines = [("set a timer for", 0), ("what is the weather in", 1), ("who painted", -1)]
        return [f"{line} {n}" for n in range(30) for line, _ in lines], np.array(
            [y for _ in range(30) for _, y in lines]
        )


class Few(OurRequests, bert_clinc150.BERTClinc150):
    name = "bert.test-clinc150"
    repeated, changed = 2, 3

    def teachers(self):
        return [FewLabels()]


class FewLabels(OurRequests, bert_clinc150.FromLabels):
    name = "bert.test-clinc150-labels"
    seeds = (1, 2)


def of_labelled(recipe, y, taught):
    """Targets of labelled sentences."""
    weight = distillation.LABEL_WEIGHT
    return weight * recipe.targets_of(y) + (1 - weight) * taught


def test_a_student_learns_from_its_teachers(tmp_path, monkeypatch):
    clinc150 = bert_clinc150.Clinc150
    finished, finish = [], clinc150.finish
    monkeypatch.setattr(clinc150, "finish", lambda self, *given: (finished.append(self.seed), finish(self, *given)))
    taught, teacher = [], Few.teacher
    monkeypatch.setattr(Few, "teacher", lambda self, *given: (taught.append(self.experts), teacher(self, *given))[1])
    epochs = []
    began = keras.callbacks.Callback.on_epoch_begin
    monkeypatch.setattr(
        loop.Resume, "on_epoch_begin", lambda self, *given: (epochs.append(self.folder.name), began(self, *given))
    )
    card = loop.train(Few(), tmp_path / "out", runs=tmp_path / "runs")
    kinds = {(row["metric"], row["role"]) for row in card.metrics}
    assert kinds == {
        (m, role) for m in ("accuracy", "oos_recall", "auroc") for role in ("result", "control", "baseline")
    }
    assert finished == [1, 2, 1]  # both controls and the net have thresholds of their own
    [experts] = taught
    assert len(experts) == 2
    assert epochs == ["bert.test-clinc150-labels-1", "bert.test-clinc150-labels-2", "bert.test-clinc150"]  # none twice
    assert experts[0].tokenizer.size == checkpoint.tokenizer("bert.gutenberg").size != Few().tokenizer(None).size
    assert experts[0].model.arguments["pooling"] == "cls" and Few().arguments["pooling"] == "mean"
    assert not list((tmp_path / "runs").iterdir())  # the teachers' states are forgotten, too

    recipe = Few()
    texts, y = recipe.examples("train")
    recipe.set_teachers([])
    alone = recipe.teacher(texts, y)(texts)
    np.testing.assert_allclose(alone.sum(axis=1), 1)
    assert (alone.argmax(axis=1) == y)[y >= 0].all() and np.abs(alone[y < 0] - 0.5).max() < 0.05  # spread over both
    recipe.set_teachers(experts)
    together = recipe.teacher(texts, y)(texts)
    opinions = np.stack([alone, *(probabilities(expert(texts)["logits"]) for expert in experts)])
    mean = np.exp(np.log(opinions).mean(axis=0))
    np.testing.assert_allclose(together, mean / mean.sum(axis=1, keepdims=True), atol=1e-4)
    batches, _ = recipe.training_data(None)
    assert batches.x[: 2 * len(texts)] == 2 * texts and len(batches.x) == len(batches.y) == 5 * len(texts)
    own = of_labelled(recipe, y, together)
    np.testing.assert_allclose(batches.y[: len(texts)], own, atol=1e-4)


def test_a_teachers_code_is_part_of_a_training():
    names = digest.modules(*digest.parts(bert_clinc150.RECIPE))
    assert {"zoo.metrics.baselines.tfidf", "zoo.training.distillation", "zoo.data.labels", "zoo.data.tokens"} <= names


def test_changed_sentences_are_made_of_others():
    texts = ["one two three four five six", "seven eight nine ten", "red green blue"]
    change = Changes(texts, np.array([0, 0, 1]), exchanged=0.1)
    rng = np.random.default_rng(0)
    found = [change(texts[0], 0, rng).split() for _ in range(500)]
    known = {word for text in texts for word in text.split()}
    assert all(0 < len(tfidf) <= 6 + distillation.LONGER for tfidf in found)
    assert len({tuple(tfidf) for tfidf in found}) > 200
    ends = [tfidf[-1] for tfidf in found]
    assert ends.count("ten") > 2 * ends.count("blue") > 0  # of the same class more often
    unseen = [word for tfidf in found for word in tfidf if word not in known]
    assert 0 < len(unseen) < 0.03 * sum(map(len, found))  # a fifth of a tenth
    letters = {word[0] for word in known}, {word[-1] for word in known}
    assert all(word[0] in letters[0] and word[-1] in letters[1] for word in unseen)  # parts of two words
    change.exchanged = 0.0
    assert all(set(change(texts[0], 0, rng).split()) <= known for _ in range(100))


def test_embeddings_move_to_another_vocabulary():
    old, new = pieces(), tokens.word_pieces([TEXT, "unseenword lines"], 150, 32)
    known = np.random.RandomState(0).normal(size=(old.size, 4)).astype("float32")
    table = sentences.moved(known, old, new)
    assert table.shape == (new.size, 4) and table.dtype == np.float32
    np.testing.assert_array_equal(table[new.number("line")], known[old.number("line")])
    token = max(set(new.inner.get_vocab()) - set(old.inner.get_vocab()), key=len)
    cut = old([token.removeprefix("##")])[0]
    np.testing.assert_allclose(table[new.number(token)], known[cut].mean(axis=0), rtol=1e-6)


def test_a_text_of_less_than_two_tokens_has_no_figure():
    recipe, tokenizer = LSTMShakespeare(), tokens.characters(["ab"])
    for text in ([], [""], ["a"]):
        predict = type("Predict", (Logits,), {"tokenizer": tokenizer})()
        with pytest.raises(zoo.errors.BadInput, match="too few to measure on"):
            recipe.evaluate(predict, text, "validation")


def test_ten_folds_part_the_sentences(monkeypatch):
    everything = [f"sentence {number}" for number in range(105)], np.arange(105) % 2
    monkeypatch.setattr(catalogue, "load", lambda name, split, data_dir: everything)
    recipe = bert_rt_polarity.RECIPE
    parts = [recipe.examples(f"fold{fold}") for fold in range(1, 11)]
    assert sorted(text for texts, _ in parts for text in texts) == sorted(everything[0])
    for fold, (texts, y) in enumerate(parts, start=1):
        rest, rest_y = recipe.examples(f"rest{fold}")
        assert set(texts) | set(rest) == set(everything[0]) and not set(texts) & set(rest)
        for text, label in [*zip(texts, y, strict=True), *zip(rest, rest_y, strict=True)]:
            assert label == everything[1][everything[0].index(text)]


def test_the_threshold_costs_no_more_than_it_may():
    rng = np.random.default_rng(0)
    inside = np.arange(2000) < 1500
    sure, right = rng.normal(inside * 2.0), rng.random(2000) < 0.9
    place = bert_clinc150.best_threshold(sure, right, inside)
    lost = np.mean((right & (sure < place))[inside])
    assert 0.9 * bert_clinc150.COST < lost <= bert_clinc150.COST
    above = np.sort(sure[inside])
    above = above[above > place][0]
    assert np.mean((right & (sure < above))[inside]) > bert_clinc150.COST or not right[sure == place]


def test_calibration_makes_probabilities_right_and_the_threshold_zero():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(4000, 3)).astype("float32")
    true = 2 * features  # logits by which labels are drawn
    y = (rng.gumbel(size=true.shape) + true).argmax(axis=1)
    head = keras.layers.Dense(3)
    head.build((None, 3))
    head.set_weights([20 * np.eye(3, dtype="float32"), np.full(3, 5, "float32")])  # ten times too sure
    logits = keras.ops.convert_to_numpy(head(features))
    calibrate(head, logits, np.eye(3)[y], lambda sure: np.quantile(sure, 0.25))
    after = keras.ops.convert_to_numpy(head(features))
    np.testing.assert_array_equal(after.argmax(axis=1), true.argmax(axis=1))
    assert np.mean(confidence(after) < OOD_THRESHOLD) == pytest.approx(0.25, abs=0.001)
    assert np.mean(probabilities(after).max(axis=1)) == pytest.approx(np.mean(after.argmax(axis=1) == y), abs=0.02)


def test_baselines_learn_words():
    good, bad = ("a fine warm film", "warm and fine"), ("a dull cold film", "cold and dull")
    texts, y = [*good, *bad] * 5, np.array([1, 1, 0, 0] * 5)
    parts = functools.partial(tfidf.logistic_regression, parts=True)
    for method in (tfidf.plain_logistic_regression, tfidf.logistic_regression, parts, tfidf.nb_logistic_regression):
        scores = method(texts, y)(["so warm", "so dull"])
        assert scores.argmax(axis=1).tolist() == [1, 0]
        np.testing.assert_allclose(np.exp(scores).sum(axis=1), 1, rtol=1e-6)
    # "warm" is in 10 of 10 sentences for, in none against; "and" in as many of both, so it has no weight.
    weighed = tfidf.nb_logistic_regression(texts, y)
    assert weighed(["warm"])[0, 1] - weighed(["so"])[0, 1] > 0.3
    np.testing.assert_allclose(weighed(["and"]), weighed(["so"]), atol=1e-6)
    assert parts(texts, y)(["warmth", "coldness"]).argmax(axis=1).tolist() == [1, 0]
    others = ["what time is it now", "who won the match"]
    score = tfidf.linear_svm([*texts, *others * 5], np.array([*y, *[-1, -1] * 5]))
    assert score(["warm film", "cold film"]).argmax(axis=1).tolist() == [1, 0]
    assert score(["fine and warm"]).max() > 0 > score(["what time is it"]).max()


def test_what_is_out_of_scope_is_measured_apart():
    recipe = bert_clinc150.RECIPE
    y = np.array([3, 4, 5, -1, -1])
    logits = np.full((5, 150), -5.0)
    logits[0, 3], logits[1, 4], logits[2, 9], logits[3, 0], logits[4, 0] = 2, -1, 3, -2, 1
    rows, curves = recipe.evaluate(lambda texts: {"logits": logits}, (["?"] * 5, y), "test")
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
