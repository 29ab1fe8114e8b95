"""The published files of a data set, in a folder or in the .tar archives that lie in it."""

import contextlib
import gzip
import io
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from zoo.errors import BadInput, one_line
from zoo.kinds.files import LARGEST, is_hidden, read_file
from zoo.kinds.image import read_image

_ARCHIVES = (".tar", ".tar.gz", ".tgz")
MEMBERS = 2**21  # of an archive
PART = 2**15  # bytes that are read at once; a member's header, with long names and attributes, is no larger
EXPANSION = 100  # times as large as an archive may be what it unpacks to; beyond 64 MiB


class Source:
    """Files of a folder, unpacked or in its .tar, .tar.gz or .tgz archives, addressed by path inside either.

    Paths are matched at their end, so it doesn't matter how many folders lie above the ones that a data set is made of.
    Hidden files and those that programs put there, as a Mac does into archives, are left out; so are an archive's links
    and devices. Nothing is unpacked to disk.
    Raises BadInput for a missing folder, for what `regular_files` refuses in it, and for a damaged archive.
    """

    def __init__(self, folder):
        self.folder = Path(folder).expanduser()
        if not self.folder.is_dir():
            raise BadInput(f"{self.folder}: no such folder; give the folder that holds the data set's files")
        self._open = contextlib.ExitStack()
        self._files: dict[str, Path | tuple[Path, _Unpacked, int, int]] = {}  # archive, its stream, offset, bytes
        try:
            self._index()
        except BaseException:
            self.close()
            raise

    def _index(self) -> None:
        archives = []
        for path in regular_files(self.folder):
            if path.name.endswith(_ARCHIVES) and path.parent == self.folder:
                archives.append(path)
            else:
                self._files[path.relative_to(self.folder).as_posix()] = path
        for path in archives:
            with _reading(path):
                stream = self._open.enter_context(_Unpacked(path))
                for member in _members(stream):
                    name = member.name.removeprefix("./")
                    if not any(map(is_hidden, name.split("/"))):
                        # A file that is there unpacked too is read from the folder.
                        self._files.setdefault(name, (path, stream, member.offset_data, member.size))

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
        """The contents of one file, by a path from `find`. Raises BadInput for more than `LARGEST` bytes."""
        where = self._files[path]
        if isinstance(where, Path):
            return read_file(where)
        archive, stream, offset, size = where
        if size > LARGEST:
            raise BadInput(f"{archive}: {path} is larger than {LARGEST >> 20} MiB")
        with _reading(archive):
            stream.seek(offset)
            data = b"".join(iter(lambda: stream.read(min(PART, offset + size - stream.tell())), b""))
            if len(data) < size:
                raise EOFError(f"{path} is cut off")
            return data

    def unzipped(self, path: str) -> bytes:
        """What one .gz file holds. Raises BadInput where it is damaged, or more than `LARGEST` bytes."""
        data = self.read(path)
        with _reading(self.folder / path), gzip.open(io.BytesIO(data)) as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise BadInput(f"{self.folder}: {path} unpacks to more than {LARGEST >> 20} MiB")
        return content

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


def regular_files(folder: Path) -> Iterator[Path]:
    """All files in a folder and its subfolders, sorted by path, but for hidden ones.

    A link to a file inside of the folder is one. Raises BadInput, with its path, for a link that leads out of it, a
    pipe, a socket or a device.
    """
    inside = folder.resolve()
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not is_hidden(name))
        for name in [*folders, *sorted(name for name in names if not is_hidden(name))]:
            path = Path(root, name)
            if path.is_symlink() and not path.resolve().is_relative_to(inside):
                raise BadInput(f"{path}: a link out of {folder}; put the file itself there, or name its own folder")
            if path.is_file():
                yield path
            elif not path.is_dir():
                what = "a link to nothing" if path.is_symlink() else "a pipe, socket or device"
                raise BadInput(f"{path}: {what}, not a file; take it away")


class _Unpacked:
    """An archive's bytes, decompressed as they are read: a bounded number, in parts of bounded size."""

    def __init__(self, path: Path):
        self._packed = open(path, "rb")  # noqa: SIM115 (closed by __exit__)
        size, is_packed = path.stat().st_size, self._packed.read(2) == b"\x1f\x8b"
        self._packed.seek(0)
        self._file = gzip.GzipFile(fileobj=self._packed) if is_packed else self._packed
        self._most = EXPANSION * size + 2**26 if is_packed else size

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= PART:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self._file.read(size)

    def seek(self, offset: int) -> None:
        if offset > self._most:
            raise tarfile.ReadError(f"its members would have more than {self._most} bytes")
        self._file.seek(offset)

    def tell(self) -> int:
        return self._file.tell()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()
        self._packed.close()


def _members(stream: _Unpacked) -> Iterator[tarfile.TarInfo]:
    """The regular files of an archive, one by one: no links, no devices, none with holes, which may claim any size."""
    count = 0
    with tarfile.open(fileobj=stream, mode="r:") as archive:
        while member := archive.next():
            count += 1
            if count > MEMBERS:
                raise tarfile.ReadError(f"more than {MEMBERS} members")
            if member.size < 0 or archive.offset <= member.offset:  # Python 3.11.7 would go round and round
                raise tarfile.ReadError(f"{member.name!r:.60} has {member.size} bytes")
            archive.members.clear()  # they would be kept
            if member.isreg() and not member.issparse():
                yield member


class _reading:
    """A context that turns errors of reading a file or an archive into BadInput with its name."""

    def __init__(self, path: Path):
        self.path = path

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        # tarfile raises the last three for malformed numbers and for deeply nested headers.
        kinds = (OSError, EOFError, tarfile.TarError, zlib.error, ValueError, OverflowError, RecursionError)
        if isinstance(error, kinds):
            raise BadInput(f"{self.path}: cannot be read, or damaged ({one_line(error)})") from error


def require(found, folder: Path, wanted: str) -> None:
    """Raises BadInput, saying what was looked for and where, when nothing was found."""
    if not found:
        raise BadInput(f"{folder}: no {wanted}, neither unpacked nor in a .tar archive")


def require_all(names, images, folder: Path, listed_in: str) -> None:
    """Raises BadInput when a list names images that are not there."""
    missing = sorted(set(names) - set(images))
    if missing:
        raise BadInput(f"{folder}: {len(missing)} of the images in {listed_in} are missing, such as {missing[0]}")
