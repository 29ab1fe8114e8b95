"""Pictures of a training: its curves, and what was taken for what. As bytes of PNG files."""

import io

import numpy as np


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
    """A matrix of counts (true class, answer), coloured by the share of the true class."""
    side = max(4.0, 1.5 + 0.45 * len(labels))
    figure, axis = _figure(1, 1, size=(side, side))
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
    ticks = range(len(labels))
    axis.set_xticks(ticks, labels, rotation=90)
    axis.set_yticks(ticks, labels)
    axis.set(xlabel="answer", ylabel="true class")
    if len(labels) <= 30:  # beyond that the numbers are too small to read
        for row in ticks:
            for column in ticks:
                color = "white" if share[row, column] > 0.5 else "black"
                axis.text(column, row, counts[row, column], ha="center", va="center", color=color, fontsize=8)
    return _png(figure)


def _figure(rows, columns, *, size):
    # Not pyplot, which keeps figures alive and picks a window system.
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(rows, columns)


def _png(figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=120)
    return file.getvalue()
