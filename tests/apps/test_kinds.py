"""Every kind of file through an app made up here: by `zoo run`, by the call in Python, on the demo's page and in the
gallery; and bad input as one line, exit code 2, nothing half-written."""

import asyncio
import dataclasses
import gc
import importlib.metadata
import json
import os
import sys
import weakref
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated

import av
import numpy as np
import pytest
import soundfile
import typer

from zoo.cli import main as cli
from zoo.errors import BadInput
from zoo.kinds.audio import read_audio, write_audio
from zoo.kinds.image import read_image, write_image
from zoo.kinds.video import read_film, write_film
from zoo_apps import app as app_module
from zoo_apps.app import App, Audio, Boxes, Film, Flag, Image, Record, Sample, Table, Text, Video, Waveform
from zoo_apps.demo import demo


class Restore(App):
    """A photograph and a mask into a photograph."""

    name, title, summary = "restore", "Restore", "Fills what a mask hides."

    def __call__(self, photo: Image, mask: Annotated[np.ndarray, Image(help="white is filled")]) -> Image:
        if mask.shape != photo.shape:
            raise BadInput(f"mask has {mask.shape[1]} x {mask.shape[0]} pixels; give one of the photograph's size")
        return np.where(mask > 127, photo.mean(axis=(0, 1)).astype(np.uint8), photo)

    def samples(self):
        photo = Image().example()
        inputs = {"photo": photo, "mask": (photo > 100).astype(np.uint8) * 255}
        return [Sample(name="ramp", title="Ramp", credit="made here", inputs=inputs)]


class Half(App):
    """Sound into sound."""

    name, title, summary = "half", "Half", "Half as loud."

    def __call__(self, sound: Audio) -> Audio:
        return Waveform(sound.samples / 2, sound.rate)

    def samples(self):
        return [Sample(name="tone", title="Tone", credit="made here", inputs={"sound": Audio().example()})]


class Negative(App):
    """A film into a film."""

    name, title, summary = "negative", "Negative", "Light becomes dark."

    def __call__(self, film: Video) -> Video:
        return dataclasses.replace(film, frames=(255 - frame for frame in film.frames))

    def samples(self):
        return [Sample(name="square", title="Square", credit="made here", inputs={"film": Video().example()})]


