"""The scripts of `examples/` that need nothing but Keras: a few steps of each, and that they stay short."""

import ast
import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PLAIN = ("minigan", "minigpt", "miniresnet")
ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "tanh": np.tanh,
    "linear": lambda x: x,
}


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", PLAIN)
def test_it_is_short_and_imports_keras_numpy_and_scikit_learn_alone(name):
    source = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) < 150
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.split(".")[0])
    assert imported <= {"argparse", "keras", "numpy", "pathlib", "sklearn", "sysconfig"}


def test_minigpt_learns_and_generates(tmp_path, capsys):
    minigpt = load("minigpt")
    minigpt.WIDTH, minigpt.DEPTH = 32, 1  # the same code, in seconds
    text = tmp_path / "text.txt"
    text.write_text("the cat sat on the mat, and the dog lay by the door. " * 100, encoding="utf-8")
    minigpt.main(["--text", str(text), "--prompt", "the cat", "--steps", "100"])
    printed = capsys.readouterr().out
    # A model that knows only how often each letter occurs has 2.8 nats/byte here, one that knows nothing 5.5.
    assert float(printed.split("validation: ")[1].split(" nats/byte")[0]) < 2.5
    generated = printed[printed.index("the cat") :].rstrip("\n")
    assert len(generated) == len("the cat") + 400


@pytest.mark.backends
def test_minigpt_attends_to_the_past_only():
    minigpt = load("minigpt")
    minigpt.DEPTH = 1
    tokens = np.random.default_rng(0).integers(256, size=(1, minigpt.CONTEXT)).astype("int32")
    changed = tokens.copy()
    changed[0, 10] = 255 - changed[0, 10]
    model = minigpt.MiniGPT()
    before, after = model.predict_on_batch(tokens)[0], model.predict_on_batch(changed)[0]
    moved = np.abs(after - before).max(-1) > 1e-6
    assert not moved[:10].any() and moved[10:].all()


def test_minigpt_validates_on_text_that_it_was_not_trained_on():
    minigpt = load("minigpt")
    x, y = minigpt.windows(np.arange(200, dtype="uint8"), 50, np.random.default_rng(0))
    assert x.shape == y.shape == (50, minigpt.CONTEXT)
    np.testing.assert_array_equal(y, x + 1)
    assert len(minigpt.read(None)) > 1_000_000


@pytest.mark.backends
def test_minigan_trains_both_networks_in_one_step():
    """Each network moves by the gradient of its own loss: here by plain descent, against finite differences."""
    import keras

    minigan = load("minigan")
    x, _ = minigan.digits()
    model = minigan.MiniGAN(seed=0)
    model.compile(keras.optimizers.SGD(1.0))
    z = np.random.default_rng(0).standard_normal((8, minigan.LATENTS), dtype="float32")
    model.call = lambda images: model.generator(z)  # the same noise in the step and below
    real = x[:8]

    networks = ("discriminator", "generator")
    weights = {name: [array.astype("float64") for array in getattr(model, name).get_weights()] for name in networks}

    def output(name, inputs):
        """A network's, in float64: steps so small that no unit changes its sign would drown in float32's rounding."""
        kernels_and_biases = zip(weights[name][::2], weights[name][1::2], strict=True)
        for layer, (kernel, bias) in zip(getattr(model, name).layers, kernels_and_biases, strict=True):
            inputs = ACTIVATIONS[layer.activation.__name__](inputs @ kernel + bias)
        return inputs

    def losses():
        """(discriminator's, generator's) as in the paper."""
        on_real, on_fake = output("discriminator", real), output("discriminator", output("generator", z))
        return np.logaddexp(0, -on_real).mean() + np.logaddexp(0, on_fake).mean(), np.logaddexp(0, -on_fake).mean()

    def slope(name, which):
        """Finite difference of a loss by the last bias of a network."""
        bias, start, step = weights[name][-1], weights[name][-1][0], 1e-6
        bias[0] = start + step
        above = losses()[which]
        bias[0] = start - step
        below = losses()[which]
        bias[0] = start
        return (above - below) / (2 * step)

    own = {"discriminator": 0, "generator": 1}
    biases = {name: getattr(model, name).trainable_variables[-1] for name in own}
    expected = {name: slope(name, which) for name, which in own.items()}
    before = {name: keras.ops.convert_to_numpy(bias)[0] for name, bias in biases.items()}
    model.fit(real, batch_size=8, epochs=1, verbose=0)
    for name, bias in biases.items():
        moved = before[name] - keras.ops.convert_to_numpy(bias)[0]
        assert abs(expected[name]) > 1e-4
        np.testing.assert_allclose(moved, expected[name], rtol=1e-3, err_msg=name)


@pytest.mark.backends
def test_minigan_gets_closer_to_the_data_and_draws_a_sheet(tmp_path):
    minigan = load("minigan")
    _, test = minigan.digits()
    untrained = minigan.frechet(minigan.MiniGAN(0).sample(500, 0), test)
    model, history = minigan.train(epochs=25, seed=0)
    assert set(history) >= {"discriminator_loss", "generator_loss"}
    samples = model.sample(500, 0)
    assert samples.shape == (500, 64) and np.abs(samples).max() <= 1
    np.testing.assert_array_equal(samples, model.sample(500, 0))
    assert minigan.frechet(samples, test) < 0.8 * untrained
    minigan.sheet(tmp_path / "sheet.png", test, samples)
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert sheet.shape == (800, 1600)
    first = sheet[8:72:8, 8:72:8]  # the first image within its cell, a pixel of each eight
    np.testing.assert_allclose(first, 127.5 - 127.5 * test[0].reshape(8, 8), atol=1)


def test_minigan_frechet_distance_is_right_for_known_distributions():
    minigan = load("minigan")
    a = np.random.default_rng(0).standard_normal((5000, 3))
    assert minigan.frechet(a, a) == pytest.approx(0, abs=1e-9)
    # A shift by (2, 0, 0); then standard deviations three times as large, and the mean a little off
    assert minigan.frechet(a, a + np.array([2, 0, 0])) == pytest.approx(4)
    assert minigan.frechet(a, 3 * a) == pytest.approx(4 * np.trace(np.cov(a, rowvar=False)), rel=0.01)


def test_miniresnet_learns_digits(capsys):
    miniresnet = load("miniresnet")
    miniresnet.main(["--blocks", "1", "--epochs", "2"])
    printed = capsys.readouterr().out
    assert "8 layers" in printed
    assert float(printed.split("test accuracy: ")[1].split(" %")[0]) > 50  # chance is 10


def test_miniresnet_keeps_the_splits_apart():
    (x, y), (x_test, y_test) = load("miniresnet").digits()
    assert x.shape == (1347, 8, 8, 1) and x_test.shape == (450, 8, 8, 1) and x.dtype == np.uint8
    assert not {image.tobytes() for image in x} & {image.tobytes() for image in x_test}
    assert set(y) == set(y_test) == set(range(10))
