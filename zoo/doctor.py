"""`zoo doctor`: what this machine has, what the zoo will use, and what is missing with the command that adds it."""

import importlib.util
import os
import platform
from pathlib import Path

from zoo import backend
from zoo.errors import ZooError
from zoo.hub import checkpoint

# Extra -> a package that it brings.
EXTRAS = {"jax": "jax", "torch": "torch", "test": "pytest"}


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
    cache = Path(os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()
    checkpoints = {}
    for name in checkpoint.list():
        try:
            checkpoint.verify(name)
            checkpoints[name] = "ok"
        except ZooError as error:
            checkpoints[name] = str(error)
    missing = {}
    for package in packages:
        if version(package) is None and package not in EXTRAS:
            missing[package] = f"pip install {package}"
    for extra, package in EXTRAS.items():
        if importlib.util.find_spec(package) is None:
            missing[f"extra {extra}"] = f'pip install "landmark-zoo[{extra}]"'
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "backends": backend.installed(),
        "backend": chosen_backend(),
        "versions": {package: version(package) for package in packages if version(package)},
        "data": {"folder": str(cache), "bytes": size(cache)},
        "checkpoints": checkpoints,
        "missing": missing,
    }


def chosen_backend() -> str | None:
    """The backend that Keras will take: $KERAS_BACKEND, else its own configuration file, else TensorFlow."""
    import json

    if os.environ.get("KERAS_BACKEND"):
        return os.environ["KERAS_BACKEND"]
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    try:
        return json.loads((home / "keras.json").read_text(encoding="utf-8")).get("backend", "tensorflow")
    except (OSError, ValueError):
        return "tensorflow" if "tensorflow" in backend.installed() else None


def size(folder: Path) -> int:
    """Bytes of all files below a folder; 0 where there is none."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else 0
