"""Learning from a teacher: what another classifier thinks of sentences that nobody has written or labelled.

G. Hinton, O. Vinyals, J. Dean, "Distilling the Knowledge in a Neural Network" (2015), at temperature 1; with changed
sentences for the teacher to label as in R. Tang and others, "Distilling Task-Specific Knowledge from BERT into Simple
Neural Networks" (2019). Of few sentences a linear classifier of words and their parts learns more than a BERT that has
read little. But it can be asked about as many sentences as one likes, and a BERT that learns its answers, beside the
true labels, comes to know what both do.
"""

import numpy as np

SPLICED = 0.5  # of the changed sentences end as another one does
ALIKE = 0.6  # of those others are of the same class, the rest of any
LONGER = 3  # words, at most, than the sentence was
LEFT_OUT, EXCHANGED = 0.1, 0.1  # of the words


class Changes:
    """Makes sentences out of others: texts (N,), their labels y (N,)."""

    def __init__(self, texts, y):
        self.sentences = [text.split() for text in texts]
        self.words = [word for sentence in self.sentences for word in sentence]
        self.alike = {label: np.flatnonzero(y == label) for label in np.unique(y)}

    def __call__(self, text: str, label: int, rng) -> str:
        """A text with another's end, perhaps, with words left out and others exchanged for any that there are."""
        words = text.split()
        if rng.random() < SPLICED:
            number = rng.choice(self.alike[label]) if rng.random() < ALIKE else rng.integers(len(self.sentences))
            other = self.sentences[number]
            cut, other_cut = rng.integers(len(words) + 1), rng.integers(len(other) + 1)
            words = (words[:cut] + other[other_cut:])[: len(words) + LONGER] or words
        words = [word for word in words if rng.random() >= LEFT_OUT] or words
        return " ".join(
            self.words[rng.integers(len(self.words))] if rng.random() < EXCHANGED else word for word in words
        )
