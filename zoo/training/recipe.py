"""What a recipe is: the part of a training that is special about one checkpoint. `zoo.training.loop` runs it."""

import numpy as np

from zoo import metrics
from zoo.data import catalogue
from zoo.data.batches import Batches
from zoo.hub import checkpoint, store


class Recipe:
    """Defaults for a classifier of labelled images; a recipe overrides what it does differently."""

    name: str  # of the checkpoint: architecture.tag
    summary: str
    arguments: dict = {}  # of the architecture's class
    dataset: str  # trained on, a name in zoo.data.catalogue
    also_trained_on: tuple = ()  # more data sets
    selected_on: tuple = ()  # data sets that chose something, where that is not a part of the training split
    trained_split = "train"
    eval_dataset: str | None = None  # measured on, where that is another data set
    eval_split = "test"
    validation = 5000  # examples of the training split held back to select on
    seed = 1
    epochs: int
    batch_size = 128
    precision = "float32"  # or "mixed_bfloat16", where the machine computes with it
    steps_per_execution = 1
    monitor: str | None = "accuracy"  # the epoch with the highest one on validation is kept; None keeps the last
    weights_dtype = "float32"  # how weights ship, or "float16" or "int8": see zoo.hub.quantization
    targets: dict = {}  # metric -> the figure to reach
    paper: dict = {}  # metric -> the figure in the paper
    protocol = "share of the 10,000 test images classified right, undistorted"
    input: dict
    output: dict
    labels: list | None = None
    intended_use: str
    limits: str
    licence: str
    commercial_use: bool

    @property
    def architecture(self) -> str:
        return self.name.split(".")[0]

    # --- training -------------------------------------------------------------------------------------------------

    def examples(self, split, data_dir=None, folder=None):
        """(x, y) of a split: from the prepared data set, or from `folder` in the layout `zoo data show` documents."""
        dataset = self.eval_dataset or self.dataset
        if folder is not None:
            return catalogue.load_folder(dataset, split, folder)
        return catalogue.load(dataset, split, data_dir)

    def training_data(self, data_dir):
        """Training batches from epoch 0 on, and validation data for `fit`."""
        x, y = self.examples(self.trained_split, data_dir)
        order = np.random.default_rng(self.seed).permutation(len(x))
        held, kept = order[: self.validation], order[self.validation :]
        batches = Batches(x[kept], y[kept], batch_size=self.batch_size, seed=self.seed, transform=self.transform)
        return batches, (x[held], y[held])

    transform = None  # (x, y, rng) -> (x, y), on each batch

    def tokenizer(self, data_dir):
        """The tokeniser of a model that reads text, the same each time; None for others."""
        return None

    def optimizer(self, steps: int):
        """The optimiser with its schedule over `steps` updates."""
        raise NotImplementedError

    def compile(self, model, steps: int, **options) -> None:
        model.compile(optimizer=self.optimizer(steps), metrics=["accuracy"], **options)

    def finish(self, model, validation) -> None:
        """Last changes to the trained float32 model before it is measured and shipped."""

    init: str | None = None  # a shipped checkpoint whose weights, but for the last layer's, this one starts from

    def start(self, model, data_dir) -> None:
        """Give a new model what it starts from of the weights of `init`."""
        store.copy_layers(checkpoint.load(self.init), model)

    def starts_from(self):
        """A recipe to train first, whose weights this one starts from, or None."""
        return None

    def begin(self, model) -> None:
        """Changes to the weights that `starts_from` gave, before training."""

    def teachers(self) -> list:
        """Recipes to train first, once with each of their seeds, whose answers this one learns from.

        An interrupted training goes on where they give the same answers to the last bit, as on one machine with one
        number of threads.
        """
        return []

    def set_teachers(self, teachers: list) -> None:
        """Take what the tutors have become, each a `zoo.runtime.predictor.Compiled`, in their order."""

    def controls(self) -> list:
        """Recipes that differ in one thing, trained and measured alongside to show what that thing does; or tutors.

        One with several `seeds` is trained with each; the card has the mean and its deviation.
        """
        return []

    def goals(self, card) -> dict:
        """`targets`, and those that hang on what else was measured and is in the card."""
        return self.targets

    def baselines(self, data_dir) -> list[dict]:
        """Rows of the card for what another method gets on the same data, measured now."""
        return []

    seeds: tuple = ()

    # --- measuring ------------------------------------------------------------------------------------------------

    def split_name(self, split: str) -> str:
        """How cards name a split: with its data set before it where that is not the one trained on."""
        elsewhere = self.eval_dataset not in (None, self.dataset)
        return f"{self.eval_dataset}-{split}" if elsewhere else split

    def evaluate(self, predict, examples, split: str) -> tuple[list[dict], dict]:
        """Measure a model. `predict`, a `zoo.runtime.predictor.Compiled`, maps a batch of inputs to outputs.

        Returns:
            the rows of the card's `metrics` and its `curves`.
        """
        x, y = examples
        logits = np.concatenate([predict(x[start : start + 512]) for start in range(0, len(x), 512)])
        value = metrics.accuracy(logits, y)
        paper = self.paper.get("accuracy") if split == self.eval_split else None
        row = metrics.row("accuracy", self.split_name(split), value, n=len(y), paper=paper, protocol=self.protocol)
        return [row], {}
