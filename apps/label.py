"""Label a photograph: what it shows, with percentages, its main colours, and whether the network is sure.

By default the network knows the thousand classes of ImageNet, and the record is laid out as that of a photo service:
objects are the most specific names ("beagle"), labels are groups of them ("dog"), to which many classes add up; then
come the colours, and Safe Search where it is installed. Of another checkpoint, labels are its classes.

The network gets the photograph at its own small size. A card may state a threshold on the best logit: below it the
photograph counts as out of distribution. Without a threshold the record says nothing about that.
"""

from typing import Annotated

import numpy as np

import zoo
from zoo.data import imagenet
from zoo.data.labels import probabilities
from zoo.errors import BadCheckpoint, BadInput

from .app import App, Checkpoint, Image, Number, Record
from .colours import dominant_colours
from .drawing import INK, PAPER, SOFT, font
from .photographs import photograph
from .safe_search import safe_search

DEFAULT = "efficientnet-lite0.imagenet"
UNKNOWN = "not sure; the nearest known classes:"

# Names of what is found.
FOUND = "label, probability, in_distribution, objects, labels, colours, safe_search, width, height"

Photo = Annotated[np.ndarray, Image(label="photograph", help="a photograph of one thing")]
Classifier = Annotated[str, Checkpoint(help="a classifier: a name, or a folder that zoo finetune wrote")]


class Label(App):
    name = "label"
    title = "Label a photograph"
    topic = "Look at photographs"
    summary = (
        "Names what a photograph shows, of a thousand kinds of things, with percentages and its main colours; says so "
        "when it is not sure."
    )
    checkpoints = (DEFAULT,)

    def __call__(
        self,
        photo: Photo,
        checkpoint: Classifier = DEFAULT,
        count: Annotated[int, Number(minimum=1, maximum=100, whole=True, help="labels to show")] = 5,
    ) -> tuple[Annotated[np.ndarray, Image(label="annotated")], Annotated[dict, Record(label="found", help=FOUND)]]:
        """Image uint8 (H, W, 3) -> the same with a panel below, uint8 (H + ..., max(W, 320), 3), and a record.

        "in_distribution" in the record is None where the checkpoint's card states no threshold. "objects" and
        "safe_search" are in that of ImageNet's classes alone; there each of "labels" has an "object", too, its
        most probable class, or None where no class is clearly that.
        """
        check_classifier(checkpoint)
        predict = self.predictor(checkpoint)
        logits, names = classify(predict, photo)
        [answer] = predict.task.decode(predict.card, {"logits": logits})
        classes = [{"label": label, "probability": value} for label, value in answer["labels"]]
        of_imagenet = names == imagenet.NAMES
        labels = imagenet.grouped(probabilities(logits)[0], count) if of_imagenet else classes[:count]
        unsure = answer["in_distribution"] is False
        found = {
            "label": None if unsure else labels[0]["label"],
            "probability": round(labels[0]["probability"], 4),
            "in_distribution": answer["in_distribution"],
            **({"objects": _rounded(classes[:count])} if of_imagenet else {}),
            "labels": _rounded(labels),
            "colours": dominant_colours(photo),
            **({"safe_search": safe_search(photo)} if of_imagenet else {}),
            "width": photo.shape[1],
            "height": photo.shape[0],
        }
        return annotated(photo, found), found

    def describe(self, record):
        unsure = [UNKNOWN] if record["in_distribution"] is False else []
        labels = [_row(each) for each in record["labels"]]
        colours = [f"{each['name']:10} {each['colour']}      {each['fraction']:6.0%}" for each in record["colours"]]
        if "objects" not in record:
            return "\n".join([*unsure, *labels, *colours])
        safe = record["safe_search"]
        adult = safe["note"] if safe["score"] is None else f"{safe['score']:.1%}"
        parts = {
            "Objects": [_row(each) for each in record["objects"]],
            "Labels": labels,
            "Properties": colours,
            "Safe Search": [f"adult: {safe['adult']}; {adult}"],
        }
        return "\n".join([*unsure, *(f"{title}\n  " + "\n  ".join(lines) for title, lines in parts.items())])

    def line(self, record):
        best = record["labels"][0]
        unknown = f"{UNKNOWN} " if record["in_distribution"] is False else ""
        return f"{unknown}{words(best)} {best['probability']:.1%}"

    def samples(self):
        # The last one shows a person, of whom ImageNet knows nothing.
        return [photograph(file, "photo") for file in ("chelsea.png", "coffee.png", "astronaut.png")]


