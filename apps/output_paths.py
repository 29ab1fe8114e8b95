"""The paths of a run's results. They are decided, and checked to be writable, before the app is called.

Outputs that are files (images, films, audio, tables):
- of one input file: `-o FILE`; or `-o FOLDER` (an existing one, a name without suffix, or one with a slash at its end),
  where the result has the input's name; without -o `<stem>.<app><suffix>` in the current folder: `photo.colorize.jpg`;
- of a folder, a glob or several files: `-o FOLDER`, made when needed, with the inputs' own names and sub-folders;
- results have the suffix of their input where it can be written; GIF, AVIF and the like become PNG;
- -o names the first output that can have this suffix. The others are written beside it: `photo.png`, `photo.mp4`, and
  `photo.<label>.png` where a path is taken already;
- of a text: `<app>.<label><suffix>` here, or beside `-o FILE`, or `-o FILE` itself where it has the suffix;
- of an app with options only: in one folder, `-o FOLDER` or one of the app's name, which must be empty without --force.
All other outputs (texts, numbers, records):
- of a text, and of files without -o: on standard output. `-o FILE` with .txt, .csv or .json: a file for all inputs;
- of texts with `-o FOLDER`: a file for each input file; of files: `<app>.json` and `<app>.csv` there;
- of one file with `-o FILE`: `<stem>.json` beside it.
"""

import contextlib
import os
from pathlib import Path

from zoo.errors import BadInput, OutputExists
from zoo.kinds.kind import check_suffix
from zoo.kinds.table import SHEETS

from .results import TABLES, words_of

PLAIN = (".txt", ".md")  # files of texts


def names_folder(output: str) -> bool:
    return Path(output).is_dir() or output.endswith(("/", os.sep)) or not Path(output).suffix


class OutputPaths:
    """The paths of one run's results. output: the value of `-o`; wanted: the numbers of the outputs that are made."""

    def __init__(self, app, output: str | None, wanted: list[int]):
        if output == "":
            raise BadInput("the output has no name and is not a folder; give a file or a folder after -o")
        self.app, self.output = app, output
        self.kinds = {n: app.outputs[n].kind for n in wanted if app.outputs[n].kind.is_file}  # written as files
        self.plain = () if words_of(app) is None else PLAIN
        # Suffixes of files for what is not written as files: texts, numbers, records.
        self.suffixes = (*self.plain, *TABLES) if len(self.kinds) < len(wanted) else ()
        self.suffix = "" if output is None or names_folder(output) else Path(output).suffix.lower()
        self.is_named = any(self.suffix in kind.writes for kind in self.kinds.values())  # by -o
        for kind in (each.kind for each in app.outputs if each.kind.is_file):
            if self.suffix in kind.writes and not self.is_named and self.suffix not in self.suffixes:
                raise BadInput(f"{output}: no {kind.noun} is made without {_option(kind.when)}")

    def plan(self, main, items: list, todo: list, alone: bool) -> dict[Path, list]:
        """Set `files` of each item to process. Returns the files for all other answers, and the items of each; no files
        where these answers are printed."""
        if main is None:
            folder = _folder(self.output or self.app.name, ())
            todo[0].files = _files(self.app, self.kinds, folder, self.app.name, "")
            return {}
        return self._of_files(todo, alone) if main.kind.is_file else self._of_texts(items, todo)

    def _of_files(self, todo: list, alone: bool) -> dict[Path, list]:
        app, output, kinds = self.app, self.output, self.kinds
        if self.suffix in self.suffixes and not self.is_named:
            return {Path(output): todo}
        asked_for = any(kind.when for kind in kinds.values())  # with a flag: where to write it must be said, too
        if self.suffixes and output is None and (alone or not asked_for):
            return {}
        folder = Path(output) if output and not self.suffix else None
        if not alone:
            if not output:
                raise BadInput("a folder or several files need an output folder; add -o FOLDER")
            folder = _folder(output, [each for kind in kinds.values() for each in kind.writes])
        first = next(iter(kinds.values()), None)
        for item in todo:
            name = item.sources[0].relative_to(item.root)
            if first and name.suffix.lower() not in first.writes:
                name = name.with_suffix(first.suffix)
            path = folder / name if folder else Path(output or f"{name.stem}.{app.name}{name.suffix}")
            item.files = _files(app, kinds, path.parent, path.stem, path.suffix)
        if not self.suffixes:
            return {}
        return {path.with_suffix(".json"): todo} if alone else {folder / f"{app.name}{each}": todo for each in TABLES}

    def _of_texts(self, items: list, todo: list) -> dict[Path, list]:
        app, output = self.app, self.output
        if self.kinds and len(todo) > 1:
            flag = _option(app.outputs[next(iter(self.kinds))].kind.when)
            hint = f" or leave out {flag}" if flag else ""
            raise BadInput(f"{app.name} draws one text, not {len(todo)}; give one{hint}")
        folder = _folder(output, ()) if output and not self.suffix else None
        if self.suffix and not self.is_named and self.suffix not in self.suffixes:
            possible = [each for out in app.outputs if out.kind.is_file for each in out.kind.writes]
            possible = " ".join([*possible, *self.suffixes])
            raise BadInput(f"{output}: cannot write {Path(output).suffix}; use one of {possible}")
        base = folder / app.name if folder else Path(output or app.name)
        stem = base.stem if self.suffix else base.name
        for item in todo:
            item.files = _files(app, self.kinds, base.parent, stem, base.suffix if self.is_named else None)
        if not self.suffixes or self.is_named or output is None:
            return {}
        if not folder:
            return {Path(output): items}
        results = {}
        for item in items:
            name = item.sources[0].relative_to(item.root) if item.sources else Path(f"{app.name}.txt")
            if not self.plain or name.suffix.lower() not in PLAIN:
                name = name.with_suffix(".csv" if not self.plain or name.suffix.lower() in SHEETS else ".txt")
            results.setdefault(folder / name, []).append(item)
        return results


