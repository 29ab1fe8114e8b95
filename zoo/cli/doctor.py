"""`zoo doctor`: what this machine has, what the zoo will use, and what is missing with the command that adds it."""

import os
import platform
import re
from importlib import metadata
from pathlib import Path

import typer

from zoo.cli.common import Json, show_json, table
from zoo.errors import ZooError
from zoo.runtime import backend

app = typer.Typer()


@app.command()
def doctor(as_json: Json = False) -> None:
    """What this machine has, what the zoo will use, and what is missing."""
    found = report()
    if as_json:
        return show_json(found)
    rows = [
        ("python", f"{found['python']} on {found['system']}, {found['cores']} cores"),
        ("backend", f"{found['backend']} (installed: {', '.join(found['backends']) or 'none'})"),
        *[("missing", f"the backend {found['backend']}: {found['backend_command']}")] * bool(found["backend_command"]),
        ("packages", ", ".join(f"{name} {version}" for name, version in found["versions"].items())),
        ("data", f"{found['data']['folder']}, {found['data']['bytes'] / 1e6:.0f} MB"),
        *((f"weights {name}", state) for name, state in found["checkpoints"].items()),
        *((f"missing {what}", command) for what, command in found["missing"].items()),
    ]
    table("", ("", ""), rows)


def report() -> dict:
    """Facts about this installation, as plain JSON. Imports no framework."""
    from zoo.data import catalogue
    from zoo.hub import checkpoint

    def version(package):
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            return None

    packages = ("landmark-zoo", "keras", "tensorflow", "jax", "torch", "tensorflow-datasets", "pillow", "numpy")
    packages += ("opencv-python-headless", "scikit-image")
    data = catalogue.data_dir()
    checkpoints = {}
    for name in checkpoint.list():
        try:
            checkpoint.verify(name)
            checkpoints[name] = "ok"
        except ZooError as error:
            checkpoints[name] = str(error)
    # The requirements of setup.cfg, extras too: "jax>=0.7; extra == 'jax'" is one.
    missing = {}
    for requirement in metadata.requires("landmark-zoo") or []:
        wanted, _, marker = requirement.partition(";")
        package = re.match(r"[\w.-]+", wanted)[0]
        if version(package) is None and "test" not in marker:
            missing[package] = f'pip install "{wanted.strip()}"'
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "backends": backend.installed(),
        "backend": backend.configured(),
        "backend_command": None
        if backend.configured() in backend.installed()
        else "unset KERAS_BACKEND, or install it",
        "versions": {package: version(package) for package in packages if version(package)},
        "data": {"folder": str(data), "bytes": size(data)},
        "checkpoints": checkpoints,
        "missing": missing,
    }


def size(folder: Path) -> int:
    """Bytes of all files below a folder; 0 where there is none."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else 0
