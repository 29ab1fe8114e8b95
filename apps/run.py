"""Run an app: collect what the inputs name, call the app on each, write what it answers.

Inputs. What an app is about is given as INPUT...: files, folders and globs; or texts, files of them (a text a line, a
column of a .csv or .tsv file) and `-` for standard input. Other files are options: `--mask mask.png`.

Where files go (images, films, audio, tables):
- of one file: `-o FILE`; `-o FOLDER` (an existing one, a name without suffix, or one with a slash at its end) puts it
  there under its own name; without -o it becomes `<stem>.<app><suffix>` in the current folder: `photo.colorize.jpg`;
- of a folder, a glob or several files: `-o FOLDER`, made when needed, with the inputs' own names and sub-folders;
- results keep the suffix of their input where it can be written; GIF, AVIF and the like become PNG;
- -o names the first answer that has this suffix, the others stand beside it: `photo.png`, `photo.mp4`, and where that
  is taken `photo.<label>.png`;
- of a text: `<app>.<label><suffix>` here, or beside `-o FILE`, or `-o FILE` itself where it has the suffix;
- of options alone: into one folder, `-o FOLDER` or one of the app's name; one that holds anything is refused.
Where all other answers go (texts, numbers, records):
- of a text, and of one file without -o: to standard output. `-o FILE` for .txt, .csv and .json: those of all inputs;
- of texts with `-o FOLDER`: a file for each of theirs; of files: `<app>.json` and `<app>.csv` there;
- of one file with `-o FILE`: `<stem>.json` beside it.
An input is never overwritten, not even with force, and what lies in an output folder inside the input folder is no
input: it is what an earlier run wrote. Of a run that was stopped, what it had found is written.
"""

import contextlib
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from zoo.errors import BadInput, OutputExists
from zoo.kinds.kind import check_suffix
from zoo.kinds.table import SHEETS, flattened, read_rows, write_table
from zoo.kinds.text import decoded, read_text, write_text

from .app import REQUIRED, App, Input, Output, Record, Text

STANDARD = "-"  # standard input
COLUMN = "text"  # of a table, where the user names none
TABLES, PLAIN = (".json", ".csv"), (".txt", ".md")  # files of results
PART = 64  # texts that an app is given at once


@dataclass(eq=False)
class Item:
    """One thing to do: a file, a text, or nothing for an app that makes things of options alone."""

    text: str | None = None
    place: str = ""  # what an error calls it
    sources: tuple[Path, ...] = ()  # the files that it is in, which are read when its turn comes
    root: Path = Path()  # the folder through which the first one was found
    row: dict | None = None  # what a table has beside a text
    files: dict[int, Path] = field(default_factory=dict)  # number of an output -> its file, or folder for several
    answers: dict[int, object] | None = None  # number of an output -> what the app answered, but for files
    done: bool = False


class Report:
    """Standard error of a run: a line for what could not be done, and a progress bar where it is a terminal."""

    def __init__(self):
        self.console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)
        self.failed = 0

    @contextlib.contextmanager
    def failing(self):
        """Around a part of the work that may fail without the others."""
        try:
            yield
        except (BadInput, OutputExists) as error:
            self.failed += 1
            self.console.print(" ".join(str(error).splitlines()))

    def progress(self, *, shown: bool) -> Progress:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        disable = not (shown and self.console.is_terminal)
        # Standard output stays as it is: the bar would send it to standard error, where it might not be meant to go.
        return Progress(*columns, console=self.console, transient=True, disable=disable, redirect_stdout=False)


