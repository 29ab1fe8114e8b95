"""What an app is: typed inputs, typed outputs, sample inputs, `__call__`. Nothing here imports a framework.

    class Mirror(App):
        name, title, summary = "mirror", "Mirror an image", "Left becomes right, or top becomes bottom."

        def __call__(self, photo: Image, axis: Annotated[str, Choice(options=("across", "down"))] = "across") -> Image:
            return photo[:, ::-1] if axis == "across" else photo[::-1]

The signature is the only description. From it come the command line (`zoo run mirror photo.jpg --axis down`), the
checks on every call, and the pages. `list[Image]` are several images, `Image | None` is one that may be left out or
not be made, `Iterator[Text]` is a text that comes piece by piece. An app parses no arguments, opens no file and writes
no HTML. Apps in this folder are found by scanning it; those of other packages register in the entry-point group
`zoo.apps`.
"""

import collections.abc
import functools
import importlib.metadata
import inspect
import re
import sys
import types
import typing
from dataclasses import dataclass
from pathlib import Path

from zoo.errors import MissingPackage, UnknownName
from zoo.kinds.audio import Audio, Waveform
from zoo.kinds.boxes import Boxes
from zoo.kinds.checkpoint import Checkpoint
from zoo.kinds.choice import Choice
from zoo.kinds.flag import Flag
from zoo.kinds.image import Image, Picture
from zoo.kinds.kind import Kind
from zoo.kinds.number import Number
from zoo.kinds.table import Record, Table
from zoo.kinds.text import Text
from zoo.kinds.video import Film, Video

# All that an app imports: the base class, the kinds, and the classes of their values.
__all__ = [
    "App", "Audio", "Boxes", "Checkpoint", "Choice", "Film", "Flag", "Image", "Input", "Kind", "Number", "Output",
    "Picture", "Record", "Sample", "Table", "Text", "Video", "Waveform", "apps", "find",
]  # fmt: skip

GROUP = "zoo.apps"
TOPICS = ("Look at photographs", "Make pictures", "Read and write", "Talk", "Teach")  # the order of pages
REQUIRED = inspect.Parameter.empty
# Names of parameters of `zoo run` and its functions, which an app's input must not have.
RESERVED = ("app", "inputs", "out", "output", "force", "column", "help")


@dataclass(frozen=True)
class Input:
    """One argument of an app."""

    name: str
    kind: Kind
    default: object = REQUIRED
    many: bool = False  # list[kind], or a tuple of `count` kinds
    count: int = 0

    @property
    def label(self) -> str:
        return self.kind.label or self.name

    @property
    def option(self) -> str:
        """The option of a command line: "--name", or "-n" for a name of one letter."""
        return f"-{self.name}" if len(self.name) == 1 else f"--{self.name.replace('_', '-')}"

    @property
    def limits(self) -> str:
        """The values that are allowed, in words."""
        return self.kind.limits_many(self.count) if self.many else self.kind.limits

    def check(self, value):
        """The value as the app gets it. Raises BadInput for one that cannot be used. An optional input may be None."""
        if value is None and self.default is None:
            return None
        if not self.many:
            return self.kind.check(self.name, value)
        if self.default == () and (value is None or (isinstance(value, str | list | tuple) and not value)):
            return ()
        values = self.kind.check_many(self.name, value, self.count)
        return tuple(values) if self.count else values


