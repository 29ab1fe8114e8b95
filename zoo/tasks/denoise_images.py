"""Denoising by a diffusion model: noisy images and timesteps to clean images; `zoo.generation.diffusion` samples."""

import numpy as np

from zoo.tasks import examples
from zoo.tasks.generate_images import as_bytes
from zoo.tasks.task import Task

TIMESTEPS = (100, 900, 500)


class DenoiseImages(Task):
    takes = {"images": ("float32", 3), "timesteps": ("int32", 0)}
    gives = ("image",)

    def example(self, card, count):
        images = examples.images(card.inputs["images"]["shape"], count).astype("float32") / 127.5 - 1
        found = {"images": images, "timesteps": np.resize(TIMESTEPS, count).astype("int32")}
        if "labels" in card.inputs:
            found["labels"] = examples.labels(card.inputs["labels"]["shape"][0], count)
        return found

    def decode(self, card, outputs, tokenizer=None):
        """The estimated clean images, uint8 (H, W, C) each."""
        return list(as_bytes(outputs["image"], card.outputs["image"]["range"]))


TASK = DenoiseImages()
