"""The base class of tasks: batching, decoding, evaluation and fine-tuning, for any model and data set.

A card names its task. `zoo eval`, `zoo finetune`, exports, predictors, recipes and golden tests use it. To add one,
write a file in this folder with a subclass of `Task` and `TASK`, an instance of it.
"""

import abc

import numpy as np

from zoo import metrics
from zoo.data.labels import confidence, probabilities
from zoo.errors import BadCheckpoint, BadInput
from zoo.hub import checkpoint

HELD_BACK = 0.2  # of each class, to select the epoch on
# Learning rate of each stage. Of 50 photographs a class, all layers at 1e-3 unlearn more than they learn.
RATES = {"head": 5e-3, "all": 1e-4, "whole": 1e-3, "text": 3e-4}
ACCEPTANCE = "fraction of them whose best logit reaches the threshold"
OWN = {"name": "own", "url": None, "split": "all", "licence": "the user's own", "commercial_use": None}


class Task(abc.ABC):
    """The defaults of a task. `card` is the card of a checkpoint, or its recipe, which has the same fields.

    collate(x, y, rng): makes a batch for `fit` from examples, like `transform` of `zoo.data.batches.Batches`; None
        where examples are arrays of one shape, which are stacked.
    takes: inputs that cards of the task have: name -> (dtype, number of axes without the batch). Some have more.
    gives: the names of the outputs that they have.
    reads_text: whether predictors also take a list of str.
    accuracy: whether `fit` reports the accuracy; if so, recipes select the epoch with the highest on validation.
    """

    takes: dict[str, tuple[str, int]]
    gives: tuple[str, ...] = ("logits",)
    collate = None
    reads_text = False
    accuracy = False

    @property
    def name(self) -> str:
        return type(self).__module__.rpartition(".")[2]

    def check(self, card) -> None:
        """Raise `BadCheckpoint` for the card of a checkpoint whose inputs and outputs aren't of the task."""
        found = {name: (facts["dtype"], len(facts["shape"])) for name, facts in card.inputs.items()}
        for name, (dtype, axes) in self.takes.items():
            if found.get(name) != (dtype, axes):
                wanted = f"has an input {name}, {dtype} with {axes} axes and the batch's"
                raise BadCheckpoint(f"card of {card.name} is none for {self.name}, which {wanted}; zoo.load reads it")
        if missing := [name for name in self.gives if name not in card.outputs]:
            wanted = f"has an output {missing[0]}"
            raise BadCheckpoint(f"card of {card.name} is none for {self.name}, which {wanted}; zoo.load reads it")

    @abc.abstractmethod
    def example(self, card, count: int) -> dict[str, np.ndarray]:
        """Inputs of `count` examples, the same each time: exports and golden outputs are compared on them."""

    def arrays(self, texts, tokenizer) -> dict[str, np.ndarray]:
        """Model inputs for texts, where `reads_text`."""
        raise NotImplementedError

    @abc.abstractmethod
    def decode(self, card, outputs: dict, tokenizer=None) -> list:
        """The outputs in readable form, such as labels or images, one for each example."""

    def part(self, card, name: str):
        """The card of a part of the model that works alone, such as "decoder". Raises `BadInput` for other names."""
        raise BadInput(f"{card.name} has no part {name!r} that can be used alone")

    def measure(self, predict, examples, split: str, protocol: str | None = None) -> tuple[list[dict], dict]:
        """Evaluate a `zoo.runtime.predictor.Predictor`: the rows of a card's `metrics`, and its `curves`.

        examples: as `read` or a recipe returns them. protocol: replaces the task's description of the measurement.
        """
        raise NotImplementedError(f"recipes for {self.name} have an `evaluate` of their own")

    def read(self, card, data, split: str, data_dir):
        """Read a user's data for `measure`: a `Path` of a folder or file, or the name of a data set.

        Raises `BadInput` where the checkpoint cannot be evaluated on them.
        """
        raise BadInput(f"{card.name} cannot be measured on data of one's own; its recipe measures it on its data set")

    def check_data(self, name, base, data, data_dir) -> None:
        """Raises `BadInput` for what `finetuning` would refuse, as far as no framework has to be imported to see it."""
        self.finetuning(name, base, data, 0, data_dir)

    def finetuning(self, name, base, data, seed, data_dir) -> "FineTuning":
        """Set up fine-tuning of the checkpoint `name`, whose card is `base`, on a user's data.

        Raises `BadInput` for a checkpoint or data that cannot be used.
        """
        raise BadInput(f"{base.name} cannot be fine-tuned to new classes: it is no classifier with an output a class")


