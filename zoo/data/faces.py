"""Attributes of faces as UTKFace labels them, which is how others perceived them: as inputs and outputs of networks."""

import numpy as np

from zoo.data.datasets.utkface import ATTRIBUTES
from zoo.data.labels import probabilities

GENDERS, ETHNICITIES = (ATTRIBUTES[name].names for name in ("gender", "ethnicity"))
OLDEST = 116
BANDS = ((1, 5), (6, 15), (16, 25), (26, 35), (36, 45), (46, 55), (56, 65), (66, OLDEST))  # of ages, in years
# Number of values of each label that a generator is conditioned on.
CONDITIONS = (len(GENDERS), len(BANDS), len(ETHNICITIES))
ANSWERS = len(GENDERS) + len(ETHNICITIES) + OLDEST  # logits that `read` takes


def band(age):
    """The index in `BANDS` of an age in years, or of each of many."""
    return np.searchsorted([last for _, last in BANDS], age)


def conditions(attributes: dict) -> np.ndarray:
    """The labels that a generator is conditioned on: {"age", "gender", "ethnicity"}, ints (N,) each -> int32 (N, 3) of
    gender, age band and ethnicity."""
    columns = attributes["gender"], band(attributes["age"]), attributes["ethnicity"]
    return np.stack(columns, axis=1).astype(np.int32)


def read(logits) -> dict:
    """Attributes from a network's logits, float (N, ANSWERS): genders, ethnicities and ages from 1 on.

    The age is the expected value over all ages: R. Rothe, R. Timofte, L. Van Gool, "DEX: Deep EXpectation
    of apparent age from a single image", 2015.
    Returns: {"gender": ints (N,), "ethnicity": ints (N,), "age": floats (N,), in years}.
    """
    gender, ethnicity, age = np.split(logits, [len(GENDERS), len(GENDERS) + len(ETHNICITIES)], axis=1)
    years = probabilities(age) @ np.arange(1, OLDEST + 1)
    return {"gender": gender.argmax(axis=1), "ethnicity": ethnicity.argmax(axis=1), "age": years}
