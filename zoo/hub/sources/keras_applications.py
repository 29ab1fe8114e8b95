"""Public ImageNet weights, those that `keras.applications` publishes, for our own ResNet-50, MobileNet and
EfficientNet-B0.

`zoo.load("mobilenet.imagenet")` fetches them when it is first asked for that name, converts them into a checkpoint of
ours and keeps that in the cache. Nothing else here, and nothing without that name, reaches the network.
"""

import contextlib
import json
import math
import re
import string
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from zoo.errors import BadCheckpoint, MissingData, OutputExists, one_line
from zoo.hub import store
from zoo.hub.card import FILE, Card
from zoo.hub.registry import architecture
from zoo.runtime import backend, cache

BASE = "https://storage.googleapis.com/tensorflow/keras-applications"
LABELS = "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json"
LABELS_MD5 = "c2c37ea517e94d9795004a39431a14cb"


@dataclass(frozen=True)
class Source:
    """Origin of published weights, and their mapping to our layers. md5: None where Keras publishes none."""

    architecture: str
    arguments: dict
    application: str  # in keras.applications
    url: str
    md5: str | None
    their_name: Callable[[str], str]  # of a layer of ours
    bgr: bool  # whether the network was trained on blue, green, red


def _mobilenet_name(ours: str) -> str:
    """conv5_depthwise_norm -> conv_dw_4_bn"""
    ours = re.sub(r"conv(\d+)_(depth|point)wise", lambda m: f"conv_{m[2][0]}w_{int(m[1]) - 1}", ours)
    return {"fc": "conv_preds"}.get(ours, ours.replace("_norm", "_bn"))


def _resnet_name(ours: str) -> str:
    """conv3_1b_norm -> conv3_block1_2_bn, conv3_1_shortcut -> conv3_block1_0_conv"""
    kind = "bn" if ours.endswith("_norm") else "conv"
    ours = ours.removesuffix("_norm")
    if match := re.fullmatch(r"conv(\d)_(\d+)(a|b|c|_shortcut)", ours):
        stage, block, part = match.groups()
        return f"conv{stage}_block{block}_{'abc'.find(part) + 1}_{kind}"
    return {"fc": "predictions"}.get(ours, f"{ours}_{kind}")


def _efficientnet_name(ours: str) -> str:
    """block2_1_expand_norm -> block2a_expand_bn, block2_1_depthwise_conv -> block2a_dwconv"""
    ours = re.sub(r"^(block\d)_(\d+)", lambda m: f"{m[1]}{string.ascii_lowercase[int(m[2]) - 1]}", ours)
    ours = ours.replace("depthwise_conv", "dwconv").replace("depthwise_norm", "bn").replace("_norm", "_bn")
    ours = ours.replace("_reduce", "_se_reduce").replace("_excite", "_se_expand")
    return {"fc": "predictions"}.get(ours, ours)


SOURCES = {
    "efficientnet-b0.imagenet": Source(
        architecture="efficientnet",
        arguments={"phi": 0},
        application="EfficientNetB0",
        url="https://storage.googleapis.com/keras-applications/efficientnetb0.h5",
        md5="902e53a9f72be733fc0bcb005b3ebbac",
        their_name=_efficientnet_name,
        bgr=False,
    ),
    "mobilenet.imagenet": Source(
        architecture="mobilenet",
        arguments={"width": 1.0},
        application="MobileNet",
        url=f"{BASE}/mobilenet/mobilenet_1_0_224_tf.h5",
        md5=None,
        their_name=_mobilenet_name,
        bgr=False,
    ),
    "resnet50.imagenet": Source(
        architecture="resnet",
        arguments={"depth": 50},
        application="ResNet50",
        url=f"{BASE}/resnet/resnet50_weights_tf_dim_ordering_tf_kernels.h5",
        md5="2cb95161c43110f7111970584f804107",
        their_name=_resnet_name,
        bgr=True,
    ),
}


