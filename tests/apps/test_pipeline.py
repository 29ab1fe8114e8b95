"""Apps as functions in Python: what they take, what they give."""

import dataclasses
import importlib.metadata
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
from helpers import failing
from PIL import Image as Pillow

import zoo
from zoo.errors import BadInput, MissingPackage, UnknownName
from zoo.kinds.image import from_array, write_image
from zoo.kinds.video import read_film
from zoo_apps.app import App, Film, Flag, Image, Number, Picture, Record, Text, Video, own_apps
from zoo_apps.pipeline import Pipeline
from zoo_apps.run import Report


class Brightness(App):
    name = "brightness"
    title = summary = "Says how bright an image is."

    def __call__(
        self,
        photo: Annotated[np.ndarray, Image(label="photograph", help="any photograph")],
        mask: Image | None = None,
        digits: Annotated[int, Number(minimum=1, maximum=8, whole=True, help="digits of the score")] = 2,
        invert: Flag = False,
    ) -> tuple[Annotated[Record, Record(label="found")], Annotated[np.ndarray | None, Image(when="invert")]]:
        if photo.shape == (1, 1, 3):
            raise BadInput("a single pixel has no brightness")
        value = photo.mean() if mask is None else photo[mask > 127].mean()
        found = {"label": "bright" if value > 127 else "dark", "probability": round(float(value) / 255, digits)}
        return {**found, "labels": [dict(found)]}, 255 - photo if invert else None


class Lengths(App):
    name = "lengths"
    title = summary = "Counts the letters of texts."
    calls: list

    def __call__(self, texts: list[Text], plus: Annotated[int, Number(whole=True)] = 0) -> list[Record]:
        self.calls = [*getattr(self, "calls", []), len(texts)]
        return [{"letters": len(text) + plus} for text in texts]


class Spell(App):
    name = "spell"
    title = summary = "Spells a text, letter by letter."

    def __call__(self, text: Text) -> Iterator[Text]:
        return iter(text)


class Draw(App):
    name = "draw"
    title = summary = "Draws squares."

    def __call__(
        self, n: Annotated[int, Number(minimum=1, maximum=9, whole=True)] = 2, video: Flag = False
    ) -> tuple[list[Image], Annotated[Film | None, Video(label="film", when="video")]]:
        squares = [np.full((16, 16, 3), 20 * number, np.uint8) for number in self.track(range(n), n, "drawing")]
        pictures = [Picture(f"square-{number}", each, {"Number": str(number)}) for number, each in enumerate(squares)]
        return pictures, Film(iter(squares), 10.0) if video else None


@pytest.fixture
def photo():
    return np.random.RandomState(0).randint(0, 256, (20, 30, 3)).astype("uint8")


@pytest.fixture
def path(photo, tmp_path):
    write_image(tmp_path / "photo.png", photo)
    return tmp_path / "photo.png"


def test_paths_images_and_arrays_of_any_kind_give_the_same(photo, path):
    brightness = Pipeline(Brightness(), digits=4)
    score = round(float(photo.mean()) / 255, 4)
    assert brightness(path)["score"] == score
    clear = np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)])
    for same in (str(path), Pillow.open(path), photo, photo.astype(int), photo.astype("float32"), photo / 255, clear):
        assert brightness(same) == brightness(path)
    assert brightness(photo=photo) == brightness(path)
    grey = photo[..., 0]
    assert brightness(grey) == brightness(grey[..., None]) == brightness(Pillow.fromarray(grey))
    assert brightness(grey.astype(np.uint16) * 257) == brightness(grey)
    assert brightness(grey > 127)["score"] == round(float((grey > 127).mean()), 4)
    # A pixel that can't be seen is as white as the paper.
    assert brightness(np.zeros((2, 2, 4), np.uint8))["score"] == 1.0


def test_a_photograph_from_a_phone_is_turned_upright(tmp_path):
    exif = Pillow.Exif()
    exif[0x0112] = 6
    Pillow.new("RGB", (30, 20)).save(tmp_path / "phone.jpg", exif=exif)
    flipped = Pipeline(Brightness(), invert=True)(Pillow.open(tmp_path / "phone.jpg"))["result"]
    assert flipped.size == (20, 30)


def test_records_are_plain_python_with_labels_and_scores(photo):
    found = Pipeline(Brightness())(photo)
    assert found["label"] in ("bright", "dark") and found["labels"] == [{k: found[k] for k in ("label", "score")}]
    assert json.loads(json.dumps(found)) == found


