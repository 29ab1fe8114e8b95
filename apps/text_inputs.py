"""Texts that a command line names: an existing file, a folder or glob of .txt, .csv and .tsv files, `-` for standard
input, or else a text itself. What looks like a file's name and isn't one is refused.

Of a table the texts are one column, of any other file its lines. An app that takes one text takes all of a file.
"""

import csv
import glob
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from zoo.errors import BadInput
from zoo.kinds.table import read_table
from zoo.kinds.text import decoded, read_text

from .files import Job, each_once, is_earlier_result, jobs_of

STANDARD = "-"  # standard input
COLUMN = "text"  # of a table, where the user names none
SHEETS = (".csv", ".tsv")
FOUND = (".txt", *SHEETS)  # in a folder
NAMES = (*FOUND, ".md", ".json", ".html", ".pdf", ".docx")  # what ends like that and has no space is a file's name


@dataclass(eq=False)
class Item:
    """One text to do."""

    text: str
    place: str = ""  # what an error calls it
    job: Job | None = None  # the file that it is from
    row: dict | None = None  # what a table has in its row
    found: dict | None = None  # what an app answered, by name


def find_texts(given: str) -> list[Path]:
    """The text files that an input names, sorted; none where it is a text itself. BadInput for a name of no file."""
    if given == STANDARD:
        return []
    if os.path.isdir(given):
        below = Path(given).rglob("*")
        candidates = [path for path in below if not any(part[0] == "." for part in path.relative_to(given).parts)]
    elif os.path.exists(given):
        return [Path(given)]
    elif given.split() != [given] or os.path.splitext(given)[1].lower() not in NAMES:
        return []
    elif glob.has_magic(given):
        candidates = map(Path, glob.glob(given, recursive=True))
    else:
        raise BadInput(f"{given}: no such file; a text that ends like a file's name needs a space in it")
    found = sorted(path for path in candidates if path.suffix.lower() in FOUND and path.is_file())
    if not found:
        raise BadInput(f"{given}: no text files there ({' '.join(FOUND)})")
    return found


def gather(inputs: list[str], report, *, column: str = COLUMN, whole: bool = False, folder=None) -> list[Item]:
    """The texts of all inputs in their order, empty lines of files too. What can't be read is told to `report`.

    whole: take all of a file for one text. folder: where results go; what lies in it is no input.
    """
    named, items = [], []  # files, and inputs that are texts themselves
    for given in inputs:
        with report.failing():
            named += jobs_of(given, find_texts) or [given]
    for each in each_once(named):
        with report.failing():
            if not isinstance(each, Job):
                items += _given(each, whole)
            elif not (folder and is_earlier_result(each, folder)):
                items += _read(each, column, whole)
    return items


def _given(given: str, whole: bool) -> list[Item]:
    if given == STANDARD:
        name = "standard input"
        return _lines(decoded(sys.stdin.buffer.read(), name), name, None, whole)
    return [Item(text) for text in ([given] if whole else given.splitlines()) if text.strip()]


def _read(job: Job, column: str, whole: bool) -> list[Item]:
    """The texts of a file. Raises BadInput for what is no text, or has no such column."""
    path = job.source
    if whole or path.suffix.lower() not in SHEETS:
        return _lines(read_text(path), str(path), job, whole)
    first = read_text(path).partition("\n")[0]
    delimiter = max(",;\t", key=first.count)  # as `read_table` has it
    names = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
    rows = read_table(path, [column, *names])
    if len(set(names)) < len(names):
        raise BadInput(f"{path}: two columns have one name; its first line has {', '.join(names)}")
    return [
        Item(text, f"{path}: row {number}", job, dict(zip(names, values, strict=True)))
        for number, (text, *values) in enumerate(rows, start=1)
    ]


def _lines(text: str, name: str, job, whole: bool) -> list[Item]:
    text = text.removesuffix("\n")  # the end of the last line, which `echo` and editors add
    if whole:
        return [Item(text, name, job)]
    return [Item(line, f"{name}: line {number}", job) for number, line in enumerate(text.split("\n"), start=1)]
