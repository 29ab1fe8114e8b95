"""What an app is: typed inputs, typed outputs, sample inputs, `__call__`. Nothing here imports a framework.

    class Mirror(App):
        name, title, summary = "mirror", "Mirror a picture", "Left becomes right, or top becomes bottom."

        def __call__(self, photo: Image, way: Annotated[str, Choice(options=("across", "down"))] = "across") -> Image:
            return photo[:, ::-1] if way == "across" else photo[::-1]

The signature is the only description. From it come the command line (`zoo run mirror photo.jpg --way down`), the
checks on every call, and the pages. An app parses no arguments, opens no file and writes no HTML. It is registered
under its name in the entry-point group `zoo.apps`, by this package or any other.
"""

import abc
import functools
import importlib.metadata
import inspect
import json
import sys
import typing
from dataclasses import dataclass

from zoo.errors import MissingPackage, UnknownName

from .kinds import (
    Checkpoint,
    Choice,
    Film,
    Flag,
    Image,
    Images,
    Kind,
    Number,
    Numbers,
    Picture,
    Record,
    Records,
    Stream,
    Text,
    Texts,
    Video,
)

# An app needs no other module.
__all__ = [
    "App",
    "Checkpoint",
    "Choice",
    "Conversation",
    "Film",
    "Flag",
    "Image",
    "Images",
    "Input",
    "Kind",
    "Number",
    "Numbers",
    "Picture",
    "Record",
    "Records",
    "Sample",
    "Stream",
    "Talk",
    "Text",
    "Texts",
    "Video",
    "apps",
    "find",
]

GROUP = "zoo.apps"
REQUIRED = inspect.Parameter.empty
# What `zoo run` and the functions behind it call their own parameters: no name for an app's input.
RESERVED = ("app", "inputs", "out", "output", "force", "column", "help")


