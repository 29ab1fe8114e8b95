"""Deep convolutional generative adversarial nets: rules by which convolutions can forge and be trained to catch.

Alec Radford, Luke Metz, Soumith Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks", ICLR 2016. https://arxiv.org/abs/1511.06434

What was new: adversarial nets of convolutions that train steadily, by a handful of rules: strides rather than pooling;
batch normalisation in both networks, but not where pictures go in or come out; no hidden dense layers; ReLU and at last
tanh in the generator, leaky ReLU in the discriminator. Latents turned out to have a meaning: one can walk between
pictures, and add and subtract what is in them.

The default is figure 1's generator, 100 latents -> 4 x 4 x 1024 -> 8 x 8 x 512 -> 16 x 16 x 256 -> 32 x 32 x 128 ->
64 x 64 x 3, and as discriminator its reverse. The paper gives no count of parameters: 18,855,043 and 17,232,897.

What the field has settled on since, as arguments, off in the default:
- `conditions`: pictures of a kind that is asked for. The generator is told by ones and zeros beside the latents
  (M. Mirza, S. Osindero, "Conditional Generative Adversarial Nets", 2014), the discriminator by a projection
  (T. Miyato, M. Koyama, "cGANs with Projection Discriminator", 2018, eq. 3: logit = w phi(x) + v_y phi(x)).
- `spectral`: the kernels of the discriminator's convolutions divided by their largest singular value, by a power
  iteration whenever it looks, in place of its batch normalisation (T. Miyato and others, "Spectral Normalization for
  GANs", 2018, algorithm 1; they normalise the last layer, too, which here sets how steep the logit may be).
- `augment`: whatever the discriminator is shown, real or forged, is shifted, cut and recoloured at random, by functions
  with a gradient (S. Zhao and others, "Differentiable Augmentation for Data-Efficient GAN Training", 2020).
- the hinge loss: `compile(optimizer, loss="hinge")`; averaged weights: the optimiser's `use_ema`.

Where this file departs from the paper, and why:
- Pictures of other sizes have as many layers as they can be halved, down to 4 pixels or an odd number.
- Latents are Gaussian rather than uniform, as in `zoo.models.gan`.

Letters: B pictures, Z latents, N labels of a picture.
"""

import keras
from keras import layers, ops

from zoo.errors import BadInput
from zoo.hub.registry import register
from zoo.models.gan import Adversarial
from zoo.nn.normalization import BatchNormalization

KERNEL = 5
LEAK = 0.2
SMALL = keras.initializers.RandomNormal(stddev=0.02)  # section 4: all weights


@register(
    "dcgan",
    title="DCGAN",
    year=2015,
    paper="A. Radford, L. Metz, S. Chintala, Unsupervised Representation Learning with DCGANs (2015)",
    url="https://arxiv.org/abs/1511.06434",
    lineage=("gan",),
)
class DCGAN(Adversarial):
    """Latents float32 (B, Z) -> pictures float32 (B, H, W, C) in -1 ... 1; with `conditions`, labels int (B, N) beside.

    `compile()` has the paper's optimiser for a default. Raises `zoo.errors.BadInput` for no latents or maps, for
    pictures that can't be halved, and for a label of fewer than 2 values.

    Args:
        input_shape: (H, W, C) of the pictures.
        latents: numbers that a picture is made of.
        maps: of the layers next to the pictures; each halving of the picture doubles them.
        conditions: how many values each label may have, such as (10,); none for pictures of no kind in particular.
        spectral: normalise the discriminator's kernels rather than its batches.
        augment: change what the discriminator is shown.
    """

    def __init__(
        self, *, input_shape=(64, 64, 3), latents=100, channels=128, conditions=(), spectral=False, augment=False
    ):
        if latents < 1 or channels < 1 or any(count < 2 for count in conditions):
            raise BadInput(
                f"DCGAN can't have {latents} latents, {channels} channels and conditions {tuple(conditions)}; give one or more "
                "of both, and labels of two or more values"
            )
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
        """The default optimiser is section 4's Adam: rate 0.0002, first momentum 0.5."""
        super().compile(optimizer or keras.optimizers.Adam(2e-4, beta_1=0.5), **kwargs)

    def prepare(self, pictures):
        return augmented(pictures, self.seed) if self.augment else pictures


def _halvings(input_shape) -> int:
    """How often pictures can be halved until a side has 4 pixels or an odd number. Raises `BadInput` for never."""
    height, width = input_shape[:2]
    count = 0
    while height % 2 == width % 2 == 0 and min(height, width) > 4:
        height, width, count = height // 2, width // 2, count + 1
    if not count:
        raise BadInput(
            f"DCGAN halves its pictures, which {input_shape[0]} x {input_shape[1]} can't be; give even sides"
        )
    return count


