"""LeNet-5: a convolutional network for handwritten digits, with subsampling and a distributed code for each class.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-Based Learning Applied to Document Recognition",
Proceedings of the IEEE 86(11), 2278-2324 (1998). https://doi.org/10.1109/5.726791

What was new: a network trained end to end, from pixels to classes, whose architecture encodes prior knowledge of
images. Local receptive fields with shared weights (convolution) find the same feature anywhere; subsampling gives up
its exact position; the partial connection table between S2 and C3 makes the feature maps differ. Each class has a
code, a stylised 7 x 12 bitmap, and the prediction is the class whose code is nearest to the output of F6.

    layer    shape          what it computes                                       parameters
    C1       28 x 28 x 6    5 x 5 convolution                                             156
    S2       14 x 14 x 6    sum of 2 x 2, times a coefficient, plus a bias                 12
    C3       10 x 10 x 16   5 x 5 convolution of the feature maps in Table I            1,516
    S4       5 x 5 x 16     as S2                                                          32
    C5       1 x 1 x 120    5 x 5 convolution                                          48,120
    F6       84             full connection                                            10,164
    OUTPUT   classes        squared distance to each class's code                   0 (fixed)

60,000 trainable parameters, as the paper counts them. Every layer up to F6 ends in the squashing function
f(a) = A tanh(S a) (eqs. 5, 6): the paper says so of all "layers up to F6", and of S2 once more by itself.

Where this file departs from the paper, and why:
- Images come as 28 x 28 and are padded with background to the paper's 32 x 32 inside the model.
- The logits are minus the distances of eq. 7, so that here, as everywhere in the zoo, the largest wins.
- The paper gives neither the bitmaps nor the constant j of eq. 9: `DIGITS` is ours, and see `J`.
- The paper's initial weights are uniform in +-2.4 / F, F being a unit's number of inputs. Biases, which it counts as
  connections, have the same range. (Its optimiser, a diagonal approximation of the Hessian that gives each weight its
  own learning rate, is not part of the model; Adam plays that role today.)
- Codes for anything but ten classes are random: one of the choices that the paper mentions.
- On images larger than 28 x 28 C5 has several positions, and F6 is connected to all.

Later changes are arguments: `activation="relu"`, `pooling="max"`, `connections="full"` (C3 is connected to every
feature map, 2,416 parameters), `output="softmax"` (a dense layer under cross-entropy). ReLU can't output the -1s of a
code, so with `output="rbf"` F6 keeps f.
"""

import keras
import numpy as np
from keras import layers, ops

from zoo.errors import BadInput, UnknownName
from zoo.hub.registry import register
from zoo.nn.checks import check_classes, check_shape
from zoo.nn.model import LogitsModel

A, S = 1.7159, 2 / 3  # eq. 6: chosen so that f(+-1) = +-1
J = 1.0  # eq. 9: how near a code must be to beat the rubbish class; the paper says only that it is positive

# Table I: which feature maps of S2 (rows) each of the 16 of C3 (columns) is connected to.
TABLE = """
X . . . X X X . . X X X X . X X
X X . . . X X X . . X X X X . X
X X X . . . X X X . . X . X X X
. X X X . . X X X X . . X . X X
. . X X X . . X X X X . X X . X
. . . X X X . . X X X X . X X X
"""

# The codes of the ten digits: 7 x 12 bitmaps, # for +1 and . for -1. Similar digits have similar codes, so that
# confusions are between them and not with other classes.
DIGITS = """
..###.. ...#... .#####. .#####. ....##. ####### ..####. ####### .#####. .#####.
.##.##. ..##... ##...## ##...## ....##. ##..... .##.... ##...## ##...## ##...##
##...## .###... ##...## .....## ...###. ##..... ##..... .....## ##...## ##...##
##...## ...##.. .....## .....## ...###. ##..... ##..... ....##. ##...## ##...##
##...## ...##.. .....## ....##. ..####. ##..... ##..... ....##. .##.##. ##...##
##...## ...##.. ....##. ..###.. ..#.##. #####.. ##.###. ....##. ..###.. .######
##...## ...##.. ...##.. ....##. .##.##. ....##. ###..## ...##.. .##.##. ..##.##
##...## ...##.. ..##... .....## .#..##. .....## ##...## ...##.. ##...## .....##
##...## ...##.. .##.... .....## ####### .....## ##...## ...##.. ##...## .....##
##...## ...##.. ##..... ##...## ....##. .....## ##...## ..##... ##...## .....##
.##.##. ...##.. ##..... ##...## ....##. ##..##. .##.##. ..##... ##...## ....##.
..###.. .#####. ####### .#####. ....##. .####.. ..###.. ..##... .#####. .####..
"""


