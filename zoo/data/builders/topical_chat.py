"""Topical-Chat: conversations of two people about whatever they have read (Gopalakrishnan and others 2019)."""

import json

import tensorflow_datasets as tfds

from zoo.data.builders.source import FolderBuilder, require
from zoo.data.datasets import DATASETS
from zoo.errors import BadInput


class TopicalChat(FolderBuilder, skip_registration=True):
    """One example a conversation, a message a line; the splits as published, but for train."""

    name = "topical_chat"

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Conversations of two crowd workers, about 22 messages each.",
            homepage="https://github.com/alexa/Topical-Chat",
            license="Community Data License Agreement - Sharing - Version 1.0",
            citation="""@inproceedings{gopalakrishnan2019topical,
  author = {Karthik Gopalakrishnan and others},
  title = {Topical-Chat: Towards Knowledge-Grounded Open-Domain Conversations},
  booktitle = {Proceedings of Interspeech}, pages = {1891--1895}, year = {2019}}""",
            features=tfds.features.FeaturesDict({"id": tfds.features.Text(), "text": tfds.features.Text()}),
        )

    def _split_generators(self, dl_manager):
        splits = {}
        for split in DATASETS["topical_chat"].splits:
            paths = [path for path, _ in self.source.find(rf"{split}\.json")]
            require(paths, self.source.folder, f"{split}.json")
            splits[split] = paths[0]
        return {split: self._generate_examples(path) for split, path in splits.items()}

    def _generate_examples(self, path):
        try:
            for key, chat in json.loads(self.source.read(path)).items():
                messages = (" ".join(turn["message"].split()) for turn in chat["content"])
                yield key, {"id": key, "text": "\n".join(messages)}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInput(f"{self.source.folder}: {path} is not a file of Topical-Chat ({error!r})") from None
