"""EfficientNet: depth, width and resolution scaled together.

Mingxing Tan, Quoc V. Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019.
https://arxiv.org/abs/1905.11946

What was new: a network is made larger in all three dimensions at once, in a fixed proportion found on the small one,
rather than only deeper, wider, or with larger images:

    depth d = alpha^phi, width w = beta^phi, resolution r = gamma^phi                 eq. 3
    alpha beta^2 gamma^2 = 2, with alpha 1.2, beta 1.1, gamma 1.15: each phi doubles the cost

The network that is scaled, B0, is table 1: inverted residual blocks (MBConv) with squeeze-and-excitation and the
activation swish, x sigmoid(x).

5,288,548 trainable parameters for B0 with 1000 classes (table 2: 5.3 million), 66,347,960 for B7 (66 million). The
coefficients of B1 to B7 are rounded; the paper doesn't print them: they are those of the authors' code.

`lite=True` makes the authors' EfficientNet-Lite for phones, of 2020, without a paper
(https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite): no squeeze-and-excitation, ReLU
clipped at 6 instead of swish, and stem, head, first and last stage that are not scaled. 4,652,008 parameters for Lite0.

Where this file departs from the paper, and why: RMSprop's learning rate is for batches of some hundred images rather
than of the paper's 4,096, and AutoAugment is left to the recipe.
"""

import math

import keras
from keras import layers

from zoo.errors import BadInput
from zoo.hub.registry import register
from zoo.nn.checks import check_classes, check_images
from zoo.nn.model import LogitsModel
from zoo.nn.normalization import BatchNormalization

# Table 1, stages 2 to 8 of B0: expansion, kernel size, stride, channels, blocks.
STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
STEM, HEAD = 32, 1280  # channels of stages 1 and 9
# Of the authors' code, by phi: width, depth, resolution in pixels, dropout.
SCALES = (
    (1.0, 1.0, 224, 0.2),
    (1.0, 1.1, 240, 0.2),
    (1.1, 1.2, 260, 0.3),
    (1.2, 1.4, 300, 0.3),
    (1.4, 1.8, 380, 0.4),
    (1.6, 2.2, 456, 0.4),
    (1.8, 2.6, 528, 0.5),
    (2.0, 3.1, 600, 0.5),
)
LITE_SCALES = (
    (1.0, 1.0, 224, 0.2),
    (1.0, 1.1, 240, 0.2),
    (1.1, 1.2, 260, 0.3),
    (1.2, 1.4, 280, 0.3),
    (1.4, 1.8, 300, 0.3),
)
SQUEEZE = 0.25  # channels of squeeze-and-excitation, of those that enter the block
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's images from 0 to 1


