"""The one vocabulary of metrics: their names in cards, their units, and which way is better."""

import dataclasses

from zoo.errors import UnknownName

ROLES = ("result", "baseline", "control")


@dataclasses.dataclass(frozen=True)
class Metric:
    unit: str
    higher_is_better: bool
    meaning: str
    other_units: tuple = ()  # that a row may have instead


METRICS = {
    "accuracy": Metric("%", True, "share of examples whose most probable class is the true one"),
    "accuracy_center_crop": Metric("%", True, "accuracy where only the middle part of each picture is looked at"),
    "accuracy_gender": Metric("%", True, "accuracy for the attribute gender, as others perceived it"),
    "accuracy_ethnicity": Metric("%", True, "accuracy for the attribute ethnicity, as others perceived it"),
    "accuracy_age": Metric("%", True, "share of examples that look as old as they should, within some years"),
    "mean_class_accuracy": Metric("%", True, "accuracy of each class, mean over classes: rare ones count as much"),
    "auroc": Metric("", True, "probability that a known thing gets more confidence than an unknown one, 0 to 1"),
    "acceptance_rate": Metric(
        "%", True, "share of examples that the checkpoint is confident of, of a kind that it knows"
    ),
    "rejection_rate": Metric(
        "%", True, "share of examples that it is not confident of, of a kind that it doesn't know"
    ),
    "oos_recall": Metric("%", True, "share of the texts that belong to no class of which that was said"),
    "nll": Metric(
        "nats/char", False, "negative log-likelihood: the surprise at what comes, or stood there", ("nats/token",)
    ),
    "bleu": Metric("", True, "BLEU of sacreBLEU, 0 to 100: how much of the translations the reference has, too"),
    "psnr": Metric("dB", True, "peak signal-to-noise ratio of the picture against the true one, mean over pictures"),
    "psnr_gain": Metric("dB", True, "PSNR of the result minus PSNR of the input, mean over pictures"),
    "chroma_ratio": Metric("%", True, "mean CIE Lab chroma of the results in percent of that of the true pictures"),
    "rmse": Metric("years", False, "root of the mean squared difference between what was said and what is true"),
    "mean_absolute_error": Metric("years", False, "mean absolute difference between what was said and what is true"),
    "elbo": Metric("nats", True, "lower bound of the log-likelihood, mean over examples, so a negative number"),
    "log_likelihood": Metric("nats", True, "logarithm of the probability of an example, mean over examples"),
    # Of samples, on features that the row's protocol names; zoo.metrics.distributions computes them.
    "frechet_distance": Metric("", False, "squared Fréchet distance of samples and data, both taken as Gaussian"),
    "kernel_distance": Metric("", False, "squared maximum mean discrepancy of samples and data, cubic kernel"),
    "nearest_distance": Metric("", True, "distance of a sample to the nearest example of training, median"),
    "nearest_distance_low": Metric("", True, "the same, of the one sample in a hundred that is nearest"),
    "precision": Metric("", True, "share of the samples that are as near to data as data are to data, 0 to 1"),
    "rarest_class_fraction": Metric("%", True, "share of the class that samples have least of"),
    "recall": Metric("", True, "share of the data that are as near to samples as samples are to samples, 0 to 1"),
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
