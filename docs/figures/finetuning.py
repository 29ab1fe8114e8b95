"""Accuracy of fine-tuning with 10, 50 and 300 photographs a class, on six classes of scenes, beside two baselines.

Reproduce, after `zoo data prepare intel_scenes --from FOLDER`: `python docs/figures/finetuning.py`. It writes
finetuning.json and finetuning.png beside it. It trains three methods on the same photographs and measures the accuracy
of each on the 900 photographs of the test split:
- `zoo finetune mobilenet.caltech101` with its default options;
- the same network from random weights, with the same augmentation and the same validation split;
- histograms of oriented gradients and a linear SVM (zoo/metrics/baselines/hog.py), without a validation split.
The 10 and 50 photographs are drawn three times, with different seeds; the figure is the mean, with the standard
deviation. It takes an hour. An interrupted run resumes from the accuracies in runs/finetuning.json.

The test split isn't quite unseen: the learning rates of fine-tuning, and the momentum of batch normalisation of the
network from random weights, were chosen after first runs that were measured on it.
"""

import argparse
import hashlib
import json
import os
import statistics
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import matplotlib.pyplot as plt
import numpy as np

import zoo
from zoo import metrics
from zoo.data import catalogue
from zoo.data.batches import Batches
from zoo.hub import checkpoint
from zoo.kinds.image import fit, write_image
from zoo.metrics.baselines import hog
from zoo.runtime import backend
from zoo.tasks.classify_images import mirrored
from zoo.tasks.task import hold_back
from zoo.training.digest import code
from zoo.training.finetune import finetune
from zoo.training.resume import Resume

BASE = "mobilenet.caltech101"
DATASET = "intel_scenes"
SEEDS = {10: (1, 2, 3), 50: (1, 2, 3), 300: (1,)}  # photographs of each class -> seeds of the draws
EPOCHS = 60  # from random weights; fine-tuning stops by itself
METHODS = {"finetuned": "fine-tuned", "scratch": "from scratch", "gradients": "HOG + linear SVM"}
PARTIAL = Path("runs/finetuning.json")  # accuracies measured so far, until all are there
COLOURS = {"finetuned": "#2a6f97", "scratch": "#c8553d", "gradients": "#8a8a8a"}


def draw_photographs(y, count: int, seed: int) -> np.ndarray:
    """Indices of `count` photographs of each class."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.permutation(np.flatnonzero(y == label))[:count] for label in np.unique(y)])


def resized(photos) -> np.ndarray:
    """Photographs at the network's input size: uint8 (N, H, W, 3)."""
    return np.stack([fit(photo, checkpoint.card(BASE).inputs["image"]["shape"]) for photo in photos])


def finetuned(photos, y, seed):
    """Write class folders, as a user has them, and fine-tune on them. Returns a function from photographs to logits."""
    labels = catalogue.dataset(DATASET).labels
    with tempfile.TemporaryDirectory() as folder:
        for label in labels:
            (Path(folder) / "photos" / label).mkdir(parents=True)
        for number, (photo, label) in enumerate(zip(photos, y, strict=True)):
            write_image(Path(folder) / "photos" / labels[label] / f"{number:04}.png", photo)
        out = Path(folder) / "scenes"
        finetune(BASE, Path(folder) / "photos", out, seed=seed, runs=Path(folder) / "runs")
        predict = zoo.predictor(out, "model")
        return lambda photos: predict(resized(photos))["logits"]


