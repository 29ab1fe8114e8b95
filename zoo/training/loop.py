"""Run a recipe: load the data, fit, measure once on the test split, and save the checkpoint with its card."""

import copy
import dataclasses
import shutil
import sys
import time
from pathlib import Path

import keras
import numpy as np

from zoo.data.facts import data_facts
from zoo.errors import BadInput
from zoo.hub import building, checkpoint, store
from zoo.hub.card import Card
from zoo.hub.registry import architecture
from zoo.runtime import backend
from zoo.runtime.predictor import Predictor, of_model
from zoo.training import digest
from zoo.training.provenance import command_line, hardware, versions
from zoo.training.recipe import Recipe
from zoo.training.resume import Resume


def train(
    recipe: Recipe, out, *, runs="runs", data_dir=None, init=None, epochs=None, restart=False, force=False
) -> Card:
    """Train a recipe to its end and write its checkpoint to the folder `out`.

    A training that was interrupted resumes from the last finished epoch, whose state is under `runs`.

    Args:
        init: a checkpoint, by name or folder, whose weights to start from.
        epochs: train for this many rather than the recipe's, and likewise its controls, its teachers and what it starts
            from; schedules stretch or shrink to fit.
        restart: forget an interrupted training.
        force: replace a checkpoint at `out`.
    Raises:
        OutputExists, MissingData, BadInput, BadCheckpoint, UnknownName: in one line.
    """
    runs = Path(runs)
    _check(recipe, out, init, epochs, force)
    if restart:
        _forget(recipe, runs)
    controls = [row for control in recipe.controls() for row in _control_rows(control, runs, data_dir, epochs)]

    trained = _fit(recipe, runs, data_dir, init, epochs)
    model, validation = trained.model, trained.validation
    recipe.finish(model, validation)
    tolerance = rounded(model, recipe.weights_dtype, validation[0])

    tokenizer = recipe.tokenizer(data_dir)
    rows, curves = _measure(recipe, model, tokenizer, data_dir)
    baselines = recipe.baselines(data_dir)  # last, since nothing of them is stored when the training is stopped
    card = _card(recipe, trained, rows + baselines + controls, curves, init, epochs)
    card.training["missed"] = missed(recipe, card)
    store.save(model, out, card, dtype=recipe.weights_dtype, tolerance=tolerance, tokenizer=tokenizer, force=force)
    _forget(recipe, runs)  # done, so there is nothing left to resume
    for metric, target in recipe.goals(card).items():
        verdict = "MISSED" if metric in card.training["missed"] else "reached"
        print(
            f"{recipe.name}: {metric} {card.result(metric)['value']:g}, target {target:.4g} {verdict}", file=sys.stderr
        )
    return card


def _check(recipe, out, init, epochs, force: bool) -> None:
    """Raises errors now that would otherwise come after hours of training."""
    store.check_output(out, force)
    if epochs is not None and epochs < 1:
        raise BadInput(f"--epochs {epochs}: train for at least 1")
    model = architecture(recipe.architecture).cls(**recipe.arguments)
    building.arrays(model, recipe)
    if init is not None:
        store.load_weights(model, checkpoint.verify(init))


@dataclasses.dataclass
class Trained:
    """The result of `_fit`: the float32 model, the validation data, and facts for the card."""

    model: keras.Model
    validation: tuple
    selected: dict | None  # the epoch whose weights these are
    epochs: int  # with those of what it started from, without those of teachers
    spent: dict  # seconds of this training and of those before it, by the folder of the state of each


