"""Handwritten digits of the user's choice, by two generators; and the latent plane of an autoencoder."""

import statistics
from typing import Annotated

import numpy as np

from zoo.errors import BadInput, quoted

from .app import App, Flag, Image, Number, Sample, Text
from .drawing import grid, titled

CONDITIONAL, AUTOENCODER, PLANE, CLASSIFIER = "dcgan.mnist", "vae.mnist", "vae.mnist-2d", "lenet5.mnist"
MOST = 100  # digits at once
CANDIDATES, LEAST = 60, 1000  # samples of the autoencoder for each digit asked for, and at least in all
MAP = 20  # rows and columns of the latent plane, in digits
NARROWEST, WIDEST = 3, 20  # digits in a row, at least (for the caption) and at most
SCALE = 3  # enlargement of height and width


class Digits(App):
    name = "digits"
    title = "Generate handwritten digits"
    topic = "Make pictures"
    summary = "Writes numbers in generated handwriting: by a conditional GAN, and by an autoencoder."
    checkpoints = (CONDITIONAL, AUTOENCODER, PLANE, CLASSIFIER)

    def __call__(
        self,
        digits: Annotated[str, Text(help="the digits to write, such as 2026")],
        seed: Annotated[int, Number(minimum=0, maximum=2**32 - 1, whole=True, help="decides the handwriting")] = 0,
        map: Annotated[bool, Flag(help="draw the latent plane of an autoencoder with two latents")] = False,
    ) -> tuple[
        Annotated[np.ndarray, Image(label="digits")], Annotated[np.ndarray | None, Image(label="map", when="map")]
    ]:
        """Two rows, uint8 (H, W, 3): samples of the conditional GAN, and the autoencoder's samples that a classifier
        finds most like each digit; and the latent plane, uint8 (560, 560, 3), or None."""
        wanted = np.array([int(digit) for digit in digits if digit in "0123456789"], np.int32)
        if len(wanted) != len(digits.replace(" ", "")) or not 1 <= len(wanted) <= MOST:
            raise BadInput(f"digits is {quoted(digits)}; give 1 to {MOST} of the digits 0 to 9")
        rows = [
            ("a conditional GAN", self._conditional(wanted, seed)),
            ("an autoencoder, the best of many samples", self._best_samples(wanted, seed)),
        ]
        sheet = np.concatenate([titled(_row(images), title) for title, images in rows])
        return sheet, self._map() if map else None

    def _conditional(self, wanted, seed) -> np.ndarray:
        """The GAN's images of these digits, uint8 (N, 28, 28, 1)."""
        from zoo.generation.images import sample_latents

        predict = self.predictor(CONDITIONAL)
        z = sample_latents(len(wanted), predict.card.inputs["z"]["shape"][0], seed=seed)
        return np.stack(predict.task.decode(predict.card, predict({"z": z, "labels": wanted[:, None]})))

    def _best_samples(self, wanted, seed) -> np.ndarray:
        """Of the autoencoder's samples, for each digit the one nearest to LeNet-5's code for it."""
        count = max(LEAST, CANDIDATES * len(wanted))
        latents = self.predictor(AUTOENCODER, "decoder").card.inputs["z"]["shape"][0]
        images = self._decode(AUTOENCODER, np.random.default_rng(seed).standard_normal((count, latents)))
        # Minus a distance from each digit's code. Probabilities would only say which digit is nearest.
        logits = self.predictor(CLASSIFIER)(images)["logits"]  # (N, 10)
        chosen = []
        for digit in wanted:
            best = int(logits[:, digit].argmax())
            chosen.append(best)
            logits[best] = -np.inf  # no image twice
        return images[chosen]

    def _decode(self, checkpoint: str, z) -> np.ndarray:
        """Images of latents (N, J): pixel probabilities as grey levels, uint8 (N, 28, 28, 1)."""
        logits = self.predictor(checkpoint, "decoder")(z.astype("float32"))["logits"]
        return np.round(255 / (1 + np.exp(-logits))).astype(np.uint8)

    def _map(self) -> np.ndarray:
        """Images over two latents, spaced by their probability: figure 4b of the paper on autoencoders."""
        quantiles = [statistics.NormalDist().inv_cdf((number + 0.5) / MAP) for number in range(MAP)]
        z = np.array([(across, -down) for down in quantiles for across in quantiles], np.float32)
        return grid(list(np.repeat(self._decode(PLANE, z), 3, axis=3)), MAP, gap=0)

    def samples(self):
        return [
            Sample(
                name="pi",
                title="The first digits of pi",
                credit="generated",
                inputs={"digits": "31415926", "map": True},
            )
        ]


def _row(images) -> np.ndarray:
    """uint8 (N, H, W, 1) -> a row of them, enlarged, black on white."""
    large = np.repeat(np.repeat(np.repeat(255 - images, SCALE, axis=1), SCALE, axis=2), 3, axis=3)
    return grid(list(large), min(max(len(large), NARROWEST), WIDEST))
