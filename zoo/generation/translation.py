"""Translation by a checkpoint of an encoder-decoder: of single sentences, and of whole texts as users type them.

[translation] = Translator.load("transformer.multi30k-de-en")(["Zwei Hunde spielen im Schnee."])
"""

import re
import unicodedata
from dataclasses import dataclass

import numpy as np

from zoo.data.tokens import END, START, Tokenizer
from zoo.errors import BadInput
from zoo.generation.tokens import Generator
from zoo.hub import checkpoint
from zoo.runtime import onnx_generator

BEAMS = 5
BATCH = 32  # sentences translated at once
LONGER = 20  # tokens allowed beyond 1.5 times the source's
RARITY = 10.0  # weight of the tokens per character in `familiarity`, chosen on Multi30k's and Tatoeba's validation data
LENGTH_PENALTY = 1.0  # best on Multi30k's validation split; the Transformer's paper has 0.6
SPACES = re.compile(r"[^\S\n]+")  # runs of white space, no-break and narrow ones too, but for line ends
INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))  # soft hyphen, zero-width space, word joiner, BOM


@dataclass(frozen=True)
class Translation:
    """A text in another language."""

    text: str
    sentences: list[tuple[str, str]]  # as the model was given them, and its translations
    in_distribution: bool  # whether all of them are like those of the training text, see `Translator.familiarity`


class Translator:
    """Translates sentences by an encoder-decoder such as a Transformer. Make it once and call it often."""

    def __init__(self, model, tokenizer: Tokenizer, language: str = "en", ood_threshold: float | None = None):
        """language: of the source, two letters. ood_threshold: least `familiarity` of what is in distribution."""
        self.model, self.tokenizer, self.generator = model, tokenizer, Generator(model)
        self.start, self.end = tokenizer.number(START), tokenizer.number(END)
        self.language, self.ood_threshold = language, -np.inf if ood_threshold is None else ood_threshold

    @classmethod
    def load(cls, name):
        """From a checkpoint, by name or folder. Imports no framework where ONNX Runtime can run the model."""
        card = checkpoint.card(name)
        language = card.inputs["source"].get("language", "en")
        tokenizer = checkpoint.tokenizer(name)
        return cls(onnx_generator.load(name), tokenizer, language, card.ood_threshold)

    def __call__(self, sentences: list[str], *, beams: int = BEAMS) -> list[str]:
        """A translation of each sentence, found by beam search.

        Raises BadInput for a sentence that is longer than the model's context.
        """
        return [translation for translation, _ in self.scored(sentences, beams=beams)]

    def scored(self, sentences: list[str], *, beams: int = BEAMS) -> list[tuple[str, float]]:
        """A translation of each sentence and its log-probability, divided by the length penalty of the beam search."""
        sources = self.sources(sentences)
        # Those of about one length go together; what is compiled serves all that are padded alike.
        order = sorted(range(len(sources)), key=lambda i: len(sources[i]))
        found = [("", 0.0)] * len(sources)
        for first in range(0, len(order), BATCH):
            part = order[first : first + BATCH]
            part += [part[-1]] * (BATCH - len(part)) if first else []  # the last batch has the size of the others
            targets = self.generator.scored_beam(
                [[self.start]] * len(part),
                new_tokens=self._room(max(len(sources[i]) for i in part)),
                stop=self.end,
                beams=beams,
                length_penalty=LENGTH_PENALTY,
                source=[sources[i] for i in part],
            )
            for i, (target, score) in zip(part, targets, strict=True):
                found[i] = self.tokenizer.text(target).strip(), score
        return found

    def texts(self, texts: list[str]) -> list[Translation]:
        """Translations of texts of any number of sentences, which are normalised and translated one by one.

        Raises BadInput as for sentences.
        """
        lines = [[self.split(line) for line in normalized(text).split("\n")] for text in texts]
        sentences = list(dict.fromkeys(sentence for text in lines for line in text for sentence in line))
        found = dict(zip(sentences, self.scored(sentences), strict=True)) if sentences else {}
        return [
            Translation(
                text="\n".join(" ".join(found[sentence][0] for sentence in line) for line in text),
                sentences=[(sentence, found[sentence][0]) for line in text for sentence in line],
                in_distribution=all(
                    self.familiarity(sentence, found[sentence][1]) >= self.ood_threshold
                    for line in text
                    for sentence in line
                ),
            )
            for text in lines
        ]

    def familiarity(self, sentence: str, score: float) -> float:
        """How similar a sentence is to the training text, by the score of its translation and its number of tokens.

        A model that is out of its depth gives a low score; and the tokeniser, trained on the same text, writes words
        that are rare there in many tokens.
        """
        [tokens] = self.tokenizer([sentence])
        return score - RARITY * len(tokens) / len(sentence)

    def split(self, line: str) -> list[str]:
        """The sentences of a line, truecased where they are all in capitals."""
        import sentencex  # Wikimedia's

        sentences = (sentence.strip() for sentence in sentencex.segment(self.language, line))
        return [truecased(sentence, self.tokenizer) for sentence in sentences if sentence]

    def sources(self, sentences: list[str]) -> list[list[int]]:
        """Token numbers of sentences as the encoder takes them."""
        sources = [[*tokens, self.end] for tokens in self.tokenizer(sentences)]
        for sentence, tokens in zip(sentences, sources, strict=True):
            if self.model.context is not None and len(tokens) > self.model.context:
                raise BadInput(
                    f"a sentence of {len(tokens)} tokens is longer than the {self.model.context} of this model's "
                    f"context; split it: {sentence[:40]!r} ..."
                )
        return sources

    def attention(self, sentence: str, translation: str) -> tuple[np.ndarray, list[str], list[str]]:
        """How much each token of the translation attends to each of the sentence, (T, S), and both lists of tokens."""
        [source] = self.sources([sentence])
        [target] = self.tokenizer([translation])
        weights = self.model.attention(np.array([source], "int32"), np.array([[self.start, *target]], "int32"))
        pieces = [[self.tokenizer.text([token]) for token in tokens] for tokens in (source[:-1], target)]
        # Without the end tokens of target and source.
        return self.generator.ops.convert_to_numpy(weights)[0, :-1, :-1], *pieces

    def _room(self, length: int) -> int:
        """New tokens to allow for, of few different numbers, since each is compiled by itself."""
        wanted = -(-int(1.5 * length + LONGER) // 16) * 16
        return wanted if self.model.context is None else min(wanted, self.model.context - 1)


def normalized(text: str) -> str:
    """A text with composed letters (NFC), plain spaces and nothing invisible."""
    return SPACES.sub(" ", unicodedata.normalize("NFC", text).translate(INVISIBLE)).strip()


def truecased(sentence: str, tokenizer: Tokenizer) -> str:
    """A sentence all in capitals as it is usually written, any other as it is.

    Each word gets the case that the tokeniser writes in fewer tokens, which is the one of its training text.
    """
    if not sentence.isupper() or sum(map(str.isalpha, sentence)) < 2:
        return sentence
    words = sentence.lower().split(" ")
    forms = [(f" {word}", f" {word[:1].upper()}{word[1:]}") for word in words]
    lengths = iter(map(len, tokenizer([form for pair in forms for form in pair])))
    found = [lower if next(lengths) <= next(lengths) else upper for lower, upper in forms]
    sentence = "".join(found).strip()
    return sentence[:1].upper() + sentence[1:]
