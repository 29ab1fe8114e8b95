"""DDPM: its equations against NumPy, and samples from a network that knows x_0."""

import keras
import numpy as np
import pytest

import zoo
from zoo.errors import BadInput, UnknownName
from zoo.generation.diffusion import TIMESTEPS, Sampler, alpha_bar
from zoo.models.ddpm import LABEL_DROPOUT, MAX_WEIGHT, ForwardProcess, _attention, _depth_to_space, _space_to_depth

SMALL = {"input_shape": (8, 8, 3), "channels": 8, "multiples": (1, 2), "blocks": 1, "attention": (), "dropout": 0.0}
CONDITIONAL = SMALL | {"conditions": (3, 2), "patch": 2, "schedule": "cosine", "predict": "x0"}


@pytest.fixture
def images():
    return np.random.RandomState(1).randint(0, 256, (4, 8, 8, 3)).astype("uint8")


def oracle(images, monkeypatch, **arguments):
    """A model whose network knows x_0 of these images, whatever the noise; and the inputs of its calls."""
    model, calls = zoo.DDPM(**arguments), []
    x0 = images.astype("float32") / 127.5 - 1

    def evaluate(inputs):
        calls.append(inputs)
        if arguments.get("predict") == "x0":
            return x0
        a = model.alpha_bar[inputs[1]].reshape(-1, 1, 1, 1)
        return (inputs[0] - np.sqrt(a) * x0) / np.sqrt(1 - a)

    monkeypatch.setattr(model, "_predict_in_parts", evaluate)
    return model, calls


def test_it_has_the_papers_parameters():
    assert zoo.DDPM().count_params() == 35_746_307  # the paper says 35.7 million


def test_noisy_images_are_those_of_eq_4(images):
    (noisy, timesteps), noise = ForwardProcess()(images, None, np.random.default_rng(2))
    a = alpha_bar()[timesteps].reshape(-1, 1, 1, 1)
    np.testing.assert_allclose(noisy, np.sqrt(a) * (images / 127.5 - 1) + np.sqrt(1 - a) * noise, atol=1e-5)
    assert noisy.dtype == noise.dtype == np.float32 and timesteps.dtype == np.int32
    (again, _), x0, weights = ForwardProcess(predict="x0")(images, None, np.random.default_rng(2))
    np.testing.assert_array_equal(again, noisy)
    np.testing.assert_allclose(x0, images / 127.5 - 1, atol=1e-6)
    np.testing.assert_allclose(weights, np.minimum(1 / (1 - a), MAX_WEIGHT)[..., 0], rtol=1e-4)


def test_timesteps_are_stratified_and_some_labels_dropped():
    x, y = np.zeros((2000, 1, 1, 1), "uint8"), np.tile([[2, 1]], (2000, 1))
    (_, timesteps, labels), _ = ForwardProcess(conditions=(3, 2))(x, y, np.random.default_rng(3))
    assert (np.bincount(timesteps, minlength=TIMESTEPS) == 2).all()
    dropped = (labels == [3, 2]).all(axis=1)
    assert dropped.mean() == pytest.approx(LABEL_DROPOUT, abs=0.03)
    assert (labels[~dropped] == [2, 1]).all()


@pytest.mark.backends
def test_it_learns_by_fit(images):
    keras.utils.set_random_seed(1)
    model = zoo.DDPM(**CONDITIONAL)
    model.compile(keras.optimizers.Adam(1e-2))
    rng, labels = np.random.default_rng(4), np.array([[0, 0], [1, 0], [2, 1], [0, 1]])
    noising = ForwardProcess(conditions=(3, 2), schedule="cosine", predict="x0")
    x, y, weights = noising(np.tile(images, (25, 1, 1, 1)), np.tile(labels, (25, 1)), rng)
    before = model.evaluate(x, y, sample_weight=weights, verbose=0)
    model.fit(x, y, sample_weight=weights, batch_size=10, epochs=6, verbose=0)
    assert model.evaluate(x, y, sample_weight=weights, verbose=0) < 0.7 * before


