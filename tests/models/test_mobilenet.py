"""MobileNet: parameters, table 1, the paper's costs, and parity with `keras.applications`."""

import keras
import numpy as np
import pytest

from zoo.errors import BadInput
from zoo.hub.sources.keras_applications import SOURCES, copy
from zoo.models.mobilenet import MobileNet

pytestmark = pytest.mark.backends


def test_width_1_has_the_parameters_of_keras_applications_and_the_shapes_of_table_1():
    model = MobileNet()
    assert model.count_params() == 4_253_864
    assert sum(int(np.prod(variable.shape)) for variable in model.trainable_variables) == 4_231_976
    shapes = {"conv1": (112, 112, 32), "conv2_pointwise": (112, 112, 64), "conv3_depthwise": (56, 56, 64)}
    shapes |= {"conv7_pointwise": (14, 14, 512), "conv14_pointwise": (7, 7, 1024)}
    for name, shape in shapes.items():
        assert model.get_layer(name).output.shape[1:] == shape


@pytest.mark.parametrize("width, millions", [(1.0, 569), (0.75, 325), (0.5, 149), (0.25, 41)])
def test_the_multiplications_are_those_of_table_6(width, millions):
    model = MobileNet(width=width)
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense):
            total += int(np.prod(layer.kernel.shape))
        elif hasattr(layer, "kernel"):  # eq. 2, and each part of eq. 5, from the shapes
            size = layer.output.shape[1] * layer.output.shape[2]
            total += size * int(np.prod(layer.kernel.shape))
    assert total / 1e6 == pytest.approx(millions, rel=0.01)


def test_outputs_equal_those_of_keras_applications():
    theirs = keras.applications.MobileNet(weights=None, classifier_activation=None)
    rng = np.random.RandomState(5)
    for layer in theirs.layers:
        if layer.weights:
            layer.set_weights([value + 0.05 * rng.random(value.shape) for value in layer.get_weights()])
    ours = MobileNet()
    copy(theirs, ours, SOURCES["mobilenet.imagenet"])
    x = rng.randint(0, 256, (2, 224, 224, 3)).astype("uint8")
    expected = theirs(keras.applications.mobilenet.preprocess_input(x.astype("float32")))
    expected, found = map(keras.ops.convert_to_numpy, (expected, ours(x)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


def test_wrong_arguments_are_named():
    for width in (-1, 0.02, float("nan"), float("inf")):
        with pytest.raises(BadInput, match=f"width {width:g}"):
            MobileNet(width=width)
    with pytest.raises(BadInput, match="dropout of 1"):
        MobileNet(dropout=1)
    with pytest.raises(BadInput, match="classes -3"):
        MobileNet(classes=-3)
    with pytest.raises(BadInput, match="shape"):
        MobileNet(input_shape=(16, 16, 3))
