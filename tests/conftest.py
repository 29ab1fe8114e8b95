"""Fixtures and helpers that several test files share."""

import os
from pathlib import Path

import pytest

from zoo.hub.card import Card
from zoo.hub.registry import architectures


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """A cache of the tests' own, also for the processes that they start."""
    before = os.environ.get("ZOO_CACHE")
    os.environ["ZOO_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    del os.environ["ZOO_CACHE"]
    if before is not None:
        os.environ["ZOO_CACHE"] = before


def shared_data() -> Path:
    """The folder of real data sets: $ZOO_TEST_DATA, else `shared/datasets` beside the repository.

    Tests that need it are skipped where it is missing, except on CI, which must not pass by skipping them.
    """
    default = Path(__file__).resolve().parents[2] / "shared" / "datasets"
    folder = Path(os.environ.get("ZOO_TEST_DATA") or default)
    if not folder.is_dir():
        reason = f"no real data sets in {folder}; set ZOO_TEST_DATA to their folder"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


def card_of(model, **fields) -> Card:
    """A card for a model made in a test."""
    architecture = next(name for name, about in architectures().items() if type(model) is about.cls)
    return Card(
        **{
            "name": f"{architecture}.test",
            "summary": "A test.",
            "architecture": architecture,
            "arguments": model.get_config(),
            "parameters": model.count_params(),
            "input": {},
            "output": {},
            "labels": None,
            "data": {},
            "metrics": [],
            "training": {},
            "intended_use": "tests",
            "limits": "untrained",
            "licence": "Apache-2.0",
            "commercial_use": True,
        }
        | fields
    )
