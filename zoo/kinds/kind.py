"""The base class of kinds: one modality, with how its values are checked, read, written and shown.

Apps annotate their arguments and results with kinds: the class itself, or Annotated[type, kind] where the kind says
more than its class. How many values there are is Python's business: `list[Image]`, `Image | None`, `Iterator[Text]`.
"""

import contextlib
import glob
import html
import os
import threading
import typing
from dataclasses import dataclass
from pathlib import Path

from zoo.errors import BadInput, quoted
from zoo.kinds.files import files_in, is_hidden


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Base of all kinds. A subclass defines its values; where `is_file` is true they are files."""

    label: str = ""  # for pages and file names; the argument's name if empty
    help: str = ""  # one line
    when: str = ""  # of an output: the name of the Flag that asks for it; always made if empty
    noun: typing.ClassVar[str] = "value"
    limits: typing.ClassVar[str] = ""  # what values may be, in words
    in_python: typing.ClassVar[str] = "a value"  # what `from_python` takes, in words
    is_file: typing.ClassVar[bool] = False  # on a command line: the path of a file rather than the value itself
    reads: typing.ClassVar[tuple[str, ...]] = ()  # suffixes of the files that are looked for in folders
    writes: typing.ClassVar[tuple[str, ...]] = ()  # suffixes that can be written
    suffix: typing.ClassVar[str] = ""  # the usual one of these

    @property
    def metavar(self) -> str:
        """The placeholder for a value in the help of a command line."""
        return "FILE" if self.is_file else type(self).__name__.upper()

    def check(self, name: str, value):
        """The value as an app gets it; BadInput if it cannot be used. `name` is the argument's."""
        return value

    def limits_many(self, count: int) -> str:
        """The limits of several values in words; count: as in `check_many`."""
        return ""

    def check_many(self, name: str, values, count: int = 0) -> list:
        """The same for several values: `count` of them, or one and more where that is 0."""
        if not isinstance(values, list | tuple) or not values or len(values) != (count or len(values)):
            raise BadInput(f"{name} is {quoted(values)}; give a list of {count or 'one or more'} values")
        return [self.check(f"{name} {number}", value) for number, value in enumerate(values, start=1)]

    def find(self, path: str) -> list[Path]:
        """The files that a path names, see `find_files`. Raises BadInput for none."""
        return find_files(path, self.reads, self.noun)

    def read(self, path: str | os.PathLike, name: str = ""):
        """The value in a file. name: what errors call the file. Raises BadInput for a file that cannot be used."""
        raise NotImplementedError(f"{type(self).__name__} is not read from files")

    def write(self, path: str | os.PathLike, value) -> None:
        """Write a file in the format that its suffix names, see `writing`. Raises BadInput where that cannot be."""
        raise NotImplementedError(f"{type(self).__name__} is not written to files")

    def from_python(self, name: str, value):
        """A value as people have it in Python, as an app gets it: of files a path, too. BadInput as of `check`."""
        if self.is_file and isinstance(value, str | os.PathLike):
            return self.read(os.fspath(value))
        return self.check(name, value)

    def to_python(self, value):
        """An app's value as people expect it in Python."""
        return value

    def example(self):
        """A small valid value, always the same."""
        raise NotImplementedError

    def words(self, value) -> str:
        """A value as a person reads it."""
        return str(value)

    def html(self, value, address: str = "", label: str = "") -> str:
        """A value as HTML. address: URL of its file, where `is_file`."""
        return f"<pre>{html.escape(self.words(value))}</pre>"

    def columns(self, name: str, value) -> dict:
        """A value that is not a file as columns of a result table: {name: JSON value}."""
        return {name: value}


def find_files(path: str | os.PathLike, suffixes: tuple[str, ...], noun: str) -> list[Path]:
    """The files that a path means: a file, all in a folder (with subfolders), or a glob; sorted.

    A file that is named is taken whatever its suffix. Hidden files, and in a folder all below a hidden subfolder, are
    left out, and so are thumbnails (`zoo.kinds.files`). Raises BadInput when there is nothing.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    if path.is_dir():
        candidates = files_in(path)
    elif glob.has_magic(str(path)):
        path = path.expanduser()
        found = map(Path, glob.glob(str(path), recursive=True))
        # What the pattern names is meant, even hidden.
        candidates = (p for p in found if not any(is_hidden(part) for part in p.parts if part not in path.parts))
    else:
        raise BadInput(f"{path}: {'neither a file nor a folder' if path.exists() else 'no such file or folder'}")
    found = sorted(p for p in candidates if p.suffix.lower() in suffixes and p.name[0] != "." and p.is_file())
    if not found:
        raise BadInput(f"{path}: no {noun} files there ({' '.join(suffixes)})")
    return found


def check_file(path: str | os.PathLike, name: str = "") -> str:
    """The name of a file for error messages. Raises BadInput where the file is missing or empty."""
    path = Path(path)
    name = name or str(path)
    if path.is_dir():
        raise BadInput(f"{name}: a folder, not a file")
    if not path.is_file():
        raise BadInput(f"{name}: no such file")
    if not path.stat().st_size:
        raise BadInput(f"{name}: the file is empty")
    return name


def check_suffix(path: str | os.PathLike, suffixes) -> str:
    """The suffix of a path, in lower case. Raises BadInput for one that cannot be written."""
    suffix = Path(path).suffix
    if suffix.lower() not in suffixes:
        raise BadInput(f"{path}: cannot write {suffix or 'a file without suffix'}; use one of {' '.join(suffixes)}")
    return suffix.lower()


@contextlib.contextmanager
def writing(path: str | os.PathLike):
    """A context with a path beside `path` to write to; at its end the file is moved into place.

    A failure leaves no file, or the old one. Errors of the system become BadInput.
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        try:
            yield beside
            os.replace(beside, path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror or error})") from error
