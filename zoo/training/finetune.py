"""Fine-tune a checkpoint on data of one's own: keep what it knows, learn new names or a new manner.

What the data are, and how they are learned from, follows from what the checkpoint reads: `finetune_pictures` and
`finetune_texts`. A part is held back; of all epochs the one that does best on it is kept.
"""

import abc
import contextlib
import shutil
import sys
from pathlib import Path

import keras
import numpy as np

from zoo import metrics
from zoo.data.batches import Batches
from zoo.errors import BadInput
from zoo.hub import checkpoint, store
from zoo.hub.card import Card
from zoo.hub.registry import architecture
from zoo.runtime import backend
from zoo.training import plots
from zoo.training.loop import code, copy_weights, hardware, line, versions
from zoo.training.resume import Resume, better

HELD_BACK = 0.2  # of each class, to select on
PATIENCE = 5  # epochs without a better one before a stage ends
# Learning rate of each stage. Of 50 photographs a class, all layers at 1e-3 unlearn more than they learn.
RATES = {"head": 5e-3, "all": 1e-4, "whole": 1e-3, "text": 3e-4}
OWN = {"name": "own", "url": None, "split": "all", "licence": "the user's own", "commercial_use": None}


class Task(abc.ABC):
    """One kind of data to fine-tune on. Subclasses set what stands first, and give the abstract methods.

    Made of the base checkpoint's name and card, the data, the seed and the folder of prepared data sets; raises a
    `ZooError` in one line for what cannot be used.
    """

    batches: Batches
    held: tuple  # (x, y) held back, for `fit`
    labels: list | None = None
    facts: dict = OWN  # what the card says of the data
    tokenizer = None
    monitor = "accuracy"
    input: dict  # of the card
    output: dict
    limits: str

    @abc.abstractmethod
    def model(self, name):
        """The model to train, with the base's weights."""

    @abc.abstractmethod
    def stages(self, model, epochs) -> list[tuple]:
        """(name, layers that learn, epochs, learning rate) of the parts of the training, one after the other."""

    @abc.abstractmethod
    def measure(self, model) -> tuple[list[dict], dict]:
        """Rows for the card's `metrics`, measured on what was held back, and its `curves`."""

    def pictures(self, curves) -> dict:
        """PNG files to write beside the checkpoint: name -> bytes."""
        return {"curves.png": plots.curves(curves["training"])}

    @abc.abstractmethod
    def summary(self, base) -> str:
        """The card's one sentence; `base` is the card of what it started from."""


class Classes(Task):
    """New classes for a classifier, told apart by a new output layer."""

    def model(self, name):
        return checkpoint.load(name, classes=len(self.labels))

    def measure(self, model):
        x, y = self.held
        logits = model.predict(x, batch_size=64, verbose=0)
        confusion = np.zeros((len(self.labels), len(self.labels)), int)  # true class, answer
        np.add.at(confusion, (y, logits.argmax(axis=-1)), 1)
        protocol = f"{HELD_BACK:.0%} of each class held back, and used to select the epoch"
        row = metrics.row("accuracy", "validation", metrics.accuracy(logits, y), n=len(y), protocol=protocol)
        return [row], {"confusion": confusion.tolist()}

    def pictures(self, curves):
        confusion = plots.confusion(np.array(curves["confusion"]), self.labels)
        return super().pictures(curves) | {"confusion.png": confusion}

    @property
    def output(self):
        # Nothing of the base's: what its recipe set, such as a threshold on the best logit, is no longer so.
        return {
            "kind": "logits",
            "shape": [len(self.labels)],
            "dtype": "float32",
            "description": "one logit a class, in the order of the labels",
        }

    def summary(self, base):
        return f"{base.name} fine-tuned to {len(self.labels)} classes: {', '.join(self.labels)}."


def task(name, base, data, seed, data_dir) -> Task:
    """What fine-tuning a checkpoint on these data is. Raises `BadInput` for one that cannot be fine-tuned."""
    from zoo.training.finetune_images import Pictures
    from zoo.training.finetune_texts import Continuation, Sentences

    if base.input.get("kind") == "tokens" and base.tokenizer:
        return Continuation(name, base, data, seed, data_dir)
    if "classes" not in architecture(base.architecture).cls(**base.arguments).get_config():
        raise BadInput(f"{base.name} cannot be fine-tuned to new classes: it is no classifier with an output a class")
    if base.input.get("kind") == "sentences":
        return Sentences(name, base, data, seed, data_dir)
    if not base.labels:
        raise BadInput(f"{base.name} cannot be fine-tuned to new classes: it is no classifier with an output a class")
    return Pictures(name, base, data, seed, data_dir)


