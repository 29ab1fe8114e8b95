"""Noise schedules and samplers for diffusion models, independent of the network.

A noisy image is x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) epsilon with epsilon ~ N(0, I); a_t, here `alpha_bar`, falls from 1
to 0 over the timesteps t. A sampler goes from pure noise back to an image. Each step goes from x_t to x_s at an earlier
timestep s, with x_0 and epsilon as the network estimates them:

    x_s = sqrt(a_s) x_0 + sqrt(1 - a_s - sigma^2) epsilon + sigma z,  z ~ N(0, I)
    sigma^2 = eta^2 (1 - a_s) / (1 - a_t) (1 - a_t / a_s)

(J. Song, C. Meng, S. Ermon, "Denoising Diffusion Implicit Models", 2021, eqs. 12 and 16: DDIM). With eta = 1 and all
timesteps it is the ancestral sampler of DDPM (algorithm 2, `zoo/models/ddpm.py`), with the smaller of its two
variances. With eta = 0 it is deterministic: the initial noise decides the image, and few steps are enough.

The second-order multistep solver needs still fewer steps, because it extrapolates x_0 from the last two estimates (C.
Lu and others, "DPM-Solver++: Fast Solver for Guided Sampling of Diffusion Probabilistic Models", 2022, algorithm 2).
With the log-SNR lambda = log(sqrt(a_t) / sqrt(1 - a_t)) and its last two steps h' and h, it replaces x_0 by

    x_0 + h / (2 h') (x_0 - x_0')

Classifier-free guidance evaluates a conditional network with and without the labels and amplifies the difference (J.
Ho, T. Salimans, "Classifier-Free Diffusion Guidance", 2022). It helps at medium noise levels, does harm at high ones
and has little effect at low ones (T. Kynkäänniemi and others, "Applying Guidance in a Limited Interval Improves Sample
and Distribution Quality in Diffusion Models", 2024).
"""

import dataclasses
import itertools

import numpy as np

from zoo.errors import BadInput, UnknownName

SCHEDULES = ("linear", "cosine")
TIMESTEPS = 1000
MIN_LOG_SNR = -6.0  # where order 2 starts: below it x_t contains no visible trace of the image


def alpha_bar(schedule: str = "linear") -> np.ndarray:
    """a_t of a noise schedule, the fraction of the image's variance in x_t: float64 (TIMESTEPS,), falling.

    "linear" is the schedule of DDPM, section 4; "cosine" falls more evenly (A. Nichol, P. Dhariwal, "Improved Denoising
    Diffusion Probabilistic Models", 2021, eq. 17). Raises `zoo.errors.UnknownName` for others.
    """
    if schedule not in SCHEDULES:
        raise UnknownName("schedule", schedule, SCHEDULES)
    if schedule == "linear":
        return np.cumprod(1 - np.linspace(1e-4, 0.02, TIMESTEPS))
    t = np.arange(TIMESTEPS + 1) / TIMESTEPS
    f = np.cos((t + 0.008) / 1.008 * np.pi / 2) ** 2
    return np.cumprod(1 - np.minimum(1 - f[1:] / f[:-1], 0.999))


def signal_and_noise_scale(alpha_bar) -> tuple[np.ndarray, np.ndarray]:
    """sqrt(a_t) and sqrt(1 - a_t), the factors of image and noise: float32 (B, 1, 1, 1) each."""
    alpha_bar = np.reshape(alpha_bar, (-1, 1, 1, 1))
    return np.sqrt(alpha_bar).astype("float32"), np.sqrt(1 - alpha_bar).astype("float32")


def log_snr(alpha_bar) -> np.ndarray:
    """lambda = log(sqrt(a_t) / sqrt(1 - a_t)), half the log of the signal-to-noise ratio: float64, same shape."""
    return 0.5 * np.log(alpha_bar / (1 - alpha_bar))


