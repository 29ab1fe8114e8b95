"""Fine-tune on texts: a BERT on labelled ones, a language model on the text of a file.

text,label
"The soup was cold.",bad
"We will come back!",good
"""

from pathlib import Path

import numpy as np

from zoo import metrics
from zoo.data.batches import Batches, Windows
from zoo.data.tokens import padded
from zoo.errors import BadInput
from zoo.hub import checkpoint
from zoo.kinds.table import read_table
from zoo.kinds.text import read_text
from zoo.runtime.predictor import Compiled
from zoo.training.families.language_model import numbers, token_nll
from zoo.training.finetune import RATES, Classes, Task, split

HELD_TEXT = 0.1  # of a text, at its end
BATCH = 32


class Sentences(Classes):
    """New classes for a BERT, from a CSV file with the columns text and label. All layers learn."""

    def __init__(self, name, base, data, seed, data_dir):
        texts, y, self.labels = labelled(data)
        if len(self.labels) < 2:
            raise BadInput(f"{data} has {len(self.labels)} labels; give texts of 2 or more")
        training, held = split(y, seed)
        if len(np.unique(y[held])) < len(self.labels):
            lone = self.labels[np.flatnonzero(np.bincount(y) < 2)[0]]
            raise BadInput(f"{data}: label {lone!r} has one text; give each label 2 or more")
        self.tokenizer = checkpoint.tokenizer(name)
        rows = [np.array(row, np.int32) for row in self.tokenizer(texts, special=True)]

        def arrays(rows, y, rng):
            tokens = padded(rows)
            return {"tokens": tokens, "segments": np.zeros_like(tokens)}, y

        kept = [rows[i] for i in training]
        self.batches = Batches(
            kept,
            y[training],
            batch_size=min(BATCH, max(4, len(training) // 20)),
            seed=seed,
            transform=arrays,
            lengths=list(map(len, kept)),
        )
        self.held = arrays([rows[i] for i in held], y[held], None)
        self.input = base.input
        self.limits = "Measured on texts like those it was trained on; it names one of its classes for any text."

    def stages(self, model, epochs):
        return [("whole", model.layers, epochs, RATES["text"])]


class Continuation(Task):
    """A new manner for a language model, from a text file. All layers learn."""

    monitor = "loss"

    def __init__(self, name, base, data, seed, data_dir):
        path = Path(data)
        if path.suffix.lower() == ".csv" or path.is_dir():
            raise BadInput(f"{base.name} goes on with texts, so it is fine-tuned on a text file; {data} is none")
        text = read_text(path)
        self.tokenizer = checkpoint.tokenizer(name)
        tokens = numbers(self.tokenizer, [text])
        context = base.arguments.get("context", 128)
        cut = int(len(tokens) * (1 - HELD_TEXT))
        if len(tokens) - cut <= context or cut <= 2 * context:
            least = int((context + 1) / HELD_TEXT) + 1
            raise BadInput(f"{data} has {len(tokens)} tokens, too few to learn from; give {least} or more")
        # Of short texts small batches, so that an epoch has some twenty steps.
        size = min(BATCH, max(1, cut // context // 20))
        self.batches = Windows(tokens[:cut], context, batch_size=size, seed=seed)
        self.rest, self.context = tokens[cut:], context
        count = (len(self.rest) - 1) // context
        rest = self.rest[: count * context + 1]
        self.held = tuple(part.reshape(count, context) for part in (rest[:-1], rest[1:]))
        self.unit = base.result("nll")["unit"] if base.result("nll") else "nats/token"
        self.input, self.output = base.input, base.output
        self.limits = "It writes in the manner of one text, and may repeat parts of it word for word."

    def model(self, name):
        return checkpoint.load(name)

    def stages(self, model, epochs):
        return [("whole", model.layers, epochs, RATES["text"])]

    def measure(self, model):
        surprise = token_nll(Compiled(model), self.rest, self.context)
        protocol = f"the last {HELD_TEXT:.0%} of the text, held back and used to select the epoch"
        return [
            metrics.row("nll", "validation", np.mean(surprise), n=len(surprise), unit=self.unit, protocol=protocol)
        ], {}

    def summary(self, base):
        return f"{base.name} fine-tuned on a text of {len(self.batches.tokens) + len(self.rest):,} tokens."


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


def read_known(path, known: list[str]) -> tuple[list[str], np.ndarray]:
    """Texts of a CSV file and their numbers among the labels `known`. Raises `BadInput` for one that isn't."""
    texts, y, labels = labelled(path)
    if strange := set(labels) - set(known):
        raise BadInput(f"{path}: label {min(strange)!r} is none of {', '.join(known)}")
    return texts, np.array([known.index(labels[number]) for number in y])
