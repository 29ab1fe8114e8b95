"""Distances of two sets of samples, against closed forms and brute force."""

import subprocess
import sys

import numpy as np
import pytest

from zoo.errors import BadInput
from zoo.metrics import distributions
from zoo.metrics.distributions import frechet_distance, kernel_distance, nearest, precision_recall

MEASURES = (frechet_distance, kernel_distance, precision_recall, nearest)


def normal(seed, shape=(60, 5), mean=0.0):
    return np.random.default_rng(seed).normal(mean, 1, shape)


def exactly(mean, covariance, count=40, seed=0):
    """Samples whose mean and covariance are these, not only nearly."""
    x = normal(seed, (count, len(mean)))
    x -= x.mean(0)
    white = np.linalg.solve(np.linalg.cholesky(np.cov(x.T)), x.T)
    return (np.linalg.cholesky(covariance) @ white).T + mean


def turned(spectrum, seed):
    """A covariance with these eigenvalues, and the rotation that it has them in."""
    q = np.linalg.qr(normal(seed, (len(spectrum), len(spectrum))))[0]
    return q @ np.diag(spectrum) @ q.T


@pytest.fixture(params=[7, 2048])
def rows(request, monkeypatch):
    """Blocks that the small sets here don't fill, and blocks that hold them whole."""
    monkeypatch.setattr(distributions, "_ROWS", request.param)


def test_frechet_distance_of_known_gaussians():
    spectra = np.array([4.0, 1.0, 0.25]), np.array([1.0, 9.0, 0.04])
    a = exactly(np.zeros(3), turned(spectra[0], seed=5))
    b = exactly(np.array([1.0, -2.0, 0.5]), turned(spectra[1], seed=5), seed=1)  # covariances that commute
    wanted = 5.25 + np.square(np.sqrt(spectra[0]) - np.sqrt(spectra[1])).sum()
    assert frechet_distance(a, b) == pytest.approx(wanted, rel=1e-10)


def test_frechet_distance_where_covariances_do_not_commute():
    first, second = turned([4.0, 1.0, 0.25], seed=5), turned([1.0, 9.0, 0.04], seed=6)
    a, b = exactly(np.zeros(3), first), exactly(np.zeros(3), second, count=70, seed=1)
    cross = np.sqrt(np.linalg.eigvals(first @ second)).sum()
    assert frechet_distance(a, b) == pytest.approx(np.trace(first + second) - 2 * cross, rel=1e-10)


def test_frechet_distance_in_one_dimension_is_of_means_and_deviations():
    a, b = np.array([[0.0], [2.0]]), np.array([[10.0], [10.0]])
    assert frechet_distance(a, b) == pytest.approx(9**2 + (np.sqrt(2) - 0) ** 2)


def test_frechet_distance_with_fewer_samples_than_dimensions():
    a, b = normal(0, (6, 50)), normal(1, (9, 50), mean=1)
    cov_a, cov_b = np.cov(a.T), np.cov(b.T)
    cross = np.sqrt(np.abs(np.linalg.eigvals(cov_a @ cov_b))).sum()
    wanted = np.square(a.mean(0) - b.mean(0)).sum() + np.trace(cov_a + cov_b) - 2 * cross
    assert frechet_distance(a, b) == pytest.approx(wanted, rel=1e-6)  # what the eigenvalues of a product can tell
    assert frechet_distance(a, a) <= 1e-12 * np.trace(cov_a)


def brute_kernel(a, b):
    def k(x, y):
        return (sum(p * q for p, q in zip(x, y, strict=True)) / len(x) + 1) ** 3

    def own(x):
        return np.mean([k(p, q) for i, p in enumerate(x) for j, q in enumerate(x) if i != j])

    return own(a) + own(b) - 2 * np.mean([k(p, q) for p in a for q in b])


def test_kernel_distance_is_the_mean_over_pairs(rows):
    a, b = normal(0, (20, 4)), normal(1, (15, 4), mean=0.5)
    assert kernel_distance(a, b) == pytest.approx(brute_kernel(a, b), rel=1e-10)


def test_kernel_distance_is_unbiased():
    draws = np.random.default_rng(0).normal(size=(2000, 2, 6, 3))
    found = np.array([kernel_distance(a, b) for a, b in draws])
    assert abs(found.mean()) < 4 * found.std() / np.sqrt(len(found)) and (found < 0).any()
    # E k(x, y) of N(m, 1) in one dimension, squared differences of moments: 3 m^2 + 3 (m^2)^2 + (m^3 + 3 m)^2.
    m = 0.7
    draws = np.random.default_rng(1).normal(size=(4000, 2, 6, 1)) + np.array([0, m])[:, None, None]
    found = np.array([kernel_distance(a, b) for a, b in draws])
    wanted = 3 * m**2 + 3 * m**4 + (m**3 + 3 * m) ** 2
    assert abs(found.mean() - wanted) < 4 * found.std() / np.sqrt(len(found))


