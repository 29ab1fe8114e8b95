"""Images from generators: from latents in one pass, or from noise by a diffusion sampler. NumPy alone.

The network is a function from {input: array} to one array, such as a `zoo.runtime.predictor.Predictor` with the output
"image" selected; then no framework is imported.
"""

import dataclasses

import numpy as np

from zoo.errors import BadInput
from zoo.generation.diffusion import Sampler, alpha_bar, signal_and_noise_scale
from zoo.nn.checks import check_labels


def sample_latents(count: int, size: int, *, seed: int = 0) -> np.ndarray:
    """Latents from a standard normal distribution, float32 (count, size). Raises `BadInput` for a count below 1."""
    _check_count(count)
    return np.random.default_rng(seed).standard_normal((count, size), dtype="float32")


class DiffusionGenerator:
    """Samples from a denoising network.

    network: function from {"images": float32 (B, H, W, C), "timesteps": int32 (B,)[, "labels": int32 (B, N)]} to its
        prediction, float32 (B, H, W, C).
    arguments: those of the `zoo.models.ddpm.DDPM` that it is.
    """

    def __init__(self, network, arguments: dict):
        self.network, self.arguments = network, arguments
        self.alpha_bar = alpha_bar(arguments["schedule"])

    def sample_noise(self, count: int, *, seed: int = 0) -> np.ndarray:
        """Initial noise of `count` images, float32 (count, H, W, C). Raises `BadInput` for a count below 1."""
        _check_count(count)
        return np.random.default_rng(seed).standard_normal((count, *self.arguments["input_shape"]), dtype="float32")

    def sample(self, count: int, *, labels=None, seed: int = 0, **options) -> np.ndarray:
        """Generate `count` images, uint8 (count, H, W, C). The same seed gives the same images.

        labels: ints (count, N), for a conditional model. options: as for `generate`.
        """
        return self.generate(self.sample_noise(count, seed=seed), labels, seed=seed + 1, **options)

    def generate(self, noise, labels=None, *, label_weights=None, seed: int = 0, **options) -> np.ndarray:
        """Images from initial noise, float32 (B, H, W, C) -> uint8 (B, H, W, C).

        Raises `BadInput` for missing, superfluous or unknown labels and for invalid options.

        Args:
            labels: ints (B, N), for a conditional model.
            label_weights: to interpolate between K labels of each image: floats (K, B), with labels (K, B, N).
            seed: of the noise that is added in each step.
            options: of `Sampler`; the model's own settings by default.
        """
        settings = {field.name: self.arguments[field.name] for field in dataclasses.fields(Sampler)} | options
        interval = settings["guidance_interval"]
        sampler = Sampler(**settings | {"guidance_interval": interval and tuple(interval)})
        noise = np.asarray(noise, "float32")
        self._check_labels(labels, sampler.guidance)
        if labels is not None:
            labels = labels if label_weights is not None else [labels]
            label_weights = np.ones((1, len(noise))) if label_weights is None else np.asarray(label_weights)
            expected = len(labels), len(noise)
            if label_weights.shape != expected:
                raise BadInput(f"label_weights have shape {label_weights.shape}; give {expected}, as labels and images")
            values = [count + 1 for count in self.arguments["conditions"]]
            labels = np.stack([check_labels(each, len(noise), values) for each in labels])  # (K, B, N)

        def predict_x0(x, timestep, guidance):
            return self.predict_x0(x, timestep, labels, label_weights, guidance)

        x = sampler.sample(noise, predict_x0, self.alpha_bar, np.random.default_rng(seed))
        return np.round(127.5 * (x + 1)).astype(np.uint8)

    def predict_x0(self, x, timestep: int, labels=None, label_weights=None, guidance: float = 1.0) -> np.ndarray:
        """The estimate of x_0 for noisy images at one timestep: float32 (B, H, W, C) -> the same, clipped to -1 ... 1.

        labels, label_weights: ints (K, B, N), floats (K, B), or None for both.
        """
        if labels is None:
            output = self.network({"images": x, "timesteps": np.full(len(x), timestep, "int32")})
        else:
            if guidance != 1:
                unconditional = np.broadcast_to(self.arguments["conditions"], labels[:1].shape)
                labels = np.concatenate([labels, unconditional])
                label_weights = np.concatenate([guidance * label_weights, np.full((1, len(x)), 1 - guidance)])
            # One large batch is faster than one evaluation for each of the K labels.
            repeated = np.tile(x, (len(labels), 1, 1, 1))  # (K B, H, W, C)
            timesteps = np.full(len(repeated), timestep, "int32")
            inputs = {"images": repeated, "timesteps": timesteps, "labels": np.concatenate(labels).astype("int32")}
            output = np.einsum("kb,kbhwc->bhwc", label_weights, self.network(inputs).reshape(len(labels), *x.shape))
        if self.arguments["predict"] == "epsilon":
            signal_scale, noise_scale = signal_and_noise_scale(self.alpha_bar[timestep])
            output = (x - noise_scale * output) / signal_scale  # eq. 4 of DDPM, solved for x_0
        return np.clip(output, -1, 1).astype("float32")

    def _check_labels(self, labels, guidance):
        conditional = bool(self.arguments["conditions"])
        if conditional and labels is None:
            raise BadInput(f"this DDPM is conditional; give labels (B, {len(self.arguments['conditions'])})")
        if not conditional and labels is not None:
            raise BadInput("this DDPM is unconditional; leave out the labels")
        if not conditional and guidance != 1:
            raise BadInput(f"guidance {guidance} needs a conditional DDPM; leave it out")


def _check_count(count: int) -> None:
    if count < 1:
        raise BadInput(f"can't generate {count} images; give 1 or more")
