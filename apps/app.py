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
import math
import sys
import typing
from dataclasses import dataclass

from zoo.errors import BadInput, MissingPackage, UnknownName

GROUP = "zoo.apps"
REQUIRED = inspect.Parameter.empty
# What `zoo run` and the functions behind it call their own parameters: no name for an app's input.
RESERVED = ("app", "inputs", "out", "output", "force", "column", "help")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of value that an app takes or gives. As an annotation: the class itself, or Annotated[type, kind]."""

    label: str = ""  # for pages; the argument's name if empty
    help: str = ""  # one line
    is_file: typing.ClassVar[bool] = False  # on a command line: a file rather than an option
    limits: typing.ClassVar[str] = ""  # what values may be, in words

    @property
    def metavar(self) -> str:
        """What stands for a value in the help of a command line."""
        return type(self).__name__.upper()

    def check(self, name: str, value):
        """The value as the app gets it; BadInput if it cannot be used. `name` is the argument's."""
        return value


@dataclass(frozen=True, kw_only=True)
class Image(Kind):
    """A picture: uint8 (H, W, 3), sRGB. Grey ones, uint8 (H, W), are taken too. An output that isn't made is None."""

    when: str = ""  # of an output: the name of the Flag that asks for it; always made if empty
    is_file = True

    def check(self, name, value):
        import numpy as np

        if not isinstance(value, np.ndarray):
            raise BadInput(
                f"{name} is a {type(value).__name__}; give an array (zoo.data.images.read_image reads files)"
            )
        if value.dtype != np.uint8:
            raise BadInput(f"{name} is an array of {value.dtype}; give uint8, 0 to 255")
        if value.ndim == 2:
            value = np.repeat(value[..., None], 3, axis=-1)  # (H, W) -> (H, W, 3)
        if value.ndim != 3 or value.shape[-1] != 3 or value.size == 0:
            raise BadInput(f"{name} has shape {value.shape}; give one picture, (height, width, 3) or (height, width)")
        return value


@dataclass(frozen=True, kw_only=True)
class Text(Kind):
    """A text."""

    def check(self, name, value):
        if not isinstance(value, str):
            raise BadInput(f"{name} is a {type(value).__name__}; give a text")
        return value


@dataclass(frozen=True, kw_only=True)
class Texts(Kind):
    """Texts, each handled by itself: a list of str. As an input a str, too: its lines, but for the empty ones."""

    def check(self, name, value):
        texts = [line for line in value.splitlines() if line.strip()] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise BadInput(f"{name} is {value!r:.60}; give a text or a list of them")
        if not texts:
            raise BadInput(f"{name}: there is no text; give one or more")
        for number, text in enumerate(texts, start=1):
            if not text.strip():  # to drop it would give an answer to each text but this one
                raise BadInput(f"text {number} of {name} is empty; leave it out")
        return texts


@dataclass(frozen=True, kw_only=True)
class Stream(Kind):
    """A text that comes piece by piece: an iterator of str. An output only."""


@dataclass(frozen=True, kw_only=True)
class Number(Kind):
    """A number within limits, both included. A text that spells a number (a command line's) is taken too."""

    minimum: float = -math.inf
    maximum: float = math.inf
    whole: bool = False  # whether it counts something; the app gets an int

    @property
    def limits(self) -> str:
        """The limits in words, such as "a number from 0 to 3"."""
        number = "a whole number" if self.whole else "a number"
        if math.isinf(self.minimum) and math.isinf(self.maximum):
            return number
        if math.isinf(self.maximum):
            return f"{number} from {self.minimum:g} up"
        if math.isinf(self.minimum):
            return f"{number} up to {self.maximum:g}"
        return f"{number} from {self.minimum:g} to {self.maximum:g}"

    def check(self, name, value):
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        fits = math.isfinite(number) and self.minimum <= number <= self.maximum
        if isinstance(value, bool) or not fits or (self.whole and not number.is_integer()):
            raise BadInput(f"{name} is {value!r}; give {self.limits}")
        return int(number) if self.whole else number


@dataclass(frozen=True, kw_only=True)
class Choice(Kind):
    """One of a few texts."""

    options: tuple[str, ...]

    @property
    def limits(self) -> str:
        return " or ".join(self.options)

    def check(self, name, value):
        if value not in self.options:
            raise BadInput(f"{name} is {value!r}; choose {self.limits}")
        return value


@dataclass(frozen=True, kw_only=True)
class Flag(Kind):
    """Yes or no. "true" and "false" (a command line's) are taken too."""

    def check(self, name, value):
        known = {True: True, False: False, "true": True, "false": False}
        if not isinstance(value, bool | str) or value not in known:
            raise BadInput(f"{name} is {value!r}; give true or false")
        return known[value]


@dataclass(frozen=True, kw_only=True)
class Checkpoint(Text):
    """A checkpoint: its name, or a folder that `zoo train` or `zoo finetune` wrote."""


@dataclass(frozen=True, kw_only=True)
class Record(Kind):
    """What was found, by name: a dict of plain JSON values. An output only."""


@dataclass(frozen=True, kw_only=True)
class Records(Kind):
    """What was found in each text: a list of dicts of plain JSON values, one for each of the input's. An output only.

    What a record has under "text" is the text itself.
    """


@dataclass(frozen=True)
class Film:
    """Moving pictures: `frames`, an iterable of uint8 (H, W, 3) of one size, both even; `rate` of them a second."""

    frames: object
    rate: float = 25.0


@dataclass(frozen=True, kw_only=True)
class Video(Kind):
    """Moving pictures, a `Film`, or None for none. An output only."""

    when: str = ""  # the name of the Flag that asks for it; always made if empty


@dataclass(frozen=True)
class Input:
    """One argument of an app."""

    name: str
    kind: Kind
    default: object = REQUIRED

    @property
    def label(self) -> str:
        return self.kind.label or self.name


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
        return self._loaded(name, self._predictors, "predictor")

    def model(self, name: str):
        """The Keras model of such a checkpoint, for what needs gradients or the layers."""
        from zoo import backend

        backend.start()  # without its log lines
        return self._loaded(name, self._models, "load")

    def tool(self, name: str, make):
        """`make(model, tokenizer)` of such a checkpoint, such as a Writer, which keeps what it compiles; made once."""
        from zoo.hub import checkpoint

        model = self.model(name)
        if name not in self._tools or self._tools[name][0] is not model:
            self._tools[name] = model, make(model, checkpoint.tokenizer(name))
        return self._tools[name][1]

    def _loaded(self, name, known, function):
        if name not in self.checkpoints and name not in self._chosen:
            raise ValueError(f"app {self.name!r} does not declare {name!r} in its checkpoints {self.checkpoints}")
        import zoo

        card = zoo.card(name)  # with the weights' hash: a folder may have been trained into again
        if name not in known or known[name][0] != card:
            known[name] = card, getattr(zoo, function)(name)
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