def table() -> np.ndarray:
    """Table I as bools (6 feature maps of S2, 16 of C3)."""
    return np.array([[mark == "X" for mark in row.split()] for row in TABLE.split("\n")[1:-1]])


def codes(classes: int) -> np.ndarray:
    """The code w_i of each class, float32 (classes, 84) of -1 and +1: the bitmaps for ten classes, else random."""
    if classes != 10:
        # RandomState, because NumPy has frozen its stream: a checkpoint's codes must never change.
        return np.random.RandomState(1998).choice([-1.0, 1.0], size=(classes, 84)).astype("float32")
    rows = [line.split() for line in DIGITS.split("\n")[1:-1]]  # 12 rows of 10 bitmaps of 7 marks
    bitmaps = ["".join(row[digit] for row in rows) for digit in range(classes)]
    return np.array([[1.0 if mark == "#" else -1.0 for mark in bitmap] for bitmap in bitmaps], "float32")


def squash(a):
    """f(a) = A tanh(S a)."""
    return A * ops.tanh(S * a)  # eq. 6


def uniform(fan_in: int):
    """Initial weights between -2.4 / F and 2.4 / F, for units of F inputs."""
    return keras.initializers.RandomUniform(-2.4 / fan_in, 2.4 / fan_in)


class Subsampling(layers.Layer):
    """S2, S4: the sum of 2 x 2 inputs, times a coefficient, plus a bias; both trainable, one of each a feature map."""

    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        self.activation = activation

    def build(self, input_shape):
        channels = input_shape[-1]
        self.coefficient = self.add_weight(shape=(channels,), initializer=uniform(4), name="coefficient")
        self.bias = self.add_weight(shape=(channels,), initializer=uniform(4), name="bias")

    def call(self, x):
        total = 4 * ops.average_pool(x, 2, strides=2, data_format="channels_last")  # (B, H / 2, W / 2, C)
        return self.activation(total * self.coefficient + self.bias)


class TableConvolution(layers.Layer):
    """C3: a 5 x 5 convolution in which each feature map is connected to those that Table I names, and has no other
    weights.
    """

    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        self.activation = activation
        self.connected = table()  # (6, 16)
        # Row k is one-hot: where connection k belongs in the full kernel.
        self.scatter = np.eye(self.connected.size, dtype="float32")[self.connected.ravel()]  # (60, 6 * 16)

    def build(self, input_shape):
        fan_in = 25 * self.connected.sum(axis=0)  # (16,): 75, 100 or 150 inputs
        fan_in_of_connection = np.broadcast_to(fan_in, self.connected.shape)[self.connected]  # (60,)
        self.kernel = self.add_weight(shape=(5, 5, 60), initializer=_scaled(fan_in_of_connection), name="kernel")
        self.bias = self.add_weight(shape=(16,), initializer=_scaled(fan_in), name="bias")

    def call(self, x):
        scatter = ops.cast(self.scatter, self.compute_dtype)
        kernel = ops.reshape(ops.matmul(self.kernel, scatter), (5, 5, 6, 16))
        return self.activation(ops.conv(x, kernel, data_format="channels_last") + self.bias)


def _scaled(fan_in):
    """`uniform` with a fan-in for each entry of the last axis."""
    return lambda shape, dtype: uniform(1)(shape, dtype) / ops.cast(fan_in, dtype)


class RBF(layers.Layer):
    """OUTPUT: minus the squared Euclidean distance between F6 and each class's code, (B, 84) -> (B, classes)."""

    def __init__(self, classes: int, **kwargs):
        super().__init__(**kwargs)
        self.codes = codes(classes)  # constants, so neither trained nor stored

    def call(self, x):
        return -ops.sum(ops.square(ops.subtract(x[:, None, :], self.codes)), axis=-1)  # eq. 7