def run(
    app: App, inputs: list[str], output: str | None = None, *, force: bool = False, column: str = COLUMN, **options
) -> int:
    """Run `app` on all that the inputs name; the number of files, texts and inputs that could not be done.

    Each of those is one line on standard error, and the others are done all the same. What concerns all of them (an
    option, the output folder, an unsuitable checkpoint) raises a ZooError instead. options: values of the app's other
    inputs, paths for those that are files. column: the one of a .csv file that has the texts.
    """
    main = argument_of(app)
    options, others = _options(app, main, options)
    wanted = [n for n, each in enumerate(app.outputs) if not each.kind.when or options[each.kind.when]]
    report = Report()

    items = collect(app, main, inputs, output, column, report)
    todo = [item for item in items if item.text is None or (item.text.strip() if main.many else item.text)]
    if not todo and (report.failed or (main and main.kind.is_file)):
        return report.failed
    if not todo:
        raise BadInput(f"{main.label}: there is no text; give one")
    # Refused before the work, which may take long, and before the framework is imported.
    alone = _is_alone(main, inputs)
    results = _places(app, main, items, todo, output, wanted, alone)
    todo = _allowed(app, main, todo, results, others, force, report)

    printing = not results
    started, written, printed, finished = time.perf_counter(), [], 0, False
    size = PART if main and main.many else 1
    parts = [todo[first : first + size] for first in range(0, len(todo), size)]
    try:
        with report.progress(shown=not (printing and sys.stdout.isatty())) as progress:
            app.track = lambda steps, total, what: progress.track(steps, total, description=what)
            task = progress.add_task(app.name, total=len(todo)) if len(parts) > 1 else None
            for part in parts:
                written += _call(app, main, part, options, printing, report)
                if task is not None:
                    progress.update(task, advance=len(part))
                if printing:
                    end = items.index(part[-1]) + 1
                    _print_texts(app, items[printed:end], alone)
                    printed = end
        finished = True
    finally:  # of a run that was stopped, too: what hours have found must not be lost
        if printing:
            _print_values(app, todo)
        tables = [path for path, its in results.items() if _write_results(app, main, path, its, alone, finished)]
        written = tables + written
    _summary(app, main, todo, results, written, output, alone, report, time.perf_counter() - started)
    return report.failed


def argument_of(app: App) -> Input | None:
    """The input that INPUT on a command line gives; None for an app that makes files of options alone.

    BadInput for an app with neither, and for one whose answers belong to no single one of its texts.
    """
    main = app.main_input()
    if main is None and not any(each.kind.is_file for each in app.outputs):
        raise BadInput(f"app {app.name!r} takes neither a file nor a text, so it cannot run on files")
    if main and main.many and not main.kind.is_file:
        if not all(each.many or each.kind.is_file for each in app.outputs):
            raise BadInput(f"app {app.name!r} does not answer each text by itself, so it cannot run on files")
    return main


def is_runnable(app: App) -> bool:
    """Whether `zoo run` can run it."""
    try:
        argument_of(app)
    except BadInput:
        return False
    return True


def _is_alone(main: Input | None, inputs: list[str]) -> bool:
    """Whether there is one thing to do, so that its answer is no list."""
    if main is None or not main.kind.is_file:
        return main is None or not main.many
    return main.many or (len(inputs) == 1 and Path(inputs[0]).is_file())


# --- collect ----------------------------------------------------------------------------------------------------------


def _options(app: App, main: Input | None, given: dict) -> tuple[dict, list[Path]]:
    """The values of all inputs but the main one, files read, and the paths of these files."""
    values, paths = {name: value for name, value in given.items() if value is not None and value != []}, []
    for each in app.inputs.values():
        if each == main:
            continue
        value = values.setdefault(each.name, each.default)
        if value is REQUIRED:
            raise BadInput(f"{app.name}: {each.name} is missing; give {each.option} {each.kind.metavar}")
        if each.kind.is_file and value is not None:
            files = [Path(value)] if isinstance(value, str | os.PathLike) else [Path(file) for file in value]
            if len(files) > 1 and not each.many:
                raise BadInput(f"{each.name} takes one file, not {len(files)} ({', '.join(map(str, files))})")
            values[each.name] = [each.kind.read(file) for file in files] if each.many else each.kind.read(files[0])
            paths += files
    return app.check(**values), paths


def collect(app: App, main: Input | None, inputs: list[str], output, column: str, report: Report) -> list[Item]:
    """What there is to do, in the order of the inputs, empty lines of files too. What can't be is told to `report`.

    A file is done once, and one in the output folder, which an earlier run wrote there, is not done.
    """
    if main is None:
        return [Item()]
    found, known = [], set()
    for word in inputs:
        with report.failing():
            paths = [] if word == STANDARD and not main.kind.is_file else main.kind.find(word)
            if not paths:
                found.append(Item(word))
            for path in paths:
                item = Item(place=str(path), sources=(path,), root=_root(word, path))
                if os.path.abspath(path) not in known and not _is_earlier_result(item, output):
                    found.append(item)
                known.add(os.path.abspath(path))
    if main.kind.is_file:
        if main.many and found:
            return [Item(place=found[0].place, sources=tuple(each.sources[0] for each in found), root=found[0].root)]
        return found
    items = []
    for each in found:
        with report.failing():
            items += _texts(each, column, whole=not main.many)
    if not main.many and max(len(inputs), len(items)) > 1:
        raise BadInput(f"{app.name} takes one text, not {max(len(inputs), len(items))}; put it in quotes")
    return items


