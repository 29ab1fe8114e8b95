"""A small BERT, pre-trained on what there is: old novels and new chats.

Reproduce: `zoo data prepare gutenberg --from FOLDER`, the same for topical_chat, then `zoo train bert.gutenberg`.

Two million words are little: BERT had 3,300 million. The novels are of the 19th century; so that the net also meets
today's words, half of the text are conversations of Topical-Chat, which `bert.rt-polarity` and `bert.clinc150` need.
"""

import functools
import re

import keras
import numpy as np

from zoo import metrics
from zoo.data import catalogue, tokens
from zoo.data.batches import Batches
from zoo.data.tokens import CLS, MASK, SEP, filled
from zoo.training.recipe import Recipe

TOKENS = 4000
LENGTHS = (64, 64, 64, 128)  # of which each stretch of text has one: as with BERT, most are shorter than the context
ASKED, KEPT, RANDOM = 0.15, 0.1, 0.1  # section 3.1: tokens asked for, and of those left as they are, and exchanged
CHATS = ("valid_freq", "valid_rare", "test_freq")  # trained on; of the last split a part is measured on
HELD_CHATS = ("test_rare",)


class BERTGutenberg(Recipe):
    name = "bert.gutenberg"
    summary = "A small BERT that has read a few novels and chats: a start for telling texts apart."
    arguments = {"vocabulary": TOKENS, "context": 128, "width": 128, "depth": 4, "heads": 4, "dropout": 0.1}
    dataset = "gutenberg"
    also_trained_on = ("topical_chat",)
    eval_split = "validation"
    epochs = 30
    batch_size = 64
    monitor = None
    weights_dtype = "int8"
    input = {
        "kind": "sentences",
        "arrays": {"tokens": "int32", "segments": "int32"},
        "description": "[CLS] A [SEP] B [SEP], with 0 for the tokens of A and 1 for those of B as segments",
    }
    output = {
        "kind": "two heads",
        "heads": {"masked": [None, TOKENS], "next": [2]},
        "dtype": "float32",
        "description": "masked: one logit for each token that might stand there; next: logits that B follows A, or not",
    }
    intended_use = "To fine-tune on labelled texts (zoo finetune), and to see what filling in gaps teaches."
    limits = (
        "Two million words of novels and chats, 1.4 million parameters: BERT read 3,300 million and has 110 million. "
        "What it knows of today's world is what two people chatted about in 2018."
    )
    licence = "Apache-2.0; trained on texts in the public domain and under CDLA-Sharing 1.0"
    commercial_use = True

    @functools.cache  # noqa: B019 (recipes live as long as the process)
    def tokenizer(self, data_dir):
        return tokens.word_pieces(self._texts(False, data_dir), TOKENS, self.arguments["context"])

    def _texts(self, held: bool, data_dir) -> list[str]:
        books = catalogue.load("gutenberg", "validation" if held else "train", data_dir)
        chats = [catalogue.load("topical_chat", split, data_dir) for split in (HELD_CHATS if held else CHATS)]
        return books + [chat for split in chats for chat in split]

    def examples(self, split, data_dir=None, folder=None):
        if folder is not None:
            return super().examples(split, data_dir, folder)
        return self._texts(split != self.trained_split, data_dir)

    def training_data(self, data_dir):
        tokenizer = self.tokenizer(data_dir)
        masked = functools.partial(with_gaps, tokenizer=tokenizer)
        train = stretches(self._texts(False, data_dir), tokenizer, np.random.default_rng(self.seed))
        batches = Batches(
            train, batch_size=self.batch_size, seed=self.seed, transform=masked, lengths=list(map(len, train))
        )
        rng = np.random.default_rng(self.seed)
        held = stretches(self._texts(True, data_dir), tokenizer, rng)[:1000]
        return batches, masked(held, None, rng)

    def compile(self, model, steps, **options):
        model.compile(self.optimizer(steps), **options)

    def optimizer(self, steps):
        warm = min(1000, steps // 10)
        rate = keras.optimizers.schedules.CosineDecay(1e-5, steps - warm, warmup_target=1e-3, warmup_steps=warm)
        return keras.optimizers.AdamW(rate, weight_decay=0.01, beta_2=0.98, global_clipnorm=1.0)

    def evaluate(self, predict, examples, split):
        rng = np.random.default_rng(self.seed)
        texts = stretches(examples, predict.tokenizer, rng)
        surprise, right = [], []
        for start in range(0, len(texts), 32):
            x, y = with_gaps(texts[start : start + 32], None, rng, tokenizer=predict.tokenizer)
            asked = y["masked"] >= 0
            logits = predict.model.predict_on_batch(x)["masked"][asked].astype(np.float64)  # (N, V)
            true = y["masked"][asked]
            peak = logits.max(axis=-1)
            total = peak + np.log(np.exp(logits - peak[:, None]).sum(axis=-1))
            surprise.append(total - logits[np.arange(len(true)), true])
            right.append(logits.argmax(axis=-1) == true)
        surprise, right = np.concatenate(surprise), np.concatenate(right)
        name, count = self.split_name(split), {"n": len(right)}
        of = "of the tokens asked for, 15 % of each stretch of held-back books and chats"
        return [
            metrics.row(
                "nll", name, surprise.mean(), unit="nats/token", protocol=f"mean surprise at the true one {of}", **count
            ),
            metrics.row("accuracy", name, 100 * right.mean(), protocol=f"share told right {of}", **count),
        ], {}


def stretches(texts, tokenizer, rng) -> list[np.ndarray]:
    """Texts as stretches of sentences that follow each other: int32 token numbers, -1 between two sentences."""
    found = []
    for text in texts:
        sentences = [
            sentence
            for paragraph in re.split(r"\n\s*\n", text)
            for sentence in re.split(r"(?<=[.!?])\s+|(?<=[.!?][\"'])\s+", " ".join(paragraph.split()))
            if sentence
        ]
        stretch, room = [], 0
        for numbers in tokenizer(sentences):
            if len(stretch) + len(numbers) > room:
                if stretch:
                    found.append(np.array(stretch[:-1], np.int32))
                stretch, room = [], rng.choice(LENGTHS) - 3  # for [CLS] and two [SEP]
            stretch += [*numbers[:room], -1]
            room += 1
        if stretch:
            found.append(np.array(stretch[:-1], np.int32))
    return found


def with_gaps(stretches, y, rng, *, tokenizer):
    """What BERT learns from: two parts of a text, or of two, and gaps in them. Returns (x, y) as BERT takes them."""
    cls, sep, mask = (tokenizer.number(token) for token in (CLS, SEP, MASK))
    parts = [_in_two(stretch, rng) for stretch in stretches]
    follows = rng.random(len(parts)) < 0.5
    rows, segments = [], []
    for number, (first, second) in enumerate(parts):
        if not follows[number]:
            second = parts[number - 1][1]  # of another text, or further off in this one
        room = max(LENGTHS) - 3 - len(first)
        second = second[:room]
        rows.append([cls, *first, sep, *second, sep])
        segments.append([0] * (len(first) + 2) + [1] * (len(second) + 1))
    # Few lengths, since JAX compiles for each anew.
    x = {"tokens": filled(rows, multiple=64), "segments": filled(segments, multiple=64)}
    usual = x["tokens"] > mask  # no special token
    asked = usual & (rng.random(usual.shape) < ASKED)
    labels = np.where(asked, x["tokens"], -1)
    fate = rng.random(usual.shape)
    x["tokens"] = np.where(asked & (fate >= KEPT + RANDOM), mask, x["tokens"])
    strangers = rng.integers(mask + 1, tokenizer.size, usual.shape)
    x["tokens"] = np.where(asked & (fate < RANDOM), strangers, x["tokens"]).astype(np.int32)
    return x, {"masked": labels.astype(np.int32), "next": follows.astype(np.int32)}


def _in_two(stretch, rng) -> tuple[list[int], list[int]]:
    """A stretch cut between two of its sentences, or where it has but one, anywhere."""
    ends = np.flatnonzero(stretch == -1)
    if len(ends):
        cut = rng.choice(ends)
        first, second = stretch[:cut], stretch[cut + 1 :]
    else:
        cut = rng.integers(len(stretch) + 1)
        first, second = stretch[:cut], stretch[cut:]
    return first[first >= 0].tolist(), second[second >= 0].tolist()


RECIPE = BERTGutenberg()
