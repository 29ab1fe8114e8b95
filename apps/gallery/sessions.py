"""Who may use which file: an upload or a result belongs to the session that made it, a sample to all.

A session is a browser, or a program that keeps cookies, as Gradio's client does. A cookie that the gallery signs names
it. What was stored is in a list; a path that is not in the list is not opened, and answers say nothing about it.
"""

import contextlib
import hmac
import os
import secrets
import stat
import threading
import time
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from zoo.errors import BadInput

LIFETIME = 3600  # seconds after which uploads and results are deleted ...
MAX_BYTES = 2 * 1024**3  # ... and their size in all, from which on the oldest are
LONGEST_NAME = 100  # letters of a file's name that are kept
REFUSAL = "this file was not uploaded in this session; upload it first, and keep the cookie that the upload sets"


@dataclass
class _Kept:
    owner: str | None  # a session; None: everybody
    since: float  # seconds, of time.monotonic
    size: int  # bytes


class Files:
    """The files that the gallery keeps in a folder, with their owners. Any thread may call it."""

    def __init__(self, folder: str | os.PathLike):
        self.folder = Path(os.path.realpath(folder))
        self.private = self.folder / "sessions"  # uploads and results; samples lie beside it
        self.private.mkdir(mode=0o700)
        self._kept: dict[str, _Kept] = {}  # path -> what is known of it, the oldest first
        self._bytes = 0
        self._lock = threading.Lock()

    def new_folder(self) -> Path:
        """A new folder for files of one session, whose name nobody can guess."""
        folder = self.private / secrets.token_urlsafe(24)
        folder.mkdir(mode=0o700)
        return folder

    def keep(self, path: Path, owner: str) -> None:
        """Note that a session owns this file in one of its folders. The oldest files make room for it."""
        kept = _Kept(owner, time.monotonic(), path.stat().st_size)
        with self._lock:
            if before := self._kept.pop(str(path), None):  # it is among the newest now, and counts once
                self._bytes -= before.size
            self._kept[str(path)] = kept
            self._bytes += kept.size
        self.delete_old()

    def share(self) -> None:
        """Note that everybody may use the files that are there beside those of sessions: the samples."""
        for path in self.folder.rglob("*"):
            if self.private not in path.parents and stat.S_ISREG(path.lstat().st_mode):
                self._kept.setdefault(str(path), _Kept(None, time.monotonic(), 0))

    def delete_old(self) -> None:
        """Delete uploads and results whose time is over, and the oldest where there are too many bytes."""
        with self._lock:
            for path, kept in list(self._kept.items()):
                if kept.owner is None:
                    continue
                if self._bytes <= MAX_BYTES and time.monotonic() - kept.since <= LIFETIME:
                    break
                del self._kept[path]
                self._bytes -= kept.size
                Path(path).unlink(missing_ok=True)
                with contextlib.suppress(OSError):  # where other files of the same answer are
                    Path(path).parent.rmdir()

    def find(self, sent: object, owner: str) -> Path:
        """The file that a session means by a path. Raises BadInput, the same for whatever is not its own."""
        kept = self._kept.get(sent) if isinstance(sent, str) else None
        if kept is None or kept.owner not in (None, owner) or not _is_regular(sent):
            raise BadInput(REFUSAL)
        return Path(sent)


def _is_regular(path: str) -> bool:
    """Whether this is a file itself, no link to one."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode) and os.path.realpath(path) == path
    except OSError:  # deleted since
        return False


@dataclass(frozen=True)
class Session:
    """A session, with the files that it may use."""

    name: str
    files: Files

    def find(self, sent: object) -> Path:
        """The file that it means by a path, see `Files.find`."""
        return self.files.find(sent, self.name)

    def keep(self, path: Path) -> None:
        """Note that it owns this file."""
        self.files.keep(path, self.name)


class Cookies:
    """Signed cookies that name sessions.

    port: part of the cookie's name, since browsers send those of a machine to all its ports.
    """

    def __init__(self, port: int):
        self.name = f"zoo-gallery-{port}"
        self._secret = secrets.token_bytes(32)

    def new(self) -> str:
        """The value of a new cookie."""
        token = secrets.token_urlsafe(24)
        return f"{token}.{self._signature(token)}"

    def read(self, header: str) -> str | None:
        """The value in the header "cookie" of a request; None where there is none that `new` has made."""
        try:
            cookies = SimpleCookie(header)
        except CookieError:
            return None
        value = cookies[self.name].value if self.name in cookies else ""
        token, _, signature = value.rpartition(".")
        return value if hmac.compare_digest(signature.encode(), self._signature(token).encode()) else None

    def header(self, value: str) -> bytes:
        """The header "set-cookie" for a value."""
        return f"{self.name}={value}; Path=/; HttpOnly; SameSite=Strict".encode()

    def _signature(self, token: str) -> str:
        return hmac.new(self._secret, token.encode(), "sha256").hexdigest()


def safe_name(name: str) -> str:
    """A name for an uploaded file: that which its sender gave it, as far as any file can have it."""
    name = "".join(each for each in name.replace("\\", "/").rpartition("/")[2] if each.isalnum() or each in " ._-()+,")
    stem, suffix = os.path.splitext(name.lstrip(". "))
    return f"{stem[:LONGEST_NAME]}{suffix[:10]}" or "file"
