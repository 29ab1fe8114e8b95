"""Gradients against finite differences, Grad-CAM against its formula, and all methods on a net that depends on one
half.
"""

import keras
import numpy as np
import pytest

import zoo
from zoo.errors import BadCheckpoint, BadInput, UnknownName
from zoo.explain import attribution

pytestmark = pytest.mark.backends


def to_numpy(value):
    return keras.ops.convert_to_numpy(value)


@pytest.fixture(scope="module")
def left_right_net():
    """A net whose logit 1 is the mean of its one channel in the left half of an image, logit 0 in the right."""
    images = keras.Input((8, 8, 1), dtype="uint8")
    x = keras.layers.Rescaling(1 / 255)(images)
    x = keras.layers.Conv2D(1, 1, use_bias=False, activation="relu", name="channel")(x)
    x = keras.layers.AveragePooling2D((8, 4), name="halves")(x)
    x = keras.layers.Flatten()(x)
    model = keras.Model(images, keras.layers.Dense(2, use_bias=False)(x))
    model.layers[2].set_weights([np.full((1, 1, 1, 1), 3.0, "float32")])
    model.layers[-1].set_weights([np.array([[0, 1], [1, 0]], "float32")])
    return model


def random_image(seed=0, shape=(8, 8, 1)):
    return np.random.RandomState(seed).randint(60, 256, shape).astype("uint8")


def test_gradients_agree_with_finite_differences():
    keras.utils.set_random_seed(1)
    net = keras.Sequential([keras.Input((5,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(3)])
    x = np.random.RandomState(0).normal(size=(2, 5)).astype("float32")
    before = [to_numpy(weight).copy() for weight in net.weights]
    found = attribution.ClassGradient(net)(x, [2, 0])
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
def test_saliency_and_occlusion_find_the_half_that_the_net_uses(label, half, left_right_net):
    images = random_image()[None]
    saliency = attribution.Explainer(left_right_net).saliency(images, [label])[0]
    occlusion = attribution.occlusion(lambda x: to_numpy(left_right_net(x)), images[0], label, square=0.5, steps=3)
    assert saliency.shape == (8, 8) and saliency.max() == 1
    assert saliency[:, half].sum() == pytest.approx(saliency.sum()) and saliency.sum() > 0
    # Occluding the right half raises the left one's probability: no fall.
    assert occlusion.shape == (3, 3) and occlusion[:, 0 if label else 2].min() > 0
    assert not occlusion[:, 2 if label else 0].any()


def test_grad_cam_is_its_formula():
    keras.utils.set_random_seed(5)
    images = np.random.RandomState(0).randint(0, 256, (2, 8, 8, 1)).astype("uint8")
    inputs = keras.Input((8, 8, 1), dtype="uint8")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    x = keras.layers.Conv2D(3, 3, activation="tanh", name="channels")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(2)(x))
    model.layers[-1].kernel.assign([[1.0, -1.0], [-2.0, 1.0], [1.0, 3.0]])
    found = attribution.Explainer(model).grad_cam(images, [1, 0], "channels")
    channels = to_numpy(keras.Model(model.input, model.get_layer("channels").output)(images))  # (2, 6, 6, 3)
    # After the feature maps all is linear: the gradient of a logit is its weight, divided by the number of positions.
    alpha = to_numpy(model.layers[-1].kernel)[:, [1, 0]].T[:, None, None] / 36
    weighed = (alpha * channels).sum(axis=-1)
    assert (weighed < 0).any() and (alpha < 0).any() and (alpha > 0).any()
    expected = np.maximum(weighed, 0)
    np.testing.assert_allclose(found, expected / expected.max(axis=(1, 2), keepdims=True), rtol=1e-4, atol=1e-6)


def test_it_works_on_landmarks_and_errors_are_one_line():
    resnet = zoo.ResNet(depth=20)
    images = random_image(3, (2, 32, 32, 3))
    assert attribution.Explainer(resnet).grad_cam(images, [3, 4]).shape == (2, 8, 8)
    assert attribution.Explainer(resnet).saliency(images, [3, 4]).shape == (2, 32, 32)
    with pytest.raises(BadCheckpoint, match="no feature maps"):
        attribution.Explainer(zoo.MLP(hidden=(4,))).grad_cam(random_image(3, (1, 28, 28, 1)), [0], "hidden1")
    with pytest.raises(BadCheckpoint, match="a shortcut bypasses it"):
        attribution.Explainer(resnet).grad_cam(images, [3, 4], "conv2_1a")
    with pytest.raises(UnknownName, match="did you mean conv2_1a"):
        attribution.Explainer(resnet).grad_cam(images, [3, 4], "conv2_1aa")
    with pytest.raises(BadCheckpoint, match="no feature maps"):
        attribution.Explainer(resnet).grad_cam(images, [3, 4], "images")
    for wrong in (-1, 10):
        with pytest.raises(BadInput, match="classes 0 to 9"):
            attribution.Explainer(resnet).saliency(images, [wrong, 3])
    with pytest.raises(BadInput, match="classes \\[3\\] for 2 examples"):
        attribution.Explainer(resnet).grad_cam(images, [3])
    with pytest.raises(BadInput, match="labels 0 to 2, not 3"):
        attribution.occlusion(lambda x: np.zeros((len(x), 3)), images[0], 3)
    for options in ({"square": 1.1}, {"square": 0}, {"steps": 0}):
        with pytest.raises(BadInput, match="a square of"):
            attribution.occlusion(None, images[0], 0, **options)


def test_saliency_has_the_size_of_the_image_where_the_network_pads_it():
    images = random_image(3, (2, 28, 28, 1))
    assert attribution.Explainer(zoo.LeNet5()).saliency(images, [3, 4]).shape == (2, 28, 28)
    assert attribution.last_feature_map_layer(zoo.MLP(hidden=(4,))) is None


def test_trainable_flags_are_restored():
    model = zoo.ResNet(depth=20)
    model.get_layer("conv1").trainable = False
    model.get_layer("fc").bias.trainable = False
    before = [variable.path for variable in model.trainable_variables]
    attribution.Explainer(model).grad_cam(random_image(3, (1, 32, 32, 3)), [3])
    attribution.Explainer(model).saliency(random_image(3, (1, 32, 32, 3)), [3])
    assert [variable.path for variable in model.trainable_variables] == before


def test_the_two_classes_of_a_single_logit_have_opposite_gradients():
    net = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
    x = np.ones((2, 5), "float32")
    found = attribution.ClassGradient(net)(x, [0, 1])
    np.testing.assert_allclose(found[0], -found[1], rtol=1e-5)
    np.testing.assert_allclose(found[1], to_numpy(net.layers[0].kernel)[:, 0], rtol=1e-5)


def test_what_is_compiled_for_one_image_is_reused_for_the_next(monkeypatch):
    made, gradient = [], attribution.Gradient
    monkeypatch.setattr(attribution, "Gradient", lambda *of: made.append(of) or gradient(*of))
    model = zoo.ResNet(depth=20)
    explainer, learned = attribution.Explainer(model), len(model.trainable_variables)
    first, second = random_image(3, (1, 32, 32, 3)), random_image(4, (1, 32, 32, 3))
    for method in (explainer.saliency, explainer.grad_cam):
        again = [method(each, [3]) for each in (first, second, first)]
        np.testing.assert_allclose(again[0], again[2], atol=1e-6)
        assert not np.allclose(again[0], again[1])
    assert len(made) == 2 and len(model.trainable_variables) == learned
