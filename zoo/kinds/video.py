"""Films: any container that FFmpeg reads, frame by frame, in; MP4 with H.264, as all browsers play it, out. By PyAV."""

import html
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from zoo.errors import BadInput
from zoo.kinds.kind import Kind, check_file, check_suffix, writing

# Only formats that hold films, and only files: FFmpeg would also open playlists, which name other files and addresses.
_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,live_flv,asf,ogg,gif,apng,h264,hevc,m4v,av1,"
    "ivf,dv,mxf,nut,rm,vob,wtv,yuv4mpegpipe"
)
_OPTIONS = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
_COPIED = ("aac", "mp3")  # sound that browsers play from MP4 as it is; any other is encoded as AAC
_AAC_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}  # of sound that is encoded, by its channels
_BT709 = 1  # FFmpeg's number for its matrix, its primaries and its transfer curve
_UNSPECIFIED = 2
_TICKS = 90_000  # a second, at least: how exactly times of frames are written


@dataclass(frozen=True)
class Film:
    """A film: frames and sound. An app that changes frames returns `dataclasses.replace(film, frames=...)`.

    frames: uint8 (H, W, 3), RGB, of one size, both sides even; read one by one, never all in memory.
    rate: frames a second. times: seconds of each frame where they are not 1 / rate apart, in the order of `frames`; of
    a film that is being read the list grows with the frames. sound: the film file whose sound goes with it.
    about: what the file says of itself, by MP4's names: {"comment": "..."}.
    """

    frames: Iterable[np.ndarray]
    rate: float = 25.0
    about: dict[str, str] = field(default_factory=dict)
    times: list[float] | None = None
    sound: Path | None = None

    def save(self, path) -> None:
        """Write it as an MP4 file. Raises BadInput where that cannot be."""
        write_film(path, self)


@dataclass(frozen=True, kw_only=True)
class Video(Kind):
    """A film, as a `Film`. Files: any container that FFmpeg reads; written as MP4."""

    noun = "film"
    in_python = "a path or a Film"
    is_file = True
    reads = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".3gp", ".wmv", ".flv", ".ogv")
    writes = (".mp4",)
    suffix = ".mp4"

    def check(self, name, value):
        if not isinstance(value, Film):
            raise BadInput(f"{name} is a {type(value).__name__}; give a Film (zoo.kinds.video.read_film reads files)")
        return value

    def to_python(self, value):
        """The film; frames that could be read once only are a list."""
        return replace(value, frames=list(value.frames)) if isinstance(value.frames, Iterator) else value

    def read(self, path, name=""):
        return read_film(path, name)

    def write(self, path, value):
        write_film(path, value)

    def example(self):
        """Ten frames in which a white square moves."""
        frames = np.zeros((10, 32, 48, 3), np.uint8)
        for number, frame in enumerate(frames):
            frame[8:24, 3 * number : 3 * number + 16] = 255
        return Film(list(frames), 10.0)

    def words(self, value):
        return f"a film of {value.rate:g} frames a second"

    def html(self, value, address="", label=""):
        return f'<video src="{html.escape(address, quote=True)}" controls loop muted></video>'


# --- reading ----------------------------------------------------------------------------------------------------------


def read_film(path, name: str = "") -> Film:
    """Reads a film: its frames upright, when they are asked for, with their times, and its sound.

    name: what errors call it. Where a side is odd, which H.264 cannot have, the last row or column is left out. Raises
    BadInput for what is missing, damaged, no film or without a frame; frames that cannot be decoded raise it later.
    """
    name = check_file(path, name)
    times = []
    frames = _Frames(Path(path), name, times)
    if next(iter(frames), None) is None:
        raise BadInput(f"{name}: a film without frames")
    with _opened(path, name) as container:
        stream = container.streams.video[0]
        rate = stream.average_rate or stream.guessed_rate or Film.rate
        sound = Path(path) if container.streams.audio else None
    return Film(frames, float(rate), times=times, sound=sound)


def _opened(path, name: str):
    """The container in a file. Raises BadInput for one without a video stream."""
    import av

    try:
        container = av.open(str(path), options=_OPTIONS)
    except PermissionError as error:
        raise BadInput(f"{name}: no permission to read it") from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise BadInput(f"{name}: not a film that can be read (MP4, MOV, MKV, WebM, AVI, ...)") from error
    if not container.streams.video:
        container.close()
        raise BadInput(f"{name}: a film without frames")
    return container


@dataclass(frozen=True)
class _Frames:
    """The frames of a film file, decoded each time they are iterated over."""

    path: Path
    name: str
    times: list[float]  # of the frames that have been read

    def __iter__(self) -> Iterator[np.ndarray]:
        import av

        self.times.clear()
        with _opened(self.path, self.name) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            begin, rate = _start(container), float(stream.average_rate or Film.rate)
            shape = None
            try:
                for number, frame in enumerate(container.decode(stream)):  # it flushes the decoder at the end
                    pixels = _upright(frame)
                    shape = shape or pixels.shape
                    if pixels.shape != shape:
                        raise BadInput(f"{self.name}: its frames change their size; encode it anew first")
                    # The frame's own time is right where a film's rate is not.
                    self.times.append(number / rate if frame.time is None else frame.time - begin)
                    yield pixels
            except av.FFmpegError as error:
                raise BadInput(f"{self.name}: a damaged film ({error.strerror or error})") from error


def _start(container) -> float:
    """Seconds at which a film begins: recordings of television count from anywhere."""
    return max(0, container.start_time or 0) / 1_000_000


