"""Files of checkpoints, read with bounds: regular files only, and not more of them than was expected."""

import contextlib
import hashlib
import json
import math
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from zoo.errors import BadCheckpoint, one_line

LEVELS = 30  # of lists in lists, in a JSON file
BITS = 64  # of a whole number in a JSON file
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # but for tabs and line breaks
CHUNK = 2**20


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A regular file, open for reading. Raises `BadCheckpoint` for what is none, and where it cannot be read."""
    try:
        with open(path, "rb", opener=_open) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BadCheckpoint(f"{path} is no regular file; copy the checkpoint again")
            yield file
    except FileNotFoundError:
        raise BadCheckpoint(f"{path} is missing; copy the checkpoint again or reinstall landmark-zoo") from None
    except OSError as error:
        raise BadCheckpoint(f"{path} cannot be read: {error.strerror or error}; copy the checkpoint again") from None


def _open(path, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a named pipe would wait for somebody to write


def read(path: Path, most: int) -> bytes:
    """What a file holds. Raises `BadCheckpoint` for more than `most` bytes."""
    with opened(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise BadCheckpoint(f"{path} has more than {most:,} bytes, which is no such file; copy the checkpoint again")
    return content


def sha256(path: Path, size: int | None = None) -> str:
    """The SHA-256 of a file, as hexadecimal digits. Raises `BadCheckpoint` for another size than `size`, unread."""
    with opened(path) as file:
        found = os.fstat(file.fileno()).st_size
        if size is not None and found != size:
            raise BadCheckpoint(
                f"{path} is not the file its card describes ({found:,} bytes, not {size:,}); copy it again or reinstall"
            )
        digest = hashlib.sha256()
        for start in range(0, found, CHUNK):  # not further, should the file be growing
            digest.update(file.read(min(CHUNK, found - start)))
    return digest.hexdigest()


def json_of(content: bytes, path: Path):
    """The value that a JSON file holds. Raises `BadCheckpoint` for damaged ones, and for values that other programs
    can't write or print: infinite numbers, numbers of more than `BITS` bits, control characters, halves of characters,
    and more than `LEVELS` lists in each other."""
    try:
        value = json.loads(content.decode("utf-8"), parse_constant=_no_number)
        _check(value, LEVELS)
    except RecursionError:
        raise BadCheckpoint(f"{path} cannot be read: lists in lists, too many of them") from None
    except ValueError as error:
        raise BadCheckpoint(f"{path} cannot be read: {one_line(error)}") from None
    return value


def _no_number(name: str):
    raise ValueError(f"{name} is no number")


def _check(value, levels: int) -> None:
    """Raise `ValueError` for what `json_of` refuses."""
    if not levels:
        raise ValueError(f"more than {LEVELS} lists in each other")
    if isinstance(value, str):
        if CONTROL.search(value):
            raise ValueError(f"control characters in {value!a:.200}")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("an infinite number")
    elif isinstance(value, int):
        if value.bit_length() > BITS:
            raise ValueError("a number that is too large")
    elif isinstance(value, dict):
        for key, each in value.items():
            _check(key, levels)
            _check(each, levels - 1)
    elif isinstance(value, list):
        for each in value:
            _check(each, levels - 1)
