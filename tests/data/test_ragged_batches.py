"""Batches of examples and labels that are no single array: boxes, sequences of any lengths, graphs, several arrays."""

import numpy as np
import pytest

from zoo.data.batches import Batches, select


def boxes(count):
    """Numbers, and for each a list of 0 to 3 boxes, (N, 4), of that number."""
    numbers = np.arange(count, dtype="float32")[:, None]
    return numbers, [np.full((number % 4, 4), number, "float32") for number in range(count)]


def padded(x, y, rng):
    most = max(1, *map(len, y))
    return x, np.stack([np.pad(each, ((0, most - len(each)), (0, 0)), constant_values=-1) for each in y])


def test_labels_of_any_sizes_go_with_their_examples():
    batches = Batches(*boxes(20), batch_size=4, seed=1, transform=padded, free=2)
    found = []
    for index in range(len(batches)):
        x, y = batches[index]
        for number, own in zip(x[:, 0], y, strict=True):
            assert (own[own[:, 0] >= 0] == number).all() and (own[:, 0] >= 0).sum() == number % 4
            found.append(number)
    assert sorted(found) == list(range(20))


@pytest.mark.backends
def test_fit_takes_batches_of_varying_sizes():
    import keras

    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    model.compile("sgd", loss=lambda true, found: keras.ops.mean(true, axis=(1, 2)) + 0 * found[:, 0])
    batches = Batches(*boxes(20), batch_size=4, seed=1, transform=padded, free=2)
    history = model.fit(batches.feed(), epochs=1, verbose=0, **batches.fit_options())
    expected = np.mean([batches[number][1].mean() for number in range(len(batches))])
    assert history.history["loss"][0] == pytest.approx(expected, rel=1e-4)


def test_examples_and_labels_of_several_arrays():
    x = {"nodes": [np.full((number + 1, 2), number) for number in range(6)], "size": np.arange(1, 7)}
    y = (np.arange(6), {"steps": [list(range(number)) for number in range(6)]})
    batches = Batches(x, y, batch_size=6, seed=1, transform=lambda x, y, rng: (x, y), shuffle=False)
    found, (numbers, steps) = batches[0]
    assert [len(nodes) for nodes in found["nodes"]] == found["size"].tolist() == [1, 2, 3, 4, 5, 6]
    assert numbers.tolist() == list(map(len, steps["steps"])) == list(range(6))
    plain = Batches({"a": [np.zeros(2)] * 4}, (np.arange(4), np.ones(4)), batch_size=2, seed=1)
    x, (first, second) = plain[0]
    assert x["a"].shape == (2, 2) and len(first) == len(second) == 2
    with pytest.raises(ValueError, match=r"parts of the examples have \[3, 4\] examples"):
        Batches({"a": np.zeros(3), "b": np.zeros(4)}, batch_size=2, seed=1)
    with pytest.raises(ValueError, match="x has 6 examples, y has 4"):
        Batches(x=np.zeros(6), y=[1, 2, 3, 4], batch_size=2, seed=1)
    assert select(None, [0]) is None


def test_a_digest_follows_every_part():
    x, y = boxes(4)
    first = Batches(x, y, batch_size=2, seed=1).digest()
    y[3][0, 0] += 1
    assert first != Batches(x, y, batch_size=2, seed=1).digest()
    graphs = [{"edges": np.zeros((2, 3))}, {"edges": np.zeros((2, 1))}]
    first = Batches(graphs, batch_size=2, seed=1).digest()
    graphs[1]["edges"][1, 0] = 1
    assert first != Batches(graphs, batch_size=2, seed=1).digest()


def test_replaced_examples_make_as_many_batches():
    batches = Batches(np.arange(8), batch_size=2, seed=1)
    for count in (3, 8, 30):
        batches.replace(100 + np.arange(count))
        found = np.concatenate([batches[number] for number in range(len(batches))])
        assert len(found) == 8 and set(found) <= set(range(100, 100 + count))
        assert len(set(found)) == min(count, 8)
    with pytest.raises(ValueError, match="at least one"):
        batches.replace(np.zeros(0))
