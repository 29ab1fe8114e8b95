"""Handwritten digits of one's choice, by two networks that make them; and a map of all that one of them can draw."""

import statistics
from typing import Annotated

import numpy as np

from zoo.errors import BadInput

from .app import App, Flag, Image, Number, Sample, Text
from .drawing import grid, titled

ASKED, CHANCE, PLANE, READER = "dcgan.mnist", "vae.mnist", "vae.mnist-2d", "lenet5.mnist"
MOST = 100  # digits at once
TRIES, LEAST = 60, 1000  # drawings of the autoencoder for each digit asked for, and in all
MAP = 20  # digits of the map, each way
NARROWEST, WIDEST = 3, 20  # rows, in digits: titles need some room
TIMES = 3  # a pixel of a network's becomes so many, each way


class Digits(App):
    name = "digits"
    title = "Handwritten digits"
    summary = "Writes numbers in digits that nobody wrote: by a GAN that is told which, and by an autoencoder."
    checkpoints = (ASKED, CHANCE, PLANE, READER)

    def __call__(
        self,
        digits: Annotated[str, Text(help="the digits to write, such as 2026")],
        seed: Annotated[int, Number(minimum=0, maximum=2**32 - 1, whole=True, help="of the handwriting")] = 0,
        map: Annotated[
            bool, Flag(help="draw what an autoencoder with two latents draws for each pair of them")
        ] = False,
    ) -> tuple[
        Annotated[np.ndarray, Image(label="digits")], Annotated[np.ndarray | None, Image(label="map", when="map")]
    ]:
        """Two rows, uint8 (H, W, 3): the conditional GAN's digits, and those of many that the autoencoder drew which
        look most like it to a network that reads; and the map, uint8 (560, 560, 3), or None."""
        asked = np.array([int(digit) for digit in digits if digit in "0123456789"], np.int32)
        if len(asked) != len(digits.replace(" ", "")) or not 1 <= len(asked) <= MOST:
            raise BadInput(f"digits is {digits!r:.40}; give 1 to {MOST} of the digits 0 to 9")
        generated = self.model(ASKED).sample(len(asked), labels=asked[:, None], seed=seed)
        rows = [("a GAN that is told which", generated), ("an autoencoder's, by chance", self._by_chance(asked, seed))]
        sheet = np.concatenate([titled(_row(pictures), title) for title, pictures in rows])
        return sheet, self._map() if map else None

    def _by_chance(self, asked, seed) -> np.ndarray:
        """Of what the autoencoder draws, for each digit the picture that is nearest to LeNet-5's idea of it."""
        drawn = self.model(CHANCE).sample(max(LEAST, TRIES * len(asked)), seed=seed)
        # Minus a distance from each digit's code. Probabilities would say which digit a scrawl is nearest to.
        near = self.predictor(READER)(drawn)["logits"]  # (N, 10)
        chosen = []
        for digit in asked:
            best = int(near[:, digit].argmax())
            chosen.append(best)
            near[best] = -np.inf  # no picture twice
        return drawn[chosen]

    def _map(self) -> np.ndarray:
        """What two latents draw, spread as they are likely: figure 4b of the paper on autoencoders."""
        places = [statistics.NormalDist().inv_cdf((number + 0.5) / MAP) for number in range(MAP)]
        z = np.array([(across, -down) for down in places for across in places], np.float32)
        drawn = np.repeat(self.model(PLANE).decode(z), 3, axis=3)
        return grid(list(drawn), MAP, gap=0)

    def samples(self):
        return [
            Sample(
                name="pi",
                title="The first digits of pi",
                credit="by nobody",
                inputs={"digits": "31415926", "map": True},
            )
        ]


def _row(pictures) -> np.ndarray:
    """uint8 (N, H, W, 1) -> a row of them, enlarged, black on white."""
    large = np.repeat(np.repeat(np.repeat(255 - pictures, TIMES, axis=1), TIMES, axis=2), 3, axis=3)
    return grid(list(large), min(max(len(large), NARROWEST), WIDEST))
