"""Texts from checkpoints: going on with one, and one language into another. What apps and recipes use."""

import numpy as np

from zoo.data.tokens import END, START, Tokenizer
from zoo.errors import BadInput
from zoo.generation.tokens import Generator

BEAMS = 5
BATCH = 32  # sentences translated at once
LONGER = 20  # tokens allowed beyond 1.5 times the source's
LENGTH_PENALTY = 1.0  # best on Multi30k's validation split; the Transformer's paper has 0.6


class Translator:
    """Sentences into another language, by a model that reads a source and writes a target, such as a Transformer.

    What it compiles it keeps: make it once and call it often.
    """

    def __init__(self, model, tokenizer: Tokenizer):
        self.model, self.tokenizer = model, tokenizer
        self.generator = Generator(model)
        self.start, self.end = tokenizer.number(START), tokenizer.number(END)

    def __call__(self, sentences: list[str], *, beams: int = BEAMS) -> list[str]:
        """A translation of each sentence, found by beam search.

        Raises BadInput for a sentence that is longer than the model can see at once.
        """
        sources = self.sources(sentences)
        # Those of about one length go together; what is compiled serves all that are filled up alike.
        order = sorted(range(len(sources)), key=lambda i: len(sources[i]))
        found = [""] * len(sources)
        for first in range(0, len(order), BATCH):
            part = order[first : first + BATCH]
            part += [part[-1]] * (BATCH - len(part)) if first else []  # the last batch has the size of the others
            targets = self.generator.beam(
                [[self.start]] * len(part),
                new_tokens=self._room(max(len(sources[i]) for i in part)),
                stop=self.end,
                beams=beams,
                length_penalty=LENGTH_PENALTY,
                source=[sources[i] for i in part],
            )
            for i, target in zip(part, targets, strict=True):
                found[i] = self.tokenizer.text(target).strip()
        return found

    def sources(self, sentences: list[str]) -> list[list[int]]:
        """Token numbers of sentences as the encoder takes them."""
        sources = [[*tokens, self.end] for tokens in self.tokenizer(sentences)]
        for sentence, tokens in zip(sentences, sources, strict=True):
            if self.model.context is not None and len(tokens) > self.model.context:
                raise BadInput(
                    f"a sentence of {len(tokens)} tokens is longer than the {self.model.context} that this model can "
                    f"see at once; split it: {sentence[:40]!r} ..."
                )
        return sources

    def attention(self, sentence: str, translation: str) -> tuple[np.ndarray, list[str], list[str]]:
        """How much each token of the translation looked at each of the sentence, (T, S), and both lists of tokens."""
        from keras import ops

        [source] = self.sources([sentence])
        [target] = self.tokenizer([translation])
        weights = self.model.attention(np.array([source], "int32"), np.array([[self.start, *target]], "int32"))
        pieces = [[self.tokenizer.text([token]) for token in tokens] for tokens in (source[:-1], target)]
        # What follows the last token, the end, and the source's end are no words.
        return ops.convert_to_numpy(weights)[0, :-1, :-1], *pieces

    def _room(self, length: int) -> int:
        """New tokens to allow for, of few different numbers, since each is compiled by itself."""
        wanted = -(-int(1.5 * length + LONGER) // 16) * 16
        return wanted if self.model.context is None else min(wanted, self.model.context - 1)


class Writer:
    """Goes on with a text, by a model that says what comes next, such as a GPT or an LSTM."""

    def __init__(self, model, tokenizer: Tokenizer):
        self.tokenizer = tokenizer
        self.generator = Generator(model)
        self.stop = [number for number in [tokenizer.number(END)] if number is not None]

    def __call__(
        self, prompt: str, *, length: int, temperature: float = 0.8, top_p: float = 1.0, seed: int | None = None
    ):
        """Yields what follows the prompt, piece by piece, until `length` tokens or the end of a text.

        temperature, top_p, seed: as in `zoo.generation.tokens.Generator.stream`. Raises BadInput for an empty prompt and for
        characters that the model doesn't know.
        """
        if not prompt:
            raise BadInput("the prompt is empty; give a text to go on with")
        [tokens] = self.tokenizer([prompt])
        known, shown = [], 0  # tokens since the prompt, characters of theirs that were given out
        options = {"temperature": temperature, "top_p": top_p, "seed": seed, "stop": self.stop}
        for [piece] in self.generator.stream([tokens], new_tokens=length, **options):
            known += piece
            text = self.tokenizer.text(known).rstrip("\ufffd")  # of a character in several tokens the rest is to come
            yield text[shown:]
            shown = len(text)
