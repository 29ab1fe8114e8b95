"""U-Net: an encoder-decoder with skip connections, for dense prediction.

Olaf Ronneberger, Philipp Fischer, Thomas Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation",
MICCAI 2015. https://arxiv.org/abs/1505.04597

What was new: a contracting path that captures context, a symmetric expanding path that localises, and at every
resolution a skip connection that passes fine detail from one to the other, so that a net trained on thirty images
could segment every cell.

The default is the network of the paper's figure 1: 572 x 572 images in, 388 x 388 logits of two classes out, because
every 3x3 convolution is unpadded and loses a border. It has 31,030,658 parameters (the paper gives no count).

    E = -sum_x w(x) log p_l(x)(x)     eq. 1    over pixels x with label l(x); p is the softmax of the logits

Where this file departs from the paper, and why:
- Images come as uint8 and are rescaled to -1 ... 1 inside the model, and its output is logits, as of every landmark.
- Initial weights have the paper's standard deviation sqrt(2 / N), but from Keras' `he_normal`, a Gaussian truncated at
  two standard deviations; of biases the paper says nothing, they start at zero.
- The paper gives neither its dropout rate nor its learning rate: 0.5 and 1e-3 are ours.
- E is the mean over the pixels of a batch, not their sum, so that a learning rate suits any image size. The weight map
  w of eq. 2 is the user's to compute.

`MOBILE` holds the arguments of a small variant for photographs of any size: padded convolutions, batch normalisation
(Ioffe and Szegedy 2015), and a stride of 2 in the first two, so that the output has a quarter of the resolution and the
costly finest levels are gone. The app `colorize` uses it.

`PRETRAINED` is a variant whose contracting path is a classifier, EfficientNet-Lite0, so that it can start from
ImageNet's weights; the expanding path and the skip connections are the paper's, with padding and batch normalisation.
Its output has a quarter of the resolution, too. No checkpoint uses it yet.
"""

from collections.abc import Sequence

import keras
from keras import layers

from zoo.errors import BadInput, UnknownName, quoted
from zoo.hub.backbone import feature_maps
from zoo.hub.registry import register
from zoo.nn.model import LogitsModel
from zoo.nn.normalization import BatchNormalization

MOBILE = {
    "input_shape": (None, None, 1),
    "filters": (64, 96, 192, 256),
    "padding": "same",
    "normalization": True,
    "dropout": 0.0,
    "strides": (2, 2),  # 2 x 2 = 4: the output has a quarter of the image's height and width
}
PRETRAINED = {
    "input_shape": (None, None, 1),
    "backbone": {"name": "efficientnet", "lite": True},
    "filters": (64, 128, 192),  # of strides 4, 8 and 16; the classifier's own last stride is 32
    "padding": "same",
    "normalization": True,
    "dropout": 0.0,
}
PADDINGS = ("valid", "same")
LEVELS = 10  # at most, of 1 pixel for 512 of the image


def border(depth: int) -> int:
    """Pixels to crop from each side of the contracting path's feature maps, `depth` levels above the bottom.

    Two unpadded 3x3 convolutions take 2 pixels from each side. What is lost one level further down counts double
    here, and so do the two convolutions at the bottom: 4, 16, 40, 88 (the sizes in figure 1: 64 -> 56, 136 -> 104,
    280 -> 200, 568 -> 392).
    """
    return 4 if depth == 1 else 2 * border(depth - 1) + 8


def output_side(side: int, levels: int, padding="valid", strides=(1, 1)) -> int:
    """Height (or width) of the output for images of this height (or width); 0 for an invalid one."""
    if padding == "same":
        coarser = strides[0] * strides[1]
        return 0 if side % (coarser * 2 ** (levels - 1)) else side // coarser
    for stride in strides:
        side = (side - 3) // stride + 1
    for _ in range(levels - 1):
        if side % 2:
            return 0
        side = side // 2 - 4
    for _ in range(levels - 1):
        side = 2 * side - 4
    return max(side, 0)


