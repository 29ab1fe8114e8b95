"""Deep Dream and activation maximisation: activations rise, on images of any size, without seams, reproducibly."""

import cv2
import keras
import numpy as np
import pytest

import zoo
from zoo.errors import BadCheckpoint, BadInput, UnknownName
from zoo.explain import dreaming

MIDDLE = "conv6_pointwise_relu"


def to_numpy(value):
    return keras.ops.convert_to_numpy(value)


@pytest.fixture(scope="module")
def model():
    """A small MobileNet of random weights."""
    keras.utils.set_random_seed(2)
    return zoo.MobileNet(width=0.25, input_shape=(64, 64, 3), classes=7)


def random_image(height, width, seed=0):
    """Smooth random colours."""
    small = np.random.RandomState(seed).uniform(60, 200, (max(1, height // 8), max(1, width // 8), 3))
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).astype("uint8")


def mean_square_activation(model, names, image):
    net = dreaming.feature_extractor(model, names, image.shape[:2])
    return float(dreaming.mean_square_activation(net(image[None].astype("float32")), None))


@pytest.mark.backends
def test_a_feature_extractor_equals_the_model_and_takes_other_sizes(model):
    images = random_image(64, 64)[None]
    both = ["conv3_pointwise_relu", MIDDLE]
    whole = keras.Model(model.input, [model.get_layer(name).output for name in both])
    for expected, found in zip(
        whole(images), dreaming.feature_extractor(model, both, (64, 64))(images * 1.0), strict=True
    ):
        np.testing.assert_allclose(to_numpy(expected), to_numpy(found), atol=1e-5)
    wider = dreaming.feature_extractor(model, [MIDDLE], (96, 160))
    assert wider.output_shape == (None, 12, 20, 64)
    wider.trainable = False
    assert model.trainable_variables  # the layers are copies
    linear = dreaming.feature_extractor(model, [MIDDLE], (64, 64), linear=True)(images * 1.0)
    assert to_numpy(linear).min() < 0
    np.testing.assert_allclose(np.clip(to_numpy(linear), 0, 6), to_numpy(whole(images)[1]), atol=1e-5)


@pytest.mark.backends
def test_locally_connected_layers_work_at_the_models_size():
    keras.utils.set_random_seed(3)
    alexnet = zoo.AlexNet(layout="cifar10", classes=10)
    assert dreaming.feature_extractor(alexnet, ["conv2"], (64, 96)).input_shape == (None, 64, 96, 3)
    assert dreaming.feature_extractor(alexnet, ["local4"], (64, 96)).input_shape == (None, 24, 24, 3)
    dreamer = dreaming.Dreamer(alexnet, ["local3"], (50, 70))
    assert dreamer.tile == (24, 24)
    image = random_image(50, 70)
    dream = dreamer.dream(image, octaves=1)
    assert dream.shape == image.shape and (dream != image).mean() > 0.5
    assert dreaming.maximize_channels(alexnet, "local3", [0, 1], steps=1).shape == (2, 24, 24, 3)


def test_chosen_layers(model):
    assert dreaming.choose_layers(model, "") == ["conv10_pointwise_relu"]
    spread = dreaming.choose_layers(model, "", 5)
    assert spread[0] == "conv1_relu" and spread[-1] == "conv14_pointwise_relu" and len(spread) == 5
    assert dreaming.choose_layers(model, " conv1,conv2_depthwise , conv1") == ["conv1", "conv2_depthwise"]
    assert dreaming.choose_layers(zoo.ResNet(depth=20), "") == ["conv3_3_out"]
    with pytest.raises(
        UnknownName, match=r"no layer of mobilenet is called 'conv6_pointwise_rulu'; did you mean conv6_pointwise_re"
    ):
        dreaming.choose_layers(model, "conv6_pointwise_rulu")
    with pytest.raises(
        BadCheckpoint, match="layer fc of mobilenet has no feature maps; take one that has, such as conv14"
    ):
        dreaming.choose_layers(model, "fc")
    with pytest.raises(UnknownName, match="known: conv1, conv1_norm, conv1_relu, conv2_depthwise, "):
        dreaming.choose_layers(model, "-")  # similar to no name: then all are listed from the bottom up


def test_bad_arguments_are_one_line(model):
    with pytest.raises(UnknownName, match="no layer of mobilenet is called 'conv'"):
        dreaming.Dreamer(model, ["conv"], (40, 40))
    with pytest.raises(BadCheckpoint, match="layer fc of mobilenet has no feature maps"):
        dreaming.maximize_channels(model, "fc", [0])
    for channels in ([], [-1], [999]):
        with pytest.raises(BadInput, match="layer conv1 has channels 0 to "):
            dreaming.maximize_channels(model, "conv1", channels)
    with pytest.raises(BadInput, match="can't dream in 0 octaves"):
        dreaming.Dreamer(model, ["conv1"], (40, 40)).dream(random_image(40, 40), octaves=0)


def test_networks_without_convolutions_are_refused():
    for shape in ((16, 16, 3), (28, 28, 1)):
        with pytest.raises(BadCheckpoint, match=r"no convolutions; .* such as efficientnet-lite0\.imagenet"):
            dreaming.choose_layers(zoo.MLP(input_shape=shape, hidden=(4,)), "")


@pytest.mark.backends
def test_a_network_for_grey_images_changes_no_colours():
    keras.utils.set_random_seed(3)
    lenet, image = zoo.LeNet5(), random_image(40, 50)
    [layer] = dreaming.choose_layers(lenet, "")
    grey = keras.Model(lenet.input, lenet.get_layer("C1").output)
    calls = image[None, :28, :28, :1]
    found = dreaming.feature_extractor(lenet, ["C1"], (28, 28))(np.repeat(calls, 3, axis=3) * 1.0)
    np.testing.assert_allclose(to_numpy(found), to_numpy(grey(calls)), atol=1e-4)
    dream = dreaming.Dreamer(lenet, [layer], image.shape[:2]).dream(image, octaves=1)
    changes = dream.astype(int) - image
    inside = (dream > 0).all(axis=2) & (dream < 255).all(axis=2)
    assert (np.ptp(changes, axis=2)[inside] <= 1).all() and np.abs(changes).mean() > 1
    assert dreaming.maximize_channels(lenet, "C1", [0, 1], steps=1).shape[::3] == (2, 3)


def test_dreaming_raises_the_activation_and_is_reproducible(model):
    image = random_image(80, 90)
    dreams = [dreaming.Dreamer(model, [MIDDLE], (80, 90)).dream(image, octaves=2) for _ in range(2)]
    np.testing.assert_array_equal(*dreams)
    assert dreams[0].shape == image.shape and dreams[0].dtype == np.uint8
    assert mean_square_activation(model, [MIDDLE], dreams[0]) > 1.5 * mean_square_activation(model, [MIDDLE], image)
    random = np.clip(image + np.random.RandomState(1).normal(0, 15, image.shape), 0, 255)
    assert mean_square_activation(model, [MIDDLE], dreams[0]) > 1.2 * mean_square_activation(model, [MIDDLE], random)


@pytest.mark.backends
def test_strength_scales_the_change(model):
    image = random_image(64, 64)
    dreamer = dreaming.Dreamer(model, [MIDDLE], (64, 64))
    np.testing.assert_array_equal(dreamer.dream(image, strength=0, octaves=1), image)
    little, much = (np.abs(dreamer.dream(image, strength=s, octaves=1) - 1.0 * image).mean() for s in (0.5, 2))
    assert 0 < 2 * little < much


def test_progress_counts_tiles(model):
    calls = []

    def track(steps, total, what):
        for number, step in enumerate(steps, start=1):
            yield step
            calls.append((number, total, what))

    dreamer = dreaming.Dreamer(model, [MIDDLE], (64, 64))
    dreamer.dream(random_image(100, 140), octaves=2, track=track)
    assert calls[-1] == (calls[-1][1], calls[-1][1], "dreaming") and len(calls) > 2 * dreaming.STEPS


def test_tiles_leave_no_seams(model, monkeypatch):
    """A step in many tiles equals the step in one, for layers whose receptive field is within a tile's margin."""
    image = np.random.RandomState(0).randint(100, 150, (128, 320, 3)).astype("float32")
    steps, counts = [], []
    for side in (128, 640):
        monkeypatch.setattr(dreaming, "TILE", side)
        dreamer = dreaming.Dreamer(model, ["conv3_pointwise_relu"], image.shape[:2])
        stepped = image.copy()
        counts.append(len(list(dreamer.ascend(stepped, dreaming.STEP))))
        steps.append(stepped - image)
    assert counts == [8, 1]
    assert np.abs(steps[1]).mean() == pytest.approx(dreaming.STEP, rel=0.01)
    np.testing.assert_allclose(*steps, atol=1e-3)


def test_tiles_cover_every_position():
    for size in ((1, 1), (100, 64), (65, 200)):
        covered = np.zeros((max(size[0], 64), max(size[1], 48)), bool)
        for top, left in dreaming._corners(size, (64, 48)):
            covered[top : top + 64, left : left + 48] = True
        assert covered[: size[0], : size[1]].all() and top + 64 <= len(covered) and left + 48 <= covered.shape[1]


def test_octaves():
    assert dreaming.octave_sizes(300, 450, 3) == [(153, 230), (214, 321), (300, 450)]
    assert dreaming.octave_sizes(20, 30, 5) == [(20, 30)]  # none is smaller than SMALLEST
    sizes = dreaming.octave_sizes(3000, 4000, 5)
    assert sizes[-1] == (1536, 2048) and len(sizes) == 5


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (33, 31)])
def test_extreme_shapes(model, size):
    dreamer = dreaming.Dreamer(model, ["conv3_pointwise_relu"], size)
    assert dreamer.dream(random_image(*size), octaves=1).shape == (*size, 3)


