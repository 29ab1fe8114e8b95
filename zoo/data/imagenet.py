"""The thousand classes of ImageNet: their names, the groups they belong to, and the part of a photograph to look at.

O. Russakovsky and others, "ImageNet Large Scale Visual Recognition Challenge", 2015, https://arxiv.org/abs/1409.0575.
`imagenet.txt` has a line for each class, in the order of the logits: its name and, after a comma, its group, where it
has one: "beagle, dog". The order follows WordNet, so that most groups are ranges, such as the 118 breeds of dogs.
"""

from pathlib import Path

import numpy as np

WIDEST = 1.2  # ratio of the sides up to which a photograph is squeezed into a square; what is longer is cut off
CLEAR = 0.5  # of a group's probability that one class must have to be named beside the group

_LINES = [line.split(", ") for line in Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()]
NAMES = [line[0] for line in _LINES]
GROUPS = [line[-1] for line in _LINES]  # a class without a group is a group of its own
_MEMBERS = {group: np.flatnonzero(np.array(GROUPS) == group) for group in dict.fromkeys(GROUPS)}


def grouped(probabilities: np.ndarray, count: int) -> list[dict]:
    """The `count` groups with the most probable classes, from the probabilities of the classes, float (1000,).

    Each is {"label", "object", "probability"}: the group's name; its most probable class, or None where that has not
    even half of the group's probability; and the sum of the probabilities of its classes, by which they are ordered.
    The classes choose the groups, since the 118 breeds of dogs add up to something in any photograph.
    """
    best = {}  # group -> its most probable class
    for number in np.argsort(-probabilities, kind="stable"):
        best.setdefault(GROUPS[number], number)
    found = []
    for group, number in list(best.items())[:count]:
        total = float(probabilities[_MEMBERS[group]].sum())
        clear = probabilities[number] >= CLEAR * total
        found.append({"label": group, "object": NAMES[number] if clear else None, "probability": total})
    return sorted(found, key=lambda each: -each["probability"])


def central(photo: np.ndarray) -> np.ndarray:
    """The middle of a photograph uint8 (H, W, 3), at most `WIDEST` times as long as it is short: a view of it.

    Networks learn ImageNet from crops. Squeezing a photograph of 3:2 into a square costs six points of accuracy, and
    cutting it to a square loses what stands at its sides.
    """
    height, width = photo.shape[:2]
    rows, columns = min(height, max(1, int(width * WIDEST))), min(width, max(1, int(height * WIDEST)))
    top, left = (height - rows) // 2, (width - columns) // 2
    return photo[top : top + rows, left : left + columns]
