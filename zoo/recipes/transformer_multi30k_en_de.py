"""Transformer, English to German, on Multi30k.

Reproduce: `zoo data prepare multi30k --from FOLDER`, then `zoo train transformer.multi30k-en-de`.
"""

from zoo.training.families.multi30k import Multi30k


class TransformerMulti30k(Multi30k):
    name = "transformer.multi30k-en-de"
    source, target = "en", "de"
    targets = {"bleu": 36.0}
    ood_threshold = -6.7


RECIPE = TransformerMulti30k()
