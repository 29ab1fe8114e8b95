"""The deep belief net: its free energy and gradient by enumeration, its stages, generation."""

import itertools

import keras
import numpy as np
import pytest

import zoo
from zoo.errors import BadInput, UnknownName
from zoo.models.dbn import DBN, RBM, sample

pytestmark = pytest.mark.backends
SMALL = {"input_shape": (4, 4, 1), "hidden": (12, 9, 15), "classes": 3}


def to_numpy(value):
    return keras.ops.convert_to_numpy(value)


def rbm(units=3, inputs=4, **options):
    layer = RBM(units, **options)
    layer.build((None, inputs))
    rng = np.random.RandomState(1)
    for weight in (layer.W, layer.b, layer.c):
        weight.assign(rng.normal(size=weight.shape).astype("float32"))
    return layer


def test_parameters():
    model = DBN()
    assert sum(int(np.prod(v.shape)) for v in model.trainable_variables) == 1_665_010
    assert sum(int(np.prod(v.shape)) for layer in model.rbms for v in (layer.W, layer.b, layer.c)) == 1_666_794


def test_free_energy_sums_the_energies_of_all_hidden_states():
    layer = rbm()
    W, b, c = map(to_numpy, (layer.W, layer.b, layer.c))
    v = np.array(list(itertools.product((0.0, 1.0), repeat=4)), "float32")  # (16, 4)
    h = np.array(list(itertools.product((0.0, 1.0), repeat=3)), "float32")  # (8, 3)
    energy = -(v @ b)[:, None] - h @ c - v @ W @ h.T  # E(v, h): (16, 8)
    np.testing.assert_allclose(to_numpy(layer.free_energy(v)), -np.log(np.exp(-energy).sum(axis=1)), rtol=1e-5)
    # and p(h | v), p(v | h) are what the joint distribution says
    p = np.exp(-energy)
    np.testing.assert_allclose(to_numpy(layer.hidden(v)), (p / p.sum(axis=1, keepdims=True)) @ h, rtol=1e-4)
    np.testing.assert_allclose(to_numpy(layer.visible(h)), (p / p.sum(axis=0)).T @ v, rtol=1e-4)


def test_label_units_are_a_softmax():
    layer = rbm(inputs=4, labels=3)
    v = to_numpy(layer.visible(np.ones((5, 3), "float32")))
    np.testing.assert_allclose(v[:, -3:].sum(axis=1), 1, rtol=1e-6)
    assert layer.kernel.shape == (4, 3) and layer.W.shape == (7, 3)


def test_binary_units_are_active_with_their_probability():
    p = np.tile(np.array([[0.0, 0.2, 0.7, 1.0]], "float32"), (20_000, 1))
    found = to_numpy(sample(p, keras.random.SeedGenerator(3)))
    assert set(np.unique(found)) == {0.0, 1.0}
    np.testing.assert_allclose(found.mean(axis=0), [0, 0.2, 0.7, 1], atol=0.01)


def digits(count=60):
    """Three classes of images: a bar at the left, at the top, and on the diagonal, with some noise."""
    rng = np.random.RandomState(2)
    y = rng.randint(0, 3, count)
    bars = np.zeros((3, 4, 4), "uint8")
    bars[0, :, 0], bars[1, 0, :], bars[2][np.diag_indices(4)] = 255, 255, 255
    x = bars[y][..., None]
    return np.where(rng.random(x.shape) < 0.03, 255 - x, x).astype("uint8"), y


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


