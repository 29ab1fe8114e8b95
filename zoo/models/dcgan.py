"""DCGAN: deep convolutional generative adversarial nets, and the rules by which they train stably.

Alec Radford, Luke Metz, Soumith Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks", ICLR 2016. https://arxiv.org/abs/1511.06434

What was new: a handful of rules that make convolutional GANs train stably: strided convolutions rather than pooling;
batch normalisation in both networks, except where images go in or come out; no hidden dense layers; ReLU and at last
tanh in the generator, leaky ReLU in the discriminator. The latent space turned out to have structure: images can be
interpolated, and features added and subtracted.

The default is figure 1's generator, 100 latents -> 4 x 4 x 1024 -> 8 x 8 x 512 -> 16 x 16 x 256 -> 32 x 32 x 128 ->
64 x 64 x 3, and as discriminator its reverse. The paper gives no count of parameters: 18,855,043 and 17,232,897.

Later practice is available by arguments, off by default:
- `conditions`: conditioning on labels. The generator gets them one-hot beside the latents (M. Mirza, S. Osindero,
  "Conditional Generative Adversarial Nets", 2014), the discriminator by a projection (T. Miyato, M. Koyama, "cGANs with
  Projection Discriminator", 2018, eq. 3: logit = w phi(x) + v_y phi(x)).
- `spectral`: spectral normalisation in place of the discriminator's batch normalisation: kernels divided by their
  largest singular value, which each training step estimates by one power iteration (T. Miyato and others, "Spectral
  Normalization for GANs", 2018, algorithm 1; they normalise the last layer, too, which here may scale the logit).
- `augment`: the discriminator's input, real and generated, is translated, cut out and recoloured at random, by
  differentiable functions (S. Zhao and others, "Differentiable Augmentation for Data-Efficient GAN Training", 2020).
- the hinge loss: `compile(optimizer, loss="hinge")`; averaged weights: the optimiser's `use_ema`.

Where this file departs from the paper, and why:
- Images of other sizes have as many layers as they can be halved, down to 4 pixels or an odd number.
- Latents are Gaussian rather than uniform, as in `zoo.models.gan`.

Letters: B images, Z latents, N labels of an image.
"""

from collections.abc import Sequence

import keras
from keras import layers, ops

from zoo.errors import BadInput
from zoo.hub.registry import register
from zoo.models.gan import Adversarial
from zoo.nn.checks import check_shape
from zoo.nn.normalization import BatchNormalization

KERNEL = 5
LEAK = 0.2


@register(
    "dcgan",
    title="DCGAN",
    year=2015,
    paper="A. Radford, L. Metz, S. Chintala, Unsupervised Representation Learning with DCGANs (2015)",
    url="https://arxiv.org/abs/1511.06434",
    lineage=("gan",),
    new="rules that make convolutional GANs train stably",
)
class DCGAN(Adversarial):
    """Latents float32 (B, Z) -> images float32 (B, H, W, C) in -1 ... 1; with `conditions`, labels int (B, N) too.

    `compile()` defaults to the paper's optimiser. Raises `zoo.errors.BadInput` for no latents or channels, for images
    that can't be halved, and for a label of fewer than 2 values.

    Args:
        input_shape: (H, W, C) of the images.
        latents: Z, the number of latents.
        channels: of the layers next to the images; each halving of the image doubles them.
        conditions: number of values of each label, such as (10,); empty for an unconditional model.
        spectral: spectral rather than batch normalisation in the discriminator.
        augment: augment the discriminator's input.
    """

    def __init__(
        self,
        *,
        input_shape: tuple[int, int, int] = (64, 64, 3),
        latents: int = 100,
        channels: int = 128,
        conditions: Sequence[int] = (),
        spectral: bool = False,
        augment: bool = False,
    ):
        if latents < 1 or channels < 1 or any(count < 2 for count in conditions):
            raise BadInput(
                f"DCGAN can't have {latents} latents, {channels} channels and conditions {tuple(conditions)}; give 1 "
                "or more of both, and labels of 2 or more values"
            )
        check_shape("DCGAN", input_shape)
        halvings = _halvings(input_shape)
        generator = _generator(input_shape, latents, channels, conditions, halvings)
        discriminator = _discriminator(input_shape, channels, conditions, halvings, spectral)
        super().__init__(generator.input, generator.output, discriminator, black=-1.0, name="dcgan")
        self.augment = augment
        self.seed = keras.random.SeedGenerator(2015)
        self.arguments = {
            "input_shape": tuple(input_shape),
            "latents": latents,
            "channels": channels,
            "conditions": tuple(conditions),
            "spectral": spectral,
            "augment": augment,
        }

    def compile(self, optimizer=None, **kwargs):
        """The default optimiser is section 4's Adam: learning rate 0.0002, beta_1 0.5."""
        super().compile(optimizer or keras.optimizers.Adam(2e-4, beta_1=0.5), **kwargs)

    def prepare(self, images):
        return augmented(images, self.seed) if self.augment else images


