"""Texts given on a command line: a word is a text, or the name of a file of texts.

The texts of a .csv or .tsv file are one column, those of other files the lines. An app that takes one text takes the
whole file as one.
"""

import sys

from zoo.errors import BadInput
from zoo.kinds.files import LARGEST
from zoo.kinds.table import SHEETS, read_records
from zoo.kinds.text import decoded, lines_of, read_text

STANDARD = "-"  # standard input
COLUMN = "text"  # of a table, where the user names none


def texts_in(word: str, sources, column: str, whole: bool) -> list[tuple[str, str, dict | None]]:
    """The texts of a word: the word itself, or those of the file in `sources` where it names one.

    whole: take a whole file as one text. Returns for each text: the text, what errors call it, and its row in a table.
    Raises BadInput for a file that is no text, or has no such column.
    """
    if not sources and word != STANDARD:
        return [(text, "", None) for text in ([word] if whole else lines_of(word)) if text.strip() or whole]
    name = str(sources[0]) if sources else "standard input"
    if sources and sources[0].suffix.lower() in SHEETS and not whole:
        rows = read_records(sources[0])
        if rows and column not in rows[0]:
            raise BadInput(f"{name}: no column {column!r}; its first line has {', '.join(rows[0])}")
        return [(row[column], f"{name}: row {number}", row) for number, row in enumerate(rows, start=1)]
    text = read_text(sources[0]) if sources else decoded(_standard_input(), name)
    text = text.removesuffix("\n")  # the end of the last line, which `echo` and editors add
    if whole:
        return [(text, name, None)]
    return [(line, f"{name}: line {number}", None) for number, line in enumerate(text.split("\n"), start=1)]


def _standard_input() -> bytes:
    data = sys.stdin.buffer.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise BadInput(f"standard input: more than {LARGEST >> 20} MiB; split it")
    return data
