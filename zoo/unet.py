"""U-Net.

Olaf Ronneberger, Philipp Fischer, Thomas Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation",
MICCAI 2015, https://arxiv.org/abs/1505.04597.

What was new: a contracting path that sees what is in the picture, an expanding path that says where, and at every
resolution a connection that hands the fine detail of the one to the other, so that a net trained on thirty
pictures could draw the outline of every cell.

The default is the network of the paper's figure 1: a 572 x 572 picture in, a 388 x 388 map of two classes out,
because every 3x3 convolution is unpadded and loses a border. It has 31,030,658 parameters (the paper gives no
count). It departs in one thing: pictures come as uint8 and are rescaled to -1 ... 1 inside the model.

`MOBILE` holds the arguments of a small variant for photographs of any size: padded convolutions, batch normalisation
(Ioffe and Szegedy 2015), and a stride of 2 in the first two, so that the map comes out at a quarter of the
resolution and the costly finest levels are gone. The app `colorize` uses it.
"""

import keras
from keras import layers

from zoo.hub.registry import register

MOBILE = {
    "input_shape": (None, None, 1),
    "filters": (64, 96, 192, 256),
    "padding": "same",
    "normalization": True,
    "dropout": 0.0,
    "strides": (2, 2),
}


def border(depth: int) -> int:
    """Pixels to crop from each side of the contracting path's map, `depth` levels above the bottom.

    Two unpadded 3x3 convolutions take 2 pixels from each side. What is lost one level further down counts double
    here, and so do the two convolutions at the bottom: 4, 16, 40, 88 (the sizes in figure 1: 64 -> 56, 136 -> 104,
    280 -> 200, 568 -> 392).
    """
    return 4 if depth == 1 else 2 * border(depth - 1) + 8


@register(
    "unet",
    title="U-Net",
    year=2015,
    paper="O. Ronneberger, P. Fischer, T. Brox, U-Net: Convolutional Networks for Biomedical Image Segmentation (2015)",
    url="https://arxiv.org/abs/1505.04597",
    lineage=("lenet5",),
)
class UNet(keras.Model):
    """U-Net: uint8 pictures (B, H, W, C) in, a map of logits (B, H', W', classes) out.

    With `padding="valid"` (the paper's) H' = H - 184 for five levels, and H and W must be such that each 2x2 pooling
    meets an even size (572 does). With `padding="same"` H' = H / S for strides of product S, and H and W must be
    multiples of S * 2**(levels - 1).

    Args:
        input_shape: (H, W, C); H and W may be None.
        classes: maps to predict, each from a 1x1 convolution.
        filters: channels of each level, from the finest to the coarsest.
        padding: "valid" as in the paper, or "same".
        normalization: batch normalisation after every 3x3 convolution (which then needs no bias).
        dropout: rate of the dropout at the end of the contracting path.
        strides: strides of the first level's two convolutions; the output is coarser than the input by their product.
    """

    def __init__(
        self,
        *,
        input_shape=(572, 572, 1),
        classes=2,
        filters=(64, 128, 256, 512, 1024),
        padding="valid",
        normalization=False,
        dropout=0.5,
        strides=(1, 1),
        name="unet",
    ):
        def convolution(x, channels, label, stride=1):
            # Section 3: weights are drawn from a Gaussian of deviation sqrt(2 / N), N the inputs of one neuron.
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
                x = layers.BatchNormalization(name=f"{label}_norm")(x)
            return layers.ReLU(name=f"{label}_relu")(x)

        levels = len(filters)
        inputs = keras.Input(input_shape, dtype="uint8", name="image")  # (B, H, W, C)
        x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(inputs)

        contracting = []
        for level, channels in enumerate(filters, start=1):
            if level > 1:
                x = layers.MaxPooling2D(2, name=f"down{level}_pool")(x)  # (B, h/2, w/2, c)
            first, second = strides if level == 1 else (1, 1)
            x = convolution(x, channels, f"down{level}_conv1", first)
            x = convolution(x, channels, f"down{level}_conv2", second)
            contracting.append(x)
        if dropout:
            x = layers.Dropout(dropout, name="dropout")(x)

        for level in range(levels - 1, 0, -1):
            channels = filters[level - 1]
            x = layers.Conv2DTranspose(channels, 2, strides=2, name=f"up{level}_conv")(x)  # (B, 2h, 2w, c)
            skip = contracting[level - 1]
            if padding == "valid":
                skip = layers.Cropping2D(border(levels - level), name=f"up{level}_crop")(skip)
            x = layers.Concatenate(name=f"up{level}_concat")([skip, x])  # (B, 2h, 2w, 2c)
            x = convolution(x, channels, f"up{level}_conv1")
            x = convolution(x, channels, f"up{level}_conv2")
        outputs = layers.Conv2D(classes, 1, dtype="float32", name="logits")(x)  # (B, H', W', classes)

        super().__init__(inputs, outputs, name=name)
        self._arguments = {
            "input_shape": tuple(input_shape),
            "classes": classes,
            "filters": tuple(filters),
            "padding": padding,
            "normalization": normalization,
            "dropout": dropout,
            "strides": tuple(strides),
            "name": name,
        }

    def compile(self, optimizer=None, loss=None, **kwargs):
        """Defaults are the paper's: momentum 0.99 (section 3), and the pixelwise cross-entropy of eq. 1 on integer
        labels (B, H', W'); its weight map w(x) of eq. 2 goes in as `sample_weight` (B, H', W')."""
        optimizer = optimizer or keras.optimizers.SGD(1e-3, momentum=0.99)
        loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        super().compile(optimizer=optimizer, loss=loss, **kwargs)

    def get_config(self):
        return dict(self._arguments)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)
