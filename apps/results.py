"""Results of a run: what an app answered, written to files or printed on standard output."""

import sys
from pathlib import Path

from zoo.errors import BadInput
from zoo.kinds.table import flattened, write_table
from zoo.kinds.text import write_text

from .app import App, Input, Output, Record, Text

TABLES = (".json", ".csv")  # files of records


def write_files(path: Path, output: Input | Output, value) -> list[Path]:
    """Write an answer to its file, or several to files in a folder, by their names or numbers. Returns the files."""
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


def write_results(app: App, main: Input, path: Path, items: list, alone: bool, finished: bool) -> bool:
    """Write a file of results; False if there are none. That of an interrupted run ends with the last result.

    alone: there is one result, which is not put into a list.
    """
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
        write_text(path, "".join(f"{line_of(app, item, alone)}\n" for item in items))
    return True


def _row(app: App, item, several: bool) -> dict:
    """An item's row in a table: the columns of its row in the input, and the answers; its file if there are several."""
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


def words_of(app: App) -> int | None:
    """The number of the app's output that is a text; None where it has none."""
    return next((n for n, each in enumerate(app.outputs) if type(each.kind) is Text), None)


def line_of(app: App, item, alone: bool) -> str:
    """The text that the app answered; one line if there are several items, so that lines match those of the input."""
    text = (item.answers or {}).get(words_of(app), "")
    return text if alone else " ".join(text.splitlines())


def print_lines(app: App, items: list) -> None:
    """Print a line for each of several files: its path, and what the app answered."""
    for item in items:
        if item.done:
            found = [_line(app, number, value) for number, value in item.answers.items() if value is not None]
            print(f"{item.name}: {', '.join(filter(None, found))}", flush=True)


def _line(app: App, number: int, value) -> str:
    """One answer in a line; nothing of texts that `print_notes` prints."""
    kind = app.outputs[number].kind
    if isinstance(kind, Record) and isinstance(value, dict):
        return app.line(value)
    return "" if type(kind) is Text and number != words_of(app) else " ".join(kind.words(value).split())


def print_texts(app: App, items: list, alone: bool) -> None:
    """Print the texts that the app answered, an item a line; streamed ones are printed by `follow`."""
    words = words_of(app)
    if words is not None and not app.outputs[words].streamed:
        for item in items:
            if item.done or not alone:
                print(line_of(app, item, alone), flush=True)


def print_notes(app: App, items: list) -> None:
    """Print the other texts, which are notes on the first one, on standard error where they are not empty."""
    for number, output in enumerate(app.outputs):
        if type(output.kind) is Text and number != words_of(app):
            for item in items:
                if note := (item.answers or {}).get(number):
                    print(f"{item.name or repr(item.text[:40])}: {note}", file=sys.stderr)


def print_values(app: App, items: list) -> None:
    """Print answers that are no files and no texts: records of several texts as a table, one by `App.describe`."""
    found = [item for item in items if item.answers]
    for number, output in enumerate(app.outputs) if found else ():
        if output.kind.is_file or type(output.kind) is Text or number not in found[0].answers:
            continue
        if isinstance(output.kind, Record) and output.many:
            from zoo.cli.common import table

            rows = [flattened({"text": item.text} | item.answers[number]) for item in found]
            names = dict.fromkeys(name for row in rows for name in row)
            table("", names, [["-" if row.get(name) is None else row[name] for name in names] for row in rows])
        elif isinstance(output.kind, Record):
            print(app.describe(found[0].answers[number]))
        else:
            for item in found:
                print(f"{output.label}: {output.kind.words(item.answers[number])}")


def follow(pieces, answers: dict, number: int, printing: bool) -> None:
    """Collect a streamed text in `answers`, and print its pieces as they come."""
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
