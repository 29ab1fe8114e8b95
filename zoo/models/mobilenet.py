"""MobileNet: depthwise separable convolutions, for phones.

Andrew G. Howard, Menglong Zhu, Bo Chen, Dmitry Kalenichenko, Weijun Wang, Tobias Weyand, Marco Andreetto, Hartwig Adam,
"MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications", 2017.
https://arxiv.org/abs/1704.04861

What was new: a convolution filters and combines channels at once. In two steps, one filter for each channel
(depthwise), then a 1 x 1 convolution that combines them (pointwise), it costs eight to nine times less and loses one
per cent of accuracy. Two hyperparameters trade accuracy for speed: the width multiplier alpha thins every layer, the
resolution multiplier rho shrinks the image.

    D_K^2 M N D_F^2                    eq. 2    cost of a convolution: kernel D_K, M channels in, N out, side D_F
    D_K^2 M D_F^2 + M N D_F^2          eq. 5    of its two steps
    D_K^2 alpha M (rho D_F)^2 + alpha M alpha N (rho D_F)^2      eq. 7    with both multipliers

4,253,864 parameters at width 1.0 for 1000 classes, of them 4,231,976 trainable (table 6: 4.2 million).

Where this file departs from the paper, and why: ReLU is clipped at 6 and there is dropout of 0.001 before the
classifier, as in the authors' code and its published weights. Table 1 gives the last depthwise layer a stride of 2,
which its own sizes (7 x 7 in, 7 x 7 out) contradict: here it is 1. Rho is the size of the images, `input_shape`.
"""

import math

import keras
from keras import layers

from zoo.errors import BadInput
from zoo.hub.registry import register
from zoo.nn.checks import check_classes, check_images
from zoo.nn.model import LogitsModel
from zoo.nn.normalization import BatchNormalization

# Table 1: stride and channels (at width 1.0) of each depthwise separable convolution after the first full one.
BLOCKS = (
    *((1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512)),
    *5 * ((1, 512),),
    *((2, 1024), (1, 1024)),
)


@register(
    "mobilenet",
    title="MobileNet",
    year=2017,
    paper="A. G. Howard and others, MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications",
    url="https://arxiv.org/abs/1704.04861",
    lineage=("alexnet",),
    new="depthwise separable convolutions: small and fast",
)
class MobileNet(LogitsModel):
    """uint8 images (B, H, W, 3) -> logits (B, classes). Labels are int, (B,).

    `compile` needs only an optimiser; the loss is cross-entropy. Raises `zoo.errors.BadInput` for an invalid width or
    dropout, for fewer than 2 classes, or for images of fewer than 32 pixels a side.

    Args:
        classes: 1000 for the paper's ImageNet.
        input_shape: (height, width, 3); height and width may be None.
        width: the width multiplier alpha; the paper has 1.0, 0.75, 0.5 and 0.25.
        dropout: rate before the classifier.
    """

    task = "classify_images"

    def __init__(
        self,
        *,
        classes: int = 1000,
        input_shape: tuple[int | None, int | None, int] = (224, 224, 3),
        width: float = 1.0,
        dropout: float = 1e-3,
    ):
        input_shape = tuple(input_shape)
        if not 1 / 32 <= width < math.inf:  # the first layer has 32 channels
            raise BadInput(f"MobileNet can't have width {width:g}; give 1/32 or more, such as 1, 0.5 or 0.25")
        if not 0 <= dropout < 1:
            raise BadInput(f"MobileNet can't have a dropout of {dropout:g}; give 0 or more, below 1")
        check_classes("MobileNet", classes)
        check_images("MobileNet", input_shape, smallest=32)

        images = keras.Input(input_shape, dtype="uint8", name="images")
        x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(images)
        full = layers.Conv2D(int(32 * width), 3, strides=2, padding="same", use_bias=False, name="conv1")
        x = _normalized(full(x), "conv1")  # (B, H / 2, W / 2, 32 alpha)
        for number, (stride, channels) in enumerate(BLOCKS, start=2):
            x = _separable(x, int(channels * width), stride, f"conv{number}")
        x = layers.GlobalAveragePooling2D(name="pool")(x)  # (B, 1024 alpha)
        x = layers.Dropout(dropout, name="dropout")(x)
        logits = layers.Dense(classes, name="fc")(x)  # (B, classes)
        super().__init__(images, logits, name="mobilenet")
        self.arguments = {"classes": classes, "input_shape": input_shape, "width": width, "dropout": dropout}

    def compile(self, optimizer=None, loss=None, **kwargs):
        """Defaults are cross-entropy and RMSprop, as in section 3.2; the learning rate is ours."""
        optimizer = optimizer or keras.optimizers.RMSprop(1e-3)
        loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        super().compile(optimizer=optimizer, loss=loss, **kwargs)

    def get_config(self):
        return dict(self.arguments)


def _normalized(x, label):
    x = BatchNormalization(name=f"{label}_norm")(x)
    return layers.ReLU(6.0, name=f"{label}_relu")(x)


def _separable(x, channels, stride, label):
    """Figure 3, right: depthwise 3 x 3, then pointwise 1 x 1. (B, H, W, C) -> (B, H / stride, W / stride, channels)"""
    depthwise = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False, name=f"{label}_depthwise")
    x = _normalized(depthwise(x), f"{label}_depthwise")
    x = layers.Conv2D(channels, 1, use_bias=False, name=f"{label}_pointwise")(x)
    return _normalized(x, f"{label}_pointwise")
