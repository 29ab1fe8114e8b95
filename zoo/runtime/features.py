"""What the last layer of a network takes: its features, for baselines and calibration."""

import numpy as np

PART = 64  # examples that are computed at once


def last_features(model):
    """A function from a model's inputs, arrays (N, ...) or a dict of them, to its last layer's input, (N, F).

    It is not compiled: compiling takes longer than some hundred examples do, and again for each length of texts.
    """
    import keras  # late: who imports this file doesn't import the framework

    below = keras.Model(model.input, model.layers[-1].input)

    def features(x) -> np.ndarray:
        starts = range(0, len(keras.tree.flatten(x)[0]), PART)
        parts = [keras.tree.map_structure(lambda array, at=at: array[at : at + PART], x) for at in starts]
        return np.concatenate([keras.ops.convert_to_numpy(below(part, training=False)) for part in parts])

    return features
