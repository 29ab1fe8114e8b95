"""zoo.explain.dreaming: layers answer more after it than before, on any size of picture, without seams, the same every time."""

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


def picture(height, width, seed=0):
    """Soft blots of colour."""
    small = np.random.RandomState(seed).uniform(60, 200, (max(1, height // 8), max(1, width // 8), 3))
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).astype("uint8")


def excitement(model, names, image):
    net = dreaming.lower_part(model, names, image.shape[:2])
    return float(dreaming.excitement(net(image[None].astype("float32")), None))


@pytest.mark.backends
def test_a_lower_part_answers_what_the_model_does_and_takes_other_sizes(model):
    images = picture(64, 64)[None]
    both = ["conv3_pointwise_relu", MIDDLE]
    whole = keras.Model(model.input, [model.get_layer(name).output for name in both])
    for expected, found in zip(whole(images), dreaming.lower_part(model, both, (64, 64))(images * 1.0), strict=True):
        np.testing.assert_allclose(to_numpy(expected), to_numpy(found), atol=1e-5)
    wider = dreaming.lower_part(model, [MIDDLE], (96, 160))
    assert wider.output_shape == (None, 12, 20, 64)
    wider.trainable = False
    assert model.trainable_variables  # they are a copy's
    linear = dreaming.lower_part(model, [MIDDLE], (64, 64), linear=True)(images * 1.0)
    assert to_numpy(linear).min() < 0
    np.testing.assert_allclose(np.clip(to_numpy(linear), 0, 6), to_numpy(whole(images)[1]), atol=1e-5)


@pytest.mark.backends
def test_layers_with_weights_for_each_place_work_at_the_models_size():
    keras.utils.set_random_seed(3)
    alexnet = zoo.AlexNet(layout="cifar10", classes=10)
    assert dreaming.lower_part(alexnet, ["conv2"], (64, 96)).input_shape == (None, 64, 96, 3)
    assert dreaming.lower_part(alexnet, ["local4"], (64, 96)).input_shape == (None, 24, 24, 3)
    dreamer = dreaming.Dreamer(alexnet, ["local3"], (50, 70))
    assert dreamer.tile == (24, 24)
    image = picture(50, 70)
    dream = dreamer.dream(image, octaves=1)
    assert dream.shape == image.shape and (dream != image).mean() > 0.5
    assert dreaming.maximized(alexnet, "local3", [0, 1], steps=1).shape == (2, 24, 24, 3)


def test_the_layers_that_are_taken(model):
    assert dreaming.chosen(model, "") == ["conv10_pointwise_relu"]
    spread = dreaming.chosen(model, "", 5)
    assert spread[0] == "conv1_relu" and spread[-1] == "conv14_pointwise_relu" and len(spread) == 5
    assert dreaming.chosen(model, " conv1,conv2_depthwise , conv1") == ["conv1", "conv2_depthwise"]
    assert dreaming.chosen(zoo.ResNet(depth=20), "") == ["conv3_3_out"]
    with pytest.raises(
        UnknownName, match=r"no layer of mobilenet is called 'conv6_pointwise_rulu'; did you mean conv6_pointwise_re"
    ):
        dreaming.chosen(model, "conv6_pointwise_rulu")
    with pytest.raises(BadCheckpoint, match="layer fc of mobilenet has no maps; take one that has, such as conv14"):
        dreaming.chosen(model, "fc")
    with pytest.raises(UnknownName, match="known: conv1, conv1_norm, conv1_relu, conv2_depthwise, "):
        dreaming.chosen(model, "-")  # as far from any name as can be: then they are listed from the bottom up


def test_what_cannot_be_is_said_in_one_line(model):
    with pytest.raises(UnknownName, match="no layer of mobilenet is called 'conv'"):
        dreaming.Dreamer(model, ["conv"], (40, 40))
    with pytest.raises(BadCheckpoint, match="layer fc of mobilenet has no maps"):
        dreaming.maximized(model, "fc", [0])
    for channels in ([], [-1], [999]):
        with pytest.raises(BadInput, match="layer conv1 has channels 0 to "):
            dreaming.maximized(model, "conv1", channels)
    with pytest.raises(BadInput, match="0 octaves are none"):
        dreaming.Dreamer(model, ["conv1"], (40, 40)).dream(picture(40, 40), octaves=0)


def test_networks_without_convolutions_are_refused():
    for shape in ((16, 16, 3), (28, 28, 1)):
        with pytest.raises(BadCheckpoint, match=r"no convolutions; .* such as mobilenet\.caltech101"):
            dreaming.chosen(zoo.MLP(input_shape=shape, hidden=(4,)), "")


@pytest.mark.backends
def test_a_network_that_sees_no_colours_dreams_of_shapes():
    keras.utils.set_random_seed(3)
    lenet, image = zoo.LeNet5(), picture(40, 50)
    [layer] = dreaming.chosen(lenet, "")
    grey = keras.Model(lenet.input, lenet.get_layer("C1").output)
    seen = image[None, :28, :28, :1]
    found = dreaming.lower_part(lenet, ["C1"], (28, 28))(np.repeat(seen, 3, axis=3) * 1.0)
    np.testing.assert_allclose(to_numpy(found), to_numpy(grey(seen)), atol=1e-4)
    dream = dreaming.Dreamer(lenet, [layer], image.shape[:2]).dream(image, octaves=1)
    changes = dream.astype(int) - image
    inside = (dream > 0).all(axis=2) & (dream < 255).all(axis=2)
    assert (np.ptp(changes, axis=2)[inside] <= 1).all() and np.abs(changes).mean() > 1
    assert dreaming.maximized(lenet, "C1", [0, 1], steps=1).shape[::3] == (2, 3)


def test_dreaming_excites_the_layer_at_full_resolution_and_is_repeatable(model):
    image = picture(80, 90)
    dreams = [dreaming.Dreamer(model, [MIDDLE], (80, 90)).dream(image, octaves=2) for _ in range(2)]
    np.testing.assert_array_equal(*dreams)
    assert dreams[0].shape == image.shape and dreams[0].dtype == np.uint8
    assert excitement(model, [MIDDLE], dreams[0]) > 1.5 * excitement(model, [MIDDLE], image)
    random = np.clip(image + np.random.RandomState(1).normal(0, 15, image.shape), 0, 255)
    assert excitement(model, [MIDDLE], dreams[0]) > 1.2 * excitement(model, [MIDDLE], random)


@pytest.mark.backends
def test_no_strength_is_no_dream_and_more_is_more(model):
    image = picture(64, 64)
    dreamer = dreaming.Dreamer(model, [MIDDLE], (64, 64))
    np.testing.assert_array_equal(dreamer.dream(image, strength=0, octaves=1), image)
    little, much = (np.abs(dreamer.dream(image, strength=s, octaves=1) - 1.0 * image).mean() for s in (0.5, 2))
    assert 0 < 2 * little < much


def test_progress_is_by_tiles_and_right(model):
    seen = []

    def track(steps, total, what):
        for number, step in enumerate(steps, start=1):
            yield step
            seen.append((number, total, what))

    dreamer = dreaming.Dreamer(model, [MIDDLE], (64, 64))
    dreamer.dream(picture(100, 140), octaves=2, track=track)
    assert seen[-1] == (seen[-1][1], seen[-1][1], "dreaming") and len(seen) > 2 * dreaming.STEPS


def test_tiles_leave_no_seams(model, monkeypatch):
    """A step in many tiles is the step in one, for layers that see no further than a tile's margin."""
    image = np.random.RandomState(0).randint(100, 150, (128, 320, 3)).astype("float32")
    steps, counts = [], []
    for side in (128, 640):
        monkeypatch.setattr(dreaming, "TILE", side)
        dreamer = dreaming.Dreamer(model, ["conv3_pointwise_relu"], image.shape[:2])
        stepped = image.copy()
        counts.append(len(list(dreamer.climb(stepped, dreaming.STEP))))
        steps.append(stepped - image)
    assert counts == [8, 1]
    assert np.abs(steps[1]).mean() == pytest.approx(dreaming.STEP, rel=0.01)
    np.testing.assert_allclose(*steps, atol=1e-3)


def test_every_place_is_covered_once_in_each_step():
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
    assert dreamer.dream(picture(*size), octaves=1).shape == (*size, 3)


def test_a_large_photograph_keeps_its_own_detail(model, monkeypatch):
    monkeypatch.setattr(dreaming, "LONGEST", 64)
    image = np.random.RandomState(0).randint(100, 150, (150, 200, 3)).astype("uint8")
    dreamer = dreaming.Dreamer(model, ["conv3_pointwise_relu"], image.shape[:2])
    dream = dreamer.dream(image, strength=0.3, octaves=1).astype(float)
    assert dream.shape == image.shape

    def detail(x):
        return x - cv2.GaussianBlur(x.astype(float), (0, 0), 2)

    assert np.corrcoef(detail(dream).ravel(), detail(image).ravel())[0, 1] > 0.95
    # In pieces as in one: what is added is that of a resize of the whole.
    added = np.random.RandomState(1).normal(0, 9, (48, 64, 3)).astype("float32")
    enlarged = cv2.resize(added, (200, 150), interpolation=cv2.INTER_CUBIC)
    difference = dreaming._add(image, added) - np.clip(image + enlarged, 0, 255)
    assert np.abs(difference).max() < 2.5 and np.abs(difference).mean() < 0.5  # OpenCV warps to 1/32 of a pixel


def test_a_gradient_in_balance_has_as_much_of_each_octave():
    random = np.random.RandomState(0)
    slope = random.normal(0, 1, (64, 64, 3)) + 1000 * cv2.GaussianBlur(random.normal(0, 1, (64, 64, 3)), (0, 0), 6)
    slope = slope.astype("float32")
    answer = dreaming.balanced(slope)

    def fine_share(x):
        return np.abs(x - cv2.GaussianBlur(x, (0, 0), 1)).mean() / np.abs(x).mean()

    assert fine_share(answer) > 3 * fine_share(slope)
    np.testing.assert_allclose(dreaming.balanced(7 * slope), answer, atol=1e-4)
    assert not dreaming.balanced(np.zeros((3, 5, 3), "float32")).any()


def test_a_film_moves_inwards_and_begins_with_the_dream(model):
    image = picture(64, 96)
    dreamer = dreaming.Dreamer(model, ["conv3_pointwise_relu"], (64, 96))
    frames = list(dreamer.film(image, 3, strength=0, zoom=1.25))
    np.testing.assert_array_equal(frames[0], image)
    assert all(frame.shape == image.shape and frame.dtype == np.uint8 for frame in frames)
    # Twice 1.25 is 1.5625: what was at 10 pixels from the middle is at 15.6.
    assert np.abs(frames[2][32, 48 + 16].astype(int) - image[32, 48 + 10]).max() < 12


@pytest.mark.backends
def test_channels_get_pictures_they_like(model):
    pictures = dreaming.maximized(model, MIDDLE, [3, 8], steps=12)
    assert pictures.shape == (2, 128, 128, 3) and pictures.dtype == np.uint8
    answers = dreaming.lower_part(model, [MIDDLE], (128, 128), linear=True)(pictures * 1.0)
    answers = to_numpy(answers).mean(axis=(1, 2))[:, [3, 8]]  # (pictures, channels)
    assert answers[0, 0] > answers[1, 0] and answers[1, 1] > answers[0, 1]
    np.testing.assert_array_equal(pictures, dreaming.maximized(model, MIDDLE, [3, 8], steps=12))


def test_low_layers_are_shown_small(model):
    assert [dreaming.channel_side(model, name) for name in ("conv1_relu", "conv3_pointwise_relu", MIDDLE)] == [
        32,
        64,
        128,
    ]


def test_maps_have_the_photographs_proportions(model):
    low, high = dreaming.feature_maps(model, ["conv1_relu", MIDDLE], picture(60, 120))
    assert low.shape == (64, 128, 8) and high.shape == (16, 32, 64)
