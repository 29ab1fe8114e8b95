"""Folders of labelled images: which are classes, which are splits, and which files are nobody's own."""

import numpy as np
import pytest
from helpers import failing

from zoo.data.class_folders import class_folders, read_examples, summary
from zoo.errors import BadInput
from zoo.kinds.image import write_image


def folders(root, names):
    for name in names:
        (root / name).mkdir(parents=True)
    return root


@pytest.mark.parametrize(
    "names",
    [
        ("cat", "dog"),
        ("train", "bus", "car"),  # one alone may be a class
        ("trains", "tests"),
        ("Valid", "Invalid"),
        ("test_tube", "training_shoe"),
        ("images", "photos"),
        ("0", "1", "2"),
        ("seg_cat", "seg_dog"),
    ],
)
def test_classes(names, tmp_path):
    assert class_folders(folders(tmp_path, names)) == sorted(names)


@pytest.mark.parametrize(
    ("names", "training"),
    [
        (("train", "test"), "train"),
        (("Train", "val"), "Train"),
        (("training_set", "test_set"), "training_set"),
        (("seg_train", "seg_test", "seg_pred"), "seg_train"),
        (("train", "validate"), "train"),
        (("train", "test", "annotations"), "train"),
        (("train2017", "val2017"), "train2017"),
        (("trainImages", "testImages"), "trainImages"),
        (("trainset", "testset"), "trainset"),
        (("flowers-train", "flowers-valid"), "flowers-train"),
        (("01 training data", "02 development data"), "01 training data"),
        (("trainval", "test"), "trainval"),
        (("dev", "test"), "dev"),
    ],
)
def test_splits_are_refused_with_the_folder_to_give(names, training, tmp_path):
    root = folders(tmp_path / "data", [f"{name}/{label}" for name in names for label in ("cat", "dog")])
    message = failing(BadInput, class_folders, root)
    assert message.endswith(f"; give --data {root / training}")
    assert message.startswith(f"{root} has splits ({', '.join(sorted(names))}) where class folders should be")
    assert class_folders(root / training) == ["cat", "dog"]


def test_splits_without_class_folders_and_folders_of_one_folder(tmp_path):
    flat = folders(tmp_path / "flat", ["train", "test"])
    assert failing(BadInput, class_folders, flat).endswith("; put the images of each class in a folder of its own")
    # As some archives unpack: archive/seg_train/seg_train/<class>.
    root = folders(tmp_path / "nested", [f"archive/seg_{s}/seg_{s}/{c}" for s in ("train", "test") for c in "ab"])
    wanted = root / "archive/seg_train/seg_train"
    assert failing(BadInput, class_folders, root) == f"{root} has 1 class folders; give --data {wanted}"
    assert failing(BadInput, class_folders, root / "archive").endswith(f"; give --data {wanted}")
    assert "has 0 class folders; put the images" in failing(BadInput, class_folders, wanted / "a")


@pytest.mark.parametrize(
    "place",
    ["@eaDir", "cat/@eaDir", "cat/deep/.thumbnails", "dog/__MACOSX/cat", "Thumbs", "dog/lost+found", "#recycle"],
)
def test_what_programs_put_there_is_no_image_and_no_class(place, tmp_path):
    for number, name in enumerate(("cat/1.png", "cat/deep/2.png", "dog/3.png", "dog/._3.png")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write_image(tmp_path / name, np.full((8, 8, 3), number, np.uint8))
    (tmp_path / place).mkdir(parents=True)
    write_image(tmp_path / place / "SYNOPHOTO_THUMB_M.png", np.full((8, 8, 3), 200, np.uint8))
    labels = class_folders(tmp_path)
    x, y = read_examples(tmp_path, labels, (8, 8, 1))
    assert labels == ["cat", "dog"] and x[:, 0, 0, 0].tolist() == [0, 1, 2] and y.tolist() == [0, 0, 1]
    assert summary(y, labels) == "3 images in 2 classes: cat (2), dog (1)"
