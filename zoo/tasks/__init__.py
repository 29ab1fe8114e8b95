"""Tasks, one file each: what a checkpoint does. A card names its task; evaluation, fine-tuning and exports use it.

A task is found by its file: "classify_images" is `TASK` in `zoo/tasks/classify_images.py`. Only training imports a
framework.
"""

import functools
import importlib
import re
from pathlib import Path

from zoo.errors import BadCheckpoint, UnknownName


@functools.cache
def names() -> tuple[str, ...]:
    """Names of all tasks, in alphabetical order. Reads the files and imports none of them."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return tuple(file.stem for file in files if re.search(r"^TASK = ", file.read_text(encoding="utf-8"), re.MULTILINE))


def find(name: str):
    """The `zoo.tasks.task.Task` of this name. Raises `UnknownName` with the nearest names, `BadCheckpoint` for
    the empty name of a checkpoint that has none."""
    if not name:
        raise BadCheckpoint("this checkpoint has no task; zoo.load reads it")
    if name not in names():
        raise UnknownName("task", name, names())
    return importlib.import_module(f"zoo.tasks.{name}").TASK


def of(card):
    """The task of a checkpoint, by its card. Raises `BadCheckpoint` where the card's inputs and outputs aren't those
    that the task works with."""
    task = find(card.task)
    task.check(card)
    return task
