"""Autoencoding of images: each is reconstructed from a few latents, as a logit for each pixel being white."""

import dataclasses

import numpy as np

from zoo.tasks import examples
from zoo.tasks.task import Task


class AutoencodeImages(Task):
    takes = {"image": ("uint8", 3)}

    def example(self, card, count):
        if "z" in card.inputs:  # the decoder alone
            return {"z": examples.latents(card.inputs["z"]["shape"][0], count)}
        return {"image": examples.images(card.inputs["image"]["shape"], count)}

    def part(self, card, name):
        """The card of the decoder: latents z -> logits of the pixels."""
        if name != "decoder":
            return super().part(card, name)
        z = {"shape": [card.arguments["latents"]], "dtype": "float32", "description": "latents of an image"}
        return dataclasses.replace(card, inputs={"z": z})

    def decode(self, card, outputs, tokenizer=None):
        """The reconstructions, uint8 (H, W, C) each: the probabilities of white as grey levels."""
        logits = np.asarray(outputs["logits"], np.float64)
        return list(np.rint(255 / (1 + np.exp(-logits))).astype(np.uint8))


TASK = AutoencodeImages()
