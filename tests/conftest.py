"""Fixtures of all tests."""

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """A cache of the tests' own, also for the processes that they start."""
    before = os.environ.get("ZOO_CACHE")
    os.environ["ZOO_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    del os.environ["ZOO_CACHE"]
    if before is not None:
        os.environ["ZOO_CACHE"] = before
