"""The app digits, with networks that have learned nothing but LeNet-5."""

import keras
import numpy as np
import pytest

import zoo
from zoo.errors import BadInput
from zoo_apps.digits import ASKED, CHANCE, PLANE, READER, Digits


@pytest.fixture(scope="module")
def models():
    keras.utils.set_random_seed(4)
    picture = {"input_shape": (28, 28, 1)}
    return {
        ASKED: zoo.DCGAN(**picture, latents=5, channels=4, conditions=(10,)),
        CHANCE: zoo.VAE(**picture, latents=5, hidden=8),
        PLANE: zoo.VAE(**picture, latents=2, hidden=8),
    }


@pytest.fixture
def app(models, monkeypatch):
    app = Digits()
    monkeypatch.setattr(app, "model", models.get)
    return app


def test_two_rows_of_the_digits_asked_for(app, models):
    sheet, map = app("20 26", seed=3)
    assert map is None and sheet.dtype == np.uint8
    width = 4 + 4 * (3 * 28 + 4)
    assert sheet.shape == (2 * (3 * 28 + 8 + 30), width, 3)
    generated = models[ASKED].sample(4, labels=[[2], [0], [2], [6]], seed=3)
    np.testing.assert_array_equal(sheet[4 : 4 + 84 : 3, 4 : 4 + 84 : 3, 0], 255 - generated[0, :, :, 0])
    np.testing.assert_array_equal(app("20 26", seed=3)[0], sheet)
    assert (app("20 26", seed=4)[0] != sheet).any()


def test_the_autoencoders_are_those_that_read_best(app, models):
    chosen = app._by_chance(np.array([7, 7]), seed=1)
    drawn = models[CHANCE].sample(1000, seed=1)
    near = zoo.predictor(READER)(drawn)["logits"]
    np.testing.assert_array_equal(chosen, drawn[np.argsort(-near[:, 7], kind="stable")[:2]])


def test_the_map_is_all_that_two_latents_draw(app, models):
    _, map = app("1", map=True)
    assert map.shape == (560, 560, 3)
    corner = models[PLANE].decode(np.array([[-1.959964, 1.959964]]))  # 2.5 % lie beyond, each way
    np.testing.assert_allclose(map[:28, :28, 0].astype(int), corner[0, :, :, 0].astype(int), atol=1)


@pytest.mark.parametrize("digits", ["20a", "", "-3", "1" * 101, "\u0662"])
def test_bad_input_is_one_line(app, digits):
    with pytest.raises(BadInput, match="give 1 to 100 of the digits 0 to 9"):
        app(digits)
