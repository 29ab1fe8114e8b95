"""Apps as functions in Python: `zoo.pipeline`, whose docstring (`zoo/runtime/pipeline.py`) says what they take.

`run.py` is the same for files and the command line; both call the app, which checks all values.
"""

import collections.abc
import glob
import inspect
import os

from zoo.errors import BadInput, UnknownName

from .app import REQUIRED, App, Input, Output, Picture, Record, find
from .conversation import Conversation
from .run import PART, Report

# What apps call the probability of a label -> what people who know `transformers` expect.
SCORES = {"probability": "score", "confidence": "score"}


def pipeline(name: str, *, progress: bool = True, **options):
    """A `Pipeline` for the installed app of this name, or a `Chat` for one that one talks with."""
    app = find(name)
    return Chat(app, **options) if isinstance(app, Conversation) else Pipeline(app, progress=progress, **options)


class Pipeline:
    """An app as a function; see `zoo.pipeline`. app: the `App` itself, arrays in and out. options: the defaults."""

    def __init__(self, app: App, *, progress: bool = True, **options):
        self.app, self.progress = app, progress
        self.main = app.main_input()
        self.options = self._read(options)
        self.__doc__ = described(app, self.main)  # for help in a notebook, as is the signature
        first = [self.main] if self.main else []
        self.__signature__ = inspect.Signature([_parameter(each, first) for each in _in_order(app, first)])

    def __repr__(self):
        return f"<pipeline {self.app.name}: {self.app.summary}>"

    def __call__(self, inputs=None, **options):
        """An answer to one input, or to each of several; see `zoo.pipeline`."""
        if inputs is not None and self.main is not None and self.main.name in options:
            raise BadInput(
                f"{self.app.name}: two inputs; give the {self.main.label} once, alone or as {self.main.name}"
            )
        options = self.options | self._read(options)
        if self.main is None:
            if inputs is not None:
                raise BadInput(f"{self.app.name} takes options only: {', '.join(self.app.inputs)}")
            return self._all([{}], options)[0]
        named = options.pop(self.main.name, None)  # label(photo="photo.jpg")
        inputs = named if inputs is None else inputs
        if inputs is None and self.main.default is REQUIRED:
            raise BadInput(f"{self.app.name}: no {self.main.label} given; {_takes(self.main)}")
        items = several(self.main, inputs)
        if items is None:
            return self._all([inputs], options)[0]
        if isinstance(items, list):
            return self._all(items, options)
        if isinstance(items, dict):
            return dict(zip(items, self._all(list(items.values()), options), strict=True))
        return (self._all([item], options)[0] for item in items)

    def _read(self, options: dict) -> dict:
        """Options as the app takes them: files read, all checked."""
        values = {}
        for name, value in options.items():
            each = self.app.inputs.get(name)
            is_file = each is not None and each != self.main and each.kind.is_file and value is not None
            values[name] = _from_python(each, value) if is_file else value
        # The main input may be a list here, so it is checked later.
        own = {name: values.pop(name) for name in list(values) if self.main and name == self.main.name}
        return self.app.check(**values) | own

    def _all(self, items: list, options: dict) -> list:
        """The answers to these items; the app's own progress, and that over several items, are shown."""
        progress = Report().progress(shown=self.progress)

        def track(steps, total, what):
            progress.start()  # not before: most calls have nothing to show
            yield from progress.track(steps, total, description=what)

        before, self.app.track = self.app.track, track
        try:
            parts = self._parts(items)
            steps = track(parts, len(parts), self.app.name) if len(parts) > 1 else parts
            return [answer for part in steps for answer in self._answers(part, options, alone=len(items) == 1)]
        finally:
            self.app.track = before
            progress.stop()

    def _parts(self, items: list) -> list[list]:
        """The items of each call of the app: many texts, or one file."""
        main = self.main
        if main is None or main.kind.is_file or not main.many:
            return [[item] for item in items]
        items = main.check(items) if items else []  # all of them, so that an error names the text's number
        return [items[first : first + PART] for first in range(0, len(items), PART)]

    def _answers(self, part: list, options: dict, alone: bool) -> list:
        """One call of the app: its answers to these items, as plain Python."""
        main, app = self.main, self.app
        values = {} if main is None else {main.name: self._value(part)}
        try:
            found = app(**values, **options)
        except BadInput as error:
            name = part[0] if isinstance(part[0], str | os.PathLike) and main.kind.is_file else None
            if alone or name is None or str(name) in str(error):
                raise
            raise BadInput(f"{name}: {error}") from error
        found = found if isinstance(found, tuple) else (found,)
        each_text = main is not None and main.many and not main.kind.is_file
        rows = []
        for number in range(len(part)):
            answers = []
            for output, value in zip(app.outputs, found, strict=True):
                if not output.kind.when or options.get(output.kind.when):
                    one = value[number] if each_text and output.many else value
                    answers.append((output, plain(output, one, many=output.many and not each_text)))
            rows.append(merged(answers))
        return rows

    def _value(self, part: list):
        """The main input's value for a call of the app."""
        if not self.main.kind.is_file:
            return part if self.main.many else part[0]
        return None if part[0] is None else _from_python(self.main, part[0])


