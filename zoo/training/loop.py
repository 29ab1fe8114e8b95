"""Run a recipe: train or go on training, select, measure once on the test split, write the checkpoint and card."""

import ast
import copy
import hashlib
import importlib.util
import os
import platform
import shlex
import shutil
import sys
import time
from importlib import metadata
from pathlib import Path

import keras
import numpy as np

from zoo.data import catalogue
from zoo.errors import BadInput
from zoo.hub import checkpoint, store
from zoo.hub.card import Card
from zoo.hub.registry import architecture
from zoo.runtime import backend
from zoo.runtime.predictor import Compiled
from zoo.training.recipe import Recipe
from zoo.training.resume import Resume

PACKAGES = ("landmark-zoo", "keras", "tensorflow", "jax", "torch", "numpy")
# Packages and modules that decide nothing about what is learned; every other module that is imported on the way does.
NOT_LEARNED_FROM = ("zoo.cli", "zoo.errors", "zoo.hub", "zoo.runtime")


def train(
    recipe: Recipe, out, *, runs="runs", data_dir=None, init=None, epochs=None, restart=False, force=False
) -> Card:
    """Train a recipe to its end and write its checkpoint to the folder `out`.

    A training that was interrupted goes on from the last finished epoch kept under `runs`.

    Args:
        init: a checkpoint, by name or folder, whose weights to start from.
        epochs: train for this many rather than the recipe's, and likewise its controls, its tutors and what it starts
            from; schedules stretch or shrink to fit.
        restart: forget an interrupted training.
        force: replace a checkpoint at `out`.
    Raises:
        OutputExists, MissingData, BadInput, BadCheckpoint, UnknownName: in one line.
    """
    runs = Path(runs)
    store.check_output(out, force)
    if epochs is not None and epochs < 1:
        raise BadInput(f"--epochs {epochs}: train for at least 1")
    if init is not None:  # refused now rather than after the controls' hours
        store.load_weights(architecture(recipe.architecture).cls(**recipe.arguments), checkpoint.verify(init))
    if restart:
        _forget(recipe, runs)
    controls = []
    for control in recipe.controls():
        controls += _control_rows(control, runs, data_dir, epochs)

    model, resume, validation = _fit(recipe, runs, data_dir, init, epochs)
    recipe.finish(model, validation)
    tolerance = _rounded(model, recipe.weights_dtype, validation[0])
    examples = recipe.examples(recipe.eval_split, data_dir)
    tokenizer = recipe.tokenizer(data_dir)
    rows, curves = recipe.evaluate(Compiled(model, tokenizer), examples, recipe.eval_split)
    baselines = recipe.baselines(data_dir)  # last, since nothing of them is kept when the training is stopped
    card = _card(recipe, model, rows + baselines + controls, curves, resume, init, epochs)
    card.training["missed"] = missed(recipe, card)
    store.save(model, out, card, dtype=recipe.weights_dtype, tolerance=tolerance, tokenizer=tokenizer, force=force)
    _forget(recipe, runs)  # done, so there is nothing left to go on with
    for metric, target in recipe.goals(card).items():
        verdict = "MISSED" if metric in card.training["missed"] else "reached"
        print(
            f"{recipe.name}: {metric} {card.result(metric)['value']:g}, target {target:.4g} {verdict}", file=sys.stderr
        )
    return card


def _control_rows(control, runs: Path, data_dir, epochs) -> list[dict]:
    """Train a control, once for each of its seeds; its results, as rows of the card."""
    found = []
    for each in _seeded(control):
        model, _, validation = _fit(each, runs, data_dir, None, epochs)
        each.finish(model, validation)
        predict = Compiled(model, each.tokenizer(data_dir))
        rows, _ = each.evaluate(predict, each.examples(each.eval_split, data_dir), each.eval_split)
        found.append([row for row in rows if row["role"] == "result"])
    merged = []
    for same in zip(*found, strict=True):  # the rows of one metric, one for each seed
        values = [row["value"] for row in same]
        std = round(float(np.std(values, ddof=1)), 4) if len(values) > 1 else None
        merged.append(same[0] | {"role": "control", "value": round(float(np.mean(values)), 4), "std": std})
    return merged


