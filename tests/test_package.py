"""The package as it is installed: what is in it, what importing it costs, and where its imports point."""

import ast
import configparser
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_setup_cfg_lists_every_package():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    listed = set(config["options"]["packages"].split())
    found = set()
    for folder, name in FOLDERS.items():
        for path in (ROOT / folder).rglob("__init__.py"):
            found.add(".".join([name, *path.parent.relative_to(ROOT / folder).parts]))
    assert listed == found


def test_each_recipe_has_its_file():
    from zoo.recipes import NAMES

    for name in NAMES:
        assert (ROOT / "zoo" / "recipes" / (name.replace(".", "_").replace("-", "_") + ".py")).is_file()


def imported(path: Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_imports_point_from_apps_to_zoo_and_never_back():
    for path in (ROOT / "zoo").rglob("*.py"):
        names = set(imported(path))
        assert not any(name.split(".")[0] in ("zoo_apps", "apps") for name in names), path


BUILT_ON = {
    "dcgan": {"gan"},
    "stylegan2": {"gan", "dcgan"},
}  # landmarks whose paper takes another one and changes its networks


def test_a_landmark_imports_no_other_landmark_unless_its_paper_does():
    import zoo

    landmarks = {module.removeprefix("zoo.") for module in zoo._LANDMARKS.values()}
    for landmark in landmarks:
        names = set(imported(ROOT / "zoo" / f"{landmark}.py"))
        assert not names & {f"zoo.{other}" for other in landmarks - {landmark} - BUILT_ON.get(landmark, set())}
        assert not any(name.startswith(("zoo.recipes", "zoo.data")) for name in names)


@pytest.mark.parametrize("folder", ["zoo", "apps"])
def test_files_are_short_enough_to_read_in_one_sitting(folder):
    for path in (ROOT / folder).rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path
