"""A diffusion model on UTKFace: faces of people who don't exist, conditioned on gender, age and ethnicity.

Reproduce: `zoo data prepare utkface --from FOLDER`, then `zoo train ddpm.utkface` (217 minutes on two cores of an AMD
EPYC). A small one: each patch of 4 x 4 pixels is one position with 96 channels. It is trained in three stages, each
from the weights of the one before: at a constant rate; at one that falls to zero; and as the student of both.

The sampler was chosen by 400 samples, conditioned on the labels of validation, against 2,239 faces of training; here
with the Fréchet distance, and the median distance to all of training, which is 1.404 for other photographs. Lambda is
the log-SNR, see `zoo/generation/diffusion.py`.

| sampler | distance | to training | age |
|---|---:|---:|---:|
| second stage, guidance 1.4, DDIM of 20 steps (of 32: 1.16) | 1.48 | | 79.5 % |
| likewise, DPM-Solver++ of 20 steps | 0.99 | | |
| likewise, guidance 2.2 for lambda from -2 to 1 only | 1.07 | 1.387 | 85.0 % |
| guidance 2, and 1 away from the first stage, lambda from -1.5 to 2 | 0.74 | 1.408 | 84.0 % |
| guidance 1.8, and 2 away from the first stage | 0.77 | 1.423 | 84.8 % |
| guidance 2, and 3 away from the first stage | 1.18 | 1.477 | 84.8 % |

Guidance that is strong enough for ages makes faces so typical that most are nearer to training than other photographs
are: with 1.4 to 2.2, in five intervals, with more steps, more noise or less, eta 0.5 and perturbed attention. Guided
away from the first stage as well, faces do not get nearer (T. Karras and others, "Guiding a Diffusion Model with a Bad
Version of Itself", 2024; a worse network is thought to make the same mistakes, only more). That takes three evaluations
of two networks. The third stage learns their combination, and takes one (C. Meng and others, "On Distillation of Guided
Diffusion Models", 2023):

    conditional + (1.7 - 1) (conditional - unconditional) + 1.5 (conditional - bad)

with the outputs of the second stage with labels and without, and that of the first stage. Its guidance is between those
of the table, to stay well away from training and look less harsh than with 2. On test its distance is 0.68, where
half way from real to blurred faces is 1.40, and its median 1.420 where other photographs have 1.400.
"""

import threading

import keras
import numpy as np

from zoo.data import faces
from zoo.data.batches import Batches
from zoo.generation.diffusion import alpha_bar, log_snr
from zoo.models.ddpm import ForwardProcess
from zoo.runtime.predictor import Predictor
from zoo.training.families.faces import Faces

GUIDANCE = 1.7  # by the labels, in the targets of the third stage; 1 is none
AWAY = 1.5  # from the output of the first stage; 0 is none
INTERVAL = (-1.5, 2.0)  # log-SNR, between which there are both


def numbered(values) -> str:
    """The meaning of the numbers of a label, in words."""
    return ", ".join(f"{number} {value}" for number, value in enumerate([*values, "any"]))


class Denoiser(Faces):
    """Base class of the three stages."""

    arguments = {
        "input_shape": [64, 64, 3],
        "channels": 32,
        "multiples": [3, 4],
        "blocks": 2,
        "attention": [],
        "dropout": 0.0,
        "patch": 4,
        "conditions": list(faces.CONDITIONS),
        "schedule": "cosine",
        "predict": "x0",
        "steps": 20,
        "guidance": 1.0,
        "guidance_interval": None,
        "order": 2,
        "eta": 0.0,
    }
    inputs = {
        "images": {"description": "faces with noise in them, -1 black to 1 white without"},
        "timesteps": {"description": "the timestep of each, 0 to 999"},
        "labels": {
            "description": (
                f"gender {numbered(faces.GENDERS)}; ages {numbered(f'{first}-{last}' for first, last in faces.BANDS)}; "
                f"ethnicity {numbered(faces.ETHNICITIES)}"
            ),
        },
    }
    batch_size = 32
    precision = "mixed_bfloat16"

    def noised(self, x, y, rng):
        """Faces, mirrored or not, with noise added."""
        turned = rng.random((len(x), 1, 1, 1)) < 0.5
        noising = ForwardProcess(**{name: self.arguments[name] for name in ("schedule", "predict", "conditions")})
        return noising(np.where(turned, x[:, :, ::-1], x), y, rng)

    transform = noised

    def training_data(self, data_dir):
        (x, y), (held, labels) = (self.faces(split, data_dir) for split in (self.trained_split, "validation"))
        batches = Batches(x, faces.conditions(y), batch_size=self.batch_size, seed=self.seed, transform=self.transform)
        # Not by `transform`, which runs the teachers: all three stages can be compared by the error against the truth.
        return batches, self.noised(held, faces.conditions(labels), np.random.default_rng(self.seed))

    def optimizer(self, steps):
        return keras.optimizers.Adam(self.rate(steps), beta_2=0.99, use_ema=True, ema_momentum=self.averaged)


class First(Denoiser):
    """At a constant rate. It is also the bad model that the third stage is guided away from."""

    name = "ddpm.utkface-first"
    epochs = 18
    averaged = 0.999

    def rate(self, steps):
        return keras.optimizers.schedules.CosineDecay(
            1e-5, steps, alpha=1.0, warmup_target=1e-3, warmup_steps=min(500, steps // 2)
        )


class Second(Denoiser):
    """At a rate that falls to zero. Its guided output is the target of the third stage."""

    name = "ddpm.utkface-second"
    epochs = 18
    averaged = 0.9995

    def starts_from(self):
        return First()

    def rate(self, steps):
        return keras.optimizers.schedules.CosineDecay(1e-3, steps, alpha=0.001)


class DDPMUTKFace(Denoiser):
    name = "ddpm.utkface"
    summary = "A diffusion model generates faces of people who don't exist, of the gender, age and ethnicity asked for."
    epochs = 2
    averaged = 0.98
    good: Predictor  # the trained teachers
    bad: Predictor
    lock = threading.Lock()  # batches are made in two threads, and both must not run a Keras model at once

    def starts_from(self):
        return Second()

    def teachers(self):
        return [Second(), First()]

    def set_teachers(self, teachers):
        self.good, self.bad = teachers

    def transform(self, x, y, rng):
        """Noisy faces, and the guided output of the teachers for them."""
        (noisy, times, labels), _, weights = self.noised(x, y, rng)
        nothing = np.broadcast_to(np.int32(faces.CONDITIONS), labels.shape)
        given = {"images": noisy, "timesteps": times, "labels": labels}
        twice = {name: np.concatenate([array, array]) for name, array in given.items()}
        twice["labels"] = np.concatenate([labels, nothing])
        with self.lock:
            conditional, unconditional = np.split(self.good(twice)["image"], 2)  # (B, H, W, C) each
            bad = self.bad(given)["image"]
        snr = log_snr(alpha_bar(self.arguments["schedule"]))[times].reshape(-1, 1, 1, 1)
        inside = (INTERVAL[0] <= snr) & (snr <= INTERVAL[1])
        beyond = (GUIDANCE - 1) * (conditional - unconditional) + AWAY * (conditional - bad)
        return (noisy, times, labels), np.clip(conditional + inside * beyond, -1, 1).astype("float32"), weights

    def rate(self, steps):
        warm = min(30, steps // 2)
        return keras.optimizers.schedules.CosineDecay(
            3e-6, steps - warm, alpha=0.01, warmup_target=3e-4, warmup_steps=warm
        )


RECIPE = DDPMUTKFace()
