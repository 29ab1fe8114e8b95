"""The recurrent nets: Elman's equations, the LSTM against its formulas, Keras and PyTorch, and vanishing gradients."""

import keras
import numpy as np
import pytest
from keras import ops

from zoo.errors import BadInput, UnknownName
from zoo.models.lstm import LSTM
from zoo.models.rnn import RNN

pytestmark = pytest.mark.backends


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def numpy_of(tensor):
    return ops.convert_to_numpy(tensor)


def shake(model, seed=0):
    """Random weights everywhere, biases and peepholes too."""
    random = np.random.RandomState(seed)
    for variable in model.trainable_variables:
        variable.assign(0.5 * random.normal(size=variable.shape))


def test_parameters_are_those_of_elmans_net():
    assert RNN().count_params() == 31 * 150 + 150 * 150 + 150 + 150 * 31 + 31 == 31_981


@pytest.mark.parametrize("activation, f", [("sigmoid", sigmoid), ("tanh", np.tanh)])
def test_rnn_is_its_formula(activation, f):
    model = RNN(vocabulary=5, units=4, activation=activation)
    shake(model)
    x = np.array([[0, 3, 1, 4], [2, 2, 0, 1]], "int32")
    W, U, c, V, b = (numpy_of(v) for v in model.weights)
    h, expected = np.zeros((2, 4)), []
    for t in range(4):
        h = f(W[x[:, t]] + h @ U + c)
        expected.append(h @ V + b)
    np.testing.assert_allclose(numpy_of(model(x)), np.stack(expected, axis=1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("forget_gate", [True, False])
@pytest.mark.parametrize("peepholes", [True, False])
def test_lstm_is_its_formulas(forget_gate, peepholes):
    model = LSTM(vocabulary=5, embedding=3, units=4, forget_gate=forget_gate, peepholes=peepholes)
    shake(model)
    x = np.array([[0, 3, 1, 4], [2, 2, 0, 1]], "int32")
    E, gates, cell = model.get_layer("embedding").embeddings, model.get_layer("gates1"), model.get_layer("lstm1").cell
    E, W, b, U = (numpy_of(v) for v in (E, gates.kernel, gates.bias, cell.U))
    p = numpy_of(cell.p) if peepholes else np.zeros((3, 4))
    V, d = numpy_of(model.get_layer("output").kernel), numpy_of(model.get_layer("output").bias)
    h, c, expected = np.zeros((2, 4)), np.zeros((2, 4)), []
    for t in range(4):
        gates = np.split(E[x[:, t]] @ W + b + h @ U, 4 if forget_gate else 3, axis=1)
        i, f, g, o = gates if forget_gate else (gates[0], None, gates[1], gates[2])
        forget = sigmoid(f + p[1] * c) if forget_gate else 1.0
        c = forget * c + sigmoid(i + p[0] * c) * np.tanh(g)
        h = sigmoid(o + p[-1] * c) * np.tanh(c)
        expected.append(h @ V + d)
    np.testing.assert_allclose(numpy_of(model(x)), np.stack(expected, axis=1), rtol=1e-4, atol=1e-5)


def test_lstm_equals_that_of_keras():
    model = LSTM(vocabulary=7, embedding=3, units=6, depth=2)
    shake(model)
    x = inputs = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(7, 3)(x)
    for _ in range(2):
        x = keras.layers.LSTM(6, return_sequences=True)(x)
    peer = keras.Model(inputs, keras.layers.Dense(7)(x))
    embedding, w1, b1, u1, w2, b2, u2, v, d = model.get_weights()
    peer.set_weights([embedding, w1, u1, b1, w2, u2, b2, v, d])
    x = np.random.RandomState(0).randint(0, 7, (3, 9)).astype("int32")
    np.testing.assert_allclose(numpy_of(model(x)), numpy_of(peer(x)), rtol=1e-4, atol=1e-5)


def test_lstm_equals_that_of_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    model = LSTM(vocabulary=7, embedding=3, units=6)
    shake(model)
    embedding, w, b, u, v, d = model.get_weights()
    peer = torch.nn.LSTM(3, 6, batch_first=True)
    with torch.no_grad():
        for name, value in (("weight_ih_l0", w.T), ("weight_hh_l0", u.T), ("bias_ih_l0", b), ("bias_hh_l0", 0 * b)):
            getattr(peer, name).copy_(torch.tensor(value))  # its gates have the same order
        x = np.random.RandomState(0).randint(0, 7, (3, 9)).astype("int32")
        h, _ = peer(torch.tensor(embedding[x]))
    np.testing.assert_allclose(numpy_of(model(x)), h.numpy() @ v + d, rtol=1e-4, atol=1e-5)


def test_forget_gates_start_with_a_bias_of_1():
    bias = numpy_of(LSTM(units=3).get_layer("gates1").bias)
    np.testing.assert_array_equal(bias, [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0])


def reach(cell, states, steps):
    """Norm of what remains of a small change of the first state at each step: a list of `steps`, the first 1."""
    random = np.random.RandomState(0)
    units = cell.output_size
    inputs = random.normal(size=(steps, 1, cell.U.shape[-1])).astype("float32")
    change = random.normal(size=(1, units)).astype("float32")
    change *= 1e-2 / np.linalg.norm(change)
    usual, other = [0 * change] * states, [0 * change] * (states - 1) + [change]
    left = []
    for x in inputs:
        left.append(np.linalg.norm(numpy_of(other[-1]) - numpy_of(usual[-1])) / 1e-2)
        usual, other = cell(x, usual)[1], cell(x, other)[1]
    return left


def test_the_state_of_an_rnn_fades_and_that_of_a_cell_does_not():
    rnn = RNN(units=20, through_time=True)
    assert reach(rnn.get_layer("hidden").cell, 1, 20)[-1] < 1e-6  # sigma' is at most 1/4: (1/4)^19 at most
    lstm = LSTM(units=20, forget_gate=False)
    shake_less = [0.01 * np.random.RandomState(1).normal(size=v.shape) for v in lstm.trainable_variables]
    for variable, value in zip(lstm.trainable_variables, shake_less, strict=True):
        variable.assign(value)
    assert reach(lstm.get_layer("lstm1").cell, 2, 20) == pytest.approx([1.0] * 20, abs=0.05)  # the constant carousel


@pytest.mark.parametrize("through_time", [True, False])
def test_gradients_go_back_in_time_only_with_through_time(through_time):
    """Token 0 comes first and only the last output has a loss: its weights learn if gradients go back in time."""
    model = RNN(vocabulary=4, units=3, activation="tanh", through_time=through_time)
    shake(model)
    model.compile(keras.optimizers.SGD(1.0))
    before = numpy_of(model.get_layer("input").embeddings)
    x, y = np.array([[0, 1, 2]], "int32"), np.array([[1, 2, 3]], "int32")
    model.train_on_batch(x, y, sample_weight=np.array([[0.0, 0.0, 1.0]], "float32"))
    change = np.abs(numpy_of(model.get_layer("input").embeddings) - before).max(axis=1)
    assert change[2] > 1e-3
    assert (change[0] > 1e-6) == (change[1] > 1e-6) == through_time


def test_bad_arguments_are_one_line():
    with pytest.raises(UnknownName, match="no activation of RNN is called 'relu'"):
        RNN(activation="relu")
    with pytest.raises(BadInput, match="RNN can't have 0 tokens"):
        RNN(vocabulary=0)
    with pytest.raises(BadInput, match=r"LSTM can't have .* 0 layers"):
        LSTM(depth=0)
    with pytest.raises(BadInput, match="dropout 1"):
        LSTM(dropout=1)
