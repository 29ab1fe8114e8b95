"""BERT's pre-training: two texts with masked tokens into those tokens, and whether the second text follows the first.

Fine-tuning makes of such a model one that classifies texts.
"""

import numpy as np

from zoo.data.labels import probabilities
from zoo.tasks import classify_texts
from zoo.tasks.task import Task


class ModelMaskedText(Task):
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
            {"tokens": [tokenizer.inner.id_to_token(int(token)) for token in row], "follows": float(chance)}
            for row, chance in zip(likeliest, follows, strict=True)
        ]

    def finetuning(self, name, base, data, seed, data_dir):
        return classify_texts.TASK.finetuning(name, base, data, seed, data_dir)


TASK = ModelMaskedText()
