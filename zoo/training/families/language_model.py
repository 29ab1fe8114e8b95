"""What the recipes of language models have in common: they learn to say what comes next in a text."""

import numpy as np

from zoo import metrics
from zoo.data.batches import Windows
from zoo.errors import BadInput
from zoo.training.recipe import Recipe


class LanguageModel(Recipe):
    """Learns from windows of `context` tokens; is measured with half a window or more before every token."""

    context: int
    unit = "nats/char"
    eval_split = "validation"
    monitor = None  # `fit` looks at the loss
    weights_dtype = "int8"
    input = {
        "kind": "tokens",
        "shape": [None],
        "dtype": "int32",
        "description": "a text's tokens, at most as many as the context",
    }

    def training_data(self, data_dir):
        tokenizer = self.tokenizer(data_dir)
        trained = numbers(tokenizer, self.examples(self.trained_split, data_dir))
        batches = Windows(trained, self.context, batch_size=self.batch_size, seed=self.seed)
        held = numbers(tokenizer, self.examples(self.eval_split, data_dir))
        count = (len(held) - 1) // self.context
        held = held[: count * self.context + 1]
        return batches, tuple(part.reshape(count, self.context) for part in (held[:-1], held[1:]))

    def evaluate(self, predict, examples, split):
        tokens = numbers(predict.tokenizer, examples)
        if len(tokens) < 2:
            raise BadInput(f"{len(tokens)} tokens are too few to measure on; give a text of 2 or more")
        surprise = token_nll(predict, tokens, self.context)  # (N - 1,)
        protocol = (
            f"mean over all {self.unit.partition('/')[2]}s but the first, each with {self.context // 2} or more before "
            "it, or all there are"
        )
        value = np.mean(surprise)
        row = metrics.row("nll", self.split_name(split), value, n=len(surprise), unit=self.unit, protocol=protocol)
        return [row], {}


def numbers(tokenizer, texts) -> np.ndarray:
    """All texts as one sequence of tokens, int32 (N,). By lines, since tokenisers are slow with long texts."""
    lines = [line for text in texts for line in text.splitlines(keepends=True)]
    return np.concatenate([np.zeros(0, np.int32), *(np.array(line, np.int32) for line in tokenizer(lines))])


def token_nll(predict, tokens, context: int) -> np.ndarray:
    """-log p of each token but the first, nats (N - 1,): windows that overlap by half, the second half of each counts.

    `predict` maps int32 (B, T) to logits (B, T, V) of the token after each.
    """
    step = context // 2
    found, known = np.zeros(len(tokens) - 1), 0
    starts = [*range(0, max(len(found) - context, 0), step), max(len(found) - context, 0)]
    for first in range(0, len(starts), 16):
        group = starts[first : first + 16]
        length = min(context, len(found))
        windows = np.stack([tokens[start : start + length + 1] for start in group])  # (B, T + 1)
        logits = predict(windows[:, :-1]).astype(np.float64)
        logits -= logits.max(axis=-1, keepdims=True)
        asked = np.take_along_axis(logits, windows[:, 1:, None], axis=-1)[..., 0]
        nats = np.log(np.exp(logits).sum(axis=-1)) - asked  # (B, T)
        for start, row in zip(group, nats, strict=True):
            found[known : start + length] = row[known - start :]
            known = start + length
    return found
