"""Continue a text: a language model samples what comes next, a token at a time."""

import itertools
from collections.abc import Iterator
from typing import Annotated

from zoo.errors import BadCheckpoint
from zoo.generation.text import Writer

from .app import App, Checkpoint, Number, Sample, Text

CREDIT = "our own words"


class Write(App):
    name = "write"
    title = "Continue a text"
    topic = "Read and write"
    summary = "Continues a text, in the style of the novels or plays that a small language model was trained on."
    checkpoints = ("gpt.gutenberg", "gpt.shakespeare", "lstm.shakespeare")

    def __call__(
        self,
        prompt: Annotated[str, Text(help="the text to continue")],
        checkpoint: Annotated[
            str, Checkpoint(help="a language model: a name, or a folder that zoo train wrote")
        ] = "gpt.gutenberg",
        length: Annotated[
            int, Number(minimum=1, maximum=5000, whole=True, help="tokens at most: characters, or parts of words")
        ] = 300,
        temperature: Annotated[
            float, Number(minimum=0, maximum=2, help="higher is more varied; 0 always takes the most probable token")
        ] = 0.8,
        top_p: Annotated[
            float,
            Number(minimum=0.01, maximum=1, help="the most probable tokens of this total probability are sampled"),
        ] = 0.95,
        seed: Annotated[
            int, Number(minimum=-1, whole=True, help="the same seed, the same text; -1 for another each time")
        ] = -1,
    ) -> Iterator[Annotated[str, Text(label="text")]]:
        """Text -> the text and its continuation, piece by piece. Raises `BadInput` for unknown characters."""
        import zoo

        card = zoo.card(checkpoint)
        if card.task != "generate_text" or not card.tokenizer:
            raise BadCheckpoint(f"{card.name} writes no texts; give a language model such as gpt.gutenberg")
        writer = self.tool(checkpoint, Writer.load)
        options = {"temperature": temperature, "top_p": top_p, "seed": None if seed < 0 else seed}
        pieces = writer(prompt, length=length, **options)
        first = next(pieces, "")  # raises the errors of the prompt before any text is shown
        return itertools.chain([prompt, first], pieces)

    def samples(self):
        lines = ["The old house stood at the end of the lane, and", "It was the last evening of summer when the letter"]
        return [
            Sample(name=name, title=name.capitalize(), credit=CREDIT, inputs={"prompt": line, "seed": 1})
            for name, line in zip(("house", "letter"), lines, strict=True)
        ]
