"""No entry point asks for another host's address, or contacts one: the record of its system calls says so."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

WAIT = 20  # seconds, after all work; ONNX Runtime would look for its maker's host after ten

# What the processes below share. Their errors end the process.
HEAD = f"""
import os, sys, time
from pathlib import Path
def wait():
    time.sleep({WAIT})
    print("waited")
"""
# `zoo run` of every app, each on its kind's own example, in one process, which imports each framework once.
APPS = """
import typer
from zoo.cli import main
from zoo_apps.app import apps
from zoo_apps.conversation import Conversation
from zoo_apps.run import is_runnable
# digits needs a word; the others are slow.
few = {"digits": ["1958"], "features": ["--layers", "stem_conv"], "faces": ["-n", "1"]}
for name, app in apps().items():
    words = few.get(name, [])
    if isinstance(app, Conversation):
        words = ["hello"]
    elif (first := app.main_input()) and first.kind.is_file:
        file = f"{name}{first.kind.suffix}"
        first.kind.write(file, first.kind.example())
        words = [file, "-o", f"{name}-out/", *words]
    elif first and not words:
        words = [first.kind.example()]
    sys.argv = ["zoo", "run", name, *words]
    main.app = typer.Typer(no_args_is_help=True)
    try:
        main.main()
    except SystemExit as end:
        assert not end.code, name
    print("did", name)
"""
PYTHON = """
import zoo
zoo.load("perceptron.mnist-01")
assert zoo.predictor("perceptron.mnist-01").engine == "onnx"
from zoo.data import catalogue
Path("source").mkdir()
Path("source/input.txt").write_text("to be or not to be\\n" * 60_000)
catalogue.prepare("tinyshakespeare", "source", "data")
wait()
"""
GALLERY = """
import json, urllib.request
from zoo_apps.app import apps
from zoo_apps.gallery.server import running
with running(apps()) as address:
    urllib.request.urlopen(address).read()
    wait()
"""


@pytest.fixture(scope="module")
def strace():
    """The program that records system calls, also those of native code, which Python's own hooks don't see."""
    program = shutil.which("strace")
    if program is None:
        reason = "no strace on this machine; apt-get install strace"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    if subprocess.run([program, "-qq", "-o", os.devnull, "true"], capture_output=True).returncode:
        pytest.skip("strace may not trace processes here, as in some containers")
    return program


def outside(record: Path) -> list[str]:
    """Calls in strace's record that reach for another host, or for a name server, wherever it is."""
    address = r'(?:inet_addr\("([^"]+)"|inet_pton\(AF_INET6, "([^"]+)")'
    calls = []
    for line in record.read_text(errors="replace").splitlines():
        if found := re.search(rf"sin6?_port=htons\((\d+)\).*{address}", line):
            port, host = found[1], found[2] or found[3]
            if port == "53" or not host.startswith(("127.", "::1", "::ffff:127.")):
                calls.append(line)
    return calls


def recorded(strace, folder, **scripts) -> dict[str, tuple[str, list[str]]]:
    """What each script, run at the same time as the others, printed; and its calls to the outside."""
    started = {}
    for name, script in scripts.items():
        here = folder / name
        (here / "home").mkdir(parents=True)
        record = [strace, "-f", "--seccomp-bpf", "-qq", "-esignal=none", "-etrace=connect,sendto,sendmsg,sendmmsg"]
        command = [*record, "-o", here / "calls", sys.executable, "-c", HEAD + script]
        mine = {"HOME": str(here / "home"), "XDG_CACHE_HOME": "", "ZOO_ASSISTANT": str(here / "assistant")}
        # A user who set these has not asked for telemetry either.
        ours = ("_TELEMETRY", "ANALYTICS_ENABLED")
        clean = {key: value for key, value in os.environ.items() if not key.endswith(ours)}
        started[name] = subprocess.Popen(
            command, cwd=here, env=clean | mine, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    printed = {name: process.communicate(timeout=300)[0] for name, process in started.items()}
    return {name: (text, outside(folder / name / "calls")) for name, text in printed.items()}


def test_no_entry_point_contacts_another_host(strace, tmp_path):
    found = recorded(strace, tmp_path, shell=APPS + PYTHON, gallery=GALLERY)
    for name, (text, calls) in found.items():
        assert text.rstrip().endswith("waited"), f"{name}: {text}"
        assert calls == [], name
        assert not [path for path in (tmp_path / name / "home").rglob("*") if "onnxruntime" in path.name]
    from zoo_apps.app import own_apps

    assert {f"did {name}" for name in own_apps()} <= {*found["shell"][0].splitlines()}


def test_the_record_has_what_native_code_does(strace, tmp_path):
    """Or else the test above would show nothing."""
    native = "import ctypes; ctypes.CDLL(None).gethostbyname(b'example.invalid')"
    python = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 9))"
    found = recorded(strace, tmp_path, native=native, python=python)
    assert found["native"][1] and found["python"][1]
