"""Latency of the network of the app `label`, beside keras.applications in one run: `python benchmarks/label.py`.

The peer is `keras.applications.MobileNet` with random weights, on one image of 224 pixels, by `predict`. Ours are the
network that the app calls, on one image of 128 pixels, by ONNX Runtime and by the compiled Keras model; and, at equal
size, our MobileNet for a thousand classes at 224 pixels by ONNX Runtime. Median of 30 calls each, after 5 to warm up.
Then whole processes: `zoo run label` for the first time, which makes the export, and for the second time.
"""

import dataclasses
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from results import keep

CALLS, WARM_UP = 30, 5


def milliseconds(call) -> float:
    times = []
    for _ in range(WARM_UP + CALLS):
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[WARM_UP:])


def main() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with tempfile.TemporaryDirectory() as cache:
        os.environ["ZOO_CACHE"] = cache  # an empty one, so that the first process makes the export
        processes = whole_processes(Path(cache))
        import keras

        import zoo

        folder = Path(cache) / "mobilenet.random"
        card = dataclasses.replace(
            zoo.card("mobilenet.caltech101"), name="mobilenet.random", arguments={}, labels=None, weights={}
        )
        card.inputs = {"image": card.inputs["image"] | {"shape": [224, 224, 3]}}
        card.outputs = {"logits": card.outputs["logits"] | {"shape": [1000]}}
        zoo.save(zoo.MobileNet(), folder, card)
        same = zoo.predictor(folder, "onnx")
        ours = zoo.predictor("mobilenet.caltech101", "onnx")
        small = np.random.RandomState(0).randint(0, 256, (1, 128, 128, 3)).astype("uint8")
        compiled = zoo.predictor("mobilenet.caltech101", "model")
        peer = keras.applications.MobileNet(weights=None)
        large = np.random.RandomState(0).randint(0, 256, (1, 224, 224, 3)).astype("float32")
        rows = {
            "keras.applications.MobileNet, predict, 224 pixels": milliseconds(lambda: peer.predict(large, verbose=0)),
            "our MobileNet, ONNX Runtime, 224 pixels": milliseconds(lambda: same(large.astype("uint8"))),
            "label's network, the model compiled, 128 pixels": milliseconds(lambda: compiled(small)),
            "label's network, ONNX Runtime, 128 pixels": milliseconds(lambda: ours(small)),
        }
    first = next(iter(rows.values()))
    for name, value in rows.items():
        print(f"{name:52} {value:8.2f} ms   1/{first / value:.1f}")
    for name, value in processes.items():
        print(f"{name:52} {value:8.2f} s")
    calls = {
        name: {"milliseconds": round(value, 2), "of the peer's": round(value / first, 3)}
        for name, value in rows.items()
    }
    keep("label", calls | {name: {"seconds": round(value, 2)} for name, value in processes.items()})


def whole_processes(folder: Path) -> dict[str, float]:
    """Seconds of `zoo run label photo.png`, once with nothing in the cache and then again."""
    from zoo.kinds.image import write_image

    photo = folder / "photo.png"
    write_image(photo, np.random.RandomState(0).randint(0, 256, (427, 640, 3)).astype("uint8"))
    found = {}
    for name in ("zoo run label, the first time", "zoo run label, the second time"):
        start = time.perf_counter()
        subprocess.run([Path(sys.executable).with_name("zoo"), "run", "label", photo], check=True, capture_output=True)
        found[name] = time.perf_counter() - start
    return found


if __name__ == "__main__":
    main()
