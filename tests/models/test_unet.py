import keras
import numpy as np
import pytest

import zoo
from zoo.errors import BadInput, UnknownName, ZooError
from zoo.hub import store
from zoo.models import unet

pytestmark = pytest.mark.backends


@pytest.fixture(scope="module")
def paper():
    """The network of figure 1."""
    keras.utils.set_random_seed(0)
    return zoo.UNet()


def test_572_pixels_become_388(paper):
    assert paper.input_shape == (None, 572, 572, 1)
    assert paper.output_shape == (None, 388, 388, 2)
    assert paper.compute_output_shape((5, 572, 572, 1)) == (5, 388, 388, 2)
    assert unet.output_side(572, 5) == 388


def test_parameters(paper):
    assert paper.count_params() == 31_030_658


def test_sizes_of_figure_1(paper):
    down = [paper.get_layer(f"down{level}_conv2_relu").output.shape[1:] for level in (1, 2, 3, 4, 5)]
    assert down == [(568, 568, 64), (280, 280, 128), (136, 136, 256), (64, 64, 512), (28, 28, 1024)]
    up = [paper.get_layer(f"up{level}_conv").output.shape[1:] for level in (4, 3, 2, 1)]
    assert up == [(56, 56, 512), (104, 104, 256), (200, 200, 128), (392, 392, 64)]


def test_crops_of_figure_1(paper):
    assert [unet.border(depth) for depth in (1, 2, 3, 4)] == [4, 16, 40, 88]
    for level in (1, 2, 3, 4):
        skip = paper.get_layer(f"up{level}_crop").output.shape
        assert skip == paper.get_layer(f"up{level}_conv").output.shape  # so they can be concatenated


def deviation(model, layer):
    return np.std(keras.ops.convert_to_numpy(model.get_layer(layer).kernel))


def test_initial_standard_deviation_of_section_3(paper):
    """sqrt(2 / N), N the inputs of one neuron: 9 times the channels, or the channels where it has one pixel."""
    for layer, inputs in (("down5_conv2", 9 * 1024), ("up1_conv1", 9 * 128), ("up4_conv", 1024), ("up1_conv", 128)):
        assert deviation(paper, layer) == pytest.approx(np.sqrt(2 / inputs), rel=0.03), layer
    many = zoo.UNet(input_shape=(44, 44, 1), filters=(64, 4, 20), classes=500)
    assert deviation(many, "logits") == pytest.approx(np.sqrt(2 / 64), rel=0.03)


def test_the_seed_decides_the_weights():
    models = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        models.append(zoo.UNet(input_shape=(44, 44, 1), filters=(4, 4, 4)))
    for a, b in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(a, b)
    ups = [models[0].get_layer(f"up{level}_conv").get_weights()[0] for level in (1, 2)]
    assert not np.array_equal(*ups)  # of one shape, initialised independently


@pytest.mark.parametrize("weighted", [False, True])
def test_equation_1(weighted):
    """The mean over pixels of -w(x) log p_l(x)(x), with p the softmax over the classes (section 3)."""
    model = zoo.UNet(input_shape=(48, 44, 3), filters=(4, 6, 8), classes=3)
    model.compile()
    assert model.optimizer.momentum == 0.99
    random = np.random.RandomState(0)
    images = random.randint(0, 256, (2, 48, 44, 3)).astype("uint8")
    logits = keras.ops.convert_to_numpy(model(images))  # (2, 8, 4, 3)
    assert logits.shape == (2, 8, 4, 3)
    labels = random.randint(0, 3, (2, 8, 4))
    w = random.uniform(0, 10, (2, 8, 4)).astype("float32") if weighted else None

    a = logits.astype("float64")
    p = np.exp(a) / np.exp(a).sum(axis=-1, keepdims=True)
    p = np.take_along_axis(p, labels[..., None], axis=-1)[..., 0]  # (2, 8, 4): p_l(x)(x)
    expected = np.mean((1 if w is None else w) * -np.log(p))
    assert float(model.compute_loss(y=labels, y_pred=logits, sample_weight=w)) == pytest.approx(expected, rel=1e-5)
    assert float(model.evaluate(images, labels, sample_weight=w, verbose=0)) == pytest.approx(expected, rel=1e-4)