@dataclass(frozen=True)
class Input:
    """One argument of an app."""

    name: str
    kind: Kind
    default: object = REQUIRED

    @property
    def label(self) -> str:
        return self.kind.label or self.name

    @property
    def option(self) -> str:
        """How a command line spells it."""
        return f"-{self.name}" if len(self.name) == 1 else f"--{self.name.replace('_', '-')}"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Inputs to show an app with."""

    name: str  # a word, for file names
    title: str
    credit: str  # whose it is and on what terms
    inputs: dict  # argument -> value
    reference: object = None  # what a perfect app would answer, where that is known (a picture)
    reference_label: str = ""


class App:
    """Base of all apps. A subclass gives the four names and `__call__`; its inputs and outputs follow.

    inputs: dict of `Input` by name. outputs: tuple of `Kind`. Every call checks its values first (BadInput).
    """

    name: str
    title: str
    summary: str  # one line
    checkpoints: tuple[str, ...] = ()  # names of all that it loads, but for those a user gives it
    inputs: typing.ClassVar[dict[str, Input]] = {}
    outputs: typing.ClassVar[tuple[Kind, ...]] = ()

    def __init__(self):
        self._predictors, self._models, self._tools = {}, {}, {}
        self._chosen = ()  # checkpoints that the user named in the last call
        self.track = _untracked

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if "__call__" in cls.__dict__:
            cls.inputs, cls.outputs = _ports(cls)
            cls.__call__ = _checked(cls.__call__)

    def samples(self) -> list[Sample]:
        """Sample inputs, made by us or in the public domain."""
        return []

    def describe(self, record: dict) -> str:
        """A record as a person reads it on a terminal."""
        return json.dumps(record, indent=2, ensure_ascii=False)

    @classmethod
    def main_input(cls) -> Input | None:
        """What INPUT is on a command line: the app's picture, or else the first text that it can't do without."""
        files = [each for each in cls.inputs.values() if each.kind.is_file]
        texts = [each for each in cls.inputs.values() if type(each.kind) in (Text, Texts) and each.default is REQUIRED]
        return next(iter(files + texts), None)

    @classmethod
    def check(cls, **values) -> dict:
        """These values as `__call__` gets them. BadInput for an unusable value, UnknownName for a strange name."""
        for name in values:
            if name not in cls.inputs:
                raise UnknownName(f"input of {cls.name}", name, cls.inputs)
        return {name: cls.inputs[name].kind.check(name, value) for name, value in values.items()}

    def predictor(self, name: str):
        """The predictor of one of the app's `checkpoints`, or of one that the user named; loaded when first asked for.

        Others are a ValueError.
        """
        import zoo

        return self._loaded(name, self._predictors, zoo.predictor)

    def model(self, name: str):
        """The Keras model of such a checkpoint, for what needs gradients or the layers."""
        import zoo
        from zoo.runtime import backend

        backend.start()  # without its log lines
        return self._loaded(name, self._models, zoo.load)

    def tool(self, name: str, make):
        """`make(name)` of such a checkpoint, such as `Writer.load`; made once for each state of the checkpoint."""
        return self._loaded(name, self._tools, make)

    def _loaded(self, name, known, make):
        if name not in self.checkpoints and name not in self._chosen:
            raise ValueError(f"app {self.name!r} does not declare {name!r} in its checkpoints {self.checkpoints}")
        import zoo

        card = zoo.card(name)  # with the weights' hash: a folder may have been trained into again
        if name not in known or known[name][0] != card:
            known[name] = card, make(name)
        return known[name][1]


class Talk(typing.Protocol):
    """One conversation, as a terminal or a page holds it."""

    over: bool  # whether it has ended: the user said goodbye

    def reply(self, line: str | bytes) -> str:
        """The answer to a line; bytes are UTF-8. Whatever is wrong with a line, the answer says so."""

    def due(self) -> list[str]:
        """Lines to say without being asked, such as that a timer rings; to be called while waiting."""


class Conversation(App, abc.ABC):
    """An app that one talks with. Its `__call__` takes the lines of a whole conversation, and answers each of them.

    `zoo run NAME` talks on the terminal, and a page shows a chat; both by `begin`.
    """

    @abc.abstractmethod
    def begin(self) -> Talk:
        """A new conversation."""


def _untracked(steps, total: int, what: str):
    """What `App.track` is until a command line or a page puts a progress bar there: the steps, one by one."""
    return iter(steps)


def _ports(cls) -> tuple[dict[str, Input], tuple[Kind, ...]]:
    """Inputs and outputs of an app, read from the signature of its `__call__`."""
    hints = typing.get_type_hints(cls.__call__, include_extras=True)
    parameters = list(inspect.signature(cls.__call__).parameters.values())[1:]  # without self
    for each in parameters:
        if each.name in RESERVED:
            app = getattr(cls, "name", cls.__name__)
            raise TypeError(f"app {app!r} has an input {each.name!r}, a name that zoo run needs itself; rename it")
    inputs = {p.name: Input(p.name, _kind(p.name, hints.get(p.name)), p.default) for p in parameters}
    answer = hints.get("return")
    answers = typing.get_args(answer) if typing.get_origin(answer) is tuple else (answer,)
    return inputs, tuple(_kind("return", each) for each in answers)


def _kind(name: str, hint) -> Kind:
    """The kind in an annotation."""
    if inspect.isclass(hint) and issubclass(hint, Kind):
        return hint()
    for extra in getattr(hint, "__metadata__", ()):
        if isinstance(extra, Kind):
            return extra
    raise TypeError(f"an app's {name!r} must be annotated with a kind (Image, Number, ...), not {hint!r}")


def _checked(call):
    """An app's `__call__` with its values checked first."""
    signature = inspect.signature(call)

    @functools.wraps(call)
    def checked(self, *args, **values):
        bound = signature.bind(self, *args, **values)
        bound.apply_defaults()
        values = self.check(**dict(list(bound.arguments.items())[1:]))
        self._chosen = [values[each.name] for each in self.inputs.values() if isinstance(each.kind, Checkpoint)]
        return call(self, **values)

    return checked


def _entry_points() -> dict:
    return {entry.name: entry for entry in importlib.metadata.entry_points(group=GROUP)}


def _load(entry) -> App:
    try:
        return entry.load()()
    except Exception as error:  # somebody else's package can be broken in any way; the cause stays in the chain
        raise MissingPackage(f"app {entry.name!r} ({entry.value}) cannot be loaded: {error!r}") from error


def apps() -> dict[str, App]:
    """Every installed app by name, in alphabetical order. One that cannot be loaded is named on standard error."""
    loaded = {}
    for name, entry in sorted(_entry_points().items()):
        try:
            loaded[name] = _load(entry)
        except MissingPackage as error:
            print(f"left out: {error}", file=sys.stderr)
    return loaded


def find(name: str) -> App:
    """The installed app of this name. UnknownName, with the nearest names, if there is none."""
    entries = _entry_points()
    if name not in entries:
        raise UnknownName("app", name, entries)
    return _load(entries[name])
