"""The card: what a checkpoint is, how it was made, what was measured, and what it may be used for, as one JSON file."""

import dataclasses
import json
import math
from pathlib import Path

from zoo.errors import BadCheckpoint
from zoo.metrics.names import METRICS, ROLES

SCHEMA = 1
FILE = "card.json"
ROW = {  # a row of `metrics`
    "metric": str,
    "split": str,
    "value": int | float,
    "unit": str,
    "higher_is_better": bool,
    "role": str,
    "n": int,
    "std": int | float | None,
    "paper": int | float | None,
    "protocol": str,
}
WEIGHTS = {"file": str, "sha256": str, "bytes": int, "dtype": str}


@dataclasses.dataclass
class Card:
    """The fields of `card.json`, in its order. All values are plain JSON."""

    name: str  # architecture.tag
    summary: str
    architecture: str  # a name in the registry
    arguments: dict  # of the architecture's class
    parameters: int  # trainable ones
    input: dict  # kind, shape (null where any size goes) and dtype, or for several arrays {name: dtype}; description
    output: dict  # the same; known_from where a best logit below it means: nothing known
    labels: list | None  # one for each logit, or null
    data: dict  # name, url, split, licence, commercial_use
    metrics: list  # rows made by zoo.metrics.metrics.row
    training: dict  # command, seed, epochs, backend, precision, hardware, wall_time_s, versions
    intended_use: str
    limits: str
    licence: str
    commercial_use: bool
    curves: dict = dataclasses.field(default_factory=dict)  # name -> list of points, for plots in the docs
    tokenizer: dict = dataclasses.field(default_factory=dict)  # file, sha256, tokens: of what reads text; set by `save`
    weights: dict = dataclasses.field(default_factory=dict)  # file, sha256, bytes, dtype, tolerance: set by `save`
    schema: int = SCHEMA

    def validate(self, where: str | None = None) -> None:
        """Raise `BadCheckpoint` where a field has another type than it should, where a metric breaks the vocabulary, or
        where two results claim the same metric and split. `where` is the file that the error names."""
        where = where or f"card of {self.name}"

        def expect(label, value, kind):
            right = isinstance(value, kind) and not isinstance(value, bool) ^ (kind is bool)
            if not right or (isinstance(value, float) and not math.isfinite(value)):
                raise BadCheckpoint(f"{where}: {label} is {json.dumps(value, default=repr):.40}")

        for field in dataclasses.fields(self):
            expect(field.name, getattr(self, field.name), field.type)
        for label in self.labels or []:
            expect("a label", label, str)
        if Path(self.name).name != self.name or self.name.startswith("."):  # it becomes a file's name
            raise BadCheckpoint(f"{where}: name is {self.name!r:.40}")
        expect("input.arrays", self.input.get("arrays", {}), dict)
        for side in (self.input, self.output):
            expect("a shape", side.get("shape", []), list)
            for size in side.get("shape", []):
                expect("a size in a shape", size, int | None)
        expect("output.heads", self.output.get("heads", {}), dict)
        expect("output.known_from", self.output.get("ood_threshold", 0.0), int | float)
        expect("data.name", self.data.get("name", ""), str)
        expect("training.wall_time_s", self.training.get("wall_time_s", 0), int | float)
        expect("training.missed", self.training.get("missed", {}), dict)
        for goal in self.training.get("missed", {}).values():
            expect("a missed target", goal, int | float)
        results = set()
        for number, row in enumerate(self.metrics):
            expect(f"metric row {number}", row, dict)
            for key, kind in ROW.items():
                expect(f"{key} of metric row {number}", row.get(key, ...), kind)
            name, split, role = row["metric"], row["split"], row["role"]
            if name not in METRICS or role not in ROLES:
                raise BadCheckpoint(f"{where}: metric row {number} has no known metric and role")
            if role == "result" and (name, split) in results:
                raise BadCheckpoint(f"{where}: two results for {name} on {split}")
            if role == "result":
                results.add((name, split))

    def to_json(self) -> str:
        fields = dataclasses.asdict(self)
        return json.dumps({"schema": fields.pop("schema"), **fields}, indent=2, ensure_ascii=False) + "\n"

    def takes(self) -> tuple[list, str]:
        """Shape of one input (None where any size goes) and its dtype. Raises `BadCheckpoint` where it doesn't say."""
        shape, dtype = self.input.get("shape"), self.input.get("dtype")
        if shape is None or not isinstance(dtype, str):
            raise BadCheckpoint(f"card of {self.name} doesn't say the shape and dtype of its input")
        return shape, dtype

    def inputs(self) -> dict[str, str] | None:
        """Names and dtypes of the arrays (B, T) that the model takes by name, or None where it takes a single array."""
        return self.input.get("arrays")

    def headlines(self) -> list[dict]:
        """The first row of role "result" for each metric."""
        first = {}
        for row in self.metrics:
            if row["role"] == "result":
                first.setdefault(row["metric"], row)
        return list(first.values())

    def result(self, metric: str, split: str | None = None) -> dict | None:
        """The row of role "result" for `metric` (on `split`, or on the first split that has one), or None."""
        for row in self.metrics:
            if row["metric"] == metric and row["role"] == "result" and split in (None, row["split"]):
                return row
        return None


def read(folder) -> Card:
    """The card in `folder`. Raises `BadCheckpoint` in one line where it is missing, damaged or of another schema."""
    path = Path(folder) / FILE
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadCheckpoint(f"{folder} is no checkpoint: it has no {FILE}") from None
    except (OSError, ValueError) as error:
        raise BadCheckpoint(f"{path} cannot be read: {error}") from None
    if not isinstance(fields, dict) or fields.get("schema") != SCHEMA:
        found = fields.get("schema") if isinstance(fields, dict) else None
        raise BadCheckpoint(f"{path} has schema {found}, this version reads {SCHEMA}; update landmark-zoo")
    known = {field.name for field in dataclasses.fields(Card)}
    needed = {
        field.name
        for field in dataclasses.fields(Card)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    if missing := needed - set(fields):
        raise BadCheckpoint(f"{path} lacks {', '.join(sorted(missing))}")
    card = Card(**{key: value for key, value in fields.items() if key in known})
    card.validate(str(path))
    for key, kind in WEIGHTS.items():
        if not isinstance(card.weights.get(key), kind):
            raise BadCheckpoint(f"{path}: it doesn't say the {key} of its weights")
    return card