def scratch(photos, y, seed):
    """The same architecture from random weights, all layers at once; the best epoch on the validation split ships."""
    base, x = checkpoint.card(BASE), resized(photos)
    training, held = hold_back(y, seed)
    keras.utils.set_random_seed(seed)
    model = zoo.MobileNet(**base.arguments | {"classes": len(catalogue.dataset(DATASET).labels)})
    batches = Batches(x[training], y[training], batch_size=min(32, len(training) // 10), seed=seed, transform=mirrored)
    rate = keras.optimizers.schedules.CosineDecay(1e-3, EPOCHS * len(batches))
    model.compile(keras.optimizers.Adam(rate), metrics=["accuracy"], jit_compile=backend.jit_compile())
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9  # with Keras's 0.99 its averages lag behind for as long as these few steps take
    with tempfile.TemporaryDirectory() as folder:  # selects as fine-tuning does
        Resume(Path(folder), {}, "accuracy").fit(model, batches, (x[held], y[held]), epochs=EPOCHS)
    return lambda photos: model.predict(resized(photos), verbose=0)


def gradients(photos, y, seed):
    """Histograms of oriented gradients of the photographs, and a linear SVM on all of them."""
    score = hog.train_svm(hog.features(photos), y, len(np.unique(y)), seed=seed)
    return lambda photos: score(hog.features(photos))


def accuracy(method, count: int, seed: int, data_dir) -> float:
    """Test accuracy in percent of a method trained on `count` photographs a class."""
    photos, y = catalogue.load(DATASET, "train", data_dir)
    chosen = draw_photographs(y, count, seed)
    predict = method([photos[index] for index in chosen], y[chosen], seed)
    photos, y = catalogue.load(DATASET, "test", data_dir)
    logits = np.concatenate([predict(photos[start : start + 100]) for start in range(0, len(photos), 100)])
    keras.utils.clear_session()
    return metrics.accuracy(logits, y)


def measured(method, count: int, seed: int, data_dir) -> float:
    """`accuracy`, read from `PARTIAL` where it has been measured before with the same code and weights."""
    known = json.loads(PARTIAL.read_text(encoding="utf-8")) if PARTIAL.exists() else {}
    source = Path(__file__).read_text(encoding="utf-8") + code(finetune, mirrored, hog.train_svm, Resume, zoo.MobileNet)
    source = hashlib.sha256(source.encode()).hexdigest()
    weights = checkpoint.card(BASE).weights["sha256"]
    draw = f"{method.__name__}, {count} photographs, seed {seed}, {source[:8]} {weights[:8]}"
    if draw not in known:
        known[draw] = accuracy(method, count, seed, data_dir)
        PARTIAL.parent.mkdir(exist_ok=True)
        beside = PARTIAL.with_suffix(".partial")
        beside.write_text(json.dumps(known, indent=1), encoding="utf-8")
        os.replace(beside, PARTIAL)
        print(draw, known[draw], flush=True)
    return known[draw]


def figure(rows: list[dict], path: Path) -> None:
    plot, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    counts = [row["photographs"] for row in rows]
    for method, label in METHODS.items():
        means, deviations = np.array([row[method] for row in rows]).T
        axes.errorbar(counts, means, deviations, marker="o", capsize=3, color=COLOURS[method])
        axes.annotate(f"  {label}", (counts[-1], means[-1]), color=COLOURS[method], va="center")
    axes.set_xscale("log")
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.minorticks_off()
    axes.set_xlim(counts[0] * 0.8, counts[-1] * 3.2)
    axes.set(xlabel="training photographs of each class", ylabel="test accuracy (%)")
    axes.spines[["top", "right"]].set_visible(False)
    plot.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure fine-tuning, into files beside this one.")
    parser.add_argument("--data-dir", help="where `zoo data prepare` put the data set")
    options = parser.parse_args()
    rows = []
    for count, seeds in SEEDS.items():
        row = {"photographs": count, "draws": len(seeds)}
        for method in (finetuned, scratch, gradients):
            values = [measured(method, count, seed, options.data_dir) for seed in seeds]
            deviation = statistics.stdev(values) if len(values) > 1 else 0.0
            row[method.__name__] = [round(statistics.mean(values), 2), round(deviation, 2)]
        print(row, flush=True)
        rows.append(row)
    here = Path(__file__).with_suffix("")
    here.with_suffix(".json").write_text(
        json.dumps({"methods": METHODS, "rows": rows}, indent=1) + "\n", encoding="utf-8"
    )
    figure(rows, here.with_suffix(".png"))
    PARTIAL.unlink()


if __name__ == "__main__":
    main()
