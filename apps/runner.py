"""Run an app on files: a file, several files, a folder or a glob in, files out.

Where results go:
- one file: `-o FILE`; `-o FOLDER` (an existing one, a name without suffix, or one with a slash at its end) puts it
  there under its own name; without -o it becomes `<stem>.<app><suffix>` in the current folder: `photo.colorize.jpg`;
- a folder, a glob or several inputs: `-o FOLDER`, made when needed, with the inputs' own names and sub-folders.
- an app's second picture becomes `<stem>.<its label><suffix>` beside the first, a film `<stem>.mp4`; where a film is
  made, `-o FILE.mp4` names it, and the picture beside it becomes `FILE.png`;
- a record becomes `<stem>.json` beside it; those of a folder make one `<app>.json` and one `<app>.csv`, also of a run
  that was stopped half way. Of an app that answers a record, `-o FILE.json` or `-o FILE.csv` writes records alone, and
  without -o one file's is printed.
Results keep the suffix of their input where it can be written; GIF, AVIF and the like become PNG. An input is never
overwritten, not even with force, and what lies in an output folder inside the input folder is no input: it is what an
earlier run wrote.
"""

import csv
import io
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from zoo.errors import BadInput, OutputExists

from .app import App, Image, Record, Video

FILED = (Image, Video, Record)  # what there are files for
TABLES = (".json", ".csv")  # for records


@dataclass(frozen=True)
class Job:
    """One file to do."""

    source: Path
    root: Path  # the folder it was found through, or the one it lies in

    @property
    def name(self) -> Path:
        """Where its result goes, below the output folder."""
        from zoo.data.images import WRITTEN

        name = self.source.relative_to(self.root)
        return name if name.suffix.lower() in WRITTEN else name.with_suffix(".png")


def run(app: App, inputs: list[str], output: str | None = None, *, force: bool = False, **options) -> int:
    """Run `app` on every file the inputs name; the number of files (or inputs) that could not be done.

    Each of those is one line on standard error, and the others are done all the same. What concerns all files (an
    option, the output folder, an unsuitable checkpoint) raises a ZooError instead.
    """
    argument = picture_argument(app)
    options = app.check(**options)
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)
    failed = 0

    def fail(line) -> None:
        nonlocal failed
        failed += 1
        console.print(" ".join(str(line).splitlines()))

    jobs = _jobs(inputs, fail)
    if not jobs:
        return failed
    single = len(inputs) == 1 and Path(inputs[0]).is_file()
    records = any(isinstance(kind, Record) for kind in app.outputs)
    printed = records and single and output is None
    tables, folder = [], None  # files for the records of all inputs
    if records and output and Path(output).suffix.lower() in TABLES and not Path(output).is_dir():
        tables, places = [Path(output)], [{} for _ in jobs]
    elif printed:
        places = [{}]
    elif single:
        path = _single_output(app, jobs[0], output)
        tables = [path.with_suffix(".json")] if records else []
        places = [_places(app, path, options)]
    else:
        folder = _output_folder(output)
        jobs = [job for job in jobs if not _is_earlier_result(job, folder)]
        tables = [folder / f"{app.name}{suffix}" for suffix in TABLES] if records else []
        places = [_places(app, folder / job.name, options) for job in jobs]

    # Refused before the work, which may take long, and before the framework is imported.
    sources = {_identity(job.source) for job in jobs} - {None}
    for table in tables:
        _refuse_taken(table, sources, force)
    todo = _possible(app, jobs, places, sources, force, fail)
    done, written, found, started = 0, [], {}, time.perf_counter()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            app.track = lambda steps, total, what: progress.track(steps, total, description=what)
            for job, outputs in todo if single else progress.track(todo, description=app.name):
                try:
                    answers = _answer(app, argument, job.source, options)
                    for number, path in outputs.items():
                        if answers[number] is not None:
                            _write(path, app.outputs[number], answers[number])
                            written.append(path)
                    for kind, answer in zip(app.outputs, answers, strict=True):
                        if isinstance(kind, Record):
                            found[job.source] = answer
                    done += 1
                except BadInput as error:
                    fail(error)
    finally:  # of a run that was stopped too: what hours have found must not be lost
        for table in tables if found else []:
            _write_table(table, found, single)
            written.append(table)
    if printed:
        for record in found.values():
            print(app.describe(record))
    elif single:
        console.print(*(f"wrote {path}" for path in written), sep="\n", end="\n" if written else "")
    if not single:
        speed = f", {done / (time.perf_counter() - started):.1f} a second" * bool(found)
        where = f"; results are in {folder or output}" * bool(written)
        console.print(f"{done} done, {failed} failed{speed}{where}")
    return failed


