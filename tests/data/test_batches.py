"""Batches: the order is a function of seed and epoch, whatever `fit` does around it."""

import keras
import numpy as np
import pytest

from zoo.data.batches import Batches, Windows, validation_feed

pytestmark = pytest.mark.backends
N, SIZE = 70, 16


def numbers(count=N):
    """x (N, 1): the numbers from 0, so that a batch tells which examples are in it."""
    return np.arange(count, dtype="float32")[:, None], np.arange(count) % 2


def augment(x, y, rng):
    """Keeps the number before the point and puts a random one behind it."""
    return x + rng.uniform(0, 0.5, x.shape).astype("float32"), y


@keras.saving.register_keras_serializable("tests")
class Recorder(keras.Model):
    """Keeps what `fit` feeds it in a weight, so that it works compiled and on any backend. (steps, B)"""

    def __init__(self, steps):
        super().__init__()
        self.seen = self.add_weight(shape=(steps, SIZE), initializer="zeros", trainable=False, name="seen")
        self.step = self.add_weight(shape=(), initializer="zeros", dtype="int32", trainable=False, name="step")
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def call(self, x, training=False):
        if training:
            row = keras.ops.reshape(x, (1, SIZE))  # (1, B)
            at = keras.ops.one_hot(self.step, self.seen.shape[0])[:, None]  # (steps, 1)
            self.seen.assign(self.seen + at * row)
            self.step.assign(self.step + 1)
        return x * self.scale


def fitted(batches, epochs, initial_epoch=0):
    """What `fit` really consumed: (steps, B)."""
    model = Recorder(len(batches) * (epochs - initial_epoch))
    model.compile(keras.optimizers.SGD(0.0), loss="mse")
    model.fit(batches.feed(), epochs=epochs, initial_epoch=initial_epoch, verbose=0, **batches.fit_options())
    return keras.ops.convert_to_numpy(model.seen)


@pytest.mark.parametrize("count", [SIZE, 2 * SIZE, N], ids=["one batch", "two batches", "four batches"])
def test_fit_consumes_each_epoch_in_order_and_a_resumed_run_continues(count):
    # One and two batches: Keras looks at that many before the first epoch, and then says that an epoch ended.
    x, y = numbers(count)
    make = lambda epoch=0: Batches(x, y, batch_size=SIZE, seed=5, transform=augment, epoch=epoch)  # noqa: E731
    batches = make()
    seen = fitted(batches, epochs=4)
    expected = [make(epoch)[i][0][:, 0] for epoch in range(4) for i in range(len(batches))]
    np.testing.assert_array_equal(seen, expected)
    np.testing.assert_array_equal(fitted(make(), epochs=4, initial_epoch=2), seen[2 * len(batches) :])


def test_validation_and_evaluate_leave_the_training_order_alone():
    x, y = numbers()
    model = Recorder(8)
    model.compile(keras.optimizers.SGD(0.0), loss="mse")
    held_out = Batches(x, y, batch_size=10, seed=0, shuffle=False)
    batches = Batches(x, y, batch_size=SIZE, seed=5)
    model.fit(batches, validation_data=held_out, epochs=2, verbose=0, **batches.fit_options())
    again = fitted(Batches(x, y, batch_size=SIZE, seed=5), epochs=2)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(model.seen), again)
    loss = model.evaluate(held_out, verbose=0)
    assert loss == pytest.approx(float(np.mean((x[:, 0] - y) ** 2)), rel=1e-5)
    np.testing.assert_array_equal(model.predict(held_out, verbose=0), x)


def test_orders_differ_by_epoch_and_seed_and_use_every_example_once():
    x, y = numbers(64)
    order = lambda **kw: np.concatenate([xb[:, 0] for xb, _ in Batches(x, y, batch_size=SIZE, **kw)])  # noqa: E731
    orders = [order(seed=s, epoch=e) for s in (0, 1) for e in (0, 1)]
    for one in orders:
        assert sorted(one) == list(range(64))
    assert len({tuple(one) for one in orders}) == 4
    np.testing.assert_array_equal(order(seed=1, epoch=1), orders[3])


def test_random_numbers_of_order_and_transform_differ():
    x, _ = numbers(64)
    drawn = []
    batches = Batches(x, batch_size=64, seed=3, transform=lambda x, y, rng: drawn.append(rng.permutation(64)) or x)
    assert batches[0].shape == (64, 1)
    assert not np.array_equal(drawn[0], batches[0][:, 0])