@register(
    "efficientnet",
    title="EfficientNet",
    year=2019,
    paper="M. Tan, Q. V. Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
    url="https://arxiv.org/abs/1905.11946",
    lineage=("mobilenet",),
    new="depth, width and resolution scaled together",
)
class EfficientNet(LogitsModel):
    """uint8 images (B, H, W, 3), or grey (B, H, W, 1), -> logits (B, classes). Labels are int, (B,).

    `compile` needs only an optimiser; the loss is cross-entropy. Raises `zoo.errors.BadInput` for a phi that has no
    network, for rates outside of 0 to 1, for fewer than 2 classes, or for images of fewer than 32 pixels a side.

    Args:
        phi: the compound coefficient of eq. 3: 0 for B0 ... 7 for B7, 0 to 4 with `lite`.
        lite: make EfficientNet-Lite.
        classes: 1000 for the paper's ImageNet.
        input_shape: (height, width, 3), or 1 for grey images, whose channel is repeated; height and width may be None.
            By default the resolution that belongs to phi.
        dropout: rate before the classifier. By default the one that belongs to phi.
        stochastic_depth: the rate at which training leaves out the last block of the network for an image; it rises
            linearly from 0 at the first. Only blocks with a residual connection can be left out.
    """

    task = "classify_images"

    def __init__(
        self,
        *,
        phi: int = 0,
        lite: bool = False,
        classes: int = 1000,
        input_shape: tuple[int | None, int | None, int] | None = None,
        dropout: float | None = None,
        stochastic_depth: float = 0.2,
    ):
        _, _, resolution, default_dropout = _scale(phi, lite)
        input_shape = (resolution, resolution, 3) if input_shape is None else tuple(input_shape)
        dropout = default_dropout if dropout is None else dropout
        _check_rate("dropout", dropout)
        check_classes("EfficientNet", classes)
        check_images("EfficientNet", input_shape, smallest=32, channels=(3, 1))

        images = keras.Input(input_shape, dtype="uint8", name="images")
        x = feature_maps(images, phi=phi, lite=lite, stochastic_depth=stochastic_depth)[32]  # (B, H / 32, W / 32, head)
        x = layers.GlobalAveragePooling2D(name="pool")(x)  # (B, head)
        x = layers.Dropout(dropout, name="dropout")(x)
        spread = keras.initializers.VarianceScaling(1 / 3, "fan_out", "uniform")
        logits = layers.Dense(classes, kernel_initializer=spread, name="fc")(x)  # (B, classes)
        super().__init__(images, logits, name="efficientnet")
        self.arguments = {
            "phi": phi,
            "lite": lite,
            "classes": classes,
            "input_shape": input_shape,
            "dropout": dropout,
            "stochastic_depth": stochastic_depth,
        }

    def compile(self, optimizer=None, loss=None, **kwargs):
        """Defaults are cross-entropy, and RMSprop with the decay, momentum and weight decay of section 5.2; the
        learning rate is ours."""
        optimizer = optimizer or keras.optimizers.RMSprop(1e-3, rho=0.9, momentum=0.9, weight_decay=1e-5)
        loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        super().compile(optimizer=optimizer, loss=loss, **kwargs)

    def get_config(self):
        return dict(self.arguments)


def feature_maps(images, *, phi: int = 0, lite: bool = False, stochastic_depth: float = 0.2) -> dict:
    """The network below the classifier, on images (B, H, W, 3) or (B, H, W, 1) of 0 to 255.

    Returns:
        from each stride, 2 to 32, the last feature maps of that stride: (B, H / stride, W / stride, channels).
    Raises:
        zoo.errors.BadInput: for a phi that has no network, and for a rate outside of 0 to 1.
    """
    width, depth, _, _ = _scale(phi, lite)
    _check_rate("stochastic depth", stochastic_depth)

    def activation(x, label):
        return layers.ReLU(6.0, name=label)(x) if lite else layers.Activation("swish", name=label)(x)

    x = images if images.shape[-1] == 3 else layers.Concatenate(name="repeat")([images] * 3)
    x = _rescaled(x, lite)
    x = _convolution(x, STEM if lite else scaled_channels(STEM, width), 3, 2, "stem")
    x = activation(x, "stem_activation")  # (B, H / 2, W / 2, stem)
    found, total = {2: x}, 2
    blocks = _blocks(width, depth, lite)
    for number, (label, expansion, kernel, stride, channels) in enumerate(blocks):
        rate = stochastic_depth * number / len(blocks)
        x = _block(x, expansion, kernel, stride, channels, rate, 0 if lite else SQUEEZE, activation, label)
        total *= stride
        found[total] = x
    x = _convolution(x, HEAD if lite else scaled_channels(HEAD, width), 1, 1, "top")
    return found | {total: activation(x, "top_activation")}


def _scale(phi: int, lite: bool) -> tuple[float, float, int, float]:
    """Width, depth, resolution and dropout that belong to a phi."""
    scales = LITE_SCALES if lite else SCALES
    if not 0 <= phi < len(scales):
        raise BadInput(f"EfficientNet{'-Lite' * lite} can't have phi {phi}; give 0 to {len(scales) - 1}")
    return scales[phi]


def _check_rate(name: str, rate: float) -> None:
    if not 0 <= rate < 1:
        raise BadInput(f"EfficientNet can't have a {name} of {rate:g}; give 0 or more, below 1")


def scaled_channels(channels: int, width: float) -> int:
    """Channels times the width, rounded to a multiple of 8, but not by more than a tenth below."""
    wanted = channels * width
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