def finetune(name, data, out, *, epochs=30, seed=1, data_dir=None, runs="runs", restart=False, force=False) -> Card:
    """Train a checkpoint's model on new data and write the result as a checkpoint.

    Args:
        name: a checkpoint, by name or folder: a classifier of pictures, a BERT, or a language model such as a GPT.
        data: folder with a folder of images for each class, or the name of a data set in the catalogue or of one that
            TFDS has prepared; CSV file with the columns text and label; text file.
        out: folder to write; `zoo.load(out)` takes it.
    Raises:
        BadInput, OutputExists, UnknownName, MissingData, BadCheckpoint: in one line.
    """
    out = Path(out)
    run = Path(runs) / f"finetune-{out.name}"
    store.check_output(out, force)
    if epochs < 1:
        raise BadInput(f"--epochs {epochs}: train for at least 1")
    base = checkpoint.card(name)
    work = task(name, base, data, seed, data_dir)
    if restart:
        shutil.rmtree(run, ignore_errors=True)

    keras.utils.set_random_seed(seed)
    model = work.model(name)
    settings = {
        "base": base.weights["sha256"],
        "labels": work.labels,
        "data": [work.batches.digest(), _digest(work.held)],
        "seed": seed,
        "epochs": epochs,
        "rates": RATES,
        "batch_size": work.batches.batch_size,
        "code": code(finetune, type(work), type(model)),
    }
    seconds, done, best, weights, history = 0.0, 0, None, None, []
    for stage, layers, count, rate in work.stages(model, epochs):
        for layer in model.layers:
            # Batch normalisation keeps its statistics: those of few pictures would be worse.
            layer.trainable = layer in layers and not isinstance(layer, keras.layers.BatchNormalization)
        if not count:
            continue
        optimizer = keras.optimizers.Adam(rate)
        model.compile(optimizer=optimizer, metrics=["accuracy"], jit_compile=backend.jit_compile())
        resume = Resume(run / stage, settings, work.monitor, patience=PATIENCE)
        resume.fit(model, work.batches, work.held, epochs=count)
        if better(resume.best, best):  # with few examples all layers together can do worse than the head alone
            best = resume.best | {"epoch": done + resume.best["epoch"], "stage": stage}
            weights = model.get_weights()
        seconds, done = seconds + resume.seconds, done + resume.epoch
        history += [
            {"stage": stage, **{key: round(value, 4) for key, value in logs.items()}} for logs in resume.history
        ]
    model.set_weights(weights)
    shipped = type(model)(**model.get_config())  # with no layer frozen, so that its parameters can be counted
    copy_weights(model, shipped)

    rows, curves = work.measure(shipped)
    curves = {"training": history, **curves}
    command = ["zoo", "finetune", str(name), "--data", str(data), "-o", str(out)]
    command += ["--epochs", str(epochs), "--seed", str(seed)]
    own = work.facts is OWN
    card = Card(
        name=out.name,
        summary=work.summary(base),
        architecture=base.architecture,
        arguments=shipped.get_config(),
        parameters=int(sum(np.prod(v.shape) for v in shipped.trainable_variables)),
        input=work.input,
        output=work.output,
        labels=work.labels,
        data=work.facts,
        metrics=rows,
        curves=curves,
        training={
            "command": line(command),
            "seed": seed,
            "epochs": done,
            "selected": best,
            "batch_size": work.batches.batch_size,
            "backend": keras.config.backend(),
            "precision": "float32",
            "hardware": hardware(),
            "wall_time_s": round(seconds),
            "versions": versions(),
        },
        intended_use="The data above." if work.labels is None else "The classes above.",
        limits=work.limits,
        licence=base.licence if own else f"{base.licence}; fine-tuned on {work.facts['licence']}",
        commercial_use=base.commercial_use and (own or work.facts["commercial_use"] is True),
    )
    store.save(shipped, out, card, tokenizer=work.tokenizer, files=_pictures(work, curves), force=force)
    shutil.rmtree(run)  # done, so there is nothing left to go on with
    with contextlib.suppress(OSError):  # other trainings' states are there
        run.parent.rmdir()
    return card


def _digest(held) -> str:
    """SHA-256 of the arrays held back."""
    return Batches(np.concatenate([np.ravel(part) for part in keras.tree.flatten(held)]), batch_size=1, seed=0).digest()


def _pictures(work: Task, curves) -> dict[str, bytes]:
    """The training's pictures by file name; none where they fail, which must not cost the training."""
    try:
        return work.pictures(curves)
    except Exception as error:  # a drawing library fails in ways of its own; the line says which
        print(f"no curves.png, no confusion.png: {store.one_line(error)}", file=sys.stderr)
        return {}


def split(y, seed) -> tuple[np.ndarray, np.ndarray]:
    """Indices to train on and indices held back: the same share of each class, at least one of two or more."""
    rng = np.random.default_rng(seed)
    training, held = [], []
    for label in np.unique(y):
        members = rng.permutation(np.flatnonzero(y == label))
        count = round(HELD_BACK * len(members)) or min(1, len(members) - 1)
        held += members[:count].tolist()
        training += members[count:].tolist()
    return np.array(training, int), np.array(held, int)
