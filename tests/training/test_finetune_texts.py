"""`zoo finetune` on texts: a CSV file onto a BERT, a text file onto a language model."""

import keras
import numpy as np
import pytest
from helpers import array, card_of

import zoo
from zoo import tasks
from zoo.data import tokens
from zoo.errors import BadInput
from zoo.hub import store
from zoo.tasks import task as task_module
from zoo.tasks.classify_texts import labelled
from zoo.training import evaluation
from zoo.training.finetune import finetune

GOOD, BAD = ("lovely", "wonderful", "delicious"), ("awful", "cold", "terrible")
ROWS = [(f"The {food} was {word}, said {who}.", label) for food in ("soup", "bread", "wine", "cake") for who in "abcde"
        for label, words in (("good", GOOD), ("bad", BAD)) for word in words]  # fmt: skip
TALE = "".join(f"{i % 5} cats met {i % 3} dogs.\n" for i in range(300))


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("texts") / "reviews.csv"
    path.write_text("label,text\n" + "".join(f'{label},"{text}"\n' for text, label in ROWS) + 'good,\n,"no label"\n')
    return path


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    """A tiny BERT of random weights, with its two heads, as a checkpoint."""
    keras.utils.set_random_seed(1)
    tokenizer = tokens.word_pieces([text for text, _ in ROWS], 120, 16)
    model = zoo.BERT(vocabulary=tokenizer.size, context=16, width=32, depth=1, heads=2)
    inputs = {"tokens": array(None, dtype="int32"), "segments": array(None, dtype="int32")}
    outputs = {"masked": array(None, tokenizer.size), "next": array(2)}
    card = card_of(model, task="model_masked_text", inputs=inputs, outputs=outputs)
    folder = tmp_path_factory.mktemp("bert") / "bert.tiny"
    store.save(model, folder, card, tokenizer=tokenizer)
    return folder


@pytest.fixture(scope="module")
def lstm(tmp_path_factory):
    keras.utils.set_random_seed(1)
    tokenizer = tokens.characters([TALE])
    model = zoo.LSTM(vocabulary=tokenizer.size, embedding=8, units=16)
    folder = tmp_path_factory.mktemp("lstm") / "lstm.tiny"
    facts = {"inputs": {"tokens": array(None, dtype="int32")}, "outputs": {"logits": array(None, tokenizer.size)}}
    store.save(model, folder, card_of(model, task="generate_text", **facts), tokenizer=tokenizer)
    return folder


def test_labels_are_learned_from_a_table(bert, table, tmp_path, monkeypatch):
    monkeypatch.setitem(task_module.RATES, "text", 3e-3)
    out = tmp_path / "mine"
    card = finetune(bert, table, out, epochs=12, runs=tmp_path / "runs")
    assert card.task == "classify_texts" and card.labels == ["bad", "good"]
    assert card.result("accuracy", "validation")["value"] >= 95
    assert card.data["name"] == "own" and (out / "confusion.png").exists() and (out / "curves.png").exists()
    logits = zoo.predictor(out)(["The cake was delicious, said a.", "The cake was awful, said a."])["logits"]
    assert logits.argmax(axis=1).tolist() == [1, 0]
    row, accepted = evaluation.evaluate(out, folder=table)["metrics"]
    assert row["value"] >= 95 and row["n"] == len(ROWS)
    assert accepted["metric"] == "acceptance_rate" and accepted["value"] > 85
    [baseline] = [row for row in card.metrics if row["role"] == "baseline"]
    assert baseline["value"] >= 95 and "TF-IDF" in baseline["protocol"]  # one word decides
    assert card.ood_threshold == 0 and card.result("rejection_rate", "background")["n"] == 50
    assert card.result("acceptance_rate", "validation")["value"] >= 95
    other = tmp_path / "other.csv"
    other.write_text("text,label\na,good\nb,so-so\n")
    with pytest.raises(BadInput, match="label 'so-so' is none of bad, good"):
        evaluation.evaluate(out, folder=other)


def test_a_manner_is_learned_from_a_text(lstm, tmp_path, monkeypatch):
    monkeypatch.setitem(task_module.RATES, "text", 1e-2)
    path = tmp_path / "tale.txt"
    path.write_text(TALE)
    card = finetune(lstm, path, tmp_path / "mine", epochs=12, runs=tmp_path / "runs")
    row = card.result("nll", "validation")
    assert row["value"] < 1.5 < np.log(card.tokenizer["tokens"]) and card.labels is None
    [before] = [row for row in card.metrics if row["role"] == "baseline"]
    assert before["value"] > row["value"] and before["protocol"] == "lstm.test before fine-tuning"
    least = min(each["val_loss"] for each in card.curves["training"])
    assert card.training["selected"]["value"] == pytest.approx(-least, abs=1e-4)
    [again] = evaluation.evaluate(tmp_path / "mine", folder=path)["metrics"]
    assert again["metric"] == "nll" and again["value"] < 1.5
    path.write_text("cats")
    with pytest.raises(BadInput, match="too few to learn from; give 1291 or more"):
        finetune(lstm, path, tmp_path / "other", runs=tmp_path / "runs")


def test_what_cannot_be_learned_from_says_so(bert, lstm, table, tmp_path):
    cases = (
        (bert, "text,mood\na,b\n", "no column 'label'"),
        (bert, "text,label\na,b\n", "has 1 labels"),
        (bert, "text,label\na,b\nc,b\nd,e\n", "label 'e' has one text"),
        (bert, "text,label\n,b\n", "has no labelled text"),
        (lstm, "text,label\na,b\n", "generates text, so it is fine-tuned on a text file"),
    )
    for number, (base, content, expected) in enumerate(cases):
        path = tmp_path / f"{number}.csv"
        path.write_text(content)
        with pytest.raises(BadInput, match=expected):
            finetune(base, path, tmp_path / "out", runs=tmp_path / "runs")
    with pytest.raises(BadInput, match="give a CSV file"):
        finetune(bert, tmp_path, tmp_path / "out", runs=tmp_path / "runs")
    (tmp_path / "latin.csv").write_bytes(b"text,label\ncaf\xe9,x\n")
    with pytest.raises(BadInput, match="line 2 is not UTF-8"):
        labelled(tmp_path / "latin.csv")


def test_every_layer_of_a_bert_learns(bert, table):
    card = zoo.card(bert)
    work = tasks.find(card.task).finetuning(bert, card, table, 1, None)
    model = work.model(bert)
    [(_, layers, _, _)] = work.stages(model, 1)
    before = [layer.get_weights() for layer in layers]
    model.compile("sgd")
    x, y = work.batches[0]
    model.train_on_batch(x, y)
    for layer, old in zip(layers, before, strict=True):
        assert not old or any(not np.array_equal(a, b) for a, b in zip(old, layer.get_weights(), strict=True))
