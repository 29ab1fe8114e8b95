"""Labelled images of data sets beyond the catalogue, as TFDS has prepared them on this machine.

    tfds.load("beans")                             # downloads and prepares, if the user asks TFDS for it
    zoo finetune mobilenet.caltech101 --data beans

Nothing here downloads. Reading them needs TensorFlow, since most are prepared in a format that it alone reads.
"""

import os
from pathlib import Path

import numpy as np

from zoo.data.catalogue import data_dir as where
from zoo.errors import BadInput, quoted


def find(name: str, data_dir: str | os.PathLike | None = None) -> Path | None:
    """The folder of the newest version of a prepared data set, called `name` or `name/config`, or None."""
    found = []
    for info in (where(data_dir) / name).glob("*/dataset_info.json"):
        version = info.parent.name.split(".")
        if all(part.isdigit() for part in version):
            found.append((tuple(map(int, version)), info.parent))
    return max(found)[1] if found else None


def labelled(folder: Path, split: str = "train"):
    """Images, labels and labels' names of a prepared data set, and what a card says of it.

    Returns:
        list of uint8 (H, W, C), int64 (N,), list of str, dict.
    Raises:
        BadInput: for a data set that isn't one of images with one label each, and for a split that it doesn't have.
    """
    import tensorflow_datasets as tfds

    builder = tfds.builder_from_directory(folder)
    info = builder.info
    features = dict(info.features.items())
    image, label = (features.get(str(key)) for key in (info.supervised_keys or ("", ""))[:2])  # a third is a weight
    if not isinstance(image, tfds.features.Image) or not isinstance(label, tfds.features.ClassLabel):
        raise BadInput(f"{folder} holds no images with one label each, so there are no classes to learn from it")
    if split not in info.splits:
        raise BadInput(f"{folder} has no split {quoted(split)}; it has {', '.join(info.splits)}")
    examples = list(tfds.as_numpy(builder.as_dataset(split, as_supervised=True)))
    facts = {
        "name": info.full_name.rpartition("/")[0],
        "also": [],
        "url": info.homepage or None,
        "split": split,
        "licence": " ".join(str(info.redistribution_info.license).split()) or "as its authors have it",
        "commercial_use": None,
    }
    images, labels = zip(*examples, strict=True)
    return list(images), np.array(labels, np.int64), list(label.names), facts
