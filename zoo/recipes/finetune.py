"""Fine-tune a classifier on a folder of class folders: keep what it sees, learn new names for it.

    my_photos/cat/001.jpg my_photos/cat/002.jpg ... my_photos/dog/001.jpg ...

or on the training split of a labelled data set in the catalogue.

First the new output layer alone, so that its random start does not spoil what is below; then all layers together, at
a rate fifty times lower. A fifth of each class is held back; of all epochs the one that does best on it is kept.
"""

import shlex
import shutil
import sys
from pathlib import Path

import keras
import numpy as np

from zoo import backend
from zoo.data import catalogue, datasets
from zoo.data.augment import shift_and_mirror
from zoo.data.batches import Batches
from zoo.data.images import find_images, fit, read_image
from zoo.errors import BadInput, UnknownName
from zoo.hub import checkpoint, metrics
from zoo.hub.card import Card
from zoo.hub.predictor import Compiled
from zoo.hub.registry import architecture
from zoo.recipes import plots
from zoo.recipes.resume import Resume, better
from zoo.recipes.training import code, copy_weights, data_facts, hardware, versions

HELD_BACK = 0.2  # of each class, to select on
PATIENCE = 5  # epochs without a better one before a stage ends
SPLITS = {"train", "training", "dev", "val", "valid", "validation", "test", "testing"}  # no names of classes
# Learning rate of each stage. Of 50 photographs a class, all layers at 1e-3 unlearn more than they learn.
RATES = {"head": 5e-3, "all": 1e-4, "whole": 1e-3}


def class_folders(folder) -> list[str]:
    """Names of the sub-folders of `folder`, sorted: the classes.

    Raises `BadInput` where there are fewer than two, or where they are splits that have the classes in them.
    """
    folder = Path(folder)
    names = sorted(child.name for child in folder.iterdir() if child.is_dir() and not child.name.startswith("."))
    if len(names) < 2:
        raise BadInput(f"{folder} has {len(names)} class folders; put the images of each class in a folder of its own")
    if SPLITS.issuperset(name.lower() for name in names):
        raise BadInput(f"{folder} has splits ({', '.join(names)}) where class folders should be; give one of them")
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


def of_catalogue(name, split, shape, data_dir=None):
    """Examples of a labelled data set in the catalogue at a model's size, as `read_examples` gives them.

    Raises `BadInput`, `MissingData`.
    """
    if catalogue.dataset(name).labels is None:
        raise BadInput(f"{name} has no labels, so there are no classes to learn from it")
    images, y = catalogue.load(name, split, data_dir)
    images = [image if image.shape[-1] == 3 else np.repeat(image, 3, axis=-1) for image in images]
    return np.stack([fit(image, shape) for image in images]), y


def labelled(data, shape, data_dir=None):
    """(x, y, labels) of a folder of class folders, or of the training split of a data set in the catalogue.

    x uint8 (N, H, W, C) of `shape`, y int64 (N,). Raises `BadInput`, `MissingData`, `UnknownName`.
    """
    if Path(data).is_dir():
        labels = class_folders(data)
        return (*read_examples(data, labels, shape), labels)
    if str(data) not in datasets.DATASETS:
        raise UnknownName("folder of class folders and no data set", str(data), datasets.DATASETS)
    return (*of_catalogue(str(data), "train", shape, data_dir), list(catalogue.dataset(str(data)).labels))


