"""The zoo: the landmarks of deep learning as Keras 3 models, with weights in the package.

    import zoo
    model = zoo.load("lenet5.mnist")     # uint8 images (B, 28, 28, 1) -> logits (B, 10)
    fresh = zoo.LeNet5(activation="relu")
    zoo.pipeline("label")("photo.jpg")   # any app as a function: {"label": "rooster", "score": 0.93, ...}

The models are the classes registered in `zoo/models/`. Names are imported when first used, so that `import zoo` itself
imports no framework.
"""

import importlib

from zoo.runtime import backend, telemetry

telemetry.switch_off()
backend.choose()

__version__ = "0.1.0"

# Public function -> the module that holds it.
_FUNCTIONS = {
    "load": "zoo.hub.checkpoint",
    "save": "zoo.hub.saving",
    "list": "zoo.hub.checkpoint",
    "verify": "zoo.hub.checkpoint",
    "card": "zoo.hub.checkpoint",
    "predictor": "zoo.runtime.predictor",
    "pipeline": "zoo.runtime.pipeline",
    "architectures": "zoo.hub.registry",
}


def _public() -> dict[str, str]:
    """All public names -> the module that holds each."""
    from zoo.hub import registry

    return registry.classes() | _FUNCTIONS


def __getattr__(name: str):
    if name == "__all__":
        return [*_public(), "__version__"]
    module = _FUNCTIONS.get(name)
    if module is None and name[:1].isupper():  # a class: models alone need the scan
        module = _public().get(name)
    if module is None:
        raise AttributeError(f"module 'zoo' has no attribute {name!r}")
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted([*_public(), "__version__"])
