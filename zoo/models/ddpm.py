"""DDPM: a denoising diffusion model, one network that removes noise step by step until an image is left.

Jonathan Ho, Ajay Jain, Pieter Abbeel, "Denoising Diffusion Probabilistic Models", NeurIPS 2020.
https://arxiv.org/abs/2006.11239

What was new: diffusion models (J. Sohl-Dickstein and others, 2015) whose samples are as good as those of the best GANs.
Suitably weighted, their ELBO becomes a squared error between the noise in a noisy image and the network's estimate of
it. There is no second network and no balance to keep; one U-Net, conditioned on the timestep, serves all noise levels.

    x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) epsilon, epsilon ~ N(0, I)       eq. 4; a_t falls from 1 to 0, here `alpha_bar`
    L = E || epsilon - epsilon_theta(x_t, t) ||^2                        eq. 14, algorithm 1

Sampling, algorithm 2 and faster samplers, is in `zoo/generation/diffusion.py`.

The default is the paper's network for CIFAR-10: 35,746,307 parameters (the paper says 35.7 million).

Later practice is available by arguments, off by default:
- `schedule="cosine"`: a noise schedule that falls more evenly (A. Nichol, P. Dhariwal, "Improved Denoising Diffusion
  Probabilistic Models", 2021).
- `predict="x0"`: the network estimates x_0, and the loss has the weight 1 / (1 - a_t), at most `MAX_WEIGHT` (T.
  Salimans, J. Ho, "Progressive Distillation for Fast Sampling of Diffusion Models", 2022, section 4; T. Hang and
  others, "Efficient Diffusion Training via Min-SNR Weighting Strategy", 2023). A small network has the capacity for
  the content of an image, but not for all of the noise.
- `conditions`: conditioning on labels. Training drops the labels of some images, so that one network is conditional and
  unconditional, as classifier-free guidance needs (J. Ho, T. Salimans, "Classifier-Free Diffusion Guidance", 2022).
- `patch`: squares of patch x patch pixels become channels of one position (space to depth), which saves computation.

Where this file departs from the paper, and why:
- Timesteps of a training batch are stratified over all of them rather than drawn independently: less variance, same
  expectation.
- While sampling, estimates of x_0 are clipped to -1 ... 1, the range of images.

Letters: B images, N labels of an image, C channels.
"""

import dataclasses
import math
from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops

from zoo.errors import BadInput, UnknownName
from zoo.generation.diffusion import TIMESTEPS, Sampler, alpha_bar, signal_and_noise_scale
from zoo.generation.images import DiffusionGenerator
from zoo.hub.registry import register
from zoo.nn.checks import check_shape
from zoo.nn.model import CheckedModel

PREDICTIONS = ("epsilon", "x0")
LABEL_DROPOUT = 0.1  # fraction of training images whose labels are replaced by "unconditional"
MAX_WEIGHT = 10.0  # of an example in the loss with predict="x0"
MAX_BATCH = 256  # of one network evaluation while sampling
GROUPS = 32  # of channels, at most, in group normalisation


class ForwardProcess:
    """The forward (noising) process, algorithm 1, lines 2 to 5: a `transform` for `zoo.data.batches.Batches`.

    uint8 images (B, H, W, C), and labels (B, N) or None -> x, y, and with `predict="x0"` weights (B, 1, 1): x is noisy
    images float32 (B, H, W, C), timesteps int32 (B,) and the labels, some dropped; y is the target, float32
    (B, H, W, C). Takes the arguments of `DDPM` that it needs.
    """

    def __init__(self, *, schedule: str = "linear", predict: str = "epsilon", conditions: Sequence[int] = ()):
        self.alpha_bar, self.predict, self.unconditional = alpha_bar(schedule), predict, np.array(conditions)

    def __call__(self, x, y, rng):
        x = x.astype("float32") / 127.5 - 1
        # Evenly spaced from a random start, so that each batch has early and late timesteps.
        t = ((rng.random() + np.arange(len(x)) / len(x)) % 1 * TIMESTEPS).astype("int32")  # (B,)
        noise = rng.standard_normal(x.shape, dtype="float32")
        signal_scale, noise_scale = signal_and_noise_scale(self.alpha_bar[t])
        inputs = [signal_scale * x + noise_scale * noise, t]  # eq. 4
        if y is not None:
            inputs.append(np.where(rng.random((len(x), 1)) < LABEL_DROPOUT, self.unconditional, y).astype("int32"))
        if self.predict == "epsilon":
            return tuple(inputs), noise
        return tuple(inputs), x, np.minimum(noise_scale**-2, MAX_WEIGHT)[..., 0]


