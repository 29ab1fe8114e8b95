"""Understanding requests and knowing when not to: bert.clinc150 beside a linear SVM, as the threshold moves.

Reproduce, after `zoo data prepare clinc150 --from FOLDER`: `python docs/figures/intents.py`. It writes intents.png
beside it: accuracy on requests in scope against the fraction of requests out of scope that are rejected. BERT's
curve is in its card; the SVM, on TF-IDF of words and parts of words, is fitted here. Dots are where each one's
threshold came to lie, chosen on the validation splits alike.
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
    """For each method the points of its curve, {"accuracy", "oos_recall"} in percent."""
    score = tfidf.linear_svm(*RECIPE.examples("train", data_dir))
    texts, y = RECIPE.examples("test", data_dir)
    scores = score(texts)
    svm = curve(confidence(scores), scores.argmax(axis=1) == y, y >= 0)
    return {"BERT": checkpoint.card("bert.clinc150").curves["scope"], "TF-IDF and a linear SVM": svm}


def chosen() -> dict[str, dict]:
    """For each method the point that its threshold came to."""
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
    axes.set(xlabel="% of the requests out of scope recognised", ylabel="% of those in scope told right")
    axes.set_ylim(80, 100)
    axes.legend(frameon=False, loc="lower left")
    axes.spines[["top", "right"]].set_visible(False)
    plot.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw docs/figures/intents.png.")
    parser.add_argument("--data-dir", help="where `zoo data prepare` put the data set")
    figure(curves(parser.parse_args().data_dir), chosen(), Path(__file__).with_suffix(".png"))


if __name__ == "__main__":
    main()
