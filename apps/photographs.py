"""Sample inputs for apps: photographs from scikit-image's wheel, so nothing is downloaded."""

import importlib.util
from pathlib import Path

import numpy as np

from zoo.errors import MissingPackage

from .app import Sample

# By file name: title, and the authors' terms as skimage.data states them.
PHOTOGRAPHS = {
    "rocket.jpg": ("Falcon 9", "SpaceX, public domain"),
    "chelsea.png": ("Chelsea the cat", "Stefan van der Walt, CC0"),
    "astronaut.png": ("Eileen Collins", "NASA, public domain"),
    "coffee.png": ("Coffee", "Rachel Michetti, CC0"),
}


def read(file: str) -> np.ndarray:
    """One of `PHOTOGRAPHS`: uint8 (H, W, 3). Raises `MissingPackage` without scikit-image."""
    from zoo.kinds.image import read_image

    skimage = importlib.util.find_spec("skimage")  # where it is; importing it would take longer
    if skimage is None:
        raise MissingPackage("scikit-image, which holds the sample photographs, is missing; pip install scikit-image")
    return read_image(Path(skimage.origin).parent / "data" / file)


def photograph(file: str, argument: str, **inputs) -> Sample:
    """A sample with one of `PHOTOGRAPHS` as the input `argument`; `inputs`: the values of other inputs."""
    title, credit = PHOTOGRAPHS[file]
    return Sample(
        name=Path(file).stem,
        title=title,
        credit=f"{credit} (from scikit-image)",
        inputs={argument: read(file)} | inputs,
    )
