"""Fine-tune a classifier on a folder of class folders: keep what it sees, learn new names for it.

    my_photos/cat/001.jpg my_photos/cat/002.jpg ... my_photos/dog/001.jpg ...

or on the training split of a labelled data set in the catalogue.
First the new output layer alone, so that its random start does not spoil what is below; then all layers together, at
a fifth of the rate. A fifth of each class is held back; the epoch that does best on it is kept.
"""

import hashlib
import shlex
import shutil
import sys
from pathlib import Path

import keras
import numpy as np

from zoo.data import catalogue
from zoo.data.augment import shift_and_mirror
from zoo.data.batches import Batches
from zoo.data.images import find_images, fit, read_image
from zoo.errors import BadInput
from zoo.hub import checkpoint, metrics
from zoo.hub.card import Card
from zoo.hub.predictor import compiled
from zoo.hub.registry import architecture
from zoo.recipes import plots
from zoo.recipes.resume import Resume
from zoo.recipes.training import hardware, jit_compile, versions

HELD_BACK = 0.2  # of each class, to select on
PATIENCE = 5  # epochs without a better one before a stage ends


def class_folders(folder) -> list[str]:
    """Names of the sub-folders of `folder`, sorted: the classes. Raises `BadInput` where there are fewer than two."""
    folder = Path(folder)
    if not folder.is_dir():
        raise BadInput(f"{folder} is no folder; --data takes a folder with a folder of images for each class")
    names = sorted(child.name for child in folder.iterdir() if child.is_dir() and not child.name.startswith("."))
    if len(names) < 2:
        raise BadInput(f"{folder} has {len(names)} class folders; put the images of each class in a folder of its own")
    return names


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


def labelled(data, shape, data_dir=None):
    """(x, y, labels) of a folder of class folders, or of the training split of a data set in the catalogue.

    x uint8 (N, H, W, C) of `shape`, y int64 (N,). Raises `BadInput`, `MissingData`.
    """
    if str(data) not in catalogue.DATASETS or Path(data).is_dir():
        labels = class_folders(data)
        return (*read_examples(data, labels, shape), labels)
    about = catalogue.dataset(str(data))
    if about.labels is None:
        raise BadInput(f"{data} has no labels, so there are no classes to learn from it")
    images, y = catalogue.load(about.name, "train", data_dir)
    images = [image if image.shape[-1] == 3 else np.repeat(image, 3, axis=-1) for image in images]
    return np.stack([fit(image, shape) for image in images]), y, list(about.labels)