def distances(a, b):
    return np.array([[np.sqrt(np.square(p - q).sum()) for q in b] for p in a])


def brute_precision(real, fake, k):
    reach = np.sort(distances(real, real), axis=1)[:, k]  # the first is the sample itself
    return np.mean([(row <= reach).any() for row in distances(fake, real)])


@pytest.mark.parametrize("k", [1, 3, 14])
def test_precision_and_recall_by_brute_force(k, rows):
    real, fake = normal(0, (40, 3)), normal(1, (15, 3), mean=0.8)
    wanted = brute_precision(real, fake, k), brute_precision(fake, real, k)
    assert precision_recall(real, fake, k) == pytest.approx(wanted)


def test_precision_and_recall_tell_quality_from_variety():
    real = normal(0, (300, 2))
    precision, recall = precision_recall(real, 0.1 * normal(1, (300, 2)))  # all alike
    assert precision > 0.95 and recall < 0.1
    precision, recall = precision_recall(real, 10 * normal(1, (300, 2)))  # all over the place
    assert precision < 0.2 and recall > 0.8


@pytest.mark.parametrize("shift", [0.0, 1e4])
def test_nearest_by_brute_force(shift, rows):
    a, b = normal(0, (25, 4)) + shift, normal(1, (31, 4)) + shift
    a[3], b[17], b[9] = b[20], b[20], b[20]  # three copies: the first counts
    found, indices = nearest(a, b)
    wanted = distances(a, b)
    assert indices.tolist() == wanted.argmin(1).tolist() and indices[3] == 9 and indices.dtype == np.int64
    np.testing.assert_allclose(found, wanted.min(1), rtol=1e-12, atol=0)
    assert found[3] == 0


def test_nearest_of_one_sample():
    found, indices = nearest([[3, 4]], [[0, 0]])
    assert found.tolist() == [5] and indices.tolist() == [0]


def test_a_set_and_itself(rows):
    a = normal(0, mean=5)
    a[10:20] = a[0]  # more copies of one sample than k
    shuffled = a[np.random.default_rng(1).permutation(len(a))]
    for other in (a, shuffled, np.concatenate([a, a])):
        assert precision_recall(a, other) == (1, 1)
        assert not nearest(a, other)[0].any()
    assert frechet_distance(a, a) <= 1e-12 and frechet_distance(a, shuffled) <= 1e-12
    assert kernel_distance(a, a) <= 0  # the pairs of a sample with its copy count between the sets only


def test_sets_far_apart_share_nothing(rows):
    a, b = normal(0), normal(1, mean=100)
    assert precision_recall(a, b) == (0, 0)
    assert frechet_distance(a, b) == pytest.approx(5 * 100**2, rel=0.05)
    assert kernel_distance(a, b) > 1e9


@pytest.mark.parametrize("measure", [frechet_distance, kernel_distance, precision_recall])
def test_order_does_not_matter_and_chance_has_no_part(measure, rows):
    a, b = normal(0), normal(1, (45, 5), mean=0.4)
    mixed = a[np.random.default_rng(2).permutation(len(a))], b[np.random.default_rng(3).permutation(len(b))]
    assert measure(a, b) == measure(a, b)
    assert measure(*mixed) == pytest.approx(measure(a, b), rel=1e-9)
    swapped = measure(b, a)
    assert measure(a, b) == pytest.approx(swapped[::-1] if isinstance(swapped, tuple) else swapped, rel=1e-9)


def test_single_precision_features_are_computed_in_double():
    a, b = normal(0).astype(np.float32) + 100, normal(1).astype(np.float32) + 100
    for measure in MEASURES:
        np.testing.assert_array_equal(measure(a, b), measure(a.astype(np.float64), b.astype(np.float64)))


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (np.zeros((0, 5)), "0 samples"),
        (np.zeros(5), "shape (N, D)"),
        (np.zeros((9, 4)), "5 and of 4"),
        (np.full((9, 5), np.nan), "not finite"),
        (np.full((9, 5), np.inf), "not finite"),
        ([["a"] * 5] * 9, "numbers"),
        ([[1.0], [1.0, 2.0]], "numbers"),
    ],
)
def test_what_cannot_be_measured_is_said_in_one_line(measure, bad, said):
    with pytest.raises(BadInput) as caught:
        measure(normal(0), bad)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_too_few_samples():
    for measure in (frechet_distance, kernel_distance, precision_recall):
        with pytest.raises(BadInput, match="at least 2"):
            measure(normal(0, (1, 5)), normal(1))
    for k in (0, 10):
        with pytest.raises(BadInput, match=f"k is {k}"):
            precision_recall(normal(0), normal(1, (10, 5)), k=k)


def test_importing_needs_numpy_only():
    code = (
        "import sys, zoo.metrics.distributions; assert not {'tensorflow', 'keras', 'jax', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
