"""Features: the inputs of a network's last layer, for baselines and calibration."""

import numpy as np

PART = 64  # examples that are computed at once


def last_features(model):
    """A function from a model's inputs, arrays (N, ...) or a dict of them, to the features (N, F).

    The function is not compiled: compiling takes longer than a few hundred examples do, and would be repeated for each
    length of texts.
    """
    import keras  # late: importing this module must not import the framework

    below = keras.Model(model.input, model.layers[-1].input)

    def features(x) -> np.ndarray:
        starts = range(0, len(keras.tree.flatten(x)[0]), PART)
        parts = [keras.tree.map_structure(lambda array, at=at: array[at : at + PART], x) for at in starts]
        return np.concatenate([keras.ops.convert_to_numpy(below(part, training=False)) for part in parts])

    return features
