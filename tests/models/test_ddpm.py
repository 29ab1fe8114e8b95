"""DDPM: its equations against NumPy, and what is drawn by a network that knows the answer."""

import keras
import numpy as np
import pytest

import zoo
from zoo.errors import BadInput, UnknownName
from zoo.generation.diffusion import TIMES, Sampler, signal
from zoo.models.ddpm import HEAVIEST, LEFT_OUT, Noising, _attention, _folded, _unfolded

SMALL = {"input_shape": (8, 8, 3), "channels": 8, "multiples": (1, 2), "blocks": 1, "attention": (), "dropout": 0.0}
TOLD = SMALL | {"conditions": (3, 2), "patch": 2, "schedule": "cosine", "predict": "picture"}


@pytest.fixture
def pictures():
    return np.random.RandomState(1).randint(0, 256, (4, 8, 8, 3)).astype("uint8")


def knowing(pictures, monkeypatch, **arguments):
    """A model whose network knows which pictures these are, whatever the noise; and what it was asked."""
    model, asked = zoo.DDPM(**arguments), []
    clean = pictures.astype("float32") / 127.5 - 1

    def ask(inputs):
        asked.append(inputs)
        if arguments.get("predict") == "picture":
            return clean
        a = model.signal[inputs[1]].reshape(-1, 1, 1, 1)
        return (inputs[0] - np.sqrt(a) * clean) / np.sqrt(1 - a)

    monkeypatch.setattr(model, "_ask", ask)
    return model, asked


def test_it_has_the_papers_parameters():
    assert zoo.DDPM().count_params() == 35_746_307  # the paper says 35.7 million


def test_noisy_pictures_are_the_mixture_of_eq_4(pictures):
    (noisy, times), noise = Noising()(pictures, None, np.random.default_rng(2))
    a = signal()[times].reshape(-1, 1, 1, 1)
    np.testing.assert_allclose(noisy, np.sqrt(a) * (pictures / 127.5 - 1) + np.sqrt(1 - a) * noise, atol=1e-5)
    assert noisy.dtype == noise.dtype == np.float32 and times.dtype == np.int32
    (again, _), clean, weights = Noising(predict="picture")(pictures, None, np.random.default_rng(2))
    np.testing.assert_array_equal(again, noisy)
    np.testing.assert_allclose(clean, pictures / 127.5 - 1, atol=1e-6)
    np.testing.assert_allclose(weights, np.minimum(1 / (1 - a), HEAVIEST)[..., 0], rtol=1e-4)


def test_times_are_spread_and_kinds_left_out_now_and_then():
    x, y = np.zeros((2000, 1, 1, 1), "uint8"), np.tile([[2, 1]], (2000, 1))
    (_, times, labels), _ = Noising(conditions=(3, 2))(x, y, np.random.default_rng(3))
    assert (np.bincount(times, minlength=TIMES) == 2).all()
    untold = (labels == [3, 2]).all(axis=1)
    assert untold.mean() == pytest.approx(LEFT_OUT, abs=0.03)
    assert (labels[~untold] == [2, 1]).all()


@pytest.mark.backends
def test_it_learns_by_plain_fit_what_a_picture_is(pictures):
    keras.utils.set_random_seed(1)
    model = zoo.DDPM(**TOLD)
    model.compile(keras.optimizers.Adam(1e-2))
    rng, labels = np.random.default_rng(4), np.array([[0, 0], [1, 0], [2, 1], [0, 1]])
    noising = Noising(conditions=(3, 2), schedule="cosine", predict="picture")
    x, y, weights = noising(np.tile(pictures, (25, 1, 1, 1)), np.tile(labels, (25, 1)), rng)
    before = model.evaluate(x, y, sample_weight=weights, verbose=0)
    model.fit(x, y, sample_weight=weights, batch_size=10, epochs=6, verbose=0)
    assert model.evaluate(x, y, sample_weight=weights, verbose=0) < 0.7 * before


