"""Knowledge distillation: the targets are probabilities of a teacher, also for synthetic sentences without a label.

G. Hinton, O. Vinyals, J. Dean, "Distilling the Knowledge in a Neural Network" (2015), without its temperature: the
targets are softened by the geometric mean of several teachers. That the teacher labels changed sentences, too, is from
R. Tang and others, "Distilling Task-Specific Knowledge from BERT into Simple Neural Networks" (2019). From few
sentences a linear classifier of words and their parts learns more than a BERT with little pre-training. But it can
label any number of sentences, and a BERT trained on these and on the true labels does better than either.
"""

import numpy as np

LABEL_WEIGHT = 0.4  # of the true label of a sentence in its target; the rest is the teacher's
SPLICED = 0.5  # fraction of the changed sentences that end as another one does
ALIKE = 0.6  # fraction of those others that are of the same class, the rest of any
LONGER = 3  # words, at most, than the sentence was
LEFT_OUT = 0.1  # fraction of the words
BLENDED = 0.2  # fraction of the exchanged words that keep their beginning, so that new words come about
RARE = 0.5  # fraction of the new words that are drawn from all alike, the rest by their frequency
PART = 5000  # sentences that the teacher labels at once: of all, the table of their features would be too large


class Changes:
    """Data augmentation of sentences: texts (N,), their labels y (N,). exchanged: fraction of words to replace."""

    def __init__(self, texts, y, exchanged: float):
        self.exchanged = exchanged
        self.sentences = [text.split() for text in texts]
        self.words = [word for sentence in self.sentences for word in sentence]
        self.vocabulary = sorted(set(self.words))
        self.alike = {label: np.flatnonzero(y == label) for label in np.unique(y)}

    def __call__(self, text: str, label: int, rng) -> str:
        """A text with words left out or replaced, and sometimes with the end of another."""
        words = text.split()
        if rng.random() < SPLICED:
            number = rng.choice(self.alike[label]) if rng.random() < ALIKE else rng.integers(len(self.sentences))
            other = self.sentences[number]
            cut, other_cut = rng.integers(len(words) + 1), rng.integers(len(other) + 1)
            words = (words[:cut] + other[other_cut:])[: len(words) + LONGER] or words
        words = [word for word in words if rng.random() >= LEFT_OUT] or words
        return " ".join(self._another(word, rng) if rng.random() < self.exchanged else word for word in words)

    def _another(self, word: str, rng) -> str:
        words = self.vocabulary if rng.random() < RARE else self.words
        other = words[rng.integers(len(words))]
        if rng.random() < BLENDED:
            return word[: rng.integers(1, len(word) + 1)] + other[rng.integers(len(other)) :]
        return other


def distilled(texts, y, targets, teacher, *, repeated: int, changed: int, exchanged: float, seed: int):
    """Training data of a student: labelled sentences, `repeated` times each, and `changed` times as many changed ones.

    Args:
        texts: list of N str. y: int (N,). targets: the labels as probabilities (N, classes).
        teacher: a function from texts to probabilities (N, classes).
        exchanged: fraction of the words that is replaced.
    Returns:
        (repeated + changed) N texts, and float32 targets, a row for each; of changed ones the teacher's alone.
    """
    rng, changes = np.random.default_rng(seed), Changes(texts, y, exchanged)
    others = [changes(text, label, rng) for _ in range(changed) for text, label in zip(texts, y, strict=True)]
    own = (LABEL_WEIGHT * targets + (1 - LABEL_WEIGHT) * teacher(texts)).astype(np.float32)
    parts = [teacher(others[start : start + PART]).astype(np.float32) for start in range(0, len(others), PART)]
    return repeated * texts + others, np.concatenate(repeated * [own] + parts)
