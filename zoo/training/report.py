"""The summary that `zoo finetune` prints at its end: metrics, baselines, the amount of data, the licence."""

import math

from zoo import metrics
from zoo.tasks.task import HELD_BACK

ENOUGH = 5.0  # points: where an accuracy is more uncertain than that, the data are few


def lines(card) -> list[str]:
    """Metrics, baselines, whether the data are few, and the licence, from the card of a fine-tuned checkpoint."""
    found = []
    for row in card.headlines():
        found += _accuracy(card, row) if row["metric"] == "accuracy" else _other(card, row)
    allowed = "allowed" if card.commercial_use else "not allowed"
    own = "; the terms of your data come on top" if card.data["name"] == "own" else ""
    inherited = f"licence, inherited from {card.training['base']}"
    return [*found, f"{inherited}: {card.licence}; commercial use {allowed}{own}"]


def _accuracy(card, row) -> list[str]:
    low, high = metrics.wilson_interval(row["value"], row["n"])
    about = f"accuracy {row['value']:.2f} % on {row['n']:,} examples held back"
    found = [f"{about}; 95 % confidence interval {low:.1f} to {high:.1f} %"]
    for baseline in _baselines(card, row):
        value = baseline["value"]
        verdict = "within that interval, so the two may be as good"
        if value < low:
            verdict = "the fine-tuned network is better"
        elif value > high:
            verdict = "BETTER than the fine-tuned network"
        found.append(f"baseline {value:.2f} % ({baseline['protocol']}): {verdict}")
    uncertain = (high - low) / 2
    if uncertain > ENOUGH:
        enough = _enough(row["value"])
        found.append(
            f"few data: {row['n']} examples held back leave the accuracy uncertain by {uncertain:.0f} points; for "
            f"{ENOUGH:.0f} points hold back about {enough}, that is give {round(enough / HELD_BACK):,} examples in all"
        )
    return found


def _other(card, row) -> list[str]:
    found = [f"{row['metric']} {row['value']:.2f} {row['unit']} on {row['n']:,}: {row['protocol']}"]
    return found + [f"baseline {each['value']:.2f} ({each['protocol']})" for each in _baselines(card, row)]


def _baselines(card, row) -> list[dict]:
    same = (row["metric"], row["split"])
    return [each for each in card.metrics if each["role"] == "baseline" and (each["metric"], each["split"]) == same]


def _enough(percent: float) -> int:
    """Examples for which the interval of an accuracy, of 95 % at most, is `ENOUGH` points to both sides."""
    p = min(max(percent / 100, 0.05), 0.95)
    return math.ceil(1.96**2 * p * (1 - p) / (ENOUGH / 100) ** 2)
