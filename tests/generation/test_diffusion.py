"""Samplers: against the papers' equations, and with a network whose outputs are known."""

import numpy as np
import pytest

from zoo.errors import BadInput, UnknownName
from zoo.generation.diffusion import MIN_LOG_SNR, TIMESTEPS, Sampler, alpha_bar, ddim_step, log_snr


def test_noise_schedules_are_those_of_the_papers():
    betas = 1e-4 + (0.02 - 1e-4) * np.arange(1000) / 999  # section 4 of Ho and others
    np.testing.assert_allclose(
        alpha_bar("linear")[[0, 1, 999]], [1 - 1e-4, (1 - betas[0]) * (1 - betas[1]), 4.036e-5], rtol=1e-3
    )
    f = np.cos((np.arange(1001) / 1000 + 0.008) / 1.008 * np.pi / 2) ** 2  # eq. 17 of Nichol and Dhariwal
    np.testing.assert_allclose(alpha_bar("cosine")[:900], (f / f[0])[1:901], rtol=1e-6)
    for schedule in ("linear", "cosine"):
        assert alpha_bar(schedule).shape == (TIMESTEPS,) and (np.diff(alpha_bar(schedule)) < 0).all()
        assert 0 < alpha_bar(schedule)[-1] < 1e-4


def test_with_eta_1_a_step_is_ddpm_algorithm_2():
    """The mean of eq. 7 of Ho and others and its variance, for one step from t to t - 1."""
    random, t = np.random.RandomState(1), 400
    x0, noisy = (random.standard_normal((2, 4, 4, 3)).astype("float32") for _ in range(2))
    a, a_s = alpha_bar()[t], alpha_bar()[t - 1]
    alpha, beta = a / a_s, 1 - a / a_s
    mean = np.sqrt(a_s) * beta / (1 - a) * x0 + np.sqrt(alpha) * (1 - a_s) / (1 - a) * noisy
    z = np.random.default_rng(7).standard_normal(x0.shape)
    found = ddim_step(noisy, x0, a, a_s, 1.0, np.random.default_rng(7))
    np.testing.assert_allclose(found, mean + np.sqrt((1 - a_s) / (1 - a) * beta) * z, atol=1e-5)


def test_eta_scales_the_noise_of_a_step():
    """Eqs. 12 and 16 of Song and others, for an eta between 0 and 1."""
    random, a = np.random.RandomState(3), alpha_bar("cosine")
    x0, noisy = (random.standard_normal((2, 4, 4, 3)).astype("float32") for _ in range(2))
    a_t, a_s, eta = a[700], a[500], 0.5
    sigma = eta * np.sqrt((1 - a_s) / (1 - a_t)) * np.sqrt(1 - a_t / a_s)
    epsilon = (noisy - np.sqrt(a_t) * x0) / np.sqrt(1 - a_t)
    z = np.random.default_rng(8).standard_normal(x0.shape)
    expected = np.sqrt(a_s) * x0 + np.sqrt(1 - a_s - sigma**2) * epsilon + sigma * z
    found = ddim_step(noisy, x0, a_t, a_s, eta, np.random.default_rng(8))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_order_2_is_algorithm_2_of_dpm_solver(monkeypatch):
    """Written with alpha, sigma and r as the paper has it, over timesteps whose log-SNRs aren't evenly spaced."""
    a, timesteps = alpha_bar("cosine"), [900, 700, 600, 200, 0]
    monkeypatch.setattr(Sampler, "timesteps", lambda self, alpha_bar: np.array(timesteps))
    random = np.random.RandomState(4)
    start, *outputs = (random.standard_normal((1, 2, 2, 3)).astype("float32") for _ in range(6))
    estimates = iter(outputs)
    inputs = []

    def predict_x0(x, t, guidance):
        inputs.append(x)
        return next(estimates)

    sampler = Sampler(steps=5, order=2, eta=0.0)
    np.testing.assert_array_equal(sampler.sample(start, predict_x0, a, np.random.default_rng(0)), outputs[-1])
    alpha, sigma = np.sqrt(a[timesteps]), np.sqrt(1 - a[timesteps])
    log_snrs = np.log(alpha / sigma)
    x = start
    for i in range(1, 5):
        h = log_snrs[i] - log_snrs[i - 1]
        d = outputs[0]
        if i > 1:
            r = (log_snrs[i - 1] - log_snrs[i - 2]) / h
            d = (1 + 1 / (2 * r)) * outputs[i - 1] - 1 / (2 * r) * outputs[i - 2]
        x = sigma[i] / sigma[i - 1] * x - alpha[i] * (np.exp(-h) - 1) * d
        np.testing.assert_allclose(inputs[i], x, rtol=1e-3, atol=1e-3)


