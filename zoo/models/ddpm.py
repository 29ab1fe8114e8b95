"""Denoising diffusion: a network that takes a little noise away, again and again, until a picture is left.

Jonathan Ho, Ajay Jain, Pieter Abbeel, "Denoising Diffusion Probabilistic Models", NeurIPS 2020.
https://arxiv.org/abs/2006.11239

What was new: diffusion models (J. Sohl-Dickstein and others, 2015) that make pictures as good as the best GANs'. The
bound that they are trained by becomes, weighted suitably, a squared error: of what noise is in a noisy picture. No
second network, no balance to keep; one U-Net, which is told the time, serves all amounts of noise.

    x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) epsilon, epsilon ~ N(0, I)       eq. 4; a_t falls from 1 to 0, here `signal`
    L = E || epsilon - epsilon_theta(x_t, t) ||^2                        eq. 14, algorithm 1

The way back from noise to a picture, algorithm 2 and shorter ones, is in `zoo/generation/diffusion.py`.

The default is the paper's network for CIFAR-10: 35,746,307 parameters (the paper says 35.7 million).

What the field has settled on since, as arguments, off in the default:
- `schedule="cosine"`: signal that falls more evenly (A. Nichol, P. Dhariwal, "Improved Denoising Diffusion
  Probabilistic Models", 2021).
- `predict="picture"`: the network answers x_0, the error weighs 1 / (1 - a_t), but no more than `HEAVIEST` (T.
  Salimans, J. Ho, "Progressive Distillation for Fast Sampling of Diffusion Models", 2022, section 4; T. Hang and
  others, "Efficient Diffusion Training via Min-SNR Weighting Strategy", 2023). A small network can hold what is in a
  picture, but not all of the noise.
- `conditions`: pictures of a kind that is asked for. In training the kind is left out now and then, so that in drawing
  the network can be asked with and without (J. Ho, T. Salimans, "Classifier-Free Diffusion Guidance", 2022).
- `patch`: the network sees squares of so many pixels as one place with more maps, which costs less.

Letters: B pictures, N labels of a picture, C maps, T times.
"""

import dataclasses
import math

import keras
import numpy as np
from keras import layers, ops

from zoo.errors import BadInput, UnknownName
from zoo.generation.diffusion import TIMES, Sampler, roots, signal
from zoo.hub.registry import register
from zoo.nn.checks import check_labels

PREDICTIONS = ("noise", "picture")
LEFT_OUT = 0.1  # share of pictures whose kind isn't told in training
HEAVIEST = 10.0
PART = 256  # pictures that are drawn at once, at most
GROUPS = 32  # of maps that are normalised together


class Noising:
    """Algorithm 1, lines 2 to 5: a `transform` for `zoo.data.batches.Batches` that makes of pictures what `fit` takes.

    uint8 pictures (B, H, W, C), and labels (B, N) or None -> x, y, and with `predict="picture"` weights (B, 1, 1): x is
    noisy pictures float32 (B, H, W, C), times int32 (B,) and the labels, some left out; y what the network is to
    answer, float32 (B, H, W, C). Takes the arguments of `DDPM` that it needs.
    """

    def __init__(self, *, schedule="linear", predict="noise", conditions=()):
        self.signal, self.predict, self.nothing = signal(schedule), predict, np.array(conditions)

    def __call__(self, x, y, rng):
        x = x.astype("float32") / 127.5 - 1
        # Spread evenly, so that all batches have early and late times.
        t = ((rng.random() + np.arange(len(x)) / len(x)) % 1 * TIMES).astype("int32")  # (B,)
        noise = rng.standard_normal(x.shape, dtype="float32")
        kept, lost = roots(self.signal[t])
        inputs = [kept * x + lost * noise, t]  # eq. 4
        if y is not None:
            inputs.append(np.where(rng.random((len(x), 1)) < LEFT_OUT, self.nothing, y).astype("int32"))
        if self.predict == "noise":
            return tuple(inputs), noise
        return tuple(inputs), x, np.minimum(lost**-2, HEAVIEST)[..., 0]