@pytest.mark.parametrize("arguments", [SMALL, CONDITIONAL])
@pytest.mark.parametrize(("steps", "eta"), [(1, 0.0), (7, 0.0), (7, 1.0), (7, 0.5)])
def test_an_exact_estimate_of_x0_gives_the_images(images, monkeypatch, arguments, steps, eta):
    model, calls = oracle(images, monkeypatch, **arguments)
    labels = np.zeros((4, 2), int) if "conditions" in arguments else None
    found = model.generate(model.sample_noise(4, seed=5), labels, steps=steps, eta=eta)
    np.testing.assert_array_equal(found, images)
    assert [int(inputs[1][0]) for inputs in calls] == np.linspace(999, 0, steps).round().astype(int).tolist()


def test_sampler_settings_are_the_models_own_or_given(images, monkeypatch):
    sampler = {"steps": 5, "guidance": 2.0, "guidance_interval": (-1.0, 1.0), "order": 2, "eta": 0.0}
    model, calls = oracle(images, monkeypatch, **CONDITIONAL | sampler)
    np.testing.assert_array_equal(model.generate(model.sample_noise(4), np.zeros((4, 2), int), guidance=1.0), images)
    assert [int(inputs[1][0]) for inputs in calls] == Sampler(**sampler).timesteps(model.alpha_bar).tolist()
    assert {name: model.get_config()[name] for name in sampler} == sampler
    assert (
        zoo.DDPM(**CONDITIONAL | sampler | {"guidance_interval": [-1.0, 1.0]}).get_config() == model.get_config()
    )  # as a card has it
    with pytest.raises(BadInput, match="order can't be 2 with eta 1"):
        model.generate(model.sample_noise(4), np.zeros((4, 2), int), eta=1.0)


def test_guidance_amplifies_the_effect_of_the_labels(monkeypatch):
    model = zoo.DDPM(**CONDITIONAL)
    monkeypatch.setattr(
        model,
        "_predict_in_parts",
        lambda inputs: 0.01 * inputs[2].sum(axis=1).reshape(-1, 1, 1, 1) * np.ones((1, 8, 8, 3)),
    )
    x, labels, other = np.zeros((2, 8, 8, 3), "float32"), np.array([[0, 1], [2, 1]]), np.array([[2, 0], [1, 1]])
    plain = model.predict_x0(x, 9, labels[None], np.ones((1, 2)))[:, 0, 0, 0]
    np.testing.assert_allclose(plain, [0.01, 0.03], rtol=1e-5)
    guided = model.predict_x0(x, 9, labels[None], np.ones((1, 2)), guidance=3.0)[:, 0, 0, 0]
    np.testing.assert_allclose(guided, 3 * plain - 2 * 0.05, rtol=1e-4)  # unconditional: labels 3 and 2
    between = model.predict_x0(x, 9, np.stack([labels, other]), np.array([[0.25, 0.5], [0.75, 0.5]]))[:, 0, 0, 0]
    np.testing.assert_allclose(between, [0.25 * 0.01 + 0.75 * 0.02, 0.5 * 0.03 + 0.5 * 0.02], rtol=1e-5)


def test_the_same_seed_gives_the_same_images():
    keras.utils.set_random_seed(2)
    model = zoo.DDPM(**SMALL, steps=3)
    one, same, other = model.sample(2, seed=1), model.sample(2, seed=1), model.sample(2, seed=2)
    np.testing.assert_array_equal(one, same)
    assert one.shape == (2, 8, 8, 3) and one.dtype == np.uint8
    assert (one != other).any()
    first = model.generate(model.sample_noise(3, seed=1)[:1], steps=3, eta=0.0)  # with eta 0 independent of the batch
    np.testing.assert_array_equal(first, model.generate(model.sample_noise(3, seed=1), steps=3, eta=0.0)[:1])


def test_a_patch_becomes_the_channels_of_one_position():
    x = keras.Input((4, 8, 3))
    folded = _space_to_depth(x, 2)
    fold, back = keras.Model(x, folded), keras.Model(x, _depth_to_space(folded, 2))
    image = np.random.RandomState(1).standard_normal((1, 4, 8, 3)).astype("float32")
    found = keras.ops.convert_to_numpy(fold(image))
    assert found.shape == (1, 2, 4, 12)
    np.testing.assert_array_equal(found[0, 1, 2], image[0, 2:4, 4:6].ravel())
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(back(image)), image)


