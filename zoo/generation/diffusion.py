"""The way from noise back to a picture, in few steps, for a network that estimates the picture in a noisy one.

A picture x_0 and noise epsilon make up x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) epsilon; a_t, here `signal`, falls from 1 to
0. From x_t to x_s, for an earlier time s, with x_0 and epsilon as a network estimates them:

    x_s = sqrt(a_s) x_0 + sqrt(1 - a_s - sigma^2) epsilon + sigma z,  z ~ N(0, I)
    sigma^2 = eta^2 (1 - a_s) / (1 - a_t) (1 - a_t / a_s)

(J. Song, C. Meng, S. Ermon, "Denoising Diffusion Implicit Models", 2021, eqs. 12 and 16). With eta = 1 and all of the
times it is algorithm 2 of DDPM (`zoo/models/ddpm.py`), with the smaller of its two variances. With eta = 0 the first noise
alone decides which picture it becomes, and few steps are enough. Still fewer are, if x_0 is expected to go on changing
as it did in the step before (C. Lu and others, "DPM-Solver++: Fast Solver for Guided Sampling of Diffusion
Probabilistic Models", 2022, algorithm 2): with lambda = log(sqrt(a_t) / sqrt(1 - a_t)) and h its steps, the last two of
them h' and h,

    x_0 + h / (2 h') (x_0 - x_0')  for x_0.

A network that is told what the picture is of can be asked with and without, and the difference be enlarged (J. Ho, T.
Salimans, "Classifier-Free Diffusion Guidance", 2022). It helps in the middle of the way; where there is most noise it
does harm, and where there is little it is hardly needed (T. Kynkäänniemi and others, "Applying Guidance in a Limited
Interval Improves Sample and Distribution Quality in Diffusion Models", 2024).
"""

import dataclasses
import itertools

import numpy as np

from zoo.errors import BadInput, UnknownName

SCHEDULES = ("linear", "cosine")
TIMES = 1000
FAINTEST = -6.0  # lambda, from which order 2 starts: below it there is nothing to see of a picture


def signal(schedule="linear"):
    """a_t, the share of a picture's variance that is left at each time: float64 (TIMES,), falling.

    "linear" as in DDPM, section 4; "cosine" falls more evenly (A. Nichol, P. Dhariwal, "Improved Denoising Diffusion
    Probabilistic Models", 2021, eq. 17). Raises `UnknownName` for others.
    """
    if schedule not in SCHEDULES:
        raise UnknownName("schedule", schedule, SCHEDULES)
    if schedule == "linear":
        return np.cumprod(1 - np.linspace(1e-4, 0.02, TIMES))
    t = np.arange(TIMES + 1) / TIMES
    f = np.cos((t + 0.008) / 1.008 * np.pi / 2) ** 2
    return np.cumprod(1 - np.minimum(1 - f[1:] / f[:-1], 0.999))


def roots(signal):
    """How much of the picture and how much noise there is: float32 (B, 1, 1, 1), twice."""
    signal = np.reshape(signal, (-1, 1, 1, 1))
    return np.sqrt(signal).astype("float32"), np.sqrt(1 - signal).astype("float32")


def log_snr(signal):
    """lambda, of picture against noise: float64, as large as `signal`."""
    return 0.5 * np.log(signal / (1 - signal))


@dataclasses.dataclass(frozen=True)
class Sampler:
    """How pictures are drawn. Raises `zoo.errors.BadInput` for what can't be.

    Args:
        steps: at how many times the network is asked, 1 to `TIMES`.
        guidance: above 1, pictures are more plainly of their kind, and fewer are different.
        interval: the least and the greatest lambda at which there is guidance, or None: it is everywhere.
        order: 1 is DDIM, with times that are spread evenly; 2 is DPM-Solver++, with an even lambda.
        eta: how much is left to chance on the way, 0 to 1; nothing with order 2.
    """

    steps: int = TIMES
    guidance: float = 1.0
    interval: tuple[float, float] | None = None
    order: int = 1
    eta: float = 1.0

    def __post_init__(self):
        if not 1 <= self.steps <= TIMES:
            raise BadInput(f"{self.steps} steps can't be taken; give 1 to {TIMES}")
        if not 0 <= self.eta <= 1:
            raise BadInput(f"eta {self.eta} can't be; give 0 to 1")
        if self.order not in (1, 2) or (self.order == 2 and self.eta):
            raise BadInput(f"order {self.order} can't be with eta {self.eta}; give order 1, or 2 with eta 0")
        if self.interval is not None and (len(self.interval) != 2 or self.interval[0] > self.interval[1]):
            raise BadInput(f"interval {self.interval} can't be; give two lambdas, the smaller first")

    def times(self, signal):
        """At which the network is asked: ints (steps,), falling. With order 2 none twice, so they can be fewer."""
        if self.order == 1:
            return np.linspace(TIMES - 1, 0, self.steps).round().astype(int)
        clear = log_snr(signal)
        even = np.linspace(max(FAINTEST, clear[-1]), clear[0], self.steps)
        return np.unique(np.abs(clear - even[:, None]).argmin(axis=1))[::-1]

    def walk(self, x, clean, signal, rng):
        """From noise to pictures: float32 (B, H, W, C) -> the same.

        clean: (x_t, t, guidance) -> x_0 as the network estimates it. rng: draws z.
        """
        times = self.times(signal)
        clear = log_snr(signal)[times]
        low, high = self.interval or (-np.inf, np.inf)
        guidance = np.where((low <= clear) & (clear <= high), self.guidance, 1.0)
        before, h_before = None, None
        for number, (t, s) in enumerate(itertools.pairwise(times)):
            found = ahead = clean(x, t, guidance[number])
            h = clear[number + 1] - clear[number]
            if self.order == 2 and number:
                ahead = found + h / (2 * h_before) * (found - before)
            x = earlier(x, ahead, signal[t], signal[s], self.eta, rng)
            before, h_before = found, h
        return clean(x, times[-1], guidance[-1])


def earlier(x, clean, a_t: float, a_s: float, eta: float, rng):
    """x_s of x_t and x_0, eq. 12 of DDIM: float32 (B, H, W, C) -> the same."""
    kept, lost = roots(a_t)
    epsilon = (x - kept * clean) / lost
    sigma = eta * np.sqrt((1 - a_s) / (1 - a_t) * (1 - a_t / a_s))
    x = np.sqrt(a_s) * clean + np.sqrt(1 - a_s - sigma**2) * epsilon
    if eta:
        x += sigma * rng.standard_normal(x.shape)
    return x.astype("float32")
