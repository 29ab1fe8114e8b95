"""What stands between the page and an app: values as they were sent become the app's, its answers the components'."""

import functools
import inspect
import itertools
import os
import tempfile
from pathlib import Path

from zoo.errors import BadInput
from zoo.kinds.table import flattened

from ..app import App, Checkpoint, Image, Input, Output, Record, Table
from ..results import write_files
from .chat import errors_shown


def endpoint(gradio, app: App):
    """A function with the app's parameters, for Gradio to call with what a browser or a client sent."""

    def answers(*values):
        *values, progress = values
        app.track = functools.partial(_track, progress)
        given = {each.name: _read(each, value) for each, value in zip(app.inputs.values(), values, strict=True)}
        answer = app(**given)
        return answer if isinstance(answer, tuple) else (answer,)

    def show(found):
        shown = [_show(output, value) for output, value in zip(app.outputs, found, strict=True)]
        return shown if len(shown) > 1 else shown[0]

    def call(*values):
        with errors_shown(gradio):
            return show(answers(*values))

    def stream(*values):
        with errors_shown(gradio):
            found, text = list(answers(*values)), ""
            for piece in itertools.chain(found[streamed[0]], [""]):  # of a text without pieces that is shown, too
                text += piece
                found[streamed[0]] = text
                yield show(found)

    streamed = [number for number, output in enumerate(app.outputs) if output.streamed]
    function = stream if streamed else call
    # Gradio reads from here what the endpoint's parameters are called, and where it is to put the progress bar.
    plain = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(each.name, plain, default=each.default) for each in app.inputs.values()]
    progress = inspect.Parameter("progress_", plain, default=gradio.Progress())
    function.__signature__ = inspect.Signature([*parameters, progress])
    return function


def _track(progress, steps, total: int, what: str):
    """The steps, one by one, while the page shows how many are done."""
    for done, step in enumerate(steps):
        progress((done, total), desc=what)
        yield step


def _read(each: Input, value):
    """A value that was sent, as the app takes it."""
    if isinstance(each.kind, Checkpoint) and _would_be_fetched(value):
        raise BadInput(f"{value} is not on this machine, and this page downloads nothing; zoo show {value} fetches it")
    if not each.kind.is_file:
        return value
    if not value:
        if each.default is None:
            return None
        raise BadInput(f"no {each.label} given; upload one or click a sample")
    files = [_path(file) for file in (value if isinstance(value, list) else [value])]
    values = [each.kind.read(path, path.name) for path in files]
    return values if each.many else values[0]


def _path(sent: dict) -> Path:
    """The path of an uploaded file; a film's is in a nested dict."""
    return Path((sent.get("video") or sent)["path"])


def _would_be_fetched(name) -> bool:
    """Whether loading this checkpoint would download it."""
    from zoo.hub import card, store
    from zoo.hub.sources import keras_applications
    from zoo.runtime import cache

    if not isinstance(name, str) or name not in keras_applications.SOURCES:
        return False
    fetched = cache.folder() / "checkpoints" / name / card.FILE
    return name not in store.shipped() and not Path(name).is_dir() and not fetched.exists()


def _show(output: Output, value):
    """An answer of the app, as the component takes it."""
    kind = output.kind
    if value is None:
        return None
    if isinstance(kind, Record | Table) and (output.many or isinstance(kind, Table)):
        rows = [flattened(row) for row in value] if isinstance(kind, Table) else value
        names = list(dict.fromkeys(name for row in rows for name in row))
        return {"headers": names, "data": [[row.get(name) for name in names] for row in rows]}
    if not kind.is_file:
        return "\n".join(map(kind.words, value)) if output.many else value
    if isinstance(kind, Image) and not output.many:
        return value
    # Inside Gradio's folder, so that it serves files from there rather than copying them.
    folder = Path(tempfile.mkdtemp(dir=os.environ["GRADIO_TEMP_DIR"]))
    paths = write_files(folder if output.many else folder / f"{output.label}{kind.suffix}", output, value)
    if not output.many:
        return str(paths[0])
    return [(str(path), path.stem) for path in paths] if isinstance(kind, Image) else [str(path) for path in paths]
