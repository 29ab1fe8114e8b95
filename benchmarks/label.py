"""Latency of the network of the app `label`, beside keras.applications in one run: `python benchmarks/label.py`.

The peer is `keras.applications.EfficientNetB0` with random weights, on one image of 224 pixels, by `predict`. Ours is
the network that the app calls, EfficientNet-Lite0, on one image of the same size, by the compiled Keras model and by
ONNX Runtime. Median of 30 calls each, after 5 to warm up. Then whole processes: `zoo run label` for the first time,
which makes the export, and for the second time, beside one that imports Keras.
"""

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
        from zoo_apps.label import DEFAULT

        photo = np.random.RandomState(0).randint(0, 256, (1, 224, 224, 3)).astype("uint8")
        peer = keras.applications.EfficientNetB0(weights=None)
        compiled, ours = (zoo.predictor(DEFAULT, how) for how in ("model", "onnx"))
        rows = {
            "keras.applications.EfficientNetB0, predict": milliseconds(
                lambda: peer.predict(photo.astype("float32"), verbose=0)
            ),
            "label's network, the model compiled": milliseconds(lambda: compiled(photo)),
            "label's network, ONNX Runtime": milliseconds(lambda: ours(photo)),
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
    """Seconds of `zoo run label photo.png`, once with nothing in the cache and then again; and of `import keras`."""
    from zoo.kinds.image import write_image

    photo = folder / "photo.png"
    write_image(photo, np.random.RandomState(0).randint(0, 256, (427, 640, 3)).astype("uint8"))
    run = [Path(sys.executable).with_name("zoo"), "run", "label", photo]
    commands = {
        "zoo run label, the first time": run,
        "zoo run label, the second time": run,
        "import keras": [sys.executable, "-c", "import keras"],
    }
    found = {}
    for name, command in commands.items():
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        found[name] = time.perf_counter() - start
    return found


if __name__ == "__main__":
    main()