def _option(flag: str) -> str:
    return f"--{flag.replace('_', '-')}" if flag else ""


def _files(app, kinds: dict, folder: Path, stem: str, suffix: str | None) -> dict[int, Path]:
    """A path for each of these outputs: `<stem><suffix>` for the first that can have this suffix.

    suffix: None where all names have a label, "" where there is only a folder for all. An output of several files has a
    folder.
    """
    files = {}
    owner = next((n for n, kind in kinds.items() if suffix and suffix.lower() in kind.writes), next(iter(kinds), None))
    for number in sorted(kinds, key=lambda n: n != owner):
        kind, label = kinds[number], app.outputs[number].label
        own = suffix if suffix and (number == owner or suffix.lower() in kind.writes) else kind.suffix
        path = folder / f"{stem}{own}"
        if suffix is None or path in files.values():
            path = folder / f"{stem}.{label}{own}"
        if app.outputs[number].many:
            path = path.with_suffix("") if suffix != "" else folder
        files[number] = path
    return files


def _folder(output: str, suffixes) -> Path:
    """An output folder; it is made, if it isn't there, with the first file. Raises BadInput for what cannot be one.

    suffixes: those of files, which the name of a new folder must not have.
    """
    folder = Path(output)
    like_a_file = folder.suffix.lower() in suffixes and not output.endswith(("/", os.sep))
    if (folder.exists() and not folder.is_dir()) or (like_a_file and not folder.exists()):
        raise BadInput(f"{output} is not a folder; several files need an output folder, -o FOLDER")
    _check_writable(folder, "output folder ")
    return folder


def _check_writable(path: Path, what: str = "") -> None:
    """Raise BadInput where no file can be made at a path, or in a folder."""
    there = next(parent for parent in (path, *path.absolute().parents) if parent.exists())
    is_old_file = there == path and not path.is_dir()
    if not is_old_file and (not there.is_dir() or not os.access(there, os.W_OK | os.X_OK)):
        raise BadInput(f"{what}{path}: {there} cannot be written to; choose another")


def writable(app, main, todo: list, results: dict[Path, list], others: list[Path], force: bool, report) -> list:
    """The items whose files can be written; the others are reported as failures. What concerns all items is raised.

    results: what `OutputPaths.plan` returns. others: files that are inputs, too.
    """
    sources = {_identity(path) for path in [*others, *(path for item in todo for path in item.sources)]} - {None}
    left_out, planned = set(), {}  # planned: path -> the file it will be made from
    for path, members in results.items():
        failed = report.failed
        with contextlib.nullcontext() if main.kind.is_file else report.failing():
            _check_free(path, sources, force)
        left_out.update(members if report.failed > failed else ())
    for item in todo:
        failed, own, name = report.failed, set(results), item.name or app.name
        with contextlib.nullcontext() if main is None else report.failing():
            for number, path in item.files.items():
                if not app.outputs[number].many:
                    check_suffix(path, app.outputs[number].kind.writes)
                if path in own:
                    raise BadInput(f"{name} is not done: two of its outputs would be {path}")
                if path in planned:
                    other = planned[path]
                    raise BadInput(f"{name} is not done: its output {path} is already that of {other}; rename one")
                _check_free(path, sources, force, name)
                own.add(path)
        if report.failed > failed:
            left_out.add(item)
        planned |= dict.fromkeys(item.files.values(), name) if report.failed == failed else {}
    return [item for item in todo if item not in left_out]


def _identity(path: Path):
    """A value that is equal for two paths to the same file; None if there is no file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _check_free(path: Path, sources: set, force: bool, name: str = "") -> None:
    """Raise BadInput where a file can't be written, OutputExists where there is one already."""
    _check_writable(path)
    if _identity(path) in sources:
        raise BadInput(f"{name or path} is not done: {path} is an input; choose another output")
    if path.exists() and not force and not (path.is_dir() and not any(path.iterdir())):
        raise OutputExists(path)
