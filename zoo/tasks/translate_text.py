"""Translation: logits of the next token at each position of the target, given the source and the target so far.

`zoo.generation.translation.Translator` decodes with them.
"""

import numpy as np

from zoo import metrics
from zoo.data.tokens import padded
from zoo.tasks import examples
from zoo.tasks.task import Task

TARGET = 8  # tokens of the target in an example


class TranslateText(Task):
    takes = {"source": ("int32", 1), "target": ("int32", 1)}

    def example(self, card, count):
        tokens = examples.tokens(card.arguments, count)
        return {"source": tokens, "target": tokens[:, :TARGET]}

    @staticmethod
    def collate(pairs, y, rng):
        """Pairs of source [..., END] and target [START, ..., END], lists of tokens, as a Transformer takes them.

        Returns:
            {"source", "target"}, int32 (B, T), of one T so that there are few shapes to compile; and what follows each
            token of the target, int32 (B, T).
        """
        sources, targets = zip(*pairs, strict=True)
        both = padded([*sources, *(target[:-1] for target in targets)], multiple=8)
        x = {"source": both[: len(pairs)], "target": both[len(pairs) :]}
        return x, padded([target[1:] for target in targets], multiple=8, least=both.shape[1])

    def decode(self, card, outputs, tokenizer=None):
        """The likeliest token after each of the target, as one text for each example."""
        return [tokenizer.text(row) for row in np.asarray(outputs["logits"]).argmax(axis=-1)]


def bleu(translations: list[str], references: list[str], split: str, search: str) -> dict:
    """The row of a card: BLEU of translations, cased and detokenised. search: how they were found, in words."""
    import sacrebleu

    score = sacrebleu.BLEU()
    value = score.corpus_score(translations, [references]).score
    protocol = f"cased, detokenised, {search}; sacreBLEU {score.get_signature()}"
    return metrics.row("bleu", split, value, n=len(references), protocol=protocol)


TASK = TranslateText()
