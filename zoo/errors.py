"""Errors a user can cause. Each message is one line: what is wrong, with which file or value, and what would work."""

import difflib
import os
import re

MOST = 30  # names that a line lists
QUOTED = 200  # characters that a line quotes of what it refuses
LINE = 1000  # characters of a line
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")  # also line breaks and halves of characters


def quoted(value) -> str:
    """What a line quotes of a value or path that it refuses: at most `QUOTED` characters, its beginning and its end."""
    try:
        text = str(value) if isinstance(value, os.PathLike) else repr(value)
    except (ValueError, RecursionError):  # numbers of thousands of digits, lists in lists in lists
        text = f"a {type(value).__name__}"
    return shorten(text)


def one_line(error: BaseException | str) -> str:
    """The first line of an exception's message, as far as a line quotes it."""
    first, *_ = str(error).strip().splitlines() or [type(error).__name__]
    return shorten(first)


def shorten(text: str, most: int = QUOTED) -> str:
    """The text as one line that a terminal can print, at most `most` characters: of longer ones both ends."""
    return _ends(CONTROL.sub(lambda found: repr(found[0])[1:-1], _ends(text, most)), most)


def _ends(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most // 2]} ... {text[5 - most // 2 :]}"


class ZooError(Exception):
    """Base of all errors that a user can cause and mend; the `zoo` command prints its line and exits with 2."""

    def __init__(self, line: str = ""):
        super().__init__(shorten(line, LINE))  # whatever stands in a file's name


class UnknownName(ZooError):
    """No checkpoint, architecture, data set, app or metric has this name."""

    def __init__(self, kind: str, name: str, known):
        known = known if isinstance(known, list) else sorted(known)  # a list has an order of its own
        near = difflib.get_close_matches(
            name[:QUOTED] if isinstance(name, str) else quoted(name), known, n=3, cutoff=0.5
        )
        few = [*known[:MOST], "..."] if len(known) > MOST else known
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(few) or 'none'}"
        super().__init__(f"no {kind} is called {quoted(name)}; {hint}")


class BadInput(ZooError):
    """A file or a value that cannot be used."""


class BadCheckpoint(ZooError):
    """A checkpoint whose card or weights are missing, damaged or do not belong together."""


class MissingData(ZooError):
    """A data set that has not been prepared on this machine, or weights that cannot be fetched."""


class MissingPackage(ZooError):
    """An optional package that this needs; the message names the command that installs it."""


class OutputExists(ZooError):
    """An output that is already there and would be overwritten."""

    def __init__(self, path):
        super().__init__(f"{path} exists already; choose another output or add --force to overwrite it")
