"""ResNet: residual blocks with shortcut connections, which make very deep networks trainable.

Kaiming He, Xiangyu Zhang, Shaoqing Ren, Jian Sun, "Deep Residual Learning for Image Recognition", CVPR 2016.
https://arxiv.org/abs/1512.03385

What was new: beyond twenty layers or so plain networks get worse on the training set too, so the problem is
optimisation and not overfitting. A shortcut past every two or three layers makes the identity easy to represent: the
layers learn the residual F, and 152 of them train as well as 18.

    y = F(x, {W_i}) + x          eq. 1    identity shortcut: no parameters
    y = F(x, {W_i}) + W_s x      eq. 2    projection, where the shape changes

Two families, both with batch normalisation after every convolution (Ioffe and Szegedy 2015):
- ImageNet (table 1): 18, 34 layers of basic blocks; 50, 101, 152 of bottlenecks. 11,689,512, 21,797,672, 25,557,032,
  44,549,160 and 60,192,808 trainable parameters, for 1000 classes.
- CIFAR-10 (section 4.2): 6 n + 2 layers of 16, 32 and 64 channels: 20, 32, 44, 56, 110, with 0.27, 0.46, 0.66, 0.85 and
  1.7 million parameters (table 6).

`plain=True` removes the shortcuts: the networks that the paper compares with.

Where this file departs from the paper, and why:
- The paper subtracts the per-pixel mean (CIFAR) or a mean colour; here mean colours are constants of the model:
  ImageNet's, as published with the paper's weights (for RGB 123.68, 116.779, 103.939), or mid-grey for CIFAR.
- CIFAR images are also divided by 127.5, to which the first convolution is invariant by its batch normalisation.
"""

import keras
from keras import layers

from zoo.errors import BadInput
from zoo.hub.registry import register
from zoo.nn.checks import check_classes, check_images
from zoo.nn.model import LogitsModel
from zoo.nn.normalization import BatchNormalization

