"""Films that are written can be read again: size, rate, number of frames, colours."""

import av
import numpy as np
import pytest

from zoo.errors import BadInput
from zoo.kinds.video import Film, write_film


def frames(count=12, height=48, width=64):
    for number in range(count):
        frame = np.zeros((height, width, 3), np.uint8)
        frame[:, : width // 2] = (200, 40, 40)
        frame[: 4 * number] = (30, 60, 220)
        yield frame


def test_a_film_is_h264_and_has_every_frame(tmp_path):
    write_film(tmp_path / "film.mp4", Film(frames(), rate=10))
    with av.open(str(tmp_path / "film.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264" and stream.codec_context.pix_fmt == "yuv420p"
        assert stream.average_rate == 10
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    assert len(decoded) == 12 and decoded[0].shape == (48, 64, 3)
    for got, wanted in zip(decoded, frames(), strict=True):
        assert np.abs(got.astype(int) - wanted).mean() < 12
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]
    written = (tmp_path / "film.mp4").read_bytes()
    assert written.index(b"moov") < written.index(b"mdat")  # the index first: it plays while it loads


def unequal():
    yield from frames(2)
    yield from frames(1, height=50)


@pytest.mark.parametrize(
    "name, given, says",
    [
        ("film.gif", frames(), r"\.mp4"),
        ("film.mp4", frames(height=47), "even"),
        ("film.mp4", unequal(), "different sizes"),
        ("film.mp4", iter(()), "no frames"),
        ("missing/film.mp4", frames(), "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_one_line_and_leaves_nothing(tmp_path, name, given, says):
    with pytest.raises(BadInput, match=says) as caught:
        write_film(tmp_path / name, Film(given))
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())
