"""The user's files in a folder, without hidden files and those that programs put there, such as thumbnails."""

import os
from collections.abc import Iterator
from pathlib import Path

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
