"""Accuracy in scope against rejection out of scope, of bert.clinc150 and a linear SVM, over the threshold.

Reproduce, after `zoo data prepare clinc150 --from FOLDER`: `python docs/figures/intents.py`. It writes intents.png
beside it: the accuracy on requests in scope against the rejection rate of requests out of scope, for 41 thresholds.
BERT's curve is in its card; the SVM, on TF-IDF features of words and character n-grams, is fitted here. A dot marks
each method's own threshold, chosen on the validation split.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt

from zoo.data.labels import confidence
from zoo.hub import checkpoint
from zoo.metrics.baselines import tfidf
from zoo.recipes.bert_clinc150 import RECIPE, curve

COLOURS = {"BERT": "#2a6f97", "TF-IDF and a linear SVM": "#8a8a8a"}


def curves(data_dir) -> dict[str, list[dict]]:
    """For each method the points of its curve, {"accuracy", "oos_recall"} in percent, one for each threshold."""
    score = tfidf.linear_svm(*RECIPE.examples("train", data_dir))
    texts, y = RECIPE.examples("test", data_dir)
    scores = score(texts)
    svm = curve(confidence(scores), scores.argmax(axis=1) == y, y >= 0)
    return {"BERT": checkpoint.card("bert.clinc150").curves["scope"], "TF-IDF and a linear SVM": svm}


def at_threshold() -> dict[str, dict]:
    """For each method the point at its own threshold, from the card."""
    rows = checkpoint.card("bert.clinc150").metrics
    roles = {"BERT": "result", "TF-IDF and a linear SVM": "baseline"}
    return {
        method: {row["metric"]: row["value"] for row in rows if row["role"] == role} for method, role in roles.items()
    }


def figure(found: dict, dots: dict, path: Path) -> None:
    plot, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for method, points in found.items():
        across, up = ([point[name] for point in points] for name in ("oos_recall", "accuracy"))
        axes.plot(across, up, color=COLOURS[method], label=method)
        axes.plot(dots[method]["oos_recall"], dots[method]["accuracy"], "o", color=COLOURS[method])
    axes.set(xlabel="rejection rate of requests out of scope (%)", ylabel="accuracy on requests in scope (%)")
    axes.set_ylim(80, 100)
    axes.legend(frameon=False, loc="lower left")
    axes.spines[["top", "right"]].set_visible(False)
    plot.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw docs/figures/intents.png.")
    parser.add_argument("--data-dir", help="where `zoo data prepare` put the data set")
    figure(curves(parser.parse_args().data_dir), at_threshold(), Path(__file__).with_suffix(".png"))


if __name__ == "__main__":
    main()