def _fit(recipe, runs: Path, data_dir, init, epochs) -> Trained:
    """Train a recipe; before it, the recipe that it starts from and its teachers."""
    first = recipe.starts_from() if init is None else None
    start = None if first is None else _fit(first, runs, data_dir, None, epochs)
    spent = ({} if start is None else start.spent) | _train_teachers(recipe, runs, data_dir, epochs)
    epochs = recipe.epochs if epochs is None else epochs

    started = time.monotonic()
    batches, validation = recipe.training_data(data_dir)
    reading = time.monotonic() - started

    _ = architecture(recipe.architecture).cls  # what is imported for the first time may draw random numbers
    keras.utils.set_random_seed(recipe.seed)
    model = _new(recipe, backend.precision(recipe.precision))
    if init is not None:
        store.load_weights(model, checkpoint.verify(init))
    elif recipe.init is not None:
        recipe.load_init(model, data_dir)
    if start is not None:
        copy_weights(start.model, model)
        recipe.prepare(model)
    per_execution = 1 if keras.config.backend() == "torch" else recipe.steps_per_execution  # Keras has no more there
    recipe.compile(model, epochs * len(batches), jit_compile=backend.jit_compile(), steps_per_execution=per_execution)

    resume = Resume(_run(runs, recipe), _settings(recipe, model, batches, init, first, epochs), recipe.monitor)
    resume.fit(model, batches, validation, epochs=epochs, callbacks=[NewExamples(recipe, batches)])
    shipped = _new(recipe, "float32")
    copy_weights(model, shipped)
    spent |= {resume.folder: reading + resume.seconds}
    return Trained(shipped, validation, resume.best, resume.epoch + (start.epochs if start else 0), spent)


def _new(recipe, precision: str):
    """The recipe's model with random weights, which computes in `precision`, a dtype policy."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        return architecture(recipe.architecture).cls(**recipe.arguments)
    finally:
        keras.config.set_dtype_policy(policy)


def _settings(recipe, model, batches, init, first, epochs: int) -> dict:
    """Settings that identify a training: a state of other settings is not resumed."""
    return {
        "name": recipe.name,
        "arguments": recipe.arguments,
        "seed": recipe.seed,
        "epochs": epochs,
        "batch_size": recipe.batch_size,
        "precision": backend.precision(recipe.precision),
        "optimizer": keras.saving.serialize_keras_object(model.optimizer)["config"] | {"name": None},
        "init": (init or recipe.init) and checkpoint.card(init or recipe.init).weights["sha256"],
        "starts_from": first and first.name,
        "teachers": [teacher.name for teacher in recipe.teachers()],
        "data": batches.digest(),
        "code": digest.code(*digest.parts(recipe)),
    }


class NewExamples(keras.callbacks.Callback):
    """Replaces the examples before each epoch by those of `Recipe.epoch_data`."""

    def __init__(self, recipe, batches):
        super().__init__()
        self.recipe, self.batches = recipe, batches

    def on_epoch_begin(self, epoch, logs=None):
        examples = self.recipe.epoch_data(epoch, self.model)
        if examples is not None:
            self.batches.replace(*examples)


def _measure(recipe, model, tokenizer, data_dir) -> tuple[list[dict], dict]:
    """Rows and curves of a model on the recipe's test split."""
    examples = recipe.examples(recipe.eval_split, data_dir)
    return recipe.evaluate(of_model(model, recipe, tokenizer), examples, recipe.eval_split)


# --- other trainings ----------------------------------------------------------------------------------------------


def _control_rows(control, runs: Path, data_dir, epochs) -> list[dict]:
    """Train a control, once for each of its seeds; its results, as rows of the card."""
    found = []
    for each in _seeded(control):
        trained = _fit(each, runs, data_dir, None, epochs)
        each.finish(trained.model, trained.validation)
        rows, _ = _measure(each, trained.model, each.tokenizer(data_dir), data_dir)
        found.append([row for row in rows if row["role"] == "result"])
    merged = []
    for same in zip(*found, strict=True):  # the rows of one metric, one for each seed
        values = [row["value"] for row in same]
        std = round(float(np.std(values, ddof=1)), 4) if len(values) > 1 else None
        merged.append(same[0] | {"role": "control", "value": round(float(np.mean(values)), 4), "std": std})
    return merged