def _texts(item: Item, column: str, whole: bool) -> list[Item]:
    """The texts in a file or a word of the command line. whole: take all of it for one text."""
    if not item.sources and item.text != STANDARD:
        return [Item(text) for text in ([item.text] if whole else item.text.splitlines()) if text.strip() or whole]
    if item.sources and item.sources[0].suffix.lower() in SHEETS and not whole:
        rows = list(enumerate(read_rows(item.sources[0]), start=1))
        if rows and column not in rows[0][1]:
            raise BadInput(f"{item.place}: no column {column!r}; its first line has {', '.join(rows[0][1])}")
        return [Item(row[column], f"{item.place}: row {number}", item.sources, item.root, row) for number, row in rows]
    place = item.place or "standard input"
    text = read_text(item.sources[0]) if item.sources else decoded(sys.stdin.buffer.read(), place)
    text = text.removesuffix("\n")  # the end of the last line, which `echo` and editors add
    if whole:
        return [Item(text, place, item.sources, item.root)]
    lines = enumerate(text.split("\n"), start=1)
    return [Item(line, f"{place}: line {number}", item.sources, item.root) for number, line in lines]


def _root(word: str, source: Path) -> Path:
    """The folder below which the files that an input names keep their relative paths."""
    path = Path(word)
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


def _is_earlier_result(item: Item, output: str | None) -> bool:
    """Whether a file lies in the output folder, and that inside the folder it was found through."""
    if not output or not _names_folder(output):
        return False
    root, inside = item.root.resolve(), Path(output).resolve()
    return inside != root and inside.is_relative_to(root) and item.sources[0].resolve().is_relative_to(inside)


# --- where results go, which is said before the work ------------------------------------------------------------------


def _names_folder(output: str) -> bool:
    return Path(output).is_dir() or output.endswith(("/", os.sep)) or not Path(output).suffix


def _places(app, main, items, todo, output, wanted, alone) -> dict[Path, list[Item]]:
    """Give each item the `files` for its answers; the files for all other answers and whose they are, none to print."""
    if output == "":
        raise BadInput("the output has no name and is not a folder; give a file or a folder after -o")
    files = {n: app.outputs[n].kind for n in wanted if app.outputs[n].kind.is_file}
    words = _words(app)
    plain = () if words is None else PLAIN
    told = (*plain, *TABLES) if len(files) < len(wanted) else ()
    suffix = "" if output is None or _names_folder(output) else Path(output).suffix.lower()
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
    there = next(parent for parent in (path, *path.absolute().parents) if parent.is_dir() or parent.exists())
    if there != path or path.is_dir():
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            raise BadInput(f"{what}{path}: {there} cannot be written to; choose another")


def _allowed(app, main, todo, results, others: list[Path], force: bool, report: Report) -> list[Item]:
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


# --- call -------------------------------------------------------------------------------------------------------------


def _call(app: App, main: Input | None, part: list[Item], options: dict, printing: bool, report: Report) -> list[Path]:
    """Give the app some items, write their files, and give each of them its other answers; the files written.

    Where it refuses several texts together it is asked for each by itself, so that the others are done all the same.
    """
    written, place = [], part[0].place
    try:
        answer = app(**_values(main, part), **options)
        answers = answer if isinstance(answer, tuple) else (answer,)
        for item in part:
            item.answers = {}
        for number, (output, value) in enumerate(zip(app.outputs, answers, strict=True)):
            if output.kind.is_file:
                if value is not None and number in part[0].files:
                    written += write_files(part[0].files[number], output, value)
            elif output.streamed:
                _follow(value, part[0].answers, number, printing)
            else:
                each = value if main and main.many and not main.kind.is_file else [value]
                for item, one in zip(part, each, strict=True):
                    item.answers[number] = one
        for item in part:
            item.done = True
    except BadInput as error:
        for item in part:
            item.answers = None if not item.done else item.answers
        if len(part) > 1:
            for item in part:
                written += _call(app, main, [item], options, printing, report)
        else:
            known = not place or str(error).startswith((place, *map(str, part[0].files.values())))
            with report.failing():
                raise BadInput(str(error) if known else f"{place}: {error}") from error
    return written


def _values(main: Input | None, part: list[Item]) -> dict:
    """The main input's value for a call."""
    if main is None:
        return {}
    if main.kind.is_file:
        values = [main.kind.read(path) for path in part[0].sources]
    else:
        values = [item.text for item in part]
    return {main.name: values if main.many else values[0]}


def _follow(pieces, answers: dict, number: int, printing: bool) -> None:
    """Put a text that comes piece by piece into `answers`, and show what has come."""
    text = ""
    try:
        for piece in pieces:
            text += piece
            answers[number] = text
            if printing:
                print(piece, end="", flush=True)
    finally:
        if printing and text and not text.endswith("\n"):
            print(flush=True)


