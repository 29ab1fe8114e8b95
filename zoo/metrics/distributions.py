"""How close two sets of samples are: measures for models that generate, on features that the caller computes.

All take features as floats of shape (N, D), one row for each sample, compute in float64 and in blocks of rows, and are
deterministic.
"""

from collections.abc import Iterator

import numpy as np

from zoo.errors import BadInput

_ROWS = 2048  # of a block; a block of distances is then 34 MB


def frechet_distance(a, b) -> float:
    """Squared Fréchet distance of two Gaussians with the means and covariances of the samples; never negative.

    |m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^1/2): Dowson and Landau 1982, https://doi.org/10.1016/0047-259X(82)90077-X;
    eq. 6 of Heusel and others 2017, https://arxiv.org/abs/1706.08500, who measure it on features of an Inception net.
    With few samples it comes out too large: compare only figures of as many.

    Args:
        a, b: features (N, D) and (M, D).
    Raises:
        BadInput: for fewer than two samples, another dimension, or values that are not finite.
    """
    a, b = _features(a, b)
    apart = np.square(a.mean(0) - b.mean(0)).sum()
    root_a, root_b = _root(a), _root(b)
    # S_a S_b = A'A B'B has the eigenvalues of (AB')(AB')', whose roots are the singular values of AB'. Neither
    # covariance is ever formed, so nothing is lost by squaring, and no root of a negative number can arise.
    cross = np.linalg.svd(root_a @ root_b.T, compute_uv=False).sum()
    return max(0.0, float(apart + np.square(root_a).sum() + np.square(root_b).sum() - 2 * cross))


def kernel_distance(a, b) -> float:
    """Squared maximum mean discrepancy of two sets under the kernel k(x, y) = (x'y / D + 1)^3.

    mean k(a_i, a_j) + mean k(b_i, b_j) - 2 mean k(a_i, b_j), the first two over i != j, which makes it unbiased: of two
    sets of one distribution it comes out around 0, so often below. Gretton and others 2012, Lemma 6; Binkowski and
    others 2018, https://arxiv.org/abs/1801.01401, who average it over subsets; here it is over all pairs.

    Args:
        a, b: features (N, D) and (M, D).
    Raises:
        BadInput: for fewer than two samples, another dimension, or values that are not finite.
    """
    a, b = _features(a, b)
    own = sum(_kernel_sum(x, x, others=True) / (len(x) * (len(x) - 1)) for x in (a, b))
    return float(own - 2 * _kernel_sum(a, b) / (len(a) * len(b)))


def precision_recall(real, fake, k: int = 3) -> tuple[float, float]:
    """Improved precision and recall, each from 0 to 1: how many fakes look real, how much of the real is faked.

    Around each sample of a set lies a ball that reaches to its k-th nearest other sample in the set. Precision is the
    fraction of fakes within a ball of the real ones, recall the fraction of real ones within a ball of the fakes.
    Eqs. 1 and 2 of Kynkäänniemi and others 2019, https://arxiv.org/abs/1904.06991.

    Args:
        real, fake: features (N, D) and (M, D).
        k: from 1; the paper's is 3. Both sets must have more samples than that.
    Raises:
        BadInput: for too few samples, another dimension, or values that are not finite.
    """
    real, fake = _features(real, fake)
    if not 1 <= k < min(len(real), len(fake)):
        raise BadInput(f"k is {k}; of {len(real)} and {len(fake)} samples it can be 1 to the fewer of them less one")
    real, fake = _centred(real, fake)
    return _covered(fake, real, _reach(real, k)), _covered(real, fake, _reach(fake, k))


