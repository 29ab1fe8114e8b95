"""Faces of ddpm.utkface, each beside the faces of training that are nearest to it, to see that none is a copy.

Reproduce, after `zoo data prepare utkface --from FOLDER`: `python docs/neighbours.py -o neighbours.png`. A row for each
of the seeds 0 to 11: the sample, then the three faces of training that are nearest in the attribute net's space, and
the three whose pixels are. The sheet shows real people: it is for you to look at, not to publish.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

import zoo
from zoo.data import faces
from zoo.hub import distributions
from zoo.recipes.ddpm_utkface import RECIPE
from zoo.recipes.faces import Judge
from zoo_apps.drawing import grid
from zoo_apps.faces import enlarged

COUNT, NEAREST, SIDE = 12, 3, 128


def nearest(samples, training, count) -> np.ndarray:
    """The numbers of the training examples nearest to each sample, nearest first: (N, D), (M, D) -> (N, count)."""
    left, found = np.ones(len(training), bool), []
    for sample in samples:
        left[:] = True
        own = []
        for _ in range(count):
            [place] = distributions.nearest(sample[None], training[left])[1]
            own.append(np.flatnonzero(left)[place])
            left[own[-1]] = False
        found.append(own)
    return np.array(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--data-dir")
    arguments = parser.parse_args()
    training, attributes = RECIPE.faces("train", arguments.data_dir)
    asked = faces.conditions(attributes)[:COUNT]
    made = zoo.load(RECIPE.name).sample(COUNT, labels=asked, seed=0)
    judge = Judge(made, training)
    flat = [pictures.reshape(len(pictures), -1).astype("float32") for pictures in (made, training)]
    by_features, by_pixels = nearest(judge.real, judge.training, NEAREST), nearest(*flat, NEAREST)
    cells = []
    for face, *near in zip(made, by_features, by_pixels, strict=True):
        cells += [enlarged(each, SIDE) for each in (face, *training[np.concatenate(near)])]
    Image.fromarray(grid(cells, 1 + 2 * NEAREST)).save(arguments.out)


if __name__ == "__main__":
    main()