@register(
    "ddpm",
    title="DDPM",
    year=2020,
    paper="J. Ho, A. Jain, P. Abbeel, Denoising Diffusion Probabilistic Models (2020)",
    url="https://arxiv.org/abs/2006.11239",
    lineage=("unet", "vae"),
    new="denoising in many small steps, learned as regression",
)
class DDPM(CheckedModel):
    """Noisy images float32 (B, H, W, C), timesteps int32 (B,), with `conditions` labels int32 (B, N) -> epsilon or,
    with `predict="x0"`, x_0: float32 (B, H, W, C), images from -1 (black) to 1 (white).

    A label equal to the number of its values means unconditional. `fit` takes what `ForwardProcess` makes of images;
    `compile()` defaults to the paper's optimiser and loss. Raises `zoo.errors.BadInput` for invalid sizes and
    `zoo.errors.UnknownName` for an unknown schedule or prediction.

    Args:
        input_shape: (H, W, C) of the images.
        channels: C at the highest resolution.
        multiples: factor of `channels` at each resolution, from the highest down; each halves the one before.
        blocks: residual blocks at each resolution of the contracting path; the expanding path has one more.
        attention: resolutions, from 0 on, with self-attention between positions, besides the lowest.
        dropout: rate in residual blocks.
        patch: side in pixels of the square that becomes one position.
        conditions: number of values of each label, such as (10,); empty for an unconditional model.
        schedule, predict: "linear" or "cosine", "epsilon" or "x0"; see the module's docstring.
        steps, guidance, guidance_interval, order, eta: default settings of the `Sampler`.
    """

    task = "denoise_images"

    def __init__(
        self,
        *,
        input_shape: tuple[int, int, int] = (32, 32, 3),
        channels: int = 128,
        multiples: Sequence[int] = (1, 2, 2, 2),
        blocks: int = 2,
        attention: Sequence[int] = (1,),
        dropout: float = 0.1,
        patch: int = 1,
        conditions: Sequence[int] = (),
        schedule: str = "linear",
        predict: str = "epsilon",
        steps: int = TIMESTEPS,
        guidance: float = 1.0,
        guidance_interval: tuple[float, float] | None = None,
        order: int = 1,
        eta: float = 1.0,
    ):
        sampler = Sampler(steps, guidance, guidance_interval and tuple(guidance_interval), order, eta)
        if predict not in PREDICTIONS:
            raise UnknownName("prediction", predict, PREDICTIONS)
        check_shape("DDPM", input_shape)
        smallest = patch * 2 ** (len(multiples) - 1)
        if (
            min(channels, blocks, patch, len(multiples), *multiples) < 1
            or channels % 8
            or any(side % smallest for side in input_shape[:2])
        ):
            raise BadInput(
                f"DDPM can't have {channels} channels, multiples {tuple(multiples)}, {blocks} blocks and patches of "
                f"{patch} for {input_shape[0]} x {input_shape[1]} pixels; give a multiple of 8 channels, 1 or more of "
                f"the others, and sides that are multiples of {smallest}"
            )
        images = keras.Input(input_shape, name="images")
        timesteps = keras.Input((), dtype="int32", name="timesteps")
        inputs = [images, timesteps]
        encoding = TimestepEmbedding(channels, name="timestep_embedding")(timesteps)
        condition = layers.Dense(4 * channels, activation="swish", name="timestep1")(encoding)
        condition = layers.Dense(4 * channels, name="timestep2")(condition)  # (B, 4 channels)
        if conditions:
            labels = keras.Input((len(conditions),), dtype="int32", name="labels")
            inputs.append(labels)
            embedded = [
                LabelEmbedding(column, count, 4 * channels, name=f"label{column}")(labels)
                for column, count in enumerate(conditions)
            ]
            condition = layers.Add(name="condition")([condition, *embedded])
        condition = layers.Activation("swish", name="condition_swish")(condition)

        def block(x, multiple, name, attend):
            x = _block(x, condition, multiple * channels, dropout, name)
            return _attention(x, name) if attend else x

        x = _conv(channels, "first")(_space_to_depth(images, patch))  # (B, H / patch, W / patch, C)
        skips, last = [x], len(multiples) - 1
        for level, multiple in enumerate(multiples):
            for number in range(blocks):
                x = block(x, multiple, f"down{level}_{number}", level in attention)
                skips.append(x)
            if level < last:
                x = _conv(multiple * channels, f"downsample{level}", strides=2)(x)
                skips.append(x)
        x = block(x, multiples[-1], "middle0", True)
        x = block(x, multiples[-1], "middle1", False)
        for level in range(last, -1, -1):
            for number in range(blocks + 1):
                x = layers.Concatenate(name=f"up{level}_{number}_skip")([x, skips.pop()])
                x = block(x, multiples[level], f"up{level}_{number}", level in attention)
            if level:
                x = layers.UpSampling2D(name=f"upsample{level}")(x)
                x = _conv(multiples[level] * channels, f"upsample{level}_conv")(x)
        x = _conv(input_shape[-1] * patch**2, "output", kernel_initializer="zeros")(_norm_swish(x, "output"))
        x = _depth_to_space(x, patch)  # (B, H, W, C)
        super().__init__(inputs, layers.Activation("linear", dtype="float32", name=predict)(x), name="ddpm")
        self.alpha_bar = alpha_bar(schedule)
        self.arguments = {
            "input_shape": tuple(input_shape),
            "channels": channels,
            "multiples": tuple(multiples),
            "blocks": blocks,
            "attention": tuple(attention),
            "dropout": dropout,
            "patch": patch,
            "conditions": tuple(conditions),
            "schedule": schedule,
            "predict": predict,
            **dataclasses.asdict(sampler),
        }

    def compile(self, optimizer=None, loss="mse", **kwargs):
        """The default is appendix B's Adam, rate 0.0002, with averaged weights, and eq. 14."""
        optimizer = optimizer or keras.optimizers.Adam(2e-4, use_ema=True, ema_momentum=0.9999)
        super().compile(optimizer=optimizer, loss=loss, **kwargs)

    @property
    def generator(self) -> DiffusionGenerator:
        """The sampling loop around this network, in NumPy."""
        return DiffusionGenerator(self._predict_in_parts, self.arguments)

    def sample(self, count: int, *, labels=None, seed: int = 0, **options) -> np.ndarray:
        """Generate `count` images, uint8 (count, H, W, C); see `DiffusionGenerator.sample`."""
        return self.generator.sample(count, labels=labels, seed=seed, **options)

    def generate(self, noise, labels=None, *, label_weights=None, seed: int = 0, **options) -> np.ndarray:
        """Images from initial noise, float32 (B, H, W, C) -> uint8; see `DiffusionGenerator.generate`."""
        return self.generator.generate(noise, labels, label_weights=label_weights, seed=seed, **options)

    def _predict_in_parts(self, inputs: dict) -> np.ndarray:
        arrays = list(inputs.values())
        parts = (slice(start, start + MAX_BATCH) for start in range(0, len(arrays[0]), MAX_BATCH))
        return np.concatenate(
            [ops.convert_to_numpy(self.predict_on_batch([each[part] for each in arrays])) for part in parts]
        )

    def get_config(self):
        return dict(self.arguments)


