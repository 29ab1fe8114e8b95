"""Multi30k: descriptions of photographs in four languages (Elliott, Frank, Sima'an, Specia 2016)."""

import gzip
import zlib

import tensorflow_datasets as tfds

from zoo.data.builders.source import FolderBuilder, require
from zoo.data.datasets import DATASETS
from zoo.errors import BadInput
from zoo.kinds.text import decoded


class Multi30k(FolderBuilder, skip_registration=True):
    """Splits as published, untokenised."""

    name = "multi30k"

    def _info(self):
        languages = DATASETS["multi30k"].languages
        return tfds.core.DatasetInfo(
            builder=self,
            description="English descriptions of photographs and what translators made of them.",
            homepage="https://github.com/multi30k/dataset",
            license="Non-commercial research and education only.",
            citation="""@inproceedings{elliott2016multi30k,
  author = {Desmond Elliott and Stella Frank and Khalil Sima'an and Lucia Specia},
  title = {Multi30K: Multilingual English-German Image Descriptions},
  booktitle = {Proceedings of the 5th Workshop on Vision and Language}, pages = {70--74}, year = {2016}}""",
            features=tfds.features.FeaturesDict({language: tfds.features.Text() for language in languages}),
        )

    def _split_generators(self, dl_manager):
        about = DATASETS["multi30k"]
        return {split: self._generate_examples(self._lines(split, about.languages)) for split in about.splits}

    def _lines(self, split, languages) -> dict[str, list[str]]:
        found = {}
        for language in languages:
            name = f"{split}.{language}.gz"
            paths = [path for path, _ in self.source.find(name.replace(".", r"\."))]
            require(paths, self.source.folder, name)
            try:
                data = gzip.decompress(self.source.read(paths[0]))
            except (OSError, EOFError, zlib.error) as error:
                raise BadInput(f"{self.source.folder}: {paths[0]} is damaged ({error})") from None
            found[language] = decoded(data, paths[0]).removesuffix("\n").split("\n")
        lengths = {language: len(lines) for language, lines in found.items()}
        if len(set(lengths.values())) > 1:
            raise BadInput(f"{self.source.folder}: {split} has not as many lines in each language: {lengths}")
        return found

    def _generate_examples(self, lines):
        for number, sentences in enumerate(zip(*lines.values(), strict=True)):
            yield number, dict(zip(lines, sentences, strict=True))
