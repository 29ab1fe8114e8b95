"""How weights are stored: float16 and int8 on the disk, the same numbers again in memory."""

import h5py
import keras
import numpy as np
import pytest
from helpers import card_of, failing

import zoo
from zoo.errors import BadCheckpoint, BadInput
from zoo.hub import quantization, store

MODELS = {  # with Dense; Conv2D; DepthwiseConv2D; an embedding and Transformer blocks, which are layers in layers
    "mlp": lambda: zoo.MLP(input_shape=(40,), hidden=(60,), classes=3),
    "lenet5": zoo.LeNet5,
    "mobilenet": lambda: zoo.MobileNet(classes=5, input_shape=(32, 32, 3), width=0.25),
    "gpt": lambda: zoo.GPT(vocabulary=50, context=40, width=32, depth=1, heads=2),
}


@pytest.fixture(params=MODELS)
def model(request):
    keras.utils.set_random_seed(3)
    return MODELS[request.param]()


def weights_of(model):
    return [keras.ops.convert_to_numpy(variable) for variable in model.weights]


@pytest.mark.parametrize(("dtype", "fraction"), [("float16", 0.55), ("int8", 0.4)])
def test_what_is_loaded_is_to_the_last_bit_what_rounding_makes_of_the_model(model, dtype, fraction, tmp_path):
    before = weights_of(model)
    zoo.save(model, tmp_path / "float32", card_of(model))
    card = zoo.save(model, tmp_path / "first", card_of(model), dtype=dtype, tolerance=0.1)
    assert (card.weights["dtype"], card.weights["tolerance"]) == (dtype, 0.1)

    store.round_weights(model, dtype)
    rounded = weights_of(model)
    assert any((a != b).any() for a, b in zip(before, rounded, strict=True))
    zoo.save(model, tmp_path / "second", card_of(model), dtype=dtype, tolerance=0.0)  # rounding again changes nothing
    for folder in ("first", "second"):
        for loaded, expected in zip(weights_of(zoo.load(tmp_path / folder)), rounded, strict=True):
            assert loaded.dtype == "float32"
            np.testing.assert_array_equal(loaded, expected)

    def stored(name):
        """Bytes of the weights that are kernels and the like; the rest of a file is names."""
        with h5py.File(tmp_path / name / store.WEIGHTS) as file:
            sizes = []
            file.visititems(lambda _, item: sizes.append(item.nbytes if getattr(item, "ndim", 0) > 1 else 0))
        return sum(sizes)

    assert stored("first") < fraction * stored("float32")


@pytest.mark.parametrize(
    ("shape", "axis"),
    [((60, 40), 1), ((3, 3, 8, 24), 3), ((2, 2, 24, 16), 2), ((3, 3, 128, 1), 2), ((200, 16), 0), ((5, 5, 60), 2)],
    ids=["dense", "convolution", "transposed convolution", "depthwise convolution", "embedding", "three dimensions"],
)
def test_each_channel_is_rounded_by_half_of_its_own_scale_at_most(shape, axis):
    random = np.random.default_rng(1)
    sizes = [length if number == axis else 1 for number, length in enumerate(shape)]
    channels = np.exp(random.standard_normal(sizes))  # some large, some small
    weight = (random.standard_normal(shape) * channels).astype("float32")
    values, scales = quantization.quantize(weight, "int8")
    assert values.dtype == "int8" and scales.dtype == "float32" and scales.shape == tuple(sizes)
    others = tuple(number for number in range(len(shape)) if number != axis)
    np.testing.assert_array_equal(np.abs(values).max(axis=others), 127)
    restored = quantization.dequantize(values, scales)
    assert restored.dtype == "float32"
    assert (np.abs(restored - weight) <= scales * 0.50001).all()
    again = quantization.dequantize(*quantization.quantize(restored, "int8"))
    np.testing.assert_array_equal(again, restored)


def test_a_channel_of_zeros_stays_so():
    weight = np.random.default_rng(1).standard_normal((60, 40)).astype("float32")
    weight[:, 7] = 0
    values, scales = quantization.quantize(weight, "int8")
    restored = quantization.dequantize(values, scales)
    assert (restored[:, 7] == 0).all() and np.isfinite(restored).all()


def test_vectors_stay_as_they_are_and_small_kernels_become_float16():
    vector, kernel = np.full(5000, 1 / 3, "float32"), np.full((30, 30), 1 / 3, "float32")
    numbers = np.arange(2000, dtype="uint32").reshape(2, 1000)
    for weight in (vector, numbers):
        values, scales = quantization.quantize(weight, "int8")
        assert scales is None and values.dtype == weight.dtype
        np.testing.assert_array_equal(values, weight)
    values, scales = quantization.quantize(kernel, "int8")
    assert scales is None and values.dtype == "float16"
    assert quantization.dequantize(values, scales).dtype == "float32"


@pytest.fixture
def stored(tmp_path):
    """A new model, and an int8 file of weights for it with the name of a quantised one."""
    zoo.save(MODELS["mlp"](), tmp_path / "mlp.test", card_of(MODELS["mlp"]()), dtype="int8", tolerance=0.1)
    path = tmp_path / "mlp.test" / store.WEIGHTS
    with h5py.File(path) as file:
        names = []
        file.visititems(lambda name, item: names.append(name) if getattr(item, "dtype", None) == "int8" else None)
    return MODELS["mlp"](), path, names[0]


@pytest.mark.parametrize(
    "damaged",
    [
        np.full((1, 60), np.nan, "float32"),
        np.full((1, 60), -1, "float32"),
        np.ones((1, 60), "float64"),
        np.ones((1, 59), "float32"),
        np.ones((40, 60), "float32"),
        np.ones(60, "float32"),
        None,
    ],
    ids=["not a number", "negative", "float64", "too few", "one a weight", "another shape", "missing"],
)
def test_damaged_scales_are_refused_in_one_line(stored, damaged):
    model, path, name = stored
    with h5py.File(path, "r+") as file:
        del file[name + store.SCALES]
        if damaged is not None:
            file[name + store.SCALES] = damaged
    error = failing(BadCheckpoint, store.load_weights, model, path)
    assert str(path) in error and name in error and "scales" in error


def test_a_file_that_lacks_a_layer_is_refused(stored):
    model, path, name = stored
    with h5py.File(path, "r+") as file:
        del file[name.rpartition("/vars/")[0]]
    assert "it has other layers" in failing(BadCheckpoint, store.load_weights, model, path)


def test_int8_weights_of_another_model_are_refused(stored):
    _, path, _ = stored
    failing(BadCheckpoint, store.load_weights, zoo.MLP(input_shape=(41,), hidden=(60,), classes=3), path)
    failing(BadCheckpoint, store.load_weights, zoo.MLP(input_shape=(40,), hidden=(60, 60), classes=3), path)


@pytest.mark.filterwarnings("ignore:Skipping nested container")
def test_keras_alone_does_not_take_int8_numbers_for_weights(stored):
    model, path, _ = stored
    with pytest.raises(ValueError, match="could not be loaded"):
        model.load_weights(path)


def test_an_unknown_dtype_is_refused_before_anything_is_written(tmp_path):
    model = MODELS["mlp"]()
    with pytest.raises(BadInput, match="float32, float16, int8"):
        zoo.save(model, tmp_path / "mlp.test", card_of(model), dtype="int4")
    assert not list(tmp_path.iterdir())
