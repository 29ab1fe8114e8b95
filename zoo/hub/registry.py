"""The registry of landmarks: the class, year, paper and lineage of each.

Sorted by year it is the timeline of the documentation; by name it is how a card finds the class to build.
"""

import dataclasses
import functools
import importlib
import re
import typing
from pathlib import Path

from zoo.errors import UnknownName

MODELS = Path(__file__).parent.parent / "models"


@dataclasses.dataclass(frozen=True)
class Architecture:
    """One landmark. `lineage` names the registered architectures that it builds on; `new` says what was new, at most 60
    characters."""

    name: str
    cls: type
    title: str
    year: int
    paper: str
    url: str
    lineage: tuple[str, ...]
    new: str


_registry: dict[str, Architecture] = {}


def register(name: str, *, title: str, year: int, paper: str, url: str, new: str, lineage: tuple[str, ...] = ()):
    """Class decorator: enter a model class as architecture `name`, and make it known to Keras' own serialisation.

    Its constructor then refuses arguments of other types than it is annotated with (`zoo.nn.checks.check_arguments`).
    """

    def enter(cls):
        import keras  # here, so that reading the registry's data types costs no framework import

        if name in _registry and _registry[name].cls.__module__ != cls.__module__:
            raise ValueError(f"architecture {name!r} is registered already, by {_registry[name].cls.__module__}")
        _registry[name] = Architecture(name, cls, title, year, paper, url, tuple(lineage), new)
        cls.__init__ = _checked(cls)
        return keras.saving.register_keras_serializable(package="zoo")(cls)

    return enter


def _checked(cls):
    """The constructor of a class, all of its arguments by keyword, which checks their types first."""
    from zoo.nn.checks import check_arguments  # here, so that reading names costs no import of NumPy

    constructor, annotations = cls.__init__, typing.get_type_hints(cls.__init__)

    @functools.wraps(constructor)
    def __init__(self, **kwargs):
        check_arguments(cls.__name__, annotations, kwargs)
        constructor(self, **kwargs)

    return __init__


@functools.cache
def classes() -> dict[str, str]:
    """The registered classes of `zoo/models/` -> the module of each. Reads the files and imports none of them."""
    found = {}
    for path in sorted(MODELS.glob("*.py")):
        for name in re.findall(r"^@register\((?:.|\n)*?^class (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            found[name] = f"zoo.models.{path.stem}"
    return found


def architectures() -> dict[str, Architecture]:
    """All landmarks by name, oldest first. Imports the model files, and so the framework."""
    for module in classes().values():
        importlib.import_module(module)
    return dict(sorted(_registry.items(), key=lambda item: (item[1].year, item[0])))


def architecture(name: str) -> Architecture:
    """The landmark called `name`. Raises `zoo.errors.UnknownName` with the nearest names."""
    known = architectures()
    if name not in known:
        raise UnknownName("architecture", name, known)
    return known[name]
