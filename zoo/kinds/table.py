"""Tables and their rows: CSV and JSON files in, dicts of JSON values out, and back."""

import csv
import html
import json
import os
from dataclasses import dataclass
from pathlib import Path

from zoo.errors import BadInput
from zoo.kinds.kind import Kind, check_file, check_suffix, writing
from zoo.kinds.text import read_text

SHEETS = (".csv", ".tsv")
SUFFIXES = (*SHEETS, ".json")


def read_table(path: str | os.PathLike, columns) -> list[tuple[str, ...]]:
    """Rows of a CSV file, of which the first line names the columns: the values of `columns` in each.

    Commas, semicolons and tabs are told apart by that first line. Raises BadInput for a file that is no CSV, lacks a
    column, or has a row that is too short.
    """
    text = read_text(path)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(rows, [])]
        for column in columns:
            if column not in header:
                raise BadInput(f"{path}: no column {column!r}; its first line has {', '.join(header) or 'nothing'}")
        places = [header.index(column) for column in columns]
        found = []
        for row in rows:
            if not row:
                continue
            if len(row) <= max(places):
                raise BadInput(f"{path}: line {rows.line_num} has {len(row)} columns, the first one {len(header)}")
            found.append(tuple(row[place] for place in places))
    except csv.Error as error:
        raise BadInput(f"{path}: line {rows.line_num} is no CSV ({error})") from None
    return found


def read_rows(path: str | os.PathLike) -> list[dict]:
    """The rows of a table, values by column: of .json a list of objects, of any other file CSV, whose values are str.

    Raises BadInput for what `read_table` refuses, for two columns of one name, and for JSON of another form.
    """
    path = Path(path)
    if path.suffix.lower() == ".json":
        try:
            rows = json.loads(read_text(path))
        except ValueError as error:
            raise BadInput(f"{path}: not JSON ({error})") from None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise BadInput(f"{path}: no table; give a list of objects, [{{...}}, ...]")
        return rows
    first = read_text(path).partition("\n")[0]
    delimiter = max(",;\t", key=first.count)  # as `read_table` has it
    names = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
    if len(set(names)) < len(names):
        raise BadInput(f"{path}: two columns have one name; its first line has {', '.join(names)}")
    return [dict(zip(names, values, strict=True)) for values in read_table(path, names)]


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
    """What was found in one input, by name: a dict of plain JSON values. With many inputs, a row of a table."""

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
    """A table with a file of its own: a list of rows, dicts of plain JSON values. Those of a CSV file are texts."""

    noun = "table"
    is_file = True
    reads = SUFFIXES
    writes = SUFFIXES
    suffix = ".csv"

    def check(self, name, value):
        if not isinstance(value, list) or not value:
            raise BadInput(f"{name} is {value!r:.60}; give a list of rows")
        return [Record().check(f"{name}: row {number}", row) for number, row in enumerate(value, start=1)]

    def read(self, path, name=""):
        check_file(path, name)
        return read_rows(path)

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
