"""Writes the results of a benchmark to `benchmarks/NAME.json`, of which the table in docs/results.md is made."""

import json
from pathlib import Path


def keep(name: str, rows: dict[str, dict[str, float]]) -> None:
    """Write the results, with the machine and the versions of packages.

    rows: case -> {unit: value, what a ratio is of: ratio, ...}.
    """
    from zoo.training.provenance import hardware, versions

    facts = {"hardware": hardware(), "versions": versions(), "rows": rows}
    path = Path(__file__).with_name(f"{name}.json")
    path.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