def check_classifier(name: str) -> None:
    """Raise `BadCheckpoint` for a checkpoint that is no image classifier, by its card: that costs no export of it."""
    card = zoo.card(name)
    shape = card.inputs.get("image", {"shape": []})["shape"] if card.task == "classify_images" else []
    sized = len(shape) == 3 and None not in shape and shape[-1] in (1, 3)
    if not (sized and card.labels):
        raise BadCheckpoint(f"{card.name} is no image classifier; give one such as {DEFAULT}")


def classify(predict, photo) -> tuple[np.ndarray, list[str]]:
    """Logits (1, classes) for an image uint8 (H, W, 3), (1, 1) for two classes; and the labels of the classifier.

    Raises `BadCheckpoint` for one with another number of labels than its card has.
    """
    from zoo.kinds.image import fit

    card = predict.card
    logits = predict(fit(part_seen(card, photo), card.inputs["image"]["shape"])[None])["logits"]
    if probabilities(logits).shape != (1, len(card.labels)):
        raise BadCheckpoint(f"{card.name} has {len(card.labels)} labels for logits of shape {logits.shape}")
    return logits, card.labels


def part_seen(card, photo: np.ndarray) -> np.ndarray:
    """The part of a photograph that a classifier gets, at its own size: a view, uint8 (h, w, 3)."""
    return imagenet.central(photo) if card.labels == imagenet.NAMES else photo


def words(found: dict) -> str:
    """One of a record's labels or objects in words: "dog (beagle)"; "computer mouse", which says "mouse" already."""
    name, example = readable(found["label"]), readable(found.get("object") or "")
    return name if example in name else f"{name} ({example})"


def _row(found: dict) -> str:
    return f"{words(found):34} {found['probability']:6.1%}"


def _rounded(found: list[dict]) -> list[dict]:
    return [each | {"probability": round(each["probability"], 4)} for each in found]


def readable(label: str) -> str:
    """A label as words: Caltech-101 writes water_lilly."""
    return label.replace("_", " ")


def annotated(photo: np.ndarray, found: dict) -> np.ndarray:
    """The image above a panel with bars for the labels and patches of its colours.

    Raises `BadInput` for an image too narrow for that: the result would be hundreds of times as large.
    """
    from PIL import Image as PILImage
    from PIL import ImageDraw

    from zoo.kinds.image import MAX_PIXELS

    height, width = photo.shape[:2]
    across = max(width, 320)
    if across > width and across * height > MAX_PIXELS:
        raise BadInput(f"{width} x {height} pixels, too narrow for words below; cut it into parts first")
    unknown = found["in_distribution"] is False
    rows = len(found["labels"]) + unknown
    # Height of the letters in pixels. The panel is no higher than the image, unless they would be too small to read.
    size = max(14, min(across // 32, int(height / (1.7 * (rows + 2) + 1))))
    line, edge = round(1.7 * size), size
    sheet = PILImage.new("RGB", (across, height + line * (rows + 2) + edge), PAPER)
    sheet.paste(PILImage.fromarray(photo), ((across - width) // 2, 0))
    draw, y, middle = ImageDraw.Draw(sheet), height + edge // 2, across // 2
    if unknown:
        draw.text((edge, y), UNKNOWN, fill=SOFT, font=font(size))
        y += line
    for each in found["labels"]:
        draw.text((edge, y), words(each), fill=SOFT if unknown else INK, font=font(size))
        end = middle + round((across - edge - 4 * size - middle) * each["probability"])
        draw.rectangle((middle, y + size // 4, max(end, middle + 1), y + size), fill=(70, 110, 180))
        draw.text((across - edge, y), f"{each['probability']:.1%}", fill=SOFT, font=font(size), anchor="ra")
        y += line
    y += line // 3
    left, room = edge, across - 2 * edge
    for each in found["colours"]:
        right = left + max(1, round(room * each["fraction"]))
        draw.rectangle((left, y, min(right, across - edge), y + line), fill=each["colour"])
        left = right
    return np.array(sheet)