def initial_weights() -> keras.initializers.Initializer:
    """Section 4's: all weights from a normal distribution. One for each layer: it draws its seed when it is made."""
    return keras.initializers.RandomNormal(stddev=0.02)


def _halvings(input_shape) -> int:
    """How often images can be halved until a side has 4 pixels or an odd number. Raises `BadInput` for never."""
    height, width = input_shape[:2]
    count = 0
    while height % 2 == width % 2 == 0 and min(height, width) > 4:
        height, width, count = height // 2, width // 2, count + 1
    if not count:
        raise BadInput(f"DCGAN can't halve {input_shape[0]} x {input_shape[1]} images; give even sides of 6 or more")
    return count


def _generator(input_shape, latents, channels, conditions, halvings):
    height, width, colours = input_shape
    z = keras.Input((latents,), name="z")
    inputs, x = z, z
    if conditions:
        labels = keras.Input((len(conditions),), dtype="int32", name="labels")
        inputs, x = [z, labels], layers.Concatenate(name="conditioned")([z, *OneHot.each(labels, conditions)])
    deepest = channels * 2 ** (halvings - 1)
    height, width = height >> halvings, width >> halvings
    x = layers.Dense(height * width * deepest, use_bias=False, kernel_initializer=initial_weights(), name="project")(x)
    x = layers.Reshape((height, width, deepest), name="reshape")(x)  # (B, H / 2^n, W / 2^n, deepest)
    x = layers.ReLU()(BatchNormalization(momentum=0.9, epsilon=1e-5, name="project_norm")(x))
    for number in range(1, halvings):
        name = f"up{number}"
        x = _up(deepest >> number, name, use_bias=False)(x)
        x = layers.ReLU()(BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_norm")(x))
    x = layers.Activation("tanh", name="images")(_up(colours, f"up{halvings}")(x))  # (B, H, W, C)
    return keras.Model(inputs, x, name="generator")


def _up(channels, name, **options):
    return layers.Conv2DTranspose(
        channels, KERNEL, strides=2, padding="same", kernel_initializer=initial_weights(), name=name, **options
    )


def _discriminator(input_shape, channels, conditions, halvings, spectral):
    images = keras.Input(input_shape, name="images")
    inputs, x = images, images
    for number in range(1, halvings + 1):
        name, count = f"down{number}", channels * 2 ** (number - 1)
        normalized = number > 1 and not spectral  # no batch normalisation where images go in
        options = {"strides": 2, "name": name}
        if spectral:
            x = SpectralConv2D(count, KERNEL, **options)(x)
        else:
            options |= {"padding": "same", "kernel_initializer": initial_weights()}
            x = layers.Conv2D(count, KERNEL, use_bias=not normalized, **options)(x)
        if normalized:
            x = BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_norm")(x)
        x = layers.LeakyReLU(LEAK, name=f"{name}_relu")(x)  # (B, H / 2^n, W / 2^n, count)
    features = layers.Flatten(name="features")(x)  # phi(x); no pooling, as in figure 1, so it knows positions
    logit = layers.Dense(1, kernel_initializer=initial_weights(), name="logit")(features)  # (B, 1)
    if conditions:
        labels = keras.Input((len(conditions),), dtype="int32", name="labels")
        inputs = [images, labels]
        one_hot = layers.Concatenate(name="one_hot")(OneHot.each(labels, conditions))
        embedding = layers.Dense(
            features.shape[-1], use_bias=False, kernel_initializer=initial_weights(), name="label_embedding"
        )
        projection = layers.Dot(axes=1, name="projection")([features, embedding(one_hot)])  # v_y phi(x), (B, 1)
        logit = layers.Add(name="projected")([logit, projection])
    return keras.Model(inputs, logit, name="discriminator")


class OneHot(layers.Layer):
    """One label column, one-hot: int (B, N) -> float (B, count)."""

    def __init__(self, column: int, count: int, **kwargs):
        super().__init__(**kwargs)
        self.column, self.count = column, count

    def call(self, labels):
        return ops.one_hot(labels[:, self.column], self.count, dtype=self.compute_dtype)

    @classmethod
    def each(cls, labels, conditions) -> list:
        """All label columns, one-hot: a list."""
        return [cls(column, count, name=f"label{column}")(labels) for column, count in enumerate(conditions)]


class SpectralConv2D(layers.Layer):
    """A convolution with spectral normalisation: its kernel, as a matrix of channels by all else, has the largest
    singular value 1.

    (B, H, W, C) -> (B, H / strides, W / strides, channels), padded as "same".
    """

    def __init__(self, channels: int, size: int, *, strides: int = 1, **kwargs):
        super().__init__(**kwargs)
        self.channels, self.size, self.strides = channels, size, strides

    def build(self, input_shape):
        shape = (self.size, self.size, input_shape[-1], self.channels)
        self.kernel = self.add_weight(shape=shape, initializer=initial_weights(), name="kernel")
        self.bias = self.add_weight(shape=(self.channels,), initializer="zeros", name="bias")
        start = keras.initializers.RandomNormal()
        self.singular = self.add_weight(shape=(self.channels,), initializer=start, trainable=False, name="singular")

    def call(self, x, training=False):
        kernel = ops.convert_to_tensor(self.kernel)
        matrix = ops.cast(ops.reshape(kernel, (-1, self.channels)), "float32")
        v = ops.normalize(ops.matmul(ops.stop_gradient(matrix), self.singular), axis=0)
        u = ops.normalize(ops.matmul(v, ops.stop_gradient(matrix)), axis=0)
        if training:
            self.singular.assign(u)
        largest = ops.sum(v * ops.matmul(matrix, u))
        kernel = kernel / ops.cast(largest, kernel.dtype)
        return ops.conv(x, kernel, strides=self.strides, padding="same") + self.bias


def augmented(images, seed, *, shift: float = 0.125, cut: float = 0.5):
    """Differentiable augmentation: each image gets a random brightness, saturation, contrast, translation and cutout.

    float (B, H, W, C) in -1 ... 1 -> the same shape. Translation is by up to `shift` of a side, the cutout has `cut` of
    each side; both fill with 0.
    """
    images = ops.convert_to_tensor(images)
    batch, height, width, _ = ops.shape(images)

    def uniform(low, high):
        return keras.random.uniform((batch, 1, 1, 1), low, high, seed=seed)

    x = images + uniform(-0.5, 0.5)  # brightness
    grey = ops.mean(x, axis=3, keepdims=True)
    x = grey + (x - grey) * uniform(0.0, 2.0)  # saturation
    mean = ops.mean(x, axis=(1, 2, 3), keepdims=True)
    x = mean + (x - mean) * uniform(0.5, 1.5)  # contrast
    rows, columns = (_translations(batch, side, shift, seed) for side in (height, width))  # (B, side, side)
    x = ops.einsum("bij,bjwc->biwc", rows, x)
    x = ops.einsum("bij,bhjc->bhic", columns, x)
    down, across = (_cutout(batch, side, cut, seed) for side in (height, width))  # (B, side)
    return x * ops.cast(1 - down[:, :, None, None] * across[:, None, :, None], x.dtype)


def _translations(batch, side, fraction, seed):
    """Matrices that shift rows or columns by a random number of pixels, up to a fraction: float (B, side, side)."""
    most = int(side * fraction + 0.5)
    source = keras.random.randint((batch, 1), -most, most + 1, seed=seed) + ops.arange(side)[None]  # (B, side)
    return ops.cast(source[:, :, None] == ops.arange(side), "float32")  # a source outside the image matches none


def _cutout(batch, side, fraction, seed):
    """1 in an interval of a fraction of the side, centred anywhere, 0 elsewhere: float (B, side)."""
    middle = keras.random.randint((batch, 1), 0, side + 1, seed=seed)
    size = int(side * fraction)
    first = middle - size // 2
    position = ops.arange(side)[None]
    return ops.cast(ops.logical_and(position >= first, position < first + size), "float32")
