"""StyleGAN2: a generator that is told at every size of the picture, by the strength of its maps, what to draw.

Tero Karras, Samuli Laine, Miika Aittala, Janne Hellsten, Jaakko Lehtinen, Timo Aila, "Analyzing and Improving the Image
Quality of StyleGAN", CVPR 2020. https://arxiv.org/abs/1912.04958

What was new: latents first become a style w, by a network of their own, and w scales the maps that go into each
convolution; the same constant picture of 4 x 4 is where all of them start (both from the first StyleGAN, 2018). To
normalise maps by what they are expected to be, rather than by what they are, left no blobs in the pictures. The picture
is a sum of pictures of all sizes, and no size has to be grown one after the other.

    w'_ijk = s_i w_ijk                                     eq. 1: s, a style, scales the maps i that come in
    w''_ijk = w'_ijk / sqrt(sum_ik w'_ijk^2 + epsilon)     eq. 3: those that go out, j, keep unit variance
    R_1 = gamma / 2 E_x |grad_x D(x)|^2                    Mescheder, Geiger, Nowozin 2018, eq. 9: keeps D smooth

The default is configuration F of table 1 for 1024 x 1024 pixels: 30,370,043 parameters, 17 fewer than the published
network has without the strengths of the noise, and 29,012,513 in the discriminator.

Where this file departs from the paper, and why:
- R_1 is estimated in each step, on a part of the batch and without a second backward pass: |grad D|^2 is the mean of
  (n . grad D)^2 over Gaussian n, and n . grad D is how much D differs between x + h n and x - h n, divided by 2 h. So
  it trains in float32: to bfloat16 the two are nearly the same.
- No noise beside the maps, which serves hair and pores in large pictures; no mixing of styles and no regularisation of
  path lengths.
- The deviation that the discriminator is told of is that of the whole batch, as in T. Karras and others, "Progressive
  Growing of GANs" (2018), section 3, not of groups of four.
- `conditions`, as in T. Karras and others, "Training GANs with Limited Data" (2020), appendix D, but for an
  embedding that is linear in the discriminator, too; and `augment` as in `zoo.models.dcgan`.

Letters: B pictures, Z latents, W style, N labels of a picture, C maps.
"""

import math

import keras
import numpy as np
from keras import layers, ops

from zoo.errors import BadInput
from zoo.hub.registry import register
from zoo.models.dcgan import OneHot, augmented
from zoo.models.gan import Adversarial

LEAK = 0.2
GAIN = math.sqrt(2)  # of the leaky ReLU, to keep the variance
FILTER = np.array([1.0, 3.0, 3.0, 1.0])  # appendix B: what pictures are smoothed with when their size changes
PART = 4  # one of so many pictures is what R_1 is estimated on
STEP = 0.01  # h: about one grey level


