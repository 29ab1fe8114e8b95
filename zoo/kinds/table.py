"""Tables: CSV files, checked. Imports no framework."""

import csv
import os

from zoo.errors import BadInput
from zoo.kinds.text import read_text


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