def _places(app: App, path: Path, options: dict) -> dict[int, Path]:
    """Where an input's results go: the number of the output -> its file, but for records."""
    pictures = [number for number, kind in enumerate(app.outputs) if isinstance(kind, Image)]
    films = {number: kind.when for number, kind in enumerate(app.outputs) if isinstance(kind, Video)}
    made = [n for n, flag in films.items() if not flag or options.get(flag, app.inputs[flag].default)]
    film, places = path.with_suffix(".mp4"), {}
    if films and path.suffix.lower() == ".mp4":
        if not made:
            raise BadInput(f"{path}: no film is made without --{min(films.values()).replace('_', '-')}")
        film, path = path, path.with_suffix(".png")
    for number in pictures:
        name = path.name if number == pictures[0] else f"{path.stem}.{app.outputs[number].label}{path.suffix}"
        places[number] = path.with_name(name)
    return places | dict.fromkeys(made, film)


def _possible(app, jobs, places, sources, force, fail) -> list[tuple[Job, dict]]:
    """The jobs whose files may be written; of the others `fail` is told why."""
    from zoo.data.images import check_suffix  # late: `zoo run NAME --help` reads no picture

    planned, todo = {}, []  # output -> the input it will be made from
    for job, outputs in zip(jobs, places, strict=True):
        try:
            mine = {}
            for number, path in outputs.items():
                if isinstance(app.outputs[number], Image):
                    check_suffix(path)
                if path in mine:
                    raise BadInput(f"{job.source} is not done: two of its outputs would be {path}")
                if path in planned:
                    raise BadInput(
                        f"{job.source} is not done: its output {path} is already that of {planned[path]}; rename one"
                    )
                _refuse_taken(path, sources, force, job.source)
                mine[path] = job.source
        except (BadInput, OutputExists) as error:
            fail(error)
        else:
            planned |= mine
            todo.append((job, outputs))
    return todo


def _refuse_taken(path: Path, sources: set, force: bool, source=None) -> None:
    """Raise BadInput where a file can't be written there, OutputExists where another is in the way."""
    if _identity(path) in sources:
        raise BadInput(f"{source or path} is not done: {path} is an input; choose another output")
    if path.exists() and not force:
        raise OutputExists(path)


def _write(path: Path, kind, answer) -> None:
    """Write a result, its folder too. Raises BadInput where that can't be."""
    from zoo.data.film import write_film
    from zoo.data.images import write_image

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror or error}") from error
    if isinstance(kind, Video):
        write_film(path, answer.frames, answer.rate)
    else:
        write_image(path, answer)


def _write_table(path: Path, found: dict, single: bool) -> None:
    """Records by the file that each is about: JSON (one object, or a list of them), or CSV, a row each."""
    rows = [{"file": str(source), **record} for source, record in found.items()]
    if path.suffix.lower() == ".json":
        text = json.dumps(rows[0] if single else rows, indent=2, ensure_ascii=False) + "\n"
    else:
        rows = [_columns(row) for row in rows]
        # In the order of the longest row, so that a list's columns stand together.
        names = dict.fromkeys(name for row in sorted(rows, key=len, reverse=True) for name in row)
        buffer = io.StringIO()
        table = csv.DictWriter(buffer, names, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        text = buffer.getvalue()
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")  # then into place
    try:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(text, encoding="utf-8")
            os.replace(beside, path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror or error})") from error


