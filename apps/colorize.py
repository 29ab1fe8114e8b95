"""Colour a photograph: its lightness at full resolution, joined with chroma that a small U-Net predicts.

The network gets the lightness at 128, 64 and 32 pixels and predicts a and b of CIE Lab at a quarter of that; the
predictions are averaged. Eyes resolve colour far less than lightness, so coarse chroma, smoothly enlarged, is enough
for an image of any size.
"""

from dataclasses import replace
from typing import Annotated

from zoo.data.color import STRENGTH, guess, join, lightness

from .app import App, Image, Number, Sample
from .photographs import PHOTOGRAPHS, photograph


class Colorize(App):
    name = "colorize"
    title = "Colour a photograph"
    topic = "Make pictures"
    summary = (
        "Puts plausible colours on a black-and-white photograph, at its full resolution. They are predictions, and "
        "muted where the network is uncertain."
    )
    checkpoints = ("unet.color",)

    def __call__(
        self,
        photo: Annotated[Image, Image(label="photograph", help="a photograph; only its lightness is used")],
        strength: Annotated[
            float,
            Number(
                minimum=0.0,
                maximum=3.0,
                live=True,
                help="saturation of the predicted colours; 0 leaves the image grey",
            ),
        ] = STRENGTH,
    ) -> Annotated[Image, Image(label="coloured", before="photo")]:
        """Image uint8 (H, W, 3), sRGB, or grey (H, W) -> the same image in colour, uint8 (H, W, 3)."""
        light = lightness(photo)  # (H, W)
        predict = self.predictor("unet.color")
        return join(light, guess(lambda x: predict(x)["chroma"], light), strength)

    def samples(self):
        return [_sample(file) for file in PHOTOGRAPHS]


def _sample(file: str) -> Sample:
    """A photograph in grey, its true colours as the reference."""
    import numpy as np

    sample = photograph(file, "photo")
    colours = sample.inputs["photo"]
    grey = join(lightness(colours), np.zeros((1, 1, 2), np.float32), strength=0)
    return replace(sample, inputs={"photo": grey}, reference=colours, reference_label="original colours")
