"""Fixtures of all tests."""

import os
import sys

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


@pytest.fixture(scope="module", autouse=True)
def memory():
    """After each file, forget the graphs and functions that Keras keeps, which would add up to gigabytes."""
    yield
    if "keras" in sys.modules:
        sys.modules["keras"].utils.clear_session()
