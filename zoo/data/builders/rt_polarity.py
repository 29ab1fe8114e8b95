"""rt-polarity: sentences of film reviews, for or against the film (Pang and Lee 2005)."""

import tensorflow_datasets as tfds

from zoo.data.builders.source import FolderBuilder, require
from zoo.data.datasets import DATASETS

FILES = {"negative": "rt-polarity.neg", "positive": "rt-polarity.pos"}


class RtPolarity(FolderBuilder, skip_registration=True):
    """All in one split, since none is official."""

    name = "rt_polarity"

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Sentences of film reviews in lower case, words and punctuation apart.",
            homepage="https://www.cs.cornell.edu/people/pabo/movie-review-data/",
            license="None stated by the authors, who ask to be cited; for research.",
            citation="""@inproceedings{pang2005seeing,
  author = {Bo Pang and Lillian Lee},
  title = {Seeing Stars: Exploiting Class Relationships for Sentiment Categorization with Respect to Rating Scales},
  booktitle = {Proceedings of the ACL}, pages = {115--124}, year = {2005}}""",
            features=tfds.features.FeaturesDict(
                {
                    "text": tfds.features.Text(),
                    "label": tfds.features.ClassLabel(names=DATASETS["rt_polarity"].labels),
                }
            ),
        )

    def _split_generators(self, dl_manager):
        lines = {}
        for label, name in FILES.items():
            paths = [path for path, _ in self.source.find(name.replace(".", r"\."))]
            require(paths, self.source.folder, name)
            data = self.source.read(paths[0])
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError:  # as it was published
                text = data.decode("cp1252", errors="replace")
            lines[label] = [line.strip() for line in text.split("\n") if line.strip()]
        return {"train": self._generate_examples(lines)}

    def _generate_examples(self, lines):
        for label, texts in lines.items():
            for number, text in enumerate(texts):
                yield f"{label}{number}", {"text": text, "label": label}