@register(
    "ddpm",
    title="DDPM",
    year=2020,
    paper="J. Ho, A. Jain, P. Abbeel, Denoising Diffusion Probabilistic Models (2020)",
    url="https://arxiv.org/abs/2006.11239",
    lineage=("unet", "vae"),
)
class DDPM(keras.Model):
    """Noisy pictures float32 (B, H, W, C), times int (B,), with `conditions` labels int (B, N) -> the noise in them, or
    with `predict="picture"` the pictures without, float32 (B, H, W, C), -1 black to 1 white.

    Labels that are each as large as the number of their values say that none is asked for. `fit` takes what `Noising`
    makes of pictures; `compile()` has the paper's optimiser and loss for a default. Raises `zoo.errors.BadInput` for
    sizes that can't be, `zoo.errors.UnknownName` for an unknown schedule or prediction.

    Args:
        input_shape: (H, W, C) of the pictures.
        maps: C where pictures are largest.
        multiples: of `maps` at each size, from the largest down, each half of the one before.
        blocks: residual blocks at each size on the way down; on the way up it is one more.
        attention: at which of these sizes, from 0 on, places look at one another, beside the smallest.
        dropout: in residual blocks.
        patch: pixels of a place, each way.
        conditions: how many values each label may have, such as (10,); none for pictures of no kind in particular.
        schedule, predict: see the file's head; "linear" or "cosine", "noise" or "picture".
        steps, guidance, interval, order, eta: how pictures are drawn, where `draw` isn't told otherwise: see `Way`.
    """

    def __init__(
        self,
        *,
        input_shape=(32, 32, 3),
        channels=128,
        multiples=(1, 2, 2, 2),
        blocks=2,
        attention=(1,),
        dropout=0.1,
        patch=1,
        conditions=(),
        schedule="linear",
        predict="noise",
        steps=TIMES,
        guidance=1.0,
        interval=None,
        order=1,
        eta=1.0,
    ):
        sampler = Sampler(steps, guidance, interval and tuple(interval), order, eta)
        if predict not in PREDICTIONS:
            raise UnknownName("prediction", predict, PREDICTIONS)
        smallest = patch * 2 ** (len(multiples) - 1)
        if (
            min(channels, blocks, patch, *multiples) < 1
            or channels % 8
            or any(side % smallest for side in input_shape[:2])
        ):
            raise BadInput(
                f"DDPM can't have {channels} channels, multiples {tuple(multiples)}, {blocks} blocks and patches of {patch} "
                f"for {input_shape[0]} x {input_shape[1]} pixels; give channels in eights, one or more of the others, and "
                f"sides that are multiples of {smallest}"
            )
        pictures = keras.Input(input_shape, name="pictures")
        times = keras.Input((), dtype="int32", name="times")
        inputs = [pictures, times]
        told = layers.Dense(4 * channels, activation="swish", name="time1")(Waves(channels, name="waves")(times))
        told = layers.Dense(4 * channels, name="time2")(told)  # (B, 4 maps)
        if conditions:
            labels = keras.Input((len(conditions),), dtype="int32", name="labels")
            inputs.append(labels)
            kinds = [Kind(i, count, 4 * channels, name=f"label{i}")(labels) for i, count in enumerate(conditions)]
            told = layers.Add(name="told")([told, *kinds])
        told = layers.Activation("swish", name="told_swish")(told)

        def block(x, multiple, name, looks):
            x = _block(x, told, multiple * channels, dropout, name)
            return _attention(x, name) if looks else x

        x = _conv(channels, "first")(_folded(pictures, patch))  # (B, H / patch, W / patch, C)
        skips, last = [x], len(multiples) - 1
        for level, multiple in enumerate(multiples):
            for number in range(blocks):
                x = block(x, multiple, f"down{level}_{number}", level in attention)
                skips.append(x)
            if level < last:
                x = _conv(multiple * channels, f"halve{level}", strides=2)(x)
                skips.append(x)
        x = block(x, multiples[-1], "middle0", True)
        x = block(x, multiples[-1], "middle1", False)
        for level in range(last, -1, -1):
            for number in range(blocks + 1):
                x = layers.Concatenate(name=f"up{level}_{number}_both")([x, skips.pop()])
                x = block(x, multiples[level], f"up{level}_{number}", level in attention)
            if level:
                x = _conv(multiples[level] * channels, f"double{level}")(layers.UpSampling2D(name=f"repeat{level}")(x))
        x = _conv(input_shape[-1] * patch**2, "answer", kernel_initializer="zeros")(_norm_swish(x, "answer"))
        x = _unfolded(x, patch)  # (B, H, W, C)
        super().__init__(inputs, layers.Activation("linear", dtype="float32", name=predict)(x), name="ddpm")
        self.signal = signal(schedule)
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

    def draw_noise(self, count: int, *, seed: int = 0):
        """What `count` pictures are made of, float32 (count, H, W, C). Raises `BadInput` for none."""
        if count < 1:
            raise BadInput(f"{count} pictures are none to make; give 1 or more")
        return np.random.default_rng(seed).standard_normal((count, *self.arguments["input_shape"]), dtype="float32")

    def sample(self, count: int, *, labels=None, seed: int = 0, **options):
        """`count` pictures, uint8 (count, H, W, C). The same seed makes the same ones.

        labels: of each, ints (count, N), where the network is told what to make. options: as `draw` has them.
        """
        return self.draw(self.draw_noise(count, seed=seed), labels, seed=seed + 1, **options)

    def draw(self, noise, labels=None, *, shares=None, seed: int = 0, **options):
        """Pictures of noise, float32 (B, H, W, C) -> uint8 (B, H, W, C).

        Raises `BadInput` for labels missing, in vain or unknown, and for options that can't be.

        Args:
            labels: ints (B, N), where the network is told what to make.
            shares: of several labels for each picture, for what lies between: floats (K, B), with labels (K, B, N).
            seed: draws what is left to chance on the way.
            options: of `Way`; those that aren't given are as the model has them.
        """
        sampler = Sampler(**{field.name: self.arguments[field.name] for field in dataclasses.fields(Sampler)} | options)
        noise = np.asarray(noise, "float32")
        self._check(labels, sampler.guidance)
        if labels is not None:
            labels = labels if shares is not None else [labels]
            shares = np.ones((1, len(noise))) if shares is None else np.asarray(shares)
            if shares.shape != (len(labels), len(noise)):
                raise BadInput(
                    f"shares are {shares.shape}; give one for each of labels and pictures, {len(labels), len(noise)}"
                )
            values = [count + 1 for count in self.arguments["conditions"]]
            labels = np.stack([check_labels(each, len(noise), values) for each in labels])  # (K, B, N)

        def clean(x, time, guidance):
            return self.clean(x, time, labels, shares, guidance)

        return np.round(127.5 * (sampler.walk(noise, clean, self.signal, np.random.default_rng(seed)) + 1)).astype(
            np.uint8
        )

    def clean(self, x, time: int, labels=None, shares=None, guidance: float = 1.0):
        """x_0 as the network estimates it, of noisy pictures at one time: float32 (B, H, W, C) -> the same, clipped to
        what a picture can be, which the papers leave out.

        labels, shares: ints (K, B, N), floats (K, B), or None for both.
        """
        if labels is None:
            found = self._ask([x, np.full(len(x), time, "int32")])
        else:
            if guidance != 1:
                nothing = np.broadcast_to(self.arguments["conditions"], labels[:1].shape)
                labels = np.concatenate([labels, nothing])
                shares = np.concatenate([guidance * shares, np.full((1, len(x)), 1 - guidance)])
            # All at once: the network answers several questions sooner than one after the other.
            many = np.tile(x, (len(labels), 1, 1, 1))  # (K B, H, W, C)
            answers = self._ask([many, np.full(len(many), time, "int32"), np.concatenate(labels).astype("int32")])
            found = np.einsum("kb,kbhwc->bhwc", shares, answers.reshape(len(labels), *x.shape))
        if self.arguments["predict"] == "noise":
            kept, lost = roots(self.signal[time])
            found = (x - lost * found) / kept
        return np.clip(found, -1, 1).astype("float32")

    def _ask(self, inputs):
        parts = (slice(start, start + PART) for start in range(0, len(inputs[0]), PART))
        return np.concatenate(
            [ops.convert_to_numpy(self.predict_on_batch([each[part] for each in inputs])) for part in parts]
        )

    def _check(self, labels, guidance):
        told = bool(self.arguments["conditions"])
        if told and labels is None:
            raise BadInput(f"this DDPM is told what to make; give labels (B, {len(self.arguments['conditions'])})")
        if not told and labels is not None:
            raise BadInput("this DDPM is not told what to make; leave out the labels")
        if not told and guidance != 1:
            raise BadInput(f"guidance {guidance} is for a DDPM that is told what to make; leave it out")

    def get_config(self):
        return dict(self.arguments)