def find(name: str) -> Path:
    """The folder of the converted checkpoint, in the cache; fetched first if it isn't there.

    Raises `MissingData` where it cannot be fetched, `BadCheckpoint` where what was fetched doesn't fit.
    """
    folder = cache.folder() / "checkpoints" / name
    if not (folder / FILE).exists():
        backend.start()
        with tempfile.TemporaryDirectory() as downloads:
            labels = json.loads(_download(LABELS, LABELS_MD5, downloads, name).read_text(encoding="utf-8"))
            weights = _download(SOURCES[name].url, SOURCES[name].md5, downloads, name)
            names = [labels[str(number)][1].replace("_", " ") for number in range(len(labels))]
            with contextlib.suppress(OutputExists):  # another process was faster
                convert(name, weights, folder, names)
    return folder


def _download(url: str, md5: str | None, folder: str, name: str) -> Path:
    import keras

    try:
        with contextlib.redirect_stdout(sys.stderr):  # where get_file shows its progress
            return Path(keras.utils.get_file(origin=url, file_hash=md5, hash_algorithm="md5", cache_dir=folder))
    except Exception as error:  # Keras raises a bare Exception for a failed download, ValueError for a wrong hash
        raise MissingData(
            f"{name} is not in the cache ({cache.folder()}) and cannot be fetched: {one_line(error)}"
        ) from None


def convert(name: str, weights, folder, labels: list[str] | None = None) -> Card:
    """Write the checkpoint `name` to `folder` from a file of the weights of its `keras.applications` model.

    Raises `BadCheckpoint` for a file that is not that.
    """
    import keras

    source = SOURCES[name]
    theirs = getattr(keras.applications, source.application)(weights=None)
    try:
        theirs.load_weights(weights)
    except (ValueError, OSError, KeyError) as error:
        raise BadCheckpoint(f"{weights} is no weights file of {source.application}: {one_line(error)}") from None
    ours = architecture(source.architecture).cls(**source.arguments)
    copy(theirs, ours, source)
    card = Card(
        name=name,
        summary=f"The weights that Keras publishes for {source.application}, trained on ImageNet.",
        architecture=source.architecture,
        arguments=source.arguments,
        parameters=sum(math.prod(variable.shape) for variable in ours.trainable_variables),
        task="classify_images",
        inputs={
            "image": {"shape": [224, 224, 3], "dtype": "uint8", "description": "a photograph, RGB, its center crop"}
        },
        outputs={"logits": {"shape": [1000], "dtype": "float32", "description": "one logit a class"}},
        labels=labels,
        data={"name": "imagenet", "url": "https://www.image-net.org", "split": "train", "licence": "research only"},
        metrics=[],
        training={"command": "not made here", "source": source.url},
        intended_use="A base for fine-tuning, and a thousand kinds of objects to tell apart.",
        limits="As its authors state; nothing was measured here.",
        licence="As published with keras.applications (Apache-2.0); ImageNet's photographs are for research",
        commercial_use=False,
    )
    return store.save(ours, folder, card)


def copy(theirs, ours, source: Source) -> None:
    """Set the weights of our model from those of a `keras.applications` model, layer by layer, by name.

    Where theirs has a bias before batch normalisation, which subtracts a mean anyway, ours has none: the moving mean
    takes it over, so that the outputs are the same.
    """
    biases = {}
    first = True
    for layer in ours.layers:
        if not layer.weights:
            continue
        values = theirs.get_layer(source.their_name(layer.name)).get_weights()
        if layer.name.endswith("_norm"):
            gamma, beta, mean, variance = values
            values = [gamma, beta, mean - biases.get(layer.name.removesuffix("_norm"), 0), variance]
        elif len(values) > len(layer.weights):
            biases[layer.name] = values.pop()
        if first and source.bgr:
            values[0] = values[0][:, :, ::-1]  # (height, width, colour, channels)
        first = False
        layer.set_weights([value.reshape(weight.shape) for value, weight in zip(values, layer.weights, strict=True)])
