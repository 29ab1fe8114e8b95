"""What stands between a call and an app: values as they were sent become the app's, its answers the components'."""

import functools
import inspect
import mimetypes
import os
import urllib.parse
import zipfile
from pathlib import Path

import numpy as np

from zoo.errors import BadInput, UnknownName
from zoo.kinds.table import flattened

from ..app import App, Checkpoint, Image, Input, Output, Picture, Record, Table
from ..results import write_files
from .chat import errors_shown
from .sessions import Session
from .waiting import Call, line_of


def endpoint(gradio, app: App):
    """A function with the app's parameters, for Gradio to call with what a browser or a client sent."""

    def joined(values, session: Session) -> Call:
        sent = dict(zip(app.inputs, values, strict=True))
        return join(app, sent, session, functools.partial(shown, app, session))

    async def stream(*values):
        *values, progress, request = values
        with errors_shown(gradio):
            async for what, value in joined(values, session_of(request)).messages():
                if what == "waiting":
                    progress(0, desc=waiting_words(*value))
                elif what == "progress":
                    done, total, of = value
                    progress((done, total), desc=of)
                elif what in ("piece", "answer"):
                    yield value

    async def call(*values):
        return [value async for value in stream(*values)][-1]

    function = stream if any(output.streamed for output in app.outputs) else call
    # Gradio reads from here what the endpoint's parameters are called, and which are its own: progress and request.
    plain = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(each.name, plain, default=each.default) for each in app.inputs.values()]
    parameters.append(inspect.Parameter("progress_", plain, default=gradio.Progress()))
    parameters.append(inspect.Parameter("request_", plain, default=None))
    function.__signature__ = inspect.Signature(parameters)
    function.__annotations__ = {"request_": gradio.Request}
    return function


def as_sent(preprocess_data):
    """Gradio's method that prepares what was sent for an event, wrapped: without preprocessing nothing is done.

    Gradio's would still copy files, answer otherwise for those that exist, and keep what was sent for each client.
    """

    @functools.wraps(preprocess_data)
    async def prepared(block_fn, inputs, *rest, **options):
        if block_fn.preprocess or any(block.stateful for block in block_fn.inputs):
            return await preprocess_data(block_fn, inputs, *rest, **options)
        return list(inputs)

    return prepared


def join(app: App, sent: dict, session: Session, show) -> Call:
    """A new call of an app, which waits in its line. Raises Busy.

    sent: {input: value as it was sent}. show: a function from the app's answer, a tuple, to what `Call.messages` gives.
    """
    return line_of(app).join(sent, functools.partial(read_input, session), show)


def waiting_words(place: int, seconds: float | None) -> str:
    """How long a call has to wait, in words."""
    return f"number {place} in the queue" + ("" if seconds is None else f", about {max(1, round(seconds))} s")


def session_of(request) -> Session:
    """The session that Gradio's request comes from, which an event gets by a parameter annotated gradio.Request."""
    return request.request.state.session


def read_input(session: Session, each: Input, value):
    """A value that a session sent, as the app takes it. Raises BadInput, for files that are not its own, too."""
    if isinstance(each.kind, Checkpoint) and isinstance(value, str) and value:
        _check_checkpoint(session, value)
    if not each.kind.is_file:
        return value
    if not value:
        if each.default is None:
            return None
        raise BadInput(f"no {each.label} given; upload one or click a sample")
    files = value if isinstance(value, list) else [value]
    if len(files) > 1 and not each.many:
        raise BadInput(f"{len(files)} files for {each.label}; give one")
    paths = [session.find(_path(file)) for file in files]  # before any of them is read
    values = [each.kind.read(path, path.name) for path in paths]
    return values if each.many else values[0]


def _path(sent):
    """The path in what was sent for a file: a dict that the upload's path was put into; a film's is in one more."""
    if isinstance(sent, dict) and isinstance(sent.get("video"), dict):
        sent = sent["video"]
    return sent.get("path") if isinstance(sent, dict) else sent