def _upright(frame) -> np.ndarray:
    """A decoded frame as uint8 (H, W, 3), turned as it is meant to be seen, with even sides."""
    # Large films that don't say which colours they have are meant to have those of HDTV.
    untagged = frame.colorspace == _UNSPECIFIED and frame.height >= 720
    pixels = frame.reformat(format="rgb24", src_colorspace="itu709" if untagged else None).to_ndarray()
    pixels = np.rot90(pixels, round(frame.rotation / 90))  # both count anticlockwise
    height, width = pixels.shape[:2]
    return np.ascontiguousarray(pixels[: height - height % 2, : width - width % 2])


# --- writing ----------------------------------------------------------------------------------------------------------


def write_film(path, film: Film) -> None:
    """Writes a `Film` as MP4: H.264 in 4:2:0 with BT.709 colours, and its sound, if it has any.

    Sound is copied where it is AAC or MP3, else encoded as AAC. Written beside and moved into place: a failure leaves
    no file behind. Raises BadInput for another suffix than .mp4, for frames that differ in size or have odd sides, for
    none at all, or for a place that cannot be written.
    """
    import av

    check_suffix(path, Video.writes)
    try:
        # The index goes first, so that pages can stream it.
        with (
            writing(path) as beside,
            av.open(str(beside), "w", format="mp4", options={"movflags": "faststart"}) as container,
        ):
            container.metadata.update(film.about)
            _write(container, film, path)
    except av.FFmpegError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror or error})") from error


def _write(container, film: Film, path) -> None:
    rate = Fraction(film.rate).limit_denominator(1001)
    ticks = rate.numerator * math.ceil(_TICKS / rate.numerator)  # so that 1 / rate is a whole number of them
    stream, sound, last = None, None, -1
    for number, pixels in enumerate(film.frames):
        if stream is None:
            stream = _stream(container, rate, Fraction(1, ticks), pixels, path)
            sound = _Sound(container, film.sound) if film.sound else None
        if pixels.shape != (stream.height, stream.width, 3):
            raise BadInput(f"{path}: frames of different sizes")
        time = number / rate if film.times is None else _exact(film.times[number], rate)
        last = max(last + 1, round(time * ticks))  # a later frame is never shown earlier
        # Without a destination the numbers would be those of BT.601, whatever the stream says of itself.
        frame = _frame(pixels).reformat(format="yuv420p", dst_colorspace="itu709")
        frame.pts, frame.time_base = last, Fraction(1, ticks)
        container.mux(stream.encode(frame))
        if sound:
            sound.write(until=float(time))
    if stream is None:
        raise BadInput(f"{path}: a film of no frames")
    container.mux(stream.encode())  # what the encoder still holds
    if sound:
        sound.write(until=math.inf)


def _exact(time: float, rate: Fraction) -> Fraction:
    """Seconds, a multiple of 1 / rate where they are one but for a container's rounding to milliseconds."""
    near = round(time * rate) / rate
    return near if abs(time - near) <= 0.001 else Fraction(time)


def _frame(pixels: np.ndarray):
    """uint8 (H, W, 3) -> a frame of PyAV."""
    import av

    return av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")


def _stream(container, rate: Fraction, time_base: Fraction, pixels: np.ndarray, path):
    """The video stream for a film whose first frame is `pixels`."""
    height, width = pixels.shape[:2]
    if height % 2 or width % 2:
        raise BadInput(f"{path}: frames of {width} x {height}; both sides must be even")
    stream = container.add_stream("libx264", rate=rate)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"  # the one that all players know
    stream.options = {"crf": "18"}
    codec = stream.codec_context
    codec.time_base = time_base
    codec.colorspace = codec.color_primaries = codec.color_trc = _BT709
    codec.color_range = 1  # 16 to 235
    return stream


class _Sound:
    """The sound of a film file on its way into another, packet by packet, beside the frames."""

    def __init__(self, container, source: Path):
        self.container, self.begin = container, 0.0
        self.packets = self._packets(source)
        next(self.packets)  # to the point where the stream is there: before the first picture is written

    def write(self, until: float) -> None:
        """Writes the sound up to that second."""
        while self.begin <= until and (packet := next(self.packets, None)) is not None:
            self.begin = float(packet.pts * packet.time_base) if packet.pts is not None else self.begin
            self.container.mux(packet)

    def _packets(self, source: Path):
        import av

        with _opened(source, str(source)) as film:
            given = film.streams.audio[0]
            late = _start(film)
            if given.codec_context.name in _COPIED or given.codec_context.name.startswith("mp3"):
                stream = self.container.add_stream_from_template(given)
                yield None
                for packet in film.demux(given):
                    if packet.dts is None:  # the empty last one
                        continue
                    shift = round(late / packet.time_base)
                    packet.pts = (packet.dts if packet.pts is None else packet.pts) - shift
                    packet.dts, packet.stream = packet.dts - shift, stream
                    yield packet
                return
            rate = given.rate if given.rate in _AAC_RATES else 48_000
            layout = _LAYOUTS.get(given.layout.nb_channels, "stereo")  # AVI doesn't say which loudspeakers it means
            stream = self.container.add_stream("aac", rate=rate, layout=layout)
            resampler = av.AudioResampler(format="fltp", layout=layout, rate=rate)
            yield None
            for frame in film.decode(given):
                if frame.pts is not None:
                    frame.pts -= round(late / frame.time_base)
                for part in resampler.resample(frame):
                    yield from stream.encode(part)
            for part in resampler.resample(None):
                yield from stream.encode(part)
            yield from stream.encode()
