"""The app faces, with a network that has learned nothing: what is asked for, who is who, and what files say."""

import dataclasses

import keras
import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

import zoo
from zoo.data import faces as labels_of
from zoo.errors import BadInput, OutputExists
from zoo.runtime.predictor import of_model
from zoo_apps import commands
from zoo_apps.faces import CHECKPOINT, NOBODY, Faces, ages, between, coarsened, people
from zoo_apps.run import argument_of, run


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(3)
    conditions = labels_of.CONDITIONS
    small = {"input_shape": (16, 16, 3), "channels": 8, "multiples": (1,), "blocks": 1, "attention": (), "patch": 4}
    model = zoo.DDPM(**small, conditions=conditions, predict="x0", steps=3, guidance=1.5, eta=1.0)
    random = np.random.RandomState(3)  # its last layers start at zero, and it would make the same of everything
    model.set_weights([random.normal(0, 0.3, weight.shape) for weight in model.get_weights()])
    return model


@pytest.fixture
def app(model, monkeypatch):
    app = Faces()
    card = dataclasses.replace(zoo.card(CHECKPOINT), arguments=model.get_config())
    for entry in (card.inputs["images"], card.outputs["image"]):
        entry["shape"] = [16, 16, 3]
    monkeypatch.setattr(app, "predictor", lambda name: of_model(model, card))
    return app


def test_a_seed_is_a_person_whatever_is_asked_for(app):
    eight, _ = app(n=8, seed=5)
    alone, _ = app(n=1, seed=7)
    assert [each.name for each in eight] == ["sheet", *(f"seed-{s:04}{e}" for s in range(5, 13) for e in ("", "-256"))]
    np.testing.assert_array_equal(eight[5].pixels, alone[1].pixels)
    assert eight[5].pixels.shape == (16, 16, 3) and eight[6].pixels.shape == (256, 256, 3)
    assert eight[0].pixels.shape == (3 * 132 + 4, 3 * 132 + 4, 3)
    assert eight[0].about["Seeds"] == "8 from 5 on" and "any gender" in eight[0].about["Asked"]
    about = eight[6].about
    assert about["Seed"] == "7" and about["Generated"] == NOBODY and "16 times" in about["Enlarged"]
    assert len({each.pixels.tobytes() for each in eight}) == len(eight)


def test_what_is_asked_for_is_what_the_network_is_told(model):
    seeds = range(200)
    noise, by_chance = people(seeds, ("any", None, "any"), model.generator)
    same, asked = people(seeds, ("female", (24, 27), "indian"), model.generator)
    np.testing.assert_array_equal(noise, same)
    assert set(asked[:, 0]) == {1} and set(asked[:, 2]) == {3}
    assert set(asked[:, 1]) == {2, 3}  # 16-25 and 26-35
    for column, count in enumerate(labels_of.CONDITIONS):
        assert set(by_chance[:, column]) == set(range(count))
    assert set(people(seeds, ("any", (116, 116), "any"), model.generator)[1][:, 1]) == {7}
    some = people(seeds, ("female", None, "any"), model.generator)[1]  # what else is left to chance stays
    np.testing.assert_array_equal(some[:, 1:], by_chance[:, 1:])
    some = people(seeds, ("any", (30, 30), "indian"), model.generator)[1]
    np.testing.assert_array_equal(some[:, 0], by_chance[:, 0])


def test_one_attribute_varies_and_the_person_stays(app):
    pictures, film = app(n=2, seed=1, gender="male", vary="age")
    assert film is None and len(pictures) == 1 + 2 * 2 * 8
    assert pictures[0].about["Varied"] == "age"
    assert pictures[1].name == "seed-0001-1-5" and pictures[1].about["Asked"].startswith("male, 1-5, ")
    alone, _ = app(n=1, seed=2, gender="male", age="30")
    varied = {each.name: each.pixels for each in pictures}
    np.testing.assert_array_equal(varied["seed-0002-26-35"], alone[1].pixels)
    assert pictures[0].pixels.shape[:2] == (2 * 132 + 4, 8 * 132 + 4)


def test_a_morph_leads_from_one_face_to_another(app, tmp_path):
    pictures, film = app(n=5, morph="7 12", video=True)
    seven, twelve = app(n=1, seed=7)[0], app(n=1, seed=12)[0]
    np.testing.assert_array_equal(pictures[1].pixels, seven[1].pixels)
    np.testing.assert_array_equal(pictures[-2].pixels, twelve[1].pixels)
    assert len(film.frames) == 100 and film.frames[0].shape == (256, 256, 3)
    assert pictures[3].about["Seeds"] == "7 to 12" and pictures[3].about["Step"] == "2 of 5"
    assert pictures[3].about["Asked"] == f"{seven[1].about['Asked']} to {twelve[1].about['Asked']}"
    assert "Seeds: 7 to 12" in film.about["comment"] and "Asked: " in film.about["comment"]


