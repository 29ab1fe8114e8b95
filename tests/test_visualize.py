"""Gradients against differences, Grad-CAM against its formula, and all three ways against a net that must look left."""

import keras
import numpy as np
import pytest

import zoo
from zoo import visualize
from zoo.errors import BadInput

pytestmark = pytest.mark.backends


def to_numpy(value):
    return keras.ops.convert_to_numpy(value)


@pytest.fixture(scope="module")
def looks_left():
    """A net whose logit 1 is what its one map sees in the left half of a picture, logit 0 in the right."""
    images = keras.Input((8, 8, 1), dtype="uint8")
    x = keras.layers.Rescaling(1 / 255)(images)
    x = keras.layers.Conv2D(1, 1, use_bias=False, activation="relu", name="map")(x)
    x = keras.layers.AveragePooling2D((8, 4), name="halves")(x)
    x = keras.layers.Flatten()(x)
    model = keras.Model(images, keras.layers.Dense(2, use_bias=False)(x))
    model.layers[2].set_weights([np.full((1, 1, 1, 1), 3.0, "float32")])
    model.layers[-1].set_weights([np.array([[0, 1], [1, 0]], "float32")])
    return model


def picture(seed=0, shape=(8, 8, 1)):
    return np.random.RandomState(seed).randint(60, 256, shape).astype("uint8")


def test_gradients_agree_with_differences():
    keras.utils.set_random_seed(1)
    net = keras.Sequential([keras.Input((5,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(3)])
    x = np.random.RandomState(0).normal(size=(2, 5)).astype("float32")
    before = [to_numpy(weight).copy() for weight in net.weights]
    found = visualize.gradient(net, x, [2, 0])
    for example, label in enumerate((2, 0)):
        for index in range(5):
            step = np.zeros_like(x)
            step[example, index] = 1e-2
            up, down = (to_numpy(net(x + sign * step))[example, label] for sign in (1, -1))
            assert found[example, index] == pytest.approx((up - down) / 2e-2, abs=1e-3)
    for old, weight in zip(before, net.weights, strict=True):
        np.testing.assert_array_equal(old, to_numpy(weight))
    assert len(net.trainable_variables) == 4


@pytest.mark.parametrize("label, half", [(1, slice(0, 4)), (0, slice(4, 8))])
def test_all_three_look_where_the_net_looks(label, half, looks_left):
    images = picture()[None]
    saliency = visualize.saliency(looks_left, images, [label])[0]
    occlusion = visualize.occlusion(lambda x: to_numpy(looks_left(x)), images[0], label, square=0.5, steps=3)
    assert saliency.shape == (8, 8) and saliency.max() == 1
    assert saliency[:, half].sum() == pytest.approx(saliency.sum()) and saliency.sum() > 0
    # Hiding the right half helps the left one: that is no fall.
    assert occlusion.shape == (3, 3) and occlusion[:, 0 if label else 2].min() > 0
    assert not occlusion[:, 2 if label else 0].any()


def test_grad_cam_is_its_formula(looks_left):
    images = np.stack([picture(1), picture(2)])
    found = visualize.grad_cam(looks_left, images, [1, 1], "map")
    maps = to_numpy(keras.Model(looks_left.input, looks_left.get_layer("map").output)(images))
    alpha = 1 / (8 * 4) / 2  # the logit is a mean over half of the places, so the mean gradient is half of its weight
    expected = np.maximum((alpha * maps).sum(axis=-1), 0)
    np.testing.assert_allclose(found, expected / expected.max(axis=(1, 2), keepdims=True), rtol=1e-5)


def test_it_works_on_landmarks_and_says_where_it_cannot():
    resnet = zoo.ResNet(depth=20)
    images = picture(3, (2, 32, 32, 3))
    assert visualize.grad_cam(resnet, images, [3, 4]).shape == (2, 8, 8)
    assert visualize.saliency(resnet, images, [3, 4]).shape == (2, 32, 32)
    with pytest.raises(BadInput, match="no maps"):
        visualize.grad_cam(zoo.MLP(hidden=(4,)), picture(3, (1, 28, 28, 1)), [0], "hidden1")
    with pytest.raises(BadInput, match="leads past it"):
        visualize.grad_cam(resnet, images, [3, 4], "conv2_1a")