def test_last_batch_is_left_out_in_training_and_kept_in_evaluation():
    x, y = numbers()
    assert [len(b[0]) for b in Batches(x, y, batch_size=SIZE, seed=0)] == [16] * 4
    assert [len(b[0]) for b in Batches(x, y, batch_size=SIZE, seed=0, shuffle=False)] == [16] * 4 + [6]
    assert [len(b[0]) for b in Batches(x[:5], y[:5], batch_size=SIZE, seed=0)] == [5]
    with pytest.raises(IndexError):
        Batches(x, y, batch_size=SIZE, seed=0)[4]


def test_photographs_of_different_sizes_go_through_the_transform():
    photographs = [np.full((20 + i, 30, 3), i, np.uint8) for i in range(9)]

    def crop(x, y, rng):
        assert isinstance(x, list) and y is None
        batch = np.stack([image[:16, :16] for image in x])
        return batch[..., :1], batch

    batches = Batches(photographs, batch_size=4, seed=0, transform=crop)
    for grey, colour in batches:
        assert grey.shape == (4, 16, 16, 1) and colour.shape == (4, 16, 16, 3)


def test_random_access_and_order_of_access_change_nothing():
    x, y = numbers()
    forwards = list(Batches(x, y, batch_size=SIZE, seed=1, transform=augment))
    batches = Batches(x, y, batch_size=SIZE, seed=1, transform=augment)
    for index in (3, 1, 1, 0, 2):
        np.testing.assert_array_equal(batches[index][0], forwards[index][0])


def test_an_error_in_the_transform_comes_out():
    x, y = numbers()

    def broken(x, y, rng):
        raise ZeroDivisionError("here")

    with pytest.raises(ZeroDivisionError, match="here"):
        Batches(x, y, batch_size=SIZE, seed=0, transform=broken)[0]


def test_nothing_or_unequal_numbers_of_examples_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        Batches([], batch_size=4, seed=0)
    with pytest.raises(ValueError, match="3 examples, y has 2"):
        Batches(np.zeros((3, 1)), np.zeros(2), batch_size=4, seed=0)


def test_examples_of_about_one_length_come_together_and_each_comes_once():
    lengths = np.random.RandomState(0).randint(1, 100, 640)
    batches = Batches(np.arange(640), batch_size=8, seed=1, lengths=lengths)
    seen = []
    for epoch in (0, 1):
        batches.epoch = epoch
        parts = [batches[i] for i in range(len(batches))]
        seen.append(parts)
        assert sorted(np.concatenate(parts).tolist()) == list(range(640))
        spreads = [np.ptp(lengths[part]) for part in parts]
        assert np.mean(spreads) < 10
        means = [lengths[part].mean() for part in parts]
        assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.3  # the batches come in any order
    assert {tuple(sorted(part)) for part in seen[0]} != {tuple(sorted(part)) for part in seen[1]}


def test_windows_of_a_long_sequence():
    tokens = np.arange(1000)
    windows = Windows(tokens, 30, batch_size=4, seed=1)
    starts = []
    for epoch in (0, 1):
        windows.epoch = epoch
        x, y = map(np.concatenate, zip(*(windows[i] for i in range(len(windows))), strict=True))
        np.testing.assert_array_equal(y, x + 1)
        assert x.shape[1] == 30 and len(set(x.ravel())) == x.size  # none twice
        starts.append(x[:, 0].min() % 30)
    assert starts[0] != starts[1]
    assert windows.digest() != Windows(tokens + 1, 30, batch_size=4, seed=1).digest()
    with pytest.raises(ValueError, match="61 or more"):
        Windows(np.arange(60), 30, batch_size=4, seed=1)


def test_what_fit_takes_on_tensorflow_is_read_without_autotuning_and_of_any_length():
    tokens = [np.full(length, number // 2, "int32") for number, length in enumerate((3, 3, 3, 3, 5, 5))]
    # The first two batches, of which Keras would conclude the shape of all, have 3 tokens each.
    batches = Batches(
        tokens, batch_size=2, seed=1, shuffle=False, lengths=[3] * 6, transform=lambda x, y, rng: np.stack(x)
    )
    if keras.config.backend() != "tensorflow":
        assert batches.feed() is batches
        return
    fed = batches.feed()
    assert fed.options().autotune.enabled is False
    assert [batch[0, 0] for batch in fed.as_numpy_iterator()] == [0, 1, 2]  # in their order
    assert [batch.shape for batch in fed.as_numpy_iterator()] == [(2, 3), (2, 3), (2, 5)]
    held = validation_feed((np.ones((3, 2)), np.ones(3)), 2)["validation_data"]
    assert held.options().autotune.enabled is False
    assert [x.shape for x, y in held.as_numpy_iterator()] == [(2, 2), (1, 2)]