def check_size(input_shape, levels: int, padding, strides) -> None:
    """Raise BadInput, with the nearest valid sizes, for images whose feature maps would not fit onto each other."""

    def valid(side):
        return padding == "same" if side is None else output_side(side, levels, padding, strides) > 0

    sides = input_shape[:2]
    if len(input_shape) == 3 and all(map(valid, sides)):
        return
    wanted = next((side for side in sides if side is not None and not valid(side)), 572)
    period = strides[0] * strides[1] * 2 ** (levels - 1)
    near = sorted(filter(valid, range(1, wanted + 16 * period)), key=lambda side: abs(side - wanted))
    raise BadInput(
        f"UNet of {levels} levels with padding={padding!r} can't read images of shape {tuple(input_shape)}; "
        f"give (height, width, channels) with sides such as {near[0]} or {near[1]}"
    )


def up_normal():
    """Standard deviation sqrt(2 / N) for a 2x2 up-convolution.

    With stride 2 every output pixel depends on one input pixel, so N is the number of input channels. Keras calls four
    times that number, for the four positions in the kernel, the fan-out, hence 8 for 2.
    """
    return keras.initializers.VarianceScaling(8.0, mode="fan_out", distribution="truncated_normal")


def _classifier(images, backbone: dict, levels: int, padding: str, strides) -> list:
    """The feature maps of a backbone, from the finest to the coarsest, that a U-Net of so many levels takes."""
    if padding != "same" or tuple(strides) != (1, 1) or not isinstance(backbone.get("name"), str):
        raise BadInput(
            "UNet takes a backbone with padding='same', strides (1, 1) and the name of a classifier, such as "
            '{"name": "efficientnet", "lite": True}'
        )
    found = feature_maps(images=images, **backbone)
    coarsest = max(found)
    wanted = [coarsest >> level for level in range(levels, -1, -1)]
    if any(stride not in found for stride in wanted):
        raise BadInput(f"UNet can't have {levels} levels on {backbone['name']}, with strides {sorted(found)}")
    *sides, channels = images.shape[1:]
    if channels not in (1, 3) or any(side is not None and side % coarsest for side in sides):
        raise BadInput(
            f"UNet on {backbone['name']} can't read images of shape {images.shape[1:]}; give 1 or 3 channels, and "
            f"sides that are multiples of {coarsest}"
        )
    return [found[stride] for stride in wanted]


