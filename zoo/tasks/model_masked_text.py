"""Masked language modelling, BERT's pre-training: masked tokens, and whether the second of two texts follows the first.

Fine-tuning turns such a model into a text classifier.
"""

import re

import numpy as np

from zoo import metrics
from zoo.data.labels import probabilities
from zoo.data.tokens import CLS, MASK, SEP, padded
from zoo.kinds.text import read_text
from zoo.tasks import classify_texts
from zoo.tasks.task import Task

LENGTHS = (64, 64, 64, 128)  # tokens of passages, drawn at random: as with BERT, most are shorter than the context
MASKED, UNCHANGED, RANDOM = 0.15, 0.1, 0.1  # section 3.1: tokens to predict, and of those unchanged, and replaced
BATCH = 32


class ModelMaskedText(Task):
    takes = {"tokens": ("int32", 1), "segments": ("int32", 1)}
    gives = ("masked", "next")
    reads_text = True

    def example(self, card, count):
        return classify_texts.TASK.example(card, count)

    def arrays(self, texts, tokenizer):
        return tokenizer.arrays(texts)

    def decode(self, card, outputs, tokenizer=None):
        """Of each example {"tokens", "follows"}: the likeliest token at each position, and the probability that the
        second text follows the first."""
        likeliest = np.asarray(outputs["masked"]).argmax(axis=-1)  # (B, T)
        follows = probabilities(outputs["next"])[:, 1]
        return [
            {"tokens": [tokenizer.inner.id_to_token(int(token)) for token in row], "follows": float(probability)}
            for row, probability in zip(likeliest, follows, strict=True)
        ]

    def measure(self, predict, examples, split, protocol=None):
        """Negative log-likelihood and accuracy of masked tokens in texts (list of str)."""
        rng = np.random.default_rng(1)
        texts = passages(examples, predict.tokenizer, rng)
        nll, right = [], []
        for start in range(0, len(texts), BATCH):
            x, y = mask_tokens(texts[start : start + BATCH], None, rng, tokenizer=predict.tokenizer)
            masked = y["masked"] >= 0
            true = y["masked"][masked]  # (N,)
            logits = predict(x)["masked"][masked].astype(np.float64)  # (N, V)
            peak = logits.max(axis=-1)
            total = peak + np.log(np.exp(logits - peak[:, None]).sum(axis=-1))
            nll.append(total - logits[np.arange(len(true)), true])
            right.append(logits.argmax(axis=-1) == true)
        nll, right = np.concatenate(nll), np.concatenate(right)
        of = f"the masked tokens, {100 * MASKED:g} % of each passage of held-back texts"
        facts = {"split": split, "n": len(right)}
        mean, fraction = protocol or f"mean over {of}", protocol or f"fraction predicted right of {of}"
        return [
            metrics.row("nll", value=nll.mean(), unit="nats/token", protocol=mean, **facts),
            metrics.row("accuracy", value=100 * right.mean(), protocol=fraction, **facts),
        ], {}

    def read(self, card, data, split, data_dir):
        return [read_text(data)]

    def check_data(self, name, base, data, data_dir):
        classify_texts.TASK.check_data(name, base, data, data_dir)

    def finetuning(self, name, base, data, seed, data_dir):
        return classify_texts.TASK.finetuning(name, base, data, seed, data_dir)


def passages(texts, tokenizer, rng) -> list[np.ndarray]:
    """Texts as passages of sentences that follow each other: int32 tokens (T,), -1 between two sentences."""
    found = []
    for text in texts:
        sentences = [
            sentence
            for paragraph in re.split(r"\n\s*\n", text)
            for sentence in re.split(r"(?<=[.!?])\s+|(?<=[.!?][\"'])\s+", " ".join(paragraph.split()))
            if sentence
        ]
        passage, room = [], 0
        for numbers in tokenizer(sentences):
            if len(passage) + len(numbers) > room:
                if passage:
                    found.append(np.array(passage[:-1], np.int32))
                passage, room = [], rng.choice(LENGTHS) - 3  # for [CLS] and two [SEP]
            passage += [*numbers[:room], -1]
            room += 1
        if passage:
            found.append(np.array(passage[:-1], np.int32))
    return found


def mask_tokens(passages, y, rng, *, tokenizer):
    """Training examples of BERT: two parts of one passage, or of two passages, with masked tokens.

    Returns:
        {"tokens", "segments"} and {"masked", "next"}, int32 (B, T) but for the last, (B,): the tokens to predict, -1
        elsewhere, and whether the second part follows the first.
    """
    cls, sep, mask = (tokenizer.number(token) for token in (CLS, SEP, MASK))
    parts = [_in_two(passage, rng) for passage in passages]
    follows = rng.random(len(parts)) < 0.5
    rows, segments = [], []
    for number, (first, second) in enumerate(parts):
        if not follows[number]:
            second = parts[number - 1][1]  # of another text, or further off in this one
        room = max(LENGTHS) - 3 - len(first)
        second = second[:room]
        rows.append([cls, *first, sep, *second, sep])
        segments.append([0] * (len(first) + 2) + [1] * (len(second) + 1))
    # Few lengths, since JAX compiles for each of them.
    x = {"tokens": padded(rows, multiple=64), "segments": padded(segments, multiple=64)}
    usual = x["tokens"] > mask  # no special token
    masked = usual & (rng.random(usual.shape) < MASKED)
    labels = np.where(masked, x["tokens"], -1)
    fate = rng.random(usual.shape)
    x["tokens"] = np.where(masked & (fate >= UNCHANGED + RANDOM), mask, x["tokens"])
    replaced = rng.integers(mask + 1, tokenizer.size, usual.shape)
    x["tokens"] = np.where(masked & (fate < RANDOM), replaced, x["tokens"]).astype(np.int32)
    return x, {"masked": labels.astype(np.int32), "next": follows.astype(np.int32)}


def _in_two(passage, rng) -> tuple[list[int], list[int]]:
    """A passage cut between two sentences; one of a single sentence is cut anywhere."""
    ends = np.flatnonzero(passage == -1)
    if len(ends):
        cut = rng.choice(ends)
        first, second = passage[:cut], passage[cut + 1 :]
    else:
        cut = rng.integers(len(passage) + 1)
        first, second = passage[:cut], passage[cut:]
    return first[first >= 0].tolist(), second[second >= 0].tolist()


TASK = ModelMaskedText()
