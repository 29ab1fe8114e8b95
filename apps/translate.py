"""Translate texts, and draw the cross-attention between the words of a sentence and of its translation."""

import re
import warnings
from typing import Annotated

import numpy as np

from zoo.errors import BadCheckpoint, BadInput
from zoo.generation.translation import Translator

from .app import App, Checkpoint, Choice, Flag, Image, Sample, Text

PAIRS = {"de-en": "transformer.multi30k-de-en", "en-de": "transformer.multi30k-en-de"}
LANGUAGES = {"de": "German", "en": "English"}
DPI = 150  # pixels of an inch
CELL, LETTER = 0.42, 0.1  # inches of a word's row or column, and of a letter beside it at most
UNLIKE = "unlike the sentences that the model was trained on, so the translation may be wrong"
LONGEST = 30  # letters of a word that are drawn
INK, SOFT = "#1d1c1a", "#78746c"


class Translate(App):
    name = "translate"
    title = "Translate"
    topic = "Read and write"
    summary = "Translates sentences such as describe a photograph, and draws the cross-attention between the words."
    checkpoints = tuple(PAIRS.values())

    def __call__(
        self,
        texts: list[Annotated[str, Text(help="texts of one sentence or several")]],
        pair: Annotated[str, Choice(options=tuple(PAIRS), help="source and target language")] = "de-en",
        checkpoint: Annotated[
            str, Checkpoint(help="a translator instead of the pair's: a name, or a folder that zoo train wrote")
        ] = "",
        attention: Annotated[bool, Flag(help="draw the cross-attention, for a single sentence")] = False,
    ) -> tuple[
        list[Annotated[str, Text(label="translation")]],
        list[Annotated[str, Text(label="note")]],
        Annotated[np.ndarray | None, Image(label="attention", when="attention")],
    ]:
        """Texts -> a translation of each; a note on each that is out of distribution, else ""; an image of attention.

        The image is uint8 (H, W, 3), None where there is nothing to draw. Raises `BadInput` for a sentence that is too
        long, and for an image of several sentences.
        """
        import zoo

        checkpoint = checkpoint or PAIRS[pair]
        card = zoo.card(checkpoint)
        if card.task != "translate_text" or not card.tokenizer:
            raise BadCheckpoint(f"{card.name} translates nothing; give a translator such as {PAIRS[pair]}")
        if attention and len(texts) > 1:
            raise BadInput(f"attention is drawn for one sentence, not {len(texts)}; give one, or leave it out")
        translator = self.tool(checkpoint, Translator.load)
        found = translator.texts(texts)
        translations = [each.text for each in found]
        notes = ["" if each.in_distribution else UNLIKE for each in found]
        if not attention or not translations[0]:
            return translations, notes, None
        if len(found[0].sentences) > 1:
            raise BadInput(f"attention is drawn for one sentence, not {len(found[0].sentences)}; give one")
        [sentence] = found[0].sentences
        languages = [facts["language"] for facts in card.inputs.values()]
        return translations, notes, drawn(*word_attention(translator, *sentence), languages)

    def samples(self):
        german = "Zwei Kinder spielen am Strand mit einem roten Ball."
        english = "A man in a blue shirt is repairing a bicycle."
        return [
            Sample(name="beach", title="On the beach", credit="our own words", inputs=_inputs(german, "de-en")),
            Sample(name="bicycle", title="A bicycle", credit="our own words", inputs=_inputs(english, "en-de")),
        ]


def _inputs(text: str, pair: str) -> dict:
    return {"texts": [text], "pair": pair, "attention": True}


def translator_of(name: str):
    """A checkpoint's translator as a function from texts to translations, for `App.tool`."""
    translator = Translator.load(name)
    return lambda texts: [each.text for each in translator.texts(texts)]


def word_attention(translator, sentence: str, translation: str) -> tuple[np.ndarray, list[str], list[str]]:
    """How much each word of a translation attends to each of the sentence, (T, S), and the words of both.

    Over the tokens of a word, weights are averaged where they attend and summed where they are attended to.
    """
    weights, *_ = translator.attention(sentence, translation)  # (target tokens, source tokens)
    source, target = (words(translator.tokenizer, text) for text in (sentence, translation))
    columns = np.stack([weights[:, part].sum(axis=1) for _, part in source], axis=1)  # (target tokens, S)
    rows = np.stack([columns[part].mean(axis=0) for _, part in target])  # (T, S)
    return rows, [word for word, _ in target], [word for word, _ in source]


def words(tokenizer, text: str) -> list[tuple[str, list[int]]]:
    """The words and punctuation marks of a text, and which of its tokens each is made of."""
    spans = [match.span() for match in re.finditer(r"\w+(?:['\u2019-]\w+)*|[^\w\s]+", text)]
    parts = [[] for _ in spans]
    for number, (start, end) in enumerate(tokenizer.inner.encode(text, add_special_tokens=False).offsets):
        first = start + len(text[start:end]) - len(text[start:end].lstrip())  # its first letter; a space alone has none
        word = next((i for i, (_, stop) in enumerate(spans) if first < stop), None)
        if word is not None:
            parts[word].append(number)
    return [(text[slice(*span)], part) for span, part in zip(spans, parts, strict=True) if part]


def drawn(weights: np.ndarray, target: list[str], source: list[str], languages=()) -> np.ndarray:
    """What `word_attention` found as an image, uint8 (H, W, 3): a row for each word of the target.

    languages: of the source and of the target, such as ("de", "en").
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure  # not pyplot, which keeps figures alive and picks a window system

    target, source = (
        [word if len(word) <= LONGEST else f"{word[: LONGEST - 1]}…" for word in each] for each in (target, source)
    )
    cell = min(CELL, 20 / max(weights.shape))
    height, width = (
        cell * size + LETTER * max(map(len, each)) for size, each in zip(weights.shape, (source, target), strict=True)
    )
    figure = Figure(figsize=(width + 1.8, height + 1), dpi=DPI, layout="constrained", facecolor="white")
    axis = figure.add_subplot()
    shown = axis.imshow(weights, cmap="Blues", vmin=0)
    size = min(10, 50 * cell)
    # No formulas: a word may contain a $.
    axis.set_xticks(range(len(source)), source, rotation=45, ha="left", rotation_mode="anchor", parse_math=False)
    axis.set_yticks(range(len(target)), target, parse_math=False)
    axis.set_xticks(np.arange(len(source) + 1) - 0.5, minor=True)
    axis.set_yticks(np.arange(len(target) + 1) - 0.5, minor=True)
    axis.grid(which="minor", color="white", linewidth=1.5 * cell / CELL)
    axis.tick_params(which="both", length=0, labelsize=size, labelcolor=INK, top=True, labeltop=True, labelbottom=False)
    axis.spines[:].set_visible(False)
    sides = [LANGUAGES.get(language, language) for language in languages] or ["sentence", "translation"]
    axis.xaxis.set_label_position("top")
    axis.set_xlabel(sides[0], color=SOFT, fontsize=9)
    axis.set_ylabel(sides[-1], color=SOFT, fontsize=9)
    bar = figure.colorbar(shown, ax=axis, fraction=0.04, pad=0.02, format=lambda weight, _: f"{weight:.0%}")
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelsize=8, labelcolor=INK)
    canvas = FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a letter that the font lacks is drawn as a box
        canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3].copy()
