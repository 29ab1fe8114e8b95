"""Keeps what a benchmark measured beside its script, as `benchmarks/NAME.json`; the README's table is made of those."""

import json
from pathlib import Path


def keep(name: str, rows: dict[str, dict[str, float]]) -> None:
    """rows: case -> {unit: value, what a ratio is of: ratio, ...}.

    With them go the machine and the versions, without which they say nothing.
    """
    from zoo.training.provenance import hardware, versions

    facts = {"hardware": hardware(), "versions": versions(), "rows": rows}
    path = Path(__file__).with_name(f"{name}.json")
    path.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