@register(
    "lenet5",
    title="LeNet-5",
    year=1998,
    paper="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-Based Learning Applied to Document Recognition",
    url="https://doi.org/10.1109/5.726791",
    lineage=("mlp",),
    new="weights shared over positions: convolution and subsampling",
)
class LeNet5(LogitsModel):
    """uint8 images (B, H, W, C), light strokes on black, of 28 x 28 or more -> logits (B, classes).

    Labels are int, (B,). `compile` needs only an optimiser; the model has its own loss. Raises `zoo.errors.UnknownName`
    for an unknown choice and `zoo.errors.BadInput` for images that are too small or of no fixed size, or for fewer than
    2 classes.

    Args:
        classes: number of classes.
        input_shape: (H, W, C) of the images, H and W 28 or more.
        activation, pooling, connections, output: one of `CHOICES` each, the paper's first; see the module's docstring.
    """

    task = "classify_images"

    CHOICES = {
        "activation": ("scaled_tanh", "relu"),
        "pooling": ("subsampling", "max"),
        "connections": ("table", "full"),
        "output": ("rbf", "softmax"),
    }

    def __init__(
        self,
        *,
        classes: int = 10,
        input_shape: tuple[int, int, int] = (28, 28, 1),
        activation: str = "scaled_tanh",
        pooling: str = "subsampling",
        connections: str = "table",
        output: str = "rbf",
    ):
        choices = {"activation": activation, "pooling": pooling, "connections": connections, "output": output}
        for argument, choice in choices.items():
            if choice not in self.CHOICES[argument]:
                raise UnknownName(f"{argument} of LeNet5", choice, self.CHOICES[argument])
        check_classes("LeNet5", classes)
        if len(input_shape) != 3 or None in input_shape or min(input_shape[:2]) < 28:
            raise BadInput(f"LeNet5 can't read images of shape {tuple(input_shape)}; give (28, 28, 1) or larger")
        check_shape("LeNet5", input_shape)

        f = squash if activation == "scaled_tanh" else ops.relu

        def convolution(channels, fan_in, name):
            initial = uniform(fan_in)
            return layers.Conv2D(
                channels, 5, activation=f, kernel_initializer=initial, bias_initializer=initial, name=name
            )

        def subsampling(name):
            return Subsampling(f, name=name) if pooling == "subsampling" else layers.MaxPooling2D(name=name)

        images = keras.Input(input_shape, dtype="uint8", name="images")
        x = ops.cast(images, "float32")  # LiteRT cannot pad bytes
        x = layers.ZeroPadding2D(2, name="pad")(x)  # (B, 32, 32, 1)
        x = layers.Rescaling((1.175 + 0.1) / 255, offset=-0.1, name="rescale")(x)  # black -0.1, white 1.175
        x = convolution(6, 25 * input_shape[-1], "C1")(x)  # (B, 28, 28, 6)
        x = subsampling("S2")(x)  # (B, 14, 14, 6)
        x = (TableConvolution(f, name="C3") if connections == "table" else convolution(16, 150, "C3"))(x)
        x = subsampling("S4")(x)  # (B, 10, 10, 16) -> (B, 5, 5, 16)
        x = convolution(120, 400, "C5")(x)  # (B, 1, 1, 120)
        x = layers.Flatten(name="flatten")(x)  # (B, 120)
        f6 = squash if output == "rbf" else f
        initial = uniform(x.shape[-1])
        x = layers.Dense(84, activation=f6, kernel_initializer=initial, bias_initializer=initial, name="F6")(x)
        if output == "rbf":
            # float32 even under mixed precision: distances of up to 600 are compared to within fractions.
            logits = RBF(classes, dtype="float32", name="OUTPUT")(x)  # (B, classes)
        else:
            logits = layers.Dense(classes, kernel_initializer=uniform(84), name="OUTPUT")(x)  # (B, classes)
        super().__init__(images, logits, name="lenet5")
        self.arguments = {"classes": classes, "input_shape": tuple(input_shape), **choices}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The paper's criterion (eq. 9) or, for softmax, cross-entropy; the mean over a batch."""
        logits = ops.cast(y_pred, "float32")  # (B, classes), minus the y_i of eq. 7
        label = ops.cast(ops.reshape(y, (-1,)), "int32")  # (B,)
        correct = ops.sum(logits * ops.one_hot(label, logits.shape[-1], dtype="float32"), axis=1)  # (B,)
        all_logits = logits
        if self.arguments["output"] == "rbf":
            all_logits = ops.pad(logits, ((0, 0), (0, 1)), constant_values=-J)  # the rubbish class, e^-j
        loss = -correct + ops.logsumexp(all_logits, axis=1)  # eq. 9; without the rubbish class, cross-entropy
        if sample_weight is not None:
            loss = loss * ops.cast(ops.reshape(sample_weight, (-1,)), "float32")
        return ops.mean(loss)

    def get_config(self):
        return dict(self.arguments)
