"""CLINC150: requests to an assistant, of 150 intents and of none of them (Larson and others 2019)."""

import json

import numpy as np
import tensorflow_datasets as tfds

from zoo.data.builders.source import FolderBuilder, require
from zoo.data.datasets import DATASETS
from zoo.errors import BadInput


class Clinc150(FolderBuilder, skip_registration=True):
    """Splits of the full data set. `label` is -1 for what has none of the intents."""

    name = "clinc150"

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Short English requests as crowd workers would make them to an assistant.",
            homepage="https://github.com/clinc/oos-eval",
            license="CC BY 3.0",
            citation="""@inproceedings{larson2019evaluation,
  author = {Stefan Larson and others},
  title = {An Evaluation Dataset for Intent Classification and Out-of-Scope Prediction},
  booktitle = {Proceedings of EMNLP-IJCNLP}, pages = {1311--1316}, year = {2019}}""",
            features=tfds.features.FeaturesDict(
                {"text": tfds.features.Text(), "label": tfds.features.Scalar(np.int64)}
            ),
        )

    def _split_generators(self, dl_manager):
        about = DATASETS["clinc150"]
        paths = [path for path, _ in self.source.find(r"data_full\.json")]
        require(paths, self.source.folder, "data_full.json")
        known = {label: number for number, label in enumerate(about.labels)} | {about.outside: -1}
        try:
            content = json.loads(self.source.read(paths[0]))
            splits = {split: [(text, known[intent]) for text, intent in content[split]] for split in about.splits}
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{self.source.folder}: {paths[0]} is not CLINC150's data_full.json ({error!r})") from None
        return {split: self._generate_examples(requests) for split, requests in splits.items()}

    def _generate_examples(self, requests):
        for number, (text, label) in enumerate(requests):
            yield number, {"text": text, "label": label}
