"""What the builders share: files of a data set, from a folder or from the .tar archives that lie in it."""

import contextlib
import itertools
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow
import pyarrow.parquet
import tensorflow_datasets as tfds
from tensorflow_datasets.core import file_adapters

from zoo.errors import BadInput
from zoo.kinds.image import read_image

_ARCHIVES = (".tar", ".tar.gz", ".tgz")


class Source:
    """What a folder holds, unpacked or in its .tar, .tar.gz or .tgz archives, addressed by path inside either.

    Paths are matched at their end, so it doesn't matter how many folders lie above the ones that a data set is made of.
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
            folders.sort()
            for name in sorted(names):
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
                    if member.isfile():
                        self._files.setdefault(member.name.removeprefix("./"), (path, archive, member))

    def find(self, pattern: str) -> Iterator[tuple[str, re.Match]]:
        """(path, match) of all files whose path ends with the regular expression, in the order of folder or archive.

        That order lets a compressed archive be read forwards.
        """
        expression = re.compile(rf"(?:^|/){pattern}$")
        for path in self._files:
            if match := expression.search(path):
                yield path, match

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
    """Turns what goes wrong in reading a file or an archive into BadInput with its name."""

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


class FolderBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """A TFDS builder that reads from a Source and downloads nothing."""

    VERSION = tfds.core.Version("1.0.0")

    def __init__(self, *, source: Source, **arguments):
        self.source = source
        super().__init__(**arguments)


class _WholeParquet(file_adapters.ParquetFileAdapter):
    """TFDS's Parquet files, with all their examples.

    In tensorflow-datasets 4.9.10 `file_adapters._batched` skips ever more of an iterator: of 1,000 examples it writes
    400, and says nothing.
    """

    @classmethod
    def write_examples(cls, path, iterator):
        iterator = iter(iterator)
        with pyarrow.parquet.ParquetWriter(path, schema=cls._schema()) as writer:
            while examples := [example for _, example in itertools.islice(iterator, 100)]:
                writer.write_batch(pyarrow.record_batch([pyarrow.array(examples, pyarrow.binary())], cls._schema()))


@contextlib.contextmanager
def whole_parquet():
    """While it lasts, TFDS writes Parquet files with all their examples."""
    adapters, parquet = file_adapters.ADAPTER_FOR_FORMAT, file_adapters.FileFormat.PARQUET
    theirs = adapters[parquet]
    adapters[parquet] = _WholeParquet
    try:
        yield
    finally:
        adapters[parquet] = theirs