def test_mobile_outputs_a_quarter_of_any_size():
    model = zoo.UNet(**unet.MOBILE)
    assert model.output_shape == (None, None, None, 2)
    for height, width in ((32, 64), (96, 32)):
        images = np.zeros((1, height, width, 1), "uint8")
        assert tuple(model(images).shape) == (1, height // 4, width // 4, 2)
        assert unet.output_side(height, 4, "same", (2, 2)) == height // 4


def test_pretrained_contracts_with_a_classifier_and_its_weights():
    model = zoo.UNet(**unet.PRETRAINED)
    assert model.output_shape == (None, None, None, 2)
    assert tuple(model(np.zeros((1, 64, 96, 1), "uint8")).shape) == (1, 16, 24, 2)
    for level, (stride, channels) in enumerate(((4, 24), (8, 40), (16, 112)), start=1):
        skip, up = model.get_layer(f"up{level}_concat").input
        assert skip.shape[-1] == channels and up.shape[-1] == unet.PRETRAINED["filters"][level - 1], stride
    classifier = zoo.load("efficientnet-lite0.imagenet")
    store.copy_layers(classifier, model)
    ours, theirs = (keras.Model(each.input, each.get_layer("top_activation").output) for each in (model, classifier))
    grey = np.random.RandomState(0).randint(0, 256, (1, 224, 224, 1)).astype("uint8")
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(ours(grey, training=False)),
        keras.ops.convert_to_numpy(theirs(grey.repeat(3, axis=-1), training=False)),
        atol=1e-4,
    )


@pytest.mark.parametrize(
    "arguments, expected",
    [
        ({"strides": (2, 2)}, "takes a backbone with padding='same', strides"),
        ({"backbone": {"lite": True}}, "the name of a classifier"),
        ({"backbone": {"name": "efficientne"}}, "did you mean efficientnet"),
        ({"backbone": {"name": "mlp"}}, "mlp can't be a backbone"),
        ({"backbone": {"name": "efficientnet", "light": True}}, "efficientnet can't be a backbone with arguments"),
        ({"filters": (8,) * 6}, r"can't have 6 levels on efficientnet, with strides \[2, 4, 8, 16, 32\]"),
        ({"input_shape": (48, 32, 1)}, "multiples of 32"),
        ({"input_shape": (64, 32, 4)}, "give 1 or 3 channels"),
    ],
)
def test_backbones_that_do_not_fit_are_one_line(arguments, expected):
    with pytest.raises(ZooError, match=expected):
        zoo.UNet(**{**unet.PRETRAINED, **arguments})


def test_unknown_padding():
    with pytest.raises(UnknownName, match="no padding of UNet is called 'vald'; did you mean valid"):
        zoo.UNet(padding="vald")


@pytest.mark.parametrize(
    "arguments, sizes",
    [
        ({"input_shape": (570, 572, 1)}, "572 or 556"),
        ({"input_shape": (572, 512, 1)}, "508 or 524"),
        ({"input_shape": (100, 100, 1)}, "188 or 204"),  # even all the way, but nothing would be left
        ({"input_shape": (None, None, 1)}, "572 or"),
        ({"input_shape": (572, None, 1)}, "572 or"),
        ({"input_shape": (572, 572)}, "a whole number or None, a whole number or None, a whole number"),
        ({"input_shape": (100, 128, 1), "padding": "same"}, "96 or 112"),
    ],
)
def test_invalid_sizes_are_one_line_with_valid_ones(arguments, sizes):
    with pytest.raises(BadInput, match=sizes) as caught:
        zoo.UNet(**arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("side", [188, 204, 556, 588])
def test_valid_sizes(side):
    assert zoo.UNet(input_shape=(side, 572, 1), filters=(2, 2, 2, 2, 2)).output_shape == (None, side - 184, 388, 2)
