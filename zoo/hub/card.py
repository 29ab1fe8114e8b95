"""The card: what a checkpoint is, how it was made, what was measured, and what it may be used for, as one JSON file."""

import dataclasses
import json
from pathlib import Path

from zoo.errors import BadCheckpoint
from zoo.hub.metrics import METRICS, ROLES

SCHEMA = 1
FILE = "card.json"


@dataclasses.dataclass
class Card:
    """The fields of `card.json`, in its order. All values are plain JSON."""

    name: str  # architecture.tag
    summary: str
    architecture: str  # a name in the registry
    arguments: dict  # of the architecture's class
    parameters: int  # trainable ones
    input: dict  # kind, shape (null where any size goes), dtype, description
    output: dict  # the same
    labels: list | None  # one for each logit, or null
    data: dict  # name, url, split, licence, commercial_use
    metrics: list  # rows made by zoo.hub.metrics.row
    training: dict  # command, seed, epochs, backend, precision, hardware, wall_time_s, versions
    intended_use: str
    limits: str
    licence: str
    commercial_use: bool
    curves: dict = dataclasses.field(default_factory=dict)  # name -> list of points, for plots in the docs
    weights: dict = dataclasses.field(default_factory=dict)  # file, sha256, bytes, dtype, tolerance: set by `save`
    schema: int = SCHEMA

    def validate(self) -> None:
        """Raise `BadCheckpoint` where a field has another type than it should, where a metric breaks the vocabulary, or
        where two results claim the same metric and split."""
        for field in dataclasses.fields(self):
            value, kind = getattr(self, field.name), field.type
            if not isinstance(value, kind):
                raise BadCheckpoint(f"card of {self.name}: {field.name} is {json.dumps(value, default=repr):.40}")
        results = set()
        for number, row in enumerate(self.metrics):
            if not isinstance(row, dict) or not isinstance(row.get("value"), int | float):
                raise BadCheckpoint(f"card of {self.name}: metric row {number} has no value")
            name, split, role = row.get("metric"), row.get("split"), row.get("role")
            if name not in METRICS or role not in ROLES:
                raise BadCheckpoint(f"card of {self.name}: metric row {number} has no known metric and role")
            if role == "result" and (name, split) in results:
                raise BadCheckpoint(f"card of {self.name}: two results for {name} on {split}")
            if role == "result":
                results.add((name, split))

    def to_json(self) -> str:
        fields = dataclasses.asdict(self)
        return json.dumps({"schema": fields.pop("schema"), **fields}, indent=2, ensure_ascii=False) + "\n"

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
    card.validate()
    return card
