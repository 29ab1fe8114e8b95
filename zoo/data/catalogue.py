"""Find, prepare and load data sets on this machine, as arrays and texts.

Only `prepare` writes, and it downloads only what TFDS itself has: MNIST and CIFAR-10. Reading a prepared data set
needs no TensorFlow.
"""

import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from zoo.data.dataset import Dataset, Image
from zoo.data.datasets import dataset
from zoo.errors import BadInput, MissingData, ZooError, quoted
from zoo.kinds.files import read_file

INFO = 2**24  # bytes of the file in which TFDS describes a prepared data set


def data_dir(option: str | os.PathLike | None = None) -> Path:
    """Where prepared data sets live: the option, else $TFDS_DATA_DIR, else TFDS's default, ~/tensorflow_datasets."""
    return Path(option or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()


def prepared(name: str, data_dir: str | os.PathLike | None = None) -> Path | None:
    """The folder of the newest version that is prepared and readable without TensorFlow, or None."""
    made_here = dataset(name).examples is not None
    found = []
    for info in (_data_dir(data_dir) / name).glob("*/dataset_info.json"):
        try:
            version = tuple(int(part) for part in info.parent.name.split("."))
            about = json.loads(read_file(info, INFO))
        except (ValueError, RecursionError, BadInput):  # An unfinished preparation, or a folder of somebody else's.
            continue
        if not isinstance(about, dict):
            continue
        # TFDS has other data sets under some of our names, and keeps most in a format that TensorFlow alone reads.
        if made_here and not str(about.get("moduleName")).startswith("zoo."):
            continue
        if about.get("fileFormat") in ("parquet", "array_record"):
            found.append((version, info.parent))
    return max(found)[1] if found else None


def check_prepared(name: str, data_dir: str | os.PathLike | None = None) -> Path:
    """As `prepared`, but raises MissingData, with the command that prepares it, where it isn't."""
    folder = prepared(name, data_dir)
    if folder is None:
        source = "" if dataset(name).examples is None else " --from FOLDER"
        option = f" --data-dir {data_dir}" if data_dir else ""
        raise MissingData(
            f"{name} is not prepared in {_data_dir(data_dir)}; run: zoo data prepare {name}{source}{option}"
        )
    return folder


def examples(name: str, split: str, data_dir: str | os.PathLike | None = None) -> Iterator[dict]:
    """The examples of a split, one by one, in their stored order: {field: value} of all the data set's `fields`.

    An image is uint8 (H, W, C) of the stored size, a text a str, a label its number, an int.
    Raises MissingData when the data set isn't prepared, BadInput for a split that it doesn't have.
    """
    about = dataset(name)
    folder = check_prepared(name, data_dir)
    import tensorflow_datasets as tfds

    builder = tfds.builder_from_directory(folder)
    if split not in builder.info.splits:
        raise BadInput(f"{name} has no split {quoted(split)} in {folder}; it has {', '.join(builder.info.splits)}")
    as_stored = {
        key: tfds.decode.SkipDecoding()
        for key, field in about.fields.items()
        if isinstance(field, Image) and field.is_colour
    }
    for number, example in enumerate(builder.as_data_source(split, decoders=as_stored or None)):
        called = example["id"].decode() if "id" in about.fields else f"example {number}"
        where = f"{name} {split}: {called}"
        yield {key: field.value(example[key], where) for key, field in about.fields.items()}


def load(name: str, split: str, data_dir: str | os.PathLike | None = None, *, fields=None):
    """A split in memory: x, its data set's `inputs`, or (x, y) where it has `targets`, too.

    fields: names of the inputs that are wanted, None for all.
    Returns: x and y are a column where the data set has one such field, else {field: column}. Images are uint8
        (N, H, W, C), or a list of uint8 (H, W, C) where they differ in size; texts a list of str; labels and integers
        int64 (N,).
    Raises MissingData with the command that prepares it, BadInput for a split that it doesn't have.
    """
    about = dataset(name)
    return _together(about, lambda names: examples(name, split, data_dir), fields)


def load_folder(name: str, split: str, folder: str | os.PathLike, *, fields=None):
    """As `load`, from a folder of a user's files in the data set's `layout`, sorted by path.

    Only files of the fields that are wanted have to be there.
    Raises BadInput for an unknown class, a bad image or text, or a file that is missing or misnamed.
    """
    about = dataset(name)
    path = Path(folder).expanduser()
    return _together(about, lambda names: about.layout.rows(about, split, path, names), fields)


def _together(about: Dataset, rows: Callable[[tuple], Iterable[dict]], wanted):
    """(x, y) of the examples that `rows` gives for the names of fields; x alone of a data set without targets."""
    inputs = about.inputs if wanted is None else tuple(wanted)
    columns = about.columns(rows(inputs + about.targets), inputs + about.targets)

    def part(chosen, names):
        return {name: columns[name] for name in chosen} if len(names) > 1 else columns[names[0]]

    x = part(inputs, about.inputs)
    return (x, part(about.targets, about.targets)) if about.targets else x


def prepare(name: str, source: str | os.PathLike | None = None, data_dir: str | os.PathLike | None = None) -> Path:
    """Prepares a data set for reading, and returns its folder; does nothing if that was done before.

    source: the folder with the files named in `Dataset.files`, or a data directory in which it is prepared already,
    which is copied. What TFDS has is downloaded without one; nothing else ever is. Writes Parquet into `data_dir`,
    beside and then into place. Raises BadInput or MissingData for a missing, incomplete or damaged source.
    """
    about, target = dataset(name), _data_dir(data_dir)
    if done := prepared(name, data_dir):
        return done
    check_source(name, source, data_dir)
    if source is not None and (there := prepared(name, source)):
        return _copy(there, target / name / there.name)

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with contextlib.ExitStack() as stack:
        stack.enter_context(_only_progress())
        import tensorflow_datasets as tfds

        from zoo.data.builder import make_builder, whole_parquet
        from zoo.data.source import Source

        stack.enter_context(whole_parquet())
        if about.examples is not None:
            builder = make_builder(about, stack.enter_context(Source(source)), target)
            downloads = stack.enter_context(tempfile.TemporaryDirectory())  # TFDS makes one, though it stays empty
        else:
            builder, downloads = tfds.builder(name, data_dir=target), None
        try:
            # TFDS has a mirror of prepared data, and would ask the network for our builders' too.
            config = tfds.download.DownloadConfig(try_download_gcs=False)
            builder.download_and_prepare(download_dir=downloads, download_config=config, file_format="parquet")
        except ZooError:
            raise
        except Exception as error:  # TFDS has kinds of its own for failed downloads, checksums and archives
            raise MissingData(f"{name} cannot be prepared in {target}: {' '.join(str(error).split())}") from error
        finally:
            with contextlib.suppress(OSError):  # what failed leaves its folder empty; one that is not stays
                (target / name).rmdir()
    done = prepared(name, data_dir)
    if done is None:
        raise BadInput(
            f"{target / name} holds another data set of this name, or {name} in a format that needs TensorFlow to be "
            "read; choose another data directory"
        )
    return done


def check_source(name: str, source: str | os.PathLike | None, data_dir: str | os.PathLike | None = None) -> None:
    """Raises BadInput or MissingData for a source that `prepare` cannot take, as far as its files need not be read."""
    about = dataset(name)
    if prepared(name, data_dir) or (source is not None and prepared(name, source)):
        return
    if about.examples is None and source is not None:
        raise BadInput(f"{source}: {name} is not prepared there; wanted: {about.files}")
    if about.examples is not None and source is None:
        option = f" --data-dir {data_dir}" if data_dir else ""
        raise MissingData(
            f"{name} cannot be downloaded; run: zoo data prepare {name} --from FOLDER{option} ({about.files})"
        )
    if source is not None and not Path(source).expanduser().is_dir():
        raise BadInput(f"{source}: no such folder; give the folder that holds the data set's files")


_data_dir = data_dir  # the functions above have an argument of this name


def _copy(folder: Path, target: Path) -> Path:
    """Copies a prepared data set, beside its place and then into it."""
    from zoo.data.source import regular_files

    beside = target.with_name(f"{target.name}.incomplete{os.getpid()}")
    try:
        try:
            for path in regular_files(folder):
                copy = beside / path.relative_to(folder)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
            os.rename(beside, target)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
    except OSError as error:
        raise BadInput(f"{folder}: cannot be copied to {target} ({error})") from error
    return target


@contextlib.contextmanager
def _only_progress():
    """Lets TFDS show its progress bars on a terminal, and nothing else."""
    import tensorflow_datasets as tfds
    from absl import logging

    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.set_verbosity(verbosity)
        tfds.enable_progress_bar()
