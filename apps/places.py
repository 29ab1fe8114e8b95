"""Where the results of a run go, which is decided before the work, and whether they may be written there.

Files (images, films, audio, tables):
- of one file: `-o FILE`; `-o FOLDER` (an existing one, a name without suffix, or one with a slash at its end) puts it
  there under its own name; without -o it becomes `<stem>.<app><suffix>` in the current folder: `photo.colorize.jpg`;
- of a folder, a glob or several files: `-o FOLDER`, made when needed, with the inputs' own names and sub-folders;
- results keep the suffix of their input where it can be written; GIF, AVIF and the like become PNG;
- -o names the first answer that has this suffix, the others stand beside it: `photo.png`, `photo.mp4`, and where that
  is taken `photo.<label>.png`;
- of a text: `<app>.<label><suffix>` here, or beside `-o FILE`, or `-o FILE` itself where it has the suffix;
- of options alone: into one folder, `-o FOLDER` or one of the app's name; one that holds anything is refused.
All other answers (texts, numbers, records):
- of a text, and of one file without -o: to standard output. `-o FILE` for .txt, .csv and .json: those of all inputs;
- of texts with `-o FOLDER`: a file for each of theirs; of files: `<app>.json` and `<app>.csv` there;
- of one file with `-o FILE`: `<stem>.json` beside it.
"""

import contextlib
import os
from pathlib import Path

from zoo.errors import BadInput, OutputExists
from zoo.kinds.kind import check_suffix
from zoo.kinds.table import SHEETS

from .texts import words_of

TABLES, PLAIN = (".json", ".csv"), (".txt", ".md")  # files of results


def names_folder(output: str) -> bool:
    return Path(output).is_dir() or output.endswith(("/", os.sep)) or not Path(output).suffix


def places(app, main, items, todo, output, wanted, alone) -> dict[Path, list]:
    """Give each item the `files` for its answers; the files for all other answers and whose they are, none to print."""
    if output == "":
        raise BadInput("the output has no name and is not a folder; give a file or a folder after -o")
    files = {n: app.outputs[n].kind for n in wanted if app.outputs[n].kind.is_file}
    words = words_of(app)
    plain = () if words is None else PLAIN
    told = (*plain, *TABLES) if len(files) < len(wanted) else ()
    suffix = "" if output is None or names_folder(output) else Path(output).suffix.lower()
    named = any(suffix in kind.writes for kind in files.values())  # -o names a file of the app's
    for each in app.outputs:
        if suffix and not named and suffix in each.kind.writes and each.kind.is_file and suffix not in told:
            raise BadInput(f"{output}: no {each.kind.noun} is made without --{each.kind.when.replace('_', '-')}")
    folder = Path(output or app.name) if main is None else Path(output) if output and not suffix else None
    if main is None:
        todo[0].files = _files(app, files, _folder(str(folder), ()), app.name, "")
        return {}
    if main.kind.is_file:
        if suffix in told and not named:
            return {Path(output): todo}
        if told and alone and output is None:
            return {}
        if not alone:
            if not output:
                raise BadInput("a folder or several files need an output folder; add -o FOLDER")
            folder = _folder(output, [each for kind in files.values() for each in kind.writes])
        for item in todo:
            name = item.sources[0].relative_to(item.root)
            first = next(iter(files.values()), None)
            if first and name.suffix.lower() not in first.writes:
                name = name.with_suffix(first.suffix)
            place = folder / name if folder else Path(output or f"{name.stem}.{app.name}{name.suffix}")
            item.files = _files(app, files, place.parent, place.stem, place.suffix)
        if alone:
            return {place.with_suffix(".json"): todo} if told else {}
        return {folder / f"{app.name}{each}": todo for each in TABLES} if told else {}
    if files and len(todo) > 1:
        flag = app.outputs[next(iter(files))].kind.when.replace("_", "-")
        raise BadInput(f"{app.name} draws one text, not {len(todo)}; give one" + f" or leave out --{flag}" * bool(flag))
    if folder:
        _folder(output, ())
    elif suffix and not named and suffix not in told:
        possible = [each for out in app.outputs if out.kind.is_file for each in out.kind.writes]
        raise BadInput(f"{output}: cannot write {Path(output).suffix}; use one of {' '.join([*possible, *told])}")
    base = folder / app.name if folder else Path(output or app.name)
    for item in todo:
        item.files = _files(app, files, base.parent, base.stem if suffix else base.name, base.suffix if named else None)
    if not told or named or output is None:
        return {}
    if not folder:
        return {Path(output): items}
    results = {}
    for item in items:
        name = item.sources[0].relative_to(item.root) if item.sources else Path(f"{app.name}.txt")
        if not plain or name.suffix.lower() not in PLAIN:
            name = name.with_suffix(".csv" if not plain or name.suffix.lower() in SHEETS else ".txt")
        results.setdefault(folder / name, []).append(item)
    return results


def _files(app, kinds: dict, folder: Path, stem: str, suffix: str | None) -> dict[int, Path]:
    """A file for each of these outputs: the first that is written with this suffix has the stem for its name.

    suffix: None where all names have a label, "" where there is only a folder for all. Several of a kind get a folder.
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
    """An output folder; made, if it isn't there, with the first file. BadInput for what cannot be one.

    suffixes: those of files; a name with one of them is none of a folder.
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


def allowed(app, main, todo, results, others: list[Path], force: bool, report) -> list:
    """The items whose files may be written; of the others `report` is told why. What concerns all of them is raised."""
    sources = {_identity(path) for item in todo for path in item.sources} | {_identity(path) for path in others}
    sources -= {None}
    refused, planned = set(), {}  # planned: path -> the file it will be made from
    for path, members in results.items():
        failed = report.failed
        with contextlib.nullcontext() if main.kind.is_file else report.failing():
            _refuse(path, sources, force)
        refused.update(members if report.failed > failed else ())
    for item in todo:
        failed, mine = report.failed, set()
        with contextlib.nullcontext() if main is None else report.failing():
            for number, path in item.files.items():
                kind, place = app.outputs[number].kind, item.place or app.name
                if not app.outputs[number].many:
                    check_suffix(path, kind.writes)
                if path in mine:
                    raise BadInput(f"{place} is not done: two of its outputs would be {path}")
                if path in planned:
                    raise BadInput(
                        f"{place} is not done: its output {path} is already that of {planned[path]}; rename one"
                    )
                _refuse(path, sources, force, place)
                mine.add(path)
        if report.failed > failed:
            refused.add(item)
        else:
            planned |= dict.fromkeys(mine, item.place)
    return [item for item in todo if item not in refused]


def _identity(path: Path):
    """What is the same for two paths to one file; None if there is no file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _refuse(path: Path, sources: set, force: bool, place: str = "") -> None:
    """Raise BadInput where a file can't be written, OutputExists where another is in the way."""
    _check_writable(path)
    if _identity(path) in sources:
        raise BadInput(f"{place or path} is not done: {path} is an input; choose another output")
    if path.exists() and not force and not (path.is_dir() and not any(path.iterdir())):
        raise OutputExists(path)