@register(
    "stylegan2",
    title="StyleGAN2",
    year=2019,
    paper="T. Karras and others, Analyzing and Improving the Image Quality of StyleGAN (2019)",
    url="https://arxiv.org/abs/1912.04958",
    lineage=("dcgan",),
)
class StyleGAN2(Adversarial):
    """Latents float32 (B, Z) -> pictures float32 (B, H, W, C), -1 black to 1 white, though some are a little beyond;
    with `conditions`, labels int (B, N) beside.

    `mapping`, from the same to styles (B, W), and `synthesis`, from those to pictures, are models too. `compile()` has
    the paper's optimiser for a default. Raises `zoo.errors.BadInput` for no latents or maps, for pictures that aren't 4
    pixels doubled once or more, and for a label of fewer than 2 values.

    Args:
        input_shape: (H, W, C) of the pictures.
        latents: numbers that a picture is made of, and as many of a style.
        maps: at full size; each halving of the picture doubles them, up to `most`.
        depth: layers of the mapping network.
        conditions: how many values each label may have, such as (10,); none for pictures of no kind in particular.
        augment: change what the discriminator is shown.
        penalty: gamma of R_1.
        truncation: of the styles of pictures that `sample` makes, see `styles`.
    """

    def __init__(
        self,
        *,
        input_shape=(1024, 1024, 3),
        latents=512,
        channels=32,
        most=512,
        depth=8,
        conditions=(),
        augment=False,
        penalty=10.0,
        truncation=1.0,
    ):
        if min(latents, channels, most, depth) < 1 or any(count < 2 for count in conditions):
            raise BadInput(
                f"StyleGAN2 can't have {latents} latents, {channels} to {most} channels, {depth} layers of mapping and "
                f"conditions {tuple(conditions)}; give one or more of each, and labels of two or more values"
            )
        side = input_shape[0]
        if side != input_shape[1] or side < 8 or side & (side - 1):
            raise BadInput(f"StyleGAN2 can't make {side} x {input_shape[1]} pictures; sides are 8, 16, 32 and so on")
        counts = [min(most, channels * side // size) for size in _sizes(side)]  # of maps, from 4 x 4 on
        mapping = _mapping(latents, depth, conditions)
        synthesis = _synthesis(latents, counts, input_shape[-1])
        discriminator = _discriminator(input_shape, counts, conditions)
        super().__init__(mapping.input, synthesis(mapping.output), discriminator, black=-1.0, name="stylegan2")
        self.mapping, self.synthesis = mapping, synthesis
        self.augment, self.penalty = augment, penalty
        self.seed = keras.random.SeedGenerator(2019)
        self.arguments = {
            "input_shape": tuple(input_shape),
            "latents": latents,
            "channels": channels,
            "most": most,
            "depth": depth,
            "conditions": tuple(conditions),
            "augment": augment,
            "penalty": penalty,
            "truncation": truncation,
        }

    def compile(self, optimizer=None, **kwargs):
        """The default optimiser is the paper's Adam: rate 0.002, momenta 0 and 0.99 (appendix B)."""
        super().compile(optimizer or keras.optimizers.Adam(0.002, beta_1=0.0, beta_2=0.99, epsilon=1e-8), **kwargs)

    def prepare(self, pictures):
        return augmented(pictures, self.seed) if self.augment else pictures

    def regularize(self, discriminator, pictures, told):
        """R_1, see above."""
        few = (ops.shape(pictures)[0] + PART - 1) // PART  # one at least
        x, told = self.prepare(pictures[:few]), [labels[:few] for labels in told]
        noise = keras.random.normal(ops.shape(x), dtype=x.dtype, seed=self.seed)
        more, less = (ops.cast(discriminator(x + h * noise, told), "float32") for h in (STEP, -STEP))
        return self.penalty / 2 * ops.mean(ops.square((more - less) / (2 * STEP)))

    def styles(self, inputs, *, truncation: float | None = None):
        """Styles of what `draw_latents` gives, float32 (B, W); `synthesis` or `draw` makes pictures of them.

        truncation: below 1, styles come nearer to the mean one of their labels: likelier pictures, but fewer different
            ones (T. Karras, S. Laine, T. Aila, "A Style-Based Generator Architecture for GANs", 2018, appendix B).
            The model's own when None.
        """
        styles = ops.convert_to_numpy(self.mapping(inputs))
        truncation = self.arguments["truncation"] if truncation is None else truncation
        if truncation == 1:
            return styles
        means, own = self._mean_styles(inputs[1] if isinstance(inputs, list) else None)
        return means[own] + truncation * (styles - means[own])

    def _mean_styles(self, labels, samples=1000):
        """The mean style of each kind of picture, (kinds, W), and which kind each of the labels is."""
        if labels is None:
            return ops.convert_to_numpy(self.mapping(self.draw_latents(samples))).mean(axis=0, keepdims=True), 0
        kinds, own = np.unique(np.asarray(labels), axis=0, return_inverse=True)
        asked = [np.repeat(kind[None], samples, axis=0) for kind in kinds]
        styles = [self.mapping(self.draw_latents(samples, labels=each)) for each in asked]
        return np.stack([ops.convert_to_numpy(each).mean(axis=0) for each in styles]), own.ravel()

    def pictures(self, inputs):
        """Pictures of what `draw_latents` gives, uint8 (B, H, W, C)."""
        return self.draw(self.styles(inputs))

    def draw(self, styles):
        """Pictures of styles (B, W), uint8 (B, H, W, C)."""
        return self.as_bytes(self.synthesis(styles))


def _sizes(side) -> list:
    return [4 << number for number in range(int(math.log2(side)) - 1)]


def _mapping(latents, depth, conditions):
    """Latents, and labels if there are any, to a style (B, W)."""
    z = keras.Input((latents,), name="z")
    inputs, x = z, UnitVariance(name="normalize")(z)
    if conditions:
        labels = keras.Input((len(conditions),), dtype="int32", name="labels")
        told = layers.Concatenate(name="told")(OneHot.each(labels, conditions))
        told = UnitVariance(name="embedding_normalize")(Dense(latents, name="embedding")(told))
        inputs, x = [z, labels], layers.Concatenate(name="both")([x, told])
    for number in range(1, depth + 1):
        x = Dense(latents, activate=True, slowness=100, name=f"mapping{number}")(x)  # (B, W)
    return keras.Model(inputs, x, name="mapping")


def _synthesis(latents, counts, channels):
    """A style to the sum of pictures of all sizes (figure 7b)."""
    w = keras.Input((latents,), name="style")
    x = Constant(counts[0], name="constant")(w)  # (B, 4, 4, C)
    x = ModulatedConv2D(counts[0], 3, name="draw4")(x, w)
    picture = ModulatedConv2D(channels, 1, plain=True, name="picture4")(x, w)
    for number, channels in enumerate(counts[1:], start=1):
        size = 4 << number
        x = ModulatedConv2D(channels, 3, doubled=True, name=f"double{size}")(x, w)  # (B, size, size, maps)
        x = ModulatedConv2D(channels, 3, name=f"draw{size}")(x, w)
        larger = layers.UpSampling2D(interpolation="bilinear", name=f"enlarge{size}")(picture)
        here = ModulatedConv2D(channels, 1, plain=True, name=f"picture{size}")(x, w)
        picture = layers.Add(name=f"sum{size}")([larger, here])
    return keras.Model(w, layers.Activation("linear", dtype="float32", name="pictures")(picture), name="synthesis")


def _discriminator(input_shape, counts, conditions):
    """Residual blocks that halve the picture (figure 7c)."""
    pictures = keras.Input(input_shape, name="pictures")
    x = Conv2D(counts[-1], 1, activate=True, name="from_pictures")(pictures)
    for number in range(len(counts) - 1, 0, -1):
        size = 4 << number
        residual = Conv2D(counts[number], 3, activate=True, name=f"look{size}")(x)
        residual = Conv2D(counts[number - 1], 3, activate=True, halved=True, name=f"halve{size}")(residual)
        shortcut = Conv2D(counts[number - 1], 1, halved=True, bias=False, name=f"shortcut{size}")(x)
        x = layers.Add(name=f"block{size}")([residual, shortcut])
        x = layers.Rescaling(1 / GAIN, name=f"scale{size}")(x)  # (B, size / 2, size / 2, C)
    x = Conv2D(counts[0], 3, activate=True, name="look4")(Deviation(name="deviation")(x))
    x = Dense(counts[0], activate=True, name="dense")(layers.Flatten(name="flatten")(x))
    if not conditions:
        return keras.Model(pictures, Dense(1, name="logit")(x), name="discriminator")
    labels = keras.Input((len(conditions),), dtype="int32", name="labels")
    told = layers.Concatenate(name="told")(OneHot.each(labels, conditions))
    wanted = UnitVariance(name="wanted_normalize")(Dense(counts[0], name="wanted")(told))
    found = Dense(counts[0], name="found")(x)
    logit = layers.Dot(axes=1, name="projection")([found, wanted])
    logit = layers.Rescaling(counts[0] ** -0.5, name="logit")(logit)
    return keras.Model([pictures, labels], logit, name="discriminator")


class Equalized(layers.Layer):
    """A layer whose weights start as N(0, 1) and are scaled where they are used, so that all of them learn alike.

    "Progressive Growing of GANs" (2018), section 4.1. A `slowness` makes weights larger and their scale smaller.
    """

    def add_kernel(self, *shape, slowness=1):
        self.scale = 1 / math.sqrt(math.prod(shape[:-1])) / slowness
        start = keras.initializers.RandomNormal(stddev=float(slowness))
        return self.add_weight(shape=shape, initializer=start, name="kernel")

    def add_bias(self, count, start=0.0):
        return self.add_weight(shape=(count,), initializer=keras.initializers.Constant(start), name="bias")


class Dense(Equalized):
    """(B, I) -> (B, units). activate: leaky ReLU after. start: of the biases."""

    def __init__(self, units, *, activate=False, slowness=1, start=0.0, **kwargs):
        super().__init__(**kwargs)
        self.units, self.activate, self.slowness, self.start = units, activate, slowness, start

    def build(self, input_shape):
        self.kernel = self.add_kernel(input_shape[-1], self.units, slowness=self.slowness)
        self.bias = self.add_bias(self.units, self.start)

    def call(self, x):
        x = ops.matmul(x, self.kernel * self.scale) + self.bias / self.slowness
        return activated(x) if self.activate else x


class Conv2D(Equalized):
    """(B, H, W, I) -> (B, H, W, maps), or half of H and W. activate: leaky ReLU after. halved: smoothed, then every
    other pixel."""

    def __init__(self, channels, size, *, activate=False, halved=False, bias=True, **kwargs):
        super().__init__(**kwargs)
        self.channels, self.size, self.activate, self.halved, self.biased = channels, size, activate, halved, bias

    def build(self, input_shape):
        self.kernel = self.add_kernel(self.size, self.size, input_shape[-1], self.channels)
        self.bias = self.add_bias(self.channels) if self.biased else None

    def call(self, x):
        kernel = self.kernel * self.scale
        if self.halved:
            x = ops.conv(smoothed(x, (self.size + 1) // 2), kernel, strides=2, padding="valid")
        else:
            x = ops.conv(x, kernel, padding="same")
        x = x if self.bias is None else x + self.bias
        return activated(x) if self.activate else x


class ModulatedConv2D(Equalized):
    """A convolution whose weights a style scales: maps (B, H, W, I), style (B, W) -> (B, H, W, maps).

    Scaling what comes in and what goes out does what eqs. 1 and 3 do to the weights, with the same weights for all
    pictures of a batch.

    doubled: (B, 2 H, 2 W, maps), smoothed. plain: neither normalised nor activated, as for the picture.
    """

    def __init__(self, channels, size, *, doubled=False, plain=False, **kwargs):
        super().__init__(**kwargs)
        self.channels, self.size, self.doubled, self.plain = channels, size, doubled, plain

    def build(self, x_shape, w_shape):
        self.kernel = self.add_kernel(self.size, self.size, x_shape[-1], self.channels)
        self.bias = self.add_bias(self.channels)
        self.style = Dense(x_shape[-1], start=1.0, name="style", dtype=self.dtype_policy)
        self.style.build(w_shape)

    def compute_output_shape(self, x_shape, w_shape):
        batch, height, width, _ = x_shape
        times = 2 if self.doubled else 1
        return batch, times * height, times * width, self.channels

    def call(self, x, w):
        style, kernel = self.style(w), self.kernel * self.scale  # (B, I)
        x = x * style[:, None, None, :]  # eq. 1
        if self.doubled:
            x = ops.conv_transpose(x, ops.transpose(kernel, (0, 1, 3, 2)), strides=2, padding="valid")
            x = 4 * smoothed(x, 1)  # (B, 2 H + 1, 2 W + 1, maps) -> (B, 2 H, 2 W, maps); 3 of 4 pixels were zero
        else:
            x = ops.conv(x, kernel, padding="same")
        if self.plain:
            return x + self.bias
        squares = ops.sum(ops.square(kernel), axis=(0, 1))  # (I, maps)
        variance = ops.matmul(ops.square(style), squares)  # (B, maps)
        return activated(x * ops.rsqrt(variance + 1e-8)[:, None, None, :] + self.bias)  # eq. 3


class Constant(layers.Layer):
    """The 4 x 4 maps that every picture starts from: any (B, ...) -> (B, 4, 4, maps)."""

    def __init__(self, channels, **kwargs):
        super().__init__(**kwargs)
        self.channels = channels

    def build(self, input_shape):
        self.constant = self.add_weight(shape=(4, 4, self.channels), initializer="random_normal", name="constant")

    def call(self, w):
        return ops.ones_like(w[:, :1, None, None]) * self.constant


class UnitVariance(layers.Layer):
    """Each row divided by the root of its mean square: (B, W) -> the same."""

    def call(self, x):
        return x * ops.rsqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + 1e-8)


class Deviation(layers.Layer):
    """One more map: how much pictures of this batch differ, a mean over maps and places. (B, H, W, C) -> C + 1."""

    def call(self, x):
        deviation = ops.sqrt(ops.var(ops.cast(x, "float32"), axis=0, keepdims=True) + 1e-8)
        mean = ops.cast(ops.mean(deviation, keepdims=True), x.dtype)
        return ops.concatenate([x, ops.ones_like(x[..., :1]) * mean], axis=-1)


def activated(x):
    return ops.leaky_relu(x, LEAK) * GAIN


def smoothed(x, border):
    """Smoothed by `FILTER` both ways: (B, H, W, C) -> (B, H + 2 border - 3, W + 2 border - 3, C)."""
    x = ops.pad(x, ((0, 0), (border, border), (border, border), (0, 0)))
    weights = FILTER / FILTER.sum()
    for shape in ((-1, 1, 1, 1), (1, -1, 1, 1)):
        kernel = np.repeat(weights.reshape(shape), x.shape[-1], axis=2)  # the same for all maps
        x = ops.depthwise_conv(x, ops.convert_to_tensor(kernel, x.dtype), padding="valid")
    return x
