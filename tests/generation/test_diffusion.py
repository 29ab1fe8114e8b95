"""The way from noise to a picture: against the papers' equations, and with a network whose answers are known."""

import numpy as np
import pytest

from zoo.errors import BadInput, UnknownName
from zoo.generation.diffusion import FAINTEST, TIMES, Sampler, earlier, log_snr, signal


def test_signal_falls_as_the_papers_say():
    betas = 1e-4 + (0.02 - 1e-4) * np.arange(1000) / 999  # section 4 of Ho and others
    np.testing.assert_allclose(
        signal("linear")[[0, 1, 999]], [1 - 1e-4, (1 - betas[0]) * (1 - betas[1]), 4.036e-5], rtol=1e-3
    )
    f = np.cos((np.arange(1001) / 1000 + 0.008) / 1.008 * np.pi / 2) ** 2  # eq. 17 of Nichol and Dhariwal
    np.testing.assert_allclose(signal("cosine")[:900], (f / f[0])[1:901], rtol=1e-6)
    for schedule in ("linear", "cosine"):
        assert signal(schedule).shape == (TIMES,) and (np.diff(signal(schedule)) < 0).all()
        assert 0 < signal(schedule)[-1] < 1e-4


def test_with_all_chance_it_is_algorithm_2():
    """The mean of eq. 7 of Ho and others and its variance, for one step from t to t - 1."""
    random, t = np.random.RandomState(1), 400
    clean, noisy = (random.standard_normal((2, 4, 4, 3)).astype("float32") for _ in range(2))
    a, before = signal()[t], signal()[t - 1]
    alpha, beta = a / before, 1 - a / before
    mean = np.sqrt(before) * beta / (1 - a) * clean + np.sqrt(alpha) * (1 - before) / (1 - a) * noisy
    z = np.random.default_rng(7).standard_normal(clean.shape)
    found = earlier(noisy, clean, a, before, 1.0, np.random.default_rng(7))
    np.testing.assert_allclose(found, mean + np.sqrt((1 - before) / (1 - a) * beta) * z, atol=1e-5)


def test_chance_on_the_way_is_as_much_as_eta():
    """Eqs. 12 and 16 of Song and others, between the two ends."""
    random, a = np.random.RandomState(3), signal("cosine")
    clean, noisy = (random.standard_normal((2, 4, 4, 3)).astype("float32") for _ in range(2))
    a_t, a_s, eta = a[700], a[500], 0.5
    sigma = eta * np.sqrt((1 - a_s) / (1 - a_t)) * np.sqrt(1 - a_t / a_s)
    epsilon = (noisy - np.sqrt(a_t) * clean) / np.sqrt(1 - a_t)
    z = np.random.default_rng(8).standard_normal(clean.shape)
    right = np.sqrt(a_s) * clean + np.sqrt(1 - a_s - sigma**2) * epsilon + sigma * z
    np.testing.assert_allclose(earlier(noisy, clean, a_t, a_s, eta, np.random.default_rng(8)), right, atol=1e-5)


def test_order_2_is_algorithm_2_of_dpm_solver(monkeypatch):
    """Written with alpha, sigma and r as the paper has it, over times whose lambdas aren't even."""
    a, times = signal("cosine"), [900, 700, 600, 200, 0]
    monkeypatch.setattr(Sampler, "times", lambda self, signal: np.array(times))
    random = np.random.RandomState(4)
    start, *answers = (random.standard_normal((1, 2, 2, 3)).astype("float32") for _ in range(6))
    told = iter(answers)
    walked = []

    def clean(x, t, guidance):
        walked.append(x)
        return next(told)

    way = Sampler(steps=5, order=2, eta=0.0)
    np.testing.assert_array_equal(way.walk(start, clean, a, np.random.default_rng(0)), answers[-1])
    alpha, sigma = np.sqrt(a[times]), np.sqrt(1 - a[times])
    clear = np.log(alpha / sigma)
    x = start
    for i in range(1, 5):
        h = clear[i] - clear[i - 1]
        d = answers[0]
        if i > 1:
            r = (clear[i - 1] - clear[i - 2]) / h
            d = (1 + 1 / (2 * r)) * answers[i - 1] - 1 / (2 * r) * answers[i - 2]
        x = sigma[i] / sigma[i - 1] * x - alpha[i] * (np.exp(-h) - 1) * d
        np.testing.assert_allclose(walked[i], x, rtol=1e-3, atol=1e-3)


