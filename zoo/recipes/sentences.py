"""What the recipes that teach a BERT to tell sentences apart have in common."""

import functools

import keras
import numpy as np

from zoo.data.batches import Batches
from zoo.data.tokens import filled
from zoo.hub import checkpoint, metrics
from zoo.recipes.recipe import Recipe


class Sentences(Recipe):
    """Fine-tunes `bert.gutenberg` on labelled sentences, as section 3.2 of the paper has it."""

    architecture = "bert"
    init = "bert.gutenberg"
    classes: int
    batch_size = 32
    peak = 5e-4  # the learning rate's, after warming up
    half = True
    input = {
        "kind": "sentences",
        "arrays": {"tokens": "int32", "segments": "int32"},
        "description": "[CLS] sentence [SEP], all of it segment 0",
    }

    @property
    def arguments(self):
        return checkpoint.card(self.init).arguments | {"classes": self.classes}

    @functools.cache  # noqa: B019 (recipes live as long as the process)
    def tokenizer(self, data_dir):
        return checkpoint.tokenizer(self.init)

    def divided(self, data_dir):
        """(texts, labels) to train on and (texts, labels) held back to select on."""
        texts, y = self.examples(self.trained_split, data_dir)
        order = np.random.default_rng(self.seed).permutation(len(texts))
        held, kept = order[: self.validation], order[self.validation :]
        return ([texts[i] for i in kept], y[kept]), ([texts[i] for i in held], y[held])

    def training_data(self, data_dir):
        tokenizer = self.tokenizer(data_dir)
        (texts, y), (held, held_y) = self.divided(data_dir)
        rows = [np.array(row, np.int32) for row in tokenizer(texts, special=True)]

        def arrays(rows, y, rng):
            tokens = filled(self.distorted(rows, rng), multiple=8)
            return {"tokens": tokens, "segments": np.zeros_like(tokens)}, self.targets_of(y)

        batches = Batches(
            rows, y, batch_size=self.batch_size, seed=self.seed, transform=arrays, lengths=list(map(len, rows))
        )
        return batches, (tokenizer.arrays(held), self.targets_of(held_y))

    def distorted(self, rows, rng):
        """Changes to training sentences, lists of token numbers, that their labels survive."""
        return rows

    def targets_of(self, y):
        """Labels as the loss takes them."""
        return y

    def optimizer(self, steps):
        warm = steps // 10
        rate = keras.optimizers.schedules.CosineDecay(0.0, steps - warm, warmup_target=self.peak, warmup_steps=warm)
        return keras.optimizers.AdamW(rate, weight_decay=0.01, beta_2=0.98, global_clipnorm=1.0)

    def evaluate(self, predict, examples, split):
        texts, y = examples
        value = metrics.accuracy(predict(texts), y)
        return [metrics.row("accuracy", self.split_name(split), value, n=len(y), protocol=self.protocol)], {}
