"""One file per checkpoint: data, model arguments, optimiser, schedule, seed, and the figure it must reach."""

import importlib

from zoo.errors import UnknownName

NAMES = (
    "perceptron.mnist-01",
    "mlp.mnist",
    "lenet5.mnist",
    "dbn.mnist",
    "alexnet.cifar10",
    "unet.color",
    "resnet20.cifar10",
    "mobilenet.caltech101",
    "lstm.shakespeare",
    "gpt.shakespeare",
    "gpt.gutenberg",
    "bert.gutenberg",
    "bert.rt-polarity",
    "bert.clinc150",
    "transformer.multi30k-de-en",
    "transformer.multi30k-en-de",
    "vae.mnist-2d",
    "dcgan.mnist",
    "ddpm.utkface",
    "gan.mnist",
    "resnet.utkface-attributes",
    "vae.mnist",
)


def check(name: str) -> None:
    """Raises `UnknownName`, with the nearest names, where there is no recipe for a checkpoint of this name."""
    if name not in NAMES:
        raise UnknownName("recipe", name, NAMES)


def find(name: str):
    """The recipe that makes checkpoint `name`: `lenet5.mnist` is `RECIPE` in `zoo/recipes/lenet5_mnist.py`."""
    check(name)
    module = name.replace(".", "_").replace("-", "_")
    return importlib.import_module(f"zoo.recipes.{module}").RECIPE