# --- write ------------------------------------------------------------------------------------------------------------


def write_files(path: Path, output: Input | Output, value) -> list[Path]:
    """Write an answer to its file, or several to files in a folder, under their names or else numbers."""
    paths = {path: value}
    if output.many:
        names = [getattr(each, "name", "") or f"{number:04}" for number, each in enumerate(value, start=1)]
        paths = {path / f"{name}{output.kind.suffix}": each for name, each in zip(names, value, strict=True)}
    for file, each in paths.items():
        _make_folder(file)
        output.kind.write(file, each)
    return list(paths)


def _make_folder(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror or error}") from error


def _words(app: App) -> int | None:
    """The number of the app's answer in words, None where it has none."""
    return next((n for n, each in enumerate(app.outputs) if type(each.kind) is Text), None)


def _line(app: App, item: Item, alone: bool) -> str:
    """An answer in words; of one among others a single line, so that lines stay those of the input."""
    text = (item.answers or {}).get(_words(app), "")
    return text if alone else " ".join(text.splitlines())


def _print_texts(app: App, items: list[Item], alone: bool) -> None:
    words = _words(app)
    if words is not None and not app.outputs[words].streamed:
        for item in items:
            if item.done or not alone:
                print(_line(app, item, alone), flush=True)


def _print_values(app: App, items: list[Item]) -> None:
    """What else was found: records of texts as a table, a single one as the app describes it."""
    words, found = _words(app), [item for item in items if item.answers]
    for number, output in enumerate(app.outputs) if found else ():
        if output.kind.is_file or number == words or number not in found[0].answers:
            continue
        if isinstance(output.kind, Record) and output.many:
            from zoo.cli.main import table

            rows = [flattened({"text": item.text} | item.answers[number]) for item in found]
            names = dict.fromkeys(name for row in rows for name in row)
            table("", names, [["-" if row.get(name) is None else row[name] for name in names] for row in rows])
        elif isinstance(output.kind, Record):
            print(app.describe(found[0].answers[number]))
        else:
            for item in found:
                print(f"{output.label}: {output.kind.words(item.answers[number])}")


def _write_results(app: App, main: Input, path: Path, items: list[Item], alone: bool, finished: bool) -> bool:
    """Write a file of results; whether there were any. Of a run that was stopped it ends with the last one."""
    found = [number for number, item in enumerate(items) if item.answers]
    if not found:
        return False
    items = items if finished else items[: found[-1] + 1]
    _make_folder(path)
    if path.suffix.lower() in TABLES:
        several = main.kind.is_file or len({item.sources for item in items}) > 1
        rows = [_row(app, item, several) for item in items if item.answers or item.row is not None]
        write_table(path, rows, single=alone)
    else:
        write_text(path, "".join(f"{_line(app, item, alone)}\n" for item in items))
    return True


def _row(app: App, item: Item, several: bool) -> dict:
    """An item's row in a table: what a table held before, and what was found; of several files, which it was in."""
    row = item.row if item.row is not None else {} if item.text is None else {"text": item.text}
    found = {"file": str(item.sources[0]) if item.sources else ""} if several else {}

    def named(values: dict) -> dict:
        return {f"{app.name}_{name}" if name in row else name: value for name, value in values.items()}

    found = named(found) | row
    for number, value in (item.answers or {}).items():
        output = app.outputs[number]
        columns = output.kind.columns(output.label, value)
        if isinstance(output.kind, Record) and item.text is not None and output.many:
            columns = {name: each for name, each in columns.items() if name != "text"}  # the text itself
        found |= named(columns)
    return found


def _summary(app, main, todo, results, written, output, alone, report: Report, seconds: float) -> None:
    """The last lines on standard error."""
    say, count = report.console.print, len(written)
    done = sum(item.done for item in todo)
    speed = f", {done / seconds:.1f} a second"
    if main is None:
        say(f"wrote {count} file{'s' * (count != 1)} in {output or app.name}")
    elif main.kind.is_file and not alone:
        where = f"; results are in {output}" * bool(count)
        say(f"{done} done, {report.failed} failed{speed * bool(results and done)}{where}")
    else:
        folder = not main.kind.is_file and output and _names_folder(output)
        for line in [f"results are in {output}"] * bool(count) if folder else [f"wrote {path}" for path in written]:
            say(line)
        if results and len(todo) > 1:
            say(f"{done} done, {report.failed} failed{speed}")
