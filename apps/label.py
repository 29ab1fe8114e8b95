"""Label a photograph: classes with percentages, dominant colours, and whether it is out of distribution.

The network gets the photograph at its own small size. A card may state a threshold on the best logit: below it the
photograph counts as out of distribution. Without a threshold the record says nothing about that.
"""

from typing import Annotated

import numpy as np

import zoo
from zoo.data.labels import probabilities
from zoo.errors import BadCheckpoint, BadInput

from .app import App, Checkpoint, Image, Number, Record
from .colours import dominant_colours
from .drawing import INK, PAPER, SOFT, font
from .photographs import photograph

UNKNOWN = "none of the known classes; the nearest:"

FOUND = "label, probability, in_distribution, labels, colours, width, height"  # names of what is found

Photo = Annotated[np.ndarray, Image(label="photograph", help="a photograph of one thing")]
Classifier = Annotated[str, Checkpoint(help="a classifier: a name, or a folder that zoo finetune wrote")]


class Label(App):
    name = "label"
    title = "Label a photograph"
    topic = "Look at photographs"
    summary = (
        "Names what a photograph shows, with percentages and its main colours; says so when it is none of its classes."
    )
    checkpoints = ("mobilenet.caltech101",)

    def __call__(
        self,
        photo: Photo,
        checkpoint: Classifier = "mobilenet.caltech101",
        count: Annotated[int, Number(minimum=1, maximum=100, whole=True, help="labels to show")] = 5,
    ) -> tuple[Annotated[np.ndarray, Image(label="annotated")], Annotated[dict, Record(label="found", help=FOUND)]]:
        """Image uint8 (H, W, 3) -> the same with a panel below, uint8 (H + ..., max(W, 320), 3), and a record.

        "in_distribution" in the record is None where the checkpoint's card states no threshold.
        """
        check_classifier(checkpoint)
        predict = self.predictor(checkpoint)
        logits, _ = classify(predict, photo)
        [answer] = predict.task.decode(predict.card, {"logits": logits})
        best = [{"label": label, "probability": round(value, 4)} for label, value in answer["labels"][:count]]
        found = {
            "label": answer["label"],
            "probability": best[0]["probability"],
            "in_distribution": answer["in_distribution"],
            "labels": best,
            "colours": dominant_colours(photo),
            "width": photo.shape[1],
            "height": photo.shape[0],
        }
        return annotated(photo, found), found

    def describe(self, record):
        lines = [f"{readable(each['label']):24} {each['probability']:6.1%}" for each in record["labels"]]
        if record["in_distribution"] is False:
            lines = [UNKNOWN, *lines]
        lines += [f"{each['name']:10} {each['colour']}      {each['fraction']:6.0%}" for each in record["colours"]]
        return "\n".join(lines)

    def line(self, record):
        best = record["labels"][0]
        unknown = f"{UNKNOWN} " if record["in_distribution"] is False else ""
        return f"{unknown}{readable(best['label'])} {best['probability']:.1%}"

    def samples(self):
        return [photograph("coffee.png", "photo"), photograph("rocket.jpg", "photo")]


def check_classifier(name: str) -> None:
    """Raise `BadCheckpoint` for a checkpoint that is no image classifier, by its card: that costs no export of it."""
    card = zoo.card(name)
    shape = card.inputs.get("image", {"shape": []})["shape"] if card.task == "classify_images" else []
    sized = len(shape) == 3 and None not in shape and shape[-1] in (1, 3)
    if not (sized and card.labels):
        raise BadCheckpoint(f"{card.name} is no image classifier; give one such as mobilenet.caltech101")


def classify(predict, photo) -> tuple[np.ndarray, list[str]]:
    """Logits (1, classes) for an image uint8 (H, W, 3), (1, 1) for two classes; and the labels of the classifier.

    Raises `BadCheckpoint` for one with another number of labels than its card has.
    """
    from zoo.kinds.image import fit

    card = predict.card
    logits = predict(fit(photo, card.inputs["image"]["shape"])[None])["logits"]
    if probabilities(logits).shape != (1, len(card.labels)):
        raise BadCheckpoint(f"{card.name} has {len(card.labels)} labels for logits of shape {logits.shape}")
    return logits, card.labels


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
        draw.text((edge, y), readable(each["label"]), fill=SOFT if unknown else INK, font=font(size))
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
