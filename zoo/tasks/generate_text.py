"""Language modelling: logits of the next token at each position of a text, to generate text with.

A user's data are a text file. Fine-tuning adapts a language model to its style.
"""

from pathlib import Path

import numpy as np

from zoo import metrics
from zoo.data.labels import probabilities
from zoo.errors import BadInput
from zoo.hub import checkpoint
from zoo.kinds.text import read_text
from zoo.tasks import examples
from zoo.tasks.task import RATES, FineTuning, Task

CONTEXT = 128  # tokens, of models that take any number
HELD_TEXT = 0.1  # fraction of a text held back, at its end
BATCH = 32
SHOWN = 5  # tokens that `decode` names


class GenerateText(Task):
    takes = {"tokens": ("int32", 1)}

    def example(self, card, count):
        return {"tokens": examples.tokens(card.arguments, count)}

    def decode(self, card, outputs, tokenizer=None):
        """The likeliest next tokens after each text, [(token, probability)], best first."""
        found = probabilities(np.asarray(outputs["logits"])[:, -1])  # (B, V)
        ranked = np.argsort(-found, axis=-1, kind="stable")[:, :SHOWN]
        return [
            [(tokenizer.text([token]), float(row[token])) for token in best]
            for row, best in zip(found, ranked, strict=True)
        ]

    def measure(self, predict, examples, split, protocol=None):
        """The negative log-likelihood per token of texts (list of str), without the first token."""
        tokens = token_sequence(predict.tokenizer, examples)
        if len(tokens) < 2:
            raise BadInput(f"{len(tokens)} tokens are too few to measure on; give a text of 2 or more")
        context, unit = predict.model.context or CONTEXT, unit_of(predict.tokenizer)
        found = token_nll(predict, tokens, context)  # (N - 1,)
        measured = (
            f"mean over all {unit.partition('/')[2]}s but the first, each with {context // 2} or more before it, or "
            "all there are"
        )
        row = metrics.row("nll", split, np.mean(found), n=len(found), unit=unit, protocol=protocol or measured)
        return [row], {}

    def read(self, card, data, split, data_dir):
        return [read_text(data)]

    def check_data(self, name, base, data, data_dir):
        training_tokens(checkpoint.tokenizer(name), base, data)

    def finetuning(self, name, base, data, seed, data_dir):
        return LanguageModelFineTuning(name, base, data, seed)


class LanguageModelFineTuning(FineTuning):
    """Fine-tunes a language model on a text file. All layers are trained."""

    task = "generate_text"
    monitor = "loss"
    limits = "It writes in the manner of one text, and may repeat parts of it word for word."

    def __init__(self, name, base, data, seed):
        from zoo.data.batches import Windows  # late: it imports the framework

        self.tokenizer = checkpoint.tokenizer(name)
        tokens, cut, context = training_tokens(self.tokenizer, base, data)
        # Small batches of short texts, so that an epoch has some twenty steps.
        size = min(BATCH, max(1, cut // context // 20))
        self.batches = Windows(tokens[:cut], context, batch_size=size, seed=seed)
        self.rest, self.context = tokens[cut:], context
        self.held = windows(self.rest, context)
        self.inputs, self.outputs = base.inputs, base.outputs

    def model(self, name):
        return checkpoint.load(name)

    def stages(self, model, epochs):
        return [("whole", model.layers, epochs, RATES["text"])]

    def measure(self, predict):
        found, unit = token_nll(predict, self.rest, self.context), unit_of(self.tokenizer)
        protocol = f"the last {HELD_TEXT:.0%} of the text, held back and used to select the epoch"
        return [metrics.row("nll", "validation", np.mean(found), n=len(found), unit=unit, protocol=protocol)], {}

    def baselines(self, predict):
        [row], _ = self.measure(predict)
        return [row | {"role": "baseline", "protocol": f"{predict.card.name} before fine-tuning"}]

    def summary(self, base):
        return f"{base.name} fine-tuned on a text of {len(self.batches.tokens) + len(self.rest):,} tokens."


def training_tokens(tokenizer, base, path) -> tuple[np.ndarray, int, int]:
    """The tokens of a text file, how many of them are trained on, the rest being held back, and the model's context.

    base: the card of the checkpoint to train. Raises `BadInput` for what is no text file, and for too short a text.
    """
    path = Path(path)
    if path.suffix.lower() == ".csv" or path.is_dir():
        raise BadInput(f"{base.name} generates text, so it is fine-tuned on a text file; {path} is none")
    tokens = token_sequence(tokenizer, [read_text(path)])
    context, cut = base.arguments.get("context", CONTEXT), int(len(tokens) * (1 - HELD_TEXT))
    if len(tokens) - cut <= context or cut <= 2 * context:
        least = int((context + 1) / HELD_TEXT) + 1
        raise BadInput(f"{path} has {len(tokens)} tokens, too few to learn from; give {least} or more")
    return tokens, cut, context


def unit_of(tokenizer) -> str:
    """The unit of a negative log-likelihood: per character where each token is one character, else per token."""
    return "nats/char" if max(map(len, tokenizer.inner.get_vocab())) == 1 else "nats/token"


def windows(tokens, length: int) -> tuple[np.ndarray, np.ndarray]:
    """A token sequence (N,) cut into windows, and their next tokens: int32 (B, length) both; the rest is dropped."""
    count = (len(tokens) - 1) // length
    whole = tokens[: count * length + 1]
    return whole[:-1].reshape(count, length), whole[1:].reshape(count, length)


def token_sequence(tokenizer, texts) -> np.ndarray:
    """All texts as one sequence of tokens, int32 (N,). By lines, since tokenisers are slow with long texts."""
    lines = [line for text in texts for line in text.splitlines(keepends=True)]
    return np.concatenate([np.zeros(0, np.int32), *(np.array(line, np.int32) for line in tokenizer(lines))])


def token_nll(predict, tokens, context: int) -> np.ndarray:
    """-log p of each token but the first, in nats: (N,) -> (N - 1,).

    Windows overlap by half; of each the second half counts.

    predict: a `zoo.runtime.predictor.Predictor` of a model for this task.
    """
    step = context // 2
    found, known = np.zeros(len(tokens) - 1), 0
    starts = [*range(0, max(len(found) - context, 0), step), max(len(found) - context, 0)]
    for first in range(0, len(starts), 16):
        group = starts[first : first + 16]
        length = min(context, len(found))
        parts = np.stack([tokens[start : start + length + 1] for start in group])  # (B, T + 1)
        logits = predict(parts[:, :-1])["logits"].astype(np.float64)
        logits -= logits.max(axis=-1, keepdims=True)
        target = np.take_along_axis(logits, parts[:, 1:, None], axis=-1)[..., 0]
        nats = np.log(np.exp(logits).sum(axis=-1)) - target  # (B, T)
        for start, row in zip(group, nats, strict=True):
            found[known : start + length] = row[known - start :]
            known = start + length
    return found


TASK = GenerateText()
