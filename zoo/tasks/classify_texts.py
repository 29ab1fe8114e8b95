"""Text classification: a model such as BERT reads tokens and outputs one logit for each label.

A user's data are a CSV file with the columns text and label:

    text,label
    "The soup was cold.",bad
    "We will come back!",good
"""

from pathlib import Path

import numpy as np

from zoo.data import background
from zoo.data.tokens import padded
from zoo.errors import BadInput, quoted
from zoo.hub import checkpoint
from zoo.hub.registry import architecture
from zoo.kinds.table import read_table
from zoo.tasks import examples
from zoo.tasks.task import RATES, Classifier, ClassifierFineTuning, divided, hold_back

BATCH = 32


class ClassifyTexts(Classifier):
    takes = {"tokens": ("int32", 1), "segments": ("int32", 1)}
    reads_text = True
    measured = "fraction of the texts classified right"

    def example(self, card, count):
        tokens = examples.tokens(card.arguments, count)
        return {"tokens": tokens, "segments": np.zeros_like(tokens)}

    def arrays(self, texts, tokenizer):
        return tokenizer.arrays(texts)

    @staticmethod
    def collate(rows, y, rng):
        """Pads lists of tokens to one length, as inputs of a BERT; the labels stay."""
        tokens = padded(rows)
        return {"tokens": tokens, "segments": np.zeros_like(tokens)}, y

    def read(self, card, data, split, data_dir):
        return read_known(data, card.labels)

    def check_data(self, name, base, data, data_dir):
        training_texts(data)

    def finetuning(self, name, base, data, seed, data_dir):
        if "classes" not in architecture(base.architecture).cls(**base.arguments).get_config():
            return super().finetuning(name, base, data, seed, data_dir)
        return TextFineTuning(name, base, data, seed)


class TextFineTuning(ClassifierFineTuning):
    """Fine-tunes a BERT on a CSV file with the columns text and label. All layers are trained."""

    task = "classify_texts"
    limits = (
        "Measured on texts like those it was trained on. A best logit below the threshold means out of distribution: "
        "that detects some texts about other things, and more of them the more texts it was trained on."
    )
    others = "pieces of generated English prose"

    def __init__(self, name, base, data, seed):
        from zoo.data.batches import Batches  # late: it imports the framework

        texts, y, self.labels = training_texts(data)
        training, held = hold_back(y, seed)
        self.tokenizer = checkpoint.tokenizer(name)
        rows = [np.array(row, np.int32) for row in self.tokenizer(texts, special=True)]
        training_rows = [rows[i] for i in training]
        self.batches = Batches(
            training_rows,
            y[training],
            batch_size=min(BATCH, max(4, len(training) // 20)),
            seed=seed,
            transform=TASK.collate,
            lengths=list(map(len, training_rows)),
        )
        self.held = TASK.collate([rows[i] for i in held], y[held], None)
        self.texts = [[texts[i] for i in part] for part in (training, held)]
        prose = background.texts()
        self.background = tuple(self.tokenizer.arrays([prose[i] for i in part]) for part in divided(len(prose)))
        self.inputs = base.inputs

    def stages(self, model, epochs):
        return [("whole", model.layers, epochs, RATES["text"])]

    def baselines(self, predict):
        from zoo.metrics.baselines import tfidf  # late: scikit-learn takes a second to import

        score = tfidf.logistic_regression(self.texts[0], self.batches.y)
        return self.baseline(score(self.texts[1]), "TF-IDF of words and pairs of words, logistic regression")


def labelled(path) -> tuple[list[str], np.ndarray, list[str]]:
    """Texts, their labels as numbers int64 (N,), and the labels by number, of a CSV file with columns text and label.

    Rows without a text or a label are left out. Raises `BadInput`.
    """
    path = Path(path)
    if path.is_dir() or path.suffix.lower() not in (".csv", ".tsv"):
        raise BadInput(f"{path}: give a CSV file with the columns text and label")
    rows = [(text.strip(), label.strip()) for text, label in read_table(path, ("text", "label"))]
    rows = [(text, label) for text, label in rows if text and label]
    if not rows:
        raise BadInput(f"{path} has no labelled text; give rows with a text and a label")
    labels = sorted({label for _, label in rows})
    return [text for text, _ in rows], np.array([labels.index(label) for _, label in rows]), labels


def training_texts(path) -> tuple[list[str], np.ndarray, list[str]]:
    """As `labelled`. Raises `BadInput` also for fewer than two labels, and for one with a single text."""
    texts, y, labels = labelled(path)
    if len(labels) < 2:
        raise BadInput(f"{path} has {len(labels)} labels; give texts of 2 or more")
    if len(lone := np.flatnonzero(np.bincount(y) < 2)):
        raise BadInput(f"{path}: label {quoted(labels[lone[0]])} has one text; give each label 2 or more")
    return texts, y, labels


def read_known(path, known: list[str]) -> tuple[list[str], np.ndarray]:
    """Texts of a CSV file and their numbers among the labels `known`. Raises `BadInput` for one that isn't."""
    texts, y, labels = labelled(path)
    if strange := set(labels) - set(known):
        raise BadInput(f"{path}: label {quoted(min(strange))} is none of {', '.join(known)}")
    return texts, np.array([known.index(labels[number]) for number in y])


TASK = ClassifyTexts()