def divided(data, shape, seed, data_dir=None):
    """(batches to train on, (x, y) held back, labels) of what `labelled` reads.

    Raises `BadInput` also for a class of which nothing could be held back.
    """
    x, y, labels = labelled(data, shape, data_dir)
    for label, count in zip(labels, np.bincount(y, minlength=len(labels)), strict=True):
        if count < 2:
            raise BadInput(f"{Path(data) / label} holds {'one' if count else 'no'} image; give each class 2 or more")
    training, held = split(y, seed)
    transform = mirrored if shape[-1] == 3 else None  # grey pictures may be letters, whose mirror image is another
    # Of few pictures small batches, so that an epoch has some twenty steps.
    size = min(32, max(4, len(training) // 20))
    batches = Batches(x[training], y[training], batch_size=size, seed=seed, transform=transform)
    return batches, (x[held], y[held]), labels


def finetune(name, data, out, *, epochs=30, seed=1, data_dir=None, runs="runs", restart=False, force=False) -> Card:
    """Train a checkpoint's model on new classes and write the result as a checkpoint.

    Args:
        name: a classifier checkpoint, by name or folder.
        data: folder with a folder of images for each class, or a data set's name in the catalogue.
        out: folder to write; `zoo.load(out)` takes it.
    Raises:
        BadInput, OutputExists, UnknownName, MissingData, BadCheckpoint: in one line.
    """
    out = Path(out)
    run = Path(runs) / f"finetune-{out.name}"
    checkpoint.check_output(out, force)
    if epochs < 1:
        raise BadInput(f"--epochs {epochs}: train for at least 1")
    base = checkpoint.card(name)
    cls = architecture(base.architecture).cls
    if not base.labels or "classes" not in cls(**base.arguments).get_config():
        raise BadInput(f"{base.name} cannot be fine-tuned to new classes: it is no classifier with an output a class")
    shape, _ = base.takes()
    if len(shape) != 3 or None in shape:
        raise BadInput(f"{base.name} cannot be fine-tuned on pictures: it takes none of one size")
    batches, held, labels = divided(data, shape, seed, data_dir)
    own = {"name": "folder", "url": None, "split": "all", "licence": "the user's own", "commercial_use": None}
    facts = own if Path(data).is_dir() else data_facts([str(data)], "train")
    if restart:
        shutil.rmtree(run, ignore_errors=True)

    keras.utils.set_random_seed(seed)
    model = checkpoint.load(name, classes=len(labels))
    settings = {
        "base": base.weights["sha256"],
        "labels": labels,
        "data": [batches.digest(), Batches(*held, batch_size=1, seed=seed).digest()],
        "seed": seed,
        "epochs": epochs,
        "rates": RATES,
        "batch_size": batches.batch_size,
        "code": code(finetune, cls),
    }
    first = epochs // 3
    stages = [("head", model.layers[-1:], first), ("all", model.layers, epochs - first)]
    if not model.layers[-1].trainable_variables:  # LeNet-5's output is made of fixed codes
        stages = [("whole", model.layers, epochs)]
    seconds, done, best, weights, history = 0.0, 0, None, None, []
    for stage, layers, count in stages:
        for layer in model.layers:
            # Batch normalisation keeps its statistics: those of few pictures would be worse.
            layer.trainable = layer in layers and not isinstance(layer, keras.layers.BatchNormalization)
        if not count:
            continue
        optimizer = keras.optimizers.Adam(RATES[stage])
        model.compile(optimizer=optimizer, metrics=["accuracy"], jit_compile=backend.jit_compile())
        resume = Resume(run / stage, settings, "accuracy", patience=PATIENCE)
        resume.fit(model, batches, held, epochs=count)
        if better(resume.best, best):  # with few pictures all layers together can do worse than the head alone
            best = resume.best | {"epoch": done + resume.best["epoch"], "stage": stage}
            weights = model.get_weights()
        seconds, done = seconds + resume.seconds, done + resume.epoch
        history += [
            {"stage": stage, **{key: round(value, 4) for key, value in logs.items()}} for logs in resume.history
        ]
    model.set_weights(weights)
    shipped = cls(**model.get_config())  # with no layer frozen, so that its parameters can be counted
    copy_weights(model, shipped)

    x, y = held
    predict = Compiled(shipped)
    logits = np.concatenate([predict(x[start : start + 256]) for start in range(0, len(x), 256)])
    confusion = np.zeros((len(labels), len(labels)), int)  # true class, answer
    np.add.at(confusion, (y, logits.argmax(axis=-1)), 1)
    protocol = f"{HELD_BACK:.0%} of each class held back, and used to select the epoch"
    command = ["zoo", "finetune", str(name), "--data", str(data), "-o", str(out)]
    command += ["--epochs", str(epochs), "--seed", str(seed)]
    card = Card(
        name=out.name,
        summary=f"{base.name} fine-tuned to {len(labels)} classes: {', '.join(labels)}.",
        architecture=base.architecture,
        arguments=shipped.get_config(),
        parameters=int(sum(np.prod(v.shape) for v in shipped.trainable_variables)),
        input=base.input | {"description": f"a {'grey' if x.shape[-1] == 1 else 'colour'} picture, made that size"},
        # Nothing of the base's: what its recipe set, such as a threshold on the best logit, is no longer so.
        output={
            "kind": "logits",
            "shape": [len(labels)],
            "dtype": "float32",
            "description": "one logit a class, in the order of the labels",
        },
        labels=labels,
        data=facts,
        metrics=[metrics.row("accuracy", "validation", metrics.accuracy(logits, y), n=len(y), protocol=protocol)],
        curves={"training": history, "confusion": confusion.tolist()},
        training={
            "command": shlex.join(command),
            "seed": seed,
            "epochs": done,
            "selected": best,
            "batch_size": batches.batch_size,
            "backend": keras.config.backend(),
            "precision": "float32",
            "hardware": hardware(),
            "wall_time_s": round(seconds),
            "versions": versions(),
        },
        intended_use="The classes above.",
        limits="Measured on images like those it was trained on; it names one of its classes for any picture.",
        licence=base.licence if facts is own else f"{base.licence}; fine-tuned on {facts['licence']}",
        commercial_use=base.commercial_use and (facts is own or facts["commercial_use"] is True),
    )
    checkpoint.save(shipped, out, card, files=pictures(history, confusion, labels), force=force)
    shutil.rmtree(run)  # done, so there is nothing left to go on with
    return card


def pictures(history, confusion, labels) -> dict[str, bytes]:
    """The training's pictures by file name; none where they fail, which must not cost the training."""
    try:
        return {"curves.png": plots.curves(history), "confusion.png": plots.confusion(confusion, labels)}
    except Exception as error:  # a drawing library fails in ways of its own; the line says which
        print(f"no curves.png, no confusion.png: {checkpoint.one_line(error)}", file=sys.stderr)
        return {}


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
