"""The variational autoencoder: its equations against NumPy, sampling, and that it learns."""

import keras
import numpy as np
import pytest

import zoo
from zoo.errors import BadInput
from zoo.models.vae import divergence, log_bernoulli

pytestmark = pytest.mark.backends

SMALL = {"input_shape": (4, 6, 1), "latents": 2, "hidden": 5}


def build(**changes):
    keras.utils.set_random_seed(3)
    return zoo.VAE(**SMALL | changes)


def images(count, shape=(4, 6, 1)):
    return (255 * np.random.RandomState(0).randint(0, 2, (count, *shape))).astype("uint8")


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def forward(model, x):
    """Means, log variances and a function from latents to pixels' probabilities, by NumPy alone."""
    weights = {v.path.split("/")[-2] + "/" + v.name: numpy(v) for v in model.weights}

    def dense(name, x):
        return x @ weights[f"{name}/kernel"] + weights[f"{name}/bias"]

    hidden = np.tanh(dense("encoder_hidden", x.reshape(len(x), -1) / 255.0))
    return (
        dense("mean", hidden),
        dense("log_variance", hidden),
        lambda z: sigmoid(dense("pixels", np.tanh(dense("decoder_hidden", z)))).reshape(-1, *x.shape[1:]),
    )


def test_the_papers_network_for_mnist_has_its_size():
    assert zoo.VAE(latents=20).count_params() == 785_784 + 1_502 * 20
    assert [tuple(v.shape) for v in zoo.VAE(latents=2).decoder.weights] == [(2, 500), (500,), (500, 784), (784,)]


def test_the_divergence_is_that_of_two_gaussians():
    # Against the integral of q log(q / p), by a fine sum.
    mean, log_variance = np.array([[0.3, -1.2]]), np.array([[0.4, -0.9]])
    z = np.linspace(-15, 15, 60_001)
    total = 0.0
    for mu, deviation in zip(mean[0], np.exp(0.5 * log_variance[0]), strict=True):
        log_q = -0.5 * ((z - mu) / deviation) ** 2 - np.log(deviation)
        total += np.sum(np.exp(log_q) / np.sqrt(2 * np.pi) * (log_q + 0.5 * z**2)) * (z[1] - z[0])
    np.testing.assert_allclose(numpy(divergence(mean, log_variance)), [total], rtol=1e-5)


def test_the_likelihood_of_pixels_is_eq_11():
    random = np.random.RandomState(1)
    x, logits = random.uniform(size=(3, 4, 6, 1)), 3 * random.standard_normal((3, 4, 6, 1))
    y = sigmoid(logits)
    expected = (x * np.log(y) + (1 - x) * np.log(1 - y)).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(numpy(log_bernoulli(x, logits)), expected, rtol=1e-5)


def test_it_reconstructs_from_the_posterior_mean():
    model, x = build(), images(3)
    mean, log_variance, pixels = forward(model, x)
    np.testing.assert_allclose(sigmoid(numpy(model(x))), pixels(mean), rtol=1e-4)
    np.testing.assert_allclose(model.encode(x)[0], mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.encode(x)[1], np.exp(0.5 * log_variance), rtol=1e-4)
    np.testing.assert_array_equal(model.decode(mean), np.round(255 * pixels(mean)))


def test_the_elbo_is_eq_10_and_minus_the_loss():
    model, x = build(), images(4)
    mean, log_variance, pixels = forward(model, x)
    noise = numpy(keras.random.normal((4, 2), seed=11))
    y = pixels(mean + np.exp(0.5 * log_variance) * noise)
    probability = x / 255.0
    gain = 0.5 * (1 + log_variance - mean**2 - np.exp(log_variance)).sum(axis=1)
    expected = gain + (probability * np.log(y) + (1 - probability) * np.log(1 - y)).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(model.elbo(x, seed=11), expected, rtol=1e-4)
    # Without variance the loss, too, is exact: every sample is the mean.
    model.get_layer("encoder").get_layer("log_variance").bias.assign([-60.0, -60.0])
    model.compile(keras.optimizers.SGD(0.0))
    np.testing.assert_allclose(model.evaluate(x, verbose=0), -model.elbo(x).mean(), rtol=1e-4)


