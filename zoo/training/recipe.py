"""The base class of recipes: model x data set x task x hyperparameters. `zoo.training.loop` trains them."""

import numpy as np

from zoo import tasks
from zoo.data import catalogue
from zoo.data.batches import Batches, count, select
from zoo.hub import checkpoint, store


class Recipe:
    """A subclass names the four and overrides what is special; the task supplies the defaults."""

    # --- the checkpoint -------------------------------------------------------------------------------------------

    name: str  # of the checkpoint: architecture.tag
    summary: str
    arguments: dict = {}  # of the architecture's class
    task: str  # a file in zoo/tasks
    inputs: dict  # as in the card, without shapes and dtypes, which follow from the model
    outputs: dict  # likewise
    labels: list | None = None
    ood_threshold: float | None = None
    intended_use: str
    limits: str
    licence: str
    commercial_use: bool
    weights_dtype = "float32"  # how weights ship, or "float16" or "int8": see zoo.hub.quantization

    # --- data -----------------------------------------------------------------------------------------------------

    dataset: str  # trained on, a name in zoo.data.catalogue
    also_trained_on: tuple = ()  # more data sets
    selected_on: tuple = ()  # data sets that chose something, where that is not a part of the training split
    trained_split = "train"
    eval_dataset: str | None = None  # measured on, where that is another data set
    eval_split = "test"
    validation: int  # examples of the training split held back to select on

    # --- hyperparameters ------------------------------------------------------------------------------------------

    seed = 1
    seeds: tuple = ()  # of a control that is trained with each of them
    epochs: int
    batch_size: int
    precision = "float32"  # or "mixed_bfloat16", where the machine computes with it
    steps_per_execution = 1
    init: str | None = None  # a shipped checkpoint whose weights, but for the last layer's, this one starts from
    transform = None  # (x, y, rng) -> what `fit` takes, on each batch; None for the task's `collate`

    # --- targets --------------------------------------------------------------------------------------------------

    targets: dict = {}  # metric -> the figure to reach
    paper: dict = {}  # metric -> the figure in the paper
    protocol: str | None = None  # how it is measured; None for the task's own words

    @property
    def architecture(self) -> str:
        return self.name.split(".")[0]

    @property
    def monitor(self) -> str | None:
        """A metric of `fit`: the epoch with the highest one on validation ships; None ships the last epoch."""
        return "accuracy" if tasks.find(self.task).accuracy else None

    # --- training -------------------------------------------------------------------------------------------------

    def examples(self, split, data_dir=None, folder=None):
        """(x, y) of a split: from the prepared data set, or from `folder` in the layout `zoo data show` documents."""
        dataset = self.eval_dataset or self.dataset
        if folder is not None:
            return catalogue.load_folder(dataset, split, folder)
        return catalogue.load(dataset, split, data_dir)

    def training_data(self, data_dir) -> tuple:
        """Training batches from epoch 0 on, and validation data for `fit`."""
        x, y = self.examples(self.trained_split, data_dir)
        order = np.random.default_rng(self.seed).permutation(count(x))
        held, rest = order[: self.validation], order[self.validation :]
        collate = tasks.find(self.task).collate
        batches = Batches(
            select(x, rest),
            select(y, rest),
            batch_size=self.batch_size,
            seed=self.seed,
            transform=self.transform or collate,
        )
        validation = select(x, held), select(y, held)
        return batches, validation if collate is None else collate(*validation, None)

    def epoch_data(self, epoch: int, model):
        """(x, y) to train on from this epoch on, made with the model as it is, such as by self-play; None for the same.

        Must follow from the epoch and the model alone, or else an interrupted training would not give the same weights.
        """
        return None

    def tokenizer(self, data_dir):
        """The tokeniser of a model that reads text, the same each time; None for others."""
        return None

    def optimizer(self, steps: int):
        """The optimiser with its schedule over `steps` updates."""
        raise NotImplementedError

    def compile(self, model, steps: int, **options) -> None:
        measured = ["accuracy"] if tasks.find(self.task).accuracy else []
        model.compile(optimizer=self.optimizer(steps), metrics=measured, **options)

    def finish(self, model, validation) -> None:
        """Change the trained float32 model before it is measured and shipped."""

    # --- other trainings ------------------------------------------------------------------------------------------

    def load_init(self, model, data_dir) -> None:
        """Initialise a new model from the weights of `init`."""
        store.copy_layers(checkpoint.load(self.init), model)

    def starts_from(self):
        """A recipe to train first; training starts from its weights. None for random weights."""
        return None

    def prepare(self, model) -> None:
        """Change the weights that came from `starts_from`, before training."""

    def teachers(self) -> list:
        """Recipes to train first, once with each of their seeds, whose outputs this one learns from.

        An interrupted training resumes where they give the same outputs to the last bit, as on one machine with one
        number of threads.
        """
        return []

    def set_teachers(self, teachers: list) -> None:
        """Take the trained teachers, each a `zoo.runtime.predictor.Predictor`, in their order."""

    def controls(self) -> list:
        """Ablations: recipes that differ in one thing, trained and measured alongside; or teachers.

        One with several `seeds` is trained with each; the card has the mean and its deviation.
        """
        return []

    # --- measuring ------------------------------------------------------------------------------------------------

    def split_name(self, split: str) -> str:
        """How cards name a split: with its data set before it where that is not the one trained on."""
        elsewhere = self.eval_dataset not in (None, self.dataset)
        return f"{self.eval_dataset}-{split}" if elsewhere else split

    def evaluate(self, predict, examples, split: str) -> tuple[list[dict], dict]:
        """Measure a `zoo.runtime.predictor.Predictor` on the `examples` of a split.

        Returns:
            the rows of the card's `metrics` and its `curves`.
        """
        rows, curves = tasks.find(self.task).measure(predict, examples, self.split_name(split), self.protocol)
        if split == self.eval_split:
            rows = [row | {"paper": self.paper.get(row["metric"])} for row in rows]
        return rows, curves

    def goals(self, card) -> dict:
        """`targets`, and those that depend on other rows of the card."""
        return self.targets

    def baselines(self, data_dir) -> list[dict]:
        """Rows of the card for other methods on the same data, measured now."""
        return []