def sampling_error(steps, order):
    """Error of a sampler on images of independent normal pixels, mean 0.3 and standard deviation 0.2.

    Their posterior mean of x_0 has a closed form, and along the exact path x_t - sqrt(a_t) mean stays the same
    number of standard deviations.
    """
    mean, variance, a = 0.3, 0.2**2, alpha_bar("cosine")
    sampler = Sampler(steps=steps, order=order, eta=0.0)

    def predict_x0(x, t, guidance):
        return mean + variance * np.sqrt(a[t]) / (variance * a[t] + 1 - a[t]) * (x - np.sqrt(a[t]) * mean)

    x = np.random.RandomState(2).standard_normal((1, 8, 8, 3)).astype("float32")
    first, last = sampler.timesteps(a)[[0, -1]]
    spread = np.sqrt((variance * a[last] + 1 - a[last]) / (variance * a[first] + 1 - a[first]))
    expected = predict_x0(np.sqrt(a[last]) * mean + spread * (x - np.sqrt(a[first]) * mean), last, 1.0)
    return np.abs(sampler.sample(x, predict_x0, a, np.random.default_rng(0)) - expected).max()


def test_order_2_has_a_smaller_error_in_as_many_steps():
    assert sampling_error(20, 2) < sampling_error(20, 1) / 4
    assert sampling_error(40, 1) == pytest.approx(sampling_error(20, 1) / 2, rel=0.2)
    assert sampling_error(40, 2) < sampling_error(20, 2) / 2.5


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_timesteps_or_their_log_snr_are_evenly_spaced(schedule):
    a = alpha_bar(schedule)
    np.testing.assert_array_equal(Sampler(steps=4).timesteps(a), [999, 666, 333, 0])
    timesteps = Sampler(steps=12, order=2, eta=0.0).timesteps(a)
    assert len(timesteps) == 12 and timesteps[-1] == 0
    log_snrs = log_snr(a)[timesteps]
    np.testing.assert_allclose(np.exp(2 * log_snrs), a[timesteps] / (1 - a[timesteps]))
    np.testing.assert_allclose(np.diff(log_snrs), np.diff(log_snrs).mean(), atol=0.35)
    assert log_snrs[0] == pytest.approx(max(MIN_LOG_SNR, log_snr(a)[-1]), abs=0.5)
    many = Sampler(steps=TIMESTEPS, order=2, eta=0.0).timesteps(a)
    assert (np.diff(many) < 0).all() and 300 < len(many) < TIMESTEPS
    assert Sampler(steps=1, order=2, eta=0.0).timesteps(a).shape == Sampler(steps=1).timesteps(a).shape == (1,)


def test_guidance_applies_only_in_its_interval():
    a, used = alpha_bar("cosine"), {}

    def predict_x0(x, t, guidance):
        used[t] = guidance
        return x

    sampler = Sampler(steps=20, guidance=3.0, guidance_interval=(-2.0, 1.0), order=2, eta=0.0)
    sampler.sample(np.zeros((1, 1, 1, 1), "float32"), predict_x0, a, np.random.default_rng(0))
    assert list(used) == sampler.timesteps(a).tolist()
    for t, guidance in used.items():
        assert guidance == (3.0 if -2 <= 0.5 * np.log(a[t] / (1 - a[t])) <= 1 else 1.0)
    assert set(used.values()) == {1.0, 3.0}
    Sampler(steps=5, guidance=3.0).sample(np.zeros((1, 1, 1, 1), "float32"), predict_x0, a, np.random.default_rng(0))
    assert all(used[t] == 3.0 for t in Sampler(steps=5).timesteps(a))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"steps": 0}, "can't take 0 steps; give 1 to 1000"),
        ({"steps": 1001}, "can't take 1001 steps; give 1 to 1000"),
        ({"eta": 2}, "eta can't be 2; give 0 to 1"),
        ({"order": 3}, "order can't be 3"),
        ({"order": 2}, "order can't be 2 with eta 1.0; give order 1, or 2 with eta 0"),
        ({"guidance_interval": (1.0, -1.0)}, r"can't be \(1.0, -1.0\); give two log-SNRs, the smaller first"),
        ({"guidance_interval": (1.0,)}, "give two log-SNRs"),
    ],
)
def test_invalid_settings_are_one_line(options, says):
    with pytest.raises(BadInput, match=says):
        Sampler(**options)


def test_an_unknown_schedule_is_one_line():
    with pytest.raises(UnknownName, match="linear"):
        alpha_bar("square")
