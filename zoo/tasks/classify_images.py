"""Image classification: one logit for each label.

A user's data are a folder of class folders, or a labelled data set, of the catalogue or prepared by TFDS:

    my_photos/cat/001.jpg my_photos/cat/002.jpg ... my_photos/dog/001.jpg ...

Fine-tuning first trains the new output layer alone, so that its random weights do not spoil the pre-trained ones; then
all layers together, at a learning rate fifty times lower.
"""

import sys
from pathlib import Path

import numpy as np

from zoo.data import background, catalogue, datasets, facts, tfds_images
from zoo.data.augment import shift_and_mirror
from zoo.data.class_folders import class_folders, read_examples, read_known, summary
from zoo.errors import BadInput, UnknownName
from zoo.hub.registry import architecture
from zoo.kinds.image import find_images, fit
from zoo.metrics.baselines.centroids import nearest_centroid
from zoo.runtime.features import last_features
from zoo.tasks import examples
from zoo.tasks.task import OWN, RATES, Classifier, ClassifierFineTuning, divided, hold_back


class ClassifyImages(Classifier):
    takes = {"image": ("uint8", 3)}
    measured = "fraction of the images classified right"

    def example(self, card, count):
        return {"image": examples.images(card.inputs["image"]["shape"], count)}

    def read(self, card, data, split, data_dir):
        shape = card.inputs["image"]["shape"]
        if isinstance(data, Path):
            return read_known(data, card.labels, shape)
        x, y, *_ = read_data_set(data, split, shape, data_dir)
        return x, y

    def check_data(self, name, base, data, data_dir):
        _check_base(base)
        check_labelled(data, data_dir)

    def finetuning(self, name, base, data, seed, data_dir):
        takes_classes = "classes" in architecture(base.architecture).cls(**base.arguments).get_config()
        if not takes_classes or not base.labels:
            return super().finetuning(name, base, data, seed, data_dir)
        return ImageFineTuning(base, data, seed, data_dir)


class ImageFineTuning(ClassifierFineTuning):
    """Fine-tunes a network that takes images of one size."""

    task = "classify_images"
    limits = (
        "Measured on images like those it was trained on. A best logit below the threshold means out of distribution: "
        "that detects many images of other things, but not all, least of all those that resemble its classes."
    )
    others = "crops of photographs of other things"

    def __init__(self, base, data, seed, data_dir):
        _check_base(base)
        shape = base.inputs["image"]["shape"]
        self.batches, self.held, self.labels, self.facts = load_training_data(data, shape, seed, data_dir)
        about = f"a {'grey' if shape[-1] == 1 else 'colour'} image, resized to that size"
        self.inputs = {"image": base.inputs["image"] | {"description": about}}
        crops = background.photographs(shape, seed)
        # Divided by photographs: crops of one are alike.
        self.background = tuple(np.concatenate([crops[i] for i in part]) for part in divided(len(crops)))

    def stages(self, model, epochs):
        first = epochs // 3
        if not model.layers[-1].trainable_variables:  # LeNet-5's output is made of fixed codes
            return [("whole", model.layers, epochs, RATES["whole"])]
        return [
            ("head", model.layers[-1:], first, RATES["head"]),
            ("all", model.layers, epochs - first, RATES["all"]),
        ]

    def baselines(self, predict):
        features = last_features(predict.model)
        score = nearest_centroid(features(self.batches.x), self.batches.y)
        protocol = f"nearest centroid, on the features of {predict.card.name} as it was"
        return self.baseline(score(features(self.held[0])), protocol)


def _check_base(base) -> None:
    """Raises `BadInput` for the card of a checkpoint that cannot be fine-tuned to classes of images."""
    if None in base.inputs["image"]["shape"]:
        raise BadInput(f"{base.name} cannot be fine-tuned on images: it takes none of one size")


def check_labelled(data, data_dir=None) -> None:
    """Raises for data that `labelled` refuses or that are too few, as far as their images need not be read."""
    name = str(data)
    if Path(data).is_dir():
        for label in class_folders(data):
            _check_count(data, label, len(find_images(Path(data) / label)))
    elif Path(data).is_file():
        raise BadInput(f"{data} is a file; give a folder that has a folder of images for each class")
    elif name in datasets.names():
        if datasets.dataset(name).labels is None:
            raise BadInput(f"{name} has no labels, so there are no classes to learn from it")
        catalogue.check_prepared(name, data_dir)
    elif not tfds_images.find(name, data_dir):
        raise UnknownName("folder or file and no data set", name, datasets.names())


def _check_count(data, label: str, count: int) -> None:
    """Raises `BadInput` for a class with too few images to hold one back."""
    if count < 2:
        raise BadInput(f"{Path(data) / label} holds {'one' if count else 'no'} image; give each class 2 or more")


def read_data_set(name, split, shape, data_dir=None):
    """Examples of a split of a labelled data set at a model's size, as `read_examples` gives them.

    Returns:
        x, y, the labels' names, and what a card says of the data.
    Raises:
        BadInput, MissingData, UnknownName: in one line.
    """
    check_labelled(name, data_dir)
    if name in datasets.names():
        images, y = catalogue.load(name, split, data_dir)
        labels, about = list(datasets.dataset(name).labels), facts.data_facts([name], split)
    else:
        images, y, labels, about = tfds_images.labelled(tfds_images.find(name, data_dir), split)
    colour = (image if image.shape[-1] == 3 else np.repeat(image, 3, axis=-1) for image in images)
    return np.stack([fit(image, shape) for image in colour]), y, labels, about


def labelled(data, shape, data_dir=None):
    """As `read_data_set`, from a folder of class folders or the training split of a data set."""
    check_labelled(data, data_dir)
    if Path(data).is_dir():
        labels = class_folders(data)
        return (*read_examples(data, labels, shape), labels, OWN)
    return read_data_set(str(data), "train", shape, data_dir)


def load_training_data(data, shape, seed, data_dir=None):
    """(training batches, validation data (x, y), labels, data facts for the card), from `labelled`.

    Raises `BadInput` also for a class with too few images to hold one back.
    """
    from zoo.data.batches import Batches  # late: it imports the framework

    x, y, labels, about = labelled(data, shape, data_dir)
    for label, count in zip(labels, np.bincount(y, minlength=len(labels)), strict=True):
        _check_count(data, label, count)
    if about is OWN:
        print(f"{data}: {summary(y, labels)}", file=sys.stderr)
    training, held = hold_back(y, seed)
    transform = mirrored if shape[-1] == 3 else None  # grey images may be letters
    # Small batches of few images, so that an epoch has some twenty steps.
    size = min(32, max(4, len(training) // 20))
    batches = Batches(x[training], y[training], batch_size=size, seed=seed, transform=transform)
    return batches, (x[held], y[held]), labels, about


def mirrored(x, y, rng):
    """Random shift by up to an eighth of the height, and horizontal flip with probability 1/2."""
    return shift_and_mirror(x, y, rng, shift=x.shape[1] // 8)


TASK = ClassifyImages()
