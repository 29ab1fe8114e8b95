"""Base class of the recipes on MNIST."""

from zoo.training.recipe import Recipe


class MNIST(Recipe):
    task = "classify_images"
    dataset = "mnist"
    validation = 5000
    protocol = "fraction of the 10,000 test images classified right, undistorted"
    inputs = {"image": {"description": "a grey image of a handwritten digit, white on black, centred as in MNIST"}}
    outputs = {"logits": {"description": "one logit a digit"}}
    labels = [str(digit) for digit in range(10)]
    limits = "Digits centred and of MNIST's size and stroke; it classifies images that are no digit, too."
    licence = "Apache-2.0 for the weights; trained on MNIST (CC BY-SA 3.0 as usually stated)"
    commercial_use = True
