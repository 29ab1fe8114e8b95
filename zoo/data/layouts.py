"""Layouts of folders with a user's files in place of a data set: what `zoo eval --from` takes.

Each layout describes itself (`str`) and reads the fields that are wanted of a split, as rows {field: value}. Only files
that hold a wanted field are needed. All raise BadInput for what is missing, misnamed or damaged.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from zoo.data.dataset import Dataset
from zoo.errors import BadInput, quoted
from zoo.kinds.files import is_hidden
from zoo.kinds.image import SUFFIXES, find_images, read_image
from zoo.kinds.table import SHEETS, read_table
from zoo.kinds.text import find_texts, read_lines, read_text

_OF_SPLIT = "if DIR has a subfolder named as the split, only what is in that"


def _folder(dataset: Dataset, folder: Path) -> Path:
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder; {dataset.name} is laid out as {dataset.layout}")
    return folder


def _of_split(dataset: Dataset, split: str, folder: Path) -> Path:
    """The folder's subfolder for the split, else the folder."""
    within = _folder(dataset, folder) / split
    return within if within.is_dir() else folder


@dataclass(frozen=True)
class ClassFolders:
    """A folder of images for each class; a class without one is fine. note: a remark for users."""

    note: str = "any size"

    def __str__(self):
        return f"DIR/<label>/*.jpg or DIR/<split>/<label>/*.jpg (or another image format), {self.note}"

    def rows(self, dataset: Dataset, split: str, folder: Path, fields: tuple[str, ...]) -> Iterator[dict]:
        root, labels, found = _of_split(dataset, split, folder), dataset.labels, False
        for path in sorted(root.iterdir()):
            if not path.is_dir() or is_hidden(path.name):
                continue
            if path.name in dataset.splits and path.name not in labels:
                raise BadInput(f"{folder}: it has a folder {path.name}, but none for the split {split}")
            if path.name not in labels:
                raise BadInput(f"{path}: {dataset.name} has no class {path.name!r}; classes: {', '.join(labels)}")
            for file in sorted(path.iterdir()):
                if file.suffix.lower() in SUFFIXES and not is_hidden(file.name):
                    found = True
                    yield {"image": read_image(file), "label": labels.index(path.name)}
        if not found:
            raise BadInput(f"{root}: no class folders with images; {dataset.name} is laid out as {self}")


class Images:
    """Any images, in any subfolders."""

    def __str__(self):
        return "DIR/**/*.jpg (or another image format): all images in DIR and its subfolders, of any size; " + _OF_SPLIT

    def rows(self, dataset: Dataset, split: str, folder: Path, fields: tuple[str, ...]) -> Iterator[dict]:
        for path in find_images(_of_split(dataset, split, folder)):
            yield {"image": read_image(path)}


@dataclass(frozen=True)
class NamedImages:
    """Images whose file names state the targets. stated: {field: value} of a file name, None of a malformed one."""

    names: str
    stated: Callable[[str], dict | None]

    def __str__(self):
        return f"DIR/**/*.jpg (or another image format) named {self.names}; {_OF_SPLIT}"

    def rows(self, dataset: Dataset, split: str, folder: Path, fields: tuple[str, ...]) -> Iterator[dict]:
        for path in find_images(_of_split(dataset, split, folder)):
            stated = self.stated(path.name)
            if stated is None:
                wanted = ", ".join(dataset.targets)
                raise BadInput(f"{path}: its name doesn't state {wanted}; {dataset.name} is laid out as {self}")
            yield {"image": read_image(path)} | stated


class Table:
    """A CSV file of labelled texts."""

    def __str__(self):
        return (
            "DIR/<split>.csv, or a CSV file that is alone in DIR, or the file itself: UTF-8, with a first line that "
            "names the columns, among them text and label"
        )

    def rows(self, dataset: Dataset, split: str, folder: Path, fields: tuple[str, ...]) -> Iterator[dict]:
        path = folder if folder.is_file() else self._file(dataset, split, _folder(dataset, folder))
        numbers = dataset.fields["label"].numbers
        for text, label in read_table(path, ("text", "label")):
            if label not in numbers:
                advice = f"see zoo data show {dataset.name} --json"
                raise BadInput(f"{path}: {dataset.name} has no label {quoted(label)}; {advice}")
            yield {"text": text, "label": numbers[label]}

    def _file(self, dataset: Dataset, split: str, folder: Path) -> Path:
        tables = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in SHEETS and path.is_file()]
        for path in tables:
            if path.stem == split:
                return path
        # One that is named as another split is not this one's.
        if len(tables) == 1 and tables[0].stem not in dataset.splits:
            return tables[0]
        found = ", ".join(path.name for path in tables) or "no CSV file"
        raise BadInput(f"{folder}: no {split}.csv; it has {found}; {dataset.name} is laid out as {self}")


class TextFiles:
    """A text in each file, in any subfolders."""

    def __str__(self):
        return "DIR/**/*.txt, UTF-8: all text files in DIR and its subfolders; " + _OF_SPLIT

    def rows(self, dataset: Dataset, split: str, folder: Path, fields: tuple[str, ...]) -> Iterator[dict]:
        for path in find_texts(_of_split(dataset, split, folder)):
            yield {"text": read_text(path)}


class ParallelLines:
    """A file for each language, whose lines are translations of each other."""

    def __str__(self):
        return (
            "DIR/<split>.<language> for each language that is wanted, such as DIR/val.en: UTF-8, a sentence a line, "
            "line N of one a translation of line N of the others"
        )

    def rows(self, dataset: Dataset, split: str, folder: Path, fields: tuple[str, ...]) -> Iterator[dict]:
        found = {language: read_lines(_folder(dataset, folder) / f"{split}.{language}") for language in fields}
        lengths = {language: len(lines) for language, lines in found.items()}
        if len(set(lengths.values())) > 1:
            raise BadInput(f"{folder}: files of one split must have as many lines each, not {lengths}")
        for sentences in zip(*found.values(), strict=True):
            yield dict(zip(fields, sentences, strict=True))
