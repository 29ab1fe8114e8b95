"""Text generation: continue a prompt by a checkpoint of a language model.

for piece in Writer.load("gpt.gutenberg")("The sea was", length=100, seed=1):
    print(piece, end="")
"""

from zoo.data.tokens import END, Tokenizer
from zoo.errors import BadInput
from zoo.generation.tokens import Generator
from zoo.hub import checkpoint
from zoo.runtime import onnx_generator


class Writer:
    """Continues a text, by a language model such as a GPT or an LSTM. Make it once and call it often."""

    def __init__(self, model, tokenizer: Tokenizer):
        self.tokenizer, self.generator = tokenizer, Generator(model)
        self.stop = [number for number in [tokenizer.number(END)] if number is not None]

    @classmethod
    def load(cls, name):
        """From a checkpoint, by name or folder. Imports no framework where ONNX Runtime can run the model."""
        return cls(onnx_generator.load(name), checkpoint.tokenizer(name))

    def __call__(
        self, prompt: str, *, length: int, temperature: float = 0.8, top_p: float = 1.0, seed: int | None = None
    ):
        """Yields what follows the prompt, piece by piece, until `length` tokens or the end of a text.

        temperature, top_p, seed: as in `zoo.generation.tokens.Generator.stream`. Raises BadInput for an empty prompt
        and for characters that the model doesn't know.
        """
        if not prompt:
            raise BadInput("the prompt is empty; give a text to continue")
        # A space at the prompt's end belongs to the token of the next word: it is left to that.
        complete, rest = self.tokenizer.split_prompt(prompt)
        [tokens] = self.tokenizer([complete])
        first = self.tokenizer.words_after(rest) if rest else None
        made, shown = [], len(rest)  # tokens since the prompt, characters of theirs already yielded
        options = {"temperature": temperature, "top_p": top_p, "seed": seed, "stop": self.stop, "first": first}
        for [piece] in self.generator.stream([tokens], new_tokens=length, **options):
            made += piece
            text = self.tokenizer.text(made).rstrip("\ufffd")  # the rest of a character in several tokens is to come
            yield text[shown:]
            shown = max(shown, len(text))
