"""Batches for `fit`, whose order is a function of seed and epoch: a resumed training gets the same batches."""

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

    x: N examples: an array (N, ...), a list of N of any kind (arrays of any shapes, boxes, texts, graphs), or a tuple
        or dict of those. y: their labels, likewise, or None.
    transform(x, y, rng): makes a batch of some of the examples, given as `select` gives them, with a NumPy generator
        of its own; returns what `fit` takes, (x, y) or x, each an array or a tuple or dict of arrays. It runs in
        background threads, so all its randomness must come from `rng`. Without it, lists are stacked.
    seed, epoch: the order of an epoch depends on both, `rng` on both and the batch's number, and on nothing else. To
        resume after n epochs, call `fit` with initial_epoch=n and `fit_options()`, which keep `epoch` up to date.
    shuffle: False keeps the order of x, for evaluation. Then the last, smaller batch is included; with True it is left
        out, so that all steps weigh alike and compiled shapes stay (what is left out changes with each epoch). Fewer
        examples than batch_size make one batch.
    lengths: of each example, (N,): a batch then has examples of about one length, so that little is padding.
    free: leading axes of a batch that may differ from batch to batch; 2 with lengths, else 1.
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
        free: int | None = None,
    ):
        super().__init__()
        self._put(x, y)
        self.batch_size = min(batch_size, self.count)
        self.seed, self.epoch = seed, epoch
        self.transform = transform
        self.shuffle = shuffle
        self.lengths = None if lengths is None else np.asarray(lengths)
        self.free = free or (1 if lengths is None else 2)
        full, rest = divmod(self.count, self.batch_size)
        self._steps = full if shuffle or not rest else full + 1
        self._order_of = (None, None)  # (epoch, order)
        self._threads = ThreadPoolExecutor(_AHEAD) if transform else None
        self._pending = {}  # (epoch, index) -> Future

    def _put(self, x, y):
        self.x, self.y, self.count = x, y, count(x)
        if y is not None and self.count != count(y):
            raise ValueError(f"x has {self.count} examples, y has {count(y)}")
        if not self.count:
            raise ValueError("Batches needs at least one example")

    def replace(self, x, y=None) -> None:
        """Other examples from now on, between two epochs. An epoch keeps its number of batches: of more examples each
        epoch leaves out others, fewer come more than once. Not for batches with lengths, nor without shuffle."""
        if self.lengths is not None or not self.shuffle:
            raise ValueError("examples are replaced in batches that are shuffled, without regard to lengths")
        self._put(x, y)
        self._order_of = (None, None)
        self._pending.clear()

    def __len__(self) -> int:
        return self._steps

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
        """SHA-256 of the examples, which identifies the data of a training."""
        digest = hashlib.sha256()
        for part in keras.tree.flatten([self.y, self.x]):
            if part is not None:
                digest.update(np.ascontiguousarray(part))
        return digest.hexdigest()

    def _make(self, epoch: int, index: int):
        chosen = self._order(epoch)[index * self.batch_size : (index + 1) * self.batch_size]  # (B,)
        x, y = select(self.x, chosen), select(self.y, chosen)
        if self.transform:
            return self.transform(x, y, np.random.default_rng([self.seed, epoch, _TRANSFORM, index]))
        return _stacked(x) if y is None else (_stacked(x), _stacked(y))

    def _order(self, epoch: int) -> np.ndarray:
        known, order = self._order_of
        if known != epoch:
            rng = np.random.default_rng([self.seed, epoch, _ORDER, 0])
            order = rng.permutation(self.count) if self.shuffle else np.arange(self.count)
            if self.count < self._steps * self.batch_size and self.shuffle:  # of what `replace` gave
                order = np.resize(order, self._steps * self.batch_size)
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

        free = self.free
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


def select(part, chosen):
    """The examples numbered `chosen` of many: of an array, of a list, or of each part of a tuple or dict of those."""
    if isinstance(part, dict):
        return {name: select(each, chosen) for name, each in part.items()}
    if isinstance(part, tuple):
        return tuple(select(each, chosen) for each in part)
    if isinstance(part, list):
        return [part[number] for number in chosen]
    return None if part is None else part[chosen]


def count(part) -> int:
    """How many examples there are in what `select` takes. Raises ValueError where its parts disagree."""
    if not isinstance(part, dict | tuple):
        return len(part)
    counts = {count(each) for each in (part.values() if isinstance(part, dict) else part)}
    if len(counts) != 1:
        raise ValueError(f"parts of the examples have {sorted(counts)} examples")
    return counts.pop()


def _stacked(part):
    """Lists of arrays of one shape as arrays."""
    if isinstance(part, dict):
        return {name: _stacked(each) for name, each in part.items()}
    return tuple(map(_stacked, part)) if isinstance(part, tuple) else np.asarray(part)


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
    """Windows of a long token sequence and their next tokens: int32 (B, length), and the same shifted by one.

    Each epoch cuts the sequence into windows anew, from another position on.
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
        positions = first + chosen[:, None] * self.length + np.arange(self.length + 1)  # (B, length + 1)
        part = self.tokens[positions]
        return part[:, :-1], part[:, 1:]
