"""Metrics: names and units (`names`), scores, distances between sets of samples, and baselines.

from zoo import metrics
row = metrics.row("accuracy", "test", metrics.accuracy(logits, labels), n=len(labels), protocol="...")
"""

from zoo.metrics.names import METRICS, ROLES, Metric, row
from zoo.metrics.scores import accuracy, auroc, mean_class_accuracy, psnr, wilson_interval

__all__ = [
    "METRICS",
    "ROLES",
    "Metric",
    "accuracy",
    "auroc",
    "mean_class_accuracy",
    "psnr",
    "row",
    "wilson_interval",
]
