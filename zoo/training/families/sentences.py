"""Base class of the recipes of BERTs that classify sentences."""

import functools

import keras
import numpy as np

from zoo.data import tokens
from zoo.data.batches import Batches, select
from zoo.data.tokens import MASK, UNKNOWN, padded
from zoo.hub import checkpoint
from zoo.training.distillation import distilled
from zoo.training.recipe import Recipe

CUT = 0.05  # fraction of the longest word pieces that are passed over


class Sentences(Recipe):
    """Fine-tunes `bert.gutenberg` on labelled sentences, perhaps with a teacher.

    The vocabulary is learned from these sentences: that of novels splits many of their words into letters. Unlike in
    the paper (section 3.2), words are split differently each time, and some tokens are masked.
    """

    architecture = "bert"
    task = "classify_texts"
    init = "bert.gutenberg"
    classes: int
    own_arguments: dict = {}  # where the network is another than that of `init`
    batch_size = 64
    peak = 1e-3  # the learning rate's, after warming up
    dropout = 0.1
    masking = 0.1  # fraction of the tokens that are masked
    pooling = "mean"  # over all tokens: learns faster than [CLS], which two million words of pre-training were few for
    repeated, changed, exchanged = 1, 0, 0.1  # see `zoo.training.distillation.distilled`, where there is a teacher
    weights_dtype = "int8"
    inputs = {
        "tokens": {"description": "[CLS] sentence [SEP]"},
        "segments": {"description": "0 at each token"},
    }

    @property
    def arguments(self):
        own = {"classes": self.classes, "dropout": self.dropout, "pooling": self.pooling}
        return checkpoint.card(self.init).arguments | own | self.own_arguments

    def tokenizer(self, data_dir):
        return self._learned_tokenizer(self.seed, data_dir)

    @functools.cache  # noqa: B019 (recipes live as long as the process)
    def _learned_tokenizer(self, seed, data_dir):  # a control with several seeds may train on other sentences with each
        (texts, _), _ = self.training_and_validation(data_dir)
        return tokens.word_pieces(texts, self.arguments["vocabulary"], self.arguments["context"])

    def load_init(self, model, data_dir):
        super().load_init(model, data_dir)
        known = checkpoint.load(self.init).get_layer("embedding").get_weights()[0]
        old, new = checkpoint.tokenizer(self.init), self.tokenizer(data_dir)
        [table] = model.get_layer("embedding").get_weights()
        table[: new.size] = moved(known, old, new)  # few texts have fewer tokens than there is room for
        model.get_layer("embedding").set_weights([table])

    def teacher(self, texts, y):
        """A function from texts to probabilities (N, classes), learned from labelled texts; None for labels alone."""
        return None

    def training_and_validation(self, data_dir):
        """(texts, labels) to train on and (texts, labels) held back to select on."""
        texts, y = self.examples(self.trained_split, data_dir)
        order = np.random.default_rng(self.seed).permutation(len(texts))
        held, rest = order[: self.validation], order[self.validation :]
        return (select(texts, rest), y[rest]), (select(texts, held), y[held])

    def training_data(self, data_dir):
        tokenizer = self.tokenizer(data_dir)
        (texts, y), (held, held_y) = self.training_and_validation(data_dir)
        targets, teacher, mask = self.targets_of(y), self.teacher(texts, y), tokenizer.number(MASK)
        if teacher is not None:
            kind = {"repeated": self.repeated, "changed": self.changed, "exchanged": self.exchanged}
            texts, targets = distilled(texts, y, targets, teacher, seed=self.seed, **kind)

        def arrays(texts, targets, rng):
            tokens = padded(tokenizer.varied(texts, CUT, rng), multiple=8)  # (B, T)
            tokens = np.where((rng.random(tokens.shape) < self.masking) & (tokens > mask), mask, tokens)
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


def moved(known: np.ndarray, old, new) -> np.ndarray:
    """Embeddings for the tokens of a new tokeniser, (V, W), from those of an old one: the same for a token that both
    have, else the mean of the pieces that the old one splits it into (L. Gee and others, "Fast Vocabulary Transfer",
    2022). A piece that continues a word is split as if it began one."""
    table = np.zeros((new.size, known.shape[1]), known.dtype)
    for token, number in new.inner.get_vocab().items():
        there = old.number(token)
        numbers = old([token.removeprefix("##")])[0] if there is None else [there]
        table[number] = known[numbers or [old.number(UNKNOWN)]].mean(axis=0)
    return table