def test_attention_is_a_softmax_over_all_positions():
    x = keras.Input((2, 3, 8))
    model = keras.Model(x, _attention(x, "a"))
    random = np.random.RandomState(3)
    model.set_weights([random.standard_normal(weight.shape) for weight in model.get_weights()])
    image = random.standard_normal((1, 2, 3, 8)).astype("float32")
    positions = image.reshape(2 * 3, 2, 4)  # two groups of four channels
    mean, deviation = positions.mean(axis=(0, 2), keepdims=True), positions.std(axis=(0, 2), keepdims=True)
    of = {variable.path.removeprefix("a_"): keras.ops.convert_to_numpy(variable) for variable in model.variables}
    normalized = ((positions - mean) / deviation).reshape(6, 8) * of["attention_norm/gamma"] + of["attention_norm/beta"]
    query, key, value = (normalized @ of[f"{name}/kernel"] + of[f"{name}/bias"] for name in ("query", "key", "value"))
    scores = np.exp(query @ key.T / np.sqrt(8))
    attended = scores / scores.sum(axis=1, keepdims=True) @ value @ of["project/kernel"] + of["project/bias"]
    found = keras.ops.convert_to_numpy(model(image))
    np.testing.assert_allclose(found, image + attended.reshape(1, 2, 3, 8), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"schedule": "square"}, UnknownName, "linear"),
        ({"predict": "weather"}, UnknownName, "epsilon"),
        ({"channels": 12}, BadInput, "multiple of 8 channels"),
        ({"input_shape": (9, 8, 3)}, BadInput, "multiples of 2"),
        ({"blocks": 0}, BadInput, "0 blocks"),
    ],
)
def test_invalid_arguments_are_one_line(arguments, error, says):
    with pytest.raises(error, match=says):
        zoo.DDPM(**SMALL | arguments)


def test_invalid_sampling_is_one_line():
    model, conditional = zoo.DDPM(**SMALL), zoo.DDPM(**CONDITIONAL)
    with pytest.raises(BadInput, match="can't generate 0 images"):
        model.sample(0)
    with pytest.raises(BadInput, match="unconditional"):
        model.sample(1, labels=[[0, 0]])
    with pytest.raises(BadInput, match=r"give labels \(B, 2\)"):
        conditional.sample(1)
    with pytest.raises(BadInput, match="guidance 2"):
        model.sample(1, guidance=2)
    with pytest.raises(BadInput, match="eta can't be 2; give 0 to 1"):
        model.sample(1, eta=2)
    with pytest.raises(BadInput, match="can't take 1001 steps; give 1 to 1000"):
        model.sample(1, steps=1001)
    with pytest.raises(BadInput, match=r"label_weights have shape \(1, 2\); give \(1, 1\), as labels and images"):
        conditional.generate(conditional.sample_noise(1), [[[0, 0]]], label_weights=[[0.5, 0.5]])


def test_labels_may_be_lists():
    model = zoo.DDPM(**CONDITIONAL, steps=2)
    labels = [(0, 1), (2, 0)]
    np.testing.assert_array_equal(model.sample(2, labels=labels), model.sample(2, labels=np.array(labels)))


@pytest.mark.parametrize("labels", [[], [[0, 0]], [[0, 0], [4, 0]], [[0, 0], [-1, 0]], [[0, 0], [1]], [[0.5, 0]] * 2])
def test_unknown_labels_are_one_line(labels):
    with pytest.raises(BadInput, match=r"shape \(2, 2\), each from 0 to at most 3, 2; not"):
        zoo.DDPM(**CONDITIONAL, steps=2).sample(2, labels=labels)


def test_large_batches_are_evaluated_in_parts(monkeypatch):
    model, noise = zoo.DDPM(**SMALL, steps=2, eta=0.0), np.random.RandomState(1).standard_normal((5, 8, 8, 3))
    together = model.generate(noise)
    monkeypatch.setattr("zoo.models.ddpm.MAX_BATCH", 2)
    np.testing.assert_array_equal(model.generate(noise), together)


def test_channels_that_32_does_not_divide_are_normalised_in_equal_groups():
    assert zoo.DDPM(**SMALL | {"channels": 72, "multiples": (2,)}).output_shape == (
        None,
        8,
        8,
        3,
    )  # 144 channels, 16 groups