def _generator(input_shape, latents, channels, conditions, halvings):
    height, width, channels = input_shape
    z = keras.Input((latents,), name="z")
    inputs, x = z, z
    if conditions:
        labels = keras.Input((len(conditions),), dtype="int32", name="labels")
        inputs, x = [z, labels], layers.Concatenate(name="told")([z, *OneHot.each(labels, conditions)])
    deepest = channels * 2 ** (halvings - 1)
    height, width = height >> halvings, width >> halvings
    x = layers.Dense(height * width * deepest, use_bias=False, kernel_initializer=SMALL, name="project")(x)
    x = layers.Reshape((height, width, deepest), name="grid")(x)  # (B, H / 2^n, W / 2^n, maps)
    x = layers.ReLU()(BatchNormalization(momentum=0.9, epsilon=1e-5, name="project_norm")(x))
    for number in range(1, halvings):
        name = f"up{number}"
        x = _up(deepest >> number, name, use_bias=False)(x)
        x = layers.ReLU()(BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_norm")(x))
    x = layers.Activation("tanh", name="pictures")(_up(channels, f"up{halvings}")(x))  # (B, H, W, C)
    return keras.Model(inputs, x, name="generator")


def _up(channels, name, **options):
    return layers.Conv2DTranspose(
        channels, KERNEL, strides=2, padding="same", kernel_initializer=SMALL, name=name, **options
    )


def _discriminator(input_shape, channels, conditions, halvings, spectral):
    pictures = keras.Input(input_shape, name="pictures")
    inputs, x = pictures, pictures
    for number in range(1, halvings + 1):
        name, count = f"down{number}", channels * 2 ** (number - 1)
        normalized = number > 1 and not spectral  # not where pictures go in
        options = {"strides": 2, "kernel_initializer": SMALL, "name": name}
        if spectral:
            x = SpectralConv2D(count, KERNEL, **options)(x)
        else:
            x = layers.Conv2D(count, KERNEL, padding="same", use_bias=not normalized, **options)(x)
        if normalized:
            x = BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_norm")(x)
        x = layers.LeakyReLU(LEAK, name=f"{name}_relu")(x)  # (B, H / 2^n, W / 2^n, maps)
    seen = layers.Flatten(name="seen")(x)  # phi(x): figure 1's has no pooling, so it knows what is where
    logit = layers.Dense(1, kernel_initializer=SMALL, name="logit")(seen)  # (B, 1)
    if conditions:
        labels = keras.Input((len(conditions),), dtype="int32", name="labels")
        inputs = [pictures, labels]
        told = layers.Concatenate(name="told")(OneHot.each(labels, conditions))
        wanted = layers.Dense(seen.shape[-1], use_bias=False, kernel_initializer=SMALL, name="wanted")(told)
        logit = layers.Add(name="projected")([logit, layers.Dot(axes=1, name="projection")([seen, wanted])])
    return keras.Model(inputs, logit, name="discriminator")


class OneHot(layers.Layer):
    """One of the labels as ones and zeros: int (B, N) -> float (B, count)."""

    def __init__(self, column, count, **kwargs):
        super().__init__(**kwargs)
        self.column, self.count = column, count

    def call(self, labels):
        return ops.one_hot(labels[:, self.column], self.count, dtype=self.compute_dtype)

    @classmethod
    def each(cls, labels, conditions) -> list:
        """All of the labels, one after the other."""
        return [cls(column, count, name=f"label{column}")(labels) for column, count in enumerate(conditions)]


class SpectralConv2D(layers.Layer):
    """A convolution whose kernel, as a matrix of maps by all else, has 1 for its largest singular value.

    (B, H, W, C) -> (B, H / strides, W / strides, maps), padded as "same".
    """

    def __init__(self, channels, size, *, strides=1, kernel_initializer=SMALL, **kwargs):
        super().__init__(**kwargs)
        self.channels, self.size, self.strides, self.kernel_initializer = channels, size, strides, kernel_initializer

    def build(self, input_shape):
        shape = (self.size, self.size, input_shape[-1], self.channels)
        self.kernel = self.add_weight(shape=shape, initializer=self.kernel_initializer, name="kernel")
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


def augmented(pictures, seed, *, shift=0.125, cut=0.5):
    """Pictures in another light, shifted by up to an eighth, with a hole of half their size; each by itself, at random.

    float (B, H, W, C) in -1 ... 1 -> the same shape, with a gradient. What comes in from outside, and the hole, is 0.
    """
    pictures = ops.convert_to_tensor(pictures)
    batch, height, width, _ = ops.shape(pictures)

    def drawn(low, high):
        return keras.random.uniform((batch, 1, 1, 1), low, high, seed=seed)

    x = pictures + drawn(-0.5, 0.5)  # bright or dark
    grey = ops.mean(x, axis=3, keepdims=True)
    x = grey + (x - grey) * drawn(0.0, 2.0)  # pale or colourful
    light = ops.mean(x, axis=(1, 2, 3), keepdims=True)
    x = light + (x - light) * drawn(0.5, 1.5)  # flat or in contrast
    rows, columns = (_shifts(batch, side, shift, seed) for side in (height, width))  # (B, side, side)
    x = ops.einsum("bij,bjwc->biwc", rows, x)
    x = ops.einsum("bij,bhjc->bhic", columns, x)
    down, across = (_hole(batch, side, cut, seed) for side in (height, width))  # (B, side)
    return x * ops.cast(1 - down[:, :, None, None] * across[:, None, :, None], x.dtype)


def _shifts(batch, side, most, seed):
    """Matrices that shift lines by a whole number of places, up to a share of them: float (B, side, side)."""
    most = int(side * most + 0.5)
    places = keras.random.randint((batch, 1), -most, most + 1, seed=seed) + ops.arange(side)[None]  # (B, side)
    return ops.cast(places[:, :, None] == ops.arange(side), "float32")  # a place outside is no one of the old


def _hole(batch, side, share, seed):
    """1 in an interval of a share of the places, 0 elsewhere: float (B, side). Its middle is anywhere."""
    middle = keras.random.randint((batch, 1), 0, side + 1, seed=seed)
    size = int(side * share)
    first = middle - size // 2
    places = ops.arange(side)[None]
    return ops.cast(ops.logical_and(places >= first, places < first + size), "float32")
