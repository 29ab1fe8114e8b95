"""AlexNet: a large convolutional network for a thousand classes, trained on two GPUs.

Alex Krizhevsky, Ilya Sutskever, Geoffrey E. Hinton, "ImageNet Classification with Deep Convolutional Neural Networks",
NIPS 2012. https://doi.org/10.1145/3065386 (reprint)

What was new: LeNet's idea at a hundred times its size, on 1.2 million photographs. Rectified linear units (ReLU) train
several times faster than saturating ones; neighbouring channels compete (local response normalisation); pooling windows
overlap; dropout keeps sixty million parameters from overfitting; and two towers, one on each GPU, exchange feature maps
only at some layers, since the 3 GB of one card were too few.

    b_i = a_i / (k + alpha sum_j a_j^2)^beta     section 3.3, over the n channels j nearest to i at the same position

`layout="imagenet"` is the network of figure 2: 224 x 224 images, 60,965,224 parameters; with `towers=1`, where every
channel is connected to every other, 62,378,344. (The paper says "60 million".)
`layout="cifar10"` is the four-layer network with which the paper tries local response normalisation on CIFAR-10 (13 %
errors without, 11 % with): two convolutions, two locally connected layers, one fully connected. Its sizes are those of
Krizhevsky's published configuration, as the paper gives only the results: the input is a 24 x 24 crop of the 32 x 32
images. 2,112,970 parameters.

Where this file departs from the paper, and why:
- The 224 x 224 images are padded to 227: the paper's own 55 x 55 feature maps need that size.
- A model doesn't know the training set's mean image before training: mid-grey, 127.5, is subtracted.
"""

import keras
import numpy as np
from keras import layers, ops

from zoo.errors import BadInput, UnknownName
from zoo.hub.registry import register
from zoo.nn.checks import check_classes
from zoo.nn.model import LogitsModel

LAYOUTS = {"imagenet": (224, 224, 3), "cifar10": (24, 24, 3)}  # input shape of each


