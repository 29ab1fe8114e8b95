"""Reads the files of checkpoints: regular files only, and no more bytes than a limit."""

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

LEVELS = 30  # nested lists in a JSON file, at most
BITS = 64  # bits of an integer in a JSON file, at most
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # but for tabs and line breaks
CHUNK = 2**20


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A regular file, open for reading. Raises `BadCheckpoint` where it is missing, unreadable or not regular."""
    try:
        with open(path, "rb", opener=_open) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BadCheckpoint(f"{path} is not a regular file; copy the checkpoint again")
            yield file
    except FileNotFoundError:
        raise BadCheckpoint(f"{path} is missing; copy the checkpoint again or reinstall landmark-zoo") from None
    except OSError as error:
        raise BadCheckpoint(f"{path} cannot be read: {error.strerror or error}; copy the checkpoint again") from None


def _open(path, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # else opening a named pipe would block


def read(path: Path, most: int) -> bytes:
    """The content of a file. Raises `BadCheckpoint` for a file of more than `most` bytes."""
    with opened(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise BadCheckpoint(f"{path} has more than {most:,} bytes, too many for such a file; copy the checkpoint again")
    return content


def sha256(path: Path, size: int | None = None) -> str:
    """The SHA-256 of a file, as hexadecimal digits. Raises `BadCheckpoint`, before it is read, for another size."""
    with opened(path) as file:
        found = os.fstat(file.fileno()).st_size
        if size is not None and found != size:
            raise BadCheckpoint(
                f"{path} is not the file its card describes ({found:,} bytes, not {size:,}); copy it again or reinstall"
            )
        digest = hashlib.sha256()
        for start in range(0, found, CHUNK):  # a file that grows meanwhile is read up to its old size
            digest.update(file.read(min(CHUNK, found - start)))
    return digest.hexdigest()


def json_of(content: bytes, path: Path):
    """The value in a JSON file.

    Raises `BadCheckpoint` for damaged files, and for values that other programs can't write or print: infinite numbers,
    integers of more than `BITS` bits, control characters, lone surrogates, and more than `LEVELS` nested lists.
    """
    try:
        value = json.loads(content.decode("utf-8"), parse_constant=_no_number)
        _check(value, LEVELS)
    except RecursionError:
        raise BadCheckpoint(f"{path} cannot be read: lists are nested too deeply") from None
    except ValueError as error:
        raise BadCheckpoint(f"{path} cannot be read: {one_line(error)}") from None
    return value


def _no_number(name: str):
    raise ValueError(f"{name} is not a number")


def _check(value, levels: int) -> None:
    """Raise `ValueError` for what `json_of` refuses."""
    if not levels:
        raise ValueError(f"lists are nested more than {LEVELS} levels deep")
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
