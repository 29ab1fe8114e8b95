"""StyleGAN2: a generator whose convolutions are modulated by a style at every resolution.

Tero Karras, Samuli Laine, Miika Aittala, Janne Hellsten, Jaakko Lehtinen, Timo Aila, "Analyzing and Improving the Image
Quality of StyleGAN", CVPR 2020. https://arxiv.org/abs/1912.04958

What was new: a mapping network turns latents into a style w, which scales the input channels of each convolution; the
synthesis starts from a learned constant of 4 x 4 (both from the first StyleGAN, 2018). Normalising by the expected
rather than the actual variance of the feature maps removed the blob artefacts. The image is a sum of images of all
resolutions, so progressive growing isn't needed.

    w'_ijk = s_i w_ijk                                     eq. 1: modulation; s, a style, scales input channel i
    w''_ijk = w'_ijk / sqrt(sum_ik w'_ijk^2 + epsilon)     eq. 3: demodulation: output channel j has unit variance
    R_1 = gamma / 2 E_x |grad_x D(x)|^2                    Mescheder, Geiger, Nowozin 2018, eq. 9: keeps D smooth

The default is configuration F of table 1 for 1024 x 1024 pixels: 30,370,043 parameters, 17 fewer than the published
network has without the strengths of the noise, and 29,012,513 in the discriminator.

Where this file departs from the paper, and why:
- R_1 is estimated in each step, on a part of the batch and without a second backward pass: |grad D|^2 is the mean of
  (n . grad D)^2 over Gaussian n, and n . grad D is a finite difference of D, (D(x + h n) - D(x - h n)) / 2 h. So it
  trains in float32: bfloat16 can't resolve the difference.
- No noise inputs, which serve hair and pores in large images; no style mixing and no path length regularisation.
- The minibatch standard deviation is that of the whole batch, as in T. Karras and others, "Progressive Growing of GANs"
  (2018), section 3, not of groups of four.
- `conditions`, as in T. Karras and others, "Training GANs with Limited Data" (2020), appendix D, but with a linear
  embedding in the discriminator, too; and `augment` as in `zoo.models.dcgan`.

Letters: B images, Z latents, W style, N labels of an image, C channels.
"""

import math
from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops

from zoo.errors import BadInput
from zoo.hub.registry import register
from zoo.models.dcgan import OneHot, augmented
from zoo.models.gan import Adversarial
from zoo.nn.checks import check_shape

LEAK = 0.2
GAIN = math.sqrt(2)  # of the leaky ReLU, to preserve the variance
FILTER = np.array([1.0, 3.0, 3.0, 1.0])  # appendix B: low-pass filter of up- and downsampling
R1_FRACTION = 4  # R_1 is estimated on a fourth of the batch
STEP = 0.01  # h: about one grey level