class TimestepEmbedding(layers.Layer):
    """Sinusoidal encoding of timesteps, as of a Transformer's positions: int (B,) -> float32 (B, size)."""

    def __init__(self, size: int, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.size = size

    def call(self, timesteps):
        half = self.size // 2
        frequencies = np.exp(-np.log(10000) * np.arange(half) / (half - 1)).astype("float32")
        angles = ops.cast(timesteps, "float32")[:, None] * ops.convert_to_tensor(frequencies)  # (B, size / 2)
        return ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=1)


class LabelEmbedding(layers.Layer):
    """Learned embedding of one label column, with one more value for unconditional: int (B, N) -> (B, size)."""

    def __init__(self, column: int, count: int, size: int, **kwargs):
        super().__init__(**kwargs)
        self.column, self.table = column, layers.Embedding(count + 1, size, name="table")

    def call(self, labels):
        return self.table(labels[:, self.column])


def _space_to_depth(x, patch):
    """Squares of pixels become channels: (B, H, W, C) -> (B, H / patch, W / patch, C patch^2)."""
    _, height, width, channels = x.shape
    x = layers.Reshape((height // patch, patch, width // patch, patch * channels), name="patch_rows")(x)
    x = layers.Permute((1, 3, 2, 4), name="patch_transpose")(x)
    return layers.Reshape((height // patch, width // patch, patch * patch * channels), name="patch")(x)


def _depth_to_space(x, patch):
    """The reverse: (B, H, W, C patch^2) -> (B, patch H, patch W, C)."""
    _, height, width, channels = x.shape
    x = layers.Reshape((height, width, patch, channels // patch), name="unpatch_rows")(x)
    x = layers.Permute((1, 3, 2, 4), name="unpatch_transpose")(x)
    return layers.Reshape((height * patch, width * patch, channels // patch**2), name="unpatch")(x)


def _conv(channels, name, size=3, **options):
    return layers.Conv2D(channels, size, padding="same", name=name, **options)


def _norm(x, name):
    groups = math.gcd(min(GROUPS, x.shape[-1] // 4), x.shape[-1])  # equal groups of four channels or more
    return layers.GroupNormalization(groups, epsilon=1e-6, name=f"{name}_norm")(x)


def _norm_swish(x, name):
    return layers.Activation("swish", name=f"{name}_swish")(_norm(x, name))


def _block(x, condition, channels, dropout, name):
    """A residual block conditioned on the timestep (and labels): (B, H, W, C) -> (B, H, W, channels)."""
    shortcut = x if x.shape[-1] == channels else _conv(channels, f"{name}_shortcut", size=1)(x)
    x = _conv(channels, f"{name}_conv1")(_norm_swish(x, f"{name}_conv1"))
    shift = layers.Dense(channels, name=f"{name}_condition")(condition)  # (B, channels)
    shift = layers.Reshape((1, 1, channels), name=f"{name}_shift")(shift)
    x = _norm_swish(layers.Add(name=f"{name}_conditioned")([x, shift]), f"{name}_conv2")
    x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
    x = _conv(channels, f"{name}_conv2", kernel_initializer="zeros")(x)
    return layers.Add(name=name)([shortcut, x])


def _attention(x, name):
    """Residual self-attention between all positions, with one head: (B, H, W, C) -> the same."""
    _, height, width, channels = x.shape
    flat = layers.Reshape((height * width, channels), name=f"{name}_flat")(_norm(x, f"{name}_attention"))  # (B, H W, C)
    query, key, value = (layers.Dense(channels, name=f"{name}_{part}")(flat) for part in ("query", "key", "value"))
    query = layers.Rescaling(channels**-0.5, name=f"{name}_scale")(query)
    attended = layers.Attention(name=f"{name}_attention")([query, value, key])  # (B, H W, C)
    attended = layers.Dense(channels, kernel_initializer="zeros", name=f"{name}_project")(attended)
    attended = layers.Reshape((height, width, channels), name=f"{name}_unflat")(attended)
    return layers.Add(name=f"{name}_attention_add")([x, attended])
