"""`zoo doctor`: what this machine has, what the zoo will use, and what is missing with the command that adds it."""

import os
import platform
import re
from pathlib import Path

from zoo.data import catalogue
from zoo.errors import ZooError
from zoo.hub import checkpoint
from zoo.runtime import backend


def report() -> dict:
    """Facts about this installation, as plain JSON. Imports no framework."""
    from importlib import metadata

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
    # What setup.cfg asks for, extras too: "jax>=0.7; extra == 'jax'" is one.
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
