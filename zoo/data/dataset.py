"""The declaration of a data set: its terms, the fields of its examples, and how the examples are made.

A file in `zoo/data/datasets/` declares one, and has the code that makes examples of its published files. Nothing here
imports a framework.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from zoo.data.source import Source
from zoo.kinds.image import fit, read_image

Examples = Iterator[tuple[str | int, dict]]  # (a key that no other example of the split has, {field: value})


class Field:
    """One thing that each example has. Subclasses say how TFDS stores it and what it is in memory."""

    kind: ClassVar[str]

    def feature(self, features):
        """How TFDS stores it; `features` is the module `tensorflow_datasets.features`."""
        raise NotImplementedError

    def value(self, stored, where: str):
        """What users get of what TFDS gives; `where` is what errors call the example."""
        return stored

    def resized(self, value):
        """A value as `column` takes it."""
        return value

    def column(self, values: list):
        """The values of many examples together."""
        return values


@dataclass(frozen=True)
class Image(Field):
    """uint8 (H, W, C), stored as the file that it was published in.

    shape: of all images in memory, which are scaled to it, and made grey if C is 1; None for RGB images of any size.
    """

    shape: tuple[int, int, int] | None = None
    kind = "image"

    @property
    def is_colour(self) -> bool:
        return self.shape is None or self.shape[-1] == 3

    def feature(self, features):
        return features.Image(encoding_format="jpeg")

    def value(self, stored, where):
        # Colour images are decoded as a user's files are: JPEG decoders differ in their last bits.
        return read_image(stored, name=where) if self.is_colour else stored

    def resized(self, value):
        return value if self.shape in (None, value.shape) else fit(value, self.shape)

    def column(self, values):
        """An array (N, H, W, C) where all have one shape, else a list."""
        return values if self.shape is None else np.stack(values)


@dataclass(frozen=True)
class Label(Field):
    """One of several names, as its number, int64. outside: the name of what is none of them, and has the number -1."""

    names: tuple[str, ...]
    outside: str | None = None
    kind = "label"

    @property
    def numbers(self) -> dict[str, int]:
        """The number of each name, `outside` included."""
        numbers = {name: number for number, name in enumerate(self.names)}
        return numbers if self.outside is None else numbers | {self.outside: -1}

    def feature(self, features):
        return features.ClassLabel(names=self.names) if self.outside is None else features.Scalar(np.int64)

    def column(self, values):
        return np.array(values, np.int64)


@dataclass(frozen=True)
class Integer(Field):
    """An int64, such as an age in years."""

    kind = "integer"

    def feature(self, features):
        return features.Scalar(np.int64)

    def column(self, values):
        return np.array(values, np.int64)


@dataclass(frozen=True)
class Text(Field):
    """A str."""

    kind = "text"

    def feature(self, features):
        return features.Text()

    def value(self, stored, where):
        return stored.decode()


@dataclass(frozen=True)
class Texts(Field):
    """A list of str, such as the captions of an image."""

    kind = "texts"

    def feature(self, features):
        return features.Sequence(features.Text())

    def value(self, stored, where):
        return [text.decode() for text in stored]


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """The declaration of a data set.

    commercial: whether its terms allow commercial use; None where they don't say.
    splits: those included that a copy may lack, such as `rest`.
    fields: what each example has, by name. inputs, targets: those that `zoo.data.catalogue.load` gives as x and y.
    layout: the folder that `zoo eval --from` takes, one of `zoo.data.layouts`.
    files: what `zoo data prepare --from` reads, in words.
    examples: makes of these files the examples of each split; raises `zoo.errors.BadInput` where something is missing
        or damaged. None where TFDS has the data set, and downloads it.
    citation: BibTeX, which TFDS stores with the examples that are ours to make.
    """

    name: str
    title: str
    summary: str
    licence: str
    commercial: bool | None
    url: str
    splits: tuple[str, ...]
    fields: dict[str, Field]
    inputs: tuple[str, ...]
    targets: tuple[str, ...] = ()
    layout: object
    files: str
    examples: Callable[[Source], dict[str, Examples]] | None = None
    citation: str = ""

    @property
    def labels(self) -> tuple[str, ...] | None:
        """Names of the classes in the order of their numbers; None where examples have no label."""
        return self.fields["label"].names if "label" in self.fields else None

    def columns(self, rows: Iterable[dict], names: Iterable[str]) -> dict:
        """The fields called `names` of many examples, {name: column}; an example may have more of them."""
        values = {name: [] for name in names}
        for row in rows:
            for name, column in values.items():
                column.append(self.fields[name].resized(row[name]))
        return {name: self.fields[name].column(column) for name, column in values.items()}

    def facts(self) -> dict:
        """All of it but the code, in what JSON has."""
        facts = {each.name: getattr(self, each.name) for each in dataclasses.fields(self) if each.name != "examples"}
        facts["fields"] = {name: {"kind": each.kind} | dataclasses.asdict(each) for name, each in self.fields.items()}
        return facts | {"layout": str(self.layout), "labels": self.labels}