def _check_checkpoint(session: Session, name: str) -> None:
    """Raises an error for what is neither a checkpoint by name that is on this machine nor a folder of the session's.

    Other folders are not opened, so that answers say nothing about them.
    """
    from zoo.hub import card, store
    from zoo.hub.sources import keras_applications
    from zoo.runtime import cache

    if name in store.shipped():
        return
    if "/" in name or os.sep in name:
        session.find(os.path.join(name, card.FILE))
    elif name not in keras_applications.SOURCES:
        raise UnknownName("checkpoint", name, {**store.shipped(), **keras_applications.SOURCES})
    elif not (cache.folder() / "checkpoints" / name / card.FILE).exists():
        raise BadInput(f"{name} is not on this machine, and this page downloads nothing; zoo show {name} fetches it")


def shown(app: App, session: Session, answer: tuple):
    """An answer of the app, as the components of the page take it."""
    values = [_show(output, value, session) for output, value in zip(app.outputs, answer, strict=True)]
    return values if len(values) > 1 else values[0]


def _show(output: Output, value, session: Session):
    kind = output.kind
    if value is None:
        return None
    if isinstance(kind, Record):
        return value
    if isinstance(kind, Table):
        rows = [flattened(row) for row in value]
        names = list(dict.fromkeys(name for row in rows for name in row))
        return {"headers": names, "data": [[row.get(name) for name in names] for row in rows]}
    if not kind.is_file:
        return "\n".join(map(kind.words, value)) if output.many else value
    if isinstance(kind, Image) and output.many:
        value = [each for each in value if getattr(each, "shown", True)]
    paths = stored(output, value, session)
    if not output.many:
        return str(paths[0])
    if not isinstance(kind, Image):
        return [str(path) for path in paths]
    captions = [getattr(each, "caption", "") or path.stem for path, each in zip(paths, value, strict=True)]
    return list(zip(map(str, paths), captions, strict=True))


def stored(output: Output, value, session: Session) -> list[Path]:
    """Write an answer to files, which the session may then fetch. Returns their paths."""
    folder = session.files.new_folder()
    path = folder if output.many else folder / f"{output.label}{output.kind.suffix}"
    if isinstance(output.kind, Image) and not output.many and not isinstance(value, Picture):
        path.write_bytes(_png(value))
        paths = [path]
    else:
        paths = write_files(path, output, value)
    for each in paths:
        session.keep(each)
    return paths


def zipped(path: Path, files: list[Path], folder: Path, compression: int = zipfile.ZIP_STORED) -> Path:
    """Write a ZIP archive of these files, by their paths in `folder`. Returns its path.

    compression: zipfile's; pictures do not get smaller.
    """
    with zipfile.ZipFile(path, "w", compression) as archive:
        for file in files:
            archive.write(file, file.relative_to(folder))
    return path


def _png(pixels: np.ndarray) -> bytes:
    """Pixels, uint8 (H, W, 3) or (H, W), as a PNG file: in a sixth of the time that Pillow takes, and 8 % larger."""
    import cv2

    fast = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
    if hasattr(cv2, "IMWRITE_PNG_FILTER"):  # OpenCV 4.12 has it first
        fast += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP]
    _, encoded = cv2.imencode(".png", pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), fast)
    return encoded.tobytes()


def sent(app: App, session: Session, address: str, answer: tuple) -> list:
    """An answer of the app in JSON, as Gradio sends it: files as dicts with their path and URL.

    address: that of the gallery, which ends with "/".
    """
    return [_send(output, value, session, address) for output, value in zip(app.outputs, answer, strict=True)]


def _send(output: Output, value, session: Session, address: str):
    shown = _show(output, value, session)
    if shown is None or not output.kind.is_file:
        return shown
    if not output.many:
        return _file(shown, address)
    if isinstance(output.kind, Image):
        return [{"image": _file(path, address), "caption": caption} for path, caption in shown]
    return [_file(path, address) for path in shown]


def _file(path: str, address: str) -> dict:
    return {
        "path": path,
        "url": f"{address}gradio_api/file={urllib.parse.quote(path)}",
        "orig_name": Path(path).name,
        "mime_type": mimetypes.guess_type(path)[0],
        "is_stream": False,
        "meta": {"_type": "gradio.FileData"},
    }