def off(steps, order):
    """How far a way ends from where it should, for pictures whose pixels are normal, mean 0.3 and deviation 0.2.

    Of them x_0 is known best as below; and x_t - sqrt(a_t) mean stays as many of its deviations all the way.
    """
    mean, variance, a = 0.3, 0.2**2, signal("cosine")
    way = Sampler(steps=steps, order=order, eta=0.0)

    def clean(x, t, guidance):
        return mean + variance * np.sqrt(a[t]) / (variance * a[t] + 1 - a[t]) * (x - np.sqrt(a[t]) * mean)

    x = np.random.RandomState(2).standard_normal((1, 8, 8, 3)).astype("float32")
    first, last = way.times(a)[[0, -1]]
    spread = np.sqrt((variance * a[last] + 1 - a[last]) / (variance * a[first] + 1 - a[first]))
    right = clean(np.sqrt(a[last]) * mean + spread * (x - np.sqrt(a[first]) * mean), last, 1.0)
    return np.abs(way.walk(x, clean, a, np.random.default_rng(0)) - right).max()


def test_order_2_comes_nearer_in_as_many_steps():
    assert off(20, 2) < off(20, 1) / 4
    assert off(40, 1) == pytest.approx(off(20, 1) / 2, rel=0.2)
    assert off(40, 2) < off(20, 2) / 2.5


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_times_are_even_or_lambda_is(schedule):
    a = signal(schedule)
    np.testing.assert_array_equal(Sampler(steps=4).times(a), [999, 666, 333, 0])
    times = Sampler(steps=12, order=2, eta=0.0).times(a)
    assert len(times) == 12 and times[-1] == 0
    clear = log_snr(a)[times]
    np.testing.assert_allclose(np.exp(2 * clear), a[times] / (1 - a[times]))
    np.testing.assert_allclose(np.diff(clear), np.diff(clear).mean(), atol=0.35)
    assert clear[0] == pytest.approx(max(FAINTEST, log_snr(a)[-1]), abs=0.5)
    many = Sampler(steps=TIMES, order=2, eta=0.0).times(a)
    assert (np.diff(many) < 0).all() and 300 < len(many) < TIMES
    assert Sampler(steps=1, order=2, eta=0.0).times(a).shape == Sampler(steps=1).times(a).shape == (1,)


def test_guidance_is_only_in_its_interval():
    a, asked = signal("cosine"), {}

    def clean(x, t, guidance):
        asked[t] = guidance
        return x

    way = Sampler(steps=20, guidance=3.0, interval=(-2.0, 1.0), order=2, eta=0.0)
    way.walk(np.zeros((1, 1, 1, 1), "float32"), clean, a, np.random.default_rng(0))
    assert list(asked) == way.times(a).tolist()
    for t, guidance in asked.items():
        assert guidance == (3.0 if -2 <= 0.5 * np.log(a[t] / (1 - a[t])) <= 1 else 1.0)
    assert set(asked.values()) == {1.0, 3.0}
    Sampler(steps=5, guidance=3.0).walk(np.zeros((1, 1, 1, 1), "float32"), clean, a, np.random.default_rng(0))
    assert all(asked[t] == 3.0 for t in Sampler(steps=5).times(a))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"steps": 0}, "0 steps can't be taken; give 1 to 1000"),
        ({"steps": 1001}, "1001 steps can't be taken; give 1 to 1000"),
        ({"eta": 2}, "eta 2 can't be; give 0 to 1"),
        ({"order": 3}, "order 3 can't be"),
        ({"order": 2}, "order 2 can't be with eta 1.0; give order 1, or 2 with eta 0"),
        ({"interval": (1.0, -1.0)}, r"interval \(1.0, -1.0\) can't be; give two lambdas, the smaller first"),
        ({"interval": (1.0,)}, "give two lambdas"),
    ],
)
def test_a_way_that_cannot_be_is_said_in_one_line(options, says):
    with pytest.raises(BadInput, match=says):
        Sampler(**options)


def test_an_unknown_schedule_is_said_in_one_line():
    with pytest.raises(UnknownName, match="linear"):
        signal("square")
