"""Nearest neighbours of faces from ddpm.utkface in the training split, to see whether the model copies faces.

Reproduce, after `zoo data prepare utkface --from FOLDER`: `python docs/figures/neighbours.py -o neighbours.png`. The
sheet has a row for each of the seeds 0 to 11 of the app faces: the generated face, the three training faces, mirrored
or not, that are nearest in the feature space of the attribute classifier, and the three nearest in pixels. It shows
real people: do not publish it.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.spatial.distance import cdist

import zoo
from zoo.recipes.ddpm_utkface import RECIPE
from zoo.training.families.faces import Comparison
from zoo_apps.drawing import grid
from zoo_apps.faces import ANY, enlarged, people

COUNT, NEAREST, SIDE = 12, 3, 128
PART = 2000  # training faces at once


def nearest(samples, training) -> np.ndarray:
    """The numbers of the training examples nearest to each sample, nearest first: (N, D), (M, D) -> (N, NEAREST)."""
    parts = (training[start : start + PART] for start in range(0, len(training), PART))
    return np.concatenate([cdist(samples, part) for part in parts], axis=1).argsort(axis=1)[:, :NEAREST]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--data-dir")
    arguments = parser.parse_args()
    training, attributes = RECIPE.faces("train", arguments.data_dir)
    model = zoo.load(RECIPE.name)
    made = model.generate(*people(range(COUNT), (ANY, None, ANY), model.generator), eta=0.0)
    comparison = Comparison(training[:1], training, attributes)  # the first argument, real faces, is not used here
    both = np.concatenate([training, training[:, :, ::-1]])  # as `Comparison` has them
    by_features = nearest(comparison.features(made)[0], comparison.training)
    by_pixels = nearest(*(pictures.reshape(len(pictures), -1) for pictures in (made, both)))
    cells = []
    for face, *near in zip(made, by_features, by_pixels, strict=True):
        cells += [enlarged(each, SIDE) for each in (face, *both[np.concatenate(near)])]
    Image.fromarray(grid(cells, 1 + 2 * NEAREST)).save(arguments.out)


if __name__ == "__main__":
    main()
