"""Tiny Shakespeare: a million characters of his plays in one text of 65 different characters (Karpathy 2015).

Split as the field does it: the first 90 % of the published file, and what follows.
"""

from zoo.data.dataset import Dataset, Text
from zoo.data.layouts import TextFiles
from zoo.data.source import Source, require
from zoo.kinds.text import decoded

TRAINED = 1_003_854  # characters: 90 % of the published file's 1,115,394, so that train is the same in a shorter copy


def examples(source: Source):
    path = source.one("input.txt")
    text = decoded(source.read(path), f"{source.folder}: {path}")
    require(text[TRAINED:], source.folder, f"input.txt of more than {TRAINED:,} characters")
    parts = {"train": text[:TRAINED], "validation": text[TRAINED:]}
    return {split: iter([(split, {"id": split, "text": part})]) for split, part in parts.items()}


DATASET = Dataset(
    name="tinyshakespeare",
    title="Tiny Shakespeare",
    summary="a million characters of plays by William Shakespeare (Karpathy 2015)",
    licence="public domain",
    commercial=True,
    url="https://github.com/karpathy/char-rnn",
    splits=("train", "validation"),
    fields={"id": Text(), "text": Text()},
    inputs=("text",),
    layout=TextFiles(),
    files="input.txt; train is its first 1,003,854 characters, 90 % of the published file",
    examples=examples,
    citation="""@misc{karpathy2015unreasonable,
  author = {Andrej Karpathy}, title = {The Unreasonable Effectiveness of Recurrent Neural Networks}, year = {2015}}""",
)
