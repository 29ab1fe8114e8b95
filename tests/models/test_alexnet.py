"""AlexNet: its parameters and shapes as in the paper, local response normalisation, locally connected layers."""

import keras
import numpy as np
import pytest

from zoo.errors import BadInput, UnknownName
from zoo.models.alexnet import AlexNet, LocallyConnected, LocalResponseNormalization
from zoo.recipes.alexnet_cifar10 import AlexNetCIFAR10, views

pytestmark = pytest.mark.backends


def test_the_imagenet_network_has_the_parameters_and_shapes_of_the_paper():
    model = AlexNet()
    assert model.count_params() == 60_965_224
    shapes = {
        "conv1_1": (55, 55, 48),
        "pool1_2": (27, 27, 48),
        "conv2_2": (27, 27, 128),
        "exchange2": (13, 13, 256),
        "conv3_1": (13, 13, 192),
        "conv5_2": (13, 13, 128),
        "flatten": (6 * 6 * 256,),
        "fc7": (4096,),
        "fc8": (1000,),
    }
    for name, shape in shapes.items():
        assert model.get_layer(name).output.shape[1:] == shape
    # Figure 2: conv3 is connected to both towers, conv4 only to its own.
    assert model.get_layer("conv3_1").kernel.shape == (3, 3, 256, 192)
    assert model.get_layer("conv4_2").kernel.shape == (3, 3, 192, 192)
    # Section 5: biases of one in conv2, conv4, conv5 and the hidden full layers, zero elsewhere.
    ones = {
        name
        for name in ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1", "fc6", "fc7", "fc8")
        if keras.ops.convert_to_numpy(model.get_layer(name).bias).all()
    }
    assert ones == {"conv2_1", "conv4_1", "conv5_1", "fc6", "fc7"}


def test_one_tower_connects_all_channels():
    assert AlexNet(towers=1).count_params() == 62_378_344


@pytest.mark.parametrize("dtype, tolerance", [("float32", 1e-5), ("mixed_bfloat16", 2e-2)])
@pytest.mark.parametrize("k, n, alpha, beta", [(2.0, 5, 1e-4, 0.75), (1.0, 9, 0.001 / 9, 0.75)])
def test_local_response_normalization_is_the_formula_of_section_3_3(k, n, alpha, beta, dtype, tolerance):
    a = np.random.RandomState(0).normal(0, 40, (2, 3, 4, 12)).astype("float32")
    expected = np.empty_like(a)
    channels = a.shape[-1]
    for i in range(channels):
        low, high = max(0, i - n // 2), min(channels - 1, i + n // 2)
        expected[..., i] = a[..., i] / (k + alpha * (a[..., low : high + 1] ** 2).sum(axis=-1)) ** beta
    layer = LocalResponseNormalization(n=n, k=k, alpha=alpha, beta=beta, dtype=dtype)
    found = keras.ops.convert_to_numpy(keras.ops.cast(layer(a), "float32"))
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=1e-5)


def test_locally_connected_is_a_convolution_with_other_weights_at_each_position():
    layer = LocallyConnected(5, 0.1)
    x = np.random.RandomState(1).normal(size=(2, 4, 3, 2)).astype("float32")
    found = keras.ops.convert_to_numpy(layer(x))
    kernel, bias = (keras.ops.convert_to_numpy(weight) for weight in (layer.kernel, layer.bias))
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    expected = np.zeros((2, 4, 3, 5))
    for row in range(4):
        for column in range(3):
            patch = padded[:, row : row + 3, column : column + 3].reshape(2, 18)
            expected[:, row, column] = np.maximum(patch @ kernel[row, column] + bias[row, column], 0)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_cifar10_network_has_four_layers_and_optional_normalisation():
    model = AlexNet(layout="cifar10")
    assert model.get_config() == {"classes": 10, "layout": "cifar10", "towers": 1, "normalization": True}
    names = [layer.name for layer in model.layers]
    assert [name for name in names if layer_learns(model, name)] == ["conv1", "conv2", "local3", "local4", "fc10"]
    assert {"norm1", "norm2"} < set(names)
    assert model.input_shape == (None, 24, 24, 3) and model.count_params() == 2_112_970
    plain = AlexNet(layout="cifar10", classes=10, normalization=False)
    assert not {"norm1", "norm2"} & {layer.name for layer in plain.layers}
    assert plain.count_params() == model.count_params()


def test_ten_crops_are_the_centre_the_corners_and_their_mirror_images():
    x = np.random.RandomState(2).randint(0, 256, (3, 32, 32, 3)).astype("uint8")
    parts = views(x)
    assert len(parts) == 10 and len({part.tobytes() for part in parts}) == 10
    np.testing.assert_array_equal(parts[0], x[:, 4:28, 4:28])
    ends = (slice(24), slice(8, 32))
    for part, (rows, columns) in zip(parts[1:5], [(a, b) for a in ends for b in ends], strict=True):
        np.testing.assert_array_equal(part, x[:, rows, columns])
    for part, mirrored in zip(parts[:5], parts[5:], strict=True):
        np.testing.assert_array_equal(part[:, :, ::-1], mirrored)


def test_it_is_evaluated_by_the_mean_of_ten_crops():
    """Correct wherever the last corner's logits outweigh the others'."""
    x = np.zeros((2, 32, 32, 3), "uint8")
    x[1, -1, -1] = 255  # in one of ten crops, and mirrored

    def predict(part):
        bright = part.max(axis=(1, 2, 3))[:, None] > 0
        return {"logits": np.where(bright, [[9.0, 0.0]], [[0.0, 1.0]])}

    (ten, alone), _ = AlexNetCIFAR10().evaluate(predict, (x, np.array([1, 1])), "train")
    assert ten["value"] == alone["value"] == 100 and alone["metric"] == "accuracy_center_crop"
    x[1, 12:20, 12:20] = 255  # in all
    (ten, alone), _ = AlexNetCIFAR10().evaluate(predict, (x, np.array([1, 1])), "train")
    assert ten["value"] == alone["value"] == 50


def layer_learns(model, name):
    return bool(model.get_layer(name).trainable_variables)


def test_wrong_arguments_are_named():
    with pytest.raises(UnknownName, match="did you mean cifar10"):
        AlexNet(layout="cifar")
    with pytest.raises(BadInput, match="3 towers; give 2 or 1"):
        AlexNet(towers=3)
    with pytest.raises(BadInput, match="2 towers; give 1"):
        AlexNet(layout="cifar10", towers=2)
    with pytest.raises(BadInput, match="0 classes"):
        AlexNet(classes=0)
    with pytest.raises(BadInput, match="odd"):
        LocalResponseNormalization(n=4)
