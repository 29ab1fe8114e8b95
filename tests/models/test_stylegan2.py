"""StyleGAN2: table 1's sizes, equations 1 and 3 and R_1 against NumPy, conditional generation."""

import keras
import numpy as np
import pytest
from helpers import right_halves
from keras import ops

import zoo
from zoo.errors import BadInput
from zoo.models.stylegan2 import FILTER, Conv2D, MinibatchStddev, ModulatedConv2D, scaled_leaky_relu

pytestmark = pytest.mark.backends

SMALL = {"input_shape": (8, 8, 1), "latents": 4, "channels": 4, "max_channels": 8, "depth": 1}


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def count(*models):
    return sum(int(np.prod(variable.shape)) for model in models for variable in model.trainable_variables)


def test_the_default_is_configuration_f():
    model = zoo.StyleGAN2()
    assert count(model.mapping, model.synthesis) == 30_370_043
    assert count(model.mapping) == 8 * (512 * 512 + 512) and count(model.discriminator) == 29_012_513
    assert model.output_shape == (None, 1024, 1024, 3)


def ready(layer, *inputs):
    """A layer with all weights changed from their initial values."""
    layer(*inputs)
    random = np.random.RandomState(4)
    for variable in layer.weights:
        variable.assign(variable + random.standard_normal(variable.shape).astype("float32"))
    return layer


def explicit(layer, w):
    """The weights of each image by eqs. 1 and 3, (B, size, size, I, channels)."""
    style = numpy(layer.style(w))  # (B, I)
    weights = numpy(layer.kernel) * layer.scale * style[:, None, None, :, None]  # eq. 1
    return weights / np.sqrt(np.square(weights).sum(axis=(1, 2, 3), keepdims=True) + 1e-8)  # eq. 3


def convolve(x, kernel):
    """x (H, W, I), kernel (3, 3, I, J), zeros around."""
    height, width, _ = x.shape
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    return sum(padded[i : i + height, j : j + width] @ kernel[i, j] for i in range(3) for j in range(3))


@pytest.fixture
def features_and_style():
    random = np.random.RandomState(3)
    return random.standard_normal((2, 4, 6, 3)).astype("float32"), random.standard_normal((2, 5)).astype("float32")


def test_a_style_modulates_the_weights_of_a_convolution(features_and_style):
    x, w = features_and_style
    layer = ready(ModulatedConv2D(4, 3), x, w)
    found = np.stack([convolve(*each) for each in zip(x, explicit(layer, w), strict=True)])
    np.testing.assert_allclose(
        numpy(layer(x, w)), numpy(scaled_leaky_relu(found + numpy(layer.bias))), rtol=1e-4, atol=1e-5
    )
    plain = ready(ModulatedConv2D(3, 1, plain=True), x, w)
    weights = numpy(plain.kernel)[0, 0] * plain.scale
    found = np.einsum("bhwi,bi,ij->bhwj", x, numpy(plain.style(w)), weights) + numpy(plain.bias)
    np.testing.assert_allclose(numpy(plain(x, w)), found, rtol=1e-4, atol=1e-5)


