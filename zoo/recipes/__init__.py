"""One file per checkpoint: data, model arguments, optimiser, schedule, seed, and its targets.

A recipe is found by its file: `lenet5.mnist` is `RECIPE` in `zoo/recipes/lenet5_mnist.py`.
"""

import functools
import importlib
import re
from pathlib import Path

from zoo.errors import UnknownName


def module_of(name: str) -> str:
    """The file of a recipe, without its suffix."""
    return re.sub(r"[.-]", "_", name)


@functools.cache
def names() -> tuple[str, ...]:
    """Names of all recipes, in alphabetical order. Reads the files and imports none of them."""
    found = []
    for path in sorted(Path(__file__).parent.glob("*.py")):
        stated = re.findall(r'^    name = "(.+)"$', path.read_text(encoding="utf-8"), re.MULTILINE)
        # Controls and teachers in the same file have names of their own.
        found += [name for name in stated if module_of(name) == path.stem]
    return tuple(found)


def check(name: str) -> None:
    """Raises `UnknownName`, with the nearest names, where there is no recipe for a checkpoint of this name."""
    if name not in names():
        raise UnknownName("recipe", name, names())


def find(name: str):
    """The recipe that makes checkpoint `name`. Raises `UnknownName` with the nearest names."""
    check(name)
    return importlib.import_module(f"zoo.recipes.{module_of(name)}").RECIPE
