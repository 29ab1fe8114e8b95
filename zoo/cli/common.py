"""Options and printing for all commands."""

import json
import sys
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="A checkpoint: its name, or a folder that holds one.")]
DataDir = Annotated[
    str | None, typer.Option(help="Where prepared data sets live.", show_default="$TFDS_DATA_DIR, else TFDS's own")
]
Force = Annotated[bool, typer.Option("--force", help="Replace an output that exists.")]
Runs = Annotated[str, typer.Option(help="Folder for the state of trainings, to resume after a stop.")]
Restart = Annotated[bool, typer.Option("--restart", help="Forget an interrupted training and begin again.")]


def show_json(value) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def table(title: str, columns, rows) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(*columns, title=title, title_justify="left", box=None, pad_edge=False, show_header=any(columns))
    for row in rows:
        shown.add_row(*(Text(str(cell)) for cell in row))  # a text's [brackets] are no markup
    Console(width=None if sys.stdout.isatty() else 200).print(shown)


def figure(row: dict) -> str:
    """A metric row in a few characters: `accuracy 99.31 %`."""
    return f"{row['metric']} {row['value']:.2f} {row['unit']}".rstrip()