def _train_teachers(recipe, runs: Path, data_dir, epochs) -> dict[Path, float]:
    """Train a recipe's teachers and give them to it. Returns the seconds that each training took."""
    teachers: list[Predictor] = []
    spent = {}
    for teacher in recipe.teachers():
        for each in _seeded(teacher):
            trained = _fit(each, runs, data_dir, None, epochs)
            teachers.append(of_model(trained.model, each, each.tokenizer(data_dir)))
            spent |= trained.spent
    recipe.set_teachers(teachers)
    return spent


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
    """Delete the state of a recipe's training, of its controls', its teachers' and of all that they start from."""
    for each in _seeded(recipe):
        shutil.rmtree(_run(runs, each), ignore_errors=True)
    for other in (*recipe.controls(), *recipe.teachers(), recipe.starts_from()):
        if other is not None:
            _forget(other, runs)


def copy_weights(source, target) -> None:
    """All weights; where the last layer has another size, as for other classes, all but those of that layer."""
    head = {id(variable) for variable in target.layers[-1].weights}
    for old, new in zip(source.weights, target.weights, strict=True):
        if old.shape == new.shape or id(new) not in head:
            new.assign(keras.ops.copy(old))  # JAX would share it, and delete it in training


# --- the card -----------------------------------------------------------------------------------------------------


def missed(recipe, card) -> dict:
    """The recipe's goals that the card's results do not reach: metric -> goal."""
    short = {}
    for metric, goal in recipe.goals(card).items():
        row = card.result(metric)
        if row["value"] < goal if row["higher_is_better"] else row["value"] > goal:
            short[metric] = goal
    return short


def rounded(model, dtype: str, sample) -> float:
    """Round weights, in place, as storing them in `dtype` does, so that the shipped weights are measured.

    Returns the largest change of an output on a sample, rounded up to two digits."""
    if dtype == "float32":
        return 0.0
    model.jit_compile, predict = backend.jit_compile(), model.predict_on_batch
    sample = keras.tree.map_structure(lambda array: array[:64], sample)
    before = keras.tree.flatten(predict(sample))
    store.round_weights(model, dtype)
    after = keras.tree.flatten(predict(sample))
    change = max(float(np.abs(new - old).max()) for new, old in zip(after, before, strict=True))
    return float(f"{change * 1.05:.1e}")


def _card(recipe, trained: Trained, rows, curves, init, epochs) -> Card:
    command = ["zoo", "train", recipe.name]
    command += ["--init", str(init)] if init is not None else []
    command += ["--epochs", str(epochs)] if epochs is not None else []
    training = {
        "command": command_line(command),
        "seed": recipe.seed,
        "epochs": trained.epochs,
        "selected": trained.selected,
        "batch_size": recipe.batch_size,
        "backend": keras.config.backend(),
        "precision": backend.precision(recipe.precision),
        "hardware": hardware(),
        "wall_time_s": round(sum(trained.spent.values())),
        "versions": versions(),
    }
    data = data_facts((recipe.dataset, *recipe.also_trained_on, *recipe.selected_on), recipe.trained_split)
    return card_of(recipe, trained.model, data=data, metrics=rows, curves=curves, training=training)


def card_of(recipe, model, *, data: dict, metrics: list[dict], curves: dict, training: dict) -> Card:
    """The card of a recipe's model. What is not given follows from the two."""
    inputs, outputs = building.arrays(model, recipe)
    return Card(
        name=recipe.name,
        summary=recipe.summary,
        architecture=recipe.architecture,
        arguments=recipe.arguments,
        parameters=int(sum(np.prod(v.shape) for v in model.trainable_variables)),
        task=recipe.task,
        inputs=inputs,
        outputs=outputs,
        labels=recipe.labels,
        ood_threshold=recipe.ood_threshold,
        data=data,
        metrics=metrics,
        curves=curves,
        training=training,
        intended_use=recipe.intended_use,
        limits=recipe.limits,
        licence=recipe.licence,
        commercial_use=recipe.commercial_use,
    )