@pytest.mark.parametrize("arguments", [SMALL, TOLD])
@pytest.mark.parametrize(("steps", "eta"), [(1, 0.0), (7, 0.0), (7, 1.0), (7, 0.5)])
def test_whoever_knows_the_picture_draws_it(pictures, monkeypatch, arguments, steps, eta):
    model, asked = knowing(pictures, monkeypatch, **arguments)
    labels = np.zeros((4, 2), int) if "conditions" in arguments else None
    drawn = model.draw(model.draw_noise(4, seed=5), labels, steps=steps, eta=eta)
    np.testing.assert_array_equal(drawn, pictures)
    assert [int(inputs[1][0]) for inputs in asked] == np.linspace(999, 0, steps).round().astype(int).tolist()


def test_how_pictures_are_drawn_is_the_models_or_as_asked(pictures, monkeypatch):
    sampler = {"steps": 5, "guidance": 2.0, "interval": (-1.0, 1.0), "order": 2, "eta": 0.0}
    model, asked = knowing(pictures, monkeypatch, **TOLD | sampler)
    np.testing.assert_array_equal(model.draw(model.draw_noise(4), np.zeros((4, 2), int), guidance=1.0), pictures)
    assert [int(inputs[1][0]) for inputs in asked] == Sampler(**sampler).times(model.signal).tolist()
    assert {name: model.get_config()[name] for name in sampler} == sampler
    assert zoo.DDPM(**TOLD | sampler | {"interval": [-1.0, 1.0]}).get_config() == model.get_config()  # as a card has it
    with pytest.raises(BadInput, match="order 2 can't be with eta 1"):
        model.draw(model.draw_noise(4), np.zeros((4, 2), int), eta=1.0)


def test_guidance_enlarges_what_the_kind_changes(monkeypatch):
    model = zoo.DDPM(**TOLD)
    monkeypatch.setattr(
        model, "_ask", lambda inputs: 0.01 * inputs[2].sum(axis=1).reshape(-1, 1, 1, 1) * np.ones((1, 8, 8, 3))
    )
    x, labels, other = np.zeros((2, 8, 8, 3), "float32"), np.array([[0, 1], [2, 1]]), np.array([[2, 0], [1, 1]])
    plain = model.clean(x, 9, labels[None], np.ones((1, 2)))[:, 0, 0, 0]
    np.testing.assert_allclose(plain, [0.01, 0.03], rtol=1e-5)
    guided = model.clean(x, 9, labels[None], np.ones((1, 2)), guidance=3.0)[:, 0, 0, 0]
    np.testing.assert_allclose(guided, 3 * plain - 2 * 0.05, rtol=1e-4)  # of none: labels 3 and 2
    between = model.clean(x, 9, np.stack([labels, other]), np.array([[0.25, 0.5], [0.75, 0.5]]))[:, 0, 0, 0]
    np.testing.assert_allclose(between, [0.25 * 0.01 + 0.75 * 0.02, 0.5 * 0.03 + 0.5 * 0.02], rtol=1e-5)


def test_the_same_seed_draws_the_same_pictures():
    keras.utils.set_random_seed(2)
    model = zoo.DDPM(**SMALL, steps=3)
    one, same, other = model.sample(2, seed=1), model.sample(2, seed=1), model.sample(2, seed=2)
    np.testing.assert_array_equal(one, same)
    assert one.shape == (2, 8, 8, 3) and one.dtype == np.uint8
    assert (one != other).any()
    first = model.draw(model.draw_noise(3, seed=1)[:1], steps=3, eta=0.0)  # without chance on the way each by itself
    np.testing.assert_array_equal(first, model.draw(model.draw_noise(3, seed=1), steps=3, eta=0.0)[:1])


def test_a_place_is_a_square_of_pixels():
    x = keras.Input((4, 8, 3))
    folded = _folded(x, 2)
    fold, back = keras.Model(x, folded), keras.Model(x, _unfolded(folded, 2))
    picture = np.random.RandomState(1).standard_normal((1, 4, 8, 3)).astype("float32")
    found = keras.ops.convert_to_numpy(fold(picture))
    assert found.shape == (1, 2, 4, 12)
    np.testing.assert_array_equal(found[0, 1, 2], picture[0, 2:4, 4:6].ravel())
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(back(picture)), picture)


