"""Texts on a command line: what a word or a file holds, and answers on standard output.

A word is a text, or the name of a file of texts: of a .csv or .tsv file the texts are one column, of others the lines.
An app that takes one text takes all of a file.
"""

import sys

from zoo.errors import BadInput
from zoo.kinds.table import SHEETS, flattened, read_records
from zoo.kinds.text import decoded, lines_of, read_text

from .app import App, Record, Text

STANDARD = "-"  # standard input
COLUMN = "text"  # of a table, where the user names none


def texts_in(word: str, sources, column: str, whole: bool) -> list[tuple[str, str, dict | None]]:
    """The texts of a word that is no file's name, or else of the file `sources` holds.

    whole: take all of a file for one text. Returns each text, what an error calls it, and its row in a table. Raises
    BadInput for what is no text, or has no such column.
    """
    if not sources and word != STANDARD:
        return [(text, "", None) for text in ([word] if whole else lines_of(word)) if text.strip() or whole]
    place = str(sources[0]) if sources else "standard input"
    if sources and sources[0].suffix.lower() in SHEETS and not whole:
        rows = read_records(sources[0])
        if rows and column not in rows[0]:
            raise BadInput(f"{place}: no column {column!r}; its first line has {', '.join(rows[0])}")
        return [(row[column], f"{place}: row {number}", row) for number, row in enumerate(rows, start=1)]
    text = read_text(sources[0]) if sources else decoded(sys.stdin.buffer.read(), place)
    text = text.removesuffix("\n")  # the end of the last line, which `echo` and editors add
    if whole:
        return [(text, place, None)]
    return [(line, f"{place}: line {number}", None) for number, line in enumerate(text.split("\n"), start=1)]


def words_of(app: App) -> int | None:
    """The number of the app's answer in words, None where it has none."""
    return next((n for n, each in enumerate(app.outputs) if type(each.kind) is Text), None)


def line_of(app: App, item, alone: bool) -> str:
    """An answer in words; of one among others a single line, so that lines stay those of the input."""
    text = (item.answers or {}).get(words_of(app), "")
    return text if alone else " ".join(text.splitlines())


def print_texts(app: App, items: list, alone: bool) -> None:
    words = words_of(app)
    if words is not None and not app.outputs[words].streamed:
        for item in items:
            if item.done or not alone:
                print(line_of(app, item, alone), flush=True)


def print_notes(app: App, items: list) -> None:
    """Texts beyond the answer in words are notes on it: they go to standard error, where they are not empty."""
    for number, output in enumerate(app.outputs):
        if type(output.kind) is Text and number != words_of(app):
            for item in items:
                if note := (item.answers or {}).get(number):
                    print(f"{item.place or repr(item.text[:40])}: {note}", file=sys.stderr)


def print_values(app: App, items: list) -> None:
    """What else was found: records of texts as a table, a single one as the app describes it."""
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
