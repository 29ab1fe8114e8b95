"""The SHA-256 of each card that ships, in `weights/SHA256SUMS`: `sha256sum -c SHA256SUMS` reads it, too.

A card holds the sums of its weights and its tokeniser, so that this one covers all of a checkpoint. `zoo.save` and with
it `zoo train` write a card's line when they write the card, `make docs` writes all lines.
"""

import functools
import hashlib
import importlib.resources
from pathlib import Path

from zoo.errors import BadCheckpoint
from zoo.hub import files
from zoo.kinds.kind import writing

FILE = "SHA256SUMS"
CARD = "card.json"
MOST = 10**6  # bytes of the file


@functools.cache
def root() -> Path:
    """The folder of the checkpoints that ship."""
    return Path(str(importlib.resources.files("zoo_weights"))).resolve()


def check(path: Path, content: bytes) -> None:
    """Raise `BadCheckpoint` where a card that ships is not the one that was shipped, or isn't listed."""
    folder = path.resolve().parent
    if folder.parent == root() and _listed(root()).get(folder.name) != hashlib.sha256(content).hexdigest():
        raise BadCheckpoint(f"{path} is not the one that was shipped (see {FILE}); reinstall landmark-zoo")


def update(folder: Path) -> None:
    """Write the line of a checkpoint's folder anew, where the folder above has such a file."""
    above = folder.resolve().parent
    if (above / FILE).exists():
        _write(above, _listed(above) | {folder.resolve().name: files.sha256(folder / CARD)})


def text(above: Path) -> str:
    """What the file of a folder of checkpoints should hold."""
    return _text({card.parent.name: files.sha256(card) for card in above.glob(f"*/{CARD}")})


def _listed(above: Path) -> dict[str, str]:
    """The lines of a file: name of a checkpoint's folder -> digest of its card."""
    lines = files.read(above / FILE, MOST).decode("utf-8", "replace").splitlines()
    pairs = (line.split("  ", 1) for line in lines if "  " in line)
    return {name.removesuffix(f"/{CARD}"): digest for digest, name in pairs}


def _text(digests: dict[str, str]) -> str:
    return "".join(f"{digest}  {name}/{CARD}\n" for name, digest in sorted(digests.items()))


def _write(above: Path, digests: dict[str, str]) -> None:
    with writing(above / FILE) as path:
        path.write_text(_text(digests), encoding="utf-8")
