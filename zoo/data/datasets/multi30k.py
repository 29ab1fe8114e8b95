"""Multi30k: English descriptions of photographs and their translations (Elliott, Frank, Sima'an, Specia 2016).

Splits as published, not tokenised.
"""

from zoo.data.dataset import Dataset, Text
from zoo.data.layouts import ParallelLines
from zoo.data.source import Source
from zoo.errors import BadInput
from zoo.kinds.text import decoded

SPLITS = ("train", "val", "test_2016_flickr")
LANGUAGES = ("en", "de", "fr", "cs")


def examples(source: Source):
    return {split: _sentences(_lines(source, split)) for split in SPLITS}


def _lines(source, split) -> dict[str, list[str]]:
    found = {}
    for language in LANGUAGES:
        path = source.one(f"{split}.{language}.gz")
        found[language] = decoded(source.unzipped(path), path).removesuffix("\n").split("\n")
    lengths = {language: len(lines) for language, lines in found.items()}
    if len(set(lengths.values())) > 1:
        raise BadInput(f"{source.folder}: {split} has not as many lines in each language: {lengths}")
    return found


def _sentences(lines):
    for number, sentences in enumerate(zip(*lines.values(), strict=True)):
        yield number, dict(zip(lines, sentences, strict=True))


DATASET = Dataset(
    name="multi30k",
    title="Multi30k",
    summary="30,000 descriptions of photographs in English, German, French and Czech (Elliott and others 2016)",
    licence="non-commercial research and education only",
    commercial=False,
    url="https://github.com/multi30k/dataset",
    splits=SPLITS,
    fields={language: Text() for language in LANGUAGES},
    inputs=LANGUAGES,
    layout=ParallelLines(),
    files="<split>.<language>.gz, unpacked or in a .tar archive",
    examples=examples,
    citation="""@inproceedings{elliott2016multi30k,
  author = {Desmond Elliott and Stella Frank and Khalil Sima'an and Lucia Specia},
  title = {Multi30K: Multilingual English-German Image Descriptions},
  booktitle = {Proceedings of the 5th Workshop on Vision and Language}, pages = {70--74}, year = {2016}}""",
)
