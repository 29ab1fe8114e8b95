"""The user's files: those in a folder, without hidden ones and thumbnails; and what is in one, of bounded size."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from zoo.errors import BadInput

LARGEST = 2**28  # bytes of a file that is read as a whole

# Folders of thumbnails, of deleted files and of attributes, as network drives, desktops and archives make them.
_OF_PROGRAMS = {
    "@eadir",
    "@recycle",
    "@recently-snapshot",
    "#recycle",
    "#snapshot",
    "$recycle.bin",
    "__macosx",
    "lost+found",
    "recycler",
    "system volume information",
    "thumbs",
    "thumbnails",
}


def is_hidden(name: str) -> bool:
    """Whether a file or folder is hidden: its name begins with a dot, or it is a folder that a program made."""
    return name.startswith(".") or name.lower() in _OF_PROGRAMS


def files_in(folder: Path) -> Iterator[Path]:
    """All files in a folder and its subfolders, in no order, but for hidden ones and what is below a hidden subfolder.

    Links to folders are not followed.
    """
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not is_hidden(name)]
        for name in names:
            path = Path(root, name)
            if not is_hidden(name) and path.is_file():
                yield path


def read_file(path: Path, most: int = LARGEST) -> bytes:
    """The contents of a regular file.

    Raises BadInput for another (a device or a pipe may have no end), one that can't be read, or of more than `most`
    bytes.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BadInput(f"{path}: a pipe or a device, not a file; save what it gives to a file first")
            data = file.read(most + 1)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error})") from None
    if len(data) > most:
        raise BadInput(f"{path}: larger than {most >> 20} MiB; split it")
    return data


def _without_waiting(path, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # opening a pipe would wait for somebody to write