class Waves(layers.Layer):
    """Sines and cosines of times, as of a Transformer's positions: int (B,) -> float32 (B, size)."""

    def __init__(self, size, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.size = size

    def call(self, times):
        half = self.size // 2
        slowness = np.exp(-np.log(10000) * np.arange(half) / (half - 1)).astype("float32")
        angles = ops.cast(times, "float32")[:, None] * ops.convert_to_tensor(slowness)  # (B, size / 2)
        return ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=1)


class Kind(layers.Layer):
    """One of the labels, or that it isn't told, as numbers that are learned: int (B, N) -> (B, size)."""

    def __init__(self, column, count, size, **kwargs):
        super().__init__(**kwargs)
        self.column, self.table = column, layers.Embedding(count + 1, size, name="table")

    def call(self, labels):
        return self.table(labels[:, self.column])


def _folded(x, patch):
    """Each square of pixels becomes one place: (B, H, W, C) -> (B, H / patch, W / patch, C patch^2)."""
    _, height, width, channels = x.shape
    x = layers.Reshape((height // patch, patch, width // patch, patch * channels), name="fold_rows")(x)
    x = layers.Permute((1, 3, 2, 4), name="fold_turn")(x)
    return layers.Reshape((height // patch, width // patch, patch * patch * channels), name="fold")(x)


def _unfolded(x, patch):
    """The reverse: (B, H, W, C patch^2) -> (B, patch H, patch W, C)."""
    _, height, width, channels = x.shape
    x = layers.Reshape((height, width, patch, channels // patch), name="unfold_rows")(x)
    x = layers.Permute((1, 3, 2, 4), name="unfold_turn")(x)
    return layers.Reshape((height * patch, width * patch, channels // patch**2), name="unfold")(x)


def _conv(channels, name, size=3, **options):
    return layers.Conv2D(channels, size, padding="same", name=name, **options)


def _norm(x, name):
    groups = math.gcd(min(GROUPS, x.shape[-1] // 4), x.shape[-1])  # of four maps at least, all alike
    return layers.GroupNormalization(groups, epsilon=1e-6, name=f"{name}_norm")(x)


def _norm_swish(x, name):
    return layers.Activation("swish", name=f"{name}_swish")(_norm(x, name))


def _block(x, told, channels, dropout, name):
    """A residual block that is told the time: (B, H, W, C) -> (B, H, W, maps)."""
    shortcut = x if x.shape[-1] == channels else _conv(channels, f"{name}_shortcut", size=1)(x)
    x = _conv(channels, f"{name}_conv1")(_norm_swish(x, f"{name}_conv1"))
    time = layers.Reshape((1, 1, channels), name=f"{name}_time")(layers.Dense(channels, name=f"{name}_told")(told))
    x = _norm_swish(layers.Add(name=f"{name}_timed")([x, time]), f"{name}_conv2")
    x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
    x = _conv(channels, f"{name}_conv2", kernel_initializer="zeros")(x)
    return layers.Add(name=name)([shortcut, x])


def _attention(x, name):
    """Each place looks at all others: (B, H, W, C) -> the same."""
    _, height, width, channels = x.shape
    places = layers.Reshape((height * width, channels), name=f"{name}_places")(_norm(x, f"{name}_look"))  # (B, H W, C)
    query, key, value = (layers.Dense(channels, name=f"{name}_{part}")(places) for part in ("query", "key", "value"))
    query = layers.Rescaling(channels**-0.5, name=f"{name}_scale")(query)
    seen = layers.Attention(name=f"{name}_look")([query, value, key])  # (B, H W, C)
    seen = layers.Dense(channels, kernel_initializer="zeros", name=f"{name}_seen")(seen)
    return layers.Add(name=f"{name}_looked")([x, layers.Reshape((height, width, channels), name=f"{name}_back")(seen)])
