"""Stop a training at any time, start it again, and get the same weights as if it had never stopped.

`keras.callbacks.BackupAndRestore` does not give that: it leaves out the states of random seeds (dropout, noise).
Here the whole state is stored: every variable of the model including seeds, every variable of the optimiser including
its averages, and what the selection on validation data has found so far. The order of the batches needs no state:
it is a function of seed and epoch (`zoo.data.batches`). To the last bit that holds on one machine with one number of
threads: others add up in another order.
"""

import json
import os
import sys
import time
import zipfile

import keras
import numpy as np

from zoo.data.batches import validation_feed
from zoo.errors import BadInput


class Resume(keras.callbacks.Callback):
    """Saves the state of a training in `folder` at the end of each epoch, atomically.

    Args:
        folder: a `pathlib.Path`, made when needed.
        settings: JSON values that identify a training; a state of other settings raises `BadInput`.
        monitor: name of the validation metric of which the highest is best (then the lowest loss); "loss", of which
            the lowest is; or None.
        patience: stop after this many epochs without a new best; None never does.
    """

    def __init__(self, folder, settings: dict, monitor: str | None, *, patience: int | None = None):
        super().__init__()
        self.folder = folder
        self.settings = json.dumps(settings, sort_keys=True)
        self.monitor = monitor
        self.patience = patience
        self.epoch = 0  # epochs finished
        self.best = None  # {"epoch": ..., "value": ..., "loss": ...}
        self.seconds = 0.0  # spent training, over all starts
        self.history = []  # what `fit` reported of each epoch: {"loss": ..., "val_loss": ..., ...}

    @property
    def state_path(self):
        return self.folder / "state.npz"

    @property
    def best_path(self):
        return self.folder / "best.npz"

    @property
    def exhausted(self) -> bool:
        """Whether the last `patience` epochs brought nothing better."""
        return self.patience is not None and self.best is not None and self.epoch - self.best["epoch"] >= self.patience

    def fit(self, model, batches, validation, *, epochs: int, callbacks=()) -> None:
        """`model.fit` up to `epochs`, resuming where an interrupted one stopped; ends with the best epoch's weights."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / ".writable").touch()
            (self.folder / ".writable").unlink()
        except OSError as error:
            raise BadInput(
                f"{self.folder} cannot be written: {error.strerror}; choose another folder with --runs"
            ) from None
        self.restore(model)
        if not self.exhausted:
            print(f"{self.folder}: {self.epoch} of {epochs} epochs done", file=sys.stderr)
            averages = [keras.callbacks.SwapEMAWeights()] if model.optimizer.use_ema else []  # validation sees these
            model.fit(
                batches.feed(),
                **validation_feed(validation, max(32, batches.batch_size)),
                epochs=epochs,
                initial_epoch=self.epoch,
                **batches.fit_options([*callbacks, self, *averages]),
                verbose=1 if sys.stderr.isatty() else 2,
            )
        if self.best is not None:
            best = _read(self.best_path)
            for index, variable in enumerate(model.weights):
                variable.assign(best[f"v{index}"])

    def restore(self, model) -> None:
        """Restore a compiled model from the state, if there is one. Raises `BadInput` for that of another training."""
        if not self.state_path.exists():
            return
        arrays = _read(self.state_path)
        facts = json.loads(str(arrays.pop("facts")))
        if facts["settings"] != self.settings:
            raise BadInput(
                f"{self.folder} holds an interrupted training with other settings; "
                "add --restart to begin again, or choose another folder with --runs"
            )
        model.optimizer.build(model.trainable_variables)
        for index, variable in enumerate(_state_of(model)):
            variable.assign(arrays[f"v{index}"])
        self.epoch, self.best, self.seconds = facts["epoch"], facts["best"], facts["seconds"]
        self.history = facts["history"]

    def on_train_begin(self, logs=None):
        self._started = time.monotonic() - self.seconds

    def on_test_end(self, logs=None):
        # Comes after validation, when `SwapEMAWeights`, called after this one, has the averaged weights in place.
        if self.monitor is None:
            return
        value = float(logs[self.monitor]) * (-1 if self.monitor == "loss" else 1)
        found = {"epoch": self.epoch + 1, "value": value, "loss": float(logs["loss"])}
        if better(found, self.best):
            self.best = found
            _write(self.best_path, {f"v{i}": keras.ops.convert_to_numpy(v) for i, v in enumerate(self.model.weights)})

    def on_epoch_end(self, epoch, logs=None):
        self.epoch = epoch + 1
        self.seconds = time.monotonic() - self._started
        self.history.append({name: float(value) for name, value in (logs or {}).items()})
        facts = {
            "settings": self.settings,
            "epoch": self.epoch,
            "best": self.best,
            "seconds": self.seconds,
            "history": self.history,
        }
        arrays = {f"v{i}": keras.ops.convert_to_numpy(v) for i, v in enumerate(_state_of(self.model))}
        _write(self.state_path, arrays | {"facts": np.array(json.dumps(facts))})
        if self.exhausted:
            self.model.stop_training = True


def better(found: dict, best: dict | None) -> bool:
    """Whether one epoch's `{"value", "loss"}` beats another's; anything beats None.

    Of epochs with the same value, which a small validation set has many of, the one with the lowest loss wins.
    """
    return best is None or (found["value"], -found["loss"]) > (best["value"], -best["loss"])


def _state_of(model) -> list:
    """All variables that training changes: weights, seeds (not metrics, which start anew each epoch), optimiser."""
    metrics = {id(variable) for variable in model.metrics_variables}
    return [v for v in model.variables if id(v) not in metrics] + model.optimizer.variables


def _read(path) -> dict:
    """The arrays of a file that `_write` wrote. Raises `BadInput` for a damaged one."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            return dict(arrays)
    except (OSError, EOFError, ValueError, zipfile.BadZipFile):
        raise BadInput(f"{path} is damaged; add --restart to begin again") from None


def _write(path, arrays: dict) -> None:
    """Write arrays to a file, atomically. Raises `BadInput` where that fails, such as on a full disk."""
    beside = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(beside, "wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())  # or else a power cut could leave the name without what it stands for
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise BadInput(
            f"{path} cannot be written: {error.strerror or error}; the epoch before is still there"
        ) from None