@dataclasses.dataclass(frozen=True)
class Sampler:
    """Settings of a sampler, and the sampling loop. Raises `zoo.errors.BadInput` for invalid settings.

    Args:
        steps: number of network evaluations, 1 to `TIMESTEPS`.
        guidance: scale of classifier-free guidance, 1 for none. Above, images are more typical and less diverse.
        guidance_interval: smallest and largest log-SNR at which guidance applies; None for everywhere.
        order: 1 for DDIM with evenly spaced timesteps, 2 for DPM-Solver++ with evenly spaced log-SNR.
        eta: amount of noise added in each step, 0 (deterministic) to 1 (ancestral); must be 0 with order 2.
    """

    steps: int = TIMESTEPS
    guidance: float = 1.0
    guidance_interval: tuple[float, float] | None = None
    order: int = 1
    eta: float = 1.0

    def __post_init__(self):
        if not 1 <= self.steps <= TIMESTEPS:
            raise BadInput(f"a sampler can't take {self.steps} steps; give 1 to {TIMESTEPS}")
        if not 0 <= self.eta <= 1:
            raise BadInput(f"eta can't be {self.eta}; give 0 to 1")
        if self.order not in (1, 2) or (self.order == 2 and self.eta):
            raise BadInput(f"order can't be {self.order} with eta {self.eta}; give order 1, or 2 with eta 0")
        interval = self.guidance_interval
        if interval is not None and (len(interval) != 2 or interval[0] > interval[1]):
            raise BadInput(f"guidance_interval can't be {interval}; give two log-SNRs, the smaller first")

    def timesteps(self, alpha_bar) -> np.ndarray:
        """The timesteps of the network evaluations, ints (steps,), falling. Order 2 drops duplicates, so it may have
        fewer."""
        if self.order == 1:
            return np.linspace(TIMESTEPS - 1, 0, self.steps).round().astype(int)
        log_snrs = log_snr(alpha_bar)
        even = np.linspace(max(MIN_LOG_SNR, log_snrs[-1]), log_snrs[0], self.steps)
        return np.unique(np.abs(log_snrs - even[:, None]).argmin(axis=1))[::-1]

    def sample(self, x, predict_x0, alpha_bar, rng) -> np.ndarray:
        """Run the sampler from noise to images: float32 (B, H, W, C) -> the same.

        predict_x0: function (x_t, t, guidance) -> the network's estimate of x_0. rng: NumPy generator that draws z.
        """
        timesteps = self.timesteps(alpha_bar)
        log_snrs = log_snr(alpha_bar)[timesteps]
        low, high = self.guidance_interval or (-np.inf, np.inf)
        guidance = np.where((low <= log_snrs) & (log_snrs <= high), self.guidance, 1.0)
        previous, previous_h = None, None
        for number, (t, s) in enumerate(itertools.pairwise(timesteps)):
            x0 = extrapolated = predict_x0(x, t, guidance[number])
            h = log_snrs[number + 1] - log_snrs[number]
            if self.order == 2 and number:
                extrapolated = x0 + h / (2 * previous_h) * (x0 - previous)
            x = ddim_step(x, extrapolated, alpha_bar[t], alpha_bar[s], self.eta, rng)
            previous, previous_h = x0, h
        return predict_x0(x, timesteps[-1], guidance[-1])


def ddim_step(x, x0, a_t: float, a_s: float, eta: float, rng) -> np.ndarray:
    """x_s from x_t and x_0, eq. 12 of DDIM: float32 (B, H, W, C) -> the same."""
    signal_scale, noise_scale = signal_and_noise_scale(a_t)
    epsilon = (x - signal_scale * x0) / noise_scale
    sigma = eta * np.sqrt((1 - a_s) / (1 - a_t) * (1 - a_t / a_s))
    x = np.sqrt(a_s) * x0 + np.sqrt(1 - a_s - sigma**2) * epsilon
    if eta:
        x += sigma * rng.standard_normal(x.shape)
    return x.astype("float32")
