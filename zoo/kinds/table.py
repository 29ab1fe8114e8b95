"""Tables: CSV files, checked. Imports no framework."""

import csv
import io
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from zoo.errors import BadInput
from zoo.kinds.text import LARGEST, read_unicode

SUFFIXES = (".csv", ".tsv")
DELIMITERS = ",;\t"

csv.field_size_limit(LARGEST)  # its own limit, 128 KiB, is for the whole process, and a cell may be a long text


@dataclass(frozen=True)
class Rows:
    """What a table holds: the names of its columns, its rows, each with as many cells, and the line of each in the
    file, counted from 1."""

    header: list[str]
    rows: list[list[str]]
    lines: list[int]


def read_rows(path: str | os.PathLike, columns: Sequence[str] = ()) -> Rows:
    """A CSV file, UTF-8, of which the first line names the columns.

    Commas, semicolons and tabs are told apart by the header, or by a line `sep=;` before it. Cells are as they stand in
    the file, line breaks in quoted ones included; in the names of columns these are spaces. Empty lines are left out.
    Raises BadInput, with the line, for what is no CSV and for a row with more or fewer cells than the header; and where
    one of `columns` is missing or there twice.
    """
    text = read_unicode(path)
    stated = re.match(r'"?sep=([^"\r\n])"?(\r\n|\r|\n)', text, re.IGNORECASE)
    delimiter = stated[1] if stated else _delimiter(text)
    # newline="": the csv module alone knows which line ends are inside of a cell.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header, rows, lines, first = [], [], [], 1
    try:
        if stated:
            next(reader)
            first = reader.line_num + 1
        for row in reader:
            if row and not header:
                header = [" ".join(name.split()) for name in row]
                _check_header(path, header, columns)
            elif row:
                if len(row) != len(header):
                    hint = f"; a cell that has {delimiter!r} in it needs quotes" if len(row) > len(header) else ""
                    raise BadInput(f"{path}: line {first} has {len(row)} columns, the header {len(header)}{hint}")
                rows.append(row)
                lines.append(first)
            first = reader.line_num + 1
    except csv.Error as error:
        raise BadInput(f"{path}: line {first} is no CSV ({error})") from None
    if not header:
        _check_header(path, header, columns)
    return Rows(header, rows, lines)


def _check_header(path, header: list[str], columns: Sequence[str]) -> None:
    for column in columns:
        if column not in header:
            has = ", ".join(header) or "nothing"
            raise BadInput(f"{path}: no column {column!r}; its first line has {has}")
        if header.count(column) > 1:
            raise BadInput(f"{path}: {header.count(column)} columns are called {column!r}")


def read_table(path: str | os.PathLike, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """The values of `columns` in each row of a CSV file, as `read_rows` reads it."""
    table = read_rows(path, columns)
    places = [table.header.index(column) for column in columns]
    return [tuple(row[place] for place in places) for row in table.rows]


def _delimiter(text: str) -> str:
    """The one of `DELIMITERS` that divides the header into most cells.

    Only one that divides it wholly counts: in `"a;b",c` no semicolon does.
    """
    text = text.lstrip("\r\n")
    counts = {}
    for delimiter in DELIMITERS:
        cell = rf'(?:"[^"]*(?:""[^"]*)*"|[^"{delimiter}\r\n]*)'
        if header := re.match(rf"{cell}(?:{delimiter}{cell})*(?=[\r\n]|\Z)", text):
            counts[delimiter] = len(next(csv.reader(io.StringIO(header[0], newline=""), delimiter=delimiter), []))
    if not counts:  # there are quotes where none belong
        first = re.match(r"[^\r\n]*", text)[0]
        counts = {delimiter: first.count(delimiter) for delimiter in DELIMITERS}
    return max(counts, key=counts.get)
