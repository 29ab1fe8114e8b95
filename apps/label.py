"""Say what is in a photograph: things with percentages, dominant colours, and when nothing is known, that.

The network sees the photograph at its own small size. Its recipe has shifted its logits so that a best one below zero
means that it knows nothing there (`zoo.data.labels.KNOWN`).
"""

from typing import Annotated

import numpy as np

from zoo.data.labels import KNOWN, confidence, probabilities
from zoo.errors import BadInput

from .app import App, Checkpoint, Image, Number, Record
from .drawing import INK, PAPER, SOFT, font
from .photographs import photograph

COLOURS = 5  # dominant ones at most
SMALLEST = 0.04  # share of a colour worth a mention
ACROSS = 96  # pixels; dominant colours are looked for in a picture of this size

# The eleven basic colour terms of English (B. Berlin, P. Kay, "Basic Color Terms", 1969), as sRGB.
_NAMES = {
    "black": (15, 15, 15), "white": (245, 245, 245), "grey": (128, 128, 128), "red": (200, 30, 30),
    "orange": (240, 130, 30), "yellow": (240, 215, 50), "green": (60, 140, 60), "blue": (45, 95, 190),
    "purple": (120, 50, 150), "pink": (240, 160, 185), "brown": (115, 75, 45),
}  # fmt: skip


Photo = Annotated[np.ndarray, Image(label="photograph", help="a photograph of one thing")]
Classifier = Annotated[str, Checkpoint(help="a classifier: a name, or a folder that zoo finetune wrote")]


class Label(App):
    name = "label"
    title = "Say what is in a photograph"
    summary = "Names what a photograph shows, with percentages and its main colours; says so where it knows nothing."
    checkpoints = ("mobilenet.caltech101",)

    def __call__(
        self,
        photo: Photo,
        checkpoint: Classifier = "mobilenet.caltech101",
        count: Annotated[float, Number(minimum=1, maximum=100, help="labels to show")] = 5,
    ) -> tuple[Annotated[np.ndarray, Image(label="annotated")], Annotated[dict, Record(label="found")]]:
        """Picture uint8 (H, W, 3) -> it with a panel below, uint8 (H + ..., max(W, 320), 3), and what is in it."""
        logits, labels = classify(self.predictor(checkpoint), photo)
        chances = probabilities(logits)[0]  # (classes,)
        best = np.argsort(-chances, kind="stable")[: int(count)]
        known = bool(confidence(logits)[0] >= KNOWN)
        found = {
            "label": labels[best[0]] if known else None,
            "probability": round(float(chances[best[0]]), 4),
            "known": known,
            "labels": [{"label": labels[i], "probability": round(float(chances[i]), 4)} for i in best],
            "colours": dominant_colours(photo),
            "width": photo.shape[1],
            "height": photo.shape[0],
        }
        return annotated(photo, found), found

    def describe(self, record):
        lines = [f"{readable(each['label']):24} {each['probability']:6.1%}" for each in record["labels"]]
        if not record["known"]:
            lines = ["nothing known; the nearest:", *lines]
        lines += [f"{each['name']:10} {each['colour']}      {each['share']:6.0%}" for each in record["colours"]]
        return "\n".join(lines)

    def samples(self):
        return [photograph("coffee.png", "photo"), photograph("rocket.jpg", "photo")]


def classify(predict, photo) -> tuple[np.ndarray, list[str]]:
    """Logits (1, classes) of a predictor for a picture uint8 (H, W, 3), and the labels of a classifier with a logit for
    each. Raises `BadInput` for a checkpoint of another kind."""
    from zoo.data.images import fit

    card = predict.card
    if not card.labels or card.output.get("kind") != "logits" or None in card.input["shape"]:
        raise BadInput(f"{card.name} is no classifier of pictures; give one that zoo list shows with labels")
    return predict(fit(photo, card.input["shape"])[None]), card.labels


def readable(label: str) -> str:
    """A label as words: Caltech-101 writes water_lilly."""
    return label.replace("_", " ")


def dominant_colours(photo: np.ndarray) -> list[dict]:
    """The main colours of a picture, uint8 (H, W, 3), most of it first: k-means in CIE Lab.

    Each has its sRGB as "#rrggbb", the name of the nearest basic colour, and its share of the picture.
    """
    import cv2

    from zoo.data.color import lab

    height, width = (min(max(side, 2), ACROSS) for side in photo.shape[:2])  # k-means takes a single point for three
    small = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
    points, pixels = lab(small).reshape(-1, 3), small.reshape(-1, 3)
    cv2.setRNGSeed(1)  # the same picture has the same colours each time
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 40, 0.5)
    groups = min(COLOURS, len(points))
    _, members, _ = cv2.kmeans(points, groups, None, stop, 3, cv2.KMEANS_PP_CENTERS)
    basic = lab(np.array([list(_NAMES.values())], np.uint8))[0]  # (11, 3)
    found = {}
    for group in range(groups):
        chosen = members[:, 0] == group
        if not chosen.any():
            continue
        red, green, blue = np.rint(pixels[chosen].mean(axis=0)).astype(int)
        near = np.linalg.norm(basic - points[chosen].mean(axis=0), axis=1).argmin()
        colour = f"#{red:02x}{green:02x}{blue:02x}"  # a picture of fewer colours has groups of the same one
        each = found.setdefault(colour, {"colour": colour, "name": list(_NAMES)[near], "share": 0.0})
        each["share"] = round(each["share"] + float(chosen.mean()), 3)
    return sorted((each for each in found.values() if each["share"] >= SMALLEST), key=lambda each: -each["share"])


def annotated(photo: np.ndarray, found: dict) -> np.ndarray:
    """The picture above a panel with bars for the labels and patches of its colours."""
    from PIL import Image as Picture
    from PIL import ImageDraw

    height, width = photo.shape[:2]
    across = max(width, 320)
    size = max(14, across // 32)  # of the letters, in pixels
    line, edge = round(1.7 * size), size
    rows = len(found["labels"]) + (not found["known"])
    sheet = Picture.new("RGB", (across, height + line * (rows + 2) + edge), PAPER)
    sheet.paste(Picture.fromarray(photo), ((across - width) // 2, 0))
    draw, y, middle = ImageDraw.Draw(sheet), height + edge // 2, across // 2
    if not found["known"]:
        draw.text((edge, y), "nothing known; the nearest:", fill=SOFT, font=font(size))
        y += line
    for each in found["labels"]:
        draw.text((edge, y), readable(each["label"]), fill=INK if found["known"] else SOFT, font=font(size))
        end = middle + round((across - edge - 4 * size - middle) * each["probability"])
        draw.rectangle((middle, y + size // 4, max(end, middle + 1), y + size), fill=(70, 110, 180))
        draw.text((across - edge, y), f"{each['probability']:.1%}", fill=SOFT, font=font(size), anchor="ra")
        y += line
    y += line // 3
    left, room = edge, across - 2 * edge
    for each in found["colours"]:
        right = left + max(1, round(room * each["share"]))
        draw.rectangle((left, y, min(right, across - edge), y + line), fill=each["colour"])
        left = right
    return np.array(sheet)
