"""Kinds of values that apps take and give: what a signature's annotations say. Nothing here imports a framework.

An annotation is a kind itself, or Annotated[type, kind] where the kind says more than its class.
"""

import math
import typing
from dataclasses import dataclass, field

from zoo.errors import BadInput


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
                f"{name} is a {type(value).__name__}; give an array (zoo.kinds.image.read_image reads files)"
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
            return f"{number} from {_plain(self.minimum)} up"
        if math.isinf(self.minimum):
            return f"{number} up to {_plain(self.maximum)}"
        return f"{number} from {_plain(self.minimum)} to {_plain(self.maximum)}"

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
class Numbers(Kind):
    """Whole numbers within limits, `count` of them, or none: a tuple of int. A text of them, "7 12", and None are taken
    too."""

    count: int
    minimum: int = 0
    maximum: int = 2**32 - 1

    @property
    def limits(self) -> str:
        return f"{self.count} whole numbers from {self.minimum} to {self.maximum}"

    def check(self, name, value):
        words = value.replace(",", " ").split() if isinstance(value, str) else value or ()
        try:
            each = Number(minimum=self.minimum, maximum=self.maximum, whole=True)
            numbers = tuple(each.check(name, word) for word in words)
        except (BadInput, TypeError):
            numbers = None
        if numbers is None or len(numbers) not in (0, self.count):
            raise BadInput(f"{name} is {value!r:.60}; give {self.limits}")
        return numbers


@dataclass(frozen=True, kw_only=True)
class Choice(Kind):
    """One of a few texts."""

    options: tuple[str, ...]

    @property
    def limits(self) -> str:
        return " or ".join(self.options)

    def check(self, name, value):
        if value not in self.options:
            raise BadInput(f"{name} is {value!r:.60}; choose {self.limits}")
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
    about: dict = field(default_factory=dict)  # what its file says of it: {"comment": "..."}


@dataclass(frozen=True, kw_only=True)
class Video(Kind):
    """Moving pictures, a `Film`, or None for none. An output only."""

    when: str = ""  # the name of the Flag that asks for it; always made if empty


@dataclass(frozen=True)
class Picture:
    """A picture that an app made of nothing: uint8 (H, W, 3), a name for its file, and what that says of it."""

    name: str
    pixels: object
    about: dict = field(default_factory=dict)  # {"Seed": "7"}


@dataclass(frozen=True, kw_only=True)
class Images(Kind):
    """Pictures, a list of `Picture`. An output only."""


def _plain(number: float) -> str:
    """A number as a person writes it: "0.5", "4294967295"."""
    return str(int(number)) if number == int(number) else f"{number:g}"
