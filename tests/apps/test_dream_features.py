"""The apps that show what a network has learned: dream and features, on a small one made here."""

import av
import keras
import numpy as np
import pytest
import typer
from helpers import card_of
from typer.testing import CliRunner

import zoo
from zoo.errors import BadCheckpoint, BadInput, UnknownName
from zoo.explain import dreaming
from zoo.kinds.image import read_image, write_image
from zoo_apps import dream as dream_app
from zoo_apps import features
from zoo_apps.app import Film
from zoo_apps.commands import _command
from zoo_apps.dream import Dream, _first_frame
from zoo_apps.features import Features


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    keras.utils.set_random_seed(4)
    model = zoo.MobileNet(width=0.25, input_shape=(64, 64, 3), classes=7)
    folder = tmp_path_factory.mktemp("checkpoints") / "small"
    zoo.save(model, folder, card_of(model))
    return str(folder)


@pytest.fixture(scope="module")
def photo():
    return np.random.RandomState(0).randint(0, 256, (61, 83, 3)).astype("uint8")


@pytest.fixture
def dream():
    return Dream()


def test_a_dream_has_the_photographs_size_and_comes_without_a_film(dream, photo, checkpoint):
    picture, film = dream(photo, checkpoint, octaves=1)
    assert picture.shape == photo.shape and picture.dtype == np.uint8 and film is None
    assert np.abs(picture.astype(int) - photo).mean() > 2


def test_a_film_has_even_sides_and_is_made_as_it_is_watched(dream, photo, checkpoint):
    tracked = []

    def track(steps, total, what):
        tracked.append((total, what))
        return steps

    dream.track = track
    picture, film = dream(photo, checkpoint, "conv3_pointwise_relu", octaves=1, video=True)
    assert isinstance(film, Film) and 5 <= 150 / film.rate <= 20
    frames = iter(film.frames)
    first, second = next(frames), next(frames)
    assert first.shape == second.shape == (60, 84, 3) and first.dtype == np.uint8
    assert (first != second).any() and picture.shape == photo.shape
    assert [what for _, what in tracked] == ["dreaming", "filming"] and tracked[1][0] == 150


def test_a_film_on_the_command_line(photo, checkpoint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dream_app, "SECONDS", 0.4)
    write_image("photo.png", photo)
    line = typer.Typer()
    line.command()(_command(Dream()))
    words = "photo.png --video --octaves 1 --layers conv3_pointwise_relu -o dream.mp4 --checkpoint"
    answer = CliRunner().invoke(line, [*words.split(), checkpoint], catch_exceptions=False)
    assert answer.exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"photo.png", "dream.png", "dream.mp4"}
    assert read_image("dream.png").shape == photo.shape
    with av.open("dream.mp4") as film:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in film.decode(video=0)]
    assert [frame.shape for frame in frames] == [(60, 84, 3)] * 6
    # The first is the dream itself. Noise as fine as here loses its colours in a film, so its lightness is compared.
    first, last, dreamed = (
        each.mean(axis=-1) for each in (frames[0], frames[-1], _first_frame(read_image("dream.png")))
    )
    assert np.corrcoef(first.ravel(), dreamed.ravel())[0, 1] > 0.8
    assert np.abs(last - first).mean() > 2 and all(frame.std() > 10 for frame in frames)


@pytest.mark.parametrize("size", [(1, 1), (1, 70)])
def test_dreams_of_extreme_shapes(dream, size, checkpoint):
    picture, _ = dream(np.full((*size, 3), 90, np.uint8), checkpoint, octaves=1)
    assert picture.shape == (*size, 3)


@pytest.mark.parametrize(("size", "frame"), [((1, 5), (2, 4)), ((900, 1601), (360, 640)), ((640, 2), (640, 2))])
def test_first_frames(size, frame):
    assert _first_frame(np.zeros((*size, 3), np.uint8)).shape == (*frame, 3)


@pytest.mark.parametrize("app", [Dream(), Features()], ids=["dream", "features"])
def test_what_cannot_be_done_is_said_in_one_line(app, photo, checkpoint):
    with pytest.raises(UnknownName, match=r"no layer of mobilenet is called 'conv1_rely'; did you mean conv1_relu"):
        app(photo, checkpoint, "conv1_rely")
    with pytest.raises(BadCheckpoint, match="layer fc of mobilenet has no feature maps") as error:
        app(photo, checkpoint, "fc")
    assert "\n" not in str(error.value)
    with pytest.raises(BadCheckpoint, match="mlp has no convolutions"):
        app(photo, "mlp.mnist")


def test_octaves_are_whole(dream, photo, checkpoint):
    with pytest.raises(BadInput, match=r"octaves is 2\.9; give a whole number from 1 to 12"):
        dream(photo, checkpoint, octaves=2.9)


@pytest.fixture
def asked(monkeypatch):
    """The layers and channels that pictures are asked for; all get the same grey one."""
    asked = []

    def maximize_channels(model, name, channels, track):
        asked.append((name, list(channels)))
        return np.full((len(channels), 32, 32, 3), 200, np.uint8)

    monkeypatch.setattr(dreaming, "maximize_channels", maximize_channels)
    return asked


def test_two_sheets_show_the_same_channels(asked, photo, checkpoint):
    learned, channels = Features()(photo, checkpoint)
    assert len(asked) == features.LAYERS and all(len(set(channels)) == features.CHANNELS for _, channels in asked)
    assert learned.dtype == channels.dtype == np.uint8 and learned.shape[1] == channels.shape[1]
    assert channels.shape[0] < learned.shape[0]  # the photograph is wider than high, and so are its maps
    assert (learned == 200).all(axis=-1).sum() > 5 * 8 * 0.9 * features.SIDE**2


def test_features_of_one_layer(photo, checkpoint):
    learned, channels = Features()(photo, checkpoint, "conv1_relu")
    assert learned.shape[1] == channels.shape[1] >= 8 * features.SIDE
    assert np.ptp(learned, axis=(0, 1)).min() > 100


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1)])
def test_features_of_extreme_shapes(size, asked, checkpoint):
    learned, channels = Features()(np.full((*size, 3), 90, np.uint8), checkpoint, "conv1_relu")
    assert min(*learned.shape[:2], *channels.shape[:2]) > 60


@pytest.mark.parametrize("app", [Dream(), Features()], ids=["dream", "features"])
def test_samples_are_colour_photographs(app):
    for sample in app.samples():
        assert app.check(**sample.inputs) and sample.credit.endswith("(from scikit-image)")
