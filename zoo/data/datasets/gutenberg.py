"""Books from Project Gutenberg, as the NLTK has them, without the Project's headers.

One example a book, with the line breaks of its source, named like its file, such as austen-emma; validation has the
ends.
"""

from zoo.data.dataset import Dataset, Text
from zoo.data.layouts import TextFiles
from zoo.data.source import Source, require
from zoo.kinds.text import decoded

HELD_OUT = 0.05  # of each book, at its end


def examples(source: Source):
    books = {match[1]: path for path, match in source.find(r"([a-z]+-[a-z_]+)\.txt")}
    require(books, source.folder, "<author>-<title>.txt")
    return {split: _books(source, books, split) for split in ("train", "validation")}


def _books(source, books, split):
    for name, path in sorted(books.items()):
        text = decoded(source.read(path), f"{source.folder}: {path}")
        # The part held out begins with a paragraph.
        cut = text.find("\n\n", int(len(text) * (1 - HELD_OUT)))
        cut = len(text) if cut < 0 else cut + 2
        yield name, {"id": name, "text": text[:cut] if split == "train" else text[cut:]}


DATASET = Dataset(
    name="gutenberg",
    title="Books from Project Gutenberg",
    summary="English books as the NLTK has them: Austen, Chesterton, Melville, and verse",
    licence="public domain",
    commercial=True,
    url="https://www.nltk.org/nltk_data/",
    splits=("train", "validation"),
    fields={"id": Text(), "text": Text()},
    inputs=("text",),
    layout=TextFiles(),
    files="<author>-<title>.txt, such as austen-emma.txt; validation is the last 5 % of each",
    examples=examples,
    citation="""@book{bird2009natural,
  author = {Steven Bird and Ewan Klein and Edward Loper}, title = {Natural Language Processing with Python},
  publisher = {O'Reilly}, year = {2009}}""",
)
