"""BERT on rt-polarity: whether a sentence of a film review is for or against the film.

Reproduce: `zoo data prepare rt_polarity --from FOLDER`, then `zoo train bert.rt-polarity`.

There is no official split, so the field divides the sentences into ten and trains ten times, each time on nine. So does
this recipe; the weights of the first time ship, measured on the tenth that they have not seen.
"""

import numpy as np

from zoo.recipes.sentences import Sentences

FOLDS = 10
LABELS = ["negative", "positive"]


class BERTRtPolarity(Sentences):
    name = "bert.rt-polarity"
    summary = "A small BERT says whether a sentence about a film is for it or against it."
    classes = len(LABELS)
    dataset = "rt_polarity"
    eval_split = "fold1"
    validation = 500
    epochs = 4
    monitor = None
    protocol = "share of the sentences of one tenth told right, by the net that was trained on the others"
    output = {"kind": "logits", "shape": [2], "dtype": "float32", "description": "against, for"}
    labels = LABELS
    intended_use = "To tell praise from blame in short English texts (app sentiment)."
    limits = (
        "Learned from 9,000 sentences of film reviews in lower case. It says for or against of any sentence, and is "
        "wrong on one in four or five, above all where irony or comparison is at work."
    )
    licence = "Research, as rt-polarity, whose authors state no licence"
    commercial_use = False
    fold = 1

    def examples(self, split, data_dir=None, folder=None):
        if not split.startswith("fold"):
            return super().examples(split, data_dir, folder)
        if folder is not None:
            return super().examples("train", data_dir, folder)
        return self._part(data_dir, split == f"fold{self.fold}")

    def _part(self, data_dir, held: bool):
        texts, y = super().examples("train", data_dir)
        order = np.random.default_rng(0).permutation(len(texts))  # the same folds for every method
        chosen = np.array_split(order, FOLDS)[self.fold - 1]
        if not held:
            chosen = np.setdiff1d(order, chosen)
        return [texts[i] for i in chosen], y[chosen]


RECIPE = BERTRtPolarity()