@pytest.mark.parametrize("chain_steps", [1, 3])
@pytest.mark.parametrize("hidden, labels", [((12,), "known"), ((12, 15), "known"), ((12,), "unknown")])
def test_the_loss_of_a_stage_has_the_gradient_of_contrastive_divergence(hidden, labels, chain_steps):
    keras.utils.set_random_seed(4)
    model = DBN(**SMALL | {"hidden": hidden})
    x, y = digits(8)
    y = y if labels == "known" else np.full_like(y, -1)
    model.compile(keras.optimizers.SGD(1.0), stage=f"rbm{len(hidden)}", chain_steps=chain_steps)
    layer = model.rbms[-1]
    layer.W.assign(np.random.RandomState(1).normal(size=layer.W.shape).astype("float32"))
    W, b, c = map(to_numpy, (layer.W, layer.b, layer.c))
    below = [[to_numpy(each) for each in (rbm.W, rbm.c)] for rbm in model.rbms[:-1]]
    seed = to_numpy(model.seed.state).copy()
    model.train_on_batch(x, y)
    model.seed.state.assign(seed)  # the same random numbers again

    v = x.reshape(8, 16) / 255.0
    for kernel, bias in below:
        v = sigmoid(v @ kernel + bias)
    v = np.concatenate([v, y[:, None] == np.arange(3)], axis=1)
    h = sigmoid(v @ W + c)
    h_chain = h
    for _ in range(chain_steps):
        on = to_numpy(sample(h_chain.astype("float32"), model.seed))
        chain = on @ W.T + b
        label = np.exp(chain[:, -3:]) / np.exp(chain[:, -3:]).sum(axis=1, keepdims=True)
        chain = np.concatenate([sigmoid(chain[:, :-3]), label * (labels == "known")], axis=1)
        h_chain = sigmoid(chain @ W + c)
    step = (v.T @ h - chain.T @ h_chain) / 8  # <v h>_data - <v h>_chain
    np.testing.assert_allclose(to_numpy(layer.W), W + step, atol=1e-5)
    np.testing.assert_allclose(to_numpy(layer.b), b + (v - chain).mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(to_numpy(layer.c), c + (h - h_chain).mean(axis=0), atol=1e-5)
    if labels == "unknown":
        np.testing.assert_array_equal(to_numpy(layer.W)[-3:], W[-3:])


def test_persistent_chains_continue_from_step_to_step():
    keras.utils.set_random_seed(4)
    model = DBN(**SMALL | {"hidden": (12,)})
    x, y = digits(8)
    x = np.where(x > 127, 255, 0).astype("uint8")  # so that the data are binary, not sampled
    model.compile(keras.optimizers.SGD(1.0), stage="rbm1", persistent=True)
    layer = model.rbms[0]
    assert not to_numpy(layer.particles).any()
    for _ in range(2):
        W, b, c, before = (to_numpy(each).copy() for each in (layer.W, layer.b, layer.c, layer.particles))
        model.train_on_batch(x, y)
        chain = to_numpy(layer.particles)
        assert set(np.unique(chain)) <= {0.0, 1.0} and (chain[:, -3:].sum(axis=1) == 1).all()
        assert not np.array_equal(before, chain)
        v = np.concatenate([x.reshape(8, 16) / 255.0, y[:, None] == np.arange(3)], axis=1)
        step = v.T @ sigmoid(v @ W + c) / len(v) - chain.T @ sigmoid(chain @ W + c) / len(chain)
        np.testing.assert_allclose(to_numpy(layer.W), W + step, atol=1e-5)
        np.testing.assert_allclose(to_numpy(layer.b), b + v.mean(axis=0) - chain.mean(axis=0), atol=1e-5)
    with pytest.raises(BadInput, match="only the topmost RBM has persistent chains: rbm3, not rbm1"):
        DBN(**SMALL).compile("sgd", stage="rbm1", persistent=True)


def test_a_step_of_a_chain_follows_the_probabilities():
    layer = rbm(units=3, inputs=4, labels=3)
    v = np.tile(np.float32([[1, 0, 1, 0, 0, 1, 0]]), (4000, 1))
    after = to_numpy(layer.step(v, keras.random.SeedGenerator(1)))
    h = np.array(list(itertools.product((0.0, 1.0), repeat=3)), "float32")  # (8, 3)
    hidden = to_numpy(layer.hidden(v[:1]))
    probability = np.prod(np.where(h == 1, hidden, 1 - hidden), axis=1)  # (8,)
    np.testing.assert_allclose(after.mean(axis=0), probability @ to_numpy(layer.visible(h)), atol=0.03)


def test_frozen_layers_stay_frozen_and_without_an_rbms_stage_the_classifier_learns():
    model = DBN(**SMALL)
    for layer in model.layers[:-1]:
        layer.trainable = False
    model.compile(keras.optimizers.SGD(0.1))
    assert [v.path for v in model.trainable_variables] == ["output/kernel", "output/bias"]
    for layer in model.layers:
        layer.trainable = True
    model.compile(keras.optimizers.SGD(0.1))
    assert len(model.trainable_variables) == 8


@pytest.mark.parametrize("stage", ["rbm1", "rbm2", "rbm3", "classifier"])
def test_a_stage_moves_its_own_variables_and_no_others(stage):
    keras.utils.set_random_seed(4)
    model = DBN(**SMALL)
    model.compile(keras.optimizers.SGD(0.1), stage=stage)
    before = {v.path: to_numpy(v).copy() for v in model.weights}
    model.train_on_batch(*digits())
    moved = {v.path for v in model.weights if not np.array_equal(to_numpy(v), before[v.path]) and "seed" not in v.path}
    own = {f"{stage}/{name}" for name in "Wbc"}
    classifier = {f"rbm{n}/{name}" for n in (1, 2, 3) for name in ("kernel", "bias")} | {"output/kernel", "output/bias"}
    assert moved == (classifier if stage == "classifier" else own)


def test_it_learns_three_classes_and_generates_each():
    keras.utils.set_random_seed(4)
    model = DBN(**SMALL)
    x, y = digits(600)
    for stage in model.stages[:-1]:
        model.compile(keras.optimizers.SGD(0.1, momentum=0.9), stage=stage, jit_compile=False)
        model.fit(x, y, batch_size=20, epochs=12, verbose=0)
    model.unroll()
    np.testing.assert_array_equal(to_numpy(model.rbms[2].kernel), to_numpy(model.rbms[2].W)[:9])
    generated = model.generate(np.repeat([0, 1, 2], 20), steps=50)
    assert generated.shape == (60, 4, 4, 1) and generated.dtype == np.uint8
    means = generated.reshape(3, 20, 16).mean(axis=1)  # (3, 16)
    true = np.stack([x[y == label].reshape(-1, 16).mean(axis=0) for label in range(3)])
    distance = np.abs(means[:, None] - true).mean(axis=2)  # (generated, true)
    assert distance.argmin(axis=1).tolist() == [0, 1, 2], "each image is nearest to its own class"
    np.testing.assert_array_equal(generated, model.generate(np.repeat([0, 1, 2], 20), steps=50))
    model.compile(keras.optimizers.Adam(0.01), metrics=["accuracy"], jit_compile=False)
    model.fit(x, y, batch_size=20, epochs=5, verbose=0)
    found = to_numpy(model(x)).argmax(axis=1)
    assert (found == y).mean() > 0.95


def test_generation_starts_from_a_chain_of_the_class():
    model = DBN(**SMALL)
    top, rng = model.rbms[-1], np.random.default_rng(0)
    chains = np.zeros(top.particles.shape, "float32")
    chains[np.arange(100), 9 + np.arange(100) % 2] = 1  # of classes 0 and 1, none of 2
    chains[:, :9] = rng.random((100, 9)) < 0.5
    top.particles.assign(chains)
    found = model._chain_states(np.array([0, 1, 1, 2]), rng)
    assert found[:3, 9:].tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 0]] and (chains == found[3]).all(axis=1).any()