def test_attention_is_a_softmax_over_all_places():
    x = keras.Input((2, 3, 8))
    model = keras.Model(x, _attention(x, "a"))
    random = np.random.RandomState(3)
    model.set_weights([random.standard_normal(weight.shape) for weight in model.get_weights()])
    picture = random.standard_normal((1, 2, 3, 8)).astype("float32")
    places = picture.reshape(2 * 3, 2, 4)  # two groups of four maps
    mean, deviation = places.mean(axis=(0, 2), keepdims=True), places.std(axis=(0, 2), keepdims=True)
    of = {variable.path.removeprefix("a_"): keras.ops.convert_to_numpy(variable) for variable in model.variables}
    seen = ((places - mean) / deviation).reshape(6, 8) * of["look_norm/gamma"] + of["look_norm/beta"]
    query, key, value = (seen @ of[f"{name}/kernel"] + of[f"{name}/bias"] for name in ("query", "key", "value"))
    scores = np.exp(query @ key.T / np.sqrt(8))
    looked = scores / scores.sum(axis=1, keepdims=True) @ value @ of["seen/kernel"] + of["seen/bias"]
    found = keras.ops.convert_to_numpy(model(picture))
    np.testing.assert_allclose(found, picture + looked.reshape(1, 2, 3, 8), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"schedule": "square"}, UnknownName, "linear"),
        ({"predict": "weather"}, UnknownName, "noise"),
        ({"channels": 12}, BadInput, "maps in eights"),
        ({"input_shape": (9, 8, 3)}, BadInput, "multiples of 2"),
        ({"blocks": 0}, BadInput, "0 blocks"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(arguments, error, says):
    with pytest.raises(error, match=says):
        zoo.DDPM(**SMALL | arguments)


def test_what_cannot_be_drawn_is_said_in_one_line():
    model, told = zoo.DDPM(**SMALL), zoo.DDPM(**TOLD)
    with pytest.raises(BadInput, match="0 pictures are none"):
        model.sample(0)
    with pytest.raises(BadInput, match="not told what to make"):
        model.sample(1, labels=[[0, 0]])
    with pytest.raises(BadInput, match=r"give labels \(B, 2\)"):
        told.sample(1)
    with pytest.raises(BadInput, match="guidance 2"):
        model.sample(1, guidance=2)
    with pytest.raises(BadInput, match="eta 2 can't be; give 0 to 1"):
        model.sample(1, eta=2)
    with pytest.raises(BadInput, match="1001 steps can't be taken; give 1 to 1000"):
        model.sample(1, steps=1001)
    with pytest.raises(BadInput, match=r"shares are \(1, 2\); give one for each of labels and pictures, \(1, 1\)"):
        told.draw(told.draw_noise(1), [[[0, 0]]], shares=[[0.5, 0.5]])


def test_labels_may_be_lists_of_anything():
    model = zoo.DDPM(**TOLD, steps=2)
    labels = [(0, 1), (2, 0)]
    np.testing.assert_array_equal(model.sample(2, labels=labels), model.sample(2, labels=np.array(labels)))


@pytest.mark.parametrize("labels", [[], [[0, 0]], [[0, 0], [4, 0]], [[0, 0], [-1, 0]], [[0, 0], [1]], [[0.5, 0]] * 2])
def test_unknown_labels_are_said_in_one_line(labels):
    with pytest.raises(BadInput, match=r"shape \(2, 2\), each from 0 to at most 3, 2; not"):
        zoo.DDPM(**TOLD, steps=2).sample(2, labels=labels)


def test_many_pictures_are_drawn_in_parts(monkeypatch):
    model, noise = zoo.DDPM(**SMALL, steps=2, eta=0.0), np.random.RandomState(1).standard_normal((5, 8, 8, 3))
    together = model.draw(noise)
    monkeypatch.setattr("zoo.models.ddpm.PART", 2)
    np.testing.assert_array_equal(model.draw(noise), together)


def test_any_number_of_maps_in_eights_is_normalised_in_groups():
    assert zoo.DDPM(**SMALL | {"channels": 72, "multiples": (2,)}).output_shape == (
        None,
        8,
        8,
        3,
    )  # 144 maps, 16 groups
