"""Draw docs/figures/apps.jpg, the collage in README.md of what the apps make: `python docs/figures/collage.py`.

Every tile is made here by an app with the shipped weights; the photographs are in the public domain, from scikit-image.
"""

from pathlib import Path

import cv2
import numpy as np

from zoo.kinds.image import write_image
from zoo_apps.colorize import Colorize
from zoo_apps.digits import Digits
from zoo_apps.drawing import titled
from zoo_apps.dream import Dream
from zoo_apps.explain import Explain
from zoo_apps.faces import Faces
from zoo_apps.features import Features
from zoo_apps.label import Label
from zoo_apps.photographs import read
from zoo_apps.translate import Translate

WIDTH, GAP = 1200, 10  # pixels
SENTENCE = "Zwei Kinder spielen am Strand mit einem roten Ball."


def tiles() -> list[list[tuple[str, np.ndarray]]]:
    """Rows of the collage: (caption, image uint8 (H, W, 3)) each."""
    cat, coffee = read("chelsea.png"), read("coffee.png")
    sample = next(each for each in Colorize().samples() if each.name == "chelsea")
    (faces, *_), _ = Faces()(n=12, seed=30)
    digits, plane = Digits()("19582026", map=True)
    _, _, attention = Translate()([SENTENCE], attention=True)
    return [
        [
            ("colorize: a grey photograph", sample.inputs["photo"]),
            ("and its predicted colours", Colorize()(**sample.inputs)),
            ("dream: Deep Dream", Dream()(cat)[0]),
        ],
        [("label: classes and colours", Label()(coffee)[0]), ("explain: why that class", Explain()(coffee))],
        [("faces: people who don't exist", faces.pixels), ("digits: generated handwriting", digits)],
        [
            ("digits --map: a latent plane", plane),
            ("features: what layers have learned", Features()(coffee)[0]),
            ("translate: cross-attention", attention),
        ],
    ]


def row_of(images: list[tuple[str, np.ndarray]]) -> np.ndarray:
    """Images side by side at one height, with captions below, `WIDTH` pixels wide: uint8 (H, WIDTH, 3)."""
    room = WIDTH - GAP * (len(images) - 1)
    height = int(room / sum(image.shape[1] / image.shape[0] for _, image in images))
    parts = []
    for number, (caption, image) in enumerate(images):
        width = round(height * image.shape[1] / image.shape[0])
        if number == len(images) - 1:  # rounding must not change the width of the row
            width = WIDTH - sum(part.shape[1] for part in parts)
        smaller = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        parts += [titled(smaller, caption), np.full((height + 30, GAP, 3), 255, np.uint8)]
    return np.hstack(parts[:-1])


def main() -> None:
    write_image(Path(__file__).with_name("apps.jpg"), np.vstack([row_of(row) for row in tiles()]))


if __name__ == "__main__":
    main()
