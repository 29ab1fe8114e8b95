"""Several photographs at once: an app on each, what the command line does with a folder."""

import asyncio
import re
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from zoo.errors import BadInput, ZooError
from zoo.kinds.table import write_table

from ..app import App, Image, Input, Record
from ..results import write_files
from .calls import join, session_of, zipped
from .chat import errors_shown
from .components import several_files
from .look import CLEAR
from .records import record_view
from .sessions import Session
from .waiting import Busy, Call

PROBLEM = "problem"  # the column that says why a file failed
LONGEST = 100  # letters of a file's name


def several(gradio, app: App, main: Input, inputs: dict) -> None:
    """Components for several values of the input `main`; the app's other inputs are those of the view."""
    with gradio.Accordion("Several photographs at once", open=False):
        files = several_files(gradio, main, f"{main.label}s")
        run = gradio.Button("Run on all", variant="primary")
        made = {"interactive": False, "elem_classes": "zoo-when"}  # hidden while empty
        pictures = gradio.Gallery(label="Results", format="png", columns=3, object_fit="contain", buttons=[], **made)
        table = record_view(gradio, "Files")
        archive = gradio.File(label="All results (ZIP)", **made)
    names = [name for name in inputs if name != main.name]

    async def call(request: gradio.Request, uploaded, *values, progress=gradio.Progress()):  # noqa: B008
        with errors_shown(gradio):
            given = dict(zip(names, values, strict=True))
            return await run_on_all(app, main, uploaded, given, session_of(request), progress)

    run.click(
        call,
        [files, *(inputs[name] for name in names)],
        [pictures, table, archive],
        preprocess=False,
        concurrency_limit=None,
        api_visibility="private",
        js=CLEAR,
    )


async def run_on_all(app: App, main: Input, uploaded: object, given: dict, session: Session, progress) -> tuple:
    """The app on each of the uploaded files. The error of one is reported in its row, and the rest go on.

    Where the app's line is full, it waits until there is room.

    uploaded: a list of files, as it was sent; given: the app's other inputs. progress: called with (done, total).
    Returns:
        pictures with captions; a row for each file; the path of an archive of all results.
    Raises BadInput where there is no list of files.
    """
    if not uploaded or not isinstance(uploaded, list):
        raise BadInput(f"no {main.label}s given; upload some")
    folder, pictures, rows, written = session.files.new_folder(), [], [], []
    names = _names([str(file.get("orig_name") if isinstance(file, dict) else file) for file in uploaded])
    for number, (name, file) in enumerate(zip(names, uploaded, strict=True)):
        progress((number, len(names)), desc=name)
        row = {"file": name}
        rows.append(row)
        try:
            call = await _joined(app, given | {main.name: file}, session)
            [answer] = [value async for what, value in call.messages() if what == "answer"]
        except ZooError as error:
            row[PROBLEM] = str(error)
            continue
        for output, value in zip(app.outputs, answer, strict=True):
            if isinstance(output.kind, Record):
                row |= value
            elif output.kind.is_file and value is not None:
                path = folder / f"{name}-{output.label.replace(' ', '-')}{output.kind.suffix}"
                written += await run_in_threadpool(write_files, path, output, value)
                if isinstance(output.kind, Image):
                    pictures.append((str(path), name))
    if any(row.keys() - {"file", PROBLEM} for row in rows):
        for suffix in (".json", ".csv"):
            written.append(folder / f"{app.name}{suffix}")
            write_table(written[-1], rows)
    archive = await run_in_threadpool(zipped, folder / f"{app.name}.zip", written, folder)
    for path in (*written, archive):
        session.keep(path)
    return pictures, [_short(row) for row in rows], str(archive)


async def _joined(app: App, sent: dict, session: Session) -> Call:
    """A call of the app, once there is room for one more in its line."""
    while True:
        try:
            return join(app, sent, session, lambda answer: answer)
        except Busy as busy:
            await asyncio.sleep(busy.seconds)


def _names(paths: list[str]) -> list[str]:
    """A name for the results of each file, each once: a second "photo.jpg" is "photo-2"."""
    found = []
    for path in paths:
        stem = re.sub(r"[^\w. -]", "_", Path(path).stem)[:LONGEST]  # what a browser sent may be anything
        name, number = stem, 1
        while name in found:
            number += 1
            name = f"{stem}-{number}"
        found.append(name)
    return found


def _short(row: dict) -> dict:
    """A row for a table on the page: lists are in the archive."""
    return {name: value for name, value in row.items() if not isinstance(value, list | dict)}