class Find(App):
    """A photograph into boxes with labels, and the photograph with the boxes drawn."""

    name, title, summary = "find", "Find", "Finds what is bright."

    def __call__(
        self, photo: Image
    ) -> tuple[Annotated[np.ndarray, Image(label="drawn")], Annotated[list[dict], Boxes(label="found")]]:
        rows, columns = np.nonzero(photo.min(axis=-1) > 200)
        if not len(rows):
            return photo, []
        x0, y0, x1, y1 = (int(n) for n in (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
        drawn = photo.copy()
        drawn[y0:y1, [x0, x1 - 1]] = drawn[[y0, y1 - 1], x0:x1] = (255, 0, 0)
        return drawn, [{"label": "light", "score": 0.75, "box": [x0, y0, x1, y1]}]

    def samples(self):
        return [Sample(name="light", title="Light", credit="made here", inputs={"photo": light()})]


class Total(App):
    """A table into a table."""

    name, title, summary = "total", "Total", "Adds up each row."

    def __call__(self, rows: Table) -> Annotated[list[dict], Table(label="sums")]:
        try:
            return [row | {"sum": float(row["a"]) + float(row["b"])} for row in rows]
        except (KeyError, ValueError) as error:
            raise BadInput(f"no number in column {error}") from error

    def samples(self):
        return [Sample(name="two", title="Two", credit="made here", inputs={"rows": [{"a": 1, "b": 2}]})]


class Stack(App):
    """Any number of photographs, and one that may be left out, into one; and some that are asked for."""

    name, title, summary = "stack", "Stack", "Lays photographs on each other."

    def __call__(
        self, photos: list[Image], paper: Image | None = None, each: Flag = False
    ) -> tuple[Image, list[Annotated[np.ndarray, Image(label="parts", when="each")]], Annotated[dict, Record()]]:
        mean = np.mean([*photos, *([] if paper is None else [paper])], axis=0).astype(np.uint8)
        return mean, photos if each else None, {"count": len(photos)}


class Say(App):
    """A photograph into words."""

    name, title, summary = "say", "Say", "Says how large it is."

    def __call__(self, photo: Image) -> Annotated[str, Text(label="said")]:
        return f"{photo.shape[1]} by {photo.shape[0]}"


APPS = {app.name: app for app in (Restore, Half, Negative, Find, Total, Stack, Say)}


def light():
    photo = np.full((24, 32, 3), 20, np.uint8)
    photo[6:12, 10:20] = 255
    return photo


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty folder, and only the apps of this file installed."""
    monkeypatch.chdir(tmp_path)
    installed = importlib.metadata.entry_points
    entries = [importlib.metadata.EntryPoint(n, f"{__name__}:{a.__name__}", "zoo.apps") for n, a in APPS.items()]
    monkeypatch.setattr(
        importlib.metadata, "entry_points", lambda group: entries if group == "zoo.apps" else installed(group=group)
    )
    monkeypatch.setattr(app_module, "own_apps", dict)
    return tmp_path


@pytest.fixture
def zoo(monkeypatch, capfd):
    """Runs `zoo` with these words; what it says on standard output and on standard error."""

    def call(*words, code=0):
        monkeypatch.setattr(cli, "app", typer.Typer())
        monkeypatch.setattr(sys, "argv", ["zoo", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capfd.readouterr()
        assert (ended.value.code or 0) == code, err
        return out, err

    return call


@pytest.fixture
def refused(zoo):
    """The line that `zoo run` with these words ends with; it exits with 2 and writes nothing."""

    def call(*words):
        before = sorted(Path().rglob("*"))
        out, err = zoo("run", *words, code=2)
        assert not out and err.count("\n") == 1 and sorted(Path().rglob("*")) == before
        return err.rstrip("\n").removeprefix("zoo: ")

    return call


def files() -> set[str]:
    return {path.as_posix() for path in Path().rglob("*") if path.is_file()}


# --- a photograph and a mask ------------------------------------------------------------------------------------------


def test_a_second_file_is_an_option(zoo):
    photo, mask = Restore().samples()[0].inputs.values()
    write_image("photo.png", photo)
    write_image("mask.png", mask)
    zoo("run", "restore", "photo.png", "--mask", "mask.png")
    np.testing.assert_array_equal(read_image("photo.restore.png"), Restore()(photo, mask))
    Path("photos").mkdir()
    for number in range(3):
        write_image(f"photos/{number}.bmp", photo // (number + 1))
    _, err = zoo("run", "restore", "photos", "--mask", "mask.png", "-o", "out")
    assert err == "3 done, 0 failed; results are in out\n"
    np.testing.assert_array_equal(read_image("out/2.bmp"), Restore()(photo // 3, mask))
    assert "--mask" in zoo("run", "restore", "--help")[0] and "FILE" in zoo("run", "restore", "--help")[0]


def test_a_second_file_that_cannot_be_used(refused, zoo):
    photo, mask = Restore().samples()[0].inputs.values()
    write_image("photo.png", photo)
    write_image("mask.png", mask)
    write_image("small.png", mask[:8, :8])
    assert refused("restore", "photo.png") == "restore: mask is missing; give --mask FILE"
    assert refused("restore", "photo.png", "--mask", "nowhere.png") == "nowhere.png: no such file"
    two = refused("restore", "photo.png", "--mask", "mask.png", "--mask", "small.png")
    assert two == "mask takes one file, not 2 (mask.png, small.png)"
    said = "photo.png: mask has 8 x 8 pixels; give one of the photograph's size"
    assert refused("restore", "photo.png", "--mask", "small.png") == said
    said = "photo.png is not done: mask.png is an input; choose another output"
    assert refused("restore", "photo.png", "--mask", "mask.png", "-o", "mask.png", "--force") == said
    with pytest.raises(BadInput, match="8 x 8"):
        Restore()(photo, mask[:8, :8])
    _, err = zoo("run", "restore", "photo.png", "small.png", "--mask", "mask.png", "-o", "out", code=2)
    assert err.startswith("small.png: mask has 32 x 24 pixels") and files() >= {"out/photo.png"}


def test_several_files_for_one_argument(zoo, refused):
    for number in range(3):
        write_image(f"{number}.png", np.full((4, 6, 3), 30 * number, np.uint8))
    zoo("run", "stack", "0.png", "1.png", "-o", "out.png")
    assert (read_image("out.png") == 15).all() and json.loads(Path("out.json").read_text())["count"] == 2
    zoo("run", "stack", "0.png", "1.png", "--paper", "2.png", "--each", "-o", "all.png")
    assert (read_image("all.png") == 30).all()
    assert (read_image("all.parts/0002.png") == 30).all() and len(os.listdir("all.parts")) == 2
    os.rename("all.parts", "new.parts")
    assert "new.parts exists already" in refused("stack", "0.png", "--each", "-o", "new.png")
    with pytest.raises(BadInput, match="give a list of one or more values"):
        Stack()(np.zeros((4, 6, 3), np.uint8))
    with pytest.raises(BadInput, match="photos 2 is a str"):
        Stack()([np.zeros((4, 6, 3), np.uint8), "b.png"])


# --- sound ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
@pytest.mark.parametrize("channels", [1, 2])
def test_sound_into_sound(zoo, suffix, channels):
    noise = np.random.default_rng(0).integers(-(2**14), 2**14, (3000, channels))
    tone = 2**14 * np.sin(2 * np.pi * 440 * np.arange(3000) / 22_050)[:, None]
    samples = (tone + (noise if suffix != ".ogg" else 0 * noise)).astype(np.int16) & ~1
    soundfile.write(f"in{suffix}", samples, 22_050)
    zoo("run", "half", f"in{suffix}")
    written, rate = soundfile.read(f"in.half{suffix}", dtype="int16", always_2d=True)
    assert rate == 22_050 and written.shape == samples.shape
    if suffix == ".ogg":
        given, _ = soundfile.read("in.ogg", always_2d=True)
        assert np.corrcoef(given.ravel(), written.ravel())[0, 1] > 0.95
    else:
        assert soundfile.info(f"in.half{suffix}").subtype == "PCM_16"
        np.testing.assert_array_equal(written, samples // 2)  # bit by bit
    called = Half()(read_audio(f"in{suffix}"))
    assert called.samples.dtype == np.float32 and called.samples.shape == ((3000,) if channels == 1 else (3000, 2))


def test_sound_of_other_files(zoo):
    sound = Audio().example()
    soundfile.write("deep.wav", sound.samples, sound.rate, subtype="PCM_24")
    soundfile.write("float.wav", 4 * sound.samples, sound.rate, subtype="FLOAT")
    soundfile.write("a.mp3", sound.samples, sound.rate)
    Path("sounds").mkdir()
    for path in ("deep.wav", "float.wav", "a.mp3"):
        os.rename(path, f"sounds/{path}")
    zoo("run", "half", "sounds", "-o", "out")
    assert files() >= {"out/deep.wav", "out/float.wav", "out/a.wav"}
    np.testing.assert_allclose(read_audio("out/deep.wav").samples, sound.samples / 2, atol=1e-4)
    assert read_audio("out/float.wav").samples.max() == 1 - 2**-15  # what is too loud is clipped, not wrapped
    assert read_audio("out/a.wav").rate == sound.rate


def test_sound_that_cannot_be_used(refused, monkeypatch):
    tone = np.zeros(8000)
    soundfile.write("empty.wav", tone[:0], 44_100)
    soundfile.write("eight.wav", np.zeros((100, 8)), 44_100)
    soundfile.write("slow.wav", tone, 7_999)
    soundfile.write("nan.wav", np.array([0.0, np.nan]), 44_100, subtype="FLOAT")
    Path("text.flac").write_text("no sound")
    Path("nothing.mp3").touch()
    write_audio("good.wav", Audio().example())
    said = {
        "empty.wav": "the audio is empty",
        "eight.wav": "8 channels; give mono or stereo",
        "slow.wav": "7999 samples a second; give 8000 to 192000, resampled if need be",
        "nan.wav": "some samples are not finite numbers",
        "text.flac": "not audio that can be read (.wav .flac .ogg .mp3)",
        "nothing.mp3": "the file is empty",
        "nowhere.ogg": "no such file or folder",
    }
    for name, reason in said.items():
        assert refused("half", name) == f"{name}: {reason}"
    assert refused("half", "good.wav", "-o", "out.mp3").startswith("out.mp3: cannot write .mp3; use one of .wav .flac")
    for wrong in (np.zeros(9), Waveform(np.zeros(9, np.int16), 8000), Waveform(np.zeros((2, 2, 2)), 8000)):
        with pytest.raises(BadInput, match="sound"):
            Half()(wrong)
    monkeypatch.setattr("zoo.kinds.audio.MAX_SAMPLES", 1000)
    assert "more than the limit; cut it into parts" in refused("half", "good.wav")


# --- films ------------------------------------------------------------------------------------------------------------


def film(path, *, codec="libx264", pixels="yuv420p", sound="aac", size=(48, 32), rate=25, times=None, frames=20):
    """Writes a film in which a square moves, with a tone of a second."""
    with av.open(path, "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
        voice = container.add_stream(sound, rate=48_000, layout="stereo") if sound else None
        for number in range(frames):
            picture = np.full((size[1], size[0], 3), (200, 40, 40), np.uint8)
            picture[4:16, number : number + 12] = (30, 60, 220)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixels)
            if times:
                frame.pts, frame.time_base = round(times[number] * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        if voice:
            tone = np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000).astype(np.float32) / 2
            wave = av.AudioFrame.from_ndarray(np.stack([tone, -tone]), format="fltp", layout="stereo")
            wave.sample_rate, wave.pts = 48_000, 0
            resampler = av.AudioResampler(voice.codec_context.format.name, "stereo", 48_000, frame_size=960)
            for part in resampler.resample(wave) + resampler.resample(None):
                container.mux(voice.encode(part))
            container.mux(voice.encode())
        container.mux(stream.encode())
    return path


def watched(path) -> dict:
    """What is in a film."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        found = [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(stream)]
        facts = {"codec": stream.codec_context.name, "rate": stream.average_rate}
        facts |= {"times": [time for time, _ in found], "frames": [pixels for _, pixels in found]}
    with av.open(str(path)) as container:
        if container.streams.audio:
            facts["sound"] = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    with av.open(str(path)) as container:
        if container.streams.audio:
            facts["voice"] = np.concatenate([f.to_ndarray() for f in container.decode(audio=0)], axis=1)
    return facts


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.webm", "a.mov"])
def test_a_film_into_a_film_with_its_sound(zoo, name):
    options = {
        "a.mkv": {"codec": "ffv1", "sound": "flac"},
        "a.avi": {"codec": "mjpeg", "pixels": "yuvj420p", "sound": "pcm_s16le"},
        "a.webm": {"codec": "libvpx-vp9", "sound": "libopus"},
        "a.mov": {"codec": "mpeg4", "sound": "libmp3lame"},
    }
    film(name, **options.get(name, {}))
    zoo("run", "negative", name)
    given, made = watched(name), watched("a.negative.mp4")
    assert made["codec"] == "h264" and made["rate"] == 25 and len(made["frames"]) == 20
    np.testing.assert_allclose(made["times"], np.array(given["times"]) - given["times"][0], atol=0.002)
    for got, wanted in zip(made["frames"], given["frames"], strict=True):
        assert got.shape == (32, 48, 3) and np.abs(got.astype(int) - (255 - wanted)).mean() < 12
    if name in ("a.mp4", "a.mov"):
        assert made["sound"] == given["sound"]  # copied, bit by bit
    assert np.abs(made["voice"].shape[1] - 48_000) < 3000
    spectrum = np.abs(np.fft.rfft(made["voice"][0, :48_000]))
    assert abs(spectrum.argmax() - 440) <= 2
    frames = list(Negative()(read_film(name)).frames)
    assert len(frames) == 20 and frames[0].shape == (32, 48, 3)
    assert (frames[0][0, -1].astype(int) - (55, 215, 215)).max() < 12


def test_a_film_keeps_the_times_of_its_frames(zoo):
    times = [0, 0.04, 0.08, 0.5, 0.51, 0.9]
    film("a.mkv", times=times, frames=6, sound=None)
    zoo("run", "negative", "a.mkv", "-o", "out.mp4")
    np.testing.assert_allclose(watched("out.mp4")["times"], times, atol=1e-4)
    film("b.mkv", rate=Fraction(30_000, 1001), sound=None)
    zoo("run", "negative", "b.mkv", "-o", "b.mp4")
    assert watched("b.mp4")["rate"] == Fraction(30_000, 1001)  # though MKV has milliseconds


def test_a_film_is_upright_and_has_even_sides(zoo):
    film("odd.mkv", codec="ffv1", pixels="yuv444p", size=(49, 33), sound=None)
    zoo("run", "negative", "odd.mkv", "-o", "even.mp4")
    assert watched("even.mp4")["frames"][0].shape == (32, 48, 3)
    film("lying.mp4")
    first = watched("lying.mp4")["frames"][0]
    data = Path("lying.mp4").read_bytes()
    plain, turned = ((1, 0, 0, 0, 1, 0, 0, 0), (0, 1, 0, -1, 0, 0, 32, 0))  # a matrix, the last number left out
    place = data.index(fixed(plain), data.index(b"tkhd"))
    Path("turned.mp4").write_bytes(data[:place] + fixed(turned) + data[place + 32 :])
    upright = next(iter(read_film("turned.mp4").frames))
    np.testing.assert_array_equal(upright, np.rot90(first, -1))  # clockwise, as telephones write it


def fixed(numbers) -> bytes:
    """Numbers as MP4 has them in a matrix."""
    return b"".join(round(number * 2**16).to_bytes(4, "big", signed=True) for number in numbers)


def test_films_that_cannot_be_used(refused, zoo):
    with av.open("sound.mp4", "w") as container:  # sound alone
        stream = container.add_stream("aac", rate=44_100, layout="mono")
        wave = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        wave.sample_rate, wave.pts = 44_100, 0
        container.mux(stream.encode(wave))
        container.mux(stream.encode())
    film("none.mkv", frames=0)
    film("good.mp4")
    Path("cut.mp4").write_bytes(Path("good.mp4").read_bytes()[:3000])
    Path("text.mp4").write_text("no film")
    playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n"
    Path("list.mp4").write_text(playlist)  # FFmpeg would fetch what it names
    Path("files.mp4").write_text("ffconcat version 1.0\nfile good.mp4\n")
    for name in ("sound.mp4", "none.mkv"):
        assert refused("negative", name) == f"{name}: a film without frames"
    for name in ("cut.mp4", "text.mp4", "list.mp4", "files.mp4"):
        assert refused("negative", name).startswith(f"{name}: not a film that can be read")
    assert refused("negative", "nowhere.mp4") == "nowhere.mp4: no such file or folder"
    assert refused("negative", "good.mp4", "-o", "out.gif") == "out.gif: cannot write .gif; use one of .mp4"
    with pytest.raises(BadInput, match="film is a list; give a Film"):
        Negative()([])


def test_a_film_that_breaks_off_leaves_nothing(refused, monkeypatch):
    class Broken(Negative):
        def __call__(self, film: Video) -> Video:
            def frames():
                yield from list(film.frames)[:3]
                raise BadInput("the rest is missing")

            return dataclasses.replace(film, frames=frames())

    film("good.mp4")
    monkeypatch.setattr(f"{__name__}.Negative", Broken)
    assert refused("negative", "good.mp4") == "good.mp4: the rest is missing"


def test_films_are_streamed():
    most = 0

    def frames():
        nonlocal most
        alive = []
        for number in range(60):
            frame = np.full((64, 64, 3), number, np.uint8)
            alive.append(weakref.ref(frame))
            yield frame
            del frame
            most = max(most, sum(each() is not None for each in alive))

    write_film("out.mp4", Film(frames()))
    assert most <= 3


# --- boxes and tables -------------------------------------------------------------------------------------------------


def test_a_photograph_into_boxes(zoo, refused):
    write_image("photo.png", light())
    drawn, [box] = Find()(light())
    zoo("run", "find", "photo.png", "-o", "out.png")
    np.testing.assert_array_equal(read_image("out.png"), drawn)
    assert json.loads(Path("out.json").read_text()) == [box] == Boxes().read("out.json")
    assert box == {"label": "light", "score": 0.75, "box": [10, 6, 20, 12]}
    zoo("run", "find", "photo.png", "-o", "found.csv")
    table = Path("found.csv").read_text()
    assert table == "label,score,x0,y0,x1,y1\nlight,0.75,10.0,6.0,20.0,12.0\n"
    assert Boxes().read("found.csv") == [box] and Path("found.png").exists()
    write_image("dark.png", light() // 2)
    zoo("run", "find", "photo.png", "dark.png", "-o", "all")
    assert {name for name in files() if name.startswith("all")} == {
        "all/photo.png",
        "all/photo.json",
        "all/dark.png",
        "all/dark.json",
    }
    assert json.loads(Path("all/dark.json").read_text()) == []
    for wrong in ([{"label": "a"}], [box | {"score": 2}], [box | {"box": [5, 5, 1, 1]}], [box | {"box": "1 2"}], "box"):
        with pytest.raises(BadInput, match="boxes"):
            Boxes().check("boxes", wrong)


def test_a_table_into_a_table(zoo, refused):
    rows = [{"a": "1", "b": "2.5", "name": "x, y"}, {"a": "-1", "b": "0", "name": "ü"}]
    Path("in.csv").write_text('a;b;name\n1;2.5;"x, y"\n-1;0;ü\n', encoding="utf-8")
    Path("in.json").write_text(json.dumps(rows))
    sums = Total()(rows)
    assert [row["sum"] for row in sums] == [3.5, -1]
    zoo("run", "total", "in.csv")
    assert Table().read("in.total.csv") == [row | {"sum": f"{row['sum']}"} for row in sums]
    zoo("run", "total", "in.csv", "-o", "out.json")
    assert Table().read("out.json") == sums
    zoo("run", "total", "in.csv", "in.json", "-o", "out")
    assert files() >= {"out/in.csv", "out/in.json"}
    Path("words.csv").write_text("a,b\n1,x\n")
    Path("none.csv").write_text("a,b\n")
    Path("list.json").write_text("[1, 2]")
    Path("bad.json").write_text("{")
    assert refused("total", "words.csv").startswith("words.csv: no number in column")
    assert "none.csv" in refused("total", "none.csv")
    assert refused("total", "list.json").startswith("list.json: no table; give a list of objects")
    assert refused("total", "bad.json").startswith("bad.json: not JSON")
    with pytest.raises(BadInput, match="rows: row 1 is a int; give values by name"):
        Total()([1])


def test_words_about_files(zoo):
    write_image("a.png", light())
    write_image("b.png", light()[:, :8])
    assert zoo("run", "say", "a.png")[0] == "32 by 24\n"
    zoo("run", "say", "a.png", "b.png", "-o", "said.txt")
    assert Path("said.txt").read_text() == "32 by 24\n8 by 24\n"
    zoo("run", "say", "a.png", "b.png", "-o", "out")
    assert Path("out/say.csv").read_text() == "file,said\na.png,32 by 24\nb.png,8 by 24\n"


# --- pages ------------------------------------------------------------------------------------------------------------


def test_every_kind_on_the_demo_page(monkeypatch, zoo):
    shown = {name: app() for name, app in APPS.items() if name not in ("stack", "say")}
    monkeypatch.setattr("zoo_apps.demo.apps", lambda: shown)
    page = demo("demo").read_text(encoding="utf-8")
    for shown in (
        '<audio src="half/tone-result.wav" controls></audio>',
        '<video src="negative/square-result.mp4" controls loop muted></video>',
        '<img src="restore/ramp-mask.png"',
        "<th>sum</th>",
        "<td>light</td>",
        "zoo run restore restore/ramp-photo.png --mask restore/ramp-mask.png -o ramp.png",
    ):
        assert shown in page, shown
    os.chdir("demo")
    zoo("run", "half", "half/tone-sound.wav", "-o", "tone.wav")
    assert Path("tone.wav").read_bytes() == Path("half/tone-result.wav").read_bytes()


@pytest.mark.filterwarnings("ignore:.*no_silent_downcasting")
@pytest.mark.filterwarnings("ignore:The copy keyword is deprecated")
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_every_kind_in_the_gallery(monkeypatch):
    """As the page calls it: values are what a browser sent, answers what the components take."""
    from zoo_apps.gallery.calls import endpoint
    from zoo_apps.gallery.components import output_component
    from zoo_apps.gallery.page import import_gradio, page, sample_value
    from zoo_apps.gallery.sessions import Files, Session

    gradio = import_gradio()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(Path("temp").absolute()))
    Path("temp").mkdir()
    session = Session("a", Files("temp"))
    request = SimpleNamespace(request=SimpleNamespace(state=SimpleNamespace(session=session)))

    def answer_of(app, *sent):
        return asyncio.run(endpoint(gradio, app)(*sent, lambda *_, **__: None, request))

    registered = {name: app() for name, app in APPS.items()}
    registered["stack"].samples = registered["say"].samples = list
    blocks = page(registered)
    for name, app in registered.items():
        if name in ("stack", "say"):
            continue
        [sample] = app.samples()
        sent = [{"path": sample_value(app, sample, each)} for each in app.inputs]
        if name == "negative":
            sent = [{"video": sent[0], "subtitles": None}]
        session.files.share()  # the samples
        answer = answer_of(app, *sent)
        answers = answer if len(app.outputs) > 1 else [answer]
        components = [output_component(gradio, each) for each in app.outputs]
        shown = [component.postprocess(value) for component, value in zip(components, answers, strict=True)]
        assert all(each is not None for each in shown)
    assert {type(each).__name__ for each in blocks.blocks.values()} >= {"Audio", "Video", "File", "Dataframe", "Image"}
    write_image("temp/photo.png", light())
    session.files.share()
    with pytest.raises(gradio.Error, match="no mask given"):
        answer_of(registered["restore"], {"path": str(Path("temp/photo.png").absolute())}, None)
    gc.collect()  # Gradio leaves event loops to it, which is warned of