@dataclass(frozen=True)
class Output:
    """One answer of an app."""

    kind: Kind
    many: bool = False  # list[kind]
    streamed: bool = False  # Iterator[kind]: a text, piece by piece

    @property
    def label(self) -> str:
        return self.kind.label or "result"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Inputs that show what an app does."""

    name: str  # one word, for file names
    title: str
    credit: str  # author and licence
    inputs: dict  # argument -> value
    reference: object = None  # the ideal output, where it is known (an image)
    reference_label: str = ""


class App:
    """Base of all apps. A subclass sets `name`, `title`, `summary` and `checkpoints`, and defines `__call__`.

    inputs, outputs: made from the annotations of `__call__`. Every call checks its values first (BadInput).
    """

    name: str
    title: str
    summary: str  # one line
    topic: str = "Others"  # the heading under which pages list it
    checkpoints: tuple[str, ...] = ()  # names of all that it loads, except those given by the user
    inputs: typing.ClassVar[dict[str, Input]] = {}
    outputs: typing.ClassVar[tuple[Output, ...]] = ()

    def __init__(self):
        self._predictors, self._models, self._tools = {}, {}, {}
        self._chosen = ()  # checkpoints that the user named in the last call
        self.track = _untracked

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if "__call__" in cls.__dict__:
            cls.inputs, cls.outputs = _inputs_and_outputs(cls)
            cls.__call__ = _checked(cls.__call__)

    def samples(self) -> list[Sample]:
        """Sample inputs, made by us or in the public domain."""
        return []

    def describe(self, record: dict) -> str:
        """A record as text for a terminal."""
        return Record().words(record)

    def line(self, record: dict) -> str:
        """A record in a few words, for a list of several files: by default its values, without lists of more."""
        return ", ".join(f"{name} {value}" for name, value in record.items() if not isinstance(value, dict | list))

    @classmethod
    def main_input(cls) -> Input | None:
        """The input that INPUT on a command line stands for: the first required file, else text, else optional file."""
        required = [each for each in cls.inputs.values() if each.default is REQUIRED]
        files = [each for each in cls.inputs.values() if each.kind.is_file]
        texts = [each for each in required if type(each.kind) is Text]
        return next(iter([*(each for each in files if each in required), *texts, *files]), None)

    @classmethod
    def check(cls, **values) -> dict:
        """These values as `__call__` gets them. Raises BadInput for a bad value, UnknownName for a bad name."""
        for name in values:
            if name not in cls.inputs:
                raise UnknownName(f"input of {cls.name}", name, cls.inputs)
        return {name: cls.inputs[name].check(value) for name, value in values.items()}

    def predictor(self, name: str, part: str | None = None):
        """The predictor of one of the app's `checkpoints`, or of one that the user named; loaded by the first call.

        part: for a part of the model alone, such as "decoder". Raises ValueError for other checkpoints.
        """
        import zoo

        load = zoo.predictor if part is None else functools.partial(zoo.predictor, part=part)
        return self._loaded(name, self._predictors, load, part)

    def model(self, name: str):
        """The Keras model of such a checkpoint, for apps that need gradients or layers."""
        import zoo
        from zoo.runtime import backend

        backend.start()  # without its log lines
        return self._loaded(name, self._models, zoo.load)

    def tool(self, name: str, make):
        """`make(name)` of such a checkpoint, such as `Writer.load`; called once, and again when the weights change."""
        return self._loaded(name, self._tools, make)

    def _loaded(self, name, known, make, part=None):
        if name not in self.checkpoints and name not in self._chosen:
            raise ValueError(f"app {self.name!r} does not declare {name!r} in its checkpoints {self.checkpoints}")
        import zoo

        card = zoo.card(name)  # with the weights' hash: a folder may have been trained into again
        if (name, part) not in known or known[name, part][0] != card:
            known[name, part] = card, make(name)
        return known[name, part][1]


def _untracked(steps, total: int, what: str):
    """The default of `App.track`, without a progress bar: the steps, one by one."""
    return iter(steps)


def _inputs_and_outputs(cls) -> tuple[dict[str, Input], tuple[Output, ...]]:
    """Inputs and outputs of an app, read from the signature of its `__call__`."""
    hints = typing.get_type_hints(cls.__call__, include_extras=True)
    inputs = {}
    for each in list(inspect.signature(cls.__call__).parameters.values())[1:]:  # without self
        if each.name in RESERVED:
            app = getattr(cls, "name", cls.__name__)
            raise TypeError(f"app {app!r} has an input {each.name!r}, a name that zoo run needs itself; rename it")
        kind, how = _kind(each.name, hints.get(each.name))
        inputs[each.name] = Input(each.name, kind, each.default, many="count" in how, count=how.get("count", 0))
    answer = hints.get("return")
    outputs = []
    for each in typing.get_args(answer) if typing.get_origin(answer) is tuple else (answer,):
        kind, how = _kind("return", each)
        outputs.append(Output(kind, many="count" in how, streamed="streamed" in how))
    return inputs, tuple(outputs)


def _kind(name: str, hint) -> tuple[Kind, dict]:
    """The kind in an annotation, and how many values there are: {}, {"count": N} (0: any), or {"streamed": True}.

    The Python type inside of Annotated is for readers and type checkers; it isn't used here.
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        [hint] = [each for each in arguments if each is not types.NoneType][:1]
        return _kind(name, hint)
    if origin is list:
        return _kind(name, arguments[0])[0], {"count": 0}
    if origin is tuple:
        return _kind(name, arguments[0])[0], {"count": len(arguments)}
    if origin is collections.abc.Iterator:
        return _kind(name, arguments[0])[0], {"streamed": True}
    if inspect.isclass(hint) and issubclass(hint, Kind):
        return hint(), {}
    for extra in getattr(hint, "__metadata__", ()):
        if isinstance(extra, Kind):
            return extra, {}
    raise TypeError(f"an app's {name!r} must be annotated with a kind (Image, Number, ...), not {hint!r}")


def _checked(call):
    """A method that checks its values, then calls the app's `__call__`."""
    signature = inspect.signature(call)

    @functools.wraps(call)
    def checked(self, *args, **values):
        bound = signature.bind(self, *args, **values)
        bound.apply_defaults()
        values = self.check(**dict(list(bound.arguments.items())[1:]))
        self._chosen = [values[each.name] for each in self.inputs.values() if isinstance(each.kind, Checkpoint)]
        return call(self, **values)

    return checked


def own_apps() -> dict[str, str]:
    """The apps in this folder: name -> "module:class". Reads the files and imports none of them."""
    folder, found = Path(__file__).parent, {}
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        module = ".".join([__package__, *path.relative_to(folder).with_suffix("").parts])
        for cls, name in re.findall(r'^class (\w+)\((?:App|Conversation)\):\n    name = "(\w+)"', text, re.MULTILINE):
            found[name] = f"{module}:{cls}"
    return found


def _registered() -> dict[str, importlib.metadata.EntryPoint]:
    own = {name: importlib.metadata.EntryPoint(name, value, GROUP) for name, value in own_apps().items()}
    return own | {entry.name: entry for entry in importlib.metadata.entry_points(group=GROUP)}


def _load(entry) -> App:
    try:
        return entry.load()()
    except Exception as error:  # somebody else's package can be broken in any way; the cause stays in the chain
        raise MissingPackage(f"app {entry.name!r} ({entry.value}) cannot be loaded: {error!r}") from error


def apps() -> dict[str, App]:
    """Every installed app by name, in alphabetical order. One that cannot be loaded is named on standard error."""
    loaded = {}
    for name, entry in sorted(_registered().items()):
        try:
            loaded[name] = _load(entry)
        except MissingPackage as error:
            print(f"left out: {error}", file=sys.stderr)
    return loaded


def find(name: str) -> App:
    """The installed app of this name. UnknownName, with the nearest names, if there is none."""
    entries = _registered()
    if not isinstance(name, str) or name not in entries:
        raise UnknownName("app", name, entries)
    return _load(entries[name])
