"""Books from Project Gutenberg, as the NLTK has them, without the Project's headers."""

import tensorflow_datasets as tfds

from zoo.data.builders.source import FolderBuilder, require
from zoo.kinds.text import decoded

HELD_BACK = 0.05  # of each book, at its end


class Gutenberg(FolderBuilder, skip_registration=True):
    """One example a book, named like its file, such as austen-emma; validation has the ends."""

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="English books, each one text with the line breaks of its source.",
            homepage="https://www.nltk.org/nltk_data/",
            license="Public domain.",
            citation="""@book{bird2009natural,
  author = {Steven Bird and Ewan Klein and Edward Loper}, title = {Natural Language Processing with Python},
  publisher = {O'Reilly}, year = {2009}}""",
            features=tfds.features.FeaturesDict({"id": tfds.features.Text(), "text": tfds.features.Text()}),
        )

    def _split_generators(self, dl_manager):
        books = {match[1]: path for path, match in self.source.find(r"([a-z]+-[a-z_]+)\.txt")}
        require(books, self.source.folder, "<author>-<title>.txt")
        return {split: self._generate_examples(books, split) for split in ("train", "validation")}

    def _generate_examples(self, books, split):
        for name, path in sorted(books.items()):
            text = decoded(self.source.read(path), f"{self.source.folder}: {path}")
            # The part held back begins with a paragraph.
            cut = text.find("\n\n", int(len(text) * (1 - HELD_BACK)))
            cut = len(text) if cut < 0 else cut + 2
            yield name, {"id": name, "text": text[:cut] if split == "train" else text[cut:]}