def _columns(value, name: str = "") -> dict:
    """A JSON value as the columns of a table: {"labels": [{"label": "ant"}]} -> {"labels_1_label": "ant"}."""
    if not isinstance(value, dict | list):
        return {name: value}
    columns = {}
    for key, each in value.items() if isinstance(value, dict) else enumerate(value, start=1):
        columns |= _columns(each, f"{name}_{key}" if name else key)
    return columns


def picture_argument(app: App) -> str:
    """The name of the one input that is a file, a picture. BadInput for an app without, or of answers no file holds."""
    files = [each for each in app.inputs.values() if each.kind.is_file]
    if [type(each.kind) for each in files] != [Image] or not all(isinstance(kind, FILED) for kind in app.outputs):
        raise BadInput(f"app {app.name!r} does not make files of one picture, so it cannot run on files")
    return files[0].name


def runs_on_files(app: App) -> bool:
    """Whether `zoo run` can run it."""
    try:
        picture_argument(app)
    except BadInput:
        return False
    return True


def _answer(app: App, argument: str, source: Path, options: dict) -> tuple:
    """What the app makes of a file, one value for each of its outputs; every BadInput names the file."""
    from zoo.data.images import read_image

    picture = read_image(source)
    try:
        answer = app(**{argument: picture}, **options)
    except BadInput as error:
        raise BadInput(f"{source}: {error}") from error
    return answer if isinstance(answer, tuple) else (answer,)


def _jobs(inputs: list[str], fail) -> list[Job]:
    """What the inputs name, each file once. An input that names nothing is reported to `fail`."""
    from zoo.data.images import find_images

    jobs, seen = [], set()
    for text in inputs:
        try:
            found = find_images(text)
        except BadInput as error:
            fail(error)
            continue
        for source in found:
            where = os.path.abspath(source)
            if where not in seen:
                seen.add(where)
                jobs.append(Job(source, _root(text, source)))
    return jobs


def _root(text: str, source: Path) -> Path:
    """The folder below which an input's files keep their relative paths."""
    path = Path(text)
    if path.is_dir():
        return path
    if path.exists():
        return source.parent
    fixed = []  # a glob: the parts before the first with a wildcard
    for part in path.expanduser().parts:
        if any(sign in part for sign in "*?["):
            break
        fixed.append(part)
    return Path(*fixed)


def _single_output(app: App, job: Job, output: str | None) -> Path:
    """Where the result of a single file goes."""
    if output is None:
        return Path(f"{job.name.stem}.{app.name}{job.name.suffix}")
    if not output:
        raise BadInput("the output has no name; give a file or a folder after -o")
    path = Path(output)
    is_folder = path.is_dir() or output.endswith(("/", os.sep)) or not path.suffix
    return path / job.name if is_folder else path


def _output_folder(output: str | None) -> Path:
    """The folder for the results of several files; made, if it isn't there, with the first of them."""
    from zoo.data.images import WRITTEN

    if not output:
        raise BadInput("a folder or several files need an output folder; add -o FOLDER")
    folder = Path(output)
    like_a_file = folder.suffix.lower() in WRITTEN and not output.endswith(("/", os.sep))
    if (folder.exists() and not folder.is_dir()) or (like_a_file and not folder.exists()):
        raise BadInput(f"{output} is not a folder; a folder or several files need an output folder, -o FOLDER")
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise BadInput(f"output folder {output}: {there} cannot be written to; choose another")
    return folder


def _is_earlier_result(job: Job, folder: Path) -> bool:
    """Whether a file lies in the output folder, and that inside the folder it was found through."""
    root, inside = job.root.resolve(), folder.resolve()
    return inside != root and inside.is_relative_to(root) and job.source.resolve().is_relative_to(inside)


def _identity(path: Path):
    """What is the same for two paths to one file; None if there is no file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
