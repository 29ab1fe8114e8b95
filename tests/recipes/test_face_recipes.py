"""The recipes on faces: what the attribute net learns, and what a generator of faces is measured by."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

import zoo
from zoo.data import faces
from zoo.generation.diffusion import alpha_bar, log_snr
from zoo.metrics import METRICS
from zoo.recipes.ddpm_utkface import DDPMUTKFace, Denoiser, First, Second
from zoo.recipes.resnet_utkface_attributes import SPREAD, YEAR, Attributes, Smaller, attribute_loss, columns
from zoo.runtime.predictor import of_model
from zoo.training import loop
from zoo.training.families import faces as measured


def attributes(count, seed=0):
    random = np.random.RandomState(seed)
    return {
        "age": random.randint(1, 117, count),
        "gender": random.randint(0, 2, count),
        "ethnicity": random.randint(0, 5, count),
    }


def pictures(count, side=64, seed=0):
    return np.random.RandomState(seed).randint(0, 256, (count, side, side, 3)).astype("uint8")


@pytest.mark.backends
def test_the_loss_is_three_cross_entropies_and_the_error_of_the_mean_age():
    logits = np.random.RandomState(1).standard_normal((4, faces.ANSWERS)).astype("float32")
    y = columns(attributes(4))
    probability = [np.exp(part) / np.exp(part).sum(axis=1, keepdims=True) for part in np.split(logits, [2, 7], axis=1)]
    kinds = [-np.log(probability[i][np.arange(4), y[:, i]]) for i in range(2)]
    years = np.arange(1, 117)
    wanted = np.exp(-(((years - y[:, 2:]) / SPREAD) ** 2) / 2)
    wanted /= wanted.sum(axis=1, keepdims=True)
    ages = -(wanted * np.log(probability[2])).sum(axis=1)
    off = np.abs(probability[2] @ years - y[:, 2])
    found = keras.ops.convert_to_numpy(attribute_loss(y, logits))
    np.testing.assert_allclose(found, sum(kinds) + ages + YEAR * off, rtol=1e-4)


def test_figures_of_all_and_of_each_group():
    y = attributes(300)
    logits = np.full((300, faces.ANSWERS), -20.0)
    rows = np.arange(300)
    logits[rows, np.where(rows < 30, 1 - y["gender"], y["gender"])] = 20  # the first 30 wrong
    logits[rows, 2 + y["ethnicity"]] = 20
    logits[rows, 7 + np.minimum(y["age"] + 4, 116) - 1] = 20  # five years too old, but for the oldest
    of = {picture.tobytes(): answer for picture, answer in zip(pictures(300), logits, strict=True)}
    found, curves = Attributes().evaluate(
        lambda faces: {"attributes": np.stack([of[each.tobytes()] for each in faces])}, (pictures(300), y), "test"
    )
    values = {row["metric"]: row["value"] for row in found}
    assert values["accuracy_gender"] == 90 and values["accuracy_ethnicity"] == 100
    assert values["mean_absolute_error"] == pytest.approx(np.minimum(4, 116 - y["age"]).mean(), abs=0.01)
    groups = {each["group"]: each for each in curves["groups"]}
    assert set(groups) == {*faces.GENDERS, *faces.ETHNICITIES, *(f"{a}-{b}" for a, b in faces.BANDS)}
    assert groups["male"]["n"] + groups["female"]["n"] == 300
    for group, number in (("male", 0), ("female", 1)):
        own = y["gender"] == number
        assert groups[group]["accuracy_gender"] == pytest.approx(100 * np.mean(rows[own] >= 30), abs=0.01)


def test_the_first_part_sees_smaller_pictures():
    x, y = Smaller.transform(pictures(3), np.zeros((3, 3)), np.random.default_rng(0))
    assert x.shape == (3, 48, 48, 3) and x.dtype == np.uint8 and y.shape == (3, 3)


@pytest.fixture
def judge(monkeypatch):
    """An attribute net that has learned nothing."""
    keras.utils.set_random_seed(1)
    net = zoo.ResNet(depth=20, classes=faces.ANSWERS, input_shape=(64, 64, 3))
    monkeypatch.setattr(measured.checkpoint, "load", lambda name: net)
    return net


def test_a_generator_is_measured_beside_real_faces_and_what_spoils_them(judge):
    class Generator:
        """Knows nothing: makes faces of training, whoever was asked for."""

        @staticmethod
        def sample(count, *, labels, seed):
            assert labels.shape == (count, 3)
            return pictures(40, seed=7)[np.arange(count) % 40]

    class Predict:
        model = Generator

    real, other, (faces_of, _) = ((pictures(40, seed=seed), attributes(40, seed)) for seed in (5, 6, 7))
    loop = faces_of, attributes(40) | {"age": np.tile(np.array([2, 12, 20, 29, 40, 50, 60, 72]), 5)}
    rows, _ = DDPMUTKFace().evaluate(Predict, (real, other, loop), "test")
    assert {row["metric"] for row in rows} <= set(METRICS)
    found = {}
    for row in rows:
        changed = next((word for word in ("blurred", "shuffled") if word in row["protocol"]), "")
        found[row["metric"], row["role"], changed] = row
    assert len(found) == len(rows)
    names = {"frechet_distance", "kernel_distance", "precision", "recall", "nearest_distance", "nearest_distance_low"}
    judged = {"accuracy_gender", "accuracy_ethnicity", "accuracy_age"}
    assert {name for name, role, _ in found if role == "result"} == names | judged
    of = {
        changed: {name for name, role, how in found if (role, how) == ("baseline", changed)} for _, _, changed in found
    }
    assert of == {"": names | judged, "blurred": names, "shuffled": judged}
    # Faces of training are nothing new; blurred ones are far from real ones.
    assert found["nearest_distance", "result", ""]["value"] == 0 < found["nearest_distance", "baseline", ""]["value"]
    apart = [found["frechet_distance", "baseline", changed]["value"] for changed in ("", "blurred")]
    assert apart[0] < apart[1]
    goals = DDPMUTKFace().goals(SimpleNamespace(metrics=rows))
    assert goals["frechet_distance"] == np.mean(apart) and goals["precision"] == 0.4
    assert goals["nearest_distance"] == found["nearest_distance", "baseline", ""]["value"]
    for metric in judged:
        assert goals[metric] == found[metric, "baseline", ""]["value"] - 3


def test_age_counts_as_asked_within_ten_years_of_the_mean_of_its_band(judge, monkeypatch):
    of = attributes(200) | {"age": np.tile(np.array([2, 12, 20, 29, 40, 50, 60, 72]), 25)}
    comparison = measured.Comparison(pictures(4), pictures(200), of)
    logits = np.full((3, faces.ANSWERS), -20.0)
    for row, age in enumerate((39, 40, 12)):  # those of the band from 26 to 35 are 29 in training
        logits[row, 7 + age - 1] = 20.0
    monkeypatch.setattr(comparison, "features", lambda pictures: (None, logits))
    asked = np.array([[0, 3, 0], [0, 3, 0], [1, 1, 0]])
    values = {row["metric"]: row for row in comparison.attributes(None, asked, "test")}
    assert values["accuracy_age"]["value"] == pytest.approx(200 / 3, abs=0.01)  # 39 and 12 are, 40 is not
    assert values["accuracy_gender"]["n"] == 2  # the child isn't measured


def test_a_training_batch_has_noisy_faces_and_what_is_asked_for():
    recipe = Second()
    x, labels = pictures(20), faces.conditions(attributes(20))
    (noisy, times, told), clean, _ = recipe.transform(x, labels, np.random.default_rng(2))
    assert noisy.shape == clean.shape == x.shape and times.shape == (20,) and told.shape == (20, 3)
    mirrored = set()
    for picture, old in zip(np.round(127.5 * (clean + 1)), x, strict=True):
        mirrored.add((picture != old).any())
        assert (picture == old).all() or (picture == old[:, ::-1]).all()
    assert mirrored == {True, False}
    assert recipe.arguments["conditions"] == list(faces.CONDITIONS)


def test_the_student_learns_what_is_beyond_its_teachers():
    def good(inputs):
        noisy, times, labels = inputs["images"], inputs["timesteps"], inputs["labels"]
        clean = 0.5 * noisy + 1e-4 * times.reshape(-1, 1, 1, 1) + 0.01 * labels.sum(axis=1).reshape(-1, 1, 1, 1)
        return {"image": clean}

    def bad(inputs):
        return {"image": 0.8 * good(inputs)["image"]}

    recipe, x, labels = DDPMUTKFace(), pictures(200, side=4), faces.conditions(attributes(200))
    recipe.set_teachers([good, bad])
    (noisy, times, told), target, weights = recipe.transform(x, labels, np.random.default_rng(2))
    same, truth, same_weights = Second().transform(x, labels, np.random.default_rng(2))
    for array, other in zip((noisy, times, told, weights), (*same, same_weights), strict=True):
        np.testing.assert_array_equal(array, other)
    assert target.shape == truth.shape and target.dtype == np.float32
    clear = log_snr(alpha_bar("cosine"))
    left_out = (told == faces.CONDITIONS).all(axis=1)
    seen = set()
    for number, time in enumerate(times):
        inputs = {"images": noisy, "timesteps": times, "labels": told}
        one = {name: array[number : number + 1] for name, array in inputs.items()}
        wanted = good(one)["image"]
        if -1.5 <= clear[time] <= 2:
            untold = good(one | {"labels": np.array([faces.CONDITIONS])})["image"]
            wanted = wanted + 0.7 * (wanted - untold) + 1.5 * (wanted - bad(one)["image"])
        np.testing.assert_allclose(target[number], np.clip(wanted[0], -1, 1), atol=1e-5)
        seen.add((-1.5 <= clear[time] <= 2, bool(left_out[number])))
    assert seen == {(inside, without) for inside in (True, False) for without in (True, False)}
    assert np.abs(target).max() == 1  # some were clipped


@pytest.mark.backends
def test_the_student_learns_and_its_teachers_do_not(monkeypatch):
    tiny = {"input_shape": [8, 8, 3], "channels": 8, "multiples": [1, 2], "blocks": 1, "patch": 2}
    small = {"images": Denoiser.inputs["images"] | {"shape": [8, 8, 3]}}
    monkeypatch.setattr(Denoiser, "arguments", Denoiser.arguments | tiny)
    monkeypatch.setattr(Denoiser, "inputs", Denoiser.inputs | small)
    monkeypatch.setattr(Denoiser, "faces", lambda *_: (pictures(64, side=8), attributes(64)))
    recipe, random = DDPMUTKFace(), np.random.default_rng(1)
    good, bad, student = (zoo.DDPM(**recipe.arguments) for _ in range(3))
    for net in (good, bad):  # what is zero in a new network would not show what it learns
        net.set_weights([random.normal(weights, 0.05) for weights in net.get_weights()])
    before = [net.get_weights() for net in (good, bad)]
    loop.copy_weights(good, student)
    recipe.set_teachers([of_model(good, recipe), of_model(bad, recipe)])
    batches, validation = recipe.training_data(None)
    plain, same = Second().training_data(None)
    (inputs, taught, _), (others, truth, _) = batches[0], plain[0]
    assert all((one == other).all() for one, other in zip(inputs, others, strict=True))
    assert np.abs(taught - truth).mean() > 0.1  # it learns what its teachers say, and is compared with what is true
    assert (validation[1] == same[1]).all()
    recipe.compile(student, 2 * len(batches))
    student.fit(batches.feed(), **batches.fit_options(), epochs=2, verbose=0)
    for old, net in zip(before, (good, bad), strict=True):
        assert all((one == other).all() for one, other in zip(old, net.get_weights(), strict=True))
    assert all((one != other).any() for one, other in zip(before[0], student.get_weights(), strict=True))


def test_the_student_starts_from_its_teacher():
    recipe = DDPMUTKFace()
    assert isinstance(recipe.starts_from(), Second) and isinstance(recipe.starts_from().starts_from(), First)
    assert [type(teacher) for teacher in recipe.teachers()] == [Second, First]  # the good one, the bad one
    assert recipe.arguments["guidance"] == 1 == Second.arguments["guidance"]
