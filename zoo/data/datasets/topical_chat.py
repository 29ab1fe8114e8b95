"""Topical-Chat: conversations of two people about whatever they have read (Gopalakrishnan and others 2019).

One example a conversation of about 22 messages, a message a line; the splits as published, but for train.
"""

import json

from zoo.data.dataset import Dataset, Text
from zoo.data.layouts import TextFiles
from zoo.data.source import Source
from zoo.errors import BadInput

SPLITS = ("valid_freq", "valid_rare", "test_freq", "test_rare")


def examples(source: Source):
    paths = {split: source.one(f"{split}.json") for split in SPLITS}
    return {split: _conversations(source, path) for split, path in paths.items()}


def _conversations(source, path):
    try:
        for key, chat in json.loads(source.read(path)).items():
            messages = (" ".join(turn["message"].split()) for turn in chat["content"])
            yield key, {"id": key, "text": "\n".join(messages)}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{source.folder}: {path} is not a file of Topical-Chat ({error!r})") from None


DATASET = Dataset(
    name="topical_chat",
    title="Topical-Chat",
    summary="conversations about films, sport, music and politics (Gopalakrishnan and others 2019)",
    licence="Community Data License Agreement, Sharing, Version 1.0",
    commercial=True,
    url="https://github.com/alexa/Topical-Chat",
    splits=SPLITS,
    fields={"id": Text(), "text": Text()},
    inputs=("text",),
    layout=TextFiles(),
    files="valid_freq.json and the others named like the splits",
    examples=examples,
    citation="""@inproceedings{gopalakrishnan2019topical,
  author = {Karthik Gopalakrishnan and others},
  title = {Topical-Chat: Towards Knowledge-Grounded Open-Domain Conversations},
  booktitle = {Proceedings of Interspeech}, pages = {1891--1895}, year = {2019}}""",
)
