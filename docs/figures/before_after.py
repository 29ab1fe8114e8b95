"""Draw docs/figures/colorize.jpg, the picture in README.md: `python docs/figures/before_after.py`.

A public-domain photograph from scikit-image's wheel in grey, what the app colorize makes of it, and its true colours.
"""

from pathlib import Path

import cv2
import numpy as np

from zoo.kinds.image import write_image
from zoo_apps.colorize import Colorize

SAMPLE = "rocket"
HEIGHT, GAP = 320, 8  # pixels


def main() -> None:
    app = Colorize()
    sample = next(each for each in app.samples() if each.name == SAMPLE)
    pictures = [sample.inputs["photo"], app(**sample.inputs), sample.reference]
    gap = np.full((HEIGHT, GAP, 3), 255, np.uint8)
    row = []
    for picture in pictures:
        width = round(picture.shape[1] * HEIGHT / picture.shape[0])
        row += [cv2.resize(picture, (width, HEIGHT), interpolation=cv2.INTER_AREA), gap]
    write_image(Path(__file__).with_name("colorize.jpg"), np.hstack(row[:-1]))


if __name__ == "__main__":
    main()
