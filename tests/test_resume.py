"""A training that is killed and started again gives the same weights as one that never stopped, to the last bit."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from zoo.errors import BadInput

# A recipe with all that has state: dropout, batch normalisation, averaged weights, a schedule, random distortions, and
# selection on validation data. Run as `python script.py RUNS OUT SECONDS`: SECONDS slow each epoch down, to be killed.
SCRIPT = """
import sys, time
import keras, numpy as np
from pathlib import Path
from zoo import unet
from zoo.data.batches import Batches
from zoo.recipes import training
from zoo.recipes.recipe import Recipe

class Tiny(Recipe):
    name = "unet.test"
    arguments = {**unet.MOBILE, "filters": [4, 6], "dropout": 0.5, "classes": 2}
    seed, epochs, batch_size, steps_per_execution, monitor = 3, 6, 8, 2, "accuracy"

    def training_data(self, data_dir):
        random = np.random.RandomState(0)
        x = random.randint(0, 256, (64, 16, 16, 1)).astype("uint8")
        y = (x.reshape(64, 4, 4, 4, 4).mean(axis=(2, 4)) > 127).astype("int32")
        return Batches(x, y, batch_size=8, seed=3, transform=self.noisy), (x[:16], y[:16])

    @staticmethod
    def noisy(x, y, rng):
        time.sleep(float(sys.argv[3]) / 8)
        return np.clip(x + rng.integers(-20, 20, x.shape), 0, 255).astype("uint8"), y

    def optimizer(self, steps):
        rate = keras.optimizers.schedules.CosineDecay(1e-2, steps)
        return keras.optimizers.AdamW(rate, use_ema=True, ema_momentum=0.9)

    def compile(self, model, steps, **options):
        model.compile(self.optimizer(steps), metrics=["accuracy"], **options)

model, resume, _ = training._fit(Tiny(), Path(sys.argv[1]), None, None, None)
np.savez(sys.argv[2], *[keras.ops.convert_to_numpy(v) for v in model.weights], best=resume.best["epoch"])
"""


def start(tmp_path, runs, out, seconds=0.0):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(tmp_path / runs), str(tmp_path / out), str(seconds)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def finished_epochs(path):
    if not path.exists():
        return 0
    with np.load(path) as state:
        return json.loads(str(state["facts"]))["epoch"]


def test_a_killed_training_resumes_to_the_same_weights(tmp_path):
    whole = start(tmp_path, "runs1", "whole.npz")
    _, errors = whole.communicate(timeout=300)
    assert whole.returncode == 0, errors

    killed = start(tmp_path, "runs2", "never.npz", seconds=2.0)
    state = tmp_path / "runs2" / "unet.test" / "state.npz"
    deadline = time.monotonic() + 240
    while finished_epochs(state) < 2 and killed.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    os.kill(killed.pid, signal.SIGKILL)  # no chance to tidy up
    killed.communicate()
    assert 2 <= finished_epochs(state) < 6
    assert not (tmp_path / "never.npz").exists()

    resumed = start(tmp_path, "runs2", "resumed.npz")
    _, errors = resumed.communicate(timeout=300)
    assert resumed.returncode == 0, errors
    with np.load(tmp_path / "whole.npz") as one, np.load(tmp_path / "resumed.npz") as other:
        assert set(one.files) == set(other.files)
        for name in one.files:
            np.testing.assert_array_equal(one[name], other[name])


def test_the_state_of_another_training_is_refused(tmp_path):
    import keras

    from zoo.recipes.resume import Resume

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", loss="mse")
    first = Resume(tmp_path / "run", {"seed": 1}, None)
    model.fit(np.ones((4, 2)), np.ones((4, 1)), callbacks=[first], verbose=0)
    Resume(tmp_path / "run", {"seed": 1}, None).restore(model)
    with pytest.raises(BadInput, match="--restart"):
        Resume(tmp_path / "run", {"seed": 2}, None).restore(model)


def test_of_equally_good_epochs_the_one_with_the_lowest_loss_is_kept(tmp_path):
    import keras

    from zoo.recipes.resume import Resume

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    resume = Resume(tmp_path / "run", {}, "accuracy")
    resume.set_model(model)
    for epoch, (accuracy, loss) in enumerate([(0.8, 0.3), (0.9, 0.5), (0.9, 0.4), (0.9, 0.45)]):
        resume.epoch = epoch
        resume.on_test_end({"accuracy": accuracy, "loss": loss})
    assert resume.best == {"epoch": 3, "value": 0.9, "loss": 0.4}
