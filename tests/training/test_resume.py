"""A training that is killed and started again gives the same weights as one that never stopped, to the last bit."""

import json
import signal
import subprocess
import sys

import numpy as np
import pytest

from zoo.errors import BadInput

# Recipes with all that has state: dropout, batch normalisation, averaged weights, a schedule, random distortions, and
# selection on validation data; two networks against each other, singular values, and what both are shown by chance. Run
# as `python script.py RUNS OUT EPOCH NAME`: it kills itself in the middle of that epoch, counted from 1, with no chance
# to tidy up; 0 is none.
SCRIPT = """
import os, signal, sys
import keras, numpy as np
from pathlib import Path
from zoo.models import unet
from zoo.data.batches import Batches
from zoo.data.latents import latent_transform
from zoo.training import loop
from zoo.training.recipe import Recipe

class Tiny(Recipe):
    task, seed, epochs, batch_size, steps_per_execution = "classify_images", 3, 6, 8, 2
    options = {}

    def optimizer(self, steps):
        rate = keras.optimizers.schedules.CosineDecay(1e-2, steps)
        return keras.optimizers.AdamW(rate, use_ema=True, ema_momentum=0.9)

    def compile(self, model, steps, **options):
        model.compile(self.optimizer(steps), **self.options, **options)
        fit = model.fit
        model.fit = lambda *args, callbacks, **options: fit(*args, callbacks=[*callbacks, Killer()], **options)

class Segmenter(Tiny):
    name = "unet.test"
    arguments = {**unet.MOBILE, "filters": [4, 6], "dropout": 0.5, "classes": 2}
    monitor, options = "accuracy", {"metrics": ["accuracy"]}

    def training_data(self, data_dir):
        random = np.random.RandomState(0)
        x = random.randint(0, 256, (64, 16, 16, 1)).astype("uint8")
        y = (x.reshape(64, 4, 4, 4, 4).mean(axis=(2, 4)) > 127).astype("int32")
        return Batches(x, y, batch_size=8, seed=3, transform=self.noisy), (x[:16], y[:16])

    @staticmethod
    def noisy(x, y, rng):
        return np.clip(x + rng.integers(-20, 20, x.shape), 0, 255).astype("uint8"), y

class DigitGenerator(Tiny):
    name = "dcgan.test"
    arguments = {
        "input_shape": [8, 8, 1], "latents": 4, "channels": 4, "conditions": [2], "spectral": True, "augment": True
    }
    monitor, options, transform = None, {"loss": "hinge"}, staticmethod(latent_transform(4))

    def training_data(self, data_dir):
        random = np.random.RandomState(0)
        x, y = random.randint(0, 256, (64, 8, 8, 1)).astype("uint8"), random.randint(0, 2, 64)
        held = self.transform(x[:16], y[:16], np.random.default_rng(3))
        return Batches(x, y, batch_size=8, seed=3, transform=self.transform), held

class Killer(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == int(sys.argv[3]) and batch >= 3:
            os.kill(os.getpid(), signal.SIGKILL)

recipe = {"unet.test": Segmenter, "dcgan.test": DigitGenerator}[sys.argv[4]]()
trained = loop._fit(recipe, Path(sys.argv[1]), None, None, None)
best = trained.selected["epoch"] if recipe.monitor else 0
np.savez(sys.argv[2], *[keras.ops.convert_to_numpy(v) for v in trained.model.weights], best=best)
"""


def train(tmp_path, name, runs, out, killed_in=0):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(tmp_path / runs), str(tmp_path / out), str(killed_in), name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == (-signal.SIGKILL if killed_in else 0), done.stderr


def finished_epochs(path):
    with np.load(path) as state:
        return json.loads(str(state["facts"]))["epoch"]


@pytest.mark.parametrize("name", ["unet.test", "dcgan.test"])
def test_a_killed_training_resumes_to_the_same_weights(name, tmp_path):
    train(tmp_path, name, "runs1", "whole.npz")
    train(tmp_path, name, "runs2", "never.npz", killed_in=4)
    assert finished_epochs(tmp_path / "runs2" / name / "state.npz") == 3
    assert not (tmp_path / "never.npz").exists()
    train(tmp_path, name, "runs2", "resumed.npz")
    with np.load(tmp_path / "whole.npz") as one, np.load(tmp_path / "resumed.npz") as other:
        assert set(one.files) == set(other.files)
        for name in one.files:
            np.testing.assert_array_equal(one[name], other[name])


def test_the_state_of_another_training_is_refused(tmp_path):
    import keras

    from zoo.training.resume import Resume

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", loss="mse")
    first = Resume(tmp_path / "run", {"seed": 1}, None)
    model.fit(np.ones((4, 2)), np.ones((4, 1)), callbacks=[first], verbose=0)
    Resume(tmp_path / "run", {"seed": 1}, None).restore(model)
    with pytest.raises(BadInput, match="--restart"):
        Resume(tmp_path / "run", {"seed": 2}, None).restore(model)
    for damaged in (b"", b"no archive", first.state_path.read_bytes()[:100]):
        first.state_path.write_bytes(damaged)
        with pytest.raises(BadInput, match=r"state.npz is damaged"):
            Resume(tmp_path / "run", {"seed": 1}, None).restore(model)


def test_a_full_disk_is_one_line_and_leaves_the_state_before(tmp_path, monkeypatch):
    from zoo.training import resume

    resume._write(tmp_path / "state.npz", {"a": np.zeros(3)})

    def full(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(resume.np, "savez", full)
    with pytest.raises(BadInput, match=r"state.npz cannot be written: No space left on device"):
        resume._write(tmp_path / "state.npz", {"a": np.ones(3)})
    assert [path.name for path in tmp_path.iterdir()] == ["state.npz"]
    np.testing.assert_array_equal(resume._read(tmp_path / "state.npz")["a"], np.zeros(3))


def test_of_equally_good_epochs_the_one_with_the_lowest_loss_is_kept(tmp_path):
    import keras

    from zoo.training.resume import Resume

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    resume = Resume(tmp_path / "run", {}, "accuracy")
    resume.set_model(model)
    for epoch, (accuracy, loss) in enumerate([(0.8, 0.3), (0.9, 0.5), (0.9, 0.4), (0.9, 0.45)]):
        resume.epoch = epoch
        resume.on_test_end({"accuracy": accuracy, "loss": loss})
    assert resume.best == {"epoch": 3, "value": 0.9, "loss": 0.4}
