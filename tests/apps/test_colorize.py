"""zoo.data.color against CIE Lab written out in NumPy, and the app that stands on it (with a made-up network)."""

import tracemalloc

import cv2
import numpy as np
import pytest

import zoo
from zoo.data import color
from zoo.errors import BadInput
from zoo_apps.colorize import Colorize

WHITE = np.array([0.950456, 1.0, 1.088754])  # D65
TO_XYZ = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])


def lab_reference(rgb):
    """CIE 1976 L*a*b* of sRGB (IEC 61966-2-1), float64."""
    code = rgb / 255
    linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    ratio = linear @ TO_XYZ.T / WHITE
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def rgb_reference(lab):
    """The way back, clipped to what sRGB has: uint8."""
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    ratio = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    linear = np.clip((ratio * WHITE) @ np.linalg.inv(TO_XYZ).T, 0, 1)
    code = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return code * 255


@pytest.fixture
def colours():
    return np.random.default_rng(0).integers(0, 256, (90, 70, 3), dtype=np.uint8)


def test_lab_is_cie_lab(colours):
    np.testing.assert_allclose(color.lab(colours), lab_reference(colours), atol=0.05)
    np.testing.assert_allclose(color.lightness(colours), lab_reference(colours)[..., 0], atol=0.01)
    np.testing.assert_array_equal(color.lab(colours[None])[0], color.lab(colours))
    assert color.lab(colours).dtype == color.lightness(colours).dtype == np.float32


def test_taken_apart_and_joined_is_the_same_picture(colours):
    lab = color.lab(colours)
    np.testing.assert_array_equal(color.join(lab[..., 0], lab[..., 1:]), colours)


def test_join_is_cie_lab():
    rng = np.random.default_rng(1)
    light = rng.uniform(0, 100, (60, 80)).astype(np.float32)
    chroma = rng.uniform(-60, 60, (60, 80, 2)).astype(np.float32)
    joined = color.join(light, chroma, strength=1.5)
    expected = rgb_reference(np.concatenate([light[..., None], 1.5 * chroma], axis=-1).astype(np.float64))
    assert np.abs(joined - expected).max() < 0.6


def test_chroma_is_enlarged_by_bicubic_interpolation():
    rng = np.random.default_rng(2)
    light = np.full((117, 203), 60, np.float32)
    chroma = rng.normal(0, 15, (16, 24, 2)).astype(np.float32)
    enlarged = cv2.resize(chroma, (203, 117), interpolation=cv2.INTER_CUBIC)
    difference = color.join(light, chroma).astype(int) - color.join(light, enlarged)
    assert np.abs(difference).max() <= 1 and np.abs(difference).mean() < 1e-3


def test_strips_change_nothing(colours, monkeypatch):
    chroma = np.random.default_rng(3).normal(0, 30, (8, 6, 2)).astype(np.float32)
    whole = color.lightness(colours), color.join(color.lightness(colours), chroma)
    for pixels in (1, 70 * 7, 70 * 64 + 3):
        monkeypatch.setattr(color, "_STRIP_PIXELS", pixels)
        light = color.lightness(colours)
        np.testing.assert_array_equal(light, whole[0])
        np.testing.assert_array_equal(color.join(light, chroma), whole[1])


def test_twelve_megapixels_need_little_memory():
    photo = np.full((3000, 4000, 3), 90, np.uint8)
    tracemalloc.start()
    try:
        light = color.lightness(photo)
        color.join(light, np.zeros((64, 96, 2), np.float32))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 200e6  # lightness 48 MB, result 36 MB, the rest is strips


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((1, 1), (128, 128)),
        ((3000, 4000), (128, 160)),  # 4/3 of 128 is 170.7; the nearest multiple of 32 is 160
        ((480, 321), (192, 128)),
        ((1, 5000), (128, 512)),
        ((5000, 1), (512, 128)),
    ],
)
def test_size_for_the_network(shape, expected):
    assert color.network_size(*shape, 128) == expected
    for side in color.WORKING_SIDES:
        height, width = color.network_size(*shape, side)
        assert height % color.STRIDE == width % color.STRIDE == 0
        assert min(height, width) == side


