"""The shared blocks do what Keras's own do, while training and after."""

import keras
import numpy as np
import pytest

from zoo.layers import BatchNormalization

pytestmark = pytest.mark.backends


@pytest.mark.parametrize("dtype, tolerance", [("float32", 1e-5), ("mixed_bfloat16", 0.02)])
def test_batch_normalization_trains_as_keras(dtype, tolerance):
    def trained(layer):
        x = 3 + 2 * np.random.RandomState(0).randn(8, 6, 5, 4).astype("float32")
        y = np.random.RandomState(1).randn(*x.shape).astype("float32")
        inputs = keras.Input(x.shape[1:])
        model = keras.Model(inputs, layer(inputs))
        model.compile(keras.optimizers.SGD(0.5), loss="mean_squared_error", jit_compile=False)
        model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
        return [np.asarray(weight) for weight in model.get_weights()] + [model.predict(x, verbose=0)]

    theirs = trained(keras.layers.BatchNormalization(momentum=0.9, dtype=dtype))
    ours = trained(BatchNormalization(momentum=0.9, dtype=dtype))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.astype("float32"), b.astype("float32"), atol=tolerance, rtol=tolerance)
