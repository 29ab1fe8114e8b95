"""Tables and their rows: CSV and JSON files in, dicts of JSON values out, and back."""

import csv
import html
import io
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zoo.errors import BadInput, quoted
from zoo.kinds.files import LARGEST
from zoo.kinds.kind import Kind, check_file, check_suffix, writing
from zoo.kinds.text import read_text, read_unicode

SHEETS = (".csv", ".tsv")
SUFFIXES = (*SHEETS, ".json")
DELIMITERS = ",;\t"
HALF = re.compile(r"\\u[dD][89a-fA-F]")  # a half of a character beyond 16 bits in JSON; alone, nothing can write it

csv.field_size_limit(LARGEST)  # its own limit, 128 KiB, is for the whole process, and a cell may be a long text


@dataclass(frozen=True)
class Rows:
    """The contents of a table: the names of its columns, its rows, and the line of each row in the file, from 1."""

    header: list[str]
    rows: list[list[str]]
    lines: list[int]


def read_rows(path: str | os.PathLike, columns: Sequence[str] = ()) -> Rows:
    """A CSV file, UTF-8, of which the first line names the columns.

    The header, or a line `sep=;` before it, decides between commas, semicolons and tabs. Cells are as they stand in
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
    columns = [table.header.index(column) for column in columns]
    return [tuple(row[column] for column in columns) for row in table.rows]


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


def read_records(path: str | os.PathLike) -> list[dict]:
    """The rows of a table as dicts: of .json a list of objects; any other file is CSV, whose values are str.

    Raises BadInput as `read_rows` does, for two columns of one name, and for JSON of another form.
    """
    path = Path(path)
    if path.suffix.lower() == ".json":
        try:
            rows = json.loads(text := read_text(path))
            if HALF.search(text):
                json.dumps(rows, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{path}: not JSON ({error})") from None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise BadInput(f"{path}: no table; give a list of objects, [{{...}}, ...]")
        return rows
    table = read_rows(path)
    if len(set(table.header)) < len(table.header):
        raise BadInput(f"{path}: two columns have one name; its first line has {', '.join(table.header)}")
    return [dict(zip(table.header, row, strict=True)) for row in table.rows]


def write_table(path: str | os.PathLike, rows: list[dict], names=(), *, single: bool = False) -> None:
    """Rows of JSON values as the suffix says: .json, a list of them (of a single one the object alone), .csv or .tsv.

    names: columns of a table without rows. Raises BadInput where the file cannot be written.
    """
    suffix = check_suffix(path, SUFFIXES)
    with writing(path) as beside, open(beside, "w", encoding="utf-8", newline="") as file:
        if suffix == ".json":
            file.write(json.dumps(rows[0] if single else rows, indent=2, ensure_ascii=False) + "\n")
            return
        rows = [flattened(row) for row in rows]
        # In the order of the longest row, so that a list's columns stand together.
        names = dict.fromkeys(name for row in sorted(rows, key=len, reverse=True) for name in row) or names
        table = csv.DictWriter(file, names, lineterminator="\n", delimiter="\t" if suffix == ".tsv" else ",")
        table.writeheader()
        table.writerows(rows)


def flattened(value, name: str = "") -> dict:
    """A JSON value as the columns of a table: {"labels": [{"label": "ant"}]} -> {"labels_1_label": "ant"}."""
    if not isinstance(value, dict | list):
        return {name: value}
    found = {}
    for key, each in value.items() if isinstance(value, dict) else enumerate(value, start=1):
        found |= flattened(each, f"{name}_{key}" if name else key)
    return found


@dataclass(frozen=True, kw_only=True)
class Record(Kind):
    """Results for one input: a dict of plain JSON values. Of many inputs each is a row of a table."""

    noun = "record"

    def check(self, name, value):
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise BadInput(f"{name} is a {type(value).__name__}; give values by name, a dict")
        return value

    def example(self):
        return {"label": "cat", "probability": 0.9}

    def words(self, value):
        return json.dumps(value, indent=2, ensure_ascii=False)

    def columns(self, name, value):
        return value


@dataclass(frozen=True, kw_only=True)
class Table(Kind):
    """A table in a file: a list of rows, dicts of plain JSON values; from a CSV file all values are str."""

    noun = "table"
    in_python = "a path or a list of rows"
    is_file = True
    reads = SUFFIXES
    writes = SUFFIXES
    suffix = ".csv"

    def check(self, name, value):
        if not isinstance(value, list) or not value:
            raise BadInput(f"{name} is {quoted(value)}; give a list of rows")
        return [Record().check(f"{name}: row {number}", row) for number, row in enumerate(value, start=1)]

    def read(self, path, name=""):
        check_file(path, name)
        return read_records(path)

    def write(self, path, value):
        write_table(path, value)

    def example(self):
        return [{"city": "Berlin", "people": 3_700_000}, {"city": "Bern", "people": 134_000}]

    def words(self, value):
        return "\n".join(", ".join(f"{name}: {each}" for name, each in row.items()) for row in value)

    def html(self, value, address="", label=""):
        rows = [flattened(row) for row in value]
        names = list(dict.fromkeys(name for row in rows for name in row))

        def line(cells, tag):
            return f"<tr>{''.join(f'<{tag}>{html.escape(str(cell))}</{tag}>' for cell in cells)}</tr>"

        body = "".join(line((row.get(name, "") for name in names), "td") for row in rows)
        return f"<table>{line(names, 'th')}{body}</table>"
