"""The multi-layer perceptron: hidden units that learn by back-propagating errors.

D. E. Rumelhart, G. E. Hinton, R. J. Williams, "Learning representations by back-propagating errors",
Nature 323, 533-536 (1986). https://doi.org/10.1038/323533a0

What was new: a learning rule for hidden units, which are neither input nor output. The total error E is differentiated
backwards through smooth units by the chain rule, so the hidden layers learn the representation that the task needs; a
problem such as XOR, which no single layer can solve (`examples/xor.py`), is solved by two.

    x_j = sum_i y_i w_ji                 eq. 1    total input of unit j
    y_j = 1 / (1 + exp(-x_j))            eq. 2    its output
    E = 1/2 sum_c sum_j (y_jc - d_jc)^2  eq. 3    over cases c and output units j, with the desired d
    dE/dx, dE/dw, dE/dy                  eqs. 4-7 backwards, layer by layer: what `fit` does on any backend
    dw(t) = -e dE/dw(t) + a dw(t - 1)    eq. 9    `keras.optimizers.SGD(e, momentum=a)`

Where this file departs from the paper, and why:
- The model's output is x, the logits, as of every landmark; eq. 2 is applied to it inside the loss. With two or more
  classes the desired outputs are 1 for the class and 0 for the rest.
- E is the mean over the cases of a batch, not their sum, so that a learning rate suits any batch size (e here is the
  paper's e times the number of cases).
- "Small random weights" come from Glorot and Bengio's uniform distribution (2010), whose range depends on the layer's
  width; biases start at zero.
- `activation="tanh"` for the hidden units and `loss="cross_entropy"` are what later practice changed first.

Parameters: 266,610 for 784-300-100-10, the net that LeCun et al. (1998) measure on MNIST.
"""

import math
from collections.abc import Sequence

import keras
from keras import layers, ops

from zoo.errors import BadInput, UnknownName, quoted
from zoo.hub.registry import register
from zoo.nn.checks import CLASSES, check_shape
from zoo.nn.model import LogitsModel

ACTIVATIONS = ("sigmoid", "tanh")
LOSSES = ("squared_error", "cross_entropy")


@register(
    "mlp",
    title="Multi-layer perceptron",
    year=1986,
    paper="D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning representations by back-propagating errors",
    url="https://doi.org/10.1038/323533a0",
    lineage=("perceptron",),
    new="hidden layers trained by back-propagation",
)
class MLP(LogitsModel):
    """Fully connected layers: uint8 images (B, H, W, C) or float vectors (B, D) -> logits (B, classes).

    Images (three axes) are divided by 255; vectors (one axis) are not rescaled. Labels are int, (B,). `compile` needs
    only an optimiser; the model has its own loss. Raises `zoo.errors.UnknownName` for an `activation` or `loss` that
    isn't one of `ACTIVATIONS` or `LOSSES`, `zoo.errors.BadInput` for invalid sizes.

    Args:
        input_shape: (H, W, C) of images, or (D,) of vectors.
        hidden: units of each hidden layer.
        classes: number of classes; 1 is a binary classifier with one logit and labels 0 or 1.
        activation: "sigmoid" or "tanh".
        loss: "squared_error" or "cross_entropy".
    """

    task = "classify_images"

    def __init__(
        self,
        *,
        input_shape: tuple[int, ...] = (28, 28, 1),
        hidden: Sequence[int] = (300, 100),
        classes: int = 10,
        activation: str = "sigmoid",
        loss: str = "squared_error",
    ):
        if activation not in ACTIVATIONS:
            raise UnknownName("activation of MLP", activation, ACTIVATIONS)
        if loss not in LOSSES:
            raise UnknownName("loss of MLP", loss, LOSSES)
        check_shape("MLP", input_shape)
        if min(classes, *hidden, 1) < 1 or classes > CLASSES:
            raise BadInput(
                f"MLP can't have {quoted(tuple(hidden))} hidden units and {classes} classes; give 1 or more of each, "
                f"{CLASSES:,} classes at most"
            )
        image = len(input_shape) == 3
        inputs = keras.Input(input_shape, dtype="uint8" if image else "float32", name="input")
        y = layers.Rescaling(1 / 255, name="rescale")(inputs) if image else inputs
        y = layers.Reshape((math.prod(input_shape),), name="flatten")(y)  # (B, D)
        for i, units in enumerate(hidden, start=1):
            y = layers.Dense(units, activation=activation, name=f"hidden{i}")(y)  # eqs. 1, 2: (B, units)
        logits = layers.Dense(classes, name="output")(y)  # eq. 1: (B, classes)
        super().__init__(inputs, logits, name="mlp")
        self.arguments = {
            "input_shape": tuple(input_shape),
            "hidden": tuple(hidden),
            "classes": classes,
            "activation": activation,
            "loss": loss,
        }

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Squared error (eq. 3) or cross-entropy, the mean over the cases of a batch."""
        classes = self.arguments["classes"]
        logits = ops.cast(y_pred, "float32")  # (B, classes)
        label = ops.reshape(y, (-1,))  # (B,)
        if classes == 1:
            d = ops.cast(label[:, None], "float32")  # (B, 1)
        else:
            d = ops.one_hot(ops.cast(label, "int32"), classes, dtype="float32")  # (B, classes)

        if self.arguments["loss"] == "squared_error":
            error = 0.5 * ops.sum(ops.square(ops.sigmoid(logits) - d), axis=1)  # eqs. 2, 3: (B,)
        elif classes == 1:
            error = ops.binary_crossentropy(d, logits, from_logits=True)[:, 0]
        else:
            error = ops.categorical_crossentropy(d, logits, from_logits=True)
        if sample_weight is not None:
            error = error * ops.cast(ops.reshape(sample_weight, (-1,)), "float32")
        return ops.mean(error)

    def get_config(self):
        return dict(self.arguments)
