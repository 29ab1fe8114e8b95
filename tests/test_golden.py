"""The shipped weights give the same outputs on TensorFlow, JAX and PyTorch, and on every machine.

Outputs of quantised weights are compared with those of the weights before, within the tolerance on their card.

`python tests/test_golden.py NAME` writes the expected outputs anew, after a checkpoint was trained again.
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import zoo
from zoo import recipes, tasks
from zoo.runtime.predictor import ENGINES

pytestmark = pytest.mark.backends
FOLDER = Path(__file__).parent / "golden"
# Largest difference allowed, in units of the largest output: float32 sums are ordered differently on each backend.
TOLERANCE = 2e-4
RECORDED = 1000  # numbers recorded of long outputs at most: every n-th


@pytest.fixture(autouse=True)
def memory():
    """After each test, forget the graphs that Keras keeps, which would add up to gigabytes."""
    yield
    keras.utils.clear_session()


def outputs(name, engine="model"):
    """What the checkpoint makes of its task's example inputs, two of each: all outputs one after the other."""
    card = zoo.card(name)
    made = zoo.predictor(name, engine)(tasks.find(card.task).example(card, 2))
    return np.concatenate([made[output].ravel() for output in sorted(made)])


@pytest.mark.parametrize("name", recipes.names())
@pytest.mark.parametrize("engine", ENGINES)
def test_outputs_are_those_recorded(name, engine):
    if engine == "onnx" and keras.config.backend() != "tensorflow":
        pytest.skip("exports are made from TensorFlow")
    expected = np.array(json.loads((FOLDER / f"{name}.json").read_text())).ravel()
    found = outputs(name, engine)
    found = found[:: -(-len(found) // len(expected))]
    weights = zoo.card(name).weights
    quantised = weights["tolerance"] if weights["dtype"] == "int8" else 0.0
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE * np.abs(expected).max() + quantised)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in sys.argv[1:] or recipes.names():
        made = outputs(each)
        rounded = np.round(made[:: -(-len(made) // RECORDED)].astype("float64"), 6).tolist()
        (FOLDER / f"{each}.json").write_text(json.dumps(rounded) + "\n")
