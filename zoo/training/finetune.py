"""Fine-tune a checkpoint on a user's data, to new classes or to the style of a text.

The task (`zoo/tasks`) reads the data and defines the stages. A part of the data is held back for validation; the epoch
that is best on it ships. A classifier is then calibrated on that part and on a background set, so that it rejects much
of what is like none of its classes (`zoo.training.calibration`). `zoo.training.report` says how it turned out.
"""

import contextlib
import shutil
import sys
from pathlib import Path

import keras
import numpy as np

from zoo import tasks
from zoo.data.batches import Batches
from zoo.data.labels import confidence
from zoo.errors import BadInput, one_line
from zoo.hub import building, checkpoint, store
from zoo.hub.card import Card
from zoo.runtime import backend
from zoo.runtime.features import last_features
from zoo.runtime.predictor import of_model
from zoo.tasks.task import OWN, RATES, FineTuning
from zoo.training import plots
from zoo.training.calibration import OOD_THRESHOLD, acceptance_threshold, calibrate_on_background
from zoo.training.digest import code
from zoo.training.loop import copy_weights
from zoo.training.provenance import command_line, hardware, versions
from zoo.training.resume import Resume, better

CALIBRATED = 1000  # training examples, about, that are told apart from the background
PATIENCE = 5  # epochs without a better one before a stage ends


def finetune(name, data, out, *, epochs=30, seed=1, data_dir=None, runs="runs", restart=False, force=False) -> Card:
    """Train a checkpoint's model on new data and write a new checkpoint.

    Args:
        name: a checkpoint, by name or folder: a classifier of images, a BERT, or a language model such as a GPT.
        data: folder with a folder of images for each class, or the name of a data set in the catalogue or of one that
            TFDS has prepared; CSV file with the columns text and label; text file.
        out: folder to write; `zoo.load(out)` takes it.
    Raises:
        BadInput, OutputExists, UnknownName, MissingData, BadCheckpoint: in one line.
    """
    out = Path(out)
    run = Path(runs) / f"finetune-{out.name}"
    store.check_output(out, force)
    if epochs < 1:
        raise BadInput(f"--epochs {epochs}: train for at least 1")
    base = checkpoint.card(name)
    work = tasks.of(base).finetuning(name, base, data, seed, data_dir)
    if restart:
        shutil.rmtree(run, ignore_errors=True)

    keras.utils.set_random_seed(seed)
    model = work.model(name)
    settings = {
        "base": base.weights["sha256"],
        "labels": work.labels,
        "data": [work.batches.digest(), _digest(work.held)],
        "seed": seed,
        "epochs": epochs,
        "rates": RATES,
        "batch_size": work.batches.batch_size,
        "code": code(finetune, type(work), type(model)),
    }
    best, history, spent = _fit(model, work, run, settings, epochs)
    shipped = type(model)(**model.get_config())  # with no layer frozen, so that its parameters can be counted
    copy_weights(model, shipped)

    if work.background is not None:
        work.ood_threshold = _calibrate(shipped, work)
    rows, curves = work.measure(of_model(shipped, work, work.tokenizer))
    rows += work.baselines(of_model(checkpoint.load(name), base, work.tokenizer))
    curves = {"training": history, **curves}
    command = ["zoo", "finetune", str(name), "--data", str(data), "-o", str(out)]
    command += ["--epochs", str(epochs), "--seed", str(seed)]
    own = work.facts is OWN
    inputs, outputs = building.arrays(shipped, work)
    card = Card(
        name=out.name,
        summary=work.summary(base),
        architecture=base.architecture,
        arguments=shipped.get_config(),
        parameters=int(sum(np.prod(v.shape) for v in shipped.trainable_variables)),
        task=work.task,
        inputs=inputs,
        outputs=outputs,
        labels=work.labels,
        ood_threshold=work.ood_threshold,
        data=work.facts,
        metrics=rows,
        curves=curves,
        training={
            "command": command_line(command),
            "base": base.name,
            "seed": seed,
            "epochs": len(history),
            "selected": best,
            "batch_size": work.batches.batch_size,
            "backend": keras.config.backend(),
            "precision": "float32",
            "hardware": hardware(),
            "wall_time_s": round(spent),
            "versions": versions(),
        },
        intended_use="The data above." if work.labels is None else "The classes above.",
        limits=work.limits,
        licence=base.licence if own else f"{base.licence}; fine-tuned on {work.facts['licence']}",
        commercial_use=base.commercial_use and (own or work.facts["commercial_use"] is True),
    )
    store.save(shipped, out, card, tokenizer=work.tokenizer, files=_drawn(curves, work.labels), force=force)
    shutil.rmtree(run)  # done, so there is nothing left to resume
    with contextlib.suppress(OSError):  # other trainings' states are there
        run.parent.rmdir()
    return card


def _fit(model, work: FineTuning, run: Path, settings: dict, epochs: int) -> tuple[dict, list[dict], float]:
    """Train a model in stages; it ends with the weights of the best epoch of all.

    Returns:
        that epoch, what `fit` reported of each epoch, and the seconds that it took.
    """
    best, weights, history, spent = None, None, [], 0.0
    for stage, layers, count, rate in work.stages(model, epochs):
        for layer in model.layers:
            # Batch normalisation keeps its statistics: those of few images would be worse.
            layer.trainable = layer in layers and not isinstance(layer, keras.layers.BatchNormalization)
        if not count:
            continue
        optimizer = keras.optimizers.Adam(rate)
        model.compile(optimizer=optimizer, metrics=["accuracy"], jit_compile=backend.jit_compile())
        resume = Resume(run / stage, settings, work.monitor, patience=PATIENCE)
        resume.fit(model, work.batches, work.held, epochs=count)
        if better(resume.best, best):  # with few examples all layers together can do worse than the head alone
            best = resume.best | {"epoch": len(history) + resume.best["epoch"], "stage": stage}
            weights = model.get_weights()
        history += [
            {"stage": stage, **{key: round(value, 4) for key, value in logs.items()}} for logs in resume.history
        ]
        spent += resume.seconds
    model.set_weights(weights)
    return best, history, spent


def _calibrate(model, work: FineTuning) -> float:
    """Calibrate a fine-tuned classifier, in place, on what was held back. Returns its out-of-distribution threshold."""
    head, (held, y) = model.layers[-1], work.held
    features = last_features(model)
    if not isinstance(head, keras.layers.Dense):  # LeNet-5's output is made of fixed codes, which nothing can shift
        logits = keras.ops.convert_to_numpy(head(features(held)))
        return acceptance_threshold(confidence(logits))
    work.batches.epoch = 0  # the same each time, also after resuming
    count = min(len(work.batches), -(-CALIBRATED // work.batches.batch_size))
    training = np.concatenate([features(work.batches[i][0]) for i in range(count)])
    calibrate_on_background(head, training, features(held), y, features(work.background[0]))
    return OOD_THRESHOLD


def _digest(held) -> str:
    """SHA-256 of the arrays held back."""
    return Batches(np.concatenate([np.ravel(part) for part in keras.tree.flatten(held)]), batch_size=1, seed=0).digest()


def _drawn(curves: dict, labels) -> dict[str, bytes]:
    """PNG files to write beside the checkpoint; none where drawing fails, which must not cost the training."""
    try:
        files = {"curves.png": plots.curves(curves["training"])}
        if "confusion" in curves:
            files["confusion.png"] = plots.confusion(np.array(curves["confusion"]), labels)
        return files
    except Exception as error:  # a drawing library fails in ways of its own; the line says which
        print(f"no curves.png, no confusion.png: {one_line(error)}", file=sys.stderr)
        return {}
