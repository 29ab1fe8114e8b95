"""EfficientNet: parameters of table 2, the scaling, stochastic depth, and parity with `keras.applications`."""

import keras
import numpy as np
import pytest

from zoo.errors import BadInput
from zoo.hub.sources.keras_applications import SOURCES, copy
from zoo.models.efficientnet import MEAN, SCALES, EfficientNet, scaled_channels

pytestmark = pytest.mark.backends


def numpy_of(tensor):
    return keras.ops.convert_to_numpy(tensor)


def counted(phi, lite=False):
    """Trainable parameters as a formula, from table 1 and the coefficients."""
    from zoo.models import efficientnet

    width, depth, *_ = (efficientnet.LITE_SCALES if lite else SCALES)[phi]
    entering = 32 if lite else scaled_channels(32, width)
    total = 27 * entering + 2 * entering
    for _, expansion, kernel, _, channels in efficientnet._blocks(width, depth, lite):
        wide = entering * expansion
        total += (entering * wide + 2 * wide) * (expansion > 1)
        total += kernel**2 * wide + 2 * wide
        if not lite:
            squeezed = max(1, entering // 4)
            total += 2 * wide * squeezed + squeezed + wide
        total += wide * channels + 2 * channels
        entering = channels
    head = 1280 if lite else scaled_channels(1280, width)
    return total + entering * head + 2 * head + (head + 1) * 1000


def trainable(model):
    return sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)


def test_parameters_are_those_published():
    # B0 and Lite0 are built; the others follow from the formula that they obey.
    assert trainable(EfficientNet()) == counted(0) == 5_288_548
    assert trainable(EfficientNet(lite=True)) == counted(0, lite=True) == 4_652_008
    published = (7_794_184, 9_109_994, 12_233_232, 19_341_616, 30_389_784, 43_040_704, 66_347_960)
    assert tuple(map(counted, range(1, 8))) == published


def test_shapes_are_those_of_table_1():
    model = EfficientNet()
    shapes = {"stem_conv": (112, 112, 32), "block1_1_project_conv": (112, 112, 16), "block2_2_out": (56, 56, 24)}
    shapes |= {"block4_3_out": (14, 14, 80), "block6_4_out": (7, 7, 192), "top_conv": (7, 7, 1280)}
    for name, shape in shapes.items():
        assert model.get_layer(name).output.shape[1:] == shape


def test_the_cost_of_b0_is_that_of_table_2():
    total = 0
    for layer in EfficientNet().layers:
        if hasattr(layer, "kernel"):
            sides = layer.output.shape[1:3] if len(layer.output.shape) == 4 else (1, 1)
            total += int(np.prod(sides)) * int(np.prod(layer.kernel.shape))
    assert total / 1e9 == pytest.approx(0.39, abs=0.005)


def test_outputs_equal_those_of_keras_applications():
    theirs = keras.applications.EfficientNetB0(weights=None, classifier_activation=None, input_shape=(96, 64, 3))
    ours = EfficientNet(input_shape=(96, 64, 3))
    rng = np.random.RandomState(5)
    for layer in theirs.layers:
        if layer.weights and layer.name != "normalization":
            layer.set_weights([value + 0.05 * rng.random(value.shape) for value in layer.get_weights()])
    copy(theirs, ours, SOURCES["efficientnet-b0.imagenet"])
    x = rng.randint(0, 256, (2, 96, 64, 3)).astype("uint8")
    # Without ImageNet's weights theirs only divides by 255.
    normalized = 255 * numpy_of(ours.get_layer("rescale")(x))
    expected, found = numpy_of(theirs(normalized)), numpy_of(ours(x))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


def test_pixels_are_rescaled_as_the_published_weights_expect():
    x = np.array([[[[0, 127, 255]]]], "uint8")
    lite = numpy_of(EfficientNet(lite=True, classes=2, input_shape=(32, 32, 3)).get_layer("rescale")(x))
    np.testing.assert_allclose(lite, [[[[-127 / 128, 0, 1]]]], atol=1e-6)
    mean = np.array([[[[255 * value for value in MEAN]]]], "float32")
    usual = numpy_of(EfficientNet(classes=2, input_shape=(32, 32, 3)).get_layer("rescale")(mean))
    np.testing.assert_allclose(usual, 0, atol=1e-5)


def test_stochastic_depth_leaves_out_whole_blocks_and_only_in_training():
    model = EfficientNet(lite=True, classes=2, input_shape=(32, 32, 3), stochastic_depth=0.5)
    drops = [layer for layer in model.layers if layer.name.endswith("_drop")]
    assert len(drops) == 9  # blocks with a residual connection
    rates = [layer.rate for layer in drops]
    assert rates == sorted(rates) and rates[-1] == pytest.approx(0.5 * 14 / 16)
    x = np.ones((64, 3, 3, 2), "float32")
    dropped = numpy_of(drops[-1](x, training=True))
    per_image = dropped.reshape(64, -1)
    assert all(len(set(row)) == 1 for row in per_image.tolist())  # all or nothing
    assert 0 < (per_image[:, 0] == 0).sum() < 64
    np.testing.assert_array_equal(numpy_of(drops[-1](x, training=False)), x)


def test_lite_keeps_stem_and_head():
    model = EfficientNet(lite=True, phi=2, classes=2, input_shape=(32, 32, 3))
    assert model.get_layer("stem_conv").filters == 32 and model.get_layer("top_conv").filters == 1280
    assert not any("squeeze" in layer.name for layer in model.layers)


def test_wrong_arguments_are_named():
    with pytest.raises(BadInput, match="EfficientNet can't have phi 8; give 0 to 7"):
        EfficientNet(phi=8)
    with pytest.raises(BadInput, match="EfficientNet-Lite can't have phi 5; give 0 to 4"):
        EfficientNet(phi=5, lite=True)
    with pytest.raises(BadInput, match="stochastic depth of 1"):
        EfficientNet(stochastic_depth=1)
    with pytest.raises(BadInput, match="classes"):
        EfficientNet(classes=1)
    with pytest.raises(BadInput, match="shape"):
        EfficientNet(input_shape=(16, 16, 3))