def test_upsampling_inserts_zeros_convolves_and_filters(features_and_style):
    x, w = features_and_style
    layer = ready(ModulatedConv2D(4, 3, upsample=True), x, w)
    between = np.zeros((2, 12, 16, 3))
    between[:, 2:10:2, 2:14:2] = x  # a border for the kernel and the filter
    smooth = np.outer(FILTER, FILTER) / 16  # sums to 4, because one of four pixels isn't zero
    found = []
    for image, kernel in zip(between, explicit(layer, w), strict=True):
        wide = convolve(image, kernel[::-1, ::-1])  # a transposed convolution flips its kernel
        wide = np.pad(wide, ((1, 2), (1, 2), (0, 0)))
        blurred = sum(smooth[i, j] * wide[i : i + 12, j : j + 16] for i in range(4) for j in range(4))
        found.append(blurred[1:9, 1:13])  # without the filter's border
    np.testing.assert_allclose(
        numpy(layer(x, w)), numpy(scaled_leaky_relu(np.stack(found) + numpy(layer.bias))), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("size", [1, 3])
def test_downsampling_filters_and_takes_every_other_pixel(size):
    layer = Conv2D(2, size, downsample=True, bias=False)
    flat = np.ones((1, 8, 6, 2), "float32")
    output = numpy(layer(flat))
    assert output.shape == (1, 4, 3, 2)
    gain = (numpy(layer.kernel) * layer.scale).sum(axis=(0, 1, 2))
    np.testing.assert_allclose(output[0, 1:-1, 1:-1], np.broadcast_to(gain, (2, 1, 2)), rtol=1e-4)  # inside
    board = np.indices((8, 6)).sum(axis=0) % 2 * 2.0 - 1
    output = numpy(layer(np.repeat(board[None, :, :, None], 2, axis=3).astype("float32")))
    np.testing.assert_allclose(output[0, 1:-1, 1:-1], 0, atol=1e-5)  # of a chess board only the mean is left


def test_minibatch_standard_deviation_is_one_more_channel():
    x = np.random.RandomState(1).standard_normal((5, 4, 4, 3)).astype("float32")
    output = numpy(MinibatchStddev()(x))
    np.testing.assert_allclose(output[..., :3], x)
    np.testing.assert_allclose(output[..., 3], x.std(axis=0).mean(), rtol=1e-4)


def test_r1_is_the_mean_squared_norm_of_the_gradient():
    model = zoo.StyleGAN2(**SMALL | {"penalty": 3.0})
    images = np.random.RandomState(2).standard_normal((8, 8, 8, 1)).astype("float32")
    strength = ops.convert_to_tensor(np.arange(8, dtype="float32")[:, None])

    def discriminator(x, labels):
        return ops.sum(ops.square(x), axis=(1, 2, 3))[:, None] * labels[0]  # its gradient is 2 x labels

    found = [
        float(numpy(model.regularize(discriminator, ops.convert_to_tensor(images), [strength]))) for _ in range(100)
    ]
    gradients = 2 * images[:2] * numpy(strength)[:2, :, None, None]  # a fourth of the batch
    assert np.mean(found) == pytest.approx(1.5 * np.square(gradients).sum(axis=(1, 2, 3)).mean(), rel=0.3)


def test_r1_is_for_the_discriminator_alone():
    images = np.random.RandomState(2).randint(0, 256, (4, 8, 8, 1)).astype("uint8")
    z = np.random.RandomState(3).standard_normal((4, 4)).astype("float32")
    weights = []
    for penalty in (0.0, 100.0):
        keras.utils.set_random_seed(1)
        model = zoo.StyleGAN2(**SMALL | {"penalty": penalty})
        model.compile(keras.optimizers.SGD(0.1))
        model.train_on_batch(z, images)
        weights.append(
            [numpy(model.synthesis.get_layer("conv8").kernel), numpy(model.discriminator.get_layer("conv8").kernel)]
        )
    (generator, discriminator), (same, other) = weights
    np.testing.assert_allclose(generator, same, rtol=1e-6)
    assert np.abs(discriminator - other).max() > 1e-4


def test_truncation_leads_to_the_mean_style_of_the_labels():
    model = zoo.StyleGAN2(**SMALL | {"conditions": (2, 3), "truncation": 0.5})
    labels = np.array([[0, 2], [1, 0], [0, 2], [1, 0]])
    inputs = model.sample_latents(4, labels=labels, seed=5)
    styles, mean = (model.styles(inputs, truncation=amount) for amount in (1.0, 0.0))
    np.testing.assert_allclose(styles, numpy(model.mapping(inputs)), rtol=1e-5)
    np.testing.assert_allclose(mean[:2], mean[2:], rtol=1e-5)
    assert not np.allclose(mean[0], mean[1])
    half = model.styles(inputs)
    np.testing.assert_allclose(half, (styles + mean) / 2, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(model.synthesize(half), model.sample(4, labels=labels, seed=5))
    unconditional = zoo.StyleGAN2(**SMALL)
    assert np.ptp(unconditional.styles(unconditional.sample_latents(3), truncation=0.0), axis=0).max() == 0


def test_it_generates_what_the_labels_ask_for():
    keras.utils.set_random_seed(2)
    model = zoo.StyleGAN2(**SMALL | {"conditions": (2,), "penalty": 1.0})
    model.compile(keras.optimizers.Adam(5e-3, beta_1=0.0, beta_2=0.99))
    assert right_halves(model, epochs=25) > 0.9


@pytest.mark.parametrize(
    "changes",
    [
        {"latents": 0},
        {"channels": 0},
        {"depth": 0},
        {"conditions": (1,)},
        {"input_shape": (8, 16, 3)},
        *[{"input_shape": (s, s, 3)} for s in (4, 24)],
    ],
)
def test_bad_input_is_one_line(changes):
    with pytest.raises(BadInput, match="StyleGAN2 can't"):
        zoo.StyleGAN2(**SMALL | changes)
