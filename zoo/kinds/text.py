"""Texts, from the command line or from files: UTF-8, checked, of bounded size."""

import os
from dataclasses import dataclass
from pathlib import Path

from zoo.errors import BadInput, quoted
from zoo.kinds.files import files_in, read_file
from zoo.kinds.kind import Kind, find_files, writing

# Suffixes by which a word without a space is taken for the name of a file, even a missing one.
NAMES = (".txt", ".csv", ".tsv", ".md", ".json", ".html", ".pdf", ".docx")


def read_text(path: str | os.PathLike) -> str:
    """A text file, UTF-8 (with or without a byte order mark), its line ends as \\n.

    Raises BadInput, with the file's name, where it is missing, too large, or other than UTF-8.
    """
    return _plain_line_ends(read_unicode(path))


def read_unicode(path: str | os.PathLike) -> str:
    """A text file as `read_text` reads it, but with the line ends that it has."""
    path = Path(path).expanduser()
    return _unicode(read_file(path), str(path))


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
    return lines_of(read_text(path).removesuffix("\n"))


def lines_of(text: str) -> list[str]:
    """The lines of a text. `str.splitlines` would also split at U+2028 and others that are no line ends of files."""
    return _plain_line_ends(text).split("\n")


def find_texts(folder: Path) -> list[Path]:
    """All .txt files in a folder and its subfolders, sorted by path. Raises BadInput where there is none."""
    found = sorted(path for path in files_in(folder) if path.suffix == ".txt")
    if not found:
        raise BadInput(f"{folder}: no text files (.txt) in it")
    return found


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write a text file, UTF-8. A failure leaves no file behind. Raises BadInput where it cannot be written."""
    with writing(path) as beside, open(beside, "w", encoding="utf-8", newline="") as file:
        file.write(text)


@dataclass(frozen=True, kw_only=True)
class Text(Kind):
    """A text: a str. Several, `list[Text]`, are each handled by itself; they may be given as one str, a line each.

    On a command line a text is spelled, or is the contents of a text file or table.
    """

    noun = "text"
    in_python = "a str"
    reads = (".txt", ".csv", ".tsv")
    writes = (".txt", ".md")
    suffix = ".txt"

    def check(self, name, value):
        if not isinstance(value, str):
            raise BadInput(f"{name} is a {type(value).__name__}; give a text")
        return value

    def check_many(self, name, values, count=0):
        texts = [line for line in lines_of(values) if line.strip()] if isinstance(values, str) else values
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise BadInput(f"{name} is {quoted(texts)}; give a text or a list of them")
        if not texts:
            raise BadInput(f"{name}: there is no text; give one or more")
        for number, text in enumerate(texts, start=1):
            if not text.strip():  # to drop it would give an answer to each text but this one
                raise BadInput(f"text {number} of {name} is empty; leave it out")
        return texts

    def find(self, path):
        """The text files that a word of a command line names, none where it is a text itself.

        Raises BadInput for what looks like the name of a file that isn't there.
        """
        if os.path.exists(path):
            return find_files(path, self.reads, self.noun)
        if path.split() != [path] or os.path.splitext(path)[1].lower() not in NAMES:
            return []
        if any(sign in path for sign in "*?["):
            return find_files(path, self.reads, self.noun)
        raise BadInput(f"{path}: no such file; a text that ends like a file's name needs a space in it")

    def read(self, path, name=""):
        return read_text(path)

    def write(self, path, value):
        write_text(path, value)

    def example(self):
        return "The quick brown fox jumps over the lazy dog."