def test_what_lies_between_two_people_is_as_noisy_and_told_of_both():
    noise, labels = np.random.RandomState(1).standard_normal((2, 64, 64, 3)), np.array([[0, 3, 1], [1, 3, 2]])
    way, told, shares = between(noise, labels, 5)
    np.testing.assert_allclose(way[[0, -1]], noise, atol=1e-6)
    np.testing.assert_allclose(way.std(axis=(1, 2, 3)), 1, atol=0.02)
    # What both have in common all between them have, too, and no more of it.
    reddish, _, _ = between(noise + np.array([0.5, 0, 0]), labels, 5)
    np.testing.assert_allclose(reddish - way, np.broadcast_to([0.5, 0, 0], way.shape), atol=1e-6)
    np.testing.assert_allclose(shares, [[1, 0.75, 0.5, 0.25, 0], [0, 0.25, 0.5, 0.75, 1]])
    assert told.tolist() == [[[0, 3, 1]] * 5, [[1, 3, 2]] * 5]
    one, told, shares = between(noise, labels, 1)
    assert one.shape == (1, 64, 64, 3) and told.shape == (2, 1, 3) and shares.tolist() == [[0.5], [0.5]]


def test_averages_of_squares():
    pictures = np.zeros((2, 16, 24, 3))
    pictures[1, 3, 9] = [64, 128, 0]  # in the second square of the first row
    wanted = np.zeros_like(pictures)
    wanted[1, :8, 8:16] = [1, 2, 0]
    np.testing.assert_array_equal(coarsened(pictures), wanted)


def command(app):
    typer_app = typer.Typer()
    typer_app.command("faces")(commands._command(app))
    return typer_app


def test_the_command_writes_marked_files(app, tmp_path):
    assert argument_of(app) is None
    out = tmp_path / "out"
    options = [
        "-n",
        "3",
        "--gender",
        "female",
        "--age",
        "26-35",
        "--ethnicity",
        "indian",
        "--seed",
        "7",
        "-o",
        str(out),
    ]
    result = CliRunner().invoke(command(app), options)
    assert result.exit_code == 0, result.output
    assert len(list(out.iterdir())) == 7
    with Image.open(out / "seed-0008-256.png") as image:
        assert image.size == (256, 256) and image.text["Seed"] == "8" and image.text["Checkpoint"] == CHECKPOINT
        assert image.text["Asked"] == "female, 26-35, indian" and image.text["Generated"] == NOBODY
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    result = CliRunner().invoke(command(app), options)
    assert isinstance(result.exception, OutputExists)
    CliRunner().invoke(command(app), [*options, "--force"])
    assert before == {path.name: path.read_bytes() for path in out.iterdir()}
    result = CliRunner().invoke(
        command(app), ["--morph", "7", "12", "-n", "2", "--video", "-o", str(tmp_path / "film")]
    )
    assert result.exit_code == 0 and (tmp_path / "film" / "faces.mp4").stat().st_size > 1000
    import av

    with av.open(str(tmp_path / "film" / "faces.mp4")) as film:
        assert NOBODY in film.metadata["comment"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"n": 0}, "n is 0; give a whole number from 1 to 1000"),
        ({"n": 10**6}, "1 to 1000"),
        ({"seed": "seven"}, "seed is 'seven'; give a whole number"),
        ({"age": "130"}, "age is '130'; give years from 1 to 116"),
        ({"age": "35-26"}, "35-26"),
        ({"age": "old"}, "such as 30 or 26-35"),
        ({"ethnicity": "martian"}, "white or black or asian or indian or other"),
        ({"morph": "7"}, "give 2 whole numbers"),
        ({"morph": "7 x"}, "give 2 whole numbers"),
        ({"video": True}, "two seeds"),
        ({"morph": (1, 2), "vary": "age"}, "choose one"),
        ({"morph": (7, 7)}, "two different seeds, not 7 twice"),
        ({"age": "30", "vary": "age"}, "leave out --age or --vary"),
        ({"age": "26-"}, "age is '26-'; give years"),
        ({"n": 126, "vary": "age"}, "126 people with 8 faces each are more than 1000 faces"),
    ],
)
def test_bad_input_is_one_line(app, options, says):
    with pytest.raises(BadInput) as caught:
        app(**options)
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_a_folder_is_asked_for(app, tmp_path):
    file = tmp_path / "a.png"
    file.write_bytes(b"")
    for output in (str(file), ""):
        with pytest.raises(BadInput, match="is not a folder"):
            run(app, [], output)


def test_ages():
    assert ages("any") is None and ages("30") == (30, 30) and ages("26-35") == (26, 35)
    assert [int(labels_of.band(age)) for age in (1, 5, 6, 15, 16, 65, 66, 116)] == [0, 0, 1, 1, 2, 6, 7, 7]
    one = {name: np.array([value]) for name, value in (("age", 30), ("gender", 1), ("ethnicity", 3))}
    assert labels_of.conditions(one).tolist() == [[1, 3, 3]]


def test_attributes_are_read_from_logits():
    logits = np.full((2, labels_of.ANSWERS), -9.0)
    logits[0, [0, 2 + 4, 7 + 29]] = logits[1, [1, 2, 7]] = 9.0  # male, other, 30; female, white, 1
    logits[1, 7 + 2] = 9.0  # or 3
    found = labels_of.read(logits)
    assert found["gender"].tolist() == [0, 1] and found["ethnicity"].tolist() == [4, 0]
    np.testing.assert_allclose(found["age"], [30, 2], atol=1e-2)
