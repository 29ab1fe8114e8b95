"""The apps label and explain on a small classifier, and runs of apps that answer records and films."""

import csv
import json
from typing import Annotated

import keras
import numpy as np
import pytest

import zoo
from zoo.data.images import read_image, write_image
from zoo.errors import BadInput, OutputExists, UnknownName
from zoo.hub import checkpoint
from zoo.hub.card import Card
from zoo_apps.app import App, Film, Flag, Image, Record, Video
from zoo_apps.explain import Explain
from zoo_apps.label import Label, dominant_colours
from zoo_apps.runner import run


@pytest.fixture(scope="module")
def colours(tmp_path_factory):
    """A checkpoint that knows red, green and blue, whichever channel is largest."""
    keras.utils.set_random_seed(1)
    model = zoo.MobileNet(width=0.25, input_shape=(32, 32, 3), classes=3, dropout=0.0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.5  # few steps are enough for its averages
    x = np.random.RandomState(0).randint(0, 60, (96, 32, 32, 3)).astype("uint8")
    y = np.arange(96) % 3
    x[np.arange(96), :, :, y] += 180
    model.compile(keras.optimizers.Adam(3e-3), jit_compile=False)
    model.fit(x, y, epochs=12, batch_size=32, verbose=0)
    shape = {"kind": "image", "shape": [32, 32, 3], "dtype": "uint8", "description": "a colour"}
    logits = {"kind": "logits", "shape": [3], "dtype": "float32", "description": "one logit a colour"}
    card = Card(
        name="mobilenet.colours", summary="Names colours.", architecture="mobilenet", arguments=model.get_config(),
        parameters=model.count_params(), input=shape, output=logits, labels=["red_thing", "green_thing", "blue_thing"],
        data={"name": "folder"}, metrics=[], training={}, intended_use="tests", limits="-", licence="-",
        commercial_use=False,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("weights") / "colours"
    checkpoint.save(model, folder, card)
    return str(folder)


def plain(colour, height=40, width=60):
    return np.full((height, width, 3), colour, np.uint8)


def test_label_names_the_most_probable_first(colours):
    picture, found = Label()(plain((20, 220, 20)), checkpoint=colours, count=2)
    assert found["label"] in ("green_thing", None) and found["labels"][0]["label"] == "green_thing"
    assert len(found["labels"]) == 2 and found["labels"][0]["probability"] == found["probability"]
    assert found["known"] == (found["label"] is not None)
    assert [each["colour"] for each in found["colours"]] == ["#14dc14"] and found["colours"][0]["share"] > 0.99
    assert (found["width"], found["height"]) == (60, 40)
    assert picture.shape[0] > 40 and picture.shape[1] == 320  # room for words
    np.testing.assert_array_equal(picture[:40, 130:190], plain((20, 220, 20)))
    assert "green thing" in Label().describe(found)


def test_nothing_known_is_said(colours):
    found = {"labels": [{"label": "ant", "probability": 0.2}], "known": False, "colours": []}
    assert "nothing known" in Label().describe(found)


def test_dominant_colours_are_the_shares_of_the_picture():
    photo = plain((230, 230, 230), 100, 100)
    photo[:30] = (200, 30, 30)
    found = dominant_colours(photo)
    assert [each["name"] for each in found[:2]] == ["white", "red"]
    assert found[0]["share"] == pytest.approx(0.7, abs=0.03) and found[1]["share"] == pytest.approx(0.3, abs=0.03)
    assert found == dominant_colours(photo)


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (3, 2)])
def test_extreme_shapes(colours, shape):
    picture, _ = Label()(plain((200, 10, 10), *shape), checkpoint=colours)
    assert picture.shape[1] == max(320, shape[1])


def test_explanations_stand_side_by_side(colours):
    photo = plain((30, 30, 30), 64, 96)
    photo[16:48, 16:48] = (220, 30, 30)
    app = Explain()
    sheet = app(photo, checkpoint=colours, label="red_thing")
    assert sheet.shape[0] == 350 and sheet.shape[1] == 4 * 480 + 3 * 8
    np.testing.assert_array_equal(sheet, app(photo, checkpoint=colours, label="red_thing"))


def test_bad_choices_are_one_line(colours, tmp_path):
    photo = plain((200, 10, 10))
    with pytest.raises(UnknownName, match="conv13_pointwise"):
        Explain()(photo, checkpoint=colours, layer="conv13_pointwize")
    with pytest.raises(UnknownName, match="blue_thing"):
        Explain()(photo, checkpoint=colours, label="blu_thing")
    for app in (Explain(), Label()):
        with pytest.raises(BadInput, match="no classifier"):
            app(photo, checkpoint="unet.color")
        with pytest.raises(UnknownName, match=r"lenet5\.mnist"):
            app(photo, checkpoint="lenet5.mnits")


def test_label_on_files(colours, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos" / "more").mkdir(parents=True)
    write_image("photos/red.png", plain((210, 20, 20)))
    write_image("photos/more/blue.png", plain((20, 20, 210)))
    (tmp_path / "photos" / "bad.png").write_text("no picture")

    assert run(Label(), ["photos/red.png"], checkpoint=colours) == 0
    assert "red thing" in capsys.readouterr().out and not list(tmp_path.glob("*.*"))
    assert run(Label(), ["photos/red.png"], "out.png", checkpoint=colours) == 0
    assert json.loads((tmp_path / "out.json").read_text())["labels"][0]["label"] == "red_thing"
    assert read_image("out.png").shape[1] == 320

    assert run(Label(), ["photos"], "out", checkpoint=colours) == 1
    assert "a second" in capsys.readouterr().err
    rows = json.loads((tmp_path / "out" / "label.json").read_text())
    assert {row["file"]: row["labels"][0]["label"] for row in rows} == {
        "photos/red.png": "red_thing",
        "photos/more/blue.png": "blue_thing",
    }
    with open(tmp_path / "out" / "label.csv", encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert len(table) == 2 and set(table[0]) == {"file", "label", "probability", "known", "width", "height"}
    assert (tmp_path / "out" / "more" / "blue.png").exists()

    with pytest.raises(OutputExists):
        run(Label(), ["photos"], "out", checkpoint=colours)
    assert run(Label(), ["photos"], "alone.csv", checkpoint=colours) == 1
    assert (tmp_path / "alone.csv").read_text().count("\n") == 3


class Grow(App):
    """A picture, another, and a film when asked."""

    name, title, summary = "grow", "Grow", "Grows."

    def __call__(
        self, photo: Image, film: Flag = False
    ) -> tuple[Image, Annotated[np.ndarray, Image(label="small")], Annotated[Film, Video(when="film")], Record]:
        frames = (np.full((16, 16, 3), 10 * n, np.uint8) for n in range(5))
        return photo, photo[::2, ::2], Film(frames) if film else None, {"sides": list(photo.shape[:2])}


def test_an_app_may_answer_several_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_image("in.png", plain((1, 2, 3)))
    assert run(Grow(), ["in.png"], "out.png") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.png", "out.json", "out.png", "out.small.png"]
    assert run(Grow(), ["in.png"], "film/out.png", film="true") == 0
    assert (tmp_path / "film" / "out.mp4").stat().st_size > 100
    with pytest.raises(BadInput, match="film"):
        run(Grow(), ["in.png"], "x.png", film="perhaps")
