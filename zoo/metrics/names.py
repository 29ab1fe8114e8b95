"""The vocabulary of metrics: their names in cards, their units, and whether higher is better."""

import dataclasses

from zoo.errors import UnknownName

ROLES = ("result", "baseline", "control", "published")  # the last: stated by the authors of converted weights


@dataclasses.dataclass(frozen=True)
class Metric:
    unit: str
    higher_is_better: bool
    meaning: str
    other_units: tuple = ()  # that a row may have instead


METRICS = {
    "accuracy": Metric("%", True, "fraction of examples whose most probable class is the true one"),
    "accuracy_center_crop": Metric("%", True, "accuracy from the center crop of each image alone"),
    "accuracy_gender": Metric("%", True, "accuracy for the attribute gender, as others perceived it"),
    "accuracy_ethnicity": Metric("%", True, "accuracy for the attribute ethnicity, as others perceived it"),
    "accuracy_age": Metric("%", True, "fraction of examples that look as old as they should, within some years"),
    "mean_class_accuracy": Metric("%", True, "accuracy of each class, mean over classes: rare ones count as much"),
    "auroc": Metric("", True, "probability that an example in distribution is ranked above one out of it, 0 to 1"),
    "acceptance_rate": Metric(
        "%", True, "fraction of in-distribution examples that are accepted: the best logit reaches the threshold"
    ),
    "rejection_rate": Metric(
        "%", True, "fraction of out-of-distribution examples that are rejected: the best logit is below the threshold"
    ),
    "oos_recall": Metric("%", True, "recall of out-of-scope texts: the fraction of them that is detected"),
    "nll": Metric(
        "nats/char", False, "negative log-likelihood of the true characters or tokens, mean over them", ("nats/token",)
    ),
    "bleu": Metric("", True, "BLEU of sacreBLEU, 0 to 100: how many n-grams of the translations are in the references"),
    "psnr": Metric("dB", True, "peak signal-to-noise ratio of the image against the true one, mean over images"),
    "psnr_gain": Metric("dB", True, "PSNR of the result minus PSNR of the input, mean over images"),
    "chroma_ratio": Metric("%", True, "mean CIE Lab chroma of the results in percent of that of the true images"),
    "rmse": Metric("years", False, "root of the mean squared difference between prediction and truth"),
    "mean_absolute_error": Metric("years", False, "mean absolute difference between prediction and truth"),
    "elbo": Metric("nats", True, "evidence lower bound of the log-likelihood, mean over examples, a negative number"),
    "log_likelihood": Metric("nats", True, "logarithm of the probability of an example, mean over examples"),
    # Of samples, on features that the row's protocol names; zoo.metrics.distributions computes them.
    "frechet_distance": Metric("", False, "squared Fréchet distance of samples and data, both taken as Gaussian"),
    "kernel_distance": Metric("", False, "squared maximum mean discrepancy of samples and data, cubic kernel"),
    "nearest_distance": Metric("", True, "distance of a sample to the nearest training example, median"),
    "nearest_distance_low": Metric("", True, "the same, of the one sample in a hundred that is nearest"),
    "precision": Metric("", True, "fraction of the samples that are as near to data as data are to data, 0 to 1"),
    "rarest_class_fraction": Metric("%", True, "fraction of the samples that are of the rarest class"),
    "recall": Metric("", True, "fraction of the data that are as near to samples as samples are to samples, 0 to 1"),
}


def row(metric, split, value, *, role="result", n, std=None, paper=None, protocol, unit=None):
    """One row of a card's `metrics`; unit and direction come from the vocabulary. Raises `UnknownName`."""
    if metric not in METRICS:
        raise UnknownName("metric", metric, METRICS)
    if role not in ROLES:
        raise UnknownName("role", role, ROLES)
    units = (METRICS[metric].unit, *METRICS[metric].other_units)
    if unit is not None and unit not in units:
        raise UnknownName(f"unit of {metric}", unit, units)
    return {
        "metric": metric,
        "split": split,
        "value": round(float(value), 4),
        "unit": unit or units[0],
        "higher_is_better": METRICS[metric].higher_is_better,
        "role": role,
        "n": int(n),
        "std": std,
        "paper": paper,
        "protocol": protocol,
    }
