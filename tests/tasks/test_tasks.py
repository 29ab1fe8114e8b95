"""What each task knows: examples, what a person reads in outputs, measuring and fine-tuning."""

import json
import shutil

import numpy as np
import pytest
from helpers import array, failing

import zoo
from zoo import recipes, tasks
from zoo.data import color, tokens
from zoo.errors import BadCheckpoint, BadInput, UnknownName
from zoo.hub import checkpoint
from zoo.hub.card import Card
from zoo.tasks import classify_texts, generate_images, translate_text
from zoo.tasks.task import Task


def card(**fields) -> Card:
    text = dict.fromkeys(("name", "summary", "architecture", "task", "intended_use", "limits", "licence"), "test")
    rest = {"arguments": {}, "parameters": 0, "inputs": {}, "outputs": {}, "labels": None, "data": {}, "metrics": []}
    return Card(**text | rest | {"training": {}, "commercial_use": True} | fields)


def test_tasks_are_found_by_their_files():
    assert len(tasks.names()) >= 10 and "examples" not in tasks.names() and "task" not in tasks.names()
    for name in tasks.names():
        assert isinstance(tasks.find(name), Task) and tasks.find(name).name == name
    with pytest.raises(UnknownName, match="did you mean classify_images"):
        tasks.find("classify_image")
    with pytest.raises(BadCheckpoint, match=r"this checkpoint has no task; zoo\.load reads it"):
        tasks.find("")
    assert {zoo.card(name).task for name in recipes.names()} == set(tasks.names())


@pytest.mark.parametrize("name", recipes.names())
def test_examples_are_what_the_card_says_and_the_first_of_many_are_the_same(name):
    about = zoo.card(name)
    example = tasks.find(about.task).example
    one, three = example(about, 1), example(about, 3)
    assert list(one) == list(about.inputs)
    for name, facts in about.inputs.items():
        assert one[name].dtype == facts["dtype"] and len(three[name]) == 3
        for size, described in zip(one[name].shape[1:], facts["shape"], strict=True):
            assert described in (None, size)
        np.testing.assert_array_equal(one[name], three[name][:1])


def test_a_classifier_is_read_as_labels_with_probabilities():
    task, about = tasks.find("classify_images"), card(labels=["cat", "dog", "emu"])
    outputs = {"logits": np.array([[0.0, 2.0, 1.0], [-3.0, -2.0, -1.0]])}
    first, second = task.decode(about, outputs)
    assert first["label"] == "dog" and first["in_distribution"] is None and second["label"] == "emu"
    assert [label for label, _ in first["labels"]] == ["dog", "emu", "cat"]
    assert sum(chance for _, chance in first["labels"]) == pytest.approx(1)
    about.ood_threshold = 0.0
    first, second = task.decode(about, outputs)
    assert (first["label"], first["in_distribution"]) == ("dog", True)
    assert (second["label"], second["in_distribution"]) == (None, False)
    assert second["labels"][0][0] == "emu"  # the nearest is named all the same
    [both] = task.decode(card(labels=["no", "yes"]), {"logits": np.array([[-1.0]])})  # one logit for two labels
    assert both["label"] == "no" and both["labels"][0][1] == pytest.approx(1 / (1 + np.exp(-1)))
    assert "has 2 labels for logits of shape (2, 3)" in failing(
        BadCheckpoint, task.decode, card(labels=["a", "b"]), outputs
    )


def test_images_in_floating_point_are_read_by_their_range():
    found = generate_images.as_bytes(np.array([-1.0, 0.0, 1.0, 1.5]), [-1, 1])
    assert found.dtype == np.uint8 and found.tolist() == [0, 128, 255, 255]
    about = card(outputs={"image": array(1, 1, 1, range=[0, 1])})
    for name in ("generate_images", "denoise_images"):
        [image] = tasks.find(name).decode(about, {"image": np.full((1, 1, 1, 1), 0.2)})
        assert image.shape == (1, 1, 1) and image.item() == 51


