"""What the runs of apps on pictures and on texts have in common: which files inputs name, where results may go, tables
of records, and the lines on standard error."""

import contextlib
import csv
import io
import json
import os
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from zoo.errors import BadInput, OutputExists

from .app import App, Images, Video

TABLES = (".json", ".csv")  # for records


@dataclass(frozen=True)
class Job:
    """One file to do."""

    source: Path
    root: Path  # the folder it was found through, or the one it lies in

    @property
    def below(self) -> Path:
        """Where it lies below that folder."""
        return self.source.relative_to(self.root)


class Report:
    """Standard error of a run: a line for what could not be done, and a progress bar where it is a terminal."""

    def __init__(self):
        self.console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)
        self.failed = 0

    def fail(self, line) -> None:
        self.failed += 1
        self.console.print(" ".join(str(line).splitlines()))

    @contextlib.contextmanager
    def failing(self):
        """Around a part of the work that may fail without the others."""
        try:
            yield
        except (BadInput, OutputExists) as error:
            self.fail(error)

    def progress(self, *, shown: bool = True) -> Progress:
        """A progress bar, a context; without `shown` it is never seen."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        disable = not (shown and self.console.is_terminal)
        # Standard output stays as it is: the bar would send it to standard error, where it might not be meant to go.
        return Progress(*columns, console=self.console, transient=True, disable=disable, redirect_stdout=False)


def jobs_of(text: str, find) -> list[Job]:
    """The files that an input names, as `find` knows them. Raises what that raises."""
    return [Job(source, _root(text, source)) for source in find(text)]


def each_once(found: list) -> list:
    """The same jobs (and whatever else there is among them) without those of a file that has come before."""
    known = {}
    for number, each in enumerate(found):
        known.setdefault(os.path.abspath(each.source) if isinstance(each, Job) else number, each)
    return list(known.values())


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


def names_folder(output: str) -> bool:
    """Whether an output is a folder: one that exists, a name without suffix, or one with a slash at its end."""
    return Path(output).is_dir() or output.endswith(("/", os.sep)) or not Path(output).suffix


def check_folder(output: str, suffixes=()) -> Path:
    """An output folder for several files; made, if it isn't there, with the first of them.

    Raises BadInput for a file, a name with one of these suffixes that isn't there, and where nothing can be written.
    """
    folder = Path(output)
    like_a_file = folder.suffix.lower() in suffixes and not output.endswith(("/", os.sep))
    if (folder.exists() and not folder.is_dir()) or (like_a_file and not folder.exists()):
        raise BadInput(f"{output} is not a folder; a folder or several files need an output folder, -o FOLDER")
    check_writable(folder)
    return folder


def check_writable(folder: Path) -> None:
    """Raise BadInput where no file can be made in a folder, or the folder itself can't."""
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise BadInput(f"output folder {folder}: {there} cannot be written to; choose another")


def is_earlier_result(job: Job, folder: Path) -> bool:
    """Whether a file lies in the output folder, and that inside the folder it was found through."""
    root, inside = job.root.resolve(), folder.resolve()
    return inside != root and inside.is_relative_to(root) and job.source.resolve().is_relative_to(inside)


def identity(path: Path):
    """What is the same for two paths to one file; None if there is no file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def refuse_taken(path: Path, sources: set, force: bool, source=None) -> None:
    """Raise BadInput where a file can't be written there, OutputExists where another is in the way.

    sources: what `identity` says of all inputs. source: the input that the file would be made from.
    """
    if identity(path) in sources:
        raise BadInput(f"{source or path} is not done: {path} is an input; choose another output")
    if path.exists() and not force:
        raise OutputExists(path)


def made(app: App, options: dict) -> list[int]:
    """Numbers of the outputs that a call with these options makes: all but those whose Flag isn't set."""
    flags = {number: getattr(kind, "when", "") for number, kind in enumerate(app.outputs)}
    return [n for n, flag in flags.items() if not flag or options.get(flag, app.inputs[flag].default)]


def write_drawn(path: Path, kind, answer) -> None:
    """Write a picture, with what is to be known of it, or a film, its folder too. Raises BadInput where that can't
    be."""
    from zoo.kinds.image import write_image
    from zoo.kinds.video import write_film

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror or error}") from error
    if isinstance(kind, Video):
        write_film(path, answer.frames, answer.rate, answer.about)
    elif isinstance(kind, Images):
        write_image(path, answer.pixels, answer.about)
    else:
        write_image(path, answer)


def write_text(path: Path, text: str) -> None:
    """Write a text file, UTF-8, its folder too: beside, and then into place. Raises BadInput where that can't be."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(beside, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            os.replace(beside, path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror or error})") from error


def write_table(path: Path, rows: list[dict], single: bool) -> None:
    """Rows of JSON values: a .json file (of a single one the object alone, else a list), or CSV."""
    if path.suffix.lower() == ".json":
        return write_text(path, json.dumps(rows[0] if single else rows, indent=2, ensure_ascii=False) + "\n")
    rows = [columns(row) for row in rows]
    # In the order of the longest row, so that a list's columns stand together.
    names = dict.fromkeys(name for row in sorted(rows, key=len, reverse=True) for name in row)
    buffer = io.StringIO()
    table = csv.DictWriter(buffer, names, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    write_text(path, buffer.getvalue())


def columns(value, name: str = "") -> dict:
    """A JSON value as the columns of a table: {"labels": [{"label": "ant"}]} -> {"labels_1_label": "ant"}."""
    if not isinstance(value, dict | list):
        return {name: value}
    found = {}
    for key, each in value.items() if isinstance(value, dict) else enumerate(value, start=1):
        found |= columns(each, f"{name}_{key}" if name else key)
    return found