def test_a_large_photograph_keeps_its_own_detail(model, monkeypatch):
    monkeypatch.setattr(dreaming, "LONGEST", 64)
    image = np.random.RandomState(0).randint(100, 150, (150, 200, 3)).astype("uint8")
    dreamer = dreaming.Dreamer(model, ["conv3_pointwise_relu"], image.shape[:2])
    dream = dreamer.dream(image, strength=0.3, octaves=1).astype(float)
    assert dream.shape == image.shape

    def detail(x):
        return x - cv2.GaussianBlur(x.astype(float), (0, 0), 2)

    assert np.corrcoef(detail(dream).ravel(), detail(image).ravel())[0, 1] > 0.95
    # Piece by piece the result is that of one resize.
    added = np.random.RandomState(1).normal(0, 9, (48, 64, 3)).astype("float32")
    enlarged = cv2.resize(added, (200, 150), interpolation=cv2.INTER_CUBIC)
    difference = dreaming._add(image, added) - np.clip(image + enlarged, 0, 255)
    assert np.abs(difference).max() < 2.5 and np.abs(difference).mean() < 0.5  # OpenCV warps to 1/32 of a pixel


def test_a_balanced_gradient_has_as_much_of_each_octave():
    random = np.random.RandomState(0)
    gradient = random.normal(0, 1, (64, 64, 3)) + 1000 * cv2.GaussianBlur(random.normal(0, 1, (64, 64, 3)), (0, 0), 6)
    gradient = gradient.astype("float32")
    balanced = dreaming.balanced_gradient(gradient)

    def fine_fraction(x):
        return np.abs(x - cv2.GaussianBlur(x, (0, 0), 1)).mean() / np.abs(x).mean()

    assert fine_fraction(balanced) > 3 * fine_fraction(gradient)
    np.testing.assert_allclose(dreaming.balanced_gradient(7 * gradient), balanced, atol=1e-4)
    assert not dreaming.balanced_gradient(np.zeros((3, 5, 3), "float32")).any()


