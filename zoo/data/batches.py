"""Batches for `fit`, whose order is a function of seed and epoch: a resumed training sees what it would have seen."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np

# First number after seed and epoch: the order's random numbers and the transform's must not be the same.
_ORDER, _TRANSFORM, _CUT = 0, 1, 2
_POOL = 50  # batches whose examples are sorted by length together
_AHEAD = 2  # batches made in the background while the network computes


class Batches(keras.utils.PyDataset):
    """Feeds `fit`, `evaluate` and `predict` on any backend.

    x: array (N, ...) or list of N arrays of any shapes. y: array (N, ...), or None.
    transform(x, y, rng): makes a batch from x (an array (B, ...), or a list of B arrays if x is a list) and y (an
        array, or None), with a NumPy generator of its own; returns what `fit` takes, (x, y) or x, each an array or a
        tuple or dict of arrays. It runs in background
        threads, so all its randomness must come from `rng`.
    seed, epoch: the order of an epoch depends on both, `rng` on both and the batch's number, and on nothing else. To
        resume after n epochs, call `fit` with initial_epoch=n and `fit_options()`, which keep `epoch` up to date.
    shuffle: False keeps the order of x, for evaluation. Then the last, smaller batch is kept; with True it is left
        out, so that all steps weigh alike and compiled shapes stay (what is left out changes with each epoch). Fewer
        examples than batch_size make one batch.
    lengths: of each example, (N,): a batch then has examples of about one length, so that little is filled up.
    """

    def __init__(
        self,
        x,
        y=None,
        *,
        batch_size: int,
        seed: int,
        transform=None,
        epoch: int = 0,
        shuffle: bool = True,
        lengths=None,
    ):
        super().__init__()
        if not len(x):
            raise ValueError("Batches needs at least one example")
        if y is not None and len(x) != len(y):
            raise ValueError(f"x has {len(x)} examples, y has {len(y)}")
        self.x, self.y = x, y
        self.batch_size = min(batch_size, len(x))
        self.seed, self.epoch = seed, epoch
        self.transform = transform
        self.shuffle = shuffle
        self.lengths = None if lengths is None else np.asarray(lengths)
        self._order_of = (None, None)  # (epoch, order)
        self._threads = ThreadPoolExecutor(_AHEAD) if transform else None
        self._pending = {}  # (epoch, index) -> Future

    def __len__(self) -> int:
        full, rest = divmod(len(self.x), self.batch_size)
        return full if self.shuffle or not rest else full + 1

    def __getitem__(self, index: int):
        """Batch `index` of the current epoch."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        epoch = self.epoch
        if self._threads is None:
            return self._make(epoch, index)
        for ahead in range(index, min(index + _AHEAD + 1, len(self))):
            if (epoch, ahead) not in self._pending:
                self._pending[epoch, ahead] = self._threads.submit(self._make, epoch, ahead)
        for stale in [key for key in list(self._pending) if key[0] != epoch]:
            self._pending.pop(stale, None)
        batch = self._pending.pop((epoch, index), None)
        return batch.result() if batch else self._make(epoch, index)

    def digest(self) -> str:
        """SHA-256 of the examples, which tells one training's data from another's."""
        digest = hashlib.sha256(b"" if self.y is None else np.ascontiguousarray(self.y))
        for example in self.x:
            digest.update(np.ascontiguousarray(example))
        return digest.hexdigest()

    def _make(self, epoch: int, index: int):
        chosen = self._order(epoch)[index * self.batch_size : (index + 1) * self.batch_size]  # (B,)
        x = [self.x[i] for i in chosen] if isinstance(self.x, list) else self.x[chosen]
        y = None if self.y is None else self.y[chosen]
        if self.transform:
            return self.transform(x, y, np.random.default_rng([self.seed, epoch, _TRANSFORM, index]))
        x = np.asarray(x)
        return x if y is None else (x, y)

    def _order(self, epoch: int) -> np.ndarray:
        known, order = self._order_of
        if known != epoch:
            count = len(self.x)
            rng = np.random.default_rng([self.seed, epoch, _ORDER, 0])
            order = rng.permutation(count) if self.shuffle else np.arange(count)
            if self.shuffle and self.lengths is not None:
                order = self._alike(order, rng)
            self._order_of = (epoch, order)
        return order

    def _alike(self, order: np.ndarray, rng) -> np.ndarray:
        """An order with examples of about one length in each batch, the batches in any order."""
        # Sorted by length not as a whole, or a batch would always have the same examples.
        pool = _POOL * self.batch_size
        pools = [order[start : start + pool] for start in range(0, len(order), pool)]
        order = np.concatenate([part[np.argsort(self.lengths[part], kind="stable")] for part in pools])
        full = len(self) * self.batch_size
        batches = order[:full].reshape(-1, self.batch_size)[rng.permutation(len(self))]
        return np.concatenate([batches.ravel(), order[full:]])

    def feed(self):
        """What `fit` takes: `model.fit(batches.feed(), **batches.fit_options(), ...)`. See `steady`."""
        if keras.config.backend() != "tensorflow":
            return self
        import tensorflow as tf

        free = 1 if self.lengths is None else 2  # axes that may differ from batch to batch
        shapes = keras.tree.map_structure(
            lambda array: tf.TensorSpec((None,) * min(free, array.ndim) + array.shape[free:], array.dtype), self[0]
        )
        made = tf.data.Dataset.from_generator(lambda: (self[i] for i in range(len(self))), output_signature=shapes)
        return steady(made.apply(tf.data.experimental.assert_cardinality(len(self))).prefetch(_AHEAD))

    def fit_options(self, callbacks=()) -> dict:
        """Arguments for `fit` that keep the order as promised: `model.fit(batches.feed(), **batches.fit_options())`.

        The callback tells the batches which epoch it is: Keras calls `on_epoch_end` of a data set not only then. And
        without shuffle=False it shuffles the batches once more, by Python's global `random`.
        """
        follow = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: setattr(self, "epoch", epoch))
        return {"callbacks": [follow, *callbacks], "shuffle": False}


