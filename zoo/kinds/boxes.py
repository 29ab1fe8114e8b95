"""Bounding boxes of objects in an image: label, score and corners of each."""

from dataclasses import dataclass

from zoo.errors import BadInput, quoted
from zoo.kinds.number import Number
from zoo.kinds.table import Table, write_table

CORNERS = ("x0", "y0", "x1", "y1")  # of a box, as columns


@dataclass(frozen=True, kw_only=True)
class Boxes(Table):
    """Detected objects: a list of {"label": str, "score": float, "box": [x0, y0, x1, y1]}, which may be empty.

    Corners in pixels from the upper left one of the image, x to the right, y down. A table of files: JSON, or CSV with
    the columns label, score, x0, y0, x1, y1.
    """

    noun = "boxes"
    suffix = ".json"

    def check(self, name, value):
        if not isinstance(value, list):
            raise BadInput(f"{name} is a {type(value).__name__}; give a list of boxes")
        return [_box(f"{name}: box {number}", row) for number, row in enumerate(value, start=1)]

    def read(self, path, name=""):
        rows = super().read(path, name)
        if not all("box" in row for row in rows):  # as CSV has it
            rows = [row | {"box": [row.get(corner) for corner in CORNERS]} for row in rows]
        return self.check(name or str(path), rows)

    def write(self, path, value):
        rows = self.check(str(path), value)
        if not str(path).lower().endswith(".json"):
            rows = [
                {"label": row["label"], "score": row["score"]} | dict(zip(CORNERS, row["box"], strict=True))
                for row in rows
            ]
        write_table(path, rows, ("label", "score", *CORNERS))

    def example(self):
        return [{"label": "cat", "score": 0.9, "box": [1.0, 2.0, 5.0, 4.0]}]

    def words(self, value):
        return "\n".join(
            f"{row['label']:16} {row['score']:6.1%}  {' '.join(f'{side:.0f}' for side in row['box'])}" for row in value
        )


def _box(name: str, row) -> dict:
    """A row with its numbers read. Raises BadInput for anything but a label, a score and an upright box."""
    if not isinstance(row, dict) or not isinstance(row.get("label"), str):
        raise BadInput(f"{name} is {quoted(row)}; give a label, a score and a box")
    corners = row.get("box")
    try:
        score = Number(minimum=0, maximum=1).check("score", row.get("score"))
        x0, y0, x1, y1 = Number().check_many("box", corners, 4)
    except BadInput as error:
        raise BadInput(f"{name}: {error}") from None
    if x1 <= x0 or y1 <= y0:
        raise BadInput(f"{name} is {quoted(corners)}; give its upper left corner, then the lower right one")
    return {"label": row["label"], "score": score, "box": [x0, y0, x1, y1]}
