"""`zoo eval` on data of the user's own: what it asks for, and how the rows name it."""

import numpy as np
import pytest
from helpers import array, card_of

import zoo
from zoo.data import tokens
from zoo.errors import BadInput, UnknownName
from zoo.hub import store
from zoo.kinds.image import write_image
from zoo.training.evaluation import evaluate


def test_a_translator_needs_the_files_of_its_two_languages_alone(tmp_path):
    (tmp_path / "test_2016_flickr.en").write_text("Two dogs run.\n")
    (tmp_path / "test_2016_flickr.de").write_text("Zwei Hunde laufen.\n")
    [row] = evaluate("transformer.multi30k-en-de", folder=tmp_path)["metrics"]
    assert (row["metric"], row["split"], row["n"]) == ("bleu", "own data", 1)
    (tmp_path / "test_2016_flickr.en").unlink()
    with pytest.raises(BadInput, match=r"test_2016_flickr\.en: cannot be read"):
        evaluate("transformer.multi30k-en-de", folder=tmp_path)


def test_a_classifier_of_texts_needs_one_file_of_any_name(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("text,label\na warm and lovely film,positive\ndull and far too long,negative\n")
    for folder in (tmp_path, path):
        [row] = evaluate("bert.rt-polarity", folder=folder)["metrics"]
        assert (row["metric"], row["split"], row["n"], row["value"]) == ("accuracy", "own data", 2, 100)
        assert row["paper"] is None and row["protocol"].startswith(f"on {folder} rather than the card's data: ")
    (tmp_path / "other.csv").write_text("text,label\n")
    with pytest.raises(BadInput, match=r"no test\.csv; it has mine\.csv, other\.csv"):
        evaluate("bert.rt-polarity", folder=tmp_path)


def test_photographs_of_ones_own_are_no_split_of_another_data_set(tmp_path):
    photo = np.zeros((40, 60, 3), np.uint8)
    photo[:, :30, 0], photo[:, 30:, 2] = 200, 150
    write_image(tmp_path / "photo.png", photo)
    rows = evaluate("unet.color", folder=tmp_path)["metrics"]
    assert {row["split"] for row in rows} == {"own data"} and all(row["n"] == 1 for row in rows)


def test_photographs_of_some_classes_are_enough(tmp_path, capsys):
    """Their logits are those of all classes."""
    labels = ["ant", "bee", "cat", "dog"]
    model = zoo.MLP(input_shape=(4, 4, 1), hidden=(), classes=4)
    dense = model.layers[-1]
    dense.kernel.assign(np.zeros(dense.kernel.shape))
    dense.bias.assign([0, 0, 1, 0])  # always a cat
    facts = {"inputs": {"image": array(4, 4, 1, dtype="uint8")}, "outputs": {"logits": array(4)}, "labels": labels}
    store.save(model, tmp_path / "mine", card_of(model, **facts))
    for name in ("cat/1.png", "cat/2.png", "cat/3.png", "dog/1.png"):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        write_image(tmp_path / "photos" / name, np.zeros((4, 4, 3), np.uint8))
    (tmp_path / "photos" / "bee").mkdir()
    [row] = evaluate(tmp_path / "mine", folder=tmp_path / "photos")["metrics"]
    assert (row["value"], row["n"]) == (75, 4)
    assert "no images of ant, bee" in capsys.readouterr().err
    with pytest.raises(BadInput, match="photos/bird is none of the classes: ant, bee, cat, dog"):
        (tmp_path / "photos" / "bird").mkdir()
        evaluate(tmp_path / "mine", folder=tmp_path / "photos")
    with pytest.raises(BadInput, match="has no class folders with images"):
        evaluate(tmp_path / "mine", folder=tmp_path / "photos" / "cat")


def test_a_checkpoint_without_a_recipe_is_measured_by_its_task(tmp_path):
    tokenizer = tokens.characters(["abc\n"])
    model = zoo.LSTM(vocabulary=tokenizer.size, embedding=4, units=4)
    facts = {"inputs": {"tokens": array(None, dtype="int32")}, "outputs": {"logits": array(None, tokenizer.size)}}
    store.save(model, tmp_path / "lstm.mine", card_of(model, task="generate_text", **facts), tokenizer=tokenizer)
    (tmp_path / "text.txt").write_text("abcab\n")
    [row] = evaluate(tmp_path / "lstm.mine", folder=tmp_path / "text.txt")["metrics"]
    assert (row["metric"], row["unit"], row["split"], row["n"]) == ("nll", "nats/char", "own data", 5)
    with pytest.raises(UnknownName, match="no recipe is called"):
        evaluate(tmp_path / "lstm.mine")
