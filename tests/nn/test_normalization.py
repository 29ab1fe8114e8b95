"""The shared blocks do what Keras's own do, while training and after."""

import keras
import numpy as np
import pytest

from zoo.nn.normalization import BatchNormalization

pytestmark = pytest.mark.backends


@pytest.mark.parametrize("dtype, tolerance", [("float32", 1e-5), ("mixed_bfloat16", 0.02)])
@pytest.mark.parametrize("options", [{}, {"scale": False}, {"center": False}, {"axis": 1}, {"trainable": False}])
def test_batch_normalization_trains_as_keras(dtype, tolerance, options):
    def trained(layer):
        x = 3 + 2 * np.random.RandomState(0).randn(8, 6, 5, 4).astype("float32")
        y = np.random.RandomState(1).randn(*x.shape).astype("float32")
        inputs = keras.Input(x.shape[1:])
        below = keras.layers.Dense(4, kernel_initializer="identity")  # learns, whatever the layer does
        model = keras.Model(inputs, layer(below(inputs)))
        model.compile(keras.optimizers.SGD(0.5), loss="mean_squared_error", jit_compile=False)
        model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
        return [np.asarray(weight) for weight in model.get_weights()] + [model.predict(x, verbose=0)]

    options = options | {"momentum": 0.9, "dtype": dtype}
    theirs = trained(keras.layers.BatchNormalization(**options))
    ours = trained(BatchNormalization(**options))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.astype("float32"), b.astype("float32"), atol=tolerance, rtol=tolerance)
