"""Fine-tune on pictures: a folder of class folders, or a labelled data set, of the catalogue or as TFDS prepared it.

    my_photos/cat/001.jpg my_photos/cat/002.jpg ... my_photos/dog/001.jpg ...

First the new output layer alone, so that its random start does not spoil what is below; then all layers together, at
a rate fifty times lower.
"""

import sys
from pathlib import Path

import numpy as np

from zoo.data import catalogue, datasets, prepared
from zoo.data.augment import shift_and_mirror
from zoo.data.batches import Batches
from zoo.data.class_folders import class_folders, read_examples, summary
from zoo.errors import BadInput, UnknownName
from zoo.kinds.image import fit
from zoo.training.finetune import OWN, RATES, Classes, split
from zoo.training.loop import data_facts


class Pictures(Classes):
    """New classes for a network that reads pictures of one size."""

    def __init__(self, name, base, data, seed, data_dir):
        shape, _ = base.takes()
        if len(shape) != 3 or None in shape:
            raise BadInput(f"{base.name} cannot be fine-tuned on pictures: it takes none of one size")
        self.batches, self.held, self.labels, self.facts = divided(data, shape, seed, data_dir)
        self.input = base.input | {"description": f"a {'grey' if shape[-1] == 1 else 'colour'} picture, made that size"}
        self.limits = "Measured on images like those it was trained on; it names one of its classes for any picture."

    def stages(self, model, epochs):
        first = epochs // 3
        if not model.layers[-1].trainable_variables:  # LeNet-5's output is made of fixed codes
            return [("whole", model.layers, epochs, RATES["whole"])]
        return [
            ("head", model.layers[-1:], first, RATES["head"]),
            ("all", model.layers, epochs - first, RATES["all"]),
        ]


def of_data_set(name, split, shape, data_dir=None):
    """Examples of a split of a labelled data set at a model's size, as `read_examples` gives them.

    Returns:
        x, y, the labels' names, and what a card says of the data.
    Raises:
        BadInput, MissingData, UnknownName: in one line.
    """
    if name in datasets.names():
        if datasets.dataset(name).labels is None:
            raise BadInput(f"{name} has no labels, so there are no classes to learn from it")
        images, y = catalogue.load(name, split, data_dir)
        labels, facts = list(datasets.dataset(name).labels), data_facts([name], split)
    elif folder := prepared.find(name, data_dir):
        images, y, labels, facts = prepared.labelled(folder, split)
    else:
        raise UnknownName("folder or file and no data set", name, datasets.names())
    colour = (image if image.shape[-1] == 3 else np.repeat(image, 3, axis=-1) for image in images)
    return np.stack([fit(image, shape) for image in colour]), y, labels, facts


def labelled(data, shape, data_dir=None):
    """What `of_data_set` gives, of a folder of class folders or of the training split of a data set."""
    if Path(data).is_dir():
        labels = class_folders(data)
        return (*read_examples(data, labels, shape), labels, OWN)
    if Path(data).is_file():
        raise BadInput(f"{data} is a file; give a folder that has a folder of images for each class")
    return of_data_set(str(data), "train", shape, data_dir)


def divided(data, shape, seed, data_dir=None):
    """(batches to train on, (x, y) held back, labels, facts for the card) of what `labelled` reads.

    Raises `BadInput` also for a class of which nothing could be held back.
    """
    x, y, labels, facts = labelled(data, shape, data_dir)
    for label, count in zip(labels, np.bincount(y, minlength=len(labels)), strict=True):
        if count < 2:
            raise BadInput(f"{Path(data) / label} holds {'one' if count else 'no'} image; give each class 2 or more")
    if facts is OWN:
        print(f"{data}: {summary(y, labels)}", file=sys.stderr)
    training, held = split(y, seed)
    transform = mirrored if shape[-1] == 3 else None  # grey pictures may be letters, whose mirror image is another
    # Of few pictures small batches, so that an epoch has some twenty steps.
    size = min(32, max(4, len(training) // 20))
    batches = Batches(x[training], y[training], batch_size=size, seed=seed, transform=transform)
    return batches, (x[held], y[held]), labels, facts


def mirrored(x, y, rng):
    """Shifted by up to an eighth of the height, and mirrored every other time."""
    return shift_and_mirror(x, y, rng, shift=x.shape[1] // 8)