IMAGENET = {  # table 1: kind of block, blocks in each of the four stages
    18: ("basic", (2, 2, 2, 2)),
    34: ("basic", (3, 4, 6, 3)),
    50: ("bottleneck", (3, 4, 6, 3)),
    101: ("bottleneck", (3, 4, 23, 3)),
    152: ("bottleneck", (3, 8, 36, 3)),
}
CIFAR = {depth: ("basic", 3 * ((depth - 2) // 6,)) for depth in (20, 32, 44, 56, 110)}
MEAN_COLOUR = (123.68, 116.779, 103.939)  # of ImageNet, RGB
EPSILON = 1.001e-5  # of batch normalisation: that of the published weights


class ZeroPaddedShortcut(layers.Layer):
    """Option A of section 3.3: every other pixel, and zeros for the additional channels. No parameters.

    (B, H, W, C) -> (B, H / stride, W / stride, channels)
    """

    def __init__(self, channels: int, stride: int, **kwargs):
        super().__init__(**kwargs)
        self.channels, self.stride = channels, stride

    def call(self, x):
        x = x[:, :: self.stride, :: self.stride, :]
        return keras.ops.pad(x, ((0, 0), (0, 0), (0, 0), (0, self.channels - x.shape[-1])))


@register(
    "resnet",
    title="ResNet",
    year=2015,
    paper="K. He, X. Zhang, S. Ren, J. Sun, Deep Residual Learning for Image Recognition (2015)",
    url="https://arxiv.org/abs/1512.03385",
    lineage=("alexnet",),
    new="shortcuts: layers learn residuals, so depth helps",
)
class ResNet(LogitsModel):
    """uint8 images (B, H, W, 3) -> logits (B, classes). Labels are int, (B,).

    `compile` needs only an optimiser; the loss is cross-entropy. Raises `zoo.errors.BadInput` for a depth that the
    paper doesn't have, for fewer than 2 classes, or for images of fewer than 32 (ImageNet) or 16 (CIFAR-10) pixels a
    side.

    Args:
        depth: 18, 34, 50, 101, 152 (ImageNet) or 20, 32, 44, 56, 110 (CIFAR-10): counts layers with weights.
        classes: 1000 or 10 by default, by family.
        input_shape: (224, 224, 3) or (32, 32, 3) by default; height and width may be None.
        plain: no shortcuts.
    """

    task = "classify_images"

    def __init__(
        self,
        *,
        depth: int = 50,
        classes: int | None = None,
        input_shape: tuple[int | None, int | None, int] | None = None,
        plain: bool = False,
    ):
        if depth not in IMAGENET | CIFAR:
            known = ", ".join(map(str, (*IMAGENET, *CIFAR)))
            raise BadInput(f"ResNet can't have depth {depth!r}; the paper has {known}")
        imagenet = depth in IMAGENET
        if classes is None:
            classes = 1000 if imagenet else 10
        input_shape = tuple(input_shape or ((224, 224, 3) if imagenet else (32, 32, 3)))
        check_classes("ResNet", classes)
        check_images("ResNet", input_shape, smallest=32 if imagenet else 16)

        images = keras.Input(input_shape, dtype="uint8", name="images")
        if imagenet:
            x = layers.Rescaling(1.0, offset=[-mean for mean in MEAN_COLOUR], name="center")(images)
            x = layers.ZeroPadding2D(3, name="conv1_pad")(x)
            x = _convolution(64, 7, 2, "conv1", padding="valid")(x)
            x = _normalized(x, "conv1")  # (B, 112, 112, 64)
            x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
            x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)  # (B, 56, 56, 64)
            widths, first_stage = (64, 128, 256, 512), 2  # the paper numbers the stages conv2_x ... conv5_x
        else:
            x = layers.Rescaling(1 / 127.5, offset=-1.0, name="center")(images)
            x = _normalized(_convolution(16, 3, 1, "conv1")(x), "conv1")  # (B, 32, 32, 16)
            widths, first_stage = (16, 32, 64), 2

        kind, stages = (IMAGENET | CIFAR)[depth]
        block = _basic if kind == "basic" else _bottleneck
        for stage, (blocks, channels) in enumerate(zip(stages, widths, strict=True), start=first_stage):
            for number in range(1, blocks + 1):
                stride = 2 if number == 1 and stage > first_stage else 1  # each stage but the first halves the image
                x = block(x, channels, stride, f"conv{stage}_{number}", plain=plain, projection=imagenet)
        x = layers.GlobalAveragePooling2D(name="pool")(x)  # (B, C)
        logits = layers.Dense(classes, kernel_initializer="he_normal", name="fc")(x)  # (B, classes)
        super().__init__(images, logits, name="resnet")
        self.arguments = {"depth": depth, "classes": classes, "input_shape": input_shape, "plain": plain}

    def compile(self, optimizer=None, loss=None, **kwargs):
        """Defaults are cross-entropy and section 3.4's SGD: momentum 0.9, learning rate 0.1, weight decay 0.0001."""
        # Keras decays weights apart from the momentum, which in the paper amplifies the decay tenfold.
        optimizer = optimizer or keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=10 * 0.0001)
        loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        super().compile(optimizer=optimizer, loss=loss, **kwargs)

    def get_config(self):
        return dict(self.arguments)


def _convolution(channels, size, stride, label, padding="same"):
    # Section 3.4: weights as in He et al. 2015 (a Gaussian of standard deviation sqrt(2 / fan-in), here truncated at
    # two of them); no biases, since batch normalisation follows.
    return layers.Conv2D(
        channels, size, strides=stride, padding=padding, use_bias=False, kernel_initializer="he_normal", name=label
    )


def _normalized(x, label, relu=True):
    x = BatchNormalization(momentum=0.9, epsilon=EPSILON, name=f"{label}_norm")(x)
    return layers.ReLU(name=f"{label}_relu")(x) if relu else x


def _strided_3x3(x, channels, stride, label):
    """A 3 x 3 convolution padded by one pixel on all sides, as in the paper; "same" would pad a strided one
    unevenly.
    """
    if stride == 1:
        return _convolution(channels, 3, 1, label)(x)
    x = layers.ZeroPadding2D(1, name=f"{label}_pad")(x)
    return _convolution(channels, 3, stride, label, padding="valid")(x)


def _shortcut(x, channels, stride, label, projection):
    """The shortcut: x (eq. 1), or, where the shape changes, option A or a projection (eq. 2)."""
    if stride == 1 and x.shape[-1] == channels:
        return x
    if not projection:
        return ZeroPaddedShortcut(channels, stride, name=f"{label}_shortcut")(x)
    return _normalized(_convolution(channels, 1, stride, f"{label}_shortcut")(x), f"{label}_shortcut", relu=False)


def _add(x, residual, channels, stride, label, plain, projection):
    if not plain:
        shortcut = _shortcut(x, channels, stride, label, projection)
        residual = layers.Add(name=f"{label}_add")([shortcut, residual])
    return layers.ReLU(name=f"{label}_out")(residual)


def _basic(x, channels, stride, label, *, plain, projection):
    """Figure 5, left: two 3 x 3 convolutions. (B, H, W, C) -> (B, H / stride, W / stride, channels)"""
    residual = _normalized(_strided_3x3(x, channels, stride, f"{label}a"), f"{label}a")
    residual = _normalized(_convolution(channels, 3, 1, f"{label}b")(residual), f"{label}b", relu=False)
    return _add(x, residual, channels, stride, label, plain, projection)


def _bottleneck(x, channels, stride, label, *, plain, projection):
    """Figure 5, right: 1 x 1 down to `channels`, 3 x 3, 1 x 1 up. -> (B, H / stride, W / stride, 4 channels)"""
    residual = _normalized(_convolution(channels, 1, stride, f"{label}a")(x), f"{label}a")
    residual = _normalized(_convolution(channels, 3, 1, f"{label}b")(residual), f"{label}b")
    residual = _normalized(_convolution(4 * channels, 1, 1, f"{label}c")(residual), f"{label}c", relu=False)
    return _add(x, residual, 4 * channels, stride, label, plain, projection)
