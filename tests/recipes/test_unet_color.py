"""The recipe of unet.color: what it learns from, by which loss and rate, and how its result is measured."""

import keras
import numpy as np
import pytest

from zoo.data import color
from zoo.errors import BadInput
from zoo.recipes import unet_color
from zoo_apps.colorize import Colorize


@pytest.fixture(scope="module")
def photos():
    return [sample.reference for sample in Colorize().samples()]


def test_crops_are_lightness_and_its_chroma_and_depend_on_the_generator_alone(photos):
    light, chroma = unet_color.crop(photos, None, np.random.default_rng(1))
    assert light.shape == (len(photos), 128, 128, 1) and light.dtype == np.uint8
    assert chroma.shape == (len(photos), 32, 32, 2) and chroma.dtype == np.float32
    assert 0.02 < np.abs(chroma).mean() < 1
    again, _ = unet_color.crop(photos, None, np.random.default_rng(1))
    np.testing.assert_array_equal(light, again)
    assert not np.array_equal(light, unet_color.crop(photos, None, np.random.default_rng(2))[0])


def test_the_true_chroma_at_a_quarter_of_the_size_nearly_gives_the_picture_back(photos):
    import cv2

    square = np.stack([cv2.resize(photo, (128, 128), interpolation=cv2.INTER_AREA) for photo in photos])
    _, chroma = unet_color.learnable(square)
    for picture, answer in zip(square, chroma, strict=True):
        joined = color.join_float(color.lightness(picture), answer * color.CHROMA_SCALE)
        assert -10 * np.log10(np.mean((joined - picture / 255.0) ** 2)) > 26


def test_losses_against_numpy():
    random = np.random.RandomState(0)
    true, answered = random.normal(size=(2, 3, 4, 4, 2)).astype("float32")
    square = ((true - answered) ** 2).sum(-1)
    distance = (np.sqrt(square + unet_color.DELTA**2) - unet_color.DELTA).mean()
    assert float(unet_color.distance_loss(true, answered)) == pytest.approx(distance, rel=1e-4)
    chroma = np.sqrt((answered**2).sum(-1) + 1e-4).mean(axis=(1, 2))
    vivid = (np.log(square.mean(axis=(1, 2)) + unet_color.EVEN) - unet_color.VIVID * chroma).mean()
    assert float(unet_color.vivid_loss(true, answered)) == pytest.approx(vivid, rel=1e-4)


def test_the_rate_follows_its_schedule_and_then_cools_down_to_zero():
    rate = unet_color.Cooldown(keras.optimizers.schedules.CosineDecay(1.0, 100), start=50, end=90)
    values = [float(rate(step)) for step in (0, 50, 70, 90, 95)]
    np.testing.assert_allclose(values, [1, 0.5, 0.25, 0, 0], atol=1e-5)


def test_a_perfect_answer_scores_full_chroma_and_a_high_psnr(photos):
    """Measured with the true chroma in the network's place."""
    small = [photo[:160, :192] for photo in photos]
    sizes = color.WORKING_SIDES  # it is asked once for each
    answers = iter([color.lab(photo)[None, ..., 1:] / color.CHROMA_SCALE for photo in small for _ in sizes])
    rows, curves = unet_color.RECIPE.evaluate(lambda x: {"chroma": next(answers)}, small, "val")
    values = {row["metric"]: row["value"] for row in rows if row["role"] == "result"}
    assert values["psnr"] > 45 and values["psnr_gain"] > 15
    assert values["chroma_ratio"] == pytest.approx(100, abs=1)
    assert {row["split"] for row in rows} == {"bsds500-val"}
    points = curves["strength"]
    assert points[0]["strength"] == 0 and points[0]["chroma_ratio"] == pytest.approx(0, abs=0.01)
    assert points[0]["psnr_gain"] == 0


def test_grey_photographs_cannot_be_measured():
    grey = [np.full((40, 50, 3), 90, np.uint8)]
    with pytest.raises(BadInput, match="are grey"):
        unet_color.RECIPE.evaluate(lambda x: {"chroma": np.zeros((1, 32, 32, 2))}, grey, "val")
