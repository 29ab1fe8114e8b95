"""What several test files share."""

import io
import os
import shutil
import subprocess
import sysconfig
import tarfile
from pathlib import Path

import numpy as np
import pytest

from zoo.data.batches import Batches
from zoo.data.latents import latent_transform
from zoo.hub import saving
from zoo.hub.card import Card
from zoo.hub.registry import architectures


def shared_data() -> Path:
    """The folder of real data sets: $ZOO_TEST_DATA, else `shared/datasets` beside the repository.

    Tests that need it are skipped where it is missing, except on CI, which must not pass by skipping them.
    """
    default = Path(__file__).resolve().parents[2] / "shared" / "datasets"
    folder = Path(os.environ.get("ZOO_TEST_DATA") or default)
    if not folder.is_dir():
        reason = f"no real data sets in {folder}; set ZOO_TEST_DATA to their folder"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


def chromium() -> str:
    """The path of Chromium, for tests of the gallery's page. Without it they are skipped, but fail on CI."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        reason = "no Chromium on this machine; apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def card_of(model, **fields) -> Card:
    """A card for a model made in a test."""
    architecture = next(name for name, about in architectures().items() if type(model) is about.cls)
    return Card(
        **{
            "name": f"{architecture}.test",
            "summary": "A test.",
            "architecture": architecture,
            "arguments": model.get_config(),
            "parameters": model.count_params(),
            "task": "classify_images",
            "inputs": saving._inputs(model),
            "outputs": saving._outputs(model),
            "labels": None,
            "data": {},
            "metrics": [],
            "training": {},
            "intended_use": "tests",
            "limits": "untrained",
            "licence": "Apache-2.0",
            "commercial_use": True,
        }
        | fields
    )


def array(*shape, dtype="float32", **facts) -> dict:
    """An entry of a card's inputs or outputs."""
    return {"shape": list(shape), "dtype": dtype, "description": "of a test"} | facts


def run_zoo(*arguments, cwd, expect=0, **environment):
    """Standard output and error of `zoo ARGUMENTS...` in the folder `cwd`; its exit code must be `expect`."""
    command = [str(Path(sysconfig.get_path("scripts")) / "zoo"), *map(str, arguments)]
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, env=os.environ | environment, timeout=300, check=False
    )
    assert done.returncode == expect, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


def one_line(stderr: str) -> str:
    lines = stderr.strip().splitlines()
    assert len(lines) == 1, stderr
    return lines[0]


def failing(kind, call, *arguments):
    """The one line of an error."""
    with pytest.raises(kind) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def unpacked(folder, files):
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def packed(folder, files, name="files.tar"):
    folder.mkdir(exist_ok=True)
    with tarfile.open(folder / name, "w:gz" if name.endswith("gz") else "w") as archive:
        for path, data in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return folder


def right_halves(model, *, epochs):
    """Teach a conditional GAN for pictures of 8 x 8 x 1, of 4 latents, which half is bright: 0 right, 1 left.

    Returns the share of 100 samples that are as asked.
    """
    random = np.random.RandomState(0)
    half = np.zeros((8, 8, 1))
    half[:, :4] = 1
    y = random.randint(0, 2, 192)
    kinds = np.where(y[:, None, None, None] == 1, half, 1 - half)
    pictures = np.clip(255 * (0.1 + 0.8 * kinds) + 10 * random.standard_normal(kinds.shape), 0, 255).astype("uint8")
    batches = Batches(pictures, y, batch_size=32, seed=1, transform=latent_transform(4))
    model.fit(batches.feed(), epochs=epochs, verbose=0, **batches.fit_options())
    asked = np.arange(100) % 2
    made = model.sample(100, labels=asked[:, None], seed=9).astype(float)
    left, right = made[:, :, :4].mean(axis=(1, 2, 3)), made[:, :, 4:].mean(axis=(1, 2, 3))
    return np.mean((left > right) == (asked == 1))
