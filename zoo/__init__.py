"""The zoo: the landmarks of deep learning as Keras 3 models, with weights in the package.

    import zoo
    model = zoo.load("lenet5.mnist")     # uint8 images (B, 28, 28, 1) -> logits (B, 10)

Names are imported when first used, so that `import zoo` itself imports no framework.
"""

import importlib

from zoo import backend

backend.choose()

__version__ = "0.1.0"

# Public name -> the module that holds it. Landmarks first, in order of their year.
_LANDMARKS = {
    "Perceptron": "zoo.perceptron",
    "MLP": "zoo.mlp",
    "RNN": "zoo.rnn",
    "LSTM": "zoo.lstm",
    "LeNet5": "zoo.lenet",
    "DBN": "zoo.dbn",
    "AlexNet": "zoo.alexnet",
    "VAE": "zoo.vae",
    "GAN": "zoo.gan",
    "Seq2Seq": "zoo.seq2seq",
    "UNet": "zoo.unet",
    "DCGAN": "zoo.dcgan",
    "StyleGAN2": "zoo.stylegan2",
    "DDPM": "zoo.ddpm",
    "ResNet": "zoo.resnet",
    "MobileNet": "zoo.mobilenet",
    "Transformer": "zoo.transformer",
    "BERT": "zoo.bert",
    "GPT": "zoo.gpt",
}
_FUNCTIONS = {
    "load": "zoo.hub.checkpoint",
    "save": "zoo.hub.checkpoint",
    "list": "zoo.hub.checkpoint",
    "verify": "zoo.hub.checkpoint",
    "card": "zoo.hub.checkpoint",
    "predictor": "zoo.hub.predictor",
    "architectures": "zoo.hub.registry",
}
_PUBLIC = _LANDMARKS | _FUNCTIONS
__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str):
    if name not in _PUBLIC:
        raise AttributeError(f"module 'zoo' has no attribute {name!r}")
    value = getattr(importlib.import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted(__all__)