def finetune(name, data, out, *, epochs=30, seed=1, data_dir=None, runs="runs", restart=False, force=False) -> Card:
    """Train a checkpoint's model on new classes and write the result as a checkpoint.

    Args:
        name: a classifier checkpoint, by name or folder.
        data: folder with a folder of images for each class, or a data set's name in the catalogue.
        out: folder to write; `zoo.load(out)` takes it.
    Raises:
        BadInput, OutputExists, UnknownName, BadCheckpoint: in one line.
    """
    out = Path(out)
    checkpoint.check_output(out, force)
    if epochs < 1:
        raise BadInput(f"--epochs {epochs}: train for at least 1")
    base = checkpoint.card(name)
    if not base.labels or "classes" not in architecture(base.architecture).cls(**base.arguments).get_config():
        raise BadInput(f"{base.name} cannot be fine-tuned to new classes: it is no classifier with an output a class")
    x, y, labels = labelled(data, base.input["shape"], data_dir)
    training, held = split(y, seed)
    if not len(held):
        raise BadInput(f"{data} has too few images to hold some back; give each class 2 or more")

    keras.utils.set_random_seed(seed)
    model = checkpoint.load(name, classes=len(labels))
    # LeNet-5's output is made of fixed codes: then there is nothing to learn in the head alone.
    first = epochs // 3 if model.layers[-1].trainable_variables else 0
    digest = hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest()
    seconds, done, best, history = 0.0, 0, None, []
    transform = mirrored if x.shape[-1] == 3 else None  # grey pictures may be letters, whose mirror image is another
    stages = (("head", model.layers[-1:], 5e-3, first), ("all", model.layers, 1e-3, epochs - first))
    for stage, layers, rate, count in stages:
        for layer in model.layers:
            # Batch normalisation keeps its statistics: those of few pictures would be worse.
            layer.trainable = layer in layers and not isinstance(layer, keras.layers.BatchNormalization)
        if not count:
            continue
        # Of few pictures small batches, so that an epoch has some twenty steps.
        size = min(32, max(4, len(training) // 20))
        batches = Batches(x[training], y[training], batch_size=size, seed=seed, transform=transform)
        model.compile(optimizer=keras.optimizers.Adam(rate), metrics=["accuracy"], jit_compile=jit_compile())
        settings = {"base": base.weights["sha256"], "labels": labels, "data": digest, "seed": seed, "epochs": epochs}
        folder = Path(runs) / f"finetune-{out.name}" / stage
        resume = Resume(folder, settings, "accuracy", patience=PATIENCE, restart=restart)
        resume.fit(model, batches, (x[held], y[held]), epochs=count)
        best = resume.best | {"epoch": done + resume.best["epoch"]}
        seconds, done = seconds + resume.seconds, done + resume.epoch
        history += [
            {"stage": stage, **{key: round(value, 4) for key, value in logs.items()}} for logs in resume.history
        ]
    command = ["zoo", "finetune", str(name), "--data", str(data), "-o", str(out)]
    command += ["--epochs", str(epochs), "--seed", str(seed)]
    logits = np.concatenate([compiled(model)(x[held[i : i + 256]]) for i in range(0, len(held), 256)])
    value = metrics.accuracy(logits, y[held])
    confusion = np.zeros((len(labels), len(labels)), int)  # true class, answer
    np.add.at(confusion, (y[held], logits.argmax(axis=-1)), 1)
    protocol = f"{HELD_BACK:.0%} of each class held back, and used to select the epoch"
    card = Card(
        name=out.name,
        summary=f"{base.name} fine-tuned to {len(labels)} classes: {', '.join(labels)}.",
        architecture=base.architecture,
        arguments=model.get_config(),
        parameters=int(sum(np.prod(v.shape) for v in model.trainable_variables)),
        input=base.input | {"description": f"a {'grey' if x.shape[-1] == 1 else 'colour'} picture, made that size"},
        output=base.output | {"shape": [len(labels)], "description": "one logit a class, in the order of the labels"},
        labels=labels,
        data={"name": "folder", "url": None, "split": "all", "licence": "the user's own", "commercial_use": None},
        metrics=[metrics.row("accuracy", "validation", value, n=len(held), protocol=protocol)],
        curves={"training": history, "confusion": confusion.tolist()},
        training={
            "command": shlex.join(command),
            "seed": seed,
            "epochs": done,
            "selected": best,
            "backend": keras.config.backend(),
            "precision": "float32",
            "hardware": hardware(),
            "wall_time_s": round(seconds),
            "versions": versions(),
        },
        intended_use="The classes above.",
        limits="Measured on images like those it was trained on; it names one of its classes for any picture.",
        licence=base.licence,
        commercial_use=base.commercial_use,
    )
    files = {"curves.png": plots.curves(history), "confusion.png": plots.confusion(confusion, labels)}
    checkpoint.save(model, out, card, files=files, force=force)
    shutil.rmtree(Path(runs) / f"finetune-{out.name}")  # done, so there is nothing left to go on with
    return card


def mirrored(x, y, rng):
    """Shifted by up to an eighth of the height, and mirrored every other time."""
    return shift_and_mirror(x, y, rng, shift=x.shape[1] // 8)


def split(y, seed) -> tuple[np.ndarray, np.ndarray]:
    """Indices to train on and indices held back: the same share of each class, at least one of two or more."""
    rng = np.random.default_rng(seed)
    training, held = [], []
    for label in np.unique(y):
        members = rng.permutation(np.flatnonzero(y == label))
        count = round(HELD_BACK * len(members)) or min(1, len(members) - 1)
        held += members[:count].tolist()
        training += members[count:].tolist()
    return np.array(training), np.array(held)