@register(
    "unet",
    title="U-Net",
    year=2015,
    paper="O. Ronneberger, P. Fischer, T. Brox, U-Net: Convolutional Networks for Biomedical Image Segmentation (2015)",
    url="https://arxiv.org/abs/1505.04597",
    lineage=("lenet5",),
    new="skip connections from a contracting to an expanding path",
)
class UNet(LogitsModel):
    """uint8 images (B, H, W, C) -> logits (B, H', W', classes).

    With `padding="valid"` (the paper's) H' = H - 184 for five levels, and H and W must be such that each 2x2 pooling
    meets an even size (572 does). With `padding="same"` H' = H / S for strides of product S, and H and W must be
    multiples of S * 2**(levels - 1). Raises `zoo.errors.BadInput`, which names valid sizes, for others, and
    `zoo.errors.UnknownName` for an unknown padding.

    Args:
        input_shape: (H, W, C); with `padding="same"` H and W may be None.
        classes: output channels.
        filters: channels of each level, from the finest to the coarsest.
        padding: "valid" as in the paper, or "same".
        normalization: batch normalisation after every 3x3 convolution (which then needs no bias).
        dropout: rate of the dropout at the end of the contracting path.
        strides: strides of the first level's two convolutions; the output is coarser than the input by their product.
        backbone: a classifier to contract with instead of the paper's path: its name in the registry, and arguments of
            its class. `filters` are then those of the expanding path alone, S is the classifier's coarsest stride
            divided by 2**len(filters), and H and W are multiples of that stride.
    """

    def __init__(
        self,
        *,
        input_shape: tuple[int | None, int | None, int] = (572, 572, 1),
        classes: int = 2,
        filters: Sequence[int] = (64, 128, 256, 512, 1024),
        padding: str = "valid",
        normalization: bool = False,
        dropout: float = 0.5,
        strides: tuple[int, int] = (1, 1),
        backbone: dict | None = None,
    ):
        levels = len(filters)
        if not 1 <= levels <= LEVELS or min(classes, *filters, *strides) < 1 or max(strides) > 8:
            raise BadInput(
                f"UNet can't have {quoted(tuple(filters))} filters, {classes} classes and strides {tuple(strides)}; "
                f"give 1 to {LEVELS} levels, 1 or more of each, and strides of 8 at most"
            )
        if padding not in PADDINGS:
            raise UnknownName("padding of UNet", padding, PADDINGS)
        if backbone is None:
            check_size(input_shape, levels, padding, strides)

        def convolution(x, channels, label, stride=1):
            # Section 3: a Gaussian of standard deviation sqrt(2 / N), N the inputs of one neuron.
            x = layers.Conv2D(
                channels,
                3,
                strides=stride,
                padding=padding,
                use_bias=not normalization,
                kernel_initializer="he_normal",
                name=label,
            )(x)
            if normalization:
                x = BatchNormalization(name=f"{label}_norm")(x)
            return layers.ReLU(name=f"{label}_relu")(x)

        inputs = keras.Input(input_shape, dtype="uint8", name="image")  # (B, H, W, C)
        if backbone is None:
            x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(inputs)
            contracting = []
            for level, channels in enumerate(filters, start=1):
                if level > 1:
                    x = layers.MaxPooling2D(2, name=f"down{level}_pool")(x)  # (B, h/2, w/2, c)
                first, second = strides if level == 1 else (1, 1)
                x = convolution(x, channels, f"down{level}_conv1", first)
                x = convolution(x, channels, f"down{level}_conv2", second)
                contracting.append(x)
        else:
            contracting = _classifier(inputs, backbone, levels, padding, strides)
            x = contracting[-1]
        if dropout:
            x = layers.Dropout(dropout, name="dropout")(x)

        for level in range(len(contracting) - 1, 0, -1):
            channels = filters[level - 1]
            up = layers.Conv2DTranspose(channels, 2, strides=2, kernel_initializer=up_normal(), name=f"up{level}_conv")
            x = up(x)  # (B, 2h, 2w, c)
            skip = contracting[level - 1]
            if padding == "valid":
                skip = layers.Cropping2D(border(levels - level), name=f"up{level}_crop")(skip)
            x = layers.Concatenate(name=f"up{level}_concat")([skip, x])  # (B, 2h, 2w, 2c)
            x = convolution(x, channels, f"up{level}_conv1")
            x = convolution(x, channels, f"up{level}_conv2")
        logits = layers.Conv2D(classes, 1, kernel_initializer="he_normal", dtype="float32", name="logits")
        super().__init__(inputs, logits(x), name="unet")  # (B, H', W', classes)
        self.arguments = {
            "input_shape": tuple(input_shape),
            "classes": classes,
            "filters": tuple(filters),
            "padding": padding,
            "normalization": normalization,
            "dropout": dropout,
            "strides": tuple(strides),
            "backbone": backbone,
        }

    def compile(self, optimizer=None, loss=None, **kwargs):
        """Defaults are the paper's momentum 0.99 (section 3), with a learning rate of ours, and the pixelwise
        cross-entropy of eq. 1 on integer labels (B, H', W'); its weights w(x) go in as `sample_weight` (B, H', W')."""
        optimizer = optimizer or keras.optimizers.SGD(1e-3, momentum=0.99)
        loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        super().compile(optimizer=optimizer, loss=loss, **kwargs)

    def get_config(self):
        return dict(self.arguments)