def test_zoom_frames_begin_with_the_dream_and_enlarge(model):
    image = random_image(64, 96)
    dreamer = dreaming.Dreamer(model, ["conv3_pointwise_relu"], (64, 96))
    frames = list(dreamer.zoom_frames(image, 3, strength=0, zoom=1.25))
    np.testing.assert_array_equal(frames[0], image)
    assert all(frame.shape == image.shape and frame.dtype == np.uint8 for frame in frames)
    # Twice 1.25 is 1.5625: 10 pixels from the centre become 15.6.
    assert np.abs(frames[2][32, 48 + 16].astype(int) - image[32, 48 + 10]).max() < 12


@pytest.mark.backends
def test_images_of_channels_activate_them_most(model):
    images = dreaming.maximize_channels(model, MIDDLE, [3, 8], steps=12)
    assert images.shape == (2, 128, 128, 3) and images.dtype == np.uint8
    outputs = dreaming.feature_extractor(model, [MIDDLE], (128, 128), linear=True)(images * 1.0)
    outputs = to_numpy(outputs).mean(axis=(1, 2))[:, [3, 8]]  # (images, channels)
    assert outputs[0, 0] > outputs[1, 0] and outputs[1, 1] > outputs[0, 1]
    np.testing.assert_array_equal(images, dreaming.maximize_channels(model, MIDDLE, [3, 8], steps=12))


def test_low_layers_have_small_images(model):
    assert [dreaming.channel_image_size(model, name) for name in ("conv1_relu", "conv3_pointwise_relu", MIDDLE)] == [
        32,
        64,
        128,
    ]


def test_feature_maps_tell_apart_what_a_relu_clips(model):
    image = random_image(64, 64)
    net = dreaming.feature_extractor(model, ["conv1_relu"], (256, 256), linear=True)
    pixels = cv2.resize(image, (256, 256), interpolation=cv2.INTER_AREA)[None].astype("float32")
    [found] = dreaming.feature_maps(model, ["conv1_relu"], image)
    np.testing.assert_allclose(found, to_numpy(net(pixels))[0], atol=1e-4)
    assert found.min() < 0


def test_a_dream_takes_a_layer_at_two_thirds_of_the_depth():
    lite = zoo.EfficientNet(lite=True)
    assert dreaming.choose_layers(lite, "") == ["block6_1_expand_activation"]
    spread = dreaming.choose_layers(lite, "", 5)
    assert spread[0] == "stem_activation" and spread[-1] == "top_activation" and len(set(spread)) == 5


def test_feature_maps_have_the_photographs_proportions(model):
    low, high = dreaming.feature_maps(model, ["conv1_relu", MIDDLE], random_image(60, 120))
    assert low.shape == (64, 128, 8) and high.shape == (16, 32, 64)