def test_other_outputs_are_read_by_their_tasks():
    [chroma] = tasks.find("colorize_images").decode(None, {"chroma": np.full((1, 2, 2, 2), 0.5)})
    np.testing.assert_array_equal(chroma, np.full((2, 2, 2), 0.5 * color.CHROMA_SCALE))
    [image] = tasks.find("autoencode_images").decode(None, {"logits": np.array([[[[-50.0], [0.0], [50.0]]]])})
    assert image.ravel().tolist() == [0, 128, 255]
    logits = np.full((1, 2 + 5 + 116), -30.0)
    logits[0, [1, 2 + 3, 7 + 39]] = 30  # female, indian, 40 years
    [face] = tasks.find("estimate_attributes").decode(None, {"attributes": logits})
    assert face == {"gender": "female", "ethnicity": "indian", "age": pytest.approx(40)}


@pytest.fixture(scope="module")
def pairs():
    return tokens.byte_pairs(["the cat sat on the mat", "die Katze sitzt"], 300)


def one_hot(rows, size):
    return 10 * np.eye(size)[np.array(rows)]


def test_texts_are_read_by_their_tasks(pairs):
    [line] = pairs(["the cat sat"])
    assert tasks.find("translate_text").decode(None, {"logits": one_hot([line], pairs.size)}, pairs) == ["the cat sat"]
    [[(token, chance), *others]] = tasks.find("generate_text").decode(
        None, {"logits": one_hot([line], pairs.size)}, pairs
    )
    assert token == pairs.text(line[-1:]) and chance > others[0][1] and len(others) == 4
    pieces = tokens.word_pieces(["the cat sat on the mat"], 60, 16)
    [row] = pieces(["the cat"])
    outputs = {"masked": one_hot([row], pieces.size), "next": np.array([[0.0, 2.0]])}
    [found] = tasks.find("model_masked_text").decode(None, outputs, pieces)
    assert found["tokens"] == ["the", "cat"] and found["follows"] == pytest.approx(1 / (1 + np.exp(-2)))


def test_texts_of_any_lengths_are_batched(pairs):
    rows = [np.arange(1, 4), np.arange(1, 20)]
    x, y = classify_texts.TASK.collate(rows, np.array([0, 1]), None)
    assert (
        x["tokens"].shape == x["segments"].shape == (2, 32) and x["tokens"].dtype == np.int32 and y.tolist() == [0, 1]
    )
    assert x["tokens"][0].tolist() == [1, 2, 3] + 29 * [0]
    start, end = (pairs.number(token) for token in (tokens.START, tokens.END))
    x, y = translate_text.TASK.collate([([5, end], [start, 6, 7, end]), ([8, 9, end], [start, 4, end])], None, None)
    assert x["source"][:, :3].tolist() == [[5, end, 0], [8, 9, end]]
    assert x["target"][:, :4].tolist() == [[start, 6, 7, 0], [start, 4, 0, 0]]
    assert y[:, :4].tolist() == [[6, 7, end, 0], [4, end, 0, 0]]
    assert x["source"].shape == x["target"].shape == y.shape == (2, 8)


def test_a_checkpoint_for_a_task_that_is_unknown_is_one_line(tmp_path):
    folder = tmp_path / "mine"
    shutil.copytree(checkpoint.find("perceptron.mnist-01"), folder)
    fields = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(fields | {"task": "classify_image"}))
    with pytest.raises(UnknownName, match="no task is called 'classify_image'; did you mean classify_images"):
        zoo.predictor(folder, "model")


def test_what_a_task_cannot_do_is_one_line():
    about = card(name="unet.color")
    task = tasks.find("colorize_images")
    assert "unet.color cannot be fine-tuned" in failing(BadInput, task.finetuning, "unet.color", about, "x", 1, None)
    assert "unet.color cannot be measured on data of one's own" in failing(
        BadInput, task.read, about, "x", "test", None
    )
