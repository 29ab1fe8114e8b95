"""Image generation by the generator of a GAN, from latents, and from labels where the model is conditional."""

import numpy as np

from zoo.tasks import examples
from zoo.tasks.task import Task


class GenerateImages(Task):
    takes = {"z": ("float32", 1)}
    gives = ("image",)

    def example(self, card, count):
        found = {"z": examples.latents(card.inputs["z"]["shape"][0], count)}
        if "labels" in card.inputs:
            found["labels"] = examples.labels(card.inputs["labels"]["shape"][0], count)
        return found

    def decode(self, card, outputs, tokenizer=None):
        """The images, uint8 (H, W, C) each."""
        return list(as_bytes(outputs["image"], card.outputs["image"]["range"]))


def as_bytes(images, range) -> np.ndarray:
    """Images in floating point as uint8. range: (black, white); what is beyond is clipped."""
    black, white = range
    return np.rint(255 * np.clip((np.asarray(images) - black) / (white - black), 0, 1)).astype(np.uint8)


TASK = GenerateImages()
