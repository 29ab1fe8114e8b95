"""Attribute estimation: age, gender and ethnicity of a face, as others perceived them."""

import numpy as np

from zoo.data import faces
from zoo.tasks import examples
from zoo.tasks.task import Task


class EstimateAttributes(Task):
    takes = {"image": ("uint8", 3)}
    gives = ("attributes",)

    def example(self, card, count):
        return {"image": examples.images(card.inputs["image"]["shape"], count)}

    def decode(self, card, outputs, tokenizer=None):
        """{"gender", "ethnicity", "age"} of each face: names, and years."""
        found = faces.read(np.asarray(outputs["attributes"]))
        return [
            {"gender": faces.GENDERS[gender], "ethnicity": faces.ETHNICITIES[ethnicity], "age": float(age)}
            for gender, ethnicity, age in zip(found["gender"], found["ethnicity"], found["age"], strict=True)
        ]


TASK = EstimateAttributes()
