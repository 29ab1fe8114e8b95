"""Films written as files that every browser plays: MP4 with H.264, by PyAV."""

import os
import threading
from fractions import Fraction
from pathlib import Path

from zoo.errors import BadInput


def write_film(path, frames, rate: float = 25.0, about: dict[str, str] | None = None) -> None:
    """Writes frames, an iterable of uint8 (H, W, 3) RGB of one size, both sides even, `rate` of them a second, as MP4.

    about: what the file says of itself, by the names that MP4 has for it, such as title and comment.
    Written beside and moved into place: a failure leaves no file behind. Raises BadInput for another suffix than .mp4,
    for frames that differ in size or have odd sides, for none at all, or for a place that cannot be written.
    """
    import av

    path = Path(path)
    if path.suffix.lower() != ".mp4":
        raise BadInput(f"{path}: films are written as .mp4")
    beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        try:
            # The index goes first, so that pages can stream it; 4:2:0 colour is the one that all players know.
            with av.open(str(beside), "w", format="mp4", options={"movflags": "faststart"}) as container:
                container.metadata.update(about or {})
                stream = None
                for frame in frames:
                    if stream is None:
                        stream = container.add_stream("libx264", rate=Fraction(rate).limit_denominator(1001))
                        height, width = frame.shape[:2]
                        if height % 2 or width % 2:
                            raise BadInput(f"{path}: frames of {width} x {height}; both sides must be even")
                        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
                        stream.options = {"crf": "18"}
                    if frame.shape != (stream.height, stream.width, 3):
                        raise BadInput(f"{path}: frames of different sizes")
                    container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
                if stream is None:
                    raise BadInput(f"{path}: a film of no frames")
                container.mux(stream.encode())  # what the encoder still holds
            os.replace(beside, path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except (OSError, av.FFmpegError) as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror or error})") from error