class Chat:
    """A conversation as a function: a line, or a list of lines, in; an answer to each out.

    It is the one of `zoo run NAME`, so what it stores is in the same file of the user's. After a goodbye the next line
    begins another. app: the `Conversation`.
    """

    def __init__(self, app: Conversation, **options):
        for name in options:
            raise UnknownName(f"option of {app.name}", name, [])
        self.app, self.talk = app, None
        self.__doc__ = f"{app.summary}\n\n{type(self).__doc__}"

    def __repr__(self):
        return f"<pipeline {self.app.name}: {self.app.summary}>"

    def __call__(self, lines: str | list[str]) -> str | list[str]:
        if isinstance(lines, list | tuple):
            return [self(line) for line in lines]
        if not isinstance(lines, str):
            raise BadInput(f"{self.app.name} takes a line or a list of lines, not a {type(lines).__name__}")
        if self.talk is None or self.talk.over:
            self.talk = self.app.begin()
        return self.talk.reply(lines)

    def due(self) -> list[str]:
        """What it says without being asked, such as that a timer rings; to be called now and then."""
        return [] if self.talk is None else self.talk.due()


def several(main: Input, value):
    """The inputs in a value that holds several: a list; a dict by path, for a folder or a glob; an iterator. None for
    one input."""
    is_file = main.kind.is_file
    if isinstance(value, str | os.PathLike):
        folder = is_file and (os.path.isdir(value) or (glob.has_magic(str(value)) and not os.path.exists(value)))
        return {str(path): path for path in main.kind.find(str(value))} if folder else None
    if is_file and main.many:
        return None
    if hasattr(value, "shape"):  # arrays and tensors, and columns of tables
        if len(value.shape) == 1 and hasattr(value, "tolist"):
            return value.tolist()  # the elements of a list are Python's own str
        return list(value) if len(value.shape) in ((1, 4) if is_file else (1,)) else None
    if isinstance(value, dict | bytes) or not isinstance(value, collections.abc.Iterable):
        return None
    return list(value) if isinstance(value, collections.abc.Sized) else iter(value)


def _from_python(each: Input, value):
    """The value of a file input, or its list of values."""
    if not each.many:
        return each.kind.from_python(each.name, value)
    return [each.kind.from_python(f"{each.name} {number}", one) for number, one in enumerate(value, start=1)]


def plain(output: Output, value, many: bool):
    """An answer of an app as plain Python; many: it is a list of them."""
    if output.streamed:
        return "".join(value)
    if not many:
        found = None if value is None else output.kind.to_python(value)
        return scored(found) if isinstance(output.kind, Record) else found
    found = [plain(output, each, many=False) for each in value]
    named = bool(value) and all(isinstance(each, Picture) for each in value)
    return {each.name: one for each, one in zip(value, found, strict=True)} if named else found


def scored(value):
    """A record whose probabilities are called "score"."""
    if isinstance(value, dict):
        return {SCORES.get(name, name): scored(each) for name, each in value.items()}
    return [scored(each) for each in value] if isinstance(value, list) else value


def merged(answers: list[tuple[Output, object]]):
    """The answers to one input: the only one as it is; of several a dict by their labels, with a record's own names
    first."""
    if len(answers) == 1:
        return answers[0][1]
    records, others = {}, {}
    for output, value in answers:
        if isinstance(output.kind, Record) and isinstance(value, dict):
            records |= value
        else:
            others[output.label] = value
    return records | others


def described(app: App, main: Input | None) -> str:
    """The docstring of an app's pipeline: what it takes, its options, what it gives."""
    lines = [app.summary, ""]
    if main is not None:
        lines += [f"Takes {main.kind.help or main.label}; {_takes(main)}.", ""]
    lines += ["Options:"]
    for each in app.inputs.values():
        if each != main:
            limits = f" ({each.limits})" if each.limits else ""
            default = "required" if each.default is REQUIRED else f"default {each.default!r}"
            lines.append(f"    {each.name}: {each.kind.help or each.label}{limits}; {default}")
    given = [f"{_names(each)} (with {each.kind.when}=True)" if each.kind.when else _names(each) for each in app.outputs]
    return "\n".join([*lines, "", f"Gives: {', '.join(given)}."])


def _names(output: Output) -> str:
    """The names of an output in an answer: of a record that lists them as its help those, as `scored` calls them."""
    if not isinstance(output.kind, Record) or not output.kind.help:
        return output.label
    return ", ".join(SCORES.get(name, name) for name in output.kind.help.split(", "))


def _takes(main: Input) -> str:
    return f"give {main.kind.in_python}, or a list of them"


def _in_order(app: App, first: list[Input]) -> list[Input]:
    return [*first, *(each for each in app.inputs.values() if each not in first)]


def _parameter(each: Input, first: list[Input]) -> inspect.Parameter:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD if each in first else inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(each.name, kind, default=each.default)
