"""Fixtures of the tests of models."""

import gc
import resource

import pytest


@pytest.fixture(autouse=True)
def large_models():
    """Frees models of published sizes at once: they are cycles of objects, which Python would leave for later."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before > 30_000:  # kilobytes
        gc.collect()
