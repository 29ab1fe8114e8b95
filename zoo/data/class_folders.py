"""A user's own labelled images: a folder of images for each class.

my_photos/cat/001.jpg my_photos/cat/002.jpg ... my_photos/dog/001.jpg ...
"""

import re
import sys
from pathlib import Path

import numpy as np

from zoo.errors import BadInput
from zoo.kinds.files import is_hidden
from zoo.kinds.image import find_images, fit, read_image

# Words that make a folder's name that of a split, by what the split is for.
_SPLITS = {
    "training": {"train", "training", "trainval"},
    "validation": {"val", "valid", "validate", "validation", "dev", "development", "eval", "evaluation", "holdout"},
    "test": {"test", "testing", "pred", "prediction"},
}
# Other words that such names may contain.
_FILLERS = {"set", "data", "dataset", "img", "image", "picture", "photo", "file", "split", "sample", "example"}
_FILLERS |= {f"{word}s" for word in _FILLERS}
_LISTED = 10  # classes that a line lists


def class_folders(folder) -> list[str]:
    """Names of the subfolders of `folder`, sorted: the classes.

    Raises `BadInput` where there are fewer than two, or where they are splits that have the classes in them.
    """
    folder = Path(folder)
    names = _subfolders(folder)
    if _training_split(names):
        found = f"{folder} has splits ({_listed(names)}) where class folders should be"
    elif len(names) < 2:
        found = f"{folder} has {len(names)} class folders"
    else:
        return names
    within = _with_classes(folder)
    advice = f"give --data {within}" if within else "put the images of each class in a folder of its own"
    raise BadInput(f"{found}; {advice}")


def read_examples(folder, labels, shape):
    """Images of class folders at a model's size.

    Args:
        labels: names of the class folders to read, in the order of the logits.
        shape: (H, W, C) that the model takes; C is 1 for grey or 3 for colour.
    Returns:
        x uint8 (N, H, W, C), y int64 (N,). An image that cannot be read is named on standard error and left out.
    Raises:
        BadInput: for a class without a usable image.
    """
    images, numbers = [], []
    for number, label in enumerate(labels):
        before = len(images)
        for path in find_images(Path(folder) / label):
            try:
                image = read_image(path)
            except BadInput as error:
                print(f"left out: {error}", file=sys.stderr)
                continue
            images.append(fit(image, shape))
            numbers.append(number)
        if len(images) == before:
            raise BadInput(f"{Path(folder) / label} holds no image that can be read")
    return np.stack(images), np.array(numbers, dtype="int64")


def read_known(folder, labels, shape):
    """As `read_examples`, of those class folders that are there, whose numbers are as in `labels`.

    Raises `BadInput` where there is none, and for a folder that is no class.
    """
    names = _subfolders(Path(folder))
    if strange := sorted({*names} - {*labels}):
        raise BadInput(f"{Path(folder) / strange[0]} is none of the classes: {', '.join(labels)}")
    there = [label for label in labels if label in names and _has_images(Path(folder) / label)]
    if not there:
        raise BadInput(f"{folder} has no class folders with images; give some of {', '.join(labels)}")
    if lacking := [label for label in labels if label not in there]:
        print(f"{folder}: no images of {_listed(lacking)}", file=sys.stderr)
    x, y = read_examples(folder, there, shape)
    return x, np.array([labels.index(label) for label in there])[y]


def summary(y, labels) -> str:
    """One line on the classes: "90 images in 3 classes: cross (30), disc (30), square (30)"."""
    counts = np.bincount(y, minlength=len(labels))
    classes = [f"{label} ({count})" for label, count in zip(labels, counts, strict=True)]
    return f"{len(y)} images in {len(labels)} classes: {_listed(classes)}"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_LISTED] + ["..."] * (len(names) > _LISTED))


def _subfolders(folder: Path) -> list[str]:
    return sorted(child.name for child in folder.iterdir() if child.is_dir() and not is_hidden(child.name))


def _has_images(folder: Path) -> bool:
    try:
        return bool(find_images(folder))
    except BadInput:
        return False


def _words(name: str) -> set[str]:
    """The words of a folder's name in lower case: trainImages_2 has train and images."""
    return set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()))


def _training_split(names: list[str]) -> str | None:
    """Of folders that are the splits of a data set, the one to train on; None where they are not.

    They are where two or more are for different splits: training_set and test_set, seg_train and seg_test. One alone
    may well be a class, such as train beside bus.
    """
    common = set.intersection(*map(_words, names)) if names else set()
    found = {}
    for name in names:
        # A name is a split's if it has nothing else in it but what says nothing, or what all of the names have.
        telling = _words(name) - _FILLERS - (common if len(names) > 1 else set())
        purposes = {next((use for use in _SPLITS if _means(word, _SPLITS[use])), None) for word in telling}
        if purposes and None not in purposes:
            found.setdefault(next(use for use in _SPLITS if use in purposes), name)
    return next((found[use] for use in _SPLITS if use in found), None) if len(found) > 1 else None


def _means(word: str, words: set[str]) -> bool:
    """Whether a word is one of `words`, alone or written together with one that says nothing: trainset, testdata."""
    return word in words or any(word in (known + filler, filler + known) for known in words for filler in _FILLERS)


def _with_classes(folder: Path) -> Path | None:
    """The folder that has class folders, at or below this one: inside of folders that hold but one, and of splits."""
    names = _subfolders(folder)
    inner = _training_split(names) or (names[0] if len(names) == 1 else None)
    if inner:
        return _with_classes(folder / inner)
    return folder if names else None