def _seeded(recipe):
    """A copy of a recipe for each of its seeds."""
    for seed in recipe.seeds or (recipe.seed,):
        each = copy.copy(recipe)
        each.seed = seed
        yield each


def _run(runs: Path, recipe) -> Path:
    """The folder of a training's state."""
    return runs / (f"{recipe.name}-{recipe.seed}" if recipe.seeds else recipe.name)


def _forget(recipe, runs: Path) -> None:
    """Delete the state of a recipe's training, of its controls', its tutors' and of all that they start from."""
    for each in _seeded(recipe):
        shutil.rmtree(_run(runs, each), ignore_errors=True)
    for other in (*recipe.controls(), *recipe.teachers(), recipe.starts_from()):
        if other is not None:
            _forget(other, runs)


def _train_teachers(recipe, runs: Path, data_dir, epochs) -> dict[Path, float]:
    """Train a recipe's tutors and give them to it. Returns the seconds that each training on the way took."""
    teachers, spent = [], {}
    for teacher in recipe.teachers():
        for each in _seeded(teacher):
            model, resume, _ = _fit(each, runs, data_dir, None, epochs)
            teachers.append(Compiled(model, each.tokenizer(data_dir)))
            spent |= resume.spent
    recipe.set_teachers(teachers)
    return spent


def _fit(recipe, runs: Path, data_dir, init, epochs):
    """Train to the last epoch. Returns the float32 model, the resume callback and the validation data."""
    first = recipe.starts_from() if init is None else None
    if first is not None:
        start, earlier, _ = _fit(first, runs, data_dir, None, epochs)
    spent = _train_teachers(recipe, runs, data_dir, epochs)
    epochs = recipe.epochs if epochs is None else epochs
    started = time.monotonic()
    batches, validation = recipe.training_data(data_dir)
    reading = time.monotonic() - started
    steps = epochs * len(batches)

    keras.utils.set_random_seed(recipe.seed)  # not before: what is read for the first time may draw numbers
    policy, precision = keras.config.dtype_policy(), backend.precision(recipe.precision)
    keras.config.set_dtype_policy(precision)
    try:
        model = architecture(recipe.architecture).cls(**recipe.arguments)
    finally:
        keras.config.set_dtype_policy(policy)
    if init is not None:
        store.load_weights(model, checkpoint.verify(init))
    elif recipe.init is not None:
        recipe.start(model, data_dir)
    if first is not None:
        copy_weights(start, model)
        recipe.begin(model)
    per_execution = 1 if keras.config.backend() == "torch" else recipe.steps_per_execution  # Keras has no more there
    recipe.compile(model, steps, jit_compile=backend.jit_compile(), steps_per_execution=per_execution)

    settings = {
        "name": recipe.name,
        "arguments": recipe.arguments,
        "seed": recipe.seed,
        "epochs": epochs,
        "batch_size": recipe.batch_size,
        "precision": precision,
        "optimizer": keras.saving.serialize_keras_object(model.optimizer)["config"] | {"name": None},
        "init": (init or recipe.init) and checkpoint.card(init or recipe.init).weights["sha256"],
        "starts_from": first and first.name,
        "teachers": [teacher.name for teacher in recipe.teachers()],
        "data": batches.digest(),
        "code": code(*_parts(recipe)),
    }
    resume = Resume(_run(runs, recipe), settings, recipe.monitor)
    resume.fit(model, batches, validation, epochs=epochs)
    shipped = architecture(recipe.architecture).cls(**recipe.arguments)  # float32, whatever it was trained in
    copy_weights(model, shipped)
    # The card counts the whole way, and each training on it once; epochs are without those of tutors.
    resume.spent = spent | {resume.folder: reading + resume.seconds}
    if first is not None:
        resume.epoch, resume.spent = resume.epoch + earlier.epoch, earlier.spent | resume.spent
    return shipped, resume, validation


