"""Errors a user can cause. Each message is one line: what is wrong, with which file or value, and what would work."""

import difflib

MOST = 30  # names that a line lists


class ZooError(Exception):
    """Base of all errors that a user can cause and mend; the `zoo` command prints its line and exits with 2."""


class UnknownName(ZooError):
    """No checkpoint, architecture, data set, app or metric has this name."""

    def __init__(self, kind: str, name: str, known):
        known = known if isinstance(known, list) else sorted(known)  # a list has an order of its own
        near = difflib.get_close_matches(str(name), known, n=3, cutoff=0.5)
        few = [*known[:MOST], "..."] if len(known) > MOST else known
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(few) or 'none'}"
        super().__init__(f"no {kind} is called {name!r}; {hint}")


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
