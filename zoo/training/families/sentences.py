"""What the recipes that teach a BERT to tell sentences apart have in common."""

import functools

import keras
import numpy as np

from zoo import metrics
from zoo.data import tokens
from zoo.data.batches import Batches
from zoo.data.tokens import MASK, UNKNOWN, filled
from zoo.hub import checkpoint
from zoo.training.distillation import lesson
from zoo.training.recipe import Recipe

CUT = 0.05  # of the longest parts of words are passed over


class Sentences(Recipe):
    """Fine-tunes `bert.gutenberg` on labelled sentences, perhaps with a teacher.

    Words are cut by a vocabulary of these sentences: that of novels cuts much of what matters here into letters. Unlike
    the paper's (section 3.2) they are cut otherwise each time, and some tokens are masked.
    """

    architecture = "bert"
    init = "bert.gutenberg"
    classes: int
    own_arguments: dict = {}  # where the network is another than that of `init`
    batch_size = 64
    peak = 1e-3  # the learning rate's, after warming up
    dropout = 0.1
    gaps = 0.1  # of the tokens are masked
    pooling = "mean"  # over all tokens: learns faster than [CLS], which two million words have not taught much
    repeated, changed, exchanged = 1, 0, 0.1  # see `lesson`, where there is a teacher
    weights_dtype = "int8"
    input = {
        "kind": "sentences",
        "arrays": {"tokens": "int32", "segments": "int32"},
        "description": "[CLS] sentence [SEP], all of it segment 0",
    }

    @property
    def arguments(self):
        own = {"classes": self.classes, "dropout": self.dropout, "pooling": self.pooling}
        return checkpoint.card(self.init).arguments | own | self.own_arguments

    def tokenizer(self, data_dir):
        return self._learned_tokenizer(self.seed, data_dir)

    @functools.cache  # noqa: B019 (recipes live as long as the process)
    def _learned_tokenizer(self, seed, data_dir):  # a control with several seeds may train on other sentences with each
        (texts, _), _ = self.divided(data_dir)
        return tokens.word_pieces(texts, self.arguments["vocabulary"], self.arguments["context"])

    def start(self, model, data_dir):
        super().start(model, data_dir)
        known = checkpoint.load(self.init).get_layer("embedding").get_weights()[0]
        old, new = checkpoint.tokenizer(self.init), self.tokenizer(data_dir)
        [table] = model.get_layer("embedding").get_weights()
        table[: new.size] = moved(known, old, new)  # of few texts fewer tokens are learned than there is room for
        model.get_layer("embedding").set_weights([table])

    def teacher(self, texts, y):
        """A function from texts to probabilities (N, classes), learned from labelled texts; None for labels alone."""
        return None

    def divided(self, data_dir):
        """(texts, labels) to train on and (texts, labels) held back to select on."""
        texts, y = self.examples(self.trained_split, data_dir)
        order = np.random.default_rng(self.seed).permutation(len(texts))
        held, kept = order[: self.validation], order[self.validation :]
        return ([texts[i] for i in kept], y[kept]), ([texts[i] for i in held], y[held])

    def training_data(self, data_dir):
        tokenizer = self.tokenizer(data_dir)
        (texts, y), (held, held_y) = self.divided(data_dir)
        targets, teacher, mask = self.targets_of(y), self.teacher(texts, y), tokenizer.number(MASK)
        if teacher is not None:
            kind = {"repeated": self.repeated, "changed": self.changed, "exchanged": self.exchanged}
            texts, targets = lesson(texts, y, targets, teacher, seed=self.seed, **kind)

        def arrays(texts, targets, rng):
            tokens = filled(tokenizer.varied(texts, CUT, rng), multiple=8)  # (B, T)
            tokens = np.where((rng.random(tokens.shape) < self.gaps) & (tokens > mask), mask, tokens)
            return {"tokens": tokens, "segments": np.zeros_like(tokens)}, targets

        lengths = [len(text) for text in texts]  # in characters: batches need about one length, no more
        batches = Batches(texts, targets, batch_size=self.batch_size, seed=self.seed, transform=arrays, lengths=lengths)
        return batches, (tokenizer.arrays(held), self.targets_of(held_y))

    def targets_of(self, y):
        """Labels as probabilities (N, classes)."""
        return np.eye(self.classes, dtype=np.float32)[y]

    def optimizer(self, steps):
        warm = steps // 10
        rate = keras.optimizers.schedules.CosineDecay(0.0, steps - warm, warmup_target=self.peak, warmup_steps=warm)
        return keras.optimizers.AdamW(rate, weight_decay=0.01, beta_2=0.98, global_clipnorm=1.0)

    def evaluate(self, predict, examples, split):
        texts, y = examples
        value = metrics.accuracy(predict(texts), y)
        return [metrics.row("accuracy", self.split_name(split), value, n=len(y), protocol=self.protocol)], {}


def moved(known: np.ndarray, old, new) -> np.ndarray:
    """Embeddings for the tokens of a new tokeniser, (V, W), from those of an old one: the same for a token that both
    have, else the mean of what the old one cuts it into (L. Gee and others, "Fast Vocabulary Transfer", 2022). What
    goes on with a word is cut as if it began one."""
    table = np.zeros((new.size, known.shape[1]), known.dtype)
    for token, number in new.inner.get_vocab().items():
        there = old.number(token)
        numbers = old([token.removeprefix("##")])[0] if there is None else [there]
        table[number] = known[numbers or [old.number(UNKNOWN)]].mean(axis=0)
    return table
