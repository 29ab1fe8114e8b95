"""DCGAN: figure 1's sizes, spectral normalisation and augmentation against NumPy, conditional generation."""

import keras
import numpy as np
import pytest
from helpers import right_halves
from keras import ops

import zoo
from zoo.errors import BadInput
from zoo.models.dcgan import SpectralConv2D, augmented

pytestmark = pytest.mark.backends

SMALL = {"input_shape": (8, 8, 1), "latents": 4, "channels": 8}


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def test_the_default_is_the_generator_of_figure_1():
    model = zoo.DCGAN()
    sizes = [
        layer.output.shape[1:] for layer in model.layers if layer.name in ("reshape", "up1", "up2", "up3", "images")
    ]
    assert sizes == [(4, 4, 1024), (8, 8, 512), (16, 16, 256), (32, 32, 128), (64, 64, 3)]
    count = sum(int(np.prod(variable.shape)) for variable in model.discriminator.trainable_variables)
    assert count == 17_232_897
    assert sum(int(np.prod(v.shape)) for v in model.trainable_variables) - count == 18_855_043
    assert [layer.output.shape[1:3] for layer in model.discriminator.layers if "_relu" in layer.name] == [
        (32, 32),
        (16, 16),
        (8, 8),
        (4, 4),
    ]


def test_no_batch_normalisation_where_images_go_in_or_come_out():
    model = zoo.DCGAN(**SMALL | {"input_shape": (16, 16, 3)})
    assert [layer.name for layer in model.layers if layer.name.endswith("_norm")] == ["project_norm", "up1_norm"]
    assert [layer.name for layer in model.discriminator.layers if layer.name.endswith("_norm")] == ["down2_norm"]


def test_spectral_normalisation_finds_the_largest_singular_value():
    keras.utils.set_random_seed(1)
    layer = SpectralConv2D(5, 3, strides=2)
    x = np.random.RandomState(0).standard_normal((2, 6, 6, 3)).astype("float32")
    layer(x)
    kernel = numpy(layer.kernel)
    before = numpy(layer.singular).copy()
    layer(x)
    np.testing.assert_array_equal(before, numpy(layer.singular))
    for _ in range(100):
        output = layer(x, training=True)
    largest = np.linalg.svd(kernel.reshape(-1, 5), compute_uv=False)[0]
    plain = ops.conv(x, kernel / largest, strides=2, padding="same")
    np.testing.assert_allclose(numpy(output), numpy(plain), rtol=1e-3, atol=1e-4)


def test_labels_enter_the_discriminator_by_projection():
    """Eq. 3 of Miyato and Koyama 2018."""
    discriminator = zoo.DCGAN(**SMALL, conditions=(2, 3)).discriminator
    random = np.random.RandomState(0)
    x, labels = random.standard_normal((2, 8, 8, 1)).astype("float32"), np.array([[0, 2], [1, 0]])
    phi = numpy(keras.Model(discriminator.inputs, discriminator.get_layer("features").output)([x, labels]))
    (weights, bias), (embedding,) = (
        map(numpy, discriminator.get_layer(name).weights) for name in ("logit", "label_embedding")
    )
    embedded = embedding[labels[:, 0]] + embedding[2 + labels[:, 1]]
    expected = phi @ weights[:, 0] + bias + (phi * embedded).sum(axis=1)
    np.testing.assert_allclose(numpy(discriminator([x, labels]))[:, 0], expected, rtol=1e-4, atol=1e-5)


def test_augmentation_translates_and_cuts_out():
    x = np.random.RandomState(0).uniform(-1, 1, (16, 8, 12, 3)).astype("float32")
    seed = keras.random.SeedGenerator(3)
    output = numpy(augmented(x, seed))
    assert output.shape == x.shape and np.isfinite(output).all()
    assert len({image.tobytes() for image in output}) == 16
    # Without translation only the cutout of 4 x 6, or its part inside the image, is zero.
    same = np.ones((16, 8, 12, 1), "float32")
    zeros = (numpy(augmented(same, keras.random.SeedGenerator(5), shift=0.0)) == 0).sum(axis=(1, 2, 3))
    assert zeros.max() == 4 * 6 and zeros.min() >= 1
    uncut = numpy(augmented(x, keras.random.SeedGenerator(6), cut=0.0))
    edges = [(image[0] == 0).all() or (image[-1] == 0).all() for image in uncut]
    assert 0 < np.mean(edges) < 1  # by one line at most, up, down or not at all
    assert not (uncut[:, 1:-1, 2:-2] == 0).any()


def test_it_generates_what_the_labels_ask_for():
    keras.utils.set_random_seed(2)
    model = zoo.DCGAN(**SMALL, conditions=(2,), spectral=True)
    model.compile(keras.optimizers.Adam(2e-3, beta_1=0.5), loss="hinge")
    assert right_halves(model, epochs=180) > 0.9


def test_bad_input_is_one_line():
    for changes in ({"latents": 0}, {"channels": 0}, {"conditions": (1,)}, {"input_shape": (9, 8, 1)}):
        with pytest.raises(BadInput):
            zoo.DCGAN(**SMALL | changes)
    with pytest.raises(BadInput, match="is conditional; give labels"):
        zoo.DCGAN(**SMALL, conditions=(2,)).sample(3)
    with pytest.raises(BadInput, match="is unconditional; leave out the labels"):
        zoo.DCGAN(**SMALL).sample(3, labels=[[1]] * 3)
    with pytest.raises(BadInput, match="each from 0 to at most 1; not"):
        zoo.DCGAN(**SMALL, conditions=(2,)).sample(3, labels=[[2]] * 3)
