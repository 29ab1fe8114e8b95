"""The card: what a checkpoint is, how it was made, what was measured, and what it may be used for, as one JSON file."""

import dataclasses
import functools
import json
import math
from pathlib import Path

from zoo.errors import BadCheckpoint, quoted
from zoo.hub import files, sums
from zoo.metrics.names import METRICS, ROLES

SCHEMA = 2
FILE = sums.CARD
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
ARRAY = {"shape": list, "dtype": str, "description": str}  # an entry of `inputs` or `outputs`
WEIGHTS = {"file": str, "sha256": str, "bytes": int, "dtype": str}
TOKENIZER = {"sha256": str, "tokens": int}
MOST = 10**7  # bytes of a card
LONGEST = 100  # characters of a name
AXES = 8  # of an input or output
NUMBERS = 10**8  # in one of them, of one example: models refuse more (`zoo.nn.checks`)


@dataclasses.dataclass(kw_only=True)
class Card:
    """The fields of `card.json`, in its order. All values are plain JSON.

    An entry of `inputs` and `outputs` describes an array: its shape without the batch (null where any size goes), its
    dtype and what it is; of a translator's also the `language`, of images in floating point the `range`, [black,
    white]. Inputs are in the order in which the model takes them.
    """

    name: str  # architecture.tag
    summary: str
    architecture: str  # a name in the registry
    arguments: dict  # of the architecture's class
    parameters: int  # trainable ones
    task: str  # what it does: a file in zoo/tasks
    inputs: dict  # name -> shape, dtype, description
    outputs: dict  # likewise
    labels: list | None  # one for each logit, or null
    ood_threshold: int | float | None = None  # a best logit below it means: out of distribution
    data: dict  # name, url, split, licence, commercial_use
    metrics: list  # rows made by zoo.metrics.row
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
        expect = functools.partial(_expect, where)
        for field in dataclasses.fields(self):
            expect(field.name, getattr(self, field.name), field.type)
        for label in self.labels or []:
            expect("a label", label, str)
        # It becomes a file's name.
        if Path(self.name).name != self.name or self.name.startswith(".") or len(self.name) > LONGEST:
            raise BadCheckpoint(f"{where}: name is {quoted(self.name)}")
        for side in ("inputs", "outputs"):
            for array, facts in getattr(self, side).items():
                _check_array(where, f"{side}.{array}", facts)
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


def _expect(where: str, label: str, value, kind) -> None:
    """Raise `BadCheckpoint`, which names the file `where`, for a value of another type and for infinite numbers."""
    right = isinstance(value, kind) and not isinstance(value, bool) ^ (kind is bool)
    if not right or (isinstance(value, float) and not math.isfinite(value)):
        found = "missing" if value is ... else quoted(value)
        raise BadCheckpoint(f"{where}: {label} is {found}")


def _check_array(where: str, label: str, facts: dict) -> None:
    """Check an entry of `inputs` or `outputs`."""
    expect = functools.partial(_expect, where)
    expect(label, facts, dict)
    for key, kind in ARRAY.items():
        expect(f"{label}.{key}", facts.get(key, ...), kind)
    for size in facts["shape"]:
        expect(f"a size in {label}.shape", size, int | None)
    sizes = [size for size in facts["shape"] if size is not None]
    if len(facts["shape"]) > AXES or not all(1 <= size <= NUMBERS for size in sizes) or math.prod(sizes) > NUMBERS:
        raise BadCheckpoint(f"{where}: {label}.shape is {quoted(facts['shape'])}")
    expect(f"{label}.language", facts.get("language", ""), str)
    expect(f"{label}.range", facts.get("range", []), list)
    for end in facts.get("range", []):
        expect(f"an end of {label}.range", end, int | float)


def read(folder) -> Card:
    """The card in `folder`. Raises `BadCheckpoint` in one line where it is missing, damaged or of another schema, and
    where it came with the package and is not the one that did."""
    path = Path(folder) / FILE
    if not path.exists():
        raise BadCheckpoint(f"{quoted(Path(folder))} is no checkpoint: it has no {FILE}")
    content = files.read(path, MOST)
    sums.check(path, content)
    fields = files.json_of(content, path)
    if not isinstance(fields, dict) or fields.get("schema") != SCHEMA:
        found = fields.get("schema") if isinstance(fields, dict) else None
        raise BadCheckpoint(f"{path} has schema {quoted(found)}, this version reads {SCHEMA}; update landmark-zoo")
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
    for part, kinds in (("weights", WEIGHTS), ("tokenizer", TOKENIZER if card.tokenizer else {})):
        for key, kind in kinds.items():
            _expect(str(path), f"{part}.{key}", getattr(card, part).get(key, ...), kind)
    return card
