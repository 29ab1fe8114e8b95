"""One file for each data set: what it is, and how its published files become examples.

A data set is found by its file: `caltech101` is `DATASET` in `zoo/data/datasets/caltech101.py`.
"""

import functools
import importlib
from pathlib import Path

from zoo.data.dataset import Dataset
from zoo.errors import UnknownName


@functools.cache
def names() -> tuple[str, ...]:
    """Names of all data sets, in alphabetical order."""
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem != "__init__"))


def dataset(name: str) -> Dataset:
    """The data set of this name; raises UnknownName."""
    if name not in names():
        raise UnknownName("data set", name, names())
    return importlib.import_module(f"zoo.data.datasets.{name}").DATASET