def steady(dataset):
    """A TensorFlow data set that is read without autotuning.

    The data sets that Keras makes are read with it. It has a thread that sleeps longer and longer, and the end of each
    epoch and each validation waits for it: up to as long as the epoch took, with all cores idle.
    """
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def validation_feed(validation, batch_size: int) -> dict:
    """Arguments for `fit` that give it (x, y) to validate on: arrays, or tuples or dicts of arrays."""
    if keras.config.backend() != "tensorflow":
        return {"validation_data": validation, "validation_batch_size": batch_size}
    import tensorflow as tf

    return {"validation_data": steady(tf.data.Dataset.from_tensor_slices(validation).batch(batch_size))}


class Windows(Batches):
    """Parts of a long sequence and what follows each of their tokens: int32 (B, length) and the same one place on.

    It is cut into parts anew in each epoch, from another place on.
    """

    def __init__(self, tokens, length: int, *, batch_size: int, seed: int):
        self.tokens, self.length = np.asarray(tokens, np.int32), length
        parts = (len(self.tokens) - 1) // length - 1  # one less, so that each epoch may begin anywhere in the first
        if parts < 1:
            raise ValueError(
                f"{len(self.tokens)} tokens are too few for parts of {length}; give {2 * length + 1} or more"
            )
        super().__init__(np.arange(parts), batch_size=batch_size, seed=seed)

    def digest(self) -> str:
        return hashlib.sha256(self.tokens).hexdigest()

    def _make(self, epoch: int, index: int):
        chosen = self._order(epoch)[index * self.batch_size : (index + 1) * self.batch_size]  # (B,)
        first = np.random.default_rng([self.seed, epoch, _CUT]).integers(self.length)
        places = first + chosen[:, None] * self.length + np.arange(self.length + 1)  # (B, length + 1)
        part = self.tokens[places]
        return part[:, :-1], part[:, 1:]
