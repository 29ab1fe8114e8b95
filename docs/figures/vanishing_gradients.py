"""Vanishing gradients of recurrent networks: `python docs/figures/vanishing_gradients.py` draws the PNG beside it.

The state of a network is changed a little at one time step. The figure shows the fraction of the change that remains
after 1, 2, ... 100 further steps of random input. It is a product of Jacobians, the same that scales a gradient on its
way back to the first step. In Elman's network each step multiplies it by f'(a) U. In the LSTM of 1997 the weight from
a cell's state to the next is 1, the constant error carousel. A forget gate decays the state slowly with its initial
bias of 1, and hardly at all with a large bias. All weights are untrained; means of ten seeds, in float64.
"""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import matplotlib.pyplot as plt
import numpy as np

import zoo

STEPS, UNITS, SEEDS, CHANGE = 100, 100, 10, 1e-3
FLOOR = 1e-11  # smaller fractions are rounding errors of float64
keras.config.set_dtype_policy("float64")


def remaining(cell, states: int, seed: int) -> np.ndarray:
    """Fraction of a change of the last of a cell's states that remains after 0, 1, ... STEPS steps."""
    random = np.random.default_rng(seed)
    change = random.normal(size=(1, UNITS))
    change *= CHANGE / np.linalg.norm(change)
    usual, other = [0 * change] * states, [0 * change] * (states - 1) + [change]
    found = []
    for _ in range(STEPS + 1):
        difference = keras.ops.convert_to_numpy(other[-1]) - keras.ops.convert_to_numpy(usual[-1])
        found.append(np.linalg.norm(difference) / CHANGE)
        x = random.normal(size=(1, cell.U.shape[-1]))
        usual, other = cell(x, usual)[1], cell(x, other)[1]
    return np.array(found)


def small(cell):
    """Recurrent weights near zero, as in the paper's experiments, so that the gates stay nearly constant."""
    cell.U.assign(0.01 * cell.U)
    return cell


def rnn(activation):
    return zoo.RNN(units=UNITS, activation=activation, through_time=True).get_layer("hidden").cell, 1


def lstm(forget_gate):
    return small(zoo.LSTM(units=UNITS, forget_gate=forget_gate).get_layer("lstm1").cell), 2


def open_gate(cell_and_states, bias):
    """A cell with this bias of its forget gate. The bias is part of W x + b, computed outside of the cell."""
    cell, states = cell_and_states
    call = cell.call
    offset = np.repeat([0.0, bias, 0.0, 0.0], UNITS)
    cell.call = lambda inputs, before, training=False: call(inputs + offset, before)
    return cell, states


CASES = {
    "Elman's net, logistic units": (lambda: rnn("sigmoid"), "#c8553d", "-"),
    "Elman's net, tanh": (lambda: rnn("tanh"), "#c8553d", "--"),
    "LSTM with a forget gate, bias 1": (lambda: open_gate(lstm(True), 1.0), "#2a6f97", ":"),
    "LSTM with a forget gate, bias 5": (lambda: open_gate(lstm(True), 5.0), "#2a6f97", "--"),
    "LSTM of 1997: the constant error carousel": (lambda: lstm(False), "#2a6f97", "-"),
}


def main() -> None:
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    for label, (build, colour, line) in CASES.items():
        curves = []
        for seed in range(SEEDS):
            keras.utils.set_random_seed(seed)
            curves.append(remaining(*build(), seed))
        mean = np.mean(curves, axis=0)
        print(f"{label}: {mean[10]:.1e} after 10 steps, {mean[STEPS]:.1e} after {STEPS}")
        axes.plot(np.where(mean > FLOOR, mean, np.nan), color=colour, linestyle=line, label=label)
    axes.set_yscale("log")
    axes.set(
        xlabel="steps since the change", ylabel="fraction of the change that remains", ylim=(FLOOR, 3), xlim=(0, STEPS)
    )
    axes.legend(frameon=False, loc="center right")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(Path(__file__).with_suffix(".png"), dpi=120)


if __name__ == "__main__":
    main()
