"""The landmarks of `zoo/models/` for the timeline: read from the files, so that the page starts without a framework."""

import ast
import functools
from dataclasses import dataclass

from zoo.hub import checkpoint
from zoo.hub.registry import MODELS


@dataclass(frozen=True)
class Landmark:
    """One registered model: what `zoo.hub.registry.register` says of it, and its shipped checkpoints."""

    name: str
    title: str
    year: int
    url: str
    new: str
    checkpoints: tuple[str, ...]


@functools.cache
def landmarks() -> tuple[Landmark, ...]:
    """All landmarks, oldest first."""
    shipped = {}
    for name in checkpoint.list():
        shipped.setdefault(checkpoint.card(name).architecture, []).append(name)
    found = []
    for path in MODELS.glob("*.py"):
        for call in _registrations(ast.parse(path.read_text(encoding="utf-8"))):
            name = ast.literal_eval(call.args[0])
            facts = {each.arg: ast.literal_eval(each.value) for each in call.keywords}
            facts = {key: facts[key] for key in ("title", "year", "url", "new")}
            found.append(Landmark(name=name, checkpoints=tuple(shipped.get(name, ())), **facts))
    return tuple(sorted(found, key=lambda each: (each.year, each.name)))


def _registrations(module: ast.Module):
    """The calls of `register` that decorate the classes of a model file."""
    classes = (each for each in module.body if isinstance(each, ast.ClassDef))
    calls = (call for cls in classes for call in cls.decorator_list if isinstance(call, ast.Call))
    return (call for call in calls if getattr(call.func, "id", None) == "register")
