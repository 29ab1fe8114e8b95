"""Figures of a training: its curves, and the confusion matrix. As bytes of PNG files."""

import io
import math
import warnings

import numpy as np

LARGEST = 30.0  # inches: 3,600 pixels
LINE = 0.17  # inches that a label needs
LONGEST = 30  # letters of a label that are shown


def curves(history: list[dict]) -> bytes:
    """Loss and accuracy over epochs, on training and on validation data.

    history: for each epoch `{"stage", "loss", "val_loss", "accuracy", "val_accuracy"}`; a line marks a new stage.
    """
    figure, axes = _figure(1, 2, size=(10, 4))
    epochs = range(1, len(history) + 1)
    for axis, name in zip(axes, ("loss", "accuracy"), strict=True):
        axis.plot(epochs, [row[name] for row in history], marker=".", label="training")
        axis.plot(epochs, [row[f"val_{name}"] for row in history], marker=".", label="validation")
        for number in range(1, len(history)):
            if history[number]["stage"] != history[number - 1]["stage"]:
                axis.axvline(number + 0.5, color="grey", linestyle=":", label=f"then {history[number]['stage']} layers")
        axis.set(xlabel="epoch", title=name)
        axis.legend()
    return _png(figure)


def confusion(counts: np.ndarray, labels: list[str]) -> bytes:
    """A matrix of counts (true class, predicted class), coloured by the fraction of the true class.

    Of more classes than have room for a name, some are named: each second, each third and so on.
    """
    side = min(LARGEST, max(4.0, 1.5 + 0.45 * len(labels)))
    figure, axis = _figure(1, 1, size=(side, side))
    fraction = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axis.imshow(fraction, cmap="Blues", vmin=0, vmax=1)
    step = math.ceil(len(labels) * LINE / (0.8 * side))  # names and margins take the other fifth
    named = range(0, len(labels), step)
    names = [labels[i] if len(labels[i]) <= LONGEST else f"{labels[i][: LONGEST - 1]}…" for i in named]
    axis.set_xticks(named, names, rotation=90, parse_math=False)  # a folder's name may hold $
    axis.set_yticks(named, names, parse_math=False)
    axis.set(xlabel="predicted class", ylabel="true class")
    if len(labels) <= 30:  # beyond that the numbers are too small to read
        for row in named:
            for column in named:
                color = "white" if fraction[row, column] > 0.5 else "black"
                axis.text(column, row, counts[row, column], ha="center", va="center", color=color, fontsize=8)
    return _png(figure)


def _figure(rows, columns, *, size):
    # Not pyplot, which keeps figures alive and picks a window system.
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(rows, columns)


def _png(figure) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a letter that the font lacks is drawn as a box
        figure.savefig(file, format="png", dpi=120)
    return file.getvalue()
