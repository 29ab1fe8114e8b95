"""Text files: UTF-8, checked, of bounded size, with one clear line for what is wrong. Imports no framework."""

import os
from pathlib import Path

from zoo.errors import BadInput
from zoo.files import files_in

LARGEST = 2**28  # bytes of a text file that is read


def read_text(path: str | os.PathLike) -> str:
    """A text file, UTF-8 (with or without a byte order mark), its line ends as \\n.

    Raises BadInput, with the file's name, where it is missing, too large, or other than UTF-8.
    """
    return _plain_line_ends(read_unicode(path))


def read_unicode(path: str | os.PathLike) -> str:
    """A text file as `read_text` reads it, but with the line ends that it has."""
    path = Path(path).expanduser()
    try:
        if path.stat().st_size > LARGEST:
            raise BadInput(f"{path}: larger than {LARGEST >> 20} MiB; split it")
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error})") from None
    return _unicode(data, str(path))


def decoded(data: bytes, name: str) -> str:
    """Bytes as text, as `read_text` does it; `name` is what the error calls them."""
    return _plain_line_ends(_unicode(data, name))


def _unicode(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadInput(
            f"{name}: line {line} is not UTF-8 (byte 0x{data[error.start]:02x}); save it as UTF-8 first"
        ) from None


def _plain_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_lines(path: str | os.PathLike) -> list[str]:
    """The lines of a text file, as `read_text` reads it; a last line end makes no empty line."""
    return read_text(path).removesuffix("\n").split("\n")


def find_texts(folder: Path) -> list[Path]:
    """All .txt files in a folder and its subfolders, sorted by path. Raises BadInput where there is none."""
    found = sorted(path for path in files_in(folder) if path.suffix == ".txt")
    if not found:
        raise BadInput(f"{folder}: no text files (.txt) in it")
    return found
