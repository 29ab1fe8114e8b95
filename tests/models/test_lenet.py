import keras
import numpy as np
import pytest

import zoo
from zoo.errors import BadInput, UnknownName
from zoo.models import lenet

pytestmark = pytest.mark.backends

IMAGES = np.random.RandomState(0).randint(0, 256, (4, 28, 28, 1)).astype("uint8")
LABELS = np.array([3, 1, 4, 1])


def f(a):
    return 1.7159 * np.tanh(2 / 3 * a)  # eqs. 5, 6


def convolve(x, kernel):
    """'Valid' convolution of (B, H, W, C) with (5, 5, C, M)."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (5, 5), axis=(1, 2))  # (B, H - 4, W - 4, C, 5, 5)
    return np.einsum("bhwcij,ijcm->bhwm", windows, kernel)


@pytest.fixture(scope="module")
def states():
    """The model and the output of each layer for IMAGES."""
    keras.utils.set_random_seed(0)
    model = zoo.LeNet5()
    probe = keras.Model(model.input, {layer.name: layer.output for layer in model.layers})
    return model, {name: keras.ops.convert_to_numpy(state) for name, state in probe(IMAGES).items()}


@pytest.mark.parametrize(
    "layer, shape, parameters",
    [
        ("C1", (28, 28, 6), 156),
        ("S2", (14, 14, 6), 12),
        ("C3", (10, 10, 16), 1_516),
        ("S4", (5, 5, 16), 32),
        ("C5", (1, 1, 120), 48_120),
        ("F6", (84,), 10_164),
        ("OUTPUT", (10,), 0),
    ],
)
def test_shape_and_parameters_of_each_layer(states, layer, shape, parameters):
    assert states[0].get_layer(layer).output.shape[1:] == shape
    assert states[0].get_layer(layer).count_params() == parameters


def test_sixty_thousand_trainable_parameters(states):
    assert sum(int(np.prod(v.shape)) for v in states[0].trainable_variables) == 60_000
    assert states[0].count_params() == 60_000


def test_images_are_padded_and_normalised(states):
    x = states[1]["rescale"]
    assert x.shape == (4, 32, 32, 1)
    np.testing.assert_allclose(x[:, 2:-2, 2:-2], IMAGES / 255 * 1.275 - 0.1, atol=1e-6)
    np.testing.assert_allclose(x[:, :2], -0.1, atol=1e-6)
    black_white = keras.ops.convert_to_numpy(states[0].get_layer("rescale")(np.array([0, 255], "uint8")))
    np.testing.assert_allclose(black_white, [-0.1, 1.175], atol=1e-6)


def test_convolution(states):
    model, state = states
    kernel, bias = model.get_layer("C1").get_weights()
    np.testing.assert_allclose(state["C1"], f(convolve(state["rescale"], kernel) + bias), atol=1e-5)


@pytest.mark.parametrize("source, layer", [("C1", "S2"), ("C3", "S4")])
def test_subsampling(states, source, layer):
    coefficient, bias = states[0].get_layer(layer).get_weights()
    x = states[1][source]
    total = x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]
    np.testing.assert_allclose(states[1][layer], f(coefficient * total + bias), atol=1e-5)


def test_table_convolution(states):
    """C3 channel by channel, each from the channels of S2 that it is connected to."""
    model, state = states
    weights, bias = model.get_layer("C3").get_weights()
    connection = 0
    kernel = np.zeros((5, 5, 6, 16))
    for source in range(6):
        for target in range(16):
            if lenet.table()[source, target]:
                kernel[:, :, source, target] = weights[:, :, connection]
                connection += 1
    assert connection == 60
    np.testing.assert_allclose(state["C3"], f(convolve(state["S2"], kernel) + bias), atol=1e-5)


def test_the_table_is_the_papers():
    """The first six channels have three neighbours, the next six four, the next three four with a gap, the last all."""
    inputs = [tuple(np.flatnonzero(column)) for column in lenet.table().T]
    assert inputs[:6] == [tuple(sorted((i + k) % 6 for k in range(3))) for i in range(6)]
    assert inputs[6:12] == [tuple(sorted((i + k) % 6 for k in range(4))) for i in range(6)]
    assert inputs[12:] == [(0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5), (0, 1, 2, 3, 4, 5)]


def test_squashing_equation_6():
    a = np.linspace(-4, 4, 9).astype("float32")
    np.testing.assert_allclose(keras.ops.convert_to_numpy(lenet.squash(a)), f(a), rtol=1e-5)
    np.testing.assert_allclose(f(np.array([-1, 1])), [-1, 1], atol=1e-4)


def test_distances_equation_7(states):
    state, codes = states[1], lenet.codes(10)
    expected = [[-np.sum((x - code) ** 2) for code in codes] for x in state["F6"]]
    np.testing.assert_allclose(state["OUTPUT"], expected, rtol=1e-5)


@pytest.mark.parametrize("weight", [None, np.array([1, 0, 2, 3], "float32")])
def test_criterion_equation_9(states, weight):
    y = np.random.RandomState(1).uniform(0, 5, (4, 10)).astype("float32")
    rubbish = np.exp(-lenet.J)
    loss = y[range(4), LABELS] + np.log(rubbish + np.exp(-y).sum(axis=1))
    expected = np.mean(loss if weight is None else loss * weight)
    actual = states[0].compute_loss(y=LABELS, y_pred=-y, sample_weight=weight)
    assert float(actual) == pytest.approx(expected, rel=1e-5)


def test_softmax_is_cross_entropy():
    logits = np.random.RandomState(1).normal(size=(4, 10)).astype("float32")
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    actual = zoo.LeNet5(output="softmax").compute_loss(y=LABELS, y_pred=logits)
    assert float(actual) == pytest.approx(-np.mean(np.log(p[range(4), LABELS])), rel=1e-5)


def test_codes():
    digits = lenet.codes(10)
    assert digits.shape == (10, 84) and set(np.unique(digits)) == {-1, 1}
    assert min(np.sum(a != b) for i, a in enumerate(digits) for b in digits[:i]) >= 8  # no two bitmaps are similar
    letters = lenet.codes(26)
    assert letters.shape == (26, 84) and set(np.unique(letters)) == {-1, 1}
    np.testing.assert_array_equal(letters[0, :8], [-1, 1, 1, -1, 1, -1, -1, -1])  # must never change


def test_initial_weights_fill_their_range(states):
    def bound(weights):
        return np.abs(weights).max()

    model = states[0]
    for layer, fan_in in (("C1", 25), ("C5", 400), ("F6", 120)):
        assert 0.9 * 2.4 / fan_in < bound(model.get_layer(layer).get_weights()[0]) <= 2.4 / fan_in
    kernel = model.get_layer("C3").get_weights()[0]
    inputs = 25 * lenet.table().sum(axis=0)
    fan_in = np.broadcast_to(inputs, (6, 16))[lenet.table()]
    for count in (75, 100, 150):
        assert 0.9 * 2.4 / count < bound(kernel[..., fan_in == count]) <= 2.4 / count


@pytest.mark.parametrize(
    "arguments, parameters",
    [
        ({"pooling": "max", "connections": "full"}, 60_000 - 44 + 900),
        ({"activation": "relu", "pooling": "max", "connections": "full", "output": "softmax"}, 61_706),
        ({"activation": "relu"}, 60_000),
        ({"classes": 26, "input_shape": (32, 40, 3)}, 60_000 + 300 + 10_080 * 7),
    ],
)
def test_variants_train(arguments, parameters):
    keras.utils.set_random_seed(0)
    model = zoo.LeNet5(**arguments)
    assert model.count_params() == parameters
    assert zoo.LeNet5.from_config(model.get_config()).get_config() == model.get_config()
    images = np.random.RandomState(0).randint(0, 256, (4, *model.input_shape[1:])).astype("uint8")
    before = model.get_weights()
    model.compile(keras.optimizers.Adam(1e-3))
    history = model.fit(images, LABELS, epochs=10, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert all(np.any(a != b) for a, b in zip(before, model.get_weights(), strict=True))


def test_mixed_precision():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = zoo.LeNet5()
        model.compile(keras.optimizers.Adam(1e-3))
        history = model.fit(IMAGES, LABELS, epochs=5, verbose=0).history["loss"]
        assert keras.backend.standardize_dtype(model(IMAGES).dtype) == "float32"
    finally:
        keras.config.set_dtype_policy(policy)
    assert np.all(np.isfinite(history)) and history[-1] < history[0]


def test_bad_arguments_are_one_clear_line():
    with pytest.raises(UnknownName, match="no pooling of LeNet5 is called 'maxx'; did you mean max"):
        zoo.LeNet5(pooling="maxx")
    for shape in ((20, 28, 1), (None, 28, 1), (28, None, 1), (28, 28, None), (28, 28)):
        with pytest.raises(BadInput, match=r"LeNet5 can't (read images of shape|have input_shape)"):
            zoo.LeNet5(input_shape=shape)
