"""A baseline for images: histograms of oriented gradients (HOG) and a linear support vector machine.

N. Dalal, B. Triggs, "Histograms of Oriented Gradients for Human Detection", CVPR 2005. The baseline for photographs.
"""

import keras
import numpy as np
from skimage.feature import hog

from zoo.kinds.image import fit
from zoo.runtime import backend

SIDE = 96  # pixels to which photographs are resized


def features(photos) -> np.ndarray:
    """Histograms of 9 orientations in cells of 8 pixels, normalised in blocks of 2 x 2: photos -> (N, 4356)."""
    grey = (fit(photo, (SIDE, SIDE, 1))[..., 0] for photo in photos)
    return np.stack([hog(image, orientations=9, pixels_per_cell=(8, 8), cells_per_block=(2, 2)) for image in grey])


def train_svm(x, y, classes: int, *, seed=1):
    """A linear SVM of all classes at once, with weight decay for its margin.

    Its hinge loss is Crammer and Singer's (2001), but that the true class must score 1 at least, too.

    x float (N, F), y int (N,). Returns a function from features to scores (N, classes).
    """
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input(x.shape[1:]), keras.layers.Dense(classes)])
    rate = keras.optimizers.schedules.CosineDecay(1e-3, 30 * (-(-len(x) // 32)))
    optimizer = keras.optimizers.AdamW(rate, weight_decay=1.0)
    model.compile(optimizer, "categorical_hinge", jit_compile=backend.jit_compile())
    model.fit(x.astype("float32"), np.eye(classes, dtype="float32")[y], batch_size=32, epochs=30, verbose=0)
    return lambda features: model.predict(features.astype("float32"), batch_size=256, verbose=0)
