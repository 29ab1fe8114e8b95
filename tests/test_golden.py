"""The shipped weights give the same outputs on TensorFlow, JAX and PyTorch, and on every machine.

`python tests/test_golden.py` writes the expected outputs anew, after a checkpoint was trained again.
"""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

import zoo
from zoo.hub.predictor import ENGINES
from zoo.recipes import NAMES

pytestmark = pytest.mark.backends
FOLDER = Path(__file__).parent / "golden"
# Largest difference allowed, in units of the largest output: float32 sums are ordered differently on each backend.
TOLERANCE = 2e-4
ANY_SIZE = 64  # pixels, where a checkpoint takes images of any size


def example(name):
    """Two smooth pictures, the same on every machine: uint8 (2, H, W, C) as the checkpoint takes them."""
    shape = [ANY_SIZE if side is None else side for side in zoo.card(name).input["shape"]]
    row, column = np.mgrid[: shape[0], : shape[1]]
    waves = [np.sin(row * a / shape[0] * 6 + 1) * np.cos(column * b / shape[1] * 6) for a, b in ((1, 2), (2, 1))]
    grey = np.rint(127.5 + 127 * np.stack(waves)).astype("uint8")  # (2, H, W)
    return np.repeat(grey[..., None], shape[2], axis=-1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("engine", ENGINES)
def test_outputs_are_those_recorded(name, engine):
    if engine == "onnx" and keras.config.backend() != "tensorflow":
        pytest.skip("exports are made from TensorFlow")
    expected = np.array(json.loads((FOLDER / f"{name}.json").read_text()))
    found = zoo.predictor(name, engine)(example(name))
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE * np.abs(expected).max())


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in NAMES:
        outputs = zoo.predictor(each, "model")(example(each))
        (FOLDER / f"{each}.json").write_text(json.dumps(np.round(outputs.astype("float64"), 6).tolist()) + "\n")
