"""Base class of the recipes on CIFAR-10."""

from zoo.data import catalogue
from zoo.data.augment import shift_and_mirror
from zoo.training.recipe import Recipe


class CIFAR10(Recipe):
    task = "classify_images"
    dataset = "cifar10"
    validation = 5000
    batch_size = 128
    precision = "mixed_bfloat16"
    weights_dtype = "float16"
    transform = staticmethod(shift_and_mirror)
    labels = list(catalogue.dataset("cifar10").labels)
    protocol = "fraction of the test images classified right, one view each; the copy of CIFAR-10 is JPEG-compressed"
    inputs = {"image": {"description": "a small colour image with one object in its middle"}}
    outputs = {"logits": {"description": "one logit a class"}}
    limits = (
        "Ten kinds of objects at 32 pixels; it names one of them for any image. Trained and measured on a copy of "
        "CIFAR-10 that is JPEG-compressed (quality 75): figures are not strictly comparable with published ones."
    )
    licence = "Research and teaching, as CIFAR-10's authors state no licence for its images"
    commercial_use = False