def test_importance_sampling_estimates_the_likelihood():
    # Of two latents the integral over the prior can be done by a grid.
    model, x = build(), images(3)
    for layer, bias in (("mean", 0.1), ("log_variance", 0.3)):  # wide enough to cover the posterior
        kernel, biases = model.encoder.get_layer(layer).weights
        kernel.assign(0 * kernel)
        biases.assign([bias, bias])
    side = np.linspace(-6, 6, 241)
    grid = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    _, _, pixels = forward(model, x)
    y = pixels(grid)[:, None]  # (grid, 1, H, W, C)
    likelihood = np.where(x[None] > 0, y, 1 - y).prod(axis=(2, 3, 4))  # (grid, 3)
    prior = np.exp(-0.5 * (grid**2).sum(axis=1)) / (2 * np.pi)
    expected = np.log((likelihood * prior[:, None]).sum(axis=0) * (side[1] - side[0]) ** 2)
    np.testing.assert_allclose(model.log_likelihood(x, samples=4000), expected, atol=0.02)
    elbos = np.mean([model.elbo(x, seed=seed) for seed in range(200)], axis=0)
    assert (elbos <= expected + 0.02).all()
    single = np.mean([model.log_likelihood(x, samples=1, seed=1000 * seed) for seed in range(200)], axis=0)
    np.testing.assert_allclose(single, elbos, atol=0.3)


def test_it_learns_to_generate_the_training_distribution():
    """Two classes of images, and pixels that are wrong one time in ten."""
    random = np.random.RandomState(0)
    left = np.zeros((4, 6, 1), bool)
    left[:, :3] = True
    classes = np.where(random.uniform(size=(400, 1, 1, 1)) < 0.5, left, ~left)
    x = (255 * (classes ^ (random.uniform(size=classes.shape) < 0.1))).astype("uint8")
    model = build(hidden=16)
    before = model.elbo(x).mean()
    model.compile(keras.optimizers.Adam(0.02))
    model.fit(x, batch_size=40, epochs=15, verbose=0)
    # 24 pixels of which each is known but for 0.325 nats, and one coin: 8.5 nats.
    assert before < -14 and model.elbo(x).mean() > -9.6
    likeness = [(model.sample(100, seed=5) > 127) == label for label in (left, ~left)]
    fractions = np.stack([each.mean(axis=(1, 2, 3)) for each in likeness])
    assert (fractions.max(axis=0) > 0.9).mean() > 0.85 and 0.2 < (fractions[0] > fractions[1]).mean() < 0.8
    between = model.interpolate(255 * left.astype("uint8"), 255 * (~left).astype("uint8"), 5)
    assert between.shape == (5, 4, 6, 1) and (between[0][left] > 127).all() and (between[-1][~left] > 127).all()


def test_seeds_decide_the_samples():
    model = build(convolutional=True, input_shape=(8, 12, 3))
    assert model.sample(3, seed=1).dtype == np.uint8 and model.sample(3, seed=1).shape == (3, 8, 12, 3)
    np.testing.assert_array_equal(model.sample(3, seed=1), model.sample(3, seed=1))
    assert (model.sample(3, seed=1) != model.sample(3, seed=2)).any()


def test_bad_input_is_one_line():
    for changes in ({"latents": 0}, {"hidden": 0}, {"convolutional": True, "input_shape": (28, 30, 1)}):
        with pytest.raises(BadInput):
            zoo.VAE(**SMALL | changes)
    model = build()
    with pytest.raises(BadInput, match="0 images"):
        model.sample(0)
    with pytest.raises(BadInput, match="1 steps"):
        model.interpolate(*images(2), 1)
    model.compile()
    with pytest.raises(BadInput, match="sample_weight"):
        model.fit(images(2), np.zeros(2), sample_weight=np.ones(2), verbose=0)