def nearest(a, b) -> tuple[np.ndarray, np.ndarray]:
    """The nearest sample of `b` to each of `a`, such as the training images closest to generated ones.

    Args:
        a, b: features (N, D) and (M, D); one sample each is enough.
    Returns:
        Euclidean distances float64 (N,), indices into b int64 (N,), the lowest where several are as near.
    Raises:
        BadInput: for no samples, another dimension, or values that are not finite.
    """
    a, b = _centred(*_features(a, b, least=1))
    distances, indices = np.empty(len(a)), np.zeros(len(a), np.int64)
    for rows in _blocks(len(a)):
        closest = np.full(rows.stop - rows.start, np.inf)
        for columns in _blocks(len(b)):
            squares = _squares(a[rows], b[columns])
            index = squares.argmin(1)
            found = squares[np.arange(len(index)), index]
            better = found < closest
            closest[better] = found[better]
            indices[rows][better] = index[better] + columns.start
        distances[rows] = np.linalg.norm(a[rows] - b[indices[rows]], axis=1)  # to the last digit
    return distances, indices


def _features(a, b, least: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Both sets as float64 (N, D), checked."""
    checked = []
    for x in (a, b):
        try:
            x = np.asarray(x, np.float64)
        except (TypeError, ValueError) as error:
            raise BadInput(f"features are numbers of shape (N, D) ({error})") from None
        if x.ndim != 2 or not x.shape[1]:
            raise BadInput(f"features have the shape (N, D), not {x.shape}")
        if len(x) < least:
            raise BadInput(f"{len(x)} samples; at least {least} are needed in each set")
        if not np.isfinite(x).all():
            raise BadInput("features hold values that are not finite (NaN or infinity)")
        checked.append(x)
    if checked[0].shape[1] != checked[1].shape[1]:
        raise BadInput(f"the two sets have features of {checked[0].shape[1]} and of {checked[1].shape[1]} dimensions")
    return tuple(checked)


def _blocks(count: int) -> Iterator[slice]:
    for start in range(0, count, _ROWS):
        yield slice(start, min(start + _ROWS, count))


def _root(x: np.ndarray) -> np.ndarray:
    """A matrix R with R'R the covariance of x, (min(N, D), D): of the QR decomposition of the centred samples."""
    return np.linalg.qr((x - x.mean(0)) / np.sqrt(len(x) - 1), mode="r")


def _kernel_sum(x: np.ndarray, y: np.ndarray, others: bool = False) -> float:
    """Sum of the kernel over all pairs of x and y, or, with `others`, over those of x and x that are not one sample."""
    total = 0.0
    for rows in _blocks(len(x)):
        for columns in _blocks(len(y)):
            values = (x[rows] @ y[columns].T / x.shape[1] + 1) ** 3  # (rows, columns)
            if others and rows == columns:
                np.fill_diagonal(values, 0)
            total += values.sum()
    return total


def _centred(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both sets around the mean of b: it keeps distances, and the numbers that they are differences of small."""
    mean = b.mean(0)
    return a - mean, b - mean


def _squares(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Squared distances of all pairs, (N, M); 0 where they can't be told from it, as of a sample and its copy."""
    sizes = np.square(x).sum(1)[:, None] + np.square(y).sum(1)
    squares = sizes - 2 * (x @ y.T)
    squares[squares < 8 * np.finfo(float).eps * np.sqrt(x.shape[1]) * sizes] = 0
    return squares


def _reach(x: np.ndarray, k: int) -> np.ndarray:
    """Squared distance of each sample of x to its k-th nearest other, (N,)."""
    reach = np.empty(len(x))
    for rows in _blocks(len(x)):
        least = np.full((rows.stop - rows.start, k), np.inf)  # the k least squares so far
        for columns in _blocks(len(x)):
            squares = _squares(x[rows], x[columns])
            if rows == columns:
                np.fill_diagonal(squares, np.inf)
            least = np.partition(np.concatenate([least, squares], 1), k - 1, axis=1)[:, :k]
        reach[rows] = least.max(1)
    return reach


def _covered(points: np.ndarray, centres: np.ndarray, reach: np.ndarray) -> float:
    """The fraction of the points that lie in the ball of at least one centre."""
    covered = np.zeros(len(points), bool)
    for rows in _blocks(len(points)):
        for columns in _blocks(len(centres)):
            covered[rows] |= (_squares(points[rows], centres[columns]) <= reach[columns]).any(1)
    return float(covered.mean())
