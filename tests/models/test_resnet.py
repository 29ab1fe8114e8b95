"""ResNet: parameters and depths of the paper's tables, shortcuts, and parity with `keras.applications`."""

import keras
import numpy as np
import pytest

import zoo
from zoo.errors import BadInput
from zoo.hub.sources.keras_applications import SOURCES, copy
from zoo.models.resnet import ResNet, ZeroPaddedShortcut

pytestmark = pytest.mark.backends


def trainable(model):
    return sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)


@pytest.mark.parametrize(
    "depth, parameters",
    [
        (20, 269_722), (32, 464_154), (44, 658_586), (56, 853_018), (110, 1_727_962),
        (18, 11_689_512), (34, 21_797_672), (50, 25_557_032), (101, 44_549_160), (152, 60_192_808),
    ],
)  # fmt: skip
def test_depths_have_their_parameters_and_their_layers(depth, parameters):
    model = ResNet(depth=depth)
    assert trainable(model) == parameters
    with_weights = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense)]
    assert sum("shortcut" not in layer.name for layer in with_weights) == depth


def test_output_sizes_are_those_of_tables_1_and_6():
    model = ResNet(depth=50)
    sizes = {"pool1": (56, 56, 64), "conv2_3_out": (56, 56, 256), "conv3_4_out": (28, 28, 512)}
    sizes |= {"conv4_6_out": (14, 14, 1024), "conv5_3_out": (7, 7, 2048)}
    small = ResNet(depth=20)
    for name, shape in {"conv2_3_out": (32, 32, 16), "conv3_3_out": (16, 16, 32), "conv4_3_out": (8, 8, 64)}.items():
        assert small.get_layer(name).output.shape[1:] == shape
    for name, shape in sizes.items():
        assert model.get_layer(name).output.shape[1:] == shape


def test_option_a_takes_every_other_pixel_and_adds_zero_channels():
    x = np.arange(2 * 4 * 4 * 3, dtype="float32").reshape(2, 4, 4, 3)
    found = keras.ops.convert_to_numpy(ZeroPaddedShortcut(5, 2)(x))
    np.testing.assert_array_equal(found[..., :3], x[:, ::2, ::2])
    assert found.shape == (2, 2, 2, 5) and not found[..., 3:].any()


def test_a_block_with_a_zero_residual_is_the_identity():
    model = ResNet(depth=20)
    layer = model.get_layer("conv2_2b_norm")
    gamma, beta, mean, variance = layer.get_weights()
    layer.set_weights([0 * gamma, 0 * beta, mean, variance])
    inside = keras.Model(model.input, [model.get_layer("conv2_1_out").output, model.get_layer("conv2_2_out").output])
    before, after = inside(np.random.RandomState(0).randint(0, 256, (2, 32, 32, 3)).astype("uint8"))
    np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (before, after)))  # eq. 1 with F = 0


def test_plain_nets_are_the_same_without_shortcuts():
    plain, residual = ResNet(depth=20, plain=True), ResNet(depth=20)
    assert trainable(plain) == trainable(residual)
    assert not any(isinstance(layer, keras.layers.Add) for layer in plain.layers)


def test_resnet50_equals_that_of_keras_applications():
    theirs = keras.applications.ResNet50(weights=None, classifier_activation=None)
    rng = np.random.RandomState(5)
    for layer in theirs.layers:  # fresh statistics and biases are all ones and zeros, which would hide a mix-up
        if layer.weights:
            layer.set_weights([value + 0.05 * rng.random(value.shape) for value in layer.get_weights()])
    ours = ResNet(depth=50)
    copy(theirs, ours, SOURCES["resnet50.imagenet"])
    x = rng.randint(0, 256, (2, 224, 224, 3)).astype("uint8")
    expected = theirs(keras.applications.resnet.preprocess_input(x.astype("float32")))
    expected, found = map(keras.ops.convert_to_numpy, (expected, ours(x)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


def test_wrong_arguments_are_named():
    with pytest.raises(BadInput, match="depth 19; the paper has 18, 34"):
        ResNet(depth=19)
    with pytest.raises(BadInput, match="shape"):
        ResNet(depth=18, input_shape=(16, 16, 3))
    with pytest.raises(BadInput, match="16 pixels or more"):
        ResNet(depth=20, input_shape=(15, 16, 3))
    with pytest.raises(BadInput, match=r"shape \(32, 32, 1\)"):
        ResNet(depth=18, input_shape=(32, 32, 1))
    for classes in (0, 1, 2.5):
        with pytest.raises(BadInput, match=f"({classes} classes apart|classes {classes})"):
            ResNet(depth=20, classes=classes)


def test_shortcuts_improve_an_otherwise_equal_network():
    """The shipped card's controls: ResNet-20 and plain-20 after the same 30 epochs."""
    controls = {
        row["protocol"]: row["value"] for row in zoo.card("resnet20.cifar10").metrics if row["role"] == "control"
    }
    [shortcuts] = [value for protocol, value in controls.items() if protocol.startswith("ResNet-20")]
    [plain] = [value for protocol, value in controls.items() if protocol.startswith("plain-20")]
    assert shortcuts > plain + 1
