"""The published files of a data set, in a folder or in the .tar archives that lie in it."""

import contextlib
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from zoo.errors import BadInput
from zoo.kinds.files import is_hidden
from zoo.kinds.image import read_image

_ARCHIVES = (".tar", ".tar.gz", ".tgz")


class Source:
    """Files of a folder, unpacked or in its .tar, .tar.gz or .tgz archives, addressed by path inside either.

    Paths are matched at their end, so it doesn't matter how many folders lie above the ones that a data set is made of.
    Hidden files and those that programs put there, as a Mac does into archives, are left out.
    Raises BadInput for a missing folder or a damaged archive.
    """

    def __init__(self, folder):
        self.folder = Path(folder).expanduser()
        if not self.folder.is_dir():
            raise BadInput(f"{self.folder}: no such folder; give the folder that holds the data set's files")
        self._open = contextlib.ExitStack()
        self._files: dict[str, Path | tuple[Path, tarfile.TarFile, tarfile.TarInfo]] = {}
        try:
            self._index()
        except BaseException:
            self.close()
            raise

    def _index(self) -> None:
        archives = []
        for root, folders, names in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if not is_hidden(name))
            for name in sorted(name for name in names if not is_hidden(name)):
                path = Path(root, name)
                if name.endswith(_ARCHIVES) and path.parent == self.folder:
                    archives.append(path)
                else:
                    self._files[path.relative_to(self.folder).as_posix()] = path
        for path in archives:
            with _reading(path):
                archive = self._open.enter_context(tarfile.open(path))  # noqa: SIM115 (it is closed by close())
                # A file that is there unpacked too is read from the folder.
                for member in archive:
                    name = member.name.removeprefix("./")
                    if member.isfile() and not any(map(is_hidden, name.split("/"))):
                        self._files.setdefault(name, (path, archive, member))

    def find(self, pattern: str) -> Iterator[tuple[str, re.Match]]:
        """(path, match) of all files whose path ends with the regular expression, in the order of folder or archive.

        That order lets a compressed archive be read forwards.
        """
        expression = re.compile(rf"(?:^|/){pattern}$")
        for path in self._files:
            if match := expression.search(path):
                yield path, match

    def one(self, name: str) -> str:
        """The path of the file of this name in whatever folder; raises BadInput where there is none."""
        found = [path for path, _ in self.find(re.escape(name))]
        require(found, self.folder, name)
        return found[0]

    def read(self, path: str) -> bytes:
        """The contents of one file, by a path from `find`."""
        where = self._files[path]
        if isinstance(where, Path):
            with _reading(where):
                return where.read_bytes()
        with _reading(where[0]):
            return where[1].extractfile(where[2]).read()

    def image(self, path: str) -> bytes:
        """The bytes of one image file as they are; raises BadInput, with its name, if it doesn't decode."""
        data = self.read(path)
        read_image(data, name=f"{self.folder}: {path}")
        return data

    def lines(self, name: str) -> list[str] | None:
        """The lines of the text file of this name in whatever folder; None when there is none."""
        for path, _ in self.find(re.escape(name)):
            return self.read(path).decode("utf-8", errors="replace").splitlines()
        return None

    def close(self) -> None:
        """Closes the archives."""
        self._open.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class _reading:
    """A context that turns errors of reading a file or an archive into BadInput with its name."""

    def __init__(self, path: Path):
        self.path = path

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if isinstance(error, (OSError, EOFError, tarfile.TarError, zlib.error)):
            raise BadInput(f"{self.path}: cannot be read, or damaged ({' '.join(str(error).split())})") from error


def require(found, folder: Path, wanted: str) -> None:
    """Raises BadInput, saying what was looked for and where, when nothing was found."""
    if not found:
        raise BadInput(f"{folder}: no {wanted}, neither unpacked nor in a .tar archive")


def require_all(names, images, folder: Path, listed_in: str) -> None:
    """Raises BadInput when a list names images that are not there."""
    missing = sorted(set(names) - set(images))
    if missing:
        raise BadInput(f"{folder}: {len(missing)} of the images in {listed_in} are missing, such as {missing[0]}")
