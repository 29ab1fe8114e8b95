"""The registry of landmarks: the class, year, paper and lineage of each.

Sorted by year it is the timeline of the documentation and of `zoo history`; by name it is how a card finds the class to
build. Its only source are the `@register(...)` lines of the files in `zoo/models/`, which are read and not imported: to
know what there is costs no framework.
"""

import ast
import dataclasses
import functools
import importlib
import typing
from pathlib import Path

from zoo.errors import UnknownName
from zoo.hub import card, store

MODELS = Path(__file__).parent.parent / "models"


@dataclasses.dataclass(frozen=True)
class Architecture:
    """One landmark. `lineage` names the earlier landmarks that it builds on; `new` says what was new, at most 60
    characters; `module` and `class_name` say where its class is."""

    name: str
    title: str
    year: int
    paper: str
    url: str
    new: str
    lineage: tuple[str, ...]
    module: str
    class_name: str

    @property
    def cls(self) -> type:
        """The class, a `keras.Model`. Imports its file, and so the framework."""
        return getattr(importlib.import_module(self.module), self.class_name)

    @property
    def file(self) -> str:
        """Its file, from the root of the repository: "zoo/models/lenet.py"."""
        return f"{self.module.replace('.', '/')}.py"

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """Names of its checkpoints that came with the package."""
        return _shipped().get(self.name, ())

    @property
    def about(self) -> str:
        """The docstring of its file: what was new, the equations, where the file departs from the paper and why."""
        return ast.get_docstring(_parsed(self.module)) or ""

    @property
    def call(self) -> str:
        """How it is built, with all arguments and their defaults: "zoo.Perceptron(input_shape=(28, 28, 1))"."""
        tree = _parsed(self.module)
        [cls] = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == self.class_name]
        [init] = [node for node in cls.body if isinstance(node, ast.FunctionDef) and node.name == "__init__"]
        given = zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True)
        arguments = [each.arg if default is None else f"{each.arg}={ast.unparse(default)}" for each, default in given]
        return f"zoo.{self.class_name}({', '.join(arguments)})"


def register(name: str, *, title: str, year: int, paper: str, url: str, new: str, lineage: tuple[str, ...] = ()):
    """Class decorator for a model in `zoo/models/`: makes it an architecture, and known to Keras' serialisation.

    All arguments are literals, since `architectures` reads them from the file. See `Architecture` for what they mean.
    The constructor then refuses arguments of other types than it is annotated with (`zoo.nn.checks.check_arguments`).
    """
    import keras  # here, so that reading the registry costs no framework import

    def enter(cls):
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
def _parsed(module: str) -> ast.Module:
    return ast.parse((MODELS / f"{module.rpartition('.')[2]}.py").read_text(encoding="utf-8"))


@functools.cache
def _scanned() -> dict[str, Architecture]:
    """All landmarks by name, oldest first."""
    found = {}
    for path in sorted(MODELS.glob("*.py")):
        module = f"zoo.models.{path.stem}"
        for cls in [node for node in _parsed(module).body if isinstance(node, ast.ClassDef)]:
            for call in cls.decorator_list:
                if isinstance(call, ast.Call) and getattr(call.func, "id", None) == "register":
                    [name] = [ast.literal_eval(each) for each in call.args]
                    facts = {"lineage": ()} | {each.arg: ast.literal_eval(each.value) for each in call.keywords}
                    if name in found:
                        raise ValueError(f"architecture {name!r} is in {found[name].module} and in {module}")
                    found[name] = Architecture(name=name, module=module, class_name=cls.name, **facts)
    return dict(sorted(found.items(), key=lambda item: (item[1].year, item[0])))


@functools.cache
def _shipped() -> dict[str, tuple[str, ...]]:
    """The checkpoints of the package by architecture."""
    found = {}
    for name, folder in store.shipped().items():
        found.setdefault(card.read(folder).architecture, []).append(name)
    return {architecture: tuple(names) for architecture, names in found.items()}


def classes() -> dict[str, str]:
    """The registered classes -> the module of each."""
    return {each.class_name: each.module for each in _scanned().values()}


def architectures() -> dict[str, Architecture]:
    """All landmarks by name, oldest first: `zoo.architectures()["lenet5"].year`. Imports no framework.

    Each has `title`, `year`, `paper`, `url`, `new`, `lineage`, `file`, `checkpoints`, and `cls`, its class, which is
    imported when it is asked for.
    """
    return dict(_scanned())


def architecture(name: str) -> Architecture:
    """The landmark called `name`. Raises `zoo.errors.UnknownName` with the nearest names."""
    known = _scanned()
    if name not in known:
        raise UnknownName("architecture", name, known)
    return known[name]
