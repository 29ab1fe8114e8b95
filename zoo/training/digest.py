"""The code that a training depends on, as a digest: a training resumes only with the code that it began with.

It follows the imports from the recipe, its task and its model on; a new module needs no entry anywhere.
"""

import ast
import hashlib
import sys
from pathlib import Path

from zoo import tasks
from zoo.hub.registry import architecture

ROOT = Path(__file__).parents[2]  # has the folder zoo
# Packages and modules that do not affect training; every other imported module counts.
NOT_LEARNED_FROM = ("zoo.cli", "zoo.errors", "zoo.hub", "zoo.runtime")


def parts(recipe) -> list:
    """The classes and functions that make a training what it is: the recipe's, its transform, its task's and its
    model's, with what they are subclasses of."""
    transform = [] if recipe.transform is None else [recipe.transform]
    network = architecture(recipe.architecture).cls
    bases = [base for base in network.__mro__[1:] if base.__module__.startswith("zoo.")]
    return [*type(recipe).__mro__[:-1], *transform, type(tasks.find(recipe.task)), network, *bases]


def code(*parts) -> str:
    """A digest of the modules that these classes and functions are in, and of all that those import: another loss,
    another augmentation or another network is another training."""
    digest = hashlib.sha256()
    for name in sorted(modules(*parts)):
        if (tree := _tree(name)) is not None:
            digest.update(f"{name} {ast.dump(tree)}\n".encode())  # without comments and layout
    return digest.hexdigest()


def modules(*parts) -> set[str]:
    """Names of the modules of which `code` is the digest: those of the parts, and what they import of the zoo."""
    found, todo = set(), {part.__module__ for part in parts}
    while todo:
        found |= todo
        todo = {name for module in todo for name in _imported(module)} - found
    return found


def _imported(module: str) -> set[str]:
    """The zoo's modules that a module names in its imports, late ones included, but for `NOT_LEARNED_FROM`."""
    named = set()
    for node in ast.walk(_tree(module) or ast.Module([], [])):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            # What is imported from a package is a module of it, or a name in its __init__.
            named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {
        name
        for name in named
        if name.startswith("zoo.") and not f"{name}.".startswith(_DOTTED) and _file(name) is not None
    }


def _tree(module: str) -> ast.Module | None:
    """The source of a module; None for what is typed into a notebook, which has no file."""
    file = _file(module)
    return None if file is None else ast.parse(Path(file).read_text(encoding="utf-8"))


def _file(module: str) -> str | None:
    """The file of a module, which is not imported; None for other names, such as that of a function in a module."""
    if module in sys.modules:
        return getattr(sys.modules[module], "__file__", None)
    path = ROOT.joinpath(*module.split("."))
    return next((str(file) for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


_DOTTED = tuple(f"{name}." for name in NOT_LEARNED_FROM)