def test_several_inputs_have_an_answer_each(photo, path, tmp_path):
    brightness = Pipeline(Brightness())
    one, two = photo, 255 - photo
    expected = [brightness(one), brightness(two)]
    assert brightness([one, two]) == brightness((one, two)) == brightness(np.stack([one, two])) == expected
    assert brightness([]) == []
    drawn = brightness(each for each in (one, two))
    assert inspect.isgenerator(drawn) and list(drawn) == expected
    (tmp_path / "more").mkdir()
    write_image(tmp_path / "more" / "b.png", two)
    by_path = brightness(tmp_path)
    assert by_path == {str(tmp_path / "more" / "b.png"): expected[1], str(path): expected[0]}
    assert brightness(f"{tmp_path}/*.png") == {str(path): expected[0]}


def test_a_generator_is_asked_for_an_input_at_a_time(photo):
    asked = []

    def photos():
        for number in range(3):
            asked.append(number)
            yield photo

    answers = Pipeline(Brightness())(photos())
    assert not asked
    next(answers)
    assert asked == [0]


def test_options_are_given_to_the_pipeline_or_to_a_call(photo, path):
    brightness = Pipeline(Brightness(), digits=1)
    assert brightness(photo)["score"] == round(float(photo.mean()) / 255, 1)
    assert brightness(photo, digits=4)["score"] == round(float(photo.mean()) / 255, 4)
    assert brightness(photo)["score"] == round(float(photo.mean()) / 255, 1)
    answer = brightness(photo, invert=True)
    assert np.array_equal(np.asarray(answer["result"]), 255 - photo) and answer["label"]
    mask = np.zeros((20, 30), np.uint8)
    mask[0, 0] = 255
    assert brightness(photo, mask=mask, digits=4)["score"] == round(float(photo[0, 0].mean()) / 255, 4)


def test_texts_are_answered_in_parts_and_in_order():
    app = Lengths()
    lengths = Pipeline(app)
    assert lengths("four\nlines") == {"letters": 10}
    assert lengths(["a", "bb"], plus=1) == [{"letters": 2}, {"letters": 3}]
    app.calls = []
    texts = ["x" * (1 + number % 7) for number in range(130)]
    assert [each["letters"] for each in lengths(texts)] == [len(text) for text in texts]
    assert app.calls == [64, 64, 2]
    assert lengths(np.array(["a", "bb"])) == [{"letters": 1}, {"letters": 2}]
    assert Pipeline(Spell())("abc") == "abc" and Pipeline(Spell())(["abc", "de"]) == ["abc", "de"]


def test_an_app_without_an_input_takes_options_and_its_pictures_have_names(tmp_path):
    drawn = Pipeline(Draw())(n=3)
    assert list(drawn) == ["square-0", "square-1", "square-2"]
    assert drawn["square-2"].getpixel((0, 0)) == (40, 40, 40) and drawn["square-2"].info == {"Number": "2"}
    answer = Pipeline(Draw(), n=4, video=True)()
    assert len(answer["result"]) == 4 and len(answer["film"].frames) == 4
    answer["film"].save(tmp_path / "film.mp4")
    assert len(list(read_film(tmp_path / "film.mp4").frames)) == 4


def test_progress_is_shown_for_several_inputs_and_not_for_one(photo, monkeypatch):
    started, original = [], Report.progress

    def recording(self, *, shown):
        progress = original(self, shown=shown)
        progress.start = lambda: started.append(shown)
        return progress

    monkeypatch.setattr(Report, "progress", recording)
    brightness = Pipeline(Brightness())
    brightness(photo)
    assert not started
    brightness([photo, photo])
    assert started == [True]
    Pipeline(Brightness(), progress=False)([photo, photo])
    assert started == [True, False]
    Pipeline(Draw())()  # one call, that takes long
    assert started == [True, False, True]


@pytest.mark.parametrize(
    ("given", "options", "expected"),
    [
        ("nowhere.png", {}, "nowhere.png: no such file"),
        (["nowhere.png"], {}, "nowhere.png: no such file"),
        (3, {}, "photo is a int; give a path, a PIL image or an array"),
        (None, {}, "no photograph given"),
        (np.zeros((3, 20, 30)), {}, "x.transpose(1, 2, 0)"),
        (np.zeros((20, 30, 2), np.uint8), {}, "photo has shape (20, 30, 2)"),
        (np.zeros((2, 20, 30, 3, 1)), {}, "photo has shape"),
        (np.full((4, 4), -1.0), {}, "photo has values from -1 to -1; give 0 to 255, or floats from 0 to 1"),
        (np.full((4, 4), np.nan), {}, "photo has values from nan"),
        (np.full((4, 4), 300), {}, "photo has values from 300"),
        (np.array([["a"]]), {}, "photo is an array of <U1"),
        (np.zeros((4, 4, 3)), {"digits": 9}, "digits is 9; give a whole number from 1 to 8"),
        ([np.zeros((4, 4, 3)), np.zeros((1, 1, 3))], {}, "a single pixel"),
    ],
)
def test_mistakes_are_one_line(given, options, expected):
    brightness = Pipeline(Brightness())
    assert expected in failing(BadInput, lambda: brightness(given, **options))


