"""How a checkpoint was made, for its card: the command, the hardware and the versions."""

import os
import platform
import shlex
from importlib import metadata

from zoo.runtime import backend

PACKAGES = ("landmark-zoo", "keras", "tensorflow", "jax", "torch", "numpy")


def command_line(command: list[str]) -> str:
    """A shell command as text; bytes that aren't UTF-8 become question marks."""
    return shlex.join(command).encode("utf-8", "replace").decode()


def hardware() -> str:
    """The processor, its cores and the accelerator, if there is one, as the card states them."""
    name = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            name = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), name)
    other = backend.accelerator()
    return f"{name}, {os.cpu_count()} cores" + (f", {other}" if other else "")


def versions() -> dict[str, str]:
    """Versions of the packages that bear on a training, of those installed, and of Python."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
