"""The data sets that the zoo knows: where they are on this machine, how to prepare them, what they hold as arrays.

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
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo.data.images import SUFFIXES, find_images, fit, read_image
from zoo.errors import BadInput, MissingData, UnknownName, ZooError

_CALTECH101 = """
    accordion airplanes anchor ant barrel bass beaver binocular bonsai brain brontosaurus buddha butterfly camera cannon
    car_side ceiling_fan cellphone chair chandelier cougar_body cougar_face crab crayfish crocodile crocodile_head cup
    dalmatian dollar_bill dolphin dragonfly electric_guitar elephant emu euphonium ewer Faces Faces_easy ferry flamingo
    flamingo_head garfield gerenuk gramophone grand_piano hawksbill headphone hedgehog helicopter ibis inline_skate
    joshua_tree kangaroo ketch lamp laptop Leopards llama lobster lotus mandolin mayfly menorah metronome minaret
    Motorbikes nautilus octopus okapi pagoda panda pigeon pizza platypus pyramid revolver rhino rooster saxophone
    schooner scissors scorpion sea_horse snoopy soccer_ball stapler starfish stegosaurus stop_sign strawberry sunflower
    tick trilobite umbrella watch water_lilly wheelchair wild_cat windsor_chair wrench yin_yang
"""
_CLASS_FOLDERS = "DIR/<label>/*.jpg or DIR/<split>/<label>/*.jpg (or another image format), any size"
_ANY_PHOTOGRAPHS = (
    "DIR/**/*.jpg (or another image format): all photographs in DIR and its subfolders, of any size; "
    "if DIR has a subfolder named as the split, only what is in that"
)


@dataclass(frozen=True)
class Dataset:
    """What is known of a data set.

    commercial: whether its terms allow commercial use; None where they don't say. splits: `rest` and the like may be
    absent from a copy. kind: "labelled images" (all of one `shape`, (H, W, C)), "labelled photographs" or "photographs"
    (RGB, of any size).
    layout: the folder that `load_folder` takes. files: what `prepare` reads from its source folder. labels: in the
    order of their numbers, or None. builder: "module:class" of our own TFDS builder, or None for one of TFDS's own.
    """

    name: str
    title: str
    summary: str
    licence: str
    commercial: bool | None
    url: str
    splits: tuple[str, ...]
    kind: str
    layout: str
    files: str
    labels: tuple[str, ...] | None = None
    shape: tuple[int, int, int] | None = None
    builder: str | None = None


DATASETS = {
    d.name: d
    for d in (
        Dataset(
            name="mnist",
            title="MNIST",
            summary="60,000 and 10,000 handwritten digits, 28 x 28, white on black (LeCun, Cortes, Burges 1998)",
            licence="usually stated as CC BY-SA 3.0; the authors' page gave no licence text",
            commercial=None,
            url="http://yann.lecun.com/exdb/mnist/",
            splits=("train", "test"),
            kind="labelled images",
            layout="DIR/<label>/*.png or DIR/<split>/<label>/*.png (or another image format), <label> from 0 to 9; any "
            "size and colours, made 28 x 28 grey; white digits on black",
            files="a data directory in which it is prepared already; without --from, it is downloaded",
            labels=tuple("0123456789"),
            shape=(28, 28, 1),
        ),
        Dataset(
            name="cifar10",
            title="CIFAR-10",
            summary="50,000 and 10,000 colour pictures of ten kinds of things, 32 x 32 (Krizhevsky 2009)",
            licence="none stated by the authors, who ask to be cited; for research and teaching",
            commercial=None,
            url="https://www.cs.toronto.edu/~kriz/cifar.html",
            splits=("train", "test"),
            kind="labelled images",
            layout=f"{_CLASS_FOLDERS}, <label> such as airplane; made 32 x 32",
            files="a data directory in which it is prepared already; without --from, it is downloaded",
            labels=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
            shape=(32, 32, 3),
        ),
        Dataset(
            name="flickr8k",
            title="Flickr8k",
            summary="8,000 photographs, mostly of people and dogs, each with five captions (Hodosh and others 2013)",
            licence="non-commercial research and education only; the photographs belong to their authors",
            commercial=False,
            url="https://doi.org/10.1613/jair.3994",
            splits=("train", "dev", "test", "rest"),
            kind="photographs",
            layout=_ANY_PHOTOGRAPHS,
            files="Flicker8k_Dataset/*.jpg and Flickr8k_text/*.txt, unpacked or in .tar archives",
            builder="zoo.data.builders.flickr8k:Flickr8k",
        ),
        Dataset(
            name="bsds500",
            title="BSDS500",
            summary="500 natural photographs of the Berkeley segmentation data set (Arbelaez and others 2011)",
            licence="non-commercial research and education only",
            commercial=False,
            url="https://doi.org/10.1109/TPAMI.2010.161",
            splits=("train", "val", "test"),
            kind="photographs",
            layout=_ANY_PHOTOGRAPHS,
            files="BSDS500/data/images/{train,val,test}/*.jpg, unpacked or in a .tar archive; test may be absent",
            builder="zoo.data.builders.bsds500:BSDS500",
        ),
        Dataset(
            name="caltech101",
            title="Caltech-101",
            summary="8,700 photographs of objects in 101 classes (Fei-Fei, Fergus, Perona 2004)",
            licence="CC BY 4.0",
            commercial=True,
            url="https://data.caltech.edu/records/mzrjq-6wc02",
            splits=("train", "test"),
            kind="labelled photographs",
            layout=_CLASS_FOLDERS,
            files="101_ObjectCategories/<class>/*.jpg and, if there, train.txt and test.txt (lines <class>/<file>; "
            "without them all is train), unpacked or in a .tar archive",
            labels=tuple(_CALTECH101.split()),
            builder="zoo.data.builders.caltech101:Caltech101",
        ),
        Dataset(
            name="intel_scenes",
            title="Intel image classification",
            summary="photographs of six kinds of scene, from buildings to street (published for a challenge in 2018)",
            licence="none stated by the publisher; for research and demonstration",
            commercial=None,
            url="https://www.kaggle.com/datasets/puneet6060/intel-image-classification",
            splits=("train", "test"),
            kind="labelled photographs",
            layout=_CLASS_FOLDERS,
            files="seg_train/<class>/*.jpg and seg_test/<class>/*.jpg, unpacked or in a .tar archive",
            labels=("buildings", "forest", "glacier", "mountain", "sea", "street"),
            builder="zoo.data.builders.intel_scenes:IntelScenes",
        ),
    )
}


def dataset(name: str) -> Dataset:
    """The data set of this name; raises UnknownName."""
    if name not in DATASETS:
        raise UnknownName("data set", name, DATASETS)
    return DATASETS[name]


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

    Each has `image`, uint8 (H, W, C), and what the data set has besides: `label` (int), `captions` (list of str), `id`
    (str). Raises MissingData when the data set isn't prepared, BadInput for a split that it doesn't have.
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
    colour = about.shape is None or about.shape[-1] == 3
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
    """A split as arrays in memory.

    Labelled images: (images uint8 (N, H, W, C), labels int64 (N,)). Photographs: a list of uint8 (H, W, 3); labelled
    ones: (that list, labels int64 (N,)).
    Raises MissingData with the command that prepares it, BadInput for a split that it doesn't have.
    """
    images, labels = [], []
    for example in examples(name, split, data_dir):
        images.append(example["image"])
        labels.append(example.get("label"))
    return _together(dataset(name), images, labels)


def _together(about: Dataset, images: list, labels: list):
    if about.labels is None:
        return images
    return np.stack(images) if about.shape else images, np.array(labels, np.int64)


def load_folder(name: str, split: str, folder: str | os.PathLike):
    """What `load` gives, from a folder of image files in the data set's `layout`, sorted by path.

    Labelled images are scaled to the data set's size and made grey if it is. A class without a folder is fine.
    Raises BadInput for an unknown class folder or a bad image.
    """
    about = dataset(name)
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder; {name} is laid out as {about.layout}")
    root = folder / split if (folder / split).is_dir() else folder
    if about.kind == "photographs":
        return [read_image(path) for path in find_images(root)]
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
