"""Colorization: predict the chroma of an image from its lightness, both of CIE Lab; see `zoo.data.color`."""

import numpy as np

from zoo.data.color import CHROMA_SCALE
from zoo.tasks import examples
from zoo.tasks.task import Task


class ColorizeImages(Task):
    takes = {"lightness": ("uint8", 3)}
    gives = ("chroma",)

    def example(self, card, count):
        return {"lightness": examples.images(card.inputs["lightness"]["shape"], count)}

    def decode(self, card, outputs, tokenizer=None):
        """a and b of CIE Lab, float32 (h, w, 2) each, for `zoo.data.color.join`."""
        return list(np.asarray(outputs["chroma"], np.float32) * np.float32(CHROMA_SCALE))


TASK = ColorizeImages()
