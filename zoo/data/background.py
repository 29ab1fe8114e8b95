"""A background set: images and texts of none of a user's classes, to calibrate a fine-tuned classifier against.

They come with the installed packages, so nothing is downloaded. Photographs are random crops of the ones in the wheels
of scikit-image and scikit-learn, without those that the apps have as samples: people try them on classifiers of their
own. Texts are `background.txt`: 200 pieces of 32 tokens sampled from gpt.gutenberg (`zoo.generation.text.Writer` with
length 32, temperature 1, top_p 1, each number from 0 to 199 as seed, and ten first words in turn).

Of the backgrounds that were tried (noise, coloured shapes, a user's images or texts with their parts shuffled, words of
the vocabulary, sentences of manuals) these made fine-tuned classifiers reject most of what they were not trained on.
"""

import importlib.util
from pathlib import Path

import numpy as np

from zoo.errors import MissingPackage
from zoo.kinds.image import fit, read_image
from zoo.kinds.text import read_text

# Package: the name of its wheel, the folder in it, files.
PHOTOGRAPHS = {
    "skimage": (
        "scikit-image",
        "data",
        "brick.png camera.png cell.png chessboard_RGB.png clock_motion.png coins.png color.png grass.png gravel.png "
        "horse.png hubble_deep_field.jpg ihc.png logo.png moon.png motorcycle_left.png page.png phantom.png retina.jpg "
        "text.png",
    ),
    "sklearn": ("scikit-learn", "datasets/images", "china.jpg flower.jpg"),
}
CROPS = 20  # of each photograph
SMALLEST = 0.25  # side of a crop, as a fraction of the photograph's shorter side


def photographs(shape, seed: int) -> list[np.ndarray]:
    """Random square crops of each photograph, at a model's size: 21 arrays uint8 (CROPS, H, W, C).

    shape: (H, W, C) that the model takes.
    Raises `MissingPackage` where a package no longer has them.
    """
    rng = np.random.default_rng(seed)
    return [np.stack([fit(_crop(image, rng), shape) for _ in range(CROPS)]) for image in map(read_image, _paths())]


def texts() -> list[str]:
    """200 pieces of English prose."""
    return read_text(Path(__file__).with_suffix(".txt")).splitlines()


def _paths() -> list[Path]:
    found = []
    for package, (wheel, folder, names) in PHOTOGRAPHS.items():
        where = importlib.util.find_spec(package)  # importing it would take longer
        paths = [Path(where.origin).parent / folder / name for name in names.split()] if where else []
        if not paths or not all(path.exists() for path in paths):
            raise MissingPackage(f"the photographs in {wheel} are missing; pip install --force-reinstall {wheel}")
        found += paths
    return found


def _crop(image: np.ndarray, rng) -> np.ndarray:
    """(H, W, 3) -> (S, S, 3), S a random size."""
    height, width = image.shape[:2]
    side = int(min(height, width) * rng.uniform(SMALLEST, 1))
    top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
    return image[top : top + side, left : left + side]