@register(
    "stylegan2",
    title="StyleGAN2",
    year=2019,
    paper="T. Karras and others, Analyzing and Improving the Image Quality of StyleGAN (2019)",
    url="https://arxiv.org/abs/1912.04958",
    lineage=("dcgan",),
    new="styles that modulate every convolution of the generator",
)
class StyleGAN2(Adversarial):
    """Latents float32 (B, Z) -> images float32 (B, H, W, C), -1 black to 1 white, not clipped; with `conditions`,
    labels int (B, N) too.

    `mapping`, from the same inputs to styles (B, W), and `synthesis`, from those to images, are models too. `compile()`
    defaults to the paper's optimiser. Raises `zoo.errors.BadInput` for no latents or channels, for images whose side
    isn't 4 doubled once or more, and for a label of fewer than 2 values.

    Args:
        input_shape: (H, W, C) of the images.
        latents: Z, the number of latents, and W, that of a style.
        channels: at full resolution; each halving of the image doubles them, up to `max_channels`.
        depth: layers of the mapping network.
        conditions: number of values of each label, such as (10,); empty for an unconditional model.
        augment: augment the discriminator's input.
        penalty: gamma of R_1.
        truncation: default truncation of the styles in `sample`, see `styles`.
    """

    def __init__(
        self,
        *,
        input_shape: tuple[int, int, int] = (1024, 1024, 3),
        latents: int = 512,
        channels: int = 32,
        max_channels: int = 512,
        depth: int = 8,
        conditions: Sequence[int] = (),
        augment: bool = False,
        penalty: float = 10.0,
        truncation: float = 1.0,
    ):
        if min(latents, channels, max_channels, depth) < 1 or any(count < 2 for count in conditions):
            raise BadInput(
                f"StyleGAN2 can't have {latents} latents, {channels} to {max_channels} channels, {depth} mapping "
                f"layers and conditions {tuple(conditions)}; give 1 or more of each, and labels of 2 or more values"
            )
        check_shape("StyleGAN2", input_shape)
        side = input_shape[0]
        if side != input_shape[1] or side < 8 or side & (side - 1):
            raise BadInput(f"StyleGAN2 can't make {side} x {input_shape[1]} images; sides are 8, 16, 32 and so on")
        counts = [min(max_channels, channels * side // size) for size in _sizes(side)]  # of channels, from 4 x 4 on
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
            "max_channels": max_channels,
            "depth": depth,
            "conditions": tuple(conditions),
            "augment": augment,
            "penalty": penalty,
            "truncation": truncation,
        }

    def compile(self, optimizer=None, **kwargs):
        """The default optimiser is the paper's Adam: learning rate 0.002, beta_1 0, beta_2 0.99 (appendix B)."""
        super().compile(optimizer or keras.optimizers.Adam(0.002, beta_1=0.0, beta_2=0.99, epsilon=1e-8), **kwargs)

    def prepare(self, images):
        return augmented(images, self.seed) if self.augment else images

    def regularize(self, discriminator, images, labels):
        """R_1, see the module's docstring."""
        count = (ops.shape(images)[0] + R1_FRACTION - 1) // R1_FRACTION  # one at least
        x, labels = self.prepare(images[:count]), [each[:count] for each in labels]
        noise = keras.random.normal(ops.shape(x), dtype=x.dtype, seed=self.seed)
        above, below = (ops.cast(discriminator(x + h * noise, labels), "float32") for h in (STEP, -STEP))
        return self.penalty / 2 * ops.mean(ops.square((above - below) / (2 * STEP)))

    def styles(self, inputs, *, truncation: float | None = None) -> np.ndarray:
        """Styles of the generator's inputs, float32 (B, W); `synthesize` makes images of them.

        truncation: below 1, styles move towards the mean style of their labels: more typical and less diverse images
            (T. Karras, S. Laine, T. Aila, "A Style-Based Generator Architecture for GANs", 2018, appendix B). The
            model's own when None.
        """
        styles = ops.convert_to_numpy(self.mapping(inputs))
        truncation = self.arguments["truncation"] if truncation is None else truncation
        if truncation == 1:
            return styles
        means, index = self._mean_styles(inputs[1] if isinstance(inputs, list) else None)
        return means[index] + truncation * (styles - means[index])

    def _mean_styles(self, labels, samples=1000):
        """The mean style of each combination of labels, (K, W), and the index of each row's combination."""
        if labels is None:
            return ops.convert_to_numpy(self.mapping(self.sample_latents(samples))).mean(axis=0, keepdims=True), 0
        combinations, index = np.unique(np.asarray(labels), axis=0, return_inverse=True)
        repeated = [np.repeat(row[None], samples, axis=0) for row in combinations]
        styles = [self.mapping(self.sample_latents(samples, labels=each)) for each in repeated]
        return np.stack([ops.convert_to_numpy(each).mean(axis=0) for each in styles]), index.ravel()

    def generate(self, inputs) -> np.ndarray:
        """Images from the generator's inputs, as `sample_latents` gives them, with truncation: uint8 (B, H, W, C)."""
        return self.synthesize(self.styles(inputs))

    def synthesize(self, styles) -> np.ndarray:
        """Images from styles (B, W): uint8 (B, H, W, C)."""
        return self.to_uint8(self.synthesis(styles))


def _sizes(side) -> list:
    """Resolutions from 4 to `side`."""
    return [4 << number for number in range(int(math.log2(side)) - 1)]


def _mapping(latents, depth, conditions):
    """Latents (B, Z), and labels (B, N) if conditional, to a style (B, W)."""
    z = keras.Input((latents,), name="z")
    inputs, x = z, UnitVariance(name="normalize")(z)
    if conditions:
        labels = keras.Input((len(conditions),), dtype="int32", name="labels")
        one_hot = layers.Concatenate(name="one_hot")(OneHot.each(labels, conditions))
        embedded = UnitVariance(name="embedding_normalize")(Dense(latents, name="embedding")(one_hot))
        inputs, x = [z, labels], layers.Concatenate(name="conditioned")([x, embedded])
    for number in range(1, depth + 1):
        x = Dense(latents, activate=True, lr_divisor=100, name=f"mapping{number}")(x)  # (B, W)
    return keras.Model(inputs, x, name="mapping")


def _synthesis(latents, counts, colours):
    """A style to the sum of images of all resolutions (figure 7b)."""
    w = keras.Input((latents,), name="style")
    x = Constant(counts[0], name="constant")(w)  # (B, 4, 4, C)
    x = ModulatedConv2D(counts[0], 3, name="conv4")(x, w)
    image = ModulatedConv2D(colours, 1, plain=True, name="to_rgb4")(x, w)
    for number, channels in enumerate(counts[1:], start=1):
        size = 4 << number
        x = ModulatedConv2D(channels, 3, upsample=True, name=f"upsample{size}")(x, w)  # (B, size, size, channels)
        x = ModulatedConv2D(channels, 3, name=f"conv{size}")(x, w)
        larger = layers.UpSampling2D(interpolation="bilinear", name=f"skip{size}")(image)
        own = ModulatedConv2D(colours, 1, plain=True, name=f"to_rgb{size}")(x, w)
        image = layers.Add(name=f"sum{size}")([larger, own])
    return keras.Model(w, layers.Activation("linear", dtype="float32", name="images")(image), name="synthesis")


def _discriminator(input_shape, counts, conditions):
    """Residual blocks that each halve the resolution (figure 7c)."""
    images = keras.Input(input_shape, name="images")
    x = Conv2D(counts[-1], 1, activate=True, name="from_rgb")(images)
    for number in range(len(counts) - 1, 0, -1):
        size = 4 << number
        residual = Conv2D(counts[number], 3, activate=True, name=f"conv{size}")(x)
        residual = Conv2D(counts[number - 1], 3, activate=True, downsample=True, name=f"downsample{size}")(residual)
        shortcut = Conv2D(counts[number - 1], 1, downsample=True, bias=False, name=f"shortcut{size}")(x)
        x = layers.Add(name=f"block{size}")([residual, shortcut])
        x = layers.Rescaling(1 / GAIN, name=f"scale{size}")(x)  # (B, size / 2, size / 2, C)
    x = Conv2D(counts[0], 3, activate=True, name="conv4")(MinibatchStddev(name="minibatch_stddev")(x))
    x = Dense(counts[0], activate=True, name="dense")(layers.Flatten(name="flatten")(x))
    if not conditions:
        return keras.Model(images, Dense(1, name="logit")(x), name="discriminator")
    labels = keras.Input((len(conditions),), dtype="int32", name="labels")
    one_hot = layers.Concatenate(name="one_hot")(OneHot.each(labels, conditions))
    embedded = UnitVariance(name="embedding_normalize")(Dense(counts[0], name="embedding")(one_hot))
    features = Dense(counts[0], name="features")(x)
    logit = layers.Dot(axes=1, name="projection")([features, embedded])
    logit = layers.Rescaling(counts[0] ** -0.5, name="logit")(logit)
    return keras.Model([images, labels], logit, name="discriminator")


class Equalized(layers.Layer):
    """Equalised learning rate: weights are initialised from N(0, 1) and scaled at use, so that all learn equally fast.

    "Progressive Growing of GANs" (2018), section 4.1. `lr_divisor` divides the learning rate: it makes weights larger
    and their scale smaller.
    """

    def add_kernel(self, *shape, lr_divisor=1):
        self.scale = 1 / math.sqrt(math.prod(shape[:-1])) / lr_divisor
        start = keras.initializers.RandomNormal(stddev=float(lr_divisor))
        return self.add_weight(shape=shape, initializer=start, name="kernel")

    def add_bias(self, count, start=0.0):
        return self.add_weight(shape=(count,), initializer=keras.initializers.Constant(start), name="bias")


class Dense(Equalized):
    """(B, I) -> (B, units). activate: leaky ReLU after. start: initial value of the biases."""

    def __init__(self, units: int, *, activate: bool = False, lr_divisor: int = 1, start: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.units, self.activate, self.lr_divisor, self.start = units, activate, lr_divisor, start

    def build(self, input_shape):
        self.kernel = self.add_kernel(input_shape[-1], self.units, lr_divisor=self.lr_divisor)
        self.bias = self.add_bias(self.units, self.start)

    def call(self, x):
        x = ops.matmul(x, self.kernel * self.scale) + self.bias / self.lr_divisor
        return scaled_leaky_relu(x) if self.activate else x


class Conv2D(Equalized):
    """(B, H, W, I) -> (B, H, W, channels). activate: leaky ReLU after. downsample: low-pass filter first and stride
    2, to half of H and W.
    """

    def __init__(
        self, channels: int, size: int, *, activate: bool = False, downsample: bool = False, bias: bool = True, **kwargs
    ):
        super().__init__(**kwargs)
        self.channels, self.size, self.activate, self.downsample, self.biased = (
            channels,
            size,
            activate,
            downsample,
            bias,
        )

    def build(self, input_shape):
        self.kernel = self.add_kernel(self.size, self.size, input_shape[-1], self.channels)
        self.bias = self.add_bias(self.channels) if self.biased else None

    def call(self, x):
        kernel = self.kernel * self.scale
        if self.downsample:
            x = ops.conv(blur(x, (self.size + 1) // 2), kernel, strides=2, padding="valid")
        else:
            x = ops.conv(x, kernel, padding="same")
        x = x if self.bias is None else x + self.bias
        return scaled_leaky_relu(x) if self.activate else x


class ModulatedConv2D(Equalized):
    """A convolution whose weights a style modulates: feature maps (B, H, W, I), style (B, W) -> (B, H, W, channels).

    Scaling its input and its output is equivalent to eqs. 1 and 3 on the weights, with the same weights for all images
    of a batch.

    upsample: output (B, 2 H, 2 W, channels), low-pass filtered. plain: neither demodulated nor activated, as for RGB.
    """

    def __init__(self, channels: int, size: int, *, upsample: bool = False, plain: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.channels, self.size, self.upsample, self.plain = channels, size, upsample, plain

    def build(self, x_shape, w_shape):
        self.kernel = self.add_kernel(self.size, self.size, x_shape[-1], self.channels)
        self.bias = self.add_bias(self.channels)
        self.style = Dense(x_shape[-1], start=1.0, name="style", dtype=self.dtype_policy)
        self.style.build(w_shape)

    def compute_output_shape(self, x_shape, w_shape):
        batch, height, width, _ = x_shape
        factor = 2 if self.upsample else 1
        return batch, factor * height, factor * width, self.channels

    def call(self, x, w):
        style, kernel = self.style(w), self.kernel * self.scale  # (B, I)
        x = x * style[:, None, None, :]  # eq. 1
        if self.upsample:
            x = ops.conv_transpose(x, ops.transpose(kernel, (0, 1, 3, 2)), strides=2, padding="valid")
            x = 4 * blur(x, 1)  # (B, 2 H + 1, 2 W + 1, C) -> (B, 2 H, 2 W, C); 3 of 4 pixels were zero
        else:
            x = ops.conv(x, kernel, padding="same")
        if self.plain:
            return x + self.bias
        squares = ops.sum(ops.square(kernel), axis=(0, 1))  # (I, channels)
        variance = ops.matmul(ops.square(style), squares)  # (B, channels)
        return scaled_leaky_relu(x * ops.rsqrt(variance + 1e-8)[:, None, None, :] + self.bias)  # eq. 3


class Constant(layers.Layer):
    """The learned 4 x 4 constant that the synthesis starts from: any (B, ...) -> (B, 4, 4, channels)."""

    def __init__(self, channels: int, **kwargs):
        super().__init__(**kwargs)
        self.channels = channels

    def build(self, input_shape):
        self.constant = self.add_weight(shape=(4, 4, self.channels), initializer="random_normal", name="constant")

    def call(self, w):
        return ops.ones_like(w[:, :1, None, None]) * self.constant


class UnitVariance(layers.Layer):
    """Each row divided by its root mean square: (B, W) -> the same."""

    def call(self, x):
        return x * ops.rsqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + 1e-8)


class MinibatchStddev(layers.Layer):
    """One more channel: the standard deviation over the batch, averaged over channels and positions. (B, H, W, C) ->
    C + 1.
    """

    def call(self, x):
        deviation = ops.sqrt(ops.var(ops.cast(x, "float32"), axis=0, keepdims=True) + 1e-8)
        mean = ops.cast(ops.mean(deviation, keepdims=True), x.dtype)
        return ops.concatenate([x, ops.ones_like(x[..., :1]) * mean], axis=-1)


def scaled_leaky_relu(x):
    return ops.leaky_relu(x, LEAK) * GAIN


def blur(x, border):
    """Low-pass filter `FILTER` along both axes: (B, H, W, C) -> (B, H + 2 border - 3, W + 2 border - 3, C)."""
    x = ops.pad(x, ((0, 0), (border, border), (border, border), (0, 0)))
    weights = FILTER / FILTER.sum()
    for shape in ((-1, 1, 1, 1), (1, -1, 1, 1)):
        kernel = np.repeat(weights.reshape(shape), x.shape[-1], axis=2)  # the same for all channels
        x = ops.depthwise_conv(x, ops.convert_to_tensor(kernel, x.dtype), padding="valid")
    return x