def test_names_that_there_are_not():
    assert "did you mean digits" in failing(UnknownName, lambda: Pipeline(Brightness(), digit=3))
    assert "did you mean label" in failing(UnknownName, lambda: zoo.pipeline("lable"))
    assert "takes options only: n, video" in failing(BadInput, lambda: Pipeline(Draw())("x"))
    assert "text 66 of texts is empty" in failing(BadInput, lambda: Pipeline(Lengths())(["a"] * 65 + [" "]))


def test_an_error_in_a_list_of_files_names_the_file(tmp_path, photo):
    write_image(tmp_path / "a.png", photo)
    write_image(tmp_path / "b.png", photo[:1, :1])
    message = failing(BadInput, lambda: Pipeline(Brightness())([tmp_path / "a.png", tmp_path / "b.png"]))
    assert message == f"{tmp_path / 'b.png'}: a single pixel has no brightness"


def test_a_notebook_shows_what_a_pipeline_takes():
    label = zoo.pipeline("label")
    assert list(inspect.signature(label).parameters) == ["photo", "checkpoint", "count"]
    about = inspect.getdoc(label)
    assert "count: labels to show (a whole number from 1 to 100); default 5" in about and "a PIL image" in about
    assert "label" in repr(label)


def test_every_app_is_a_pipeline():
    for name in own_apps():
        assert zoo.pipeline(name).app.name == name


def test_without_the_apps_one_line_says_so(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [])
    assert "not installed" in failing(MissingPackage, zoo.pipeline, "label")


def test_label_and_sentiment_as_people_call_them(path):
    found = zoo.pipeline("label", count=3)(Path(path))
    assert len(found["labels"]) == 3 and 0 <= found["score"] <= 1 and isinstance(found["annotated"], Pillow.Image)
    assert found["labels"][0]["score"] == found["score"]
    sure, unsure = zoo.pipeline("sentiment")(["A warm and funny film.", "A dull and lifeless film."])
    assert (sure["label"], unsure["label"]) == ("positive", "negative") and isinstance(sure["score"], float)


def test_the_assistant_remembers_between_calls(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_ASSISTANT", str(tmp_path / "assistant.json"))
    chat = zoo.pipeline("assistant")
    chat("Add milk to my shopping list")
    assert "milk" in chat("What is on my shopping list?")
    assert len(chat(["Hi there!", "Bye"])) == 2 and chat.talk.over
    assert isinstance(chat("Hi there!"), str) and not chat.talk.over and chat.due() == []
    assert "takes a line" in failing(BadInput, chat, 3)
    failing(UnknownName, lambda: zoo.pipeline("assistant", checkpoint="mine/"))


def test_floats_and_integers_keep_their_scale():
    assert from_array(np.array([[0.0, 0.5, 1.0]]))[0, :, 0].tolist() == [0, 128, 255]
    assert from_array(np.array([[0.0, 128.4, 255.0]]))[0, :, 0].tolist() == [0, 128, 255]
    assert from_array(np.array([[0, 1]], np.uint8))[0, :, 0].tolist() == [0, 1]


def test_a_film_that_is_read_again_stays_as_it_is():
    film = Film([np.zeros((16, 16, 3), np.uint8)] * 2, 10.0)
    assert Video().to_python(film) is film
    once = dataclasses.replace(film, frames=iter(film.frames))
    assert len(Video().to_python(once).frames) == 2


class Same(App):
    name = "same"
    title = summary = "Gives back a text."

    def __call__(self, texts: list[Text]) -> list[Record]:
        return [{"text": text} for text in texts]


def test_texts_of_an_array_come_back_as_str():
    assert [type(found["text"]) for found in Pipeline(Same())(np.array(["a", "bb"]))] == [str, str]


def test_an_input_is_given_once():
    line = failing(BadInput, lambda: Pipeline(Brightness())("a.png", photo="b.png"))
    assert line == "brightness: two inputs; give the photograph once, alone or as photo"


def test_no_name_of_an_app_is_one_line():
    assert "no app is called ['label']; did you mean label?" in failing(UnknownName, zoo.pipeline, ["label"])
    assert "no app is called a int" in failing(UnknownName, zoo.pipeline, 10**5000)


@pytest.mark.parametrize("name", ["label", "sentiment"])
def test_the_docstring_names_what_a_record_has(name, tmp_path):
    label = zoo.pipeline(name)
    given = label.__doc__.splitlines()[-1].removeprefix("Gives: ").removesuffix(".").split(", ")
    answer = label({"label": np.zeros((9, 9, 3), np.uint8), "sentiment": "A warm and funny film."}[name])
    assert set(given) == set(answer)