def test_dropout_applies_only_in_training():
    model, plain = DBN(**SMALL, dropout=(0.2, 0.5)), DBN(**SMALL)
    plain.set_weights(model.get_weights()[: len(plain.weights)])
    x = np.random.RandomState(0).randint(0, 256, (6, 4, 4, 1)).astype("uint8")
    np.testing.assert_allclose(to_numpy(model(x)), to_numpy(plain(x)), rtol=1e-5)
    learning = [to_numpy(model(x, training=True)) for _ in range(2)]
    assert not np.allclose(*learning)
    for dropout in ((0.2, 1.0), (0.2,), (-0.1, 0.5)):
        with pytest.raises(BadInput, match=r"DBN can't have (a dropout of|dropout)"):
            DBN(**SMALL, dropout=dropout)


def test_wrong_arguments_are_named():
    model = DBN(**SMALL)
    with pytest.raises(UnknownName, match="did you mean rbm3"):
        model.compile(keras.optimizers.SGD(0.1), stage="rbm4")
    for labels in ([3], 1, [0.5], []):
        with pytest.raises(BadInput, match="from 0 to 2"):
            model.generate(labels)
    with pytest.raises(BadInput, match="chain can't have 0 steps"):
        model.compile(keras.optimizers.SGD(0.1), stage="rbm3", chain_steps=0)
    with pytest.raises(BadInput, match="0 steps"):
        model.generate([1], steps=0)
    for hidden in ((), (5, 0), (2.5,), (500.0,)):
        with pytest.raises(BadInput, match="DBN can't have hidden"):
            DBN(hidden=hidden)


def test_generated_digits_are_classified_as_their_labels():
    labels = np.arange(10).repeat(10)
    images = zoo.load("dbn.mnist").generate(labels)
    found = to_numpy(zoo.load("lenet5.mnist")(images)).argmax(axis=1)
    assert np.mean(found == labels) > 0.85  # 0.90 to 0.96 by five seeds
    assert len({image.tobytes() for image in images}) == len(labels)


def test_pretraining_without_labels_helps_with_few_labels():
    few = [row for row in zoo.card("dbn.mnist").metrics if row["role"] == "control"]
    scratch = next(row for row in few if "random weights" in row["protocol"])
    [pretrained] = [row for row in few if row is not scratch]
    assert pretrained["value"] - scratch["value"] > 3 * max(pretrained["std"], scratch["std"])
