"""The one door through which apps use checkpoints: arrays in, arrays out."""

import numpy as np

from zoo.hub import checkpoint


def compiled(model):
    """A model as a function from a batch of arrays to a batch of arrays, compiled by its backend."""
    import keras

    if keras.config.backend() == "tensorflow":
        model.jit_compile = False  # XLA is slower than TensorFlow's own convolutions on CPUs
    return lambda x: np.asarray(model.predict_on_batch(x))


class Predictor:
    """A checkpoint's model, compiled by its backend. Keeps the model in memory; make it once and call it often."""

    def __init__(self, name):
        self.name = str(name)
        self.card = checkpoint.card(name)
        self.model = checkpoint.load(name)
        self._predict = compiled(self.model)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Run a batch: x (B, ...) as the card's `input` says -> (B, ...) as its `output` says.

        Batches are filled up to the next power of two, so that a compiled function is made for few sizes only.
        """
        x = np.asarray(x)
        size = len(x)
        bucket = 1 << (size - 1).bit_length()
        if bucket > size:
            x = np.concatenate([x, np.repeat(x[-1:], bucket - size, axis=0)])
        return self._predict(x)[:size]


def predictor(name) -> Predictor:
    """A `Predictor` for a checkpoint, by name or folder. Raises `UnknownName` or `BadCheckpoint`."""
    return Predictor(name)
