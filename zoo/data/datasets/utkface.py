"""UTKFace: faces with age, gender and ethnicity in the names of their files (Zhang, Song, Qi 2017).

Single faces, aligned and cropped; age, gender and ethnicity as others perceived them, and noisy. Splits of ours, 80, 10
and 10 %, by the SHA-256 of the file's name: everyone's are the same from the same files.

There are near copies: one image cropped or compressed again, or mirrored, often under another age. They stay, but in
one split, that of the first of their names, so that hardly a test image has a near copy in training; by each one's own
name, 4.5 % would. Their names don't tell: of 655 pairs found by pixels, none has the same date to the second, and files
of one date show different people. Different images of one person, such as an actor, may still be in several splits:
nothing says who it is. Files whose names don't state all attributes, as a few of the original's, are left out.
"""

import hashlib
import re
import sys

import numpy as np

from zoo.data.dataset import Dataset, Image, Integer, Label, Text
from zoo.data.layouts import NamedImages
from zoo.data.source import Source, require
from zoo.kinds.image import fit, read_image

ATTRIBUTES = {
    "age": Integer(),
    "gender": Label(("male", "female")),
    "ethnicity": Label(("white", "black", "asian", "indian", "other")),
}
_NAME = re.compile(r"(?P<age>[0-9]{1,3})_(?P<gender>[01])_(?P<ethnicity>[0-4])_")
_SPLITS = 8 * ("train",) + ("validation", "test")
# Correlation of 16 x 16 grey pixels. Above it nearly all pairs are of one image; from 0.96 to here, half of them are.
_ALIKE = 0.97


def attributes_of(file: str) -> dict[str, int] | None:
    """The attributes that the name of a file states, or None where it is malformed."""
    match = _NAME.match(file)
    return match and {name: int(match[name]) for name in ATTRIBUTES}


def examples(source: Source):
    folder = source.folder
    paths, malformed = {}, []
    for path, match in source.find(r"UTKFace/([^/]+\.jpg)"):
        if attributes_of(match[1]):
            paths[match[1]] = path
        else:
            malformed.append(path)
    require(paths, folder, "UTKFace/[age]_[gender]_[race]_*.jpg")
    if malformed:
        what = f"{len(malformed)} files whose names don't state {', '.join(ATTRIBUTES)}"
        print(f"{folder}: left out {what}, such as {malformed[0]}", file=sys.stderr)
    small = {}
    for name, path in paths.items():  # in the archive's order
        image = read_image(source.read(path), name=f"{folder}: {path}")
        small[name] = fit(image, (16, 16, 1))[..., 0]
    names = sorted(paths)
    splits = {"train": set(), "validation": set(), "test": set()}
    for name, first in zip(names, first_copies(np.stack([small[name] for name in names])), strict=True):
        splits[split_of(names[first])].add(name)
    return {split: _faces(source, paths, found) for split, found in splits.items() if found}


def _faces(source, paths, names):
    for name, path in paths.items():
        if name in names:
            yield name, {"id": name, "image": source.read(path), **attributes_of(name)}


def split_of(name: str) -> str:
    """The split of a file, by its name; near copies take that of the first name in their group."""
    return _SPLITS[int(hashlib.sha256(name.encode()).hexdigest(), 16) % len(_SPLITS)]


def first_copies(images: np.ndarray) -> np.ndarray:
    """The first image of the group of near copies that each belongs to; a copy of a copy is in the group, too.

    images: uint8 (N, H, W), grey. Returns indices (N,). An image that is like none is the first of its own.
    """
    plain, mirrored = (_standardised(each) for each in (images, images[:, :, ::-1]))  # (N, H * W)
    first = np.arange(len(images))
    for start in range(0, len(images), 512):  # in blocks, for memory
        rows = plain[start : start + 512]
        alike = np.maximum(rows @ plain[start:].T, rows @ mirrored[start:].T) > _ALIKE
        for a, b in zip(*np.nonzero(alike), strict=True):
            low, high = sorted((first[start + a], first[start + b]))
            if low < high:
                first[first == high] = low
    return first


def _standardised(images: np.ndarray) -> np.ndarray:
    """Images as rows whose products are their correlations; all zeros for an image of one colour."""
    rows = images.reshape(len(images), -1).astype(np.float32)
    rows -= rows.mean(1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1)


DATASET = Dataset(
    name="utkface",
    title="UTKFace",
    summary="some 23,000 faces; age (1 to 116), gender and ethnicity are as others perceived them, and noisy "
    "(Zhang, Song, Qi 2017)",
    licence="non-commercial research only; the photographs belong to their owners",
    commercial=False,
    url="https://susanqq.github.io/UTKFace/",
    splits=("train", "validation", "test"),
    # Files are stored as they are, 64 x 64 or 200 x 200; `load` scales.
    fields={"id": Text(), "image": Image((64, 64, 3)), **ATTRIBUTES},
    inputs=("image",),
    targets=tuple(ATTRIBUTES),
    layout=NamedImages(
        "[age]_[gender]_[race]_[anything].jpg: age in years; gender 0 male, 1 female; race 0 white, 1 black, 2 Asian, "
        "3 Indian, 4 other; faces aligned and cropped as in UTKFace, any size, made 64 x 64",
        attributes_of,
    ),
    files="UTKFace/[age]_[gender]_[race]_[date].jpg.chip.jpg, unpacked or in a .tar archive, 64 x 64 or the "
    "original 200 x 200; the splits are ours",
    examples=examples,
    citation="""@inproceedings{zhang2017age,
  author = {Zhifei Zhang and Yang Song and Hairong Qi},
  title = {Age Progression/Regression by Conditional Adversarial Autoencoder},
  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition}, year = {2017}}""",
)