def _parts(recipe) -> list:
    """The classes and functions that make a training what it is: the recipe's, its transform and its network, with what
    both are subclasses of."""
    transform = [] if recipe.transform is None else [recipe.transform]
    network = architecture(recipe.architecture).cls
    bases = [base for base in network.__mro__[1:] if base.__module__.startswith("zoo.")]
    return [*type(recipe).__mro__[:-1], *transform, network, *bases]


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
    if module in sys.modules:
        return getattr(sys.modules[module], "__file__", None)
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:  # a name in a module
        return None
    return found and found.origin


_DOTTED = tuple(f"{name}." for name in NOT_LEARNED_FROM)


def copy_weights(source, target) -> None:
    """All weights; where the last layer has another size, as for other classes, all but those of that layer."""
    head = {id(variable) for variable in target.layers[-1].weights}
    for old, new in zip(source.weights, target.weights, strict=True):
        if old.shape == new.shape or id(new) not in head:
            new.assign(keras.ops.copy(old))  # JAX would share it, and delete it in training


def line(command: list[str]) -> str:
    """A command as one types it; bytes of names that aren't UTF-8 as question marks, for a card is a text."""
    return shlex.join(command).encode("utf-8", "replace").decode()


def missed(recipe, card) -> dict:
    """The recipe's goals that the card's results do not reach: metric -> goal."""
    short = {}
    for metric, goal in recipe.goals(card).items():
        row = card.result(metric)
        if row["value"] < goal if row["higher_is_better"] else row["value"] > goal:
            short[metric] = goal
    return short


def _rounded(model, dtype: str, sample) -> float:
    """Round weights, in place, to what is stored of them as `dtype`, so that what is measured is what ships. Returns
    the largest change of an output on a sample, rounded up to two digits."""
    if dtype == "float32":
        return 0.0
    predict = Compiled(model)
    sample = keras.tree.map_structure(lambda array: array[:64], sample)
    before = keras.tree.flatten(predict(sample))
    store.round_weights(model, dtype)
    after = keras.tree.flatten(predict(sample))
    change = max(float(np.abs(new - old).max()) for new, old in zip(after, before, strict=True))
    return float(f"{change * 1.05:.1e}")


def _card(recipe, model, rows, curves, resume, init, epochs) -> Card:
    command = ["zoo", "train", recipe.name]
    command += ["--init", str(init)] if init is not None else []
    command += ["--epochs", str(epochs)] if epochs is not None else []
    return Card(
        name=recipe.name,
        summary=recipe.summary,
        architecture=recipe.architecture,
        arguments=recipe.arguments,
        parameters=int(sum(np.prod(v.shape) for v in model.trainable_variables)),
        input=recipe.input,
        output=recipe.output,
        labels=recipe.labels,
        data=data_facts((recipe.dataset, *recipe.also_trained_on, *recipe.selected_on), recipe.trained_split),
        metrics=rows,
        curves=curves,
        training={
            "command": line(command),
            "seed": recipe.seed,
            "epochs": resume.epoch,
            "selected": resume.best,
            "batch_size": recipe.batch_size,
            "backend": keras.config.backend(),
            "precision": backend.precision(recipe.precision),
            "hardware": hardware(),
            "wall_time_s": round(sum(resume.spent.values())),
            "versions": versions(),
        },
        intended_use=recipe.intended_use,
        limits=recipe.limits,
        licence=recipe.licence,
        commercial_use=recipe.commercial_use,
    )


def data_facts(names, split: str) -> dict:
    """What a model was trained on: data sets of the catalogue, of the first of which `split` is a split.

    Commercial use is allowed where every data set allows it, unknown where one is silent.
    """
    datasets = [catalogue.dataset(name) for name in names]
    allowed = {dataset.commercial for dataset in datasets}
    return {
        "name": datasets[0].name,
        "also": [dataset.name for dataset in datasets[1:]],
        "url": datasets[0].url,
        "split": split,
        "licence": "; ".join(f"{dataset.name}: {dataset.licence}" for dataset in datasets),
        "commercial_use": False if False in allowed else None if None in allowed else True,
    }


def hardware() -> str:
    """The processor and its cores, and what else the backend computes on, as the card states them."""
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
