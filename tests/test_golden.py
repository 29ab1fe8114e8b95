"""The shipped weights give the same outputs on TensorFlow, JAX and PyTorch, and on every machine.

`python tests/test_golden.py NAME` writes the expected outputs anew, after a checkpoint was trained again.
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import zoo
from zoo import recipes
from zoo.runtime.predictor import ENGINES

pytestmark = pytest.mark.backends
FOLDER = Path(__file__).parent / "golden"
# Largest difference allowed, in units of the largest output: float32 sums are ordered differently on each backend.
TOLERANCE = 2e-4
ANY_SIZE = 64  # pixels, where a checkpoint takes images of any size
PREDICTED = ("image", "tokens")  # kinds of input that a predictor takes as an array
KEPT = 1000  # numbers kept of long outputs at most: every so-manyth


def example(name):
    """What the checkpoint takes, two of it, the same on every machine."""
    card = zoo.card(name)
    kind, arguments = card.input["kind"], card.arguments
    if kind == "image":
        return pictures(card.input["shape"])
    labels = np.repeat([[0], [1]], len(arguments.get("conditions", ())), axis=1).astype("int32")
    if kind == "latents":
        row, column = np.mgrid[:2, : arguments.get("latents", 100)]
        z = np.sin(row + column).astype("float32")
        return [z, labels] if labels.size else z
    if kind == "noise":
        noisy = pictures(arguments["input_shape"]).astype("float32") / 127.5 - 1
        return [noisy, np.array([100, 900], "int32"), labels]
    row, column = np.mgrid[:2, :12]
    tokens = (5 + row + 7 * column) % arguments["vocabulary"]  # (2, 12), none of them 0
    tokens = tokens.astype("int32")
    if kind == "sentences":
        return {"tokens": tokens, "segments": np.zeros_like(tokens)}
    return {"source": tokens, "target": tokens[:, :8]} if kind == "sentence pairs" else tokens


def pictures(shape):
    """Two smooth pictures: uint8 (2, H, W, C)."""
    height, width, channels = (ANY_SIZE if side is None else side for side in shape)
    row, column = np.mgrid[:height, :width]
    waves = [np.sin(row * a / height * 6 + 1) * np.cos(column * b / width * 6) for a, b in ((1, 2), (2, 1))]
    grey = np.rint(127.5 + 127 * np.stack(waves)).astype("uint8")  # (2, H, W)
    return np.repeat(grey[..., None], channels, axis=-1)


def outputs(name, engine="model"):
    """What the checkpoint makes of `example`: by a predictor where that takes one array, else by the model itself."""
    kind = zoo.card(name).input["kind"]
    made = (zoo.predictor(name, engine) if kind in PREDICTED else zoo.load(name))(example(name))
    if kind == "image":
        return made
    flat = np.concatenate([keras.ops.convert_to_numpy(part).ravel() for part in keras.tree.flatten(made)])
    return flat[:: -(-len(flat) // KEPT)]


@pytest.mark.parametrize("name", recipes.names())
@pytest.mark.parametrize("engine", ENGINES)
def test_outputs_are_those_recorded(name, engine):
    if engine == "onnx" and (keras.config.backend() != "tensorflow" or zoo.card(name).input["kind"] not in PREDICTED):
        pytest.skip("exports are made from TensorFlow, and predictors of arrays take one array")
    expected = np.array(json.loads((FOLDER / f"{name}.json").read_text()))
    np.testing.assert_allclose(outputs(name, engine), expected, rtol=0, atol=TOLERANCE * np.abs(expected).max())


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in sys.argv[1:] or recipes.names():
        rounded = np.round(outputs(each).astype("float64"), 6).tolist()
        (FOLDER / f"{each}.json").write_text(json.dumps(rounded) + "\n")