def test_what_the_network_gets():
    light = np.linspace(0, 100, 400 * 300, dtype=np.float32).reshape(400, 300)
    seen = color.to_network(light, 64)
    assert seen.dtype == np.uint8 and seen.shape == (*color.network_size(400, 300, 64), 1)
    assert abs(float(seen.mean()) - 127.5) < 0.5
    assert (color.to_network(np.full((40, 5000), 100, np.float32), 128) == 255).all()


def test_the_guess_is_the_mean_over_sizes():
    light = np.full((200, 300), 50, np.float32)
    asked = []

    def network(picture):  # answers its own height
        asked.append(picture.shape[1])
        return np.full((1, picture.shape[1] // 4, picture.shape[2] // 4, 2), picture.shape[1] / 100, np.float32)

    chroma = color.guess(network, light)
    assert asked == list(color.WORKING_SIDES)
    assert chroma.shape == (32, 48, 2)
    np.testing.assert_allclose(chroma, color.CHROMA_SCALE * np.mean(asked) / 100, rtol=1e-5)


def made_up_network(pictures):
    """uint8 (B, h, w, 1) -> chroma (B, h/4, w/4, 2): the left half warm, the right half cold."""
    assert pictures.dtype == np.uint8 and pictures.ndim == 4 and pictures.shape[-1] == 1
    batch, height, width, _ = pictures.shape
    answer = np.full((batch, height // 4, width // 4, 2), 0.5, np.float32)
    answer[:, :, width // 8 :] = -0.4
    return {"chroma": answer}


@pytest.fixture
def app(monkeypatch):
    monkeypatch.setitem(vars(zoo), "predictor", {"unet.color": made_up_network}.__getitem__)
    return Colorize()


def test_colours_at_full_resolution(app):
    photo = app.samples()[0].inputs["photo"]
    result = app(photo)
    assert result.shape == photo.shape and result.dtype == np.uint8
    warm, cold = result[:, :200].mean((0, 1)), result[:, -200:].mean((0, 1))
    assert warm[0] > warm[2] + 20 and cold[2] > cold[0] + 20
    np.testing.assert_array_equal(app(photo[..., 0]), result)  # a grey array is as good


def test_only_lightness_counts_and_is_kept(app):
    colours = np.full((50, 60, 3), (150, 120, 110), np.uint8)
    grey = app(colours, strength=0)
    assert (grey == grey[..., :1]).all()
    light = np.random.default_rng(4).uniform(0, 100, (300, 300)).astype(np.float32)
    grey_noise = color.join(light, np.full((2, 2, 2), 30), strength=0)
    assert (grey_noise == grey_noise[..., :1]).all()
    assert np.abs(app(colours).astype(int) - app(grey)).max() <= 2  # the grey one's lightness is rounded to 8 bits
    assert abs(color.lightness(app(colours)).mean() - color.lightness(colours).mean()) < 0.5


def test_strength_nought_gives_the_grey_picture_back(app):
    grey = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=-1)
    np.testing.assert_array_equal(app(grey, strength=0), grey)


def test_strength_is_a_factor_of_chroma(app):
    grey = np.full((64, 64, 3), 128, np.uint8)
    half, full = (np.abs(color.lab(app(grey, strength=s))[..., 1:]).mean() for s in (0.5, 1.0))
    assert full == pytest.approx(2 * half, rel=0.03)


def test_only_declared_checkpoints_are_given(app):
    with pytest.raises(ValueError, match="does not declare"):
        app.predictor("lenet5.mnist")


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (2, 3), (33, 31)])
def test_extreme_shapes(app, shape):
    assert app(np.full((*shape, 3), 90, np.uint8)).shape == (*shape, 3)


def test_bad_values(app):
    photo = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(BadInput, match=r"strength is 5; give a number from 0 to 3"):
        app(photo, strength=5)
    with pytest.raises(BadInput, match="float32"):
        app(photo.astype(np.float32))
    with pytest.raises(BadInput, match=r"\(8, 8, 4\)"):
        app(np.zeros((8, 8, 4), np.uint8))


def test_samples_are_grey_photographs_with_their_true_colours(app):
    samples = app.samples()
    assert len(samples) >= 3 and len({sample.name for sample in samples}) == len(samples)
    for sample in samples:
        photo = sample.inputs["photo"]
        assert photo.shape == sample.reference.shape and (photo == photo[..., :1]).all()
        assert np.hypot(*np.moveaxis(color.lab(sample.reference)[..., 1:], -1, 0)).mean() > 5  # it has colours
        assert "CC0" in sample.credit or "public domain" in sample.credit