class FineTuning(abc.ABC):
    """A checkpoint and the data to fine-tune it on. Subclasses set the attributes; `zoo.training.finetune` trains.

    batches: training data, `zoo.data.batches.Batches`. held: validation data (x, y), to select the epoch on.
    background: of classifiers, inputs of examples of no class: (to calibrate on, to measure the rejection rate on).
    ood_threshold: as on a card; set when the trained model has been calibrated.
    """

    name = "the fine-tuned model"  # as errors call it
    task: str  # of the new checkpoint, as are those below
    inputs: dict  # shapes and dtypes may be left out: the model has them
    outputs: dict  # likewise
    labels: list | None = None
    tokenizer = None
    facts: dict = OWN  # what the card says of the data
    limits: str
    monitor = "accuracy"  # which epoch is best
    batches = None
    held: tuple
    background: tuple | None = None
    ood_threshold: float | None = None

    @abc.abstractmethod
    def model(self, name):
        """The model to train, with the weights of the checkpoint `name`."""

    @abc.abstractmethod
    def stages(self, model, epochs: int) -> list[tuple]:
        """(name, layers that learn, epochs, learning rate) of the stages of the training, one after the other."""

    @abc.abstractmethod
    def measure(self, predict) -> tuple[list[dict], dict]:
        """Rows of the card's `metrics`, measured on what was held back, and its `curves`."""

    @abc.abstractmethod
    def baselines(self, predict) -> list[dict]:
        """Rows of the card's `metrics` for what is simpler than fine-tuning, measured on what was held back.

        predict: a `zoo.runtime.predictor.Predictor` of the checkpoint that it starts from.
        """

    @abc.abstractmethod
    def summary(self, base) -> str:
        """The card's one sentence; `base` is the card of the checkpoint that it started from."""


class Classifier(Task):
    """Classification with one logit for each label, or a single logit for two labels."""

    accuracy = True
    measured = "fraction of the examples classified right"

    def decode(self, card, outputs, tokenizer=None):
        """For each example {"label", "in_distribution", "labels"}.

        label: the most probable one, None where the example is out of distribution. in_distribution: None where the
        card has no threshold. labels: [(label, probability)], most probable first.

        Raises `BadCheckpoint` where the card and the model have different numbers of labels.
        """
        logits = np.asarray(outputs["logits"])
        softmax = probabilities(logits)  # (B, labels)
        if softmax.shape != (len(logits), len(card.labels or ())):
            raise BadCheckpoint(f"{card.name} has {len(card.labels or ())} labels for logits of shape {logits.shape}")
        found = []
        for row, best in zip(softmax, confidence(logits), strict=True):
            ranked = [(card.labels[i], float(row[i])) for i in np.argsort(-row, kind="stable")]
            accepted = None if card.ood_threshold is None else bool(best >= card.ood_threshold)
            label = None if accepted is False else ranked[0][0]
            found.append({"label": label, "in_distribution": accepted, "labels": ranked})
        return found

    def measure(self, predict, examples, split, protocol=None):
        x, y = examples
        logits, threshold = predict(x)["logits"], predict.card.ood_threshold
        protocol = protocol or self.measured
        rows = [metrics.row("accuracy", split, metrics.accuracy(logits, y), n=len(y), protocol=protocol)]
        if threshold is not None:
            accepted = 100 * np.mean(confidence(logits) >= threshold)
            rows.append(metrics.row("acceptance_rate", split, accepted, n=len(y), protocol=ACCEPTANCE))
        return rows, {}


class ClassifierFineTuning(FineTuning):
    """Fine-tunes a classifier to new classes, with a new output layer. Subclasses read the data and set `labels`.

    others: what the background consists of, in a few words.
    """

    others: str
    outputs = {"logits": {"description": "one logit a class, in the order of the labels"}}

    def model(self, name):
        return checkpoint.load(name, classes=len(self.labels))

    def measure(self, predict):
        x, y = self.held
        logits, unsure = predict(x)["logits"], confidence(predict(self.background[1])["logits"])
        confusion = np.zeros((len(self.labels), len(self.labels)), int)  # true class, predicted class
        np.add.at(confusion, (y, logits.argmax(axis=-1)), 1)
        protocol = f"{HELD_BACK:.0%} of each class held back, and used to select the epoch"
        accepted = 100 * np.mean(confidence(logits) >= self.ood_threshold)
        rejected = 100 * np.mean(unsure < self.ood_threshold)
        chosen = f"{ACCEPTANCE}, which was chosen on them"
        strange = f"fraction of {self.others} whose best logit is below the threshold; it was chosen with others"
        rows = [
            metrics.row("accuracy", "validation", metrics.accuracy(logits, y), n=len(y), protocol=protocol),
            metrics.row("acceptance_rate", "validation", accepted, n=len(y), protocol=chosen),
            metrics.row("rejection_rate", "background", rejected, n=len(unsure), protocol=strange),
        ]
        return rows, {"confusion": confusion.tolist()}

    def baseline(self, scores, protocol: str) -> list[dict]:
        """A row for a baseline's scores (N, classes) of what was held back."""
        y = self.held[1]
        value = metrics.accuracy(scores, y)
        return [metrics.row("accuracy", "validation", value, role="baseline", n=len(y), protocol=protocol)]

    def summary(self, base):
        return f"{base.name} fine-tuned to {len(self.labels)} classes: {', '.join(self.labels)}."


def divided(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of a background set, three of four to calibrate on and every fourth to measure on."""
    fourth = np.arange(count) % 4 == 3
    return np.flatnonzero(~fourth), np.flatnonzero(fourth)


def hold_back(y, seed) -> tuple[np.ndarray, np.ndarray]:
    """Stratified split into training and validation indices: `HELD_BACK` of each class, at least one of two or more."""
    rng = np.random.default_rng(seed)
    training, held = [], []
    for label in np.unique(y):
        members = rng.permutation(np.flatnonzero(y == label))
        count = round(HELD_BACK * len(members)) or min(1, len(members) - 1)
        held += members[:count].tolist()
        training += members[count:].tolist()
    return np.array(training, int), np.array(held, int)
