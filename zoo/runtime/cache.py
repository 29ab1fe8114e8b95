"""The cache folder: exports of checkpoints and fetched weights, all of which can be made or fetched again."""

import os
import shutil
import sys
from pathlib import Path

from zoo.errors import BadInput

PARTS = ("onnx", "checkpoints")  # folders in it


def folder() -> Path:
    """$ZOO_CACHE, else the usual cache folder of this system. It may not exist yet."""
    if os.environ.get("ZOO_CACHE"):
        return Path(os.environ["ZOO_CACHE"]).expanduser()
    if sys.platform == "darwin":
        return Path("~/Library/Caches/landmark-zoo").expanduser()
    if sys.platform == "win32" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"]) / "landmark-zoo" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "landmark-zoo"


def entries() -> dict[str, int]:
    """What is in the cache: path within it -> bytes."""
    root = folder()
    files = sorted(path for part in PARTS for path in (root / part).rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.stat().st_size for path in files}


def clear() -> int:
    """Delete it, and nothing else that may lie in its folder; the bytes that were freed.

    Raises `BadInput` where the system does not allow it.
    """
    freed, root = sum(entries().values()), folder()
    try:
        for part in PARTS:
            if (root / part).exists():
                shutil.rmtree(root / part)
        if root.is_dir() and not any(root.iterdir()):
            root.rmdir()
    except OSError as error:
        raise BadInput(f"{root} cannot be cleared: {error.strerror or error}") from None
    return freed
