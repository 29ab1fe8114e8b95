"""Generative adversarial nets: the losses and the gradients of both networks, and that they learn."""

import keras
import numpy as np
import pytest

import zoo
from zoo.data.batches import Batches
from zoo.data.latents import latent_transform
from zoo.errors import BadInput, UnknownName
from zoo.models.gan import LOSSES, Maxout, discriminator_loss, generator_loss

pytestmark = pytest.mark.backends

SMALL = {"input_shape": (3, 4, 1), "latents": 3, "hidden": 6, "maxout": (5, 2)}


def build(**changes):
    keras.utils.set_random_seed(5)
    return zoo.GAN(**SMALL | changes)


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def batch(count=6, seed=0):
    random = np.random.RandomState(seed)
    z = random.standard_normal((count, 3)).astype("float32")
    return z, random.randint(0, 256, (count, 3, 4, 1)).astype("uint8")


def test_the_papers_networks_for_mnist_have_their_size():
    model = zoo.GAN()
    assert model.discriminator.count_params() == 1_231_441
    assert sum(int(np.prod(v.shape)) for v in model.trainable_variables) == 2_503_984 + 1_231_441


def test_a_maxout_unit_is_the_maximum_of_its_pieces():
    layer, x = Maxout(4, 3), np.random.RandomState(1).standard_normal((5, 2)).astype("float32")
    output = numpy(layer(x))
    kernel, bias = (numpy(v) for v in layer.weights)
    np.testing.assert_allclose(output, (x @ kernel + bias).reshape(5, 4, 3).max(axis=2), rtol=1e-5)


def test_losses_are_those_of_the_paper():
    real, fake = np.random.RandomState(2).standard_normal((2, 7, 1))
    d_real, d_fake = (1 / (1 + np.exp(-logits)) for logits in (real, fake))
    value = np.mean(np.log(d_real)) + np.mean(np.log(1 - d_fake))  # eq. 1
    for loss in ("nonsaturating", "minimax"):
        np.testing.assert_allclose(numpy(discriminator_loss(real, fake, loss)), -value, rtol=1e-5)
    np.testing.assert_allclose(numpy(generator_loss(fake, "minimax")), np.mean(np.log(1 - d_fake)), rtol=1e-5)
    np.testing.assert_allclose(numpy(generator_loss(fake)), -np.mean(np.log(d_fake)), rtol=1e-5)
    hinge = np.mean(np.maximum(0, 1 - real)) + np.mean(np.maximum(0, 1 + fake))
    np.testing.assert_allclose(numpy(discriminator_loss(real, fake, "hinge")), hinge, rtol=1e-5)
    np.testing.assert_allclose(numpy(generator_loss(fake, "hinge")), -fake.mean(), rtol=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_each_network_moves_along_the_gradient_of_its_own_loss(loss):
    """One step of plain SGD against finite differences of each network's loss, with the other one fixed."""
    model = build()
    for layer in model.discriminator.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0  # otherwise each call is random
    z, images = batch()
    before = [numpy(v).copy() for v in model.trainable_variables]
    own = {id(v) for v in model.discriminator.trainable_variables}
    in_discriminator = [id(v) in own for v in model.trainable_variables]

    def losses():
        fake = model(z)
        real, fake = model.discriminator(model.scale(images)), model.discriminator(fake)
        return numpy(discriminator_loss(real, fake, loss)), numpy(generator_loss(fake, loss))

    def finite_difference(variable, value, index, discriminator):
        found = []
        for step in (5e-4, -5e-4):
            changed = value.copy()
            changed.flat[index] += step
            variable.assign(changed)
            found.append(losses()[0 if discriminator else 1])
        variable.assign(value)
        return (found[0] - found[1]) / 1e-3

    expected = []
    for variable, value, discriminator in zip(model.trainable_variables, before, in_discriminator, strict=True):
        index = int(np.argmax(np.abs(value)))
        expected.append((index, finite_difference(variable, value, index, discriminator)))
    model.compile(keras.optimizers.SGD(1.0), loss=loss)
    log = model.train_on_batch(z, images, return_dict=True)
    for variable, value, (index, gradient) in zip(model.trainable_variables, before, expected, strict=True):
        change = value.flat[index] - numpy(variable).flat[index]
        assert change == pytest.approx(gradient, rel=0.02, abs=1e-3), variable.path
    assert log["loss"] == pytest.approx(log["discriminator_loss"] + log["generator_loss"], rel=1e-5)


def test_it_learns_a_distribution_of_images():
    """Images with a bright and a dark half, in either order; latents fresh in each epoch."""
    random = np.random.RandomState(0)
    half = np.zeros((3, 4, 1))
    half[:, :2] = 1
    halves = np.where(random.uniform(size=(256, 1, 1, 1)) < 0.5, half, 1 - half)
    images = np.clip(255 * (0.1 + 0.8 * halves) + 10 * random.standard_normal(halves.shape), 0, 255).astype("uint8")
    model = build(hidden=24, maxout=(16, 3))
    model.compile(keras.optimizers.Adam(3e-3, beta_1=0.5))
    batches = Batches(images, batch_size=32, seed=1, transform=latent_transform(3))
    model.fit(batches, epochs=60, verbose=0, **batches.fit_options())
    generated = model.sample(200, seed=9).astype(float)
    left, right = generated[:, :, :2].mean(axis=(1, 2, 3)), generated[:, :, 2:].mean(axis=(1, 2, 3))
    assert np.mean(np.abs(left - right) > 100) > 0.8


def test_latents_depend_on_the_random_generator_alone():
    _, images = batch()
    transform = latent_transform(3)
    (z, y), (again, _) = (transform(images, None, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(z, again)
    assert z.shape == (6, 3) and z.dtype == np.float32 and y is images
    (z, labels), _ = transform(images, np.arange(6), np.random.default_rng(4))
    np.testing.assert_array_equal(z, again)
    np.testing.assert_array_equal(labels, np.arange(6)[:, None])


def test_seeds_decide_the_images_and_bad_input_is_one_line():
    model = build()
    assert model.sample(4).shape == (4, 3, 4, 1) and model.sample(4).dtype == np.uint8
    np.testing.assert_array_equal(model.sample(4, seed=3), model.sample(4, seed=3))
    assert (model.sample(4, seed=3) != model.sample(4, seed=4)).any()
    for changes in ({"latents": 0}, {"hidden": 0}, {"maxout": (3, 0)}):
        with pytest.raises(BadInput):
            build(**changes)
    with pytest.raises(BadInput, match="0 images"):
        model.sample(0)
    with pytest.raises(UnknownName, match="hinge"):
        model.compile("adam", loss="hing")
    model.compile("adam")
    z, images = batch()
    with pytest.raises(BadInput, match="sample_weight"):
        model.fit(z, images, sample_weight=np.ones(6), verbose=0)