class LocalResponseNormalization(layers.Layer):
    """Section 3.3: each channel divided by the activity of the `n` channels around it at the same position. (B, H, W,
    C) -> the same.

    Args:
        n: channels in the sum, the channel itself among them; odd.
        k, alpha, beta: constants of the formula; those of the paper by default.
    """

    def __init__(self, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75, **kwargs):
        super().__init__(**kwargs)
        if n % 2 == 0:
            raise BadInput(f"local response normalisation can't be centred on one of {n} channels; give an odd number")
        self.n, self.k, self.alpha, self.beta = n, k, alpha, beta

    def build(self, input_shape):
        channel = np.arange(input_shape[-1])
        # 1 where channel j is one of those around channel i: the sum over j is then one matrix product.
        self.window = (np.abs(channel[:, None] - channel) <= self.n // 2).astype("float32")  # (C, C)

    def call(self, a):
        window = ops.cast(self.window, self.compute_dtype)
        denominator = self.k + self.alpha * ops.matmul(ops.square(a), window)
        # a / denominator ** beta; exp and log train a seventh faster, because powers are slow on CPUs.
        return a * ops.exp(-self.beta * ops.log(denominator))


class LocallyConnected(layers.Layer):
    """A padded 3 x 3 convolution with weights of its own at every position. (B, H, W, C) -> (B, H, W, filters)."""

    def __init__(self, filters: int, stddev: float, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.stddev = filters, stddev

    def build(self, input_shape):
        _, height, width, channels = input_shape
        self.input_spec = layers.InputSpec(shape=(None, height, width, channels))  # the weights fit no other size
        normal = keras.initializers.RandomNormal(stddev=self.stddev)
        self.kernel = self.add_weight(shape=(height, width, 9 * channels, self.filters), initializer=normal)
        self.bias = self.add_weight(shape=(height, width, self.filters), initializer="zeros")

    def call(self, x):
        height, width, window, filters = self.kernel.shape
        padded = ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        windows = [padded[:, row : row + height, column : column + width] for row in range(3) for column in range(3)]
        patches = ops.reshape(ops.concatenate(windows, axis=-1), (-1, height * width, window))  # (B, H W, 9 C)
        # One matrix product for each position. As an einsum over (H, W) the net trains a tenth slower.
        kernel = ops.reshape(self.kernel, (height * width, window, filters))
        x = ops.matmul(ops.transpose(patches, (1, 0, 2)), kernel)  # (H W, B, filters)
        x = ops.reshape(ops.transpose(x, (1, 0, 2)), (-1, height, width, filters))
        return ops.relu(x + self.bias)  # (B, H, W, filters)


@register(
    "alexnet",
    title="AlexNet",
    year=2012,
    paper="A. Krizhevsky, I. Sutskever, G. E. Hinton, ImageNet Classification with Deep Convolutional Neural Networks",
    url="https://doi.org/10.1145/3065386",
    lineage=("lenet5",),
    new="a deep convolutional net on GPUs: ReLU, dropout, ImageNet",
)
class AlexNet(LogitsModel):
    """uint8 images (B, H, W, 3) -> logits (B, classes). Labels are int, (B,).

    `compile` needs only an optimiser; the loss is cross-entropy. Raises `zoo.errors.UnknownName` for an unknown layout
    and `zoo.errors.BadInput` for a number of towers that the layout can't have or fewer than 2 classes.

    Args:
        classes: 1000 or 10 by default, by layout.
        layout: "imagenet" or "cifar10", see the module's docstring.
        towers: 2 by default as in the paper, or 1; the CIFAR-10 network always has one.
        normalization: local response normalisation.
    """

    task = "classify_images"

    def __init__(
        self,
        *,
        classes: int | None = None,
        layout: str = "imagenet",
        towers: int | None = None,
        normalization: bool = True,
    ):
        if layout not in LAYOUTS:
            raise UnknownName("layout of AlexNet", layout, LAYOUTS)
        if classes is None:
            classes = 1000 if layout == "imagenet" else 10
        check_classes("AlexNet", classes)
        possible = (2, 1) if layout == "imagenet" else (1,)
        towers = possible[0] if towers is None else towers
        if towers not in possible:
            raise BadInput(f"AlexNet for {layout} can't have {towers} towers; give {' or '.join(map(str, possible))}")
        images = keras.Input(LAYOUTS[layout], dtype="uint8", name="images")
        x = layers.Rescaling(1.0, offset=-127.5, name="center")(images)
        if layout == "imagenet":
            logits = _imagenet(x, classes, towers, normalization)  # (B, classes)
        else:
            logits = _cifar10(x, classes, normalization)
        super().__init__(images, logits, name="alexnet")
        self.arguments = {"classes": classes, "layout": layout, "towers": towers, "normalization": normalization}

    def compile(self, optimizer=None, loss=None, **kwargs):
        """Defaults are cross-entropy and section 5's SGD: momentum 0.9, learning rate 0.01, weight decay 0.0005."""
        # Keras decays weights apart from the momentum, which in the paper amplifies the decay tenfold.
        optimizer = optimizer or keras.optimizers.SGD(0.01, momentum=0.9, weight_decay=10 * 0.0005)
        loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        super().compile(optimizer=optimizer, loss=loss, **kwargs)

    def get_config(self):
        return dict(self.arguments)


def _imagenet(x, classes, towers, normalization):
    """Figure 2. Each tower is what runs on one GPU; `exchange` is where the GPUs exchange their feature maps."""

    def each(make, tower_outputs):
        return [make(tower)(x) for tower, x in enumerate(tower_outputs, start=1)]

    def convolution(label, channels, size, bias, **options):
        # Section 5: weights from a Gaussian of standard deviation 0.01; biases of 1 give the ReLUs positive inputs.
        return lambda tower: layers.Conv2D(
            channels // towers,
            size,
            activation="relu",
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.01),
            bias_initializer=keras.initializers.Constant(bias),
            name=f"{label}_{tower}",
            **options,
        )

    def normalize(label):
        return lambda tower: LocalResponseNormalization(name=f"{label}_{tower}")

    def pool(label):
        return lambda tower: layers.MaxPooling2D(3, strides=2, name=f"{label}_{tower}")  # windows overlap

    def dense(units, label, bias, activation=None):
        normal = keras.initializers.RandomNormal(stddev=0.01)
        bias = keras.initializers.Constant(bias)
        return layers.Dense(units, activation=activation, kernel_initializer=normal, bias_initializer=bias, name=label)

    def exchange(tower_outputs, label):
        return layers.Concatenate(name=label)(tower_outputs) if towers == 2 else tower_outputs[0]

    x = layers.ZeroPadding2D(((1, 2), (1, 2)), name="pad")(x)  # (B, 227, 227, 3)
    xs = each(convolution("conv1", 96, 11, 0.0, strides=4), [x] * towers)  # (B, 55, 55, 96 / towers) each
    if normalization:
        xs = each(normalize("norm1"), xs)
    xs = each(pool("pool1"), xs)  # (B, 27, 27, 96 / towers)
    xs = each(convolution("conv2", 256, 5, 1.0, padding="same"), xs)
    if normalization:
        xs = each(normalize("norm2"), xs)
    xs = each(pool("pool2"), xs)  # (B, 13, 13, 256 / towers)
    x = exchange(xs, "exchange2")
    xs = each(convolution("conv3", 384, 3, 0.0, padding="same"), [x] * towers)
    xs = each(convolution("conv4", 384, 3, 1.0, padding="same"), xs)
    xs = each(convolution("conv5", 256, 3, 1.0, padding="same"), xs)
    xs = each(pool("pool5"), xs)  # (B, 6, 6, 256 / towers)
    x = layers.Flatten(name="flatten")(exchange(xs, "exchange5"))  # (B, 9216)
    for label in ("fc6", "fc7"):
        x = dense(4096, label, 1.0, "relu")(x)
        x = layers.Dropout(0.5, name=f"dropout_{label}")(x)
    return dense(classes, "fc8", 0.0)(x)


def _cifar10(x, classes, normalization):
    """Krizhevsky's two convolutions and two locally connected layers."""

    def convolution(label, stddev):
        normal = keras.initializers.RandomNormal(stddev=stddev)
        return layers.Conv2D(64, 5, padding="same", activation="relu", kernel_initializer=normal, name=label)

    def normalize(label):
        return LocalResponseNormalization(n=9, k=1.0, alpha=0.001 / 9, name=label)

    x = convolution("conv1", 1e-4)(x)  # (B, 24, 24, 64)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool1")(x)  # (B, 12, 12, 64)
    if normalization:
        x = normalize("norm1")(x)
    x = convolution("conv2", 0.01)(x)
    if normalization:
        x = normalize("norm2")(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool2")(x)  # (B, 6, 6, 64)
    x = LocallyConnected(64, 0.04, name="local3")(x)
    x = LocallyConnected(32, 0.04, name="local4")(x)  # (B, 6, 6, 32)
    x = layers.Flatten(name="flatten")(x)  # (B, 1152)
    normal = keras.initializers.RandomNormal(stddev=0.01)
    return layers.Dense(classes, kernel_initializer=normal, name="fc10")(x)
