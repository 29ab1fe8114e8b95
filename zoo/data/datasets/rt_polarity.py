"""rt-polarity: sentences of film reviews, for or against the film (Pang and Lee 2005).

In lower case, words and punctuation apart. All in one split, since none is official.
"""

from zoo.data.dataset import Dataset, Label, Text
from zoo.data.layouts import Table
from zoo.data.source import Source

FILES = {"negative": "rt-polarity.neg", "positive": "rt-polarity.pos"}


def examples(source: Source):
    paths = {label: source.one(name) for label, name in FILES.items()}
    return {"train": _sentences({label: _lines(source.read(path)) for label, path in paths.items()})}


def _lines(data: bytes) -> list[str]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:  # as it was published
        text = data.decode("cp1252", errors="replace")
    return [line.strip() for line in text.split("\n") if line.strip()]


def _sentences(lines):
    for label, texts in lines.items():
        for number, text in enumerate(texts):
            yield f"{label}{number}", {"text": text, "label": label}


DATASET = Dataset(
    name="rt_polarity",
    title="rt-polarity",
    summary="sentences of film reviews, half of them for, half against the film (Pang and Lee 2005)",
    licence="none stated by the authors, who ask to be cited; for research",
    commercial=None,
    url="https://www.cs.cornell.edu/people/pabo/movie-review-data/",
    splits=("train",),
    fields={"text": Text(), "label": Label(tuple(FILES))},
    inputs=("text",),
    targets=("label",),
    layout=Table(),
    files="rt-polarity.pos and rt-polarity.neg, a sentence a line, UTF-8 or Windows-1252",
    examples=examples,
    citation="""@inproceedings{pang2005seeing,
  author = {Bo Pang and Lillian Lee},
  title = {Seeing Stars: Exploiting Class Relationships for Sentiment Categorization with Respect to Rating Scales},
  booktitle = {Proceedings of the ACL}, pages = {115--124}, year = {2005}}""",
)
