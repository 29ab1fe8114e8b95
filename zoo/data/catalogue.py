"""Where data sets are on this machine, how to prepare them, and what they hold, as arrays and texts.

Only `prepare` writes, and it downloads only what TFDS itself has: MNIST and CIFAR-10. Reading a prepared data set
needs no TensorFlow.
"""

import contextlib
import importlib
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from zoo.data.datasets import Dataset, dataset
from zoo.errors import BadInput, MissingData, ZooError
from zoo.kinds.image import SUFFIXES, find_images, fit, read_image
from zoo.kinds.table import read_table
from zoo.kinds.text import find_texts, read_lines, read_text


def data_dir(option: str | os.PathLike | None = None) -> Path:
    """Where prepared data sets live: the option, else $TFDS_DATA_DIR, else TFDS's default, ~/tensorflow_datasets."""
    return Path(option or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()


def prepared(name: str, data_dir: str | os.PathLike | None = None) -> Path | None:
    """The folder of the newest version that is prepared and readable without TensorFlow, or None."""
    own = dataset(name).builder
    found = []
    for info in (_data_dir(data_dir) / name).glob("*/dataset_info.json"):
        try:
            version = tuple(int(part) for part in info.parent.name.split("."))
            about = json.loads(info.read_text())
        except (ValueError, OSError):  # An unfinished preparation, or a folder of somebody else's.
            continue
        # TFDS has other data sets under some of our names, and keeps most in a format that TensorFlow alone reads.
        ours = own is None or about.get("moduleName", "") == own.partition(":")[0]
        if ours and about.get("fileFormat") in ("parquet", "array_record"):
            found.append((version, info.parent))
    return max(found)[1] if found else None


def examples(name: str, split: str, data_dir: str | os.PathLike | None = None) -> Iterator[dict]:
    """The examples of a split, one by one, in their stored order.

    Each has `image`, uint8 (H, W, C), or `text` (str), or, of parallel texts, a str for each language; and what the
    data set has besides: `label` or attributes such as `age` (int), `captions` (list of str), `id` (str).
    Raises MissingData when the data set isn't prepared, BadInput for a split that it doesn't have.
    """
    about = dataset(name)
    folder = prepared(name, data_dir)
    if folder is None:
        source = "" if about.builder is None else " --from FOLDER"
        option = f" --data-dir {data_dir}" if data_dir else ""
        raise MissingData(
            f"{name} is not prepared in {_data_dir(data_dir)}; run: zoo data prepare {name}{source}{option}"
        )
    import tensorflow_datasets as tfds

    builder = tfds.builder_from_directory(folder)
    if split not in builder.info.splits:
        raise BadInput(f"{name} has no split {split!r} in {folder}; it has {', '.join(builder.info.splits)}")
    # Colour pictures are decoded by read_image, as a user's files are: JPEG decoders differ in their last bits.
    colour = not about.kind.endswith("texts") and (about.shape is None or about.shape[-1] == 3)
    decoders = {"image": tfds.decode.SkipDecoding()} if colour else None
    for number, example in enumerate(builder.as_data_source(split, decoders=decoders)):
        for key, value in example.items():
            if isinstance(value, bytes) and key != "image":
                example[key] = value.decode()
            elif key == "captions":
                example[key] = [caption.decode() for caption in value]
        if colour:
            called = example.get("id", f"image {number}")
            example["image"] = read_image(example["image"], name=f"{name} {split}: {called}")
        yield example


def load(name: str, split: str, data_dir: str | os.PathLike | None = None):
    """A split as arrays or texts in memory.

    Labelled images: (images uint8 (N, H, W, C), labels int64 (N,)). Photographs: a list of uint8 (H, W, 3); texts: a
    list of str; labelled ones: (that list, labels int64 (N,)). Parallel texts: {language: list of str}. Faces: (images
    uint8 (N, H, W, 3), scaled to the data set's size, {attribute: int64 (N,)}).
    Raises MissingData with the command that prepares it, BadInput for a split that it doesn't have.
    """
    about, found = dataset(name), examples(name, split, data_dir)
    if about.attributes:
        return _with_attributes(about, ((example["image"], example) for example in found))
    found = list(found)
    if about.languages:
        return {language: [example[language] for example in found] for language in about.languages}
    what = "text" if about.kind.endswith("texts") else "image"
    return _together(about, [example[what] for example in found], [example.get("label") for example in found])


def _together(about: Dataset, found: list, labels: list):
    if about.labels is None:
        return found
    return np.stack(found) if about.shape else found, np.array(labels, np.int64)


def _with_attributes(about: Dataset, found: Iterator[tuple[np.ndarray, dict]]):
    images, attributes = [], {name: [] for name in about.attributes}
    for image, stated in found:
        images.append(fit(image, about.shape))
        for name, values in attributes.items():
            values.append(stated[name])
    return np.stack(images), {name: np.array(values, np.int64) for name, values in attributes.items()}


def load_folder(name: str, split: str, folder: str | os.PathLike, *, languages=None):
    """What `load` gives, from a folder of files in the data set's `layout`, sorted by path.

    Labelled images are scaled to the data set's size and made grey if it is. A class without a folder is fine. Of
    parallel texts only those in `languages` are read, all if that is None. Labelled texts may be a CSV file itself.
    Raises BadInput for an unknown class, a bad image or text, or a file that is missing or misnamed.
    """
    about = dataset(name)
    folder = Path(folder).expanduser()
    if about.kind == "labelled texts":
        return _load_table(about, _table(folder, split))
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder; {name} is laid out as {about.layout}")
    root = folder / split if (folder / split).is_dir() else folder
    if about.kind == "photographs":
        return [read_image(path) for path in find_images(root)]
    if about.attributes:
        return _with_attributes(about, _read_named(about, find_images(root)))
    if about.kind.endswith("texts"):
        return _load_texts(about, split, folder, root, languages)
    images, labels = [], []
    for path in sorted(root.iterdir()):
        if not path.is_dir() or path.name.startswith("."):
            continue
        if path.name in about.splits and path.name not in about.labels:
            raise BadInput(f"{folder}: it has a folder {path.name}, but none for the split {split}")
        if path.name not in about.labels:
            raise BadInput(f"{path}: {name} has no class {path.name!r}; classes: {', '.join(about.labels)}")
        for file in sorted(path.iterdir()):
            if file.suffix.lower() in SUFFIXES and not file.name.startswith("."):
                image = read_image(file)
                images.append(fit(image, about.shape) if about.shape else image)
                labels.append(about.labels.index(path.name))
    if not images:
        raise BadInput(f"{root}: no class folders with images; {name} is laid out as {about.layout}")
    return _together(about, images, labels)


def _read_named(about: Dataset, paths: list[Path]) -> Iterator[tuple[np.ndarray, dict]]:
    """Images, and the attributes that the names of their files state."""
    for path in paths:
        stated = about.attributes_of(path.name)
        if stated is None:
            wanted = ", ".join(about.attributes)
            raise BadInput(f"{path}: its name doesn't state {wanted}; {about.name} is laid out as {about.layout}")
        yield read_image(path), stated


def _load_texts(about: Dataset, split: str, folder: Path, root: Path, languages):
    """`load_folder` for texts; `root` is the folder's subfolder for the split, if it has one."""
    if about.kind == "texts":
        return [read_text(path) for path in find_texts(root)]
    found = {language: read_lines(folder / f"{split}.{language}") for language in languages or about.languages}
    lengths = {language: len(lines) for language, lines in found.items()}
    if len(set(lengths.values())) > 1:
        raise BadInput(f"{folder}: files of one split must have as many lines each, not {lengths}")
    return found


def _table(folder: Path, split: str) -> Path:
    """The CSV file of a split: that of its name, or the only one in the folder; or what is no folder, itself."""
    named = folder / f"{split}.csv"
    if folder.is_file() or named.exists():
        return folder if folder.is_file() else named
    found = sorted(folder.glob("*.csv"))
    if len(found) != 1:
        raise BadInput(f"{folder}: no {named.name}, and no other CSV file alone; give one with the columns text, label")
    return found[0]


def _load_table(about: Dataset, table: Path):
    """Labelled texts from a CSV file with the columns text and label."""
    known = {label: number for number, label in enumerate(about.labels)} | {about.outside: -1}
    found, labels = [], []
    for text, label in read_table(table, ("text", "label")):
        if label not in known:
            raise BadInput(f"{table}: {about.name} has no label {label!r}; see zoo data show {about.name} --json")
        found.append(text)
        labels.append(known[label])
    return _together(about, found, labels)


def prepare(name: str, source: str | os.PathLike | None = None, data_dir: str | os.PathLike | None = None) -> Path:
    """Prepares a data set for reading, and returns its folder; does nothing if that was done before.

    source: the folder with the files named in `Dataset.files`, or a data directory in which it is prepared already,
    which is copied. What TFDS has is downloaded without one; nothing else ever is. Writes Parquet into `data_dir`,
    beside and then into place. Raises BadInput or MissingData for a missing, incomplete or damaged source.
    """
    about = dataset(name)
    done = prepared(name, data_dir)
    if done:
        return done
    target = _data_dir(data_dir)
    if source is not None and (there := prepared(name, source)):
        return _copy(there, target / name / there.name)
    if about.builder is None and source is not None:
        raise BadInput(f"{source}: {name} is not prepared there; wanted: {about.files}")
    if about.builder and source is None:
        option = f" --data-dir {data_dir}" if data_dir else ""
        raise MissingData(
            f"{name} cannot be downloaded; run: zoo data prepare {name} --from FOLDER{option} ({about.files})"
        )

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with contextlib.ExitStack() as stack:
        stack.enter_context(_only_progress())
        import tensorflow_datasets as tfds

        from zoo.data.builders.source import Source, whole_parquet

        stack.enter_context(whole_parquet())
        if about.builder:
            module, _, cls = about.builder.partition(":")
            source = stack.enter_context(Source(source))
            builder = getattr(importlib.import_module(module), cls)(source=source, data_dir=target)
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


_data_dir = data_dir  # the functions above have an argument of this name


def _copy(folder: Path, target: Path) -> Path:
    """Copies a prepared data set, beside its place and then into it."""
    beside = target.with_name(f"{target.name}.incomplete{os.getpid()}")
    try:
        try:
            shutil.copytree(folder, beside)
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
