"""What the recipes on CIFAR-10 have in common."""

from zoo.data import catalogue
from zoo.data.augment import shift_and_mirror
from zoo.training.recipe import Recipe


class CIFAR10(Recipe):
    dataset = "cifar10"
    batch_size = 128
    precision = "mixed_bfloat16"
    weights_dtype = "float16"
    transform = staticmethod(shift_and_mirror)
    labels = list(catalogue.dataset("cifar10").labels)
    protocol = "share of the test images classified right, one view each; the copy of CIFAR-10 is JPEG-compressed"
    input = {
        "kind": "image",
        "shape": [32, 32, 3],
        "dtype": "uint8",
        "description": "a small colour picture with one thing in its middle",
    }
    output = {"kind": "logits", "shape": [10], "dtype": "float32", "description": "one logit a class"}
    limits = (
        "Ten kinds of things at 32 pixels; it names one of them for any picture. Trained and measured on a copy of "
        "CIFAR-10 that is JPEG-compressed (quality 75): figures are not strictly comparable with published ones."
    )
    licence = "Research and teaching, as CIFAR-10's authors state no licence for its pictures"
    commercial_use = False
