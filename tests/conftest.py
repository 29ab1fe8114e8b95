"""Fixtures of all tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """A cache of the tests' own, also for the processes that they start: exports are made once for all of them.

    $ZOO_TEST_CACHE names one that holds exports already, such as those of the demo in `.ci/run`.
    """
    before = os.environ.get("ZOO_CACHE")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base  # the folder above is that of all workers
    os.environ["ZOO_CACHE"] = os.environ.get("ZOO_TEST_CACHE") or str(shared / "cache")
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


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory):
    """The demo of all apps: the one in $ZOO_DEMO, where `.ci/run` has just made it, or else one made here, once."""
    made = os.environ.get("ZOO_DEMO")
    if made:
        return Path(made)
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "zoo", "demo", "-o", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "index.html" in done.stdout, done.stderr
    lines = [line for line in done.stderr.splitlines() if "exporting it to ONNX" not in line]
    assert not lines, lines  # no library has anything to say
    return folder
