"""Transformer, German to English, on Multi30k.

Reproduce: `zoo data prepare multi30k --from FOLDER`, then `zoo train transformer.multi30k-de-en`.
"""

from zoo.training.families.multi30k import Multi30k


class TransformerMulti30k(Multi30k):
    name = "transformer.multi30k-de-en"
    source, target = "de", "en"
    targets = {"bleu": 38.0}
    ood_threshold = -6.5


RECIPE = TransformerMulti30k()
