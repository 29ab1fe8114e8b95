import keras
import numpy as np
import pytest

import zoo
from zoo.models.perceptron import step

pytestmark = pytest.mark.backends


def trained(x, y, *, epochs=1, lr=1.0):
    """A perceptron after `epochs` in the order given, one pattern at a time: its (weights, bias)."""
    model = zoo.Perceptron(input_shape=x.shape[1:])
    model.compile(keras.optimizers.SGD(lr))
    model.fit(x, y, batch_size=1, epochs=epochs, shuffle=False, verbose=0)
    return model, *model.get_weights()


def rosenblatt(x, y, *, epochs=1, lr=1.0):
    """The error-correction rule in NumPy: weights, bias, number of corrections."""
    w, b, corrections = np.zeros(x.shape[1]), 0.0, 0
    for _ in range(epochs):
        for pattern, t in zip(x, 2 * y - 1, strict=True):
            if t * (w @ pattern + b) <= 0:
                w, b, corrections = w + lr * t * pattern, b + lr * t, corrections + 1
    return w, b, corrections


def separable(count=40):
    """Points in the plane at least 0.2 from the line x1 - 2 x2 + 0.3 = 0, and their side of it."""
    x = np.random.RandomState(0).uniform(-1, 1, (4 * count, 2)).astype("float32")
    distance = (x @ [1, -2] + 0.3) / np.sqrt(5)
    keep = np.flatnonzero(np.abs(distance) >= 0.2)[:count]
    return x[keep], (distance[keep] > 0).astype("int64")


def test_one_parameter_per_input_and_the_threshold():
    assert zoo.Perceptron().count_params() == 785


def test_sgd_on_one_pattern_is_the_error_correction_rule():
    x, y = separable()
    _, w, b = trained(x, y, lr=0.25)
    expected_w, expected_b, _ = rosenblatt(x, y, lr=0.25)
    np.testing.assert_allclose(w[:, 0], expected_w, atol=1e-5)
    np.testing.assert_allclose(b[0], expected_b, atol=1e-5)


@pytest.mark.parametrize("label, change", [(0, -0.5), (1, 0)])
def test_an_error_moves_the_weights_and_a_correct_response_does_not(label, change):
    x = np.array([[1.0, 2.0]], "float32")
    model = zoo.Perceptron(input_shape=(2,))
    model.set_weights([np.array([[1.0], [1.0]]), np.array([0.0])])  # a = 3: responds 1
    model.compile(keras.optimizers.SGD(0.5))
    model.fit(x, np.array([label]), verbose=0)
    np.testing.assert_allclose(model.get_weights()[0][:, 0], 1 + change * x[0])
    np.testing.assert_allclose(model.get_weights()[1], [change])


@pytest.mark.parametrize("label, t", [(0, -1), (1, 1)])
def test_a_tie_is_an_error_for_both_classes(label, t):
    _, w, b = trained(np.array([[1.0, 2.0]], "float32"), np.array([label]))  # all weights zero, so a = 0
    np.testing.assert_allclose(w[:, 0], [t, 2 * t])
    assert b[0] == t


def test_it_converges_on_separable_data_within_the_bound():
    x, y = separable()
    model, *_ = trained(x, y, epochs=25)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(model.respond(x)), y)

    # The convergence theorem: at most (R / margin)^2 corrections, the bias being a weight on a constant 1.
    extended = np.c_[x, np.ones(len(x))]
    direction = np.array([1, -2, 0.3]) / np.linalg.norm([1, -2, 0.3])
    margin = np.min((2 * y - 1) * (extended @ direction))
    assert rosenblatt(x, y, epochs=25)[2] <= np.max(np.sum(extended**2, axis=1)) / margin**2


def test_xor_is_never_solved():
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    y = np.array([0, 1, 1, 0])

    class Score(keras.callbacks.Callback):
        best = 0

        def on_train_batch_end(self, batch, logs=None):
            w, b = self.model.get_weights()
            self.best = max(self.best, int(np.sum((x @ w[:, 0] + b > 0) == y)))

    score = Score()
    order = np.concatenate([np.random.RandomState(seed).permutation(4) for seed in range(50)])
    model = zoo.Perceptron(input_shape=(2,))
    model.compile(keras.optimizers.SGD(1.0))
    model.fit(x[order], y[order], batch_size=1, shuffle=False, verbose=0, callbacks=[score])
    assert score.best == 3


def test_the_criterion():
    model = zoo.Perceptron(input_shape=(2,))
    a = np.array([[2.0], [-1.0], [0.5], [-3.0]], "float32")
    y = np.array([0, 1, 1, 0])
    weight = np.array([1.0, 3.0, 1.0, 1.0], "float32")
    assert float(model.compute_loss(y=y, y_pred=a)) == pytest.approx((2 + 1) / 4)
    assert float(model.compute_loss(y=y, y_pred=a, sample_weight=weight)) == pytest.approx((2 + 3) / 4)


def test_the_step():
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(step(np.array([-2.0, 0.0, 1e-6]))), [0, 0, 1])


def test_images_are_rescaled():
    model = zoo.Perceptron()
    model.set_weights([np.ones((784, 1)), np.array([-1.0])])
    image = np.full((1, 28, 28, 1), 51, "uint8")
    np.testing.assert_allclose(keras.ops.convert_to_numpy(model(image)), [[784 * 0.2 - 1]], rtol=1e-5)
    assert keras.ops.convert_to_numpy(model.respond(image)).tolist() == [1]
