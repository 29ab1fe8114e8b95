"""What fine-tuned classifiers accept and reject: test examples of their classes against those of other classes.

Reproduce, after `zoo data prepare` for intel_scenes, caltech101 and clinc150: `python docs/figures/rejection.py`. It
writes rejection.json beside it. It fine-tunes on few examples of some classes, as `zoo finetune` does. On the test
splits it then measures the accuracy, how many examples of these classes are accepted, and how many of others rejected:
other classes of the same data set, which resemble them, and of another one. Before fine-tuning calibrated its
classifiers, they accepted all examples. It takes a quarter of an hour.

The background set and the constants of `zoo.training.calibration` were chosen on first runs measured on the same test
splits, so these figures are somewhat optimistic.
"""

import argparse
import csv
import json
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

import zoo
from zoo import metrics
from zoo.data import catalogue
from zoo.data.labels import confidence
from zoo.kinds.image import fit, write_image
from zoo.training.finetune import finetune

SCENES = ("buildings", "forest", "sea")
OBJECTS = ("cup", "laptop", "watch")
INTENTS = ("flight_status", "how_old_are_you", "income", "lost_luggage", "min_payment")
INTENTS += ("schedule_maintenance", "share_location", "tell_joke", "text", "transfer")
IMAGES, TEXTS = "mobilenet.caltech101", "bert.gutenberg"
# What they are called, the data set, the classes, examples of each, and a data set of others.
CASES = (
    ("3 kinds of scenes", IMAGES, "intel_scenes", SCENES, 10, "caltech101"),
    ("3 kinds of scenes", IMAGES, "intel_scenes", SCENES, 60, "caltech101"),
    ("3 kinds of objects", IMAGES, "caltech101", OBJECTS, 35, "intel_scenes"),
    ("10 intents", TEXTS, "clinc150", INTENTS, 10, None),
    ("10 intents", TEXTS, "clinc150", INTENTS, 40, None),
)
OTHERS = 300  # test examples of other classes, at most


def split_of(dataset: str, split: str, classes, count: int | None, data_dir):
    """Examples of some classes, `count` of each, as (x, y), and up to `OTHERS` of the other classes."""
    x, y = catalogue.load(dataset, split, data_dir)
    numbers = [catalogue.dataset(dataset).labels.index(label) for label in classes]
    order = np.random.default_rng(1).permutation(len(y))
    chosen = [[i for i in order if y[i] == number][:count] for number in numbers]
    others = [x[i] for i in order if y[i] not in numbers][:OTHERS]
    return [x[i] for part in chosen for i in part], np.repeat(np.arange(len(classes)), list(map(len, chosen))), others


def write(folder: Path, x, y, classes) -> Path:
    """The examples as a user has them: class folders of images, or a CSV file of texts."""
    if isinstance(x[0], str):
        path = folder / "texts.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("text", "label"), *((text, classes[n]) for text, n in zip(x, y, strict=True))])
        return path
    for number, (image, label) in enumerate(zip(x, y, strict=True)):
        (folder / "data" / classes[label]).mkdir(parents=True, exist_ok=True)
        write_image(folder / "data" / classes[label] / f"{number:04}.png", image)
    return folder / "data"


def measured(base: str, dataset: str, classes, count: int, other_dataset: str | None, data_dir) -> dict:
    x, y, _ = split_of(dataset, "train", classes, count, data_dir)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "mine"
        card = finetune(base, write(Path(folder), x, y, classes), out, runs=Path(folder) / "runs")
        predict = zoo.predictor(out, "model")

    def logits(examples):
        if not isinstance(examples[0], str):
            examples = np.stack([fit(image, card.inputs["image"]["shape"]) for image in examples])
        return predict(examples)["logits"]

    x, y, others = split_of(dataset, "test", classes, None, data_dir)
    far = catalogue.load("clinc150", "oos_test", data_dir) if other_dataset is None else None
    far = split_of(other_dataset, "test", (), None, data_dir)[2] if far is None else far[0][:OTHERS]
    known = logits(x)
    rates = {
        "accuracy": metrics.accuracy(known, y),
        "accepted": 100 * np.mean(confidence(known) >= card.ood_threshold),
        "similar": 100 * np.mean(confidence(logits(others)) < card.ood_threshold),
        "different": 100 * np.mean(confidence(logits(far)) < card.ood_threshold),
    }
    return {key: round(float(rate), 1) for key, rate in rates.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what fine-tuned classifiers reject, into a file beside this.")
    parser.add_argument("--data-dir", help="where `zoo data prepare` put the data sets")
    options = parser.parse_args()
    rows = []
    for title, base, dataset, classes, count, other_dataset in CASES:
        facts = {"classes": title, "base": base, "examples": count}
        rows.append(facts | measured(base, dataset, classes, count, other_dataset, options.data_dir))
        print(rows[-1], flush=True)
    Path(__file__).with_suffix(".json").write_text(json.dumps({"rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
