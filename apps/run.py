"""Run an app: collect what the inputs name, call the app on each, write what it answers.

INPUT... are values of the app's main input (`App.main_input`): files, folders and globs; or texts, files of texts and
`-` for standard input (`texts.py`). Other files are options: `--mask mask.png`. `output_paths.py` decides where results
go, `results.py` writes and prints them.

An input is never overwritten, not even with force. Files in an output folder inside the input folder are no inputs: an
earlier run wrote them. A run that is interrupted writes the results that it has.
"""

import contextlib
import importlib.util
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from zoo.errors import BadInput, OutputExists

from .app import REQUIRED, App, Input
from .output_paths import OutputPaths, names_folder, writable
from .results import TABLES, follow, print_lines, print_notes, print_texts, print_values, write_files, write_results
from .texts import COLUMN, STANDARD, texts_in

PART = 64  # texts in a call of an app


@dataclass(eq=False)
class Item:
    """One input to process: a file, or a text; neither for an app that has options only."""

    text: str | None = None
    name: str = ""  # what errors call it
    sources: tuple[Path, ...] = ()  # its files, which are read just before the call
    root: Path = Path()  # the input folder in which the first of them was found
    row: dict | None = None  # of a text in a table
    files: dict[int, Path] = field(default_factory=dict)  # number of an output -> its file, or folder for several
    answers: dict[int, object] | None = None  # number of an output that is no file -> what the app answered
    done: bool = False


class Report:
    """Messages of a run on standard error: a line for each failure, and a progress bar on a terminal or a notebook."""

    def __init__(self):
        self.console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)
        self.failed = 0

    @contextlib.contextmanager
    def failing(self):
        """A context for one item: its failure is reported and counted, and the run continues."""
        try:
            yield
        except (BadInput, OutputExists) as error:
            self.failed += 1
            self.console.print(" ".join(str(error).splitlines()))

    def progress(self, *, shown: bool) -> Progress:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        notebook = self.console.is_jupyter and importlib.util.find_spec("ipywidgets") is not None  # Rich needs them
        disable = not (shown and (self.console.is_terminal or notebook))
        # Standard output stays as it is: the bar would send it to standard error, where it might not be meant to go.
        return Progress(*columns, console=self.console, transient=True, disable=disable, redirect_stdout=False)


def run(
    app: App, inputs: list[str], output: str | None = None, *, force: bool = False, column: str = COLUMN, **options
) -> int:
    """Run `app` on all that the inputs name. Returns the number of files, texts and inputs that failed.

    Each failure is one line on standard error, and the run continues. What concerns all of them (an option, the output
    folder, an unsuitable checkpoint) raises a ZooError instead. options: values of the app's other inputs, paths for
    those that are files. column: of a .csv file, the one that has the texts.
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
    # Checked before the work, which may take long, and before the framework is imported.
    alone = _is_alone(main, inputs)
    results = OutputPaths(app, output, wanted).plan(main, items, todo, alone)
    todo = writable(app, main, todo, results, others, force, report)

    printing = not results
    listing = printing and main is not None and main.kind.is_file and not alone
    started, written, printed, finished = time.perf_counter(), [], 0, False
    size = PART if main and main.many else 1
    parts = [todo[first : first + size] for first in range(0, len(todo), size)]
    try:
        with report.progress(shown=not (printing and sys.stdout.isatty())) as progress:
            app.track = lambda steps, total, what: progress.track(steps, total, description=what)
            task = progress.add_task(app.name, total=len(todo)) if len(parts) > 1 else None
            for part in parts:
                written += _call(app, main, part, options, printing and not listing, report)
                if task is not None:
                    progress.update(task, advance=len(part))
                if all(path.suffix.lower() not in TABLES for path in results):  # tables have a column for notes
                    print_notes(app, part)
                if listing:
                    print_lines(app, part)
                elif printing:
                    end = items.index(part[-1]) + 1
                    print_texts(app, items[printed:end], alone)
                    printed = end
        finished = True
    finally:  # also when interrupted: the results of hours must not be lost
        if printing and not listing:
            print_values(app, todo)
        tables = [path for path, its in results.items() if write_results(app, main, path, its, alone, finished)]
        written = tables + written
    _summary(app, main, todo, results, written, output, alone, report, time.perf_counter() - started)
    return report.failed


def argument_of(app: App) -> Input | None:
    """The input that INPUT on a command line stands for; None for an app that has options only and writes files.

    Raises BadInput for an app that has neither, and for one that takes several texts but doesn't answer each of them.
    """
    main = app.main_input()
    if main is None and not any(each.kind.is_file for each in app.outputs):
        raise BadInput(f"app {app.name!r} takes neither a file nor a text, so it cannot run on files")
    each_text = main and main.many and not main.kind.is_file
    if each_text and not all(each.many or each.kind.is_file for each in app.outputs):
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
    """Whether there is only one item, so that its results are not put into a list."""
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
    """The items to process, in the order of the inputs, empty lines of files too. Failures go to `report`.

    A file is processed once; one in the output folder, which an earlier run wrote, is not.
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
                item = Item(name=str(path), sources=(path,), root=_root(word, path))
                if os.path.abspath(path) not in known and not _is_earlier_result(item, output):
                    found.append(item)
                known.add(os.path.abspath(path))
    if main.kind.is_file:
        if main.many and found:
            return [Item(name=found[0].name, sources=tuple(each.sources[0] for each in found), root=found[0].root)]
        return found
    items = []
    for each in found:
        with report.failing():
            texts = texts_in(each.text, each.sources, column, whole=not main.many)
            items += [Item(text, name, each.sources, each.root, row) for text, name, row in texts]
    if not main.many and max(len(inputs), len(items)) > 1:
        raise BadInput(f"{app.name} takes one text, not {max(len(inputs), len(items))}; put it in quotes")
    return items


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
    if not output or not names_folder(output):
        return False
    root, inside = item.root.resolve(), Path(output).resolve()
    return inside != root and inside.is_relative_to(root) and item.sources[0].resolve().is_relative_to(inside)


# --- call -------------------------------------------------------------------------------------------------------------


def _call(app: App, main: Input | None, part: list[Item], options: dict, printing: bool, report: Report) -> list[Path]:
    """Call the app on some items, write their files, and set their other answers. Returns the files written.

    Where it raises BadInput for several texts, it is called on each text alone, so that only the bad ones fail.
    """
    written, name = [], part[0].name
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
                follow(value, part[0].answers, number, printing)
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
            known = not name or str(error).startswith((name, *map(str, part[0].files.values())))
            with report.failing():
                raise BadInput(str(error) if known else f"{name}: {error}") from error
    return written


def _values(main: Input | None, part: list[Item]) -> dict:
    """The main input's value for a call."""
    if main is None:
        return {}
    files = [main.kind.read(path) for path in part[0].sources] if main.kind.is_file else ()
    values = files or [item.text for item in part]
    return {main.name: values if main.many else values[0]}


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
        folder = not main.kind.is_file and output and names_folder(output)
        for line in [f"results are in {output}"] * bool(count) if folder else [f"wrote {path}" for path in written]:
            say(line)
        if results and len(todo) > 1:
            say(f"{done} done, {report.failed} failed{speed}")
