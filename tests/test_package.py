"""The package as it is installed: what is in it, what importing it costs, and where its imports point."""

import ast
import configparser
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {"zoo": "zoo", "apps": "zoo_apps", "weights": "zoo_weights"}
FRAMEWORKS = ("tensorflow", "keras", "jax", "torch", "numpy", "cv2", "PIL", "tensorflow_datasets")


def modules_after(code: str) -> set[str]:
    """Names of all modules that are loaded after running `code` in a fresh Python."""
    script = f"import sys\nsys.argv = ['zoo', '--help']\ntry:\n    {code}\nexcept SystemExit:\n    pass\n"
    script += "print('\\n' + '\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_zoo_imports_no_framework_and_little_else():
    bare, loaded = modules_after("pass"), modules_after("import zoo")
    assert "zoo" in loaded
    assert not loaded & set(FRAMEWORKS)
    assert len(loaded - bare) < 60


def test_zoo_help_imports_no_framework():
    loaded = modules_after("from zoo.cli.main import main; main()")
    assert "zoo.cli.main" in loaded
    assert not loaded & set(FRAMEWORKS)


def test_the_timeline_imports_no_framework():
    loaded = modules_after("import zoo; [about.call + about.about for about in zoo.architectures().values()]")
    assert "zoo.hub.registry" in loaded
    assert not loaded & {"tensorflow", "keras", "jax", "torch"}


def test_setup_cfg_lists_every_package():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    listed = set(config["options"]["packages"].split())
    found = set()
    for folder, name in FOLDERS.items():
        for path in (ROOT / folder).rglob("__init__.py"):
            found.add(".".join([name, *path.parent.relative_to(ROOT / folder).parts]))
    assert listed == found


def test_each_recipe_is_found_by_its_file():
    from zoo import recipes

    files = {path.stem for path in (ROOT / "zoo" / "recipes").glob("*.py")} - {"__init__"}
    assert {recipes.module_of(name) for name in recipes.names()} == files
    assert all(recipes.find(name).name == name for name in recipes.names())


def source_files() -> dict[str, Path]:
    """Every module of the package, by the name it is imported by."""
    found = {}
    for folder, package in FOLDERS.items():
        for path in (ROOT / folder).rglob("*.py"):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            found[".".join([package, *(part for part in parts if part != "__init__")])] = path
    return found


def imported(path: Path, module: str = ""):
    """Names that a file imports anywhere, also inside of functions; relative ones in full, from the name `module`."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *filter(None, [base])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def test_imports_point_from_apps_to_zoo_and_never_back():
    for module, path in source_files().items():
        if module.split(".")[0] == "zoo":
            names = set(imported(path, module))
            assert not any(name.split(".")[0] in ("zoo_apps", "apps") for name in names), path


def test_there_is_no_circle_of_imports_not_even_a_late_one():
    files = source_files()
    graph = {
        module: {name for name in imported(path, module) if name in files and not f"{module}.".startswith(f"{name}.")}
        for module, path in files.items()
    }
    done, path = set(), []

    def visit(module):
        if module in path:
            raise AssertionError(" -> ".join([*path[path.index(module) :], module]))
        if module not in done:
            path.append(module)
            for other in sorted(graph[module]):
                visit(other)
            done.add(path.pop())

    for module in sorted(graph):
        visit(module)


# Lower layers first: a module imports from its own layer and those below.
LAYERS = (
    {"errors"},
    {"kinds", "metrics", "nn"},
    {"data", "explain", "generation", "hub", "models", "runtime", "tasks"},
    {"training", "recipes"},  # `zoo eval` asks the recipe of a checkpoint, if it has one
    {"cli", "__main__"},
)
# What a lower layer may take from a higher one: errors' only parent, and the backend, which imports nothing.
EVERYWHERE = {"zoo", "zoo.runtime", "zoo.runtime.backend"}


def test_imports_point_down_the_layers():
    rank = {folder: number for number, layer in enumerate(LAYERS) for folder in layer}
    for module, path in source_files().items():
        parts = module.split(".")
        if parts[0] != "zoo" or len(parts) == 1:
            continue
        for name in set(imported(path, module)) - EVERYWHERE:
            other = name.split(".")
            if other[0] == "zoo" and len(other) > 1 and other[1] in rank and not name.startswith("zoo.runtime.backend"):
                assert rank[other[1]] <= rank[parts[1]], f"{module} imports {name}"


BUILT_ON = {
    "dcgan": {"gan"},
    "stylegan2": {"gan", "dcgan"},
}  # models whose paper takes another one and changes its networks


def test_a_model_imports_no_other_model_unless_its_paper_builds_on_it():
    models = {path.stem for path in (ROOT / "zoo" / "models").glob("*.py")} - {"__init__"}
    for model in models:
        names = set(imported(ROOT / "zoo" / "models" / f"{model}.py"))
        assert not names & {f"zoo.models.{other}" for other in models - {model} - BUILT_ON.get(model, set())}


# Words of the project's first months, for which the field has terms: see GLOSSARY.md. As whole words, in any case.
OLD_WORDS = (
    r"tutors?|tutored|pupils?|forgers?|critic_loss|forger_loss|clearness|surprises|looks? up|looked at|"
    r"going on with|goes on with|go on with|the way back|by chance|told (?:by|what|which|the)|known_from|rarest_share"
)
# Where an old word means what it says: a title of a paper, a conversation.
OLD_WORDS_MEANT = {"apps/assistant", "tests/apps/test_assistant", "tests/test_package.py", "GLOSSARY.md"}


def test_the_terms_are_those_of_the_field():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "weights").glob("*/card.json")]
    code = [
        path for folder in ("zoo", "apps", "docs", "examples", "benchmarks") for path in (ROOT / folder).rglob("*.py")
    ]
    found = []
    for path in (*pages, *code):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(tuple(OLD_WORDS_MEANT)):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                if match := re.search(rf"\b({OLD_WORDS})\b", line, re.IGNORECASE):
                    found.append(f"{name}:{number}: {match[0]}")
    assert not found, "\n".join(found)


def test_the_pages_name_files_that_are_there():
    missing = []
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "findings" / "README.md"):
        text = page.read_text(encoding="utf-8")
        named = re.findall(r"`((?:zoo|apps|tests|docs|examples|benchmarks|findings|weights)/[\w./-]*)`", text)
        named += [link for link in re.findall(r"\]\(([\w./-]+)\)", text) if "://" not in link]
        for name in named:
            placeholder = re.search("NAME|ARCHITECTURE|LIBRARY", name)
            if not placeholder and not (ROOT / name).exists() and not (page.parent / name).exists():
                missing.append(f"{page.relative_to(ROOT)}: {name}")
    assert not missing, "\n".join(missing)