def _blocks(width: float, depth: float, lite: bool) -> list[tuple[str, int, int, int, int]]:
    """Label, expansion, kernel size, stride and channels of each block. Only the first of a stage has the stride."""
    blocks = []
    for number, (expansion, kernel, stride, channels, repeats) in enumerate(STAGES, start=1):
        fixed = lite and number in (1, len(STAGES))
        repeats = repeats if fixed else math.ceil(depth * repeats)
        for repeat in range(repeats):
            label = f"block{number}_{repeat + 1}"
            blocks.append((label, expansion, kernel, 1 if repeat else stride, scaled_channels(channels, width)))
    return blocks


def _rescaled(images, lite: bool):
    """Pixels as the published weights expect them: by the mean and the deviation of each colour, or -1 to 1."""
    if lite:
        return layers.Rescaling(1 / 128, offset=-127 / 128, name="rescale")(images)
    scale = [1 / (255 * deviation) for deviation in DEVIATION]
    offset = [-mean / deviation for mean, deviation in zip(MEAN, DEVIATION, strict=True)]
    return layers.Rescaling(scale, offset=offset, name="rescale")(images)


def _convolution(x, channels: int, kernel: int, stride: int, label: str):
    """A convolution and batch normalisation. (B, H, W, C) -> (B, H / stride, W / stride, channels)"""
    spread = keras.initializers.VarianceScaling(2.0, "fan_out", "truncated_normal")
    options = {"padding": "same", "use_bias": False, "kernel_initializer": spread, "name": f"{label}_conv"}
    x = layers.Conv2D(channels, kernel, strides=stride, **options)(x)
    return BatchNormalization(name=f"{label}_norm")(x)


def _block(x, expansion, kernel, stride, channels, rate, squeeze, activation, label):
    """MBConv, an inverted residual block: few channels become many, are filtered one by one, and become few again.

    (B, H, W, C) -> (B, H / stride, W / stride, channels)
    """
    entered, narrow = x, x.shape[-1]
    if expansion > 1:
        x = _convolution(x, narrow * expansion, 1, 1, f"{label}_expand")
        x = activation(x, f"{label}_expand_activation")  # (B, H, W, C * expansion)
    spread = keras.initializers.VarianceScaling(2.0, "fan_out", "truncated_normal")
    options = {"padding": "same", "use_bias": False, "depthwise_initializer": spread}
    x = layers.DepthwiseConv2D(kernel, strides=stride, **options, name=f"{label}_depthwise_conv")(x)
    x = BatchNormalization(name=f"{label}_depthwise_norm")(x)
    x = activation(x, f"{label}_depthwise_activation")
    if squeeze:
        x = _squeeze_and_excite(x, max(1, int(narrow * squeeze)), label)
    x = _convolution(x, channels, 1, 1, f"{label}_project")  # no activation after it
    if stride > 1 or channels != narrow:
        return x
    if rate:  # stochastic depth: all of the block, for some images
        x = layers.Dropout(rate, noise_shape=(None, 1, 1, 1), name=f"{label}_drop")(x)
    return layers.Add(name=f"{label}_out")([x, entered])


def _squeeze_and_excite(x, squeezed: int, label: str):
    """Scale each channel of (B, H, W, C) by a number from 0 to 1 that depends on the means of all channels.

    J. Hu, L. Shen, G. Sun, "Squeeze-and-Excitation Networks", CVPR 2018. https://arxiv.org/abs/1709.01507
    """
    spread = keras.initializers.VarianceScaling(2.0, "fan_out", "truncated_normal")
    scale = layers.GlobalAveragePooling2D(keepdims=True, name=f"{label}_squeeze")(x)  # (B, 1, 1, C)
    options = {"kernel_initializer": spread}
    scale = layers.Conv2D(squeezed, 1, activation="swish", name=f"{label}_reduce", **options)(scale)
    scale = layers.Conv2D(x.shape[-1], 1, activation="sigmoid", name=f"{label}_excite", **options)(scale)
    return layers.Multiply(name=f"{label}_scale")([x, scale])
