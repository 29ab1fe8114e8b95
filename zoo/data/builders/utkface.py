"""UTKFace: faces with age, gender and ethnicity in the names of their files (Zhang, Song, Qi 2017)."""

import hashlib
import io
import sys

import numpy as np
import tensorflow_datasets as tfds

from zoo.data.builders.source import FolderBuilder, require
from zoo.data.datasets import DATASETS
from zoo.kinds.image import fit, read_image

_SPLITS = 8 * ("train",) + ("validation", "test")
# Correlation of 16 x 16 grey pixels. Above it nearly all pairs are of one picture; from 0.96 to here, half of them are.
_ALIKE = 0.97


class UTKFace(FolderBuilder, skip_registration=True):
    """Splits of ours, 80, 10 and 10 %, by the SHA-256 of the file's name: everyone's are the same from the same files.

    There are near copies: one picture cropped or compressed again, or mirrored, often under another age. They are kept,
    but in one split, that of the first of their names, so that hardly a test picture has a near copy in training; by
    each one's own name, 4.5 % would. Their names don't tell: of 655 pairs found by pixels, none has the same date to
    the second, and files of one date show different people. Different pictures of one person, such as an actor, may
    still be in several splits: nothing says who it is.
    Files whose names don't state all attributes, as a few of the original's, are left out.
    """

    name = "utkface"  # TFDS would make "utk_face" of the class's name

    def _info(self):
        attributes = {
            name: tfds.features.ClassLabel(names=values) if values else tfds.features.Scalar(np.int64)
            for name, values in DATASETS["utkface"].attributes.items()
        }
        return tfds.core.DatasetInfo(
            builder=self,
            description="Single faces, aligned and cropped; age, gender and ethnicity as others perceived them, noisy.",
            homepage="https://susanqq.github.io/UTKFace/",
            license="Non-commercial research only; the photographs belong to their owners.",
            citation="""@inproceedings{zhang2017age,
  author = {Zhifei Zhang and Yang Song and Hairong Qi},
  title = {Age Progression/Regression by Conditional Adversarial Autoencoder},
  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition}, year = {2017}}""",
            features=tfds.features.FeaturesDict(
                {
                    "id": tfds.features.Text(),
                    # Files are stored as they are, 64 x 64 or 200 x 200, as in our other builders; `load` scales.
                    "image": tfds.features.Image(encoding_format="jpeg"),
                    **attributes,
                }
            ),
        )

    def _split_generators(self, dl_manager):
        about, folder = DATASETS["utkface"], self.source.folder
        images, malformed = {}, []
        for path, match in self.source.find(r"UTKFace/([^/]+\.jpg)"):
            if about.attributes_of(match[1]):
                images[match[1]] = path
            else:
                malformed.append(path)
        require(images, folder, "UTKFace/[age]_[gender]_[race]_*.jpg")
        if malformed:
            what = f"{len(malformed)} files whose names don't state {', '.join(about.attributes)}"
            print(f"{folder}: left out {what}, such as {malformed[0]}", file=sys.stderr)
        small = {}
        for name, path in images.items():  # in the archive's order
            picture = read_image(self.source.read(path), name=f"{folder}: {path}")
            small[name] = fit(picture, (16, 16, 1))[..., 0]
        names = sorted(images)
        splits = {"train": set(), "validation": set(), "test": set()}
        for name, first in zip(names, first_copies(np.stack([small[name] for name in names])), strict=True):
            splits[split_of(names[first])].add(name)
        return {split: self._generate_examples(images, found) for split, found in splits.items() if found}

    def _generate_examples(self, images, names):
        for name, path in images.items():
            if name in names:
                attributes = DATASETS["utkface"].attributes_of(name)
                yield name, {"id": name, "image": io.BytesIO(self.source.read(path)), **attributes}


def split_of(name: str) -> str:
    """The split of a file that is no near copy of one with a lower name."""
    return _SPLITS[int(hashlib.sha256(name.encode()).hexdigest(), 16) % len(_SPLITS)]


def first_copies(pictures: np.ndarray) -> np.ndarray:
    """The first picture of the group of near copies that each belongs to; a copy of a copy is in the group, too.

    pictures: uint8 (N, H, W), grey. Returns indices (N,). A picture that is like none is the first of its own.
    """
    plain, mirrored = (_standardised(each) for each in (pictures, pictures[:, :, ::-1]))  # (N, H * W)
    first = np.arange(len(pictures))
    for start in range(0, len(pictures), 512):  # in blocks, for memory
        rows = plain[start : start + 512]
        alike = np.maximum(rows @ plain[start:].T, rows @ mirrored[start:].T) > _ALIKE
        for a, b in zip(*np.nonzero(alike), strict=True):
            low, high = sorted((first[start + a], first[start + b]))
            if low < high:
                first[first == high] = low
    return first


def _standardised(pictures: np.ndarray) -> np.ndarray:
    """Pictures as rows whose products are their correlations; 0 for a picture of one colour, which is like nothing."""
    rows = pictures.reshape(len(pictures), -1).astype(np.float32)
    rows -= rows.mean(1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1)
